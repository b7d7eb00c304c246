#include "proxy/exchange.h"

#include <errno.h>
#include <unistd.h>

#include "base/memory.h"
#include "ipc/frame.h"

#define READ_SIZE ((size_t)65536)

bool exchange_is_over(const struct exchange *exchange)
{
	return exchange->readable == NULL;
}

void exchange_stop(struct exchange *exchange)
{
	if (exchange_is_over(exchange))
		return;
	event_free(exchange->readable);
	event_free(exchange->writable);
	exchange->readable = exchange->writable = NULL;
	close(exchange->in);
	if (exchange->out != exchange->in)
		close(exchange->out);
	*exchange->received -= exchange->answer.size;
	buf_free(&exchange->answer);
}

static void end(struct exchange *exchange, enum exchange_end how, const struct error *error)
{
	/* The answer outlives the exchange's own end: what is told may free the exchange. */
	BUF_CLEANUP struct buf answer = exchange->answer;
	exchange_ended *ended = exchange->ended;
	void *context = exchange->context;
	struct bytes payload = BYTES_NONE;

	*exchange->received -= answer.size;
	exchange->answer = BUF_INIT(0);
	exchange_stop(exchange);
	if (how == EXCHANGE_ANSWER)
		payload = bytes_of(answer.data + FRAME_HEAD_SIZE, answer.size - FRAME_HEAD_SIZE);
	ended(context, how, payload, error);
}

static void end_bad(struct exchange *exchange, const char *why)
{
	struct error error;

	error_set(&error, ERROR_REFUSED, "%s", why);
	end(exchange, EXCHANGE_BAD, &error);
}

/* ---- the request ---- */

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct exchange *exchange = context;
	struct bytes frame = buf_bytes(exchange->frame);

	(void)what;
	while (exchange->sent < frame.size) {
		ssize_t put = write(fd, frame.data + exchange->sent, frame.size - exchange->sent);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno == EAGAIN) {
			event_add(exchange->writable, NULL);
			return;
		}
		/* Nobody reads any more. Why, the other direction tells, be it an answer that came early or the end of the stream. */
		if (put < 0)
			return;
		exchange->sent += (size_t)put;
	}
	buf_free(exchange->frame);
}

/* ---- the answer ---- */

/* How many more bytes of the answer may be read now: never behind its end. 0: it ended, and that was told. */
static size_t wanted(struct exchange *exchange)
{
	struct bytes answer = buf_bytes(&exchange->answer);
	struct error error;
	size_t size = 0;

	if (answer.size < FRAME_HEAD_SIZE && answer.size > 0 &&
	    frame_head_read(answer, FRAME_ANSWER_MAX, &size, &error) == FRAME_BAD) {
		end(exchange, EXCHANGE_BAD, &error);
		return 0;
	}
	if (answer.size < FRAME_HEAD_SIZE)
		return FRAME_HEAD_SIZE - answer.size;
	if (frame_head_read(answer, FRAME_ANSWER_MAX, &size, &error) != FRAME_DONE) {
		end(exchange, EXCHANGE_BAD, &error);
		return 0;
	}
	if (answer.size == FRAME_HEAD_SIZE + size) {
		end(exchange, EXCHANGE_ANSWER, NULL);
		return 0;
	}
	return FRAME_HEAD_SIZE + size - answer.size;
}

/* One read; false when there is nothing more for now, or it ended. */
static bool take(struct exchange *exchange)
{
	size_t most = wanted(exchange);

	if (most == 0)
		return false;
	most = most < READ_SIZE ? most : READ_SIZE;
	uint8_t *place = buf_reserve(&exchange->answer, most);
	if (place == NULL)
		memory_exhausted();
	ssize_t got = read(exchange->in, place, most);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return errno == EINTR;
	if (got <= 0) {
		end(exchange, EXCHANGE_CUT, NULL);
		return false;
	}
	buf_commit(&exchange->answer, (size_t)got);
	*exchange->received += (size_t)got;
	if (*exchange->received > EXCHANGE_BUDGET) {
		end_bad(exchange, "more is being received than there is room for; try again");
		return false;
	}
	/* A whole answer is told at once: its sender need not close. */
	return wanted(exchange) > 0;
}

/* Reads at one event, so that one long answer does not hold up everybody else. */
#define READS_AT_ONCE 16

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	for (int i = 0; i < READS_AT_ONCE && take(context); i++)
		continue;
}

void exchange_drain(struct exchange *exchange)
{
	while (take(exchange))
		continue;
}

void exchange_start(struct exchange *exchange, struct event_base *base, int in, int out, struct buf *frame, size_t *received,
    exchange_ended *ended, void *context)
{
	*exchange =
	    (struct exchange){.in = in, .out = out, .frame = frame, .received = received, .ended = ended, .context = context};
	buf_init(&exchange->answer, FRAME_HEAD_SIZE + FRAME_ANSWER_MAX + READ_SIZE);
	exchange->readable = event_new(base, in, EV_READ | EV_PERSIST, on_readable, exchange);
	exchange->writable = event_new(base, out, EV_WRITE, on_writable, exchange);
	if (exchange->readable == NULL || exchange->writable == NULL || event_add(exchange->readable, NULL) != 0 ||
	    event_add(exchange->writable, NULL) != 0)
		memory_exhausted();
}
