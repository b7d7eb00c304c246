#include "core/ui_queue.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/uio.h>

#include "base/memory.h"

/* Lines that go out together. */
#define LINES_AT_ONCE 64

struct ui_line {
	struct ui_line *next;
	uint64_t question;
	size_t sent;
	struct buf text;
};

bool ui_queue_add(struct ui_queue *queue, struct bytes line, uint64_t question)
{
	if (line.size >= UI_QUEUE_MOST - queue->size)
		return false;
	struct ui_line *added = memory_new(1, sizeof(*added));

	added->question = question;
	buf_init(&added->text, line.size + 1);
	buf_put_bytes(&added->text, line);
	buf_put_u8(&added->text, '\n');
	queue->size += added->text.size;
	if (queue->last != NULL)
		queue->last->next = added;
	else
		queue->first = added;
	queue->last = added;
	return true;
}

void ui_queue_append(struct ui_queue *queue, struct ui_queue *more)
{
	if (more->first == NULL)
		return;
	if (queue->last != NULL)
		queue->last->next = more->first;
	else
		queue->first = more->first;
	queue->last = more->last;
	queue->size += more->size;
	*more = (struct ui_queue){0};
}

/* `before` is the line in front of it, NULL for the first. */
static void remove_line(struct ui_queue *queue, struct ui_line *before, struct ui_line *line)
{
	if (before != NULL)
		before->next = line->next;
	else
		queue->first = line->next;
	if (queue->last == line)
		queue->last = before;
	queue->size -= line->text.size;
	buf_free(&line->text);
	free(line);
}

bool ui_queue_drop(struct ui_queue *queue, uint64_t question)
{
	struct ui_line *before = NULL;

	for (struct ui_line *line = queue->first; line != NULL; before = line, line = line->next) {
		if (line->question != question || line->sent > 0)
			continue;
		remove_line(queue, before, line);
		return true;
	}
	return false;
}

static void count_written(struct ui_queue *queue, size_t size)
{
	while (size > 0) {
		struct ui_line *line = queue->first;
		size_t left = line->text.size - line->sent;

		if (size < left) {
			bytes_wipe(line->text.data + line->sent, size);
			line->sent += size;
			return;
		}
		size -= left;
		remove_line(queue, NULL, line);
	}
}

static ssize_t write_some(const struct ui_queue *queue, int fd)
{
	struct iovec vectors[LINES_AT_ONCE];
	int count = 0;

	for (const struct ui_line *line = queue->first; line != NULL && count < LINES_AT_ONCE; line = line->next)
		vectors[count++] = (struct iovec){line->text.data + line->sent, line->text.size - line->sent};
	return writev(fd, vectors, count);
}

enum ui_queue_result ui_queue_write(struct ui_queue *queue, int fd)
{
	while (queue->first != NULL) {
		ssize_t put = write_some(queue, fd);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return errno == EAGAIN ? UI_QUEUE_LATER : UI_QUEUE_GONE;
		count_written(queue, (size_t)put);
	}
	return UI_QUEUE_EMPTY;
}

void ui_queue_free(struct ui_queue *queue)
{
	while (queue->first != NULL)
		remove_line(queue, NULL, queue->first);
}
