#include "core/waiting.h"

#include <stdlib.h>

#include "base/memory.h"

uint64_t waiting_add(struct waiting_list *list, enum ipc_type expected, waiting_answer *answer, void *context)
{
	struct waiting *entry = memory_new(1, sizeof(*entry));

	*entry = (struct waiting){++list->last_request, expected, answer, context, list->first};
	list->first = entry;
	return entry->request;
}

const struct waiting *waiting_find(const struct waiting_list *list, uint64_t request)
{
	for (const struct waiting *at = list->first; at != NULL; at = at->next)
		if (at->request == request)
			return at;
	return NULL;
}

struct waiting *waiting_take(struct waiting_list *list, uint64_t request)
{
	for (struct waiting **at = &list->first; *at != NULL; at = &(*at)->next) {
		if ((*at)->request == request) {
			struct waiting *found = *at;

			*at = found->next;
			return found;
		}
	}
	return NULL;
}

void waiting_free(struct waiting_list *list)
{
	while (list->first != NULL)
		free(waiting_take(list, list->first->request));
}
