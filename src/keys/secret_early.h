/*
 * secret_early: passwords that came over the descriptor of --secret-fd before anybody asked for them.
 *
 * Questions may be answered in any order, so a number that nobody waits for is kept, for a minute each, unless it was answered or withdrawn
 * already. When too many are kept the oldest gives way. Times are seconds of a clock that never goes back. Private to secret_pipe.c.
 */
#ifndef CLEF_KEYS_SECRET_EARLY_H
#define CLEF_KEYS_SECRET_EARLY_H

#include "keys/password.h"

#define SECRET_EARLY_MOST   256
#define SECRET_EARLY_KEEP_S 60
#define SECRET_EARLY_DONE   256 /* numbers remembered as answered or withdrawn, the last ones */

struct secret_early {
	struct {
		uint64_t question, until;
		struct secret secret; /* empty: this place is free */
	} kept[SECRET_EARLY_MOST];
	uint64_t done[SECRET_EARLY_DONE]; /* a ring */
	size_t done_count;                /* of all that were ever put into it */
};

/* False: the question is done with, or no slot is free; nothing is kept. A second one for the same question replaces the first. */
bool secret_early_put(struct secret_early *early, struct secret_arena *arena, uint64_t question, struct bytes text, uint64_t now);
/* The password for this question, now the caller's; false when none is kept. */
bool secret_early_take(struct secret_early *early, uint64_t question, struct secret *ret_secret);
/* The question was answered or withdrawn: what comes for it from now on is not kept, what was kept is wiped. */
void secret_early_done(struct secret_early *early, uint64_t question);
/* Wipe what is over its time. Returns when the next one will be, 0 when none is left. */
uint64_t secret_early_expire(struct secret_early *early, uint64_t now);
/* Wipe all of them. */
void secret_early_wipe(struct secret_early *early);

#endif
