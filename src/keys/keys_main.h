/* keys_main: the role `keys`: holds decrypted keys and passwords for as long as one signature takes, and touches nothing but the keystore. */
#ifndef CLEF_KEYS_KEYS_MAIN_H
#define CLEF_KEYS_KEYS_MAIN_H

/*
 * Runs on the descriptors of ipc.h, confined, until core closes the channel. Returns the exit status: 0, or 1 with the reason on stderr.
 */
int keys_main(void);

#endif
