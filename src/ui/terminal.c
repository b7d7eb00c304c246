#include "ui/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#define LINE_MOST  ((size_t)4096)
#define CHUNK_SIZE 4096
/* A pipe from a program that never stops writing must not keep us for ever. */
#define DISCARD_ROUNDS 256

void terminal_open(struct terminal *ret_terminal)
{
	*ret_terminal = (struct terminal){.settings_fd = -1};
	buf_init(&ret_terminal->partial, LINE_MOST);
	for (int fd = 0; fd <= 2 && ret_terminal->settings_fd < 0; fd++)
		if (tcgetattr(fd, &ret_terminal->saved) == 0)
			ret_terminal->settings_fd = fd;
	ret_terminal->input_is_terminal = ret_terminal->settings_fd == STDIN_FILENO;
	ret_terminal->group = getpgrp();
	ret_terminal->ours = ret_terminal->saved;
	ret_terminal->ours.c_lflag |= ICANON | ECHO | ECHOE | ECHOK | ISIG;
	ret_terminal->ours.c_iflag |= ICRNL;
	ret_terminal->ours.c_oflag |= OPOST | ONLCR;
}

/* A background process that changes its terminal is stopped by SIGTTOU: never at the end, when there is nobody to continue it. */
static void set_quietly(int fd, const struct termios *settings)
{
	sigset_t block, before;

	sigemptyset(&block);
	sigaddset(&block, SIGTTOU);
	sigprocmask(SIG_BLOCK, &block, &before);
	tcsetattr(fd, TCSANOW, settings);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

void terminal_restore(struct terminal *terminal)
{
	if (terminal->settings_fd >= 0 && !terminal_is_in_background(terminal))
		set_quietly(terminal->settings_fd, &terminal->saved);
}

bool terminal_is_in_background(const struct terminal *terminal)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	/* Fails when it is not our controlling terminal: then there is no such thing. */
	return front > 0 && front != terminal->group;
}

static void set_ours(struct terminal *terminal)
{
	terminal->late = terminal->input_is_terminal && terminal_is_in_background(terminal);
	if (terminal->input_is_terminal && !terminal->late)
		set_quietly(terminal->settings_fd, &terminal->ours);
}

void terminal_take(struct terminal *terminal, bool echo)
{
	if (echo)
		terminal->ours.c_lflag |= ECHO;
	else
		terminal->ours.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
	set_ours(terminal);
}

void terminal_close(struct terminal *terminal)
{
	buf_free(&terminal->partial);
}

void terminal_print(struct terminal *terminal, struct bytes text)
{
	while (text.size > 0 && !terminal->output_lost) {
		ssize_t put = write(STDOUT_FILENO, text.data, text.size);

		if (put >= 0) {
			text.data += put;
			text.size -= (size_t)put;
		} else if (errno == EAGAIN) {
			/* Somebody who shares the terminal made it non-blocking. */
			poll(&(struct pollfd){STDOUT_FILENO, POLLOUT, 0}, 1, -1);
		} else if (errno != EINTR) {
			terminal->output_lost = true;
		}
	}
	/* Fails on a pipe, where there is nothing to wait for. */
	tcdrain(STDOUT_FILENO);
}

static bool is_readable(void)
{
	struct pollfd pollfd = {STDIN_FILENO, POLLIN, 0};

	return poll(&pollfd, 1, 0) == 1 && pollfd.revents != 0;
}

/* Reads at most a chunk without waiting, as long as is_readable() holds. */
static size_t read_chunk(struct terminal *terminal, uint8_t chunk[CHUNK_SIZE], bool *ret_blank)
{
	struct termios settings;
	ssize_t got = read(STDIN_FILENO, chunk, CHUNK_SIZE);

	*ret_blank = false;
	/* The kernel's word for a background process that ignores SIGTTIN. */
	terminal->in_background = got < 0 && errno == EIO && terminal->input_is_terminal && terminal_is_in_background(terminal);
	if (terminal->in_background)
		return 0;
	if (got > 0)
		return (size_t)got;
	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return 0;
	/* Ctrl-D on an empty line ends nothing at a terminal that is still there, unless somebody may leave that way. */
	if (got == 0 && terminal->input_is_terminal && !terminal->ctrl_d_ends && tcgetattr(STDIN_FILENO, &settings) == 0)
		*ret_blank = true;
	else
		terminal->input_ended = true;
	return 0;
}

void terminal_discard(struct terminal *terminal)
{
	uint8_t chunk[CHUNK_SIZE];
	bool blank;

	terminal->skip_line = false;
	buf_reset(&terminal->partial);
	if (terminal->input_is_terminal) {
		if (terminal->late)
			set_ours(terminal);
		if (!terminal_is_in_background(terminal))
			tcflush(STDIN_FILENO, TCIFLUSH);
		return;
	}
	for (int i = 0; i < DISCARD_ROUNDS && !terminal->input_ended && is_readable(); i++)
		read_chunk(terminal, chunk, &blank);
	bytes_wipe(chunk, sizeof chunk);
}

static void end_line(struct terminal *terminal, terminal_line *line, void *context)
{
	uint8_t text[CHUNK_SIZE];
	struct bytes bytes = buf_bytes(&terminal->partial);
	bool skipped = terminal->skip_line;

	/* Taken out first: the handler may throw away input. A line that is too long is no answer to anything. */
	if (bytes.size > sizeof text || skipped)
		bytes = BYTES_NONE;
	if (bytes.size > 0)
		memcpy(text, bytes.data, bytes.size);
	bytes.data = text;
	buf_reset(&terminal->partial);
	terminal->skip_line = false;
	if (bytes.size > 0 && text[bytes.size - 1] == '\r')
		bytes.size--;
	line(context, bytes);
	bytes_wipe(text, sizeof text);
}

void terminal_read(struct terminal *terminal, terminal_line *line, void *context)
{
	uint8_t chunk[CHUNK_SIZE];
	bool blank;
	size_t size = read_chunk(terminal, chunk, &blank);

	for (size_t i = 0; i < size; i++) {
		if (chunk[i] == '\n') {
			end_line(terminal, line, context);
		} else if (!terminal->skip_line) {
			buf_put_u8(&terminal->partial, chunk[i]);
			terminal->skip_line = !buf_ok(&terminal->partial);
			if (terminal->skip_line)
				buf_reset(&terminal->partial);
		}
	}
	if (blank)
		end_line(terminal, line, context);
	bytes_wipe(chunk, sizeof chunk);
}
