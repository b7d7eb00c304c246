/* Where passwords come from: a person at a terminal, a script at a pipe, a UI at a socket. */
#include "../base/testing.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <time.h>

#include "keys/secret_early.h"
#include "keys/secret_pipe.h"
#include "keys/terminal.h"

#define SLOTS 64

static struct event_base *base;
static struct secret_arena *arena;
static struct log quiet = {.role = "keys", .level = LOG_LEVEL_ERROR, .fd = 2};

struct asked {
	unsigned answers;
	bool failed;
	char text[PASSWORD_MOST + 1]; /* the password, or why there is none */
	size_t size;
	enum error_kind kind;
};

static void on_password(void *context, struct secret password, const struct error *error)
{
	struct asked *asked = context;

	asked->answers++;
	asked->failed = error != NULL;
	if (error != NULL) {
		assert_null(password.data);
		snprintf(asked->text, sizeof asked->text, "%s", error->text);
		asked->kind = error->kind;
	} else {
		asked->size = password.size;
		memcpy(asked->text, password.data, password.size);
		asked->text[password.size] = 0;
	}
	secret_release(&password);
}

static void run_until(const struct asked *asked)
{
	while (asked->answers == 0)
		event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(asked->answers, 1);
}

/* Let events happen that are due, and a moment longer. */
static void run_a_moment(void)
{
	const struct timeval moment = {0, 50000};

	event_base_loopexit(base, &moment);
	event_base_dispatch(base);
}

static void assert_got(struct asked *asked, const char *password)
{
	run_until(asked);
	if (asked->failed)
		fail_msg("failed: %s", asked->text);
	assert_string_equal(asked->text, password);
	*asked = (struct asked){0};
}

static void assert_failed(struct asked *asked, enum error_kind kind, const char *why)
{
	run_until(asked);
	assert_true(asked->failed);
	assert_string_equal(asked->text, why);
	assert_int_equal(asked->kind, kind);
	*asked = (struct asked){0};
}

/* No slot is left behind: all of them can be taken. */
static void assert_slots_free(void)
{
	struct secret slots[SLOTS];
	struct error error;

	for (size_t i = 0; i < SLOTS; i++)
		assert_true(secret_take(arena, &slots[i], &error));
	for (size_t i = 0; i < SLOTS; i++)
		secret_release(&slots[i]);
}

static int set_up(void **state)
{
	struct error error;

	(void)state;
	base = event_base_new();
	alarm(60);
	return !secret_arena_new(SLOTS, SLOTS, &arena, &error);
}

static int tear_down(void **state)
{
	(void)state;
	assert_slots_free();
	secret_arena_free(arena);
	event_base_free(base);
	return 0;
}

/* ---- a terminal ---- */

struct pty {
	int person, program;
	struct terminal *terminal;
	struct termios before;
	char screen[4096];
	size_t seen;
};

static struct pty pty_open(void)
{
	struct pty pty = {.person = -1};

	assert_int_equal(openpty(&pty.person, &pty.program, NULL, NULL, NULL), 0);
	fcntl(pty.person, F_SETFL, O_NONBLOCK);
	assert_int_equal(tcgetattr(pty.program, &pty.before), 0);
	assert_true((pty.before.c_lflag & (ECHO | ICANON | ISIG)) == (ECHO | ICANON | ISIG));
	pty.terminal = terminal_new(base, pty.program, arena);
	return pty;
}

static bool is_as_before(const struct pty *pty)
{
	struct termios now;

	assert_int_equal(tcgetattr(pty->program, &now), 0);
	return now.c_lflag == pty->before.c_lflag && now.c_iflag == pty->before.c_iflag &&
	       memcmp(now.c_cc, pty->before.c_cc, NCCS) == 0;
}

static void pty_close(struct pty *pty)
{
	terminal_free(pty->terminal);
	assert_true(is_as_before(pty));
	close(pty->person);
	close(pty->program);
}

