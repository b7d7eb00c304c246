#include "keys/terminal.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "base/memory.h"

#define CTRL_C 0x03
#define CTRL_D 0x04
#define CTRL_U 0x15

struct question {
	uint64_t request;
	char *prompt;
	bool repeat;
	password_done *done;
	void *context;
	struct question *next;
};

struct terminal {
	int fd;
	bool is_tty;
	bool is_plain; /* a file or a device that is always ready: no use in waiting for it */
	struct secret_arena *arena;
	struct event *event;
	struct question *questions, **questions_end; /* the first one is being asked */
	bool asking;
	struct secret line;  /* what was typed so far */
	struct secret first; /* of a question that is asked twice, the first answer */
	struct termios saved;
	bool changed; /* the terminal's settings are ours, `saved` are its own */
};

static void on_readable(evutil_socket_t fd, short what, void *context);

struct terminal *terminal_new(struct event_base *base, int fd, struct secret_arena *arena)
{
	struct terminal *terminal = memory_new(1, sizeof *terminal);
	struct stat status;

	terminal->fd = fd;
	terminal->arena = arena;
	terminal->is_tty = isatty(fd) == 1;
	terminal->is_plain =
	    !terminal->is_tty && fstat(fd, &status) == 0 && !S_ISFIFO(status.st_mode) && !S_ISSOCK(status.st_mode);
	terminal->questions_end = &terminal->questions;
	terminal->event =
	    terminal->is_plain ? evtimer_new(base, on_readable, terminal) : event_new(base, fd, EV_READ, on_readable, terminal);
	if (terminal->event == NULL)
		memory_exhausted();
	return terminal;
}

static void write_text(const struct terminal *terminal, const char *text)
{
	size_t left = strlen(text);

	while (terminal->is_tty && left > 0) {
		ssize_t put = write(terminal->fd, text, left);
		if (put < 0 && errno != EINTR)
			return;
		text += put > 0 ? put : 0;
		left -= put > 0 ? (size_t)put : 0;
	}
}

/*
 * New settings, and what was typed before is dropped: it was not meant for this question, nor what follows for the next program. TCSAFLUSH
 * alone leaves what the driver has not handed on yet.
 */
static bool set_and_flush(const struct terminal *terminal, const struct termios *settings)
{
	bool ok = tcsetattr(terminal->fd, TCSAFLUSH, settings) == 0;

	tcflush(terminal->fd, TCIFLUSH);
	return ok;
}

static void change_settings(struct terminal *terminal)
{
	if (!terminal->is_tty || terminal->changed || tcgetattr(terminal->fd, &terminal->saved) != 0)
		return;
	struct termios quiet = terminal->saved;
	quiet.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	quiet.c_iflag |= ICRNL;
	quiet.c_cc[VMIN] = 1;
	quiet.c_cc[VTIME] = 0;
	terminal->changed = set_and_flush(terminal, &quiet);
}

static void restore_settings(struct terminal *terminal)
{
	if (terminal->changed)
		set_and_flush(terminal, &terminal->saved);
	terminal->changed = false;
}

static void stop_asking(struct terminal *terminal)
{
	event_del(terminal->event);
	restore_settings(terminal);
	secret_release(&terminal->line);
	secret_release(&terminal->first);
	terminal->asking = false;
}

static void free_question(struct question *question)
{
	free(question->prompt);
	free(question);
}

static struct question *take_question(struct terminal *terminal, struct question **at)
{
	struct question *question = *at;

	*at = question->next;
	if (terminal->questions_end == &question->next)
		terminal->questions_end = at;
	return question;
}

static void wait_for_input(struct terminal *terminal)
{
	static const struct timeval at_once = {0, 0};

	event_add(terminal->event, terminal->is_plain ? &at_once : NULL);
}

static void ask_next(struct terminal *terminal);

/* The question in front is answered, one way or the other. */
static void answer(struct terminal *terminal, struct secret password, const struct error *error)
{
	struct question *question = take_question(terminal, &terminal->questions);

	stop_asking(terminal);
	question->done(question->context, password, error);
	free_question(question);
	ask_next(terminal);
}

static void answer_error(struct terminal *terminal, enum error_kind kind, const char *text)
{
	struct error error;

	error_set(&error, kind, "%s", text);
	answer(terminal, (struct secret){0}, &error);
}

static void ask_next(struct terminal *terminal)
{
	struct error error;

	if (terminal->asking || terminal->questions == NULL)
		return;
	terminal->asking = true;
	if (!secret_take(terminal->arena, &terminal->line, &error)) {
		answer_error(terminal, error.kind, error.text);
		return;
	}
	/* Settings before the prompt: whoever sees it may type. */
	change_settings(terminal);
	if (terminal->is_tty && !terminal->changed) {
		answer_error(terminal, ERROR_REFUSED, "the terminal cannot be told not to show a password");
		return;
	}
	write_text(terminal, terminal->questions->prompt);
	wait_for_input(terminal);
}

