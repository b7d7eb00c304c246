/* waiting: who waits for which answer of a role, by the number of the request. Shared by the links to the roles that answer questions. */
#ifndef CLEF_CORE_WAITING_H
#define CLEF_CORE_WAITING_H

#include "ipc/ipc.h"

/* `message` is the struct of the type and lives until the call returns. */
typedef void waiting_answer(void *context, enum ipc_type type, const void *message);

struct waiting {
	uint64_t request;
	enum ipc_type expected; /* beside the role's message for failures */
	waiting_answer *answer;
	void *context;
	struct waiting *next;
};

/* Newest first; few at a time. Zeroes are an empty list, whose first request is number 1. */
struct waiting_list {
	uint64_t last_request;
	struct waiting *first;
};

/* A new entry; its number is the result. */
uint64_t waiting_add(struct waiting_list *list, enum ipc_type expected, waiting_answer *answer, void *context);
/* NULL when nobody waits for it (any more). */
const struct waiting *waiting_find(const struct waiting_list *list, uint64_t request);
/* The same, taken out of the list: the caller frees it. */
struct waiting *waiting_take(struct waiting_list *list, uint64_t request);
void waiting_free(struct waiting_list *list);

#endif