static const char *screen(struct pty *pty)
{
	ssize_t got;

	run_a_moment();
	while ((got = read(pty->person, pty->screen + pty->seen, sizeof pty->screen - 1 - pty->seen)) > 0)
		pty->seen += (size_t)got;
	pty->screen[pty->seen] = 0;
	return pty->screen;
}

static void type(const struct pty *pty, const char *text)
{
	assert_int_equal(write(pty->person, text, strlen(text)), (ssize_t)strlen(text));
}

static void ask(struct pty *pty, uint64_t request, const char *prompt, bool repeat, struct asked *asked)
{
	*asked = (struct asked){0};
	terminal_ask(pty->terminal, request, bytes_text(prompt), repeat, on_password, asked);
}

static void test_typed_password_is_not_echoed(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;

	(void)state;
	ask(&pty, 1, "Password: ", false, &asked);
	assert_string_equal(screen(&pty), "Password: ");
	assert_false(is_as_before(&pty));
	type(&pty, "s3cret p\xc3\xa4ss\n");
	assert_got(&asked, "s3cret p\xc3\xa4ss");
	assert_string_equal(screen(&pty), "Password: \r\n");
	assert_true(is_as_before(&pty));
	pty_close(&pty);
}

static void test_keys_that_edit(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;

	(void)state;
	ask(&pty, 1, "> ", false, &asked);
	type(&pty, "x\x7f\x7f\x7f"
	           "abc\xc3\xa4\x7f\x7f"
	           "d\b\bB\x01\r");
	assert_got(&asked, "aB");
	ask(&pty, 2, "> ", false, &asked);
	type(&pty, "wrong\x15right\n");
	assert_got(&asked, "right");
	ask(&pty, 3, "> ", false, &asked);
	type(&pty, "\n");
	assert_got(&asked, "");
	pty_close(&pty);
}

static void test_cancelling(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;

	(void)state;
	ask(&pty, 1, "> ", false, &asked);
	type(&pty, "abc\x03");
	assert_failed(&asked, ERROR_DENIED, "the password prompt was cancelled");
	assert_true(is_as_before(&pty));
	ask(&pty, 2, "> ", false, &asked);
	type(&pty, "\x04");
	assert_failed(&asked, ERROR_DENIED, "the password prompt was cancelled");
	pty_close(&pty);
}

static void test_type_ahead_is_thrown_away(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;

	(void)state;
	type(&pty, "typed before\n");
	ask(&pty, 1, "> ", false, &asked);
	run_a_moment();
	assert_int_equal(asked.answers, 0);
	type(&pty, "typed after\nand more\n");
	assert_got(&asked, "typed after");
	/* What came behind the line is no answer to anything either. */
	ask(&pty, 2, "> ", false, &asked);
	run_a_moment();
	assert_int_equal(asked.answers, 0);
	pty_close(&pty);
}

static void test_repeated_password(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;

	(void)state;
	ask(&pty, 1, "New password: ", true, &asked);
	type(&pty, "longenough1\n");
	assert_string_equal(screen(&pty), "New password: \r\nRepeat password: ");
	type(&pty, "longenough1\n");
	assert_got(&asked, "longenough1");
	ask(&pty, 2, "Choose one.\n> ", true, &asked);
	type(&pty, "longenough1\n");
	assert_non_null(strstr(screen(&pty), "Choose one.\r\n> \r\nRepeat password:\r\n> "));
	type(&pty, "longenough2\n");
	assert_failed(&asked, ERROR_REFUSED, "Passwords do not match");
	assert_true(is_as_before(&pty));
	pty_close(&pty);
}

