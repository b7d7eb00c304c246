/* reach: a connection to a signer that runs, or is made to, with a user interface that is there, or is made to be. */
#ifndef CLEF_QUBES_REACH_H
#define CLEF_QUBES_REACH_H

#include "base/error.h"

/* Blocks for as long as a start takes. The error is for the caller and says nothing of the vault; the vault's log has the reason. */
bool reach_signer(int *ret_fd, struct error *ret_error);

#endif
