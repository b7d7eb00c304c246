/* relay: one request to the signer, and its answer to the caller; or the news to the signer that the caller is gone. */
#ifndef CLEF_QUBES_RELAY_H
#define CLEF_QUBES_RELAY_H

#include "qubes/answer.h"
#include "qubes/request.h"

/*
 * signer: the connection, its greeting read. Sends the request with the qube's name in it, waits for the answer as long as the signer takes, and writes it out.
 *
 * The caller is gone when a frame's sender closes its end before the reply (or sends anything more: it is refused), when standard output's reader is
 * gone, for whoever sent a bare body. Then this returns, the process ends, and with the connection the signer's question to the person does. Returns the exit status; the
 * caller has been told of any failure.
 */
enum answer_status relay_run(int signer, struct bytes qube, const struct request *request);

#endif
