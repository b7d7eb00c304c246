/* attach_connect: the way to the socket of a running signer, with an error that says what to do when there is none. */
#ifndef CLEF_CLI_ATTACH_CONNECT_H
#define CLEF_CLI_ATTACH_CONNECT_H

#include "base/error.h"

/* Connects, and makes sure that the signer is our own user's: it will be given passwords. */
bool attach_connect(const char *path, int *ret_fd, struct error *ret_error);
/* Passes the signer one end of a new socket pair (SOCK_SEQPACKET), by which its keys process gets passwords; the other end is *ret_fd. */
bool attach_pass_pipe(int signer, int *ret_fd, struct error *ret_error);

#endif
