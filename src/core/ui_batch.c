#include "core/ui_batch.h"

#include <stdlib.h>

#include "base/memory.h"

#define BATCH_LIMIT ((size_t)64 * 1024 * 1024)

struct ui_batch {
	uint64_t number;
	size_t missing;
	struct buf replies;
	struct ui_batch *next;
};

uint64_t ui_batches_begin(struct ui_batches *batches, size_t answers)
{
	struct ui_batch *batch = memory_new(1, sizeof(*batch));

	batch->number = ++batches->last;
	batch->missing = answers;
	buf_init(&batch->replies, BATCH_LIMIT);
	batch->next = batches->open;
	batches->open = batch;
	return batch->number;
}

bool ui_batches_add(struct ui_batches *batches, uint64_t number, struct bytes reply, struct buf *ret_whole)
{
	for (struct ui_batch **at = &batches->open; *at != NULL; at = &(*at)->next) {
		struct ui_batch *batch = *at;

		if (batch->number != number)
			continue;
		buf_put_text(&batch->replies, batch->replies.size == 0 ? "[" : ",");
		buf_put_bytes(&batch->replies, reply);
		if (--batch->missing > 0)
			return false;
		buf_put_text(&batch->replies, "]");
		buf_put_bytes(ret_whole, buf_bytes(&batch->replies));
		*at = batch->next;
		buf_free(&batch->replies);
		free(batch);
		return true;
	}
	return false;
}

void ui_batches_free(struct ui_batches *batches)
{
	while (batches->open != NULL) {
		struct ui_batch *batch = batches->open;

		batches->open = batch->next;
		buf_free(&batch->replies);
		free(batch);
	}
}
