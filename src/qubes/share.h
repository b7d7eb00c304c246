/*
 * share: how many calls of one qube may be under way at a time. qrexec carries 128 to a vault at once, of all qubes together: whoever could take all of them would take
 * the vault away from the others.
 */
#ifndef CLEF_QUBES_SHARE_H
#define CLEF_QUBES_SHARE_H

#include "base/bytes.h"
#include "base/error.h"

/* Three qubes that take all they can leave places; the signer's queue for one qube has fewer (clients.conf: max-pending). */
#define SHARE_MAX 40

/*
 * Take a place of this qube's, in a file of our folder that has its name; the kernel frees it when the descriptor is closed, however this process ends. False, with a text
 * for the caller: all are taken. *ret_fd is -1 when there can be no such file: then nothing is counted.
 */
bool share_take(struct bytes qube, int *ret_fd, struct error *ret_error);

#endif
