/* ui_link_private: inside of ui_link: what ui_link.c (attaching, asking, writing) and ui_read.c (what the UI sends) share. */
#ifndef CLEF_CORE_UI_LINK_PRIVATE_H
#define CLEF_CORE_UI_LINK_PRIVATE_H

#include "core/ui_batch.h"
#include "core/ui_link.h"
#include "core/ui_queue.h"

/* A UI's reply repeats what it was asked about: a large transaction, or a hundred thousand accounts. */
#define UI_LINK_IN_LIMIT  ((size_t)64 * 1024 * 1024)
#define UI_LINK_OUT_LIMIT ((size_t)256 * 1024 * 1024)

enum ui_link_state {
	UI_LINK_FREE, /* nobody is attached */
	UI_LINK_ATTACHED,
	UI_LINK_LEAVING /* gone; the event loop has yet to tell those who asked */
};

struct ui_question;

struct ui_link {
	struct event_base *base;
	enum ui_link_state state;
	struct ui_peer peer;
	const char *why; /* it left */
	struct event *readable, *writable, *gone;
	struct buf received;
	struct ui_queue queue; /* while nobody is attached: the questions that wait for somebody */
	struct json_scan scan;
	unsigned garbage, descriptors; /* that this peer sent */
	uint64_t last_question;
	size_t open_size; /* of all questions that are open */
	struct ui_question *questions;
	struct ui_batches batches;
	struct ui_link_options options;
	struct ui_link_handlers handlers;
};

/* ui_link.c */
/* The question leaves the list and is the caller's to free; NULL when it is not open. */
struct ui_question *ui_link_take_question(struct ui_link *ui, uint64_t number);
void ui_link_answer(struct ui_question *question, const struct ui_answer *answer);

/* ui_read.c: something can be read from the peer. */
void ui_link_read(struct ui_link *ui);

#endif