static void test_one_question_at_a_time(void **state)
{
	struct pty pty = pty_open();
	struct asked one, two, three;

	(void)state;
	ask(&pty, 1, "one> ", false, &one);
	ask(&pty, 2, "two> ", false, &two);
	ask(&pty, 3, "three> ", false, &three);
	assert_string_equal(screen(&pty), "one> ");
	terminal_withdraw(pty.terminal, 2);
	type(&pty, "first\n");
	assert_got(&one, "first");
	assert_string_equal(screen(&pty), "one> \r\nthree> ");
	/* The one that is being asked: its settings go with it. */
	terminal_withdraw(pty.terminal, 3);
	assert_true(is_as_before(&pty));
	terminal_withdraw(pty.terminal, 3);
	type(&pty, "late\n");
	run_a_moment();
	assert_int_equal(two.answers + three.answers, 0);
	pty_close(&pty);
}

static void test_line_too_long(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;
	char chunk[512];

	(void)state;
	memset(chunk, 'x', sizeof chunk - 1);
	chunk[sizeof chunk - 1] = 0;
	ask(&pty, 1, "> ", false, &asked);
	for (int i = 0; i < 9; i++) {
		type(&pty, chunk);
		run_a_moment();
	}
	assert_failed(&asked, ERROR_REFUSED, "the password is longer than 4096 bytes");
	pty_close(&pty);
}

static void test_terminal_that_goes_away(void **state)
{
	struct pty pty = pty_open();
	struct asked asked;

	(void)state;
	ask(&pty, 1, "> ", false, &asked);
	run_a_moment();
	close(pty.person);
	assert_failed(&asked, ERROR_REFUSED, "the input ended where a password was expected");
	terminal_free(pty.terminal);
	close(pty.program);
}

/* ---- a pipe in the terminal's place ---- */

static void test_lines_of_a_pipe(void **state)
{
	static const char text[] = "longenough1\nlongenough1\r\n\nlast";
	struct asked asked = {0};
	int ends[2];
	char rest;

	(void)state;
	assert_int_equal(pipe(ends), 0);
	struct terminal *terminal = terminal_new(base, ends[0], arena);
	assert_int_equal(write(ends[1], text, sizeof text - 1), (ssize_t)sizeof text - 1);
	terminal_ask(terminal, 1, bytes_text("> "), true, on_password, &asked);
	assert_got(&asked, "longenough1");
	terminal_ask(terminal, 2, bytes_text("> "), false, on_password, &asked);
	assert_got(&asked, "");
	/* Not a byte more was taken than the lines that were asked for. */
	assert_int_equal(read(ends[0], &rest, 1), 1);
	assert_int_equal(rest, 'l');
	close(ends[1]);
	terminal_ask(terminal, 3, bytes_text("> "), false, on_password, &asked);
	assert_got(&asked, "ast");
	terminal_ask(terminal, 4, bytes_text("> "), false, on_password, &asked);
	assert_failed(&asked, ERROR_REFUSED, "the input ended where a password was expected");
	terminal_free(terminal);
	close(ends[0]);
}

static void test_dev_null(void **state)
{
	struct asked asked = {0};
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	struct terminal *terminal = terminal_new(base, fd, arena);
	for (uint64_t request = 1; request <= 3; request++) {
		terminal_ask(terminal, request, bytes_text("> "), false, on_password, &asked);
		assert_failed(&asked, ERROR_REFUSED, "the input ended where a password was expected");
	}
	terminal_free(terminal);
	close(fd);
}

/* ---- a UI's socket ---- */

static struct secret_pipe *pipe_over(int type, int *ret_ui, int *ret_keys)
{
	struct secret_pipe *pipe;
	struct error error;
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair), 0);
	*ret_ui = pair[0];
	*ret_keys = pair[1];
	assert_true(secret_pipe_new(base, pair[1], arena, &quiet, &pipe, &error));
	return pipe;
}

static struct bytes message(uint64_t question, const char *text)
{
	static uint8_t room[8192];
	struct buf buf BUF_CLEANUP = BUF_INIT(sizeof room);

	buf_put_u64(&buf, question);
	buf_put_u32(&buf, (uint32_t)strlen(text));
	buf_put_text(&buf, text);
	memcpy(room, buf.data, buf.size);
	return bytes_of(room, buf.size);
}

static void send_all(int fd, struct bytes bytes)
{
	assert_int_equal(write(fd, bytes.data, bytes.size), (ssize_t)bytes.size);
}