/* A prompt that ends in "> " is repeated in the same manner. */
static const char *repeat_prompt(const char *prompt)
{
	size_t size = strlen(prompt);

	return size >= 2 && strcmp(prompt + size - 2, "> ") == 0 ? "Repeat password:\n> " : "Repeat password: ";
}

static void ask_again(struct terminal *terminal)
{
	struct error error;

	terminal->first = terminal->line;
	terminal->line = (struct secret){0};
	if (!secret_take(terminal->arena, &terminal->line, &error)) {
		answer_error(terminal, error.kind, error.text);
		return;
	}
	if (terminal->is_tty)
		tcflush(terminal->fd, TCIFLUSH);
	write_text(terminal, repeat_prompt(terminal->questions->prompt));
	wait_for_input(terminal);
}

static void line_done(struct terminal *terminal)
{
	write_text(terminal, "\n");
	if (terminal->questions->repeat && terminal->first.data == NULL) {
		ask_again(terminal);
		return;
	}
	if (terminal->first.data != NULL && !bytes_equal(secret_bytes(&terminal->first), secret_bytes(&terminal->line))) {
		answer_error(terminal, ERROR_REFUSED, "Passwords do not match");
		return;
	}
	struct secret password = terminal->line;
	terminal->line = (struct secret){0};
	answer(terminal, password, NULL);
}

/* Remove the last character, which in UTF-8 may be several bytes. */
static void erase_one(struct secret *line)
{
	while (line->size > 0) {
		uint8_t c = line->data[--line->size];
		line->data[line->size] = 0;
		if ((c & 0xc0) != 0x80)
			return;
	}
}

static void erase_all(struct secret *line)
{
	bytes_wipe(line->data, line->size);
	line->size = 0;
}

/* False: the line (and perhaps the terminal's turn) ended with this byte. */
static bool take_byte(struct terminal *terminal, uint8_t c)
{
	struct secret *line = &terminal->line;
	const cc_t *keys = terminal->saved.c_cc;

	if (c == '\n' || (c == '\r' && terminal->is_tty)) {
		/* Lines of a pipe may end in CR LF. */
		if (!terminal->is_tty && line->size > 0 && line->data[line->size - 1] == '\r')
			line->data[--line->size] = 0;
		line_done(terminal);
		return false;
	}
	if (terminal->is_tty && (c == CTRL_C || c == CTRL_D)) {
		write_text(terminal, "\n");
		answer_error(terminal, ERROR_DENIED, "the password prompt was cancelled");
		return false;
	}
	if (terminal->is_tty && (c == 0x7f || c == '\b' || c == keys[VERASE])) {
		erase_one(line);
	} else if (terminal->is_tty && (c == CTRL_U || c == keys[VKILL])) {
		erase_all(line);
	} else if (line->size == PASSWORD_MOST) {
		write_text(terminal, "\n");
		answer_error(terminal, ERROR_REFUSED, "the password is longer than 4096 bytes");
		return false;
	} else if (!terminal->is_tty || c >= ' ' || c == '\t') {
		line->data[line->size++] = c;
	}
	return true;
}

static bool is_ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

static void input_ended(struct terminal *terminal)
{
	/* The last line of a file may lack its end. */
	if (!terminal->is_tty && terminal->line.size > 0)
		line_done(terminal);
	else
		answer_error(terminal, ERROR_REFUSED, "the input ended where a password was expected");
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct terminal *terminal = context;
	uint8_t c;

	(void)fd;
	(void)what;
	/* The descriptor may block: it is read only while poll says that it will not. */
	while (is_ready(terminal->fd)) {
		ssize_t got = read(terminal->fd, &c, 1);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			input_ended(terminal);
			return;
		}
		bool more = take_byte(terminal, c);
		bytes_wipe(&c, sizeof c);
		if (!more)
			return;
	}
	wait_for_input(terminal);
}

void terminal_ask(
    struct terminal *terminal, uint64_t request, struct bytes prompt, bool repeat, password_done *done, void *context)
{
	struct question *question = memory_new(1, sizeof *question);

	*question = (struct question){
	    .request = request, .prompt = memory_text(prompt), .repeat = repeat, .done = done, .context = context};
	*terminal->questions_end = question;
	terminal->questions_end = &question->next;
	ask_next(terminal);
}

void terminal_withdraw(struct terminal *terminal, uint64_t request)
{
	struct question **at = &terminal->questions;

	while (*at != NULL && (*at)->request != request)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	if (at == &terminal->questions && terminal->asking) {
		write_text(terminal, "\n");
		stop_asking(terminal);
	}
	free_question(take_question(terminal, at));
	ask_next(terminal);
}

static void withdraw_all(struct terminal *terminal)
{
	if (terminal->asking) {
		write_text(terminal, "\n");
		stop_asking(terminal);
	}
	while (terminal->questions != NULL)
		free_question(take_question(terminal, &terminal->questions));
}

void terminal_free(struct terminal *terminal)
{
	if (terminal == NULL)
		return;
	withdraw_all(terminal);
	event_free(terminal->event);
	free(terminal);
}
