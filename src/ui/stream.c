#include "ui/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"

#define READ_SIZE   ((size_t)65536)
#define READ_LIMIT  ((size_t)80 * 1024 * 1024)
#define QUEUE_LIMIT ((size_t)128 * 1024 * 1024)
/* A buffer that was needed once for something large is given back. */
#define KEEP_SIZE ((size_t)256 * 1024)

struct stream {
	int fd;
	struct stream_handlers handlers;
	struct event *readable, *writable;
	struct buf in, out;
	struct json_scan scan;
	bool closed;
};

static void stream_close(struct stream *stream, const char *why)
{
	if (stream->closed)
		return;
	stream->closed = true;
	event_del(stream->readable);
	event_del(stream->writable);
	stream->handlers.closed(stream->handlers.context, why);
}

/* Hands out the values that are complete, then forgets them at once. */
static void hand_out(struct stream *stream)
{
	size_t done = 0;

	while (!stream->closed) {
		struct bytes rest = bytes_of(stream->in.data + done, stream->in.size - done);
		enum json_scan_result result = json_scan_feed(&stream->scan, rest);

		if (result == JSON_SCAN_TOO_DEEP)
			stream_close(stream, "sends JSON that is nested too deeply");
		if (result != JSON_SCAN_VALUE)
			break;
		size_t start = stream->scan.start;
		size_t end = stream->scan.offset;

		json_scan_start(&stream->scan);
		stream->handlers.value(stream->handlers.context, bytes_of(rest.data + start, end - start));
		done += end;
	}
	if (done > 0)
		buf_consume(&stream->in, done);
	if (stream->in.size == 0 && stream->in.capacity > KEEP_SIZE)
		buf_free(&stream->in);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct stream *stream = context;
	uint8_t *space = buf_reserve(&stream->in, READ_SIZE);
	ssize_t got;

	(void)what;
	if (space == NULL) {
		stream_close(stream, "sends more than can be kept");
		return;
	}
	got = read(fd, space, READ_SIZE);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		stream_close(stream, "closed the channel");
		return;
	}
	buf_commit(&stream->in, (size_t)got);
	hand_out(stream);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct stream *stream = context;
	ssize_t put = send(fd, stream->out.data, stream->out.size, MSG_NOSIGNAL);

	(void)what;
	if (put < 0 && errno != EAGAIN && errno != EINTR) {
		stream_close(stream, "does not take answers any more");
		return;
	}
	if (put > 0)
		buf_consume(&stream->out, (size_t)put);
	if (stream->out.size > 0)
		event_add(stream->writable, NULL);
}

struct stream *stream_new(struct event_base *base, int fd, struct stream_handlers handlers)
{
	struct stream *stream = memory_new(1, sizeof(*stream));

	evutil_make_socket_nonblocking(fd);
	stream->fd = fd;
	stream->handlers = handlers;
	buf_init(&stream->in, READ_LIMIT);
	buf_init(&stream->out, QUEUE_LIMIT);
	json_scan_start(&stream->scan);
	stream->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, stream);
	stream->writable = event_new(base, fd, EV_WRITE, on_writable, stream);
	if (stream->readable == NULL || stream->writable == NULL)
		memory_exhausted();
	event_add(stream->readable, NULL);
	return stream;
}

void stream_free(struct stream *stream)
{
	if (stream == NULL)
		return;
	event_free(stream->readable);
	event_free(stream->writable);
	close(stream->fd);
	buf_free(&stream->in);
	buf_free(&stream->out);
	free(stream);
}

void stream_send(struct stream *stream, struct bytes json)
{
	if (stream->closed)
		return;
	buf_put_bytes(&stream->out, json);
	if (!buf_ok(&stream->out))
		stream_close(stream, "does not read its answers");
	else
		event_add(stream->writable, NULL);
}
