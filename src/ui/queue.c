#include "ui/queue.h"

#include <stdlib.h>

#include "base/memory.h"

#define ID_MOST ((size_t)4096)

void queue_init(struct queue *queue)
{
	*queue = (struct queue){0};
}

static void question_free(struct question *question)
{
	json_free(&question->json);
	buf_free(&question->id);
	free(question);
}

void queue_remove(struct queue *queue, struct question *question)
{
	struct question **at = &queue->first;

	while (*at != question)
		at = &(*at)->next;
	*at = question->next;
	queue->count--;
	question_free(question);
}

void queue_free(struct queue *queue)
{
	while (queue->first != NULL)
		queue_remove(queue, queue->first);
}

struct question *queue_front(const struct queue *queue)
{
	return queue->first;
}

struct question *queue_find(const struct queue *queue, struct bytes id)
{
	for (struct question *question = queue->first; question != NULL; question = question->next)
		if (bytes_equal(buf_bytes(&question->id), id))
			return question;
	return NULL;
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->count == 0 ? 0 : queue->count - 1;
}

/* Where a new question goes: to the end, or, for input, behind the one on screen and other questions for input. */
static struct question **place_for(struct queue *queue, enum page_kind kind)
{
	struct question **at = &queue->first;

	while (*at != NULL && (kind != PAGE_INPUT || (*at)->on_screen || (*at)->kind == PAGE_INPUT))
		at = &(*at)->next;
	return at;
}

static void fill(struct question *question, struct json *json, enum page_kind kind)
{
	question->json = *json;
	question->kind = kind;
	question->params = yyjson_obj_get(json->root, "params");
	*json = (struct json){0};
}

enum queue_result queue_add(struct queue *queue, struct json *json, enum page_kind kind)
{
	struct buf id BUF_CLEANUP = BUF_INIT(ID_MOST);
	struct question *question;

	if (!json_write(yyjson_obj_get(json->root, "id"), &id))
		return QUEUE_FULL;
	question = queue_find(queue, buf_bytes(&id));
	if (question != NULL) {
		json_free(&question->json);
		fill(question, json, kind);
		return question->on_screen ? QUEUE_REPLACED_CURRENT : QUEUE_REPLACED;
	}
	if (queue->count == QUEUE_MOST)
		return QUEUE_FULL;
	question = memory_new(1, sizeof(*question));
	buf_init(&question->id, ID_MOST);
	buf_put_bytes(&question->id, buf_bytes(&id));
	fill(question, json, kind);
	struct question **place = place_for(queue, kind);

	question->next = *place;
	*place = question;
	queue->count++;
	return QUEUE_ADDED;
}
