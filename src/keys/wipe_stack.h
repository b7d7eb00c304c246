/* wipe_stack: overwrite what finished calls left below the caller's frame: copies of keys that cryptography spilled. */
#ifndef CLEF_KEYS_WIPE_STACK_H
#define CLEF_KEYS_WIPE_STACK_H

/* More than any call chain below a signature or a key derivation takes (measured: below 8 KiB). */
#define WIPE_STACK_SIZE (32 * 1024)

/* Call from the function that called what is to be forgotten, not from deeper. Needs WIPE_STACK_SIZE bytes of stack. */
void wipe_stack(void);

#endif
