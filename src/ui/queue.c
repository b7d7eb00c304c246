#include "ui/queue.h"

#include <stdlib.h>

#include "base/memory.h"

#define ID_MOST ((size_t)4096)

void queue_init(struct queue *queue)
{
	TAILQ_INIT(&queue->list);
	queue->count = 0;
}

static void question_free(struct question *question)
{
	json_free(&question->json);
	buf_free(&question->id);
	free(question);
}

void queue_remove(struct queue *queue, struct question *question)
{
	TAILQ_REMOVE(&queue->list, question, link);
	queue->count--;
	question_free(question);
}

void queue_free(struct queue *queue)
{
	struct question *question;

	while ((question = queue_front(queue)) != NULL)
		queue_remove(queue, question);
}

struct question *queue_front(const struct queue *queue)
{
	return TAILQ_FIRST(&queue->list);
}

struct question *queue_find(const struct queue *queue, struct bytes id)
{
	struct question *question;

	TAILQ_FOREACH(question, &queue->list, link)
	if (bytes_equal(buf_bytes(&question->id), id))
		return question;
	return NULL;
}

size_t queue_waiting(const struct queue *queue)
{
	return queue->count == 0 ? 0 : queue->count - 1;
}

/* Behind the one on screen and behind other questions for input, before everything else. */
static void insert_early(struct queue *queue, struct question *question)
{
	struct question *after = NULL;
	struct question *other;

	TAILQ_FOREACH(other, &queue->list, link)
	{
		if (!other->on_screen && other->kind != PAGE_INPUT)
			break;
		after = other;
	}
	if (after == NULL)
		TAILQ_INSERT_HEAD(&queue->list, question, link);
	else
		TAILQ_INSERT_AFTER(&queue->list, after, question, link);
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
	if (kind == PAGE_INPUT)
		insert_early(queue, question);
	else
		TAILQ_INSERT_TAIL(&queue->list, question, link);
	queue->count++;
	return QUEUE_ADDED;
}