static void check_socket(int type)
{
	struct asked one = {0}, two = {0}, three = {0}, four = {0};
	int ui, keys;
	struct secret_pipe *pipe = pipe_over(type, &ui, &keys);

	/* Sent before it is asked for. */
	send_all(ui, message(7, "secret seven"));
	secret_pipe_ask(pipe, 1, 7, on_password, &one);
	assert_got(&one, "secret seven");
	/* Answered in another order than asked. */
	secret_pipe_ask(pipe, 1, 8, on_password, &one);
	secret_pipe_ask(pipe, 2, 9, on_password, &two);
	send_all(ui, message(9, ""));
	send_all(ui, message(8, "secret eight"));
	assert_got(&one, "secret eight");
	assert_got(&two, "");
	/* One that nobody asks for any more is skipped, one for later is kept. */
	secret_pipe_ask(pipe, 3, 10, on_password, &three);
	secret_pipe_withdraw(pipe, 3);
	secret_pipe_ask(pipe, 4, 11, on_password, &four);
	send_all(ui, message(10, "stale"));
	send_all(ui, message(12, "early"));
	send_all(ui, message(11, "secret eleven"));
	assert_got(&four, "secret eleven");
	assert_int_equal(three.answers, 0);
	secret_pipe_ask(pipe, 5, 12, on_password, &one);
	assert_got(&one, "early");
	/* The end is an error for whoever waits and whoever comes later. */
	secret_pipe_ask(pipe, 6, 13, on_password, &one);
	close(ui);
	run_until(&one);
	assert_true(one.failed);
	one = (struct asked){0};
	secret_pipe_ask(pipe, 7, 14, on_password, &one);
	run_until(&one);
	assert_true(one.failed);
	secret_pipe_free(pipe);
	close(keys);
}

static void test_stream_socket(void **state)
{
	(void)state;
	check_socket(SOCK_STREAM);
}

static void test_packet_socket(void **state)
{
	(void)state;
	check_socket(SOCK_SEQPACKET);
}

