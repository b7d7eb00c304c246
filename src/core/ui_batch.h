/* ui_batch: replies to a batch of calls by the UI are gathered until the last one is there (JSON-RPC 2.0 section 6). */
#ifndef CLEF_CORE_UI_BATCH_H
#define CLEF_CORE_UI_BATCH_H

#include "base/bytes.h"

struct ui_batch;
struct ui_batches {
	uint64_t last;
	struct ui_batch *open;
};

/* A batch that gets `answers` replies (at least 1). Returns its number, never 0. */
uint64_t ui_batches_begin(struct ui_batches *batches, size_t answers);
/* Add one reply. True when it was the last: *ret_whole then holds the array. */
bool ui_batches_add(struct ui_batches *batches, uint64_t batch, struct bytes reply, struct buf *ret_whole);
void ui_batches_free(struct ui_batches *batches);

#endif
