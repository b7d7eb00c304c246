/*
 * proofs_link: core's end of the channel to `proofs`: starts the role, numbers the requests and brings each answer to whoever asked.
 */
#ifndef CLEF_CORE_PROOFS_LINK_H
#define CLEF_CORE_PROOFS_LINK_H

#include "base/log.h"
#include "core/waiting.h"

struct proofs_link;

/*
 * The one answer to a request: PROOFS_COMPUTED to PROOFS_COMPUTE, PROOFS_RIGHT to PROOFS_CHECK, or PROOFS_FAILED. `message` is the struct of the type and
 * lives until the call returns. What does not fit the request never gets here: it breaks the protocol.
 */
typedef waiting_answer proofs_answer;

/* `closed` is called when the role died or broke the protocol: the caller ends. `ready` when it is confined and serving. */
struct proofs_link_handlers {
	void (*ready)(void *context);
	void (*closed)(void *context, const char *why);
	void *context;
};

bool proofs_link_start(struct event_base *base, unsigned sandbox_flags, const struct log *log,
    struct proofs_link_handlers handlers, struct proofs_link **ret_link, struct error *ret_error);
/* Ends the role at once and waits for it. NULL is fine. */
void proofs_link_free(struct proofs_link *link);
/* Send PROOFS_COMPUTE or PROOFS_CHECK; its `request` member is filled in. Returns that number. The answer comes later, never from inside this call. */
uint64_t proofs_link_request(struct proofs_link *link, enum ipc_type type, void *message, proofs_answer *answer, void *context);
/* No answer is wanted any more: none will come, and what was not begun will not be. */
void proofs_link_withdraw(struct proofs_link *link, uint64_t request);

#endif
