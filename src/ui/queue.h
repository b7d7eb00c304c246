/*
 * queue: the questions that wait for the person, in the order in which they came, and the one at the front, which is on screen.
 *
 * A question that asks for input belongs to something approved already and goes before those that wait, yet never before the one on screen.
 */
#ifndef CLEF_UI_QUEUE_H
#define CLEF_UI_QUEUE_H

#include "ui/page.h"

/* More than this many wait for nobody: core limits what is asked long before. */
#define QUEUE_MOST 4096

struct question {
	struct question *next;
	struct json json; /* the whole request, owned */
	struct buf id;    /* the request's id as JSON text */
	enum page_kind kind;
	yyjson_val *params;
	bool on_screen;
	bool full; /* the person wants to see everything */
};

struct queue {
	struct question *first;
	size_t count;
};

enum queue_result {
	QUEUE_ADDED,
	QUEUE_REPLACED,         /* one with this id waited: its content is the new one now */
	QUEUE_REPLACED_CURRENT, /* the same for the one on screen, which must be drawn and asked again */
	QUEUE_FULL              /* not taken; *json is the caller's still */
};

void queue_init(struct queue *queue);
void queue_free(struct queue *queue);
/* Takes over the request, of a kind that is a question, and empties *json. */
enum queue_result queue_add(struct queue *queue, struct json *json, enum page_kind kind);
/* The question at the front, NULL when nobody asks anything. */
struct question *queue_front(const struct queue *queue);
/* The question with this id, given as JSON text. */
struct question *queue_find(const struct queue *queue, struct bytes id);
void queue_remove(struct queue *queue, struct question *question);
/* Questions behind the one at the front. */
size_t queue_waiting(const struct queue *queue);

#endif
