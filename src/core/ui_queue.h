/* ui_queue: the lines that wait to be written to the UI, each a whole message, so that a question nobody needs answered any more can be taken back. */
#ifndef CLEF_CORE_UI_QUEUE_H
#define CLEF_CORE_UI_QUEUE_H

#include "base/bytes.h"

/* A UI that leaves this much unread does not read any more. */
#define UI_QUEUE_MOST ((size_t)256 * 1024 * 1024)

struct ui_line;
struct ui_queue {
	struct ui_line *first, *last;
	size_t size; /* bytes in all lines */
};

enum ui_queue_result {
	UI_QUEUE_EMPTY, /* everything is written */
	UI_QUEUE_LATER, /* the rest must wait until the descriptor takes more */
	UI_QUEUE_GONE   /* nobody will read it */
};

/* Copies the line and adds a line end. question: the number of the question that it asks, or 0. False when more than UI_QUEUE_MOST would wait. */
bool ui_queue_add(struct ui_queue *queue, struct bytes line, uint64_t question);
/* Take back a question of which nothing was written yet. False when there is none: the UI knows of it. */
bool ui_queue_drop(struct ui_queue *queue, uint64_t question);
/* Everything of *more comes behind what is there; *more is empty then. */
void ui_queue_append(struct ui_queue *queue, struct ui_queue *more);
/* Write as much as goes without waiting. What was written is wiped. */
enum ui_queue_result ui_queue_write(struct ui_queue *queue, int fd);
/* Wipe and drop everything. Safe on a zeroed queue, which is an empty one. */
void ui_queue_free(struct ui_queue *queue);

#endif
