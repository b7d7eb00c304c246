#include "qubes/answer.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "base/text.h"
#include "ipc/frame.h"
#include "qubes/clock.h"

/* A pipe that has room at all takes so much without waiting (pipe(7), PIPE_BUF), a socket more: so it does not matter whether the descriptor blocks. */
#define PIECE          ((size_t)4096)
#define PATIENCE_MS    60000
#define BYTES_PER_MS   ((size_t)64)
#define FIRST_BYTE_MS  1000
#define TEXT_MAX       ((size_t)1024)
#define CODE_REFUSED   "-32000"
#define CODE_OUR_FAULT "-32603"

uint64_t answer_deadline(size_t size)
{
	return clock_now_ms() + PATIENCE_MS + size / BYTES_PER_MS;
}

/* False: none until the deadline, or nobody reads. */
static bool wait_for_room(uint64_t deadline)
{
	struct pollfd out = {.fd = STDOUT_FILENO, .events = POLLOUT};
	int ready;

	do
		ready = poll(&out, 1, clock_left_ms(deadline));
	while (ready < 0 && errno == EINTR);
	return ready > 0 && (out.revents & (POLLERR | POLLHUP | POLLNVAL)) == 0;
}

bool answer_write(struct bytes bytes, uint64_t deadline)
{
	while (bytes.size > 0) {
		if (!wait_for_room(deadline))
			return false;
		ssize_t put = write(STDOUT_FILENO, bytes.data, bytes.size < PIECE ? bytes.size : PIECE);

		if (put < 0 && errno != EINTR && errno != EAGAIN)
			return false;
		if (put > 0)
			bytes = bytes_of(bytes.data + put, bytes.size - (size_t)put);
	}
	return true;
}

/* The first byte says it; a caller who sends none is an old one that is about to. */
static enum answer_form ask_form(void)
{
	struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
	uint8_t untrusted_first;

	if (poll(&in, 1, FIRST_BYTE_MS) > 0 && read(STDIN_FILENO, &untrusted_first, 1) == 1 && untrusted_first == FRAME_MARK)
		return ANSWER_FORM_FRAME;
	return ANSWER_FORM_BARE;
}

/* A JSON string's inside. */
static void put_json_text(struct bytes text, struct buf *buf)
{
	for (size_t at = 0, width; at < text.size; at += width) {
		uint32_t codepoint;
		struct bytes rest = bytes_of(text.data + at, text.size - at);

		width = text_decode(rest, &codepoint);
		if (width == 0) {
			width = 1;
			buf_put_text(buf, "\xef\xbf\xbd");
		} else if (codepoint == '"' || codepoint == '\\' || codepoint < 0x20) {
			buf_printf(buf, "\\u%04x", (unsigned)codepoint);
		} else {
			buf_put(buf, rest.data, width);
		}
	}
}

static void put_error_object(enum answer_status status, struct bytes text, struct buf *buf)
{
	buf_printf(buf, "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":%s,\"message\":\"",
	    status == ANSWER_REFUSED ? CODE_REFUSED : CODE_OUR_FAULT);
	put_json_text(text, buf);
	buf_put_text(buf, "\"}}\n");
}

/* Lost when nobody reads it. */
static void complain(struct bytes text)
{
	struct buf line BUF_CLEANUP = BUF_INIT(8 * TEXT_MAX);

	buf_put_text(&line, "qubes.Clefsign: ");
	text_escape(text, TEXT_MAX, &line);
	buf_put_u8(&line, '\n');
	if (write(STDERR_FILENO, line.data, line.size) < 0)
		return;
}

enum answer_status answer_failure(enum answer_form form, enum answer_status status, struct bytes text)
{
	struct buf answer BUF_CLEANUP = BUF_INIT(8 * TEXT_MAX);

	text.size = text.size < TEXT_MAX ? text.size : TEXT_MAX;
	complain(text);
	if (form == ANSWER_FORM_UNKNOWN)
		form = ask_form();
	if (form == ANSWER_FORM_FRAME)
		frame_answer_put(FRAME_REFUSED, text, &answer);
	else
		put_error_object(status, text, &answer);
	return answer_write(buf_bytes(&answer), answer_deadline(answer.size)) ? status : ANSWER_CALLER_GONE;
}
