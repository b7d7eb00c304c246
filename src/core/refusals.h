/*
 * refusals: calls that are refused before they become a request (not permitted, too many) leave a trace: a line in the log and the audit log, and a word to the
 * person. However many there are, a client makes one line in REFUSALS_CLIENT_S seconds, and all of them REFUSALS_LINES in that time; each line says how many it
 * stands for.
 */
#ifndef CLEF_CORE_REFUSALS_H
#define CLEF_CORE_REFUSALS_H

#include "core/clients_live.h"

#define REFUSALS_CLIENT_S 5
#define REFUSALS_LINES    10

struct signer;

/* Zero: none yet. */
struct refusals {
	time_t since;   /* monotonic: when the time began in which `lines` were written */
	unsigned lines; /* in that time */
};

/* client NULL: one of too many. `method` is a name of the table's. shown: the person hears of it elsewhere. */
void refusals_tell(
    struct signer *signer, const struct client_id *id, struct client *client, const char *method, const char *reason, bool shown);

#endif
