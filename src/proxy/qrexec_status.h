/* qrexec_status: what it means that qrexec-client-vm ended without bringing an answer (exit codes as checked on qrexec 4.1 to 4.3). */
#ifndef CLEF_PROXY_QREXEC_STATUS_H
#define CLEF_PROXY_QREXEC_STATUS_H

#include "base/error.h"

/* `status` as waitpid() gives it. `ended_by_us`: we sent it a signal, since it neither answered nor ended. Fills in the error, returns false. */
bool qrexec_status_error(int status, bool ended_by_us, struct error *ret_error);

#endif
