#include "core/log_relay.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/memory.h"
#include "base/text.h"

/* As log writes them, the line's end included. */
#define LINE_MOST ((size_t)4095)

struct log_relay {
	struct log log; /* in the role's name */
	int reader, writer;
	struct event *readable, *pause;
	time_t second;  /* in which `lines` were passed on */
	unsigned lines; /* below LOG_RELAY_LINES, unless paused */
	bool skip;      /* the rest of a line that was cut */
	size_t size;    /* of untrusted_text */
	uint8_t untrusted_text[LINE_MOST];
};

/* ---- one line ---- */

/* The rest of the text behind a part that it must begin with; false: it does not. */
static bool take(struct bytes *text, const char *part)
{
	size_t size = strlen(part);

	if (text->size < size || memcmp(text->data, part, size) != 0)
		return false;
	*text = bytes_of(text->data + size, text->size - size);
	return true;
}

static bool take_time(struct bytes *text)
{
	static const uint8_t form[] = " [00-00|00:00:00.000] ";
	size_t size = sizeof(form) - 1;

	if (text->size < size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (form[i] == '0' ? text->data[i] < '0' || text->data[i] > '9' : text->data[i] != form[i])
			return false;
	*text = bytes_of(text->data + size, text->size - size);
	return true;
}

/* Does the role say it, and say so? It must not speak in another's name. */
static bool is_in_form(struct bytes untrusted_line, const char *role)
{
	static const char *const levels[] = {"DEBUG", "INFO", "WARN", "ERROR", "CRIT"};

	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		struct bytes rest = untrusted_line;

		if (take(&rest, levels[i]) && take_time(&rest) && take(&rest, role) && take(&rest, ": "))
			return true;
	}
	return false;
}

static void pass_on(const struct log_relay *relay, struct bytes untrusted_line)
{
	struct buf line BUF_CLEANUP = BUF_INIT(2 * LINE_MOST);

	if (untrusted_line.size == 0)
		return;
	/* Room for the words behind a text that escapes made too long. */
	text_escape(untrusted_line, LINE_MOST - 64, &line);
	if (!is_in_form(untrusted_line, relay->log.role)) {
		log_error(&relay->log, "%s", buf_text(&line));
		return;
	}
	buf_put_u8(&line, '\n');
	log_put_line(&relay->log, buf_bytes(&line));
}

/* ---- the stream ---- */

/* False: no whole line is there. A line that fills the space is as whole as it gets. */
static bool next_line(struct log_relay *relay)
{
	const uint8_t *end = memchr(relay->untrusted_text, '\n', relay->size);
	size_t size = end != NULL ? (size_t)(end - relay->untrusted_text) : relay->size;
	size_t used = end != NULL ? size + 1 : size;

	if (end == NULL && size < sizeof(relay->untrusted_text))
		return false;
	if (!relay->skip)
		pass_on(relay, bytes_of(relay->untrusted_text, size));
	relay->skip = end == NULL;
	relay->size -= used;
	memmove(relay->untrusted_text, relay->untrusted_text + used, relay->size);
	return true;
}

/* False: nothing more comes for now, or ever. */
static bool read_some(struct log_relay *relay, bool *ret_ended)
{
	ssize_t got = read(relay->reader, relay->untrusted_text + relay->size, sizeof(relay->untrusted_text) - relay->size);

	*ret_ended = got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR);
	if (got <= 0)
		return false;
	relay->size += (size_t)got;
	return true;
}

/* Lines that may still be passed on in this second. */
static bool may_pass_on(struct log_relay *relay)
{
	struct timespec now = {0};

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec != relay->second)
		relay->lines = 0;
	relay->second = now.tv_sec;
	return relay->lines < LOG_RELAY_LINES;
}

static void pass_lines_on(struct log_relay *relay)
{
	static const struct timeval moment = {0, 250 * 1000};

	while (may_pass_on(relay)) {
		if (!next_line(relay)) {
			event_add(relay->readable, NULL);
			return;
		}
		relay->lines++;
	}
	event_add(relay->pause, &moment);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct log_relay *relay = context;
	bool ended;

	(void)fd;
	(void)what;
	if (read_some(relay, &ended) || !ended)
		pass_lines_on(relay);
}

static void on_pause_over(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	pass_lines_on(context);
}

void log_relay_drain(struct log_relay *relay)
{
	bool ended;
	unsigned lines = 0;

	do {
		while (lines < LOG_RELAY_LAST_LINES && next_line(relay))
			lines++;
	} while (lines < LOG_RELAY_LAST_LINES && read_some(relay, &ended));
	if (lines == LOG_RELAY_LAST_LINES)
		log_error(&relay->log, "(it says more than is passed on)");
	else if (!relay->skip)
		pass_on(relay, bytes_of(relay->untrusted_text, relay->size));
	relay->size = 0;
}

/* ---- beginning and end ---- */

bool log_relay_new(
    struct event_base *base, const char *role, const struct log *log, struct log_relay **ret_relay, struct error *ret_error)
{
	int ends[2];

	/* Each end has flags of its own: the role cannot make core's end wait. */
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
		return error_set_errno(ret_error, errno, "cannot make a pipe");
	struct log_relay *relay = memory_new(1, sizeof(*relay));

	relay->log = (struct log){.role = role, .level = log->level, .fd = log->fd};
	relay->reader = ends[0];
	relay->writer = ends[1];
	relay->readable = event_new(base, ends[0], EV_READ, on_readable, relay);
	relay->pause = evtimer_new(base, on_pause_over, relay);
	if (relay->readable == NULL || relay->pause == NULL)
		memory_exhausted();
	event_add(relay->readable, NULL);
	*ret_relay = relay;
	return true;
}

int log_relay_writer(const struct log_relay *relay)
{
	return relay->writer;
}

void log_relay_close_writer(struct log_relay *relay)
{
	if (relay->writer >= 0)
		close(relay->writer);
	relay->writer = -1;
}

void log_relay_free(struct log_relay *relay)
{
	if (relay == NULL)
		return;
	log_relay_drain(relay);
	event_free(relay->readable);
	event_free(relay->pause);
	log_relay_close_writer(relay);
	close(relay->reader);
	free(relay);
}
