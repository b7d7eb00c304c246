/* link: a connection to the signer's qrexec.sock. */
#ifndef CLEF_QUBES_LINK_H
#define CLEF_QUBES_LINK_H

#include "base/error.h"

enum link_outcome {
	LINK_OPEN,
	LINK_NOBODY, /* nobody listens there: a signer may be started */
	LINK_TROUBLE /* with an error */
};

/* The listener must be our own user, as the kernel says. *ret_fd is the caller's. */
enum link_outcome link_open(const char *path, int *ret_fd, struct error *ret_error);
/* The signer's first frame: whether somebody is there to be asked. */
bool link_greeting(int fd, bool *ret_has_ui, struct error *ret_error);

#endif
