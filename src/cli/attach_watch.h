/* attach_watch: the two kinds of messages that `clef attach` looks at on their way: an answer that lends the terminal, and a question that is taken back. */
#ifndef CLEF_CLI_ATTACH_WATCH_H
#define CLEF_CLI_ATTACH_WATCH_H

#include "base/bytes.h"

/* More questions than are ever open at once. */
#define ATTACH_WATCH_KEPT 4096

struct attach_watch {
	uint64_t withdrawn[ATTACH_WATCH_KEPT]; /* a ring: the last questions that the signer took back */
	size_t count;                          /* of all that were ever put into it */
};

/* From the UI: does it give up the terminal for this question's password? */
bool attach_watch_lends(struct bytes untrusted_json, uint64_t *ret_question);
/* From the signer: does it take back this question? Remembers it. */
bool attach_watch_withdraws(struct attach_watch *watch, struct bytes untrusted_json, uint64_t *ret_question);
bool attach_watch_was_withdrawn(const struct attach_watch *watch, uint64_t question);

#endif