/* The event loop hears others, too, while messages come without end; and they do not come without end. */
static void test_flood_is_read_in_turns_and_ends_the_pipe(void **state)
{
	struct asked asked = {0}, later = {0};
	int ui, keys, before = 0, after = 0;
	struct secret_pipe *pipe = pipe_over(SOCK_STREAM, &ui, &keys);

	(void)state;
	for (unsigned i = 0; i < 200; i++)
		send_all(ui, message(1000, "x"));
	assert_int_equal(ioctl(keys, FIONREAD, &before), 0);
	secret_pipe_ask(pipe, 1, 7, on_password, &asked);
	event_base_loop(base, EVLOOP_ONCE);
	assert_int_equal(ioctl(keys, FIONREAD, &after), 0);
	assert_true(after < before && after > before / 2);
	/* A message that somebody waits for, or has come to ask for, begins the count anew. */
	send_all(ui, message(7, "seven"));
	assert_got(&asked, "seven");
	secret_pipe_ask(pipe, 2, 8, on_password, &asked);
	for (unsigned i = 0; i < SECRET_PIPE_UNASKED_MOST - 1; i++) {
		send_all(ui, message(2000, "x"));
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	run_a_moment();
	assert_int_equal(asked.answers, 0);
	secret_pipe_ask(pipe, 3, 2000, on_password, &later);
	assert_got(&later, "x");
	send_all(ui, message(8, "eight"));
	assert_got(&asked, "eight");
	secret_pipe_ask(pipe, 4, 9, on_password, &asked);
	for (unsigned i = 0; i < SECRET_PIPE_UNASKED_MOST; i++) {
		send_all(ui, message(5000, "x"));
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_failed(&asked, ERROR_REFUSED, "no password from the UI: it sent too many that nobody asked for");
	secret_pipe_free(pipe);
	close(ui);
	close(keys);
}

/* Both secrets were sent before anybody asked, and the later question is asked first. */
static void test_secrets_and_answers_in_opposite_order(void **state)
{
	enum { COUNT = 40 };
	struct asked asked[COUNT];
	char text[32];
	int ui, keys;
	struct secret_pipe *pipe = pipe_over(SOCK_STREAM, &ui, &keys);

	(void)state;
	for (unsigned i = 0; i < COUNT; i++) {
		snprintf(text, sizeof text, "secret %u", i);
		send_all(ui, message(100 + i, text));
	}
	for (unsigned i = COUNT; i-- > 0;) {
		asked[i] = (struct asked){0};
		secret_pipe_ask(pipe, i, 100 + i, on_password, &asked[i]);
		snprintf(text, sizeof text, "secret %u", i);
		assert_got(&asked[i], text);
	}
	/* Each was used: once more for the same question is not kept for anybody. */
	struct asked again = {0}, other = {0};
	secret_pipe_ask(pipe, 300, 300, on_password, &other);
	send_all(ui, message(105, "once more"));
	send_all(ui, message(300, "three hundred"));
	assert_got(&other, "three hundred");
	secret_pipe_ask(pipe, 301, 105, on_password, &again);
	run_a_moment();
	assert_int_equal(again.answers, 0);
	secret_pipe_free(pipe);
	close(ui);
	close(keys);
}

static void test_each_early_secret_has_its_own_time(void **state)
{
	struct secret_early *early = calloc(1, sizeof *early);
	struct secret secret;

	(void)state;
	assert_true(secret_early_put(early, arena, 1, bytes_text("one"), 1000));
	assert_true(secret_early_put(early, arena, 2, bytes_text("two"), 1030));
	assert_int_equal(secret_early_expire(early, 1059), 1060);
	assert_int_equal(secret_early_expire(early, 1060), 1090);
	assert_false(secret_early_take(early, 1, &secret));
	/* A second one for the same question is the one that counts, with a minute of its own. */
	assert_true(secret_early_put(early, arena, 2, bytes_text("two again"), 1080));
	assert_int_equal(secret_early_expire(early, 1100), 1140);
	assert_true(secret_early_take(early, 2, &secret));
	assert_true(bytes_equal_text(secret_bytes(&secret), "two again"));
	secret_release(&secret);
	assert_int_equal(secret_early_expire(early, 1100), 0);
	secret_early_done(early, 3);
	assert_false(secret_early_put(early, arena, 3, bytes_text("three"), 1100));
	/* However many come: those that were done with last are known, and no slot is lost. */
	for (uint64_t i = 1000; i < 2000; i++)
		secret_early_done(early, i);
	assert_false(secret_early_put(early, arena, 1999, bytes_text("x"), 1100));
	assert_false(secret_early_put(early, arena, 1800, bytes_text("x"), 1100));
	for (uint64_t i = 0; i < 2 * SLOTS; i++)
		assert_int_equal(secret_early_put(early, arena, 5000 + i, bytes_text("x"), 1100), i < SLOTS);
	secret_early_wipe(early);
	free(early);
}

/* A file is always ready, and tells nothing. */
static void test_what_is_no_pipe_is_refused(void **state)
{
	struct secret_pipe *pipe;
	struct error error;
	int ends[2];
	int file = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	(void)state;
	assert_true(file >= 0 && null >= 0);
	assert_false(secret_pipe_new(base, file, arena, &quiet, &pipe, &error));
	assert_string_equal(error.text, "--secret-fd: expected a pipe or a socket, found a regular file");
	assert_false(secret_pipe_new(base, null, arena, &quiet, &pipe, &error));
	assert_false(secret_pipe_new(base, -1, arena, &quiet, &pipe, &error));
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	assert_true(secret_pipe_new(base, ends[0], arena, &quiet, &pipe, &error));
	secret_pipe_free(pipe);
	close(ends[0]);
	close(ends[1]);
	close(file);
	close(null);
}

static void test_stream_in_pieces(void **state)
{
	struct asked one = {0}, two = {0};
	uint8_t both[128];
	int ui, keys;
	struct secret_pipe *pipe = pipe_over(SOCK_STREAM, &ui, &keys);

	(void)state;
	struct bytes first = message(1, "one secret");
	memcpy(both, first.data, first.size);
	size_t size = first.size;
	struct bytes second = message(2, "another");
	memcpy(both + size, second.data, second.size);
	size += second.size;
	secret_pipe_ask(pipe, 1, 1, on_password, &one);
	secret_pipe_ask(pipe, 2, 2, on_password, &two);
	for (size_t i = 0; i < size; i++) {
		send_all(ui, bytes_of(both + i, 1));
		event_base_loop(base, EVLOOP_NONBLOCK);
	}
	assert_got(&one, "one secret");
	assert_got(&two, "another");
	secret_pipe_free(pipe);
	close(ui);
	close(keys);
}

static void check_malformed(int type, struct bytes bytes)
{
	struct asked asked = {0};
	int ui, keys;
	struct secret_pipe *pipe = pipe_over(type, &ui, &keys);

	secret_pipe_ask(pipe, 1, 1, on_password, &asked);
	send_all(ui, bytes);
	assert_failed(&asked, ERROR_REFUSED, "no password from the UI: a malformed message came");
	secret_pipe_free(pipe);
	close(ui);
	close(keys);
}

static void test_malformed_messages_end_the_pipe(void **state)
{
	static const uint8_t long_header[12] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x10, 0x01};
	static const uint8_t huge_header[12] = {0, 0, 0, 0, 0, 0, 0, 1, 0xff, 0xff, 0xff, 0xff};
	static uint8_t packet[6000] = {0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0x10, 0x00};

	(void)state;
	check_malformed(SOCK_STREAM, bytes_of(long_header, sizeof long_header));
	check_malformed(SOCK_STREAM, bytes_of(huge_header, sizeof huge_header));
	check_malformed(SOCK_SEQPACKET, bytes_of(long_header, sizeof long_header));
	/* Shorter and longer than the length says. */
	check_malformed(SOCK_SEQPACKET, bytes_of(packet, 5));
	check_malformed(SOCK_SEQPACKET, bytes_of(packet, 4107));
	check_malformed(SOCK_SEQPACKET, bytes_of(packet, 4109));
	check_malformed(SOCK_SEQPACKET, bytes_of(packet, sizeof packet));
}

static void test_longest_password_passes(void **state)
{
	static char text[PASSWORD_MOST + 1];
	struct asked asked = {0};
	int ui, keys;

	(void)state;
	memset(text, 'p', PASSWORD_MOST);
	for (unsigned i = 0; i < 2; i++) {
		struct secret_pipe *pipe = pipe_over(i == 0 ? SOCK_STREAM : SOCK_SEQPACKET, &ui, &keys);
		secret_pipe_ask(pipe, 1, 1, on_password, &asked);
		send_all(ui, message(1, text));
		assert_got(&asked, text);
		secret_pipe_free(pipe);
		close(ui);
		close(keys);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_typed_password_is_not_echoed),
	    TEST(test_keys_that_edit),
	    TEST(test_cancelling),
	    TEST(test_type_ahead_is_thrown_away),
	    TEST(test_repeated_password),
	    TEST(test_one_question_at_a_time),
	    TEST(test_line_too_long),
	    TEST(test_terminal_that_goes_away),
	    TEST(test_lines_of_a_pipe),
	    TEST(test_dev_null),
	    TEST(test_stream_socket),
	    TEST(test_packet_socket),
	    TEST(test_flood_is_read_in_turns_and_ends_the_pipe),
	    TEST(test_secrets_and_answers_in_opposite_order),
	    TEST(test_each_early_secret_has_its_own_time),
	    TEST(test_what_is_no_pipe_is_refused),
	    TEST(test_stream_in_pieces),
	    TEST(test_malformed_messages_end_the_pipe),
	    TEST(test_longest_password_passes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
