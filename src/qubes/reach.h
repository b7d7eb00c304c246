/* reach: a connection to a signer that runs, or is made to, with a user interface that is there, or is made to be. */
#ifndef CLEF_QUBES_REACH_H
#define CLEF_QUBES_REACH_H

#include "base/error.h"

enum reach_outcome {
	REACH_DONE,
	REACH_GONE,   /* the caller, while we waited */
	REACH_TROUBLE /* with an error for the caller that says nothing of the vault; the vault's log has the reason */
};

/* *ret_ui: for ui_start(), once there is a whole request. Blocks for as long as a start takes and the caller is there. A start that was begun is seen through, whatever becomes of the call. */
enum reach_outcome reach_signer(int *ret_fd, int *ret_ui, struct error *ret_error);

#endif
