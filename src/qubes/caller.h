/* caller: what qrexec says of the call, which must be what this service expects. */
#ifndef CLEF_QUBES_CALLER_H
#define CLEF_QUBES_CALLER_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * The calling qube's name: QREXEC_REMOTE_DOMAIN, for which dom0 vouches. False, with a text for the caller, when it is no name that a qube can have, or when the call has an
 * argument (the first word of the command line, QREXEC_SERVICE_ARGUMENT, or what stands behind the "+" of QREXEC_SERVICE_FULL_NAME): the caller chooses it, and
 * there is nothing to choose.
 */
bool caller_check(int count, char *const words[], struct bytes *ret_qube, struct error *ret_error);

#endif
