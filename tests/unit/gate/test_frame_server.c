/* Frames: to the gate of qrexec.sock and to that of clef.ipc, each a running, confined process. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "ipc/frame.h"

#define CALL(id, method)       "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":[]}"
#define NOTIFICATION           "{\"jsonrpc\":\"2.0\",\"method\":\"account_version\"}"
#define RESULT(id)             "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"6.1.0\"}\n"
#define RELEASED(id)           "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"released\"}\n"
#define FAILED(id, code, text) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":" code ",\"message\":\"" text "\"}}\n"
#define FRAME_MOST             (FRAME_HEAD_SIZE + FRAME_ANSWER_MAX)
#define PARALLEL               100

static struct harness *gate;

static int setup_qrexec(void **state)
{
	(void)state;
	gate = harness_start(IPC_TRANSPORT_QREXEC, "");
	harness_tell_ui(gate, true);
	return 0;
}

static int setup_unix(void **state)
{
	(void)state;
	gate = harness_start(IPC_TRANSPORT_UNIX, "");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harness_end(gate, 0);
	return 0;
}

/* ---- a client of frames ---- */

static void put_call(struct buf *frame, const char *qube, const char *body)
{
	const struct frame_request request = {.qube = bytes_text(qube), .body = bytes_text(body)};

	frame_request_put(&request, frame);
	assert_true(buf_ok(frame));
}

static size_t receive(int fd, uint8_t *space, size_t size)
{
	size_t got = 0;

	while (got < size) {
		ssize_t n = recv(fd, space + got, size - got, 0);

		if (n < 0)
			fail_msg("nothing came in time");
		if (n == 0)
			break;
		got += (size_t)n;
	}
	return got;
}

/* One answer; its text is put into the buffer. */
static enum frame_answer_kind read_answer(int fd, struct buf *ret_text)
{
	uint8_t head[FRAME_HEAD_SIZE];
	struct frame_answer answer;
	struct error error;
	size_t size = 0;

	assert_int_equal(receive(fd, head, sizeof head), sizeof head);
	assert_int_equal(frame_head_read(bytes_of(head, sizeof head), FRAME_ANSWER_MAX, &size, &error), FRAME_DONE);
	uint8_t *payload = malloc(size + 1);

	assert_int_equal(receive(fd, payload, size), size);
	assert_true(frame_answer_read(bytes_of(payload, size), &answer, &error));
	buf_put_bytes(ret_text, answer.rest);
	assert_true(buf_ok(ret_text));
	free(payload);
	return answer.kind;
}

static void expect_answer(int fd, enum frame_answer_kind kind, const char *part)
{
	struct buf text BUF_CLEANUP = BUF_INIT(FRAME_MOST);
	enum frame_answer_kind found = read_answer(fd, &text);

	if (found != kind || strstr(buf_text(&text), part) == NULL || (part[0] == 0 && text.size > 0))
		fail_msg("expected kind %d with '%s', got kind %d with '%.300s'", (int)kind, part, (int)found, buf_text(&text));
}

static void expect_end(int fd)
{
	uint8_t byte;

	assert_int_equal(receive(fd, &byte, 1), 0);
	close(fd);
}

static int connect_ungreeted(void)
{
	const struct timeval limit = {.tv_sec = 120};
	int fd = client_connect(gate);

	assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit), 0);
	return fd;
}

static void expect_hello(int fd, uint8_t expected)
{
	struct buf text BUF_CLEANUP = BUF_INIT(16);

	assert_int_equal(read_answer(fd, &text), FRAME_HELLO);
	assert_int_equal(text.size, 1);
	assert_int_equal(text.data[0], expected);
}

static int connect_greeted(void)
{
	int fd = connect_ungreeted();

	expect_hello(fd, 1);
	return fd;
}

/* Send bytes to qrexec.sock, and expect this one answer and the end. */
static void exchange(struct bytes bytes, enum frame_answer_kind kind, const char *part)
{
	int fd = connect_greeted();

	client_send_bytes(fd, bytes);
	expect_answer(fd, kind, part);
	expect_end(fd);
}

static void ask(const char *qube, const char *body, enum frame_answer_kind kind, const char *part)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(FRAME_MOST);

	put_call(&frame, qube, body);
	exchange(buf_bytes(&frame), kind, part);
}

/* ---- qrexec.sock ---- */

static void test_greeting(void **state)
{
	(void)state;
	gate = harness_start(IPC_TRANSPORT_QREXEC, "");
	int early = connect_ungreeted();

	client_expect_silence(early, 100);
	harness_tell_ui(gate, false);
	expect_hello(early, 0);
	close(early);
	harness_tell_ui(gate, true);
	/* The news and a connection may cross. */
	for (int fd, tries = 0; tries < 200; tries++) {
		struct buf text BUF_CLEANUP = BUF_INIT(16);

		fd = connect_ungreeted();
		assert_int_equal(read_answer(fd, &text), FRAME_HELLO);
		close(fd);
		if (text.data[0] == 1)
			break;
		assert_true(tries < 199);
	}
	harness_tell_ui(gate, false);
	harness_end(gate, 0);
}

static void test_what_is_said_of_the_caller(void **state)
{
	static const char *const parts[] = {"\"qube\":\"work\"", "\"remote\":\"NA\"", "\"local\":\"localhost:8550\"",
	    "\"origin\":\"https://dapp.example\"", "\"user_agent\":\"curl/8 \xc3\xb6\""};
	const struct frame_request request = {.qube = bytes_text("work"),
	    .host = bytes_text("localhost:8550"),
	    .origin = bytes_text("https://dapp.example"),
	    .user_agent = bytes_text("curl/8 \xc3\xb6"),
	    .body = bytes_text("[" CALL("1", "echo") "," CALL("2", "late") "," CALL("3", "echo") "]")};
	struct buf frame BUF_CLEANUP = BUF_INIT(65536), text BUF_CLEANUP = BUF_INIT(65536);
	int fd = connect_greeted();

	(void)state;
	frame_request_put(&request, &frame);
	client_send_bytes(fd, buf_bytes(&frame));
	assert_int_equal(read_answer(fd, &text), FRAME_REPLY);
	/* Each call of a batch knows it, also those that run long after the frame was read. */
	for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
		const char *first = strstr(buf_text(&text), parts[i]);

		if (first == NULL || strstr(first + 1, parts[i]) == NULL)
			fail_msg("no (second) %s in %s", parts[i], buf_text(&text));
	}
	expect_end(fd);
	harness_await(gate, harness_opened, 1);
	harness_await(gate, harness_closed, 1);
}

/* Over HTTP the same bodies have the same replies. */
static void test_bodies(void **state)
{
	(void)state;
	ask("work", CALL("1", "account_version"), FRAME_REPLY, RESULT("1"));
	ask("work", "", FRAME_REPLY, "");
	ask("work", " \r\n\t", FRAME_REPLY, "");
	ask("work", NOTIFICATION, FRAME_REPLY, "");
	ask("work", "[" NOTIFICATION "]", FRAME_REPLY, "");
	ask("work", "{", FRAME_REPLY, FAILED("null", "-32700", "parse error"));
	ask("work", CALL("1", "account_version") CALL("2", "account_version"), FRAME_REPLY,
	    FAILED("null", "-32700", "parse error"));
	ask("work", "[]", FRAME_REPLY, FAILED("null", "-32600", "empty batch"));
	ask("work", CALL("7", "eth_subscribe"), FRAME_REPLY, FAILED("7", "-32601", "notifications not supported"));
	ask("work", CALL("8", "nothing"), FRAME_REPLY, "no such method");
	assert_int_equal(harness_calls(gate), 4);
}

static void test_who_may_not_be_named(void **state)
{
	static const char *const names[] = {
	    "", "..", "../x", "-x", "a/b", "<b>", "a\nb", "\x1b[1m", "1a", "w\xc3\xb6rk", "a12345678901234567890123456789012"};
	struct error error;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		struct buf frame BUF_CLEANUP = BUF_INIT(4096), texts BUF_CLEANUP = BUF_INIT(4096);

		/* By hand: frame_request_put() would not write it. */
		buf_put_u8(&texts, 0);
		buf_put_u8(&texts, (uint8_t)strlen(names[i]));
		buf_put_text(&texts, names[i]);
		buf_put(&texts, "\0\0\0\0\0\0", 6);
		buf_put_text(&texts, CALL("1", "account_version"));
		buf_put_u8(&frame, FRAME_MARK);
		buf_put_u8(&frame, FRAME_VERSION);
		buf_put_u32(&frame, (uint32_t)texts.size);
		buf_put_bytes(&frame, buf_bytes(&texts));
		assert_int_equal(frame_head_read(buf_bytes(&frame), FRAME_REQUEST_MAX, &size, &error), FRAME_DONE);
		exchange(buf_bytes(&frame), FRAME_REFUSED, i == 0 ? "says which qube" : "cannot exist");
	}
	assert_int_equal(harness_calls(gate), 0);
}

static void test_what_is_no_frame(void **state)
{
	(void)state;
	exchange(bytes_text(CALL("1", "account_version")), FRAME_REFUSED, "no frame");
	exchange(bytes_text("\n"), FRAME_REFUSED, "no frame");
	exchange(bytes_text("GET / HTTP/1.1\r\n\r\n"), FRAME_REFUSED, "no frame");
	exchange(bytes_of("\0\2", 2), FRAME_REFUSED, "version 2");
	exchange(bytes_of("\0\0", 2), FRAME_REFUSED, "version 0");
	assert_int_equal(harness_calls(gate), 0);
}

static void test_lying_lengths(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);
	uint8_t *size;

	(void)state;
	/* Too large is clear from the head alone. */
	exchange(bytes_of("\0\1\xff\xff\xff\xff", 6), FRAME_REFUSED, "at most");
	exchange(bytes_of("\0\1\0\x50\x40\x09", 6), FRAME_REFUSED, "at most");
	exchange(bytes_of("\0\1\0\0\0\0", 6), FRAME_REFUSED, "ends within its header fields");
	exchange(bytes_of("\0\1\0\0\0\4\xff\xffww", 10), FRAME_REFUSED, "ends within its header fields");
	put_call(&frame, "work", CALL("1", "account_version"));
	size = frame.data + FRAME_HEAD_SIZE - 1;
	--*size;
	exchange(buf_bytes(&frame), FRAME_REPLY, "parse error");
	*size = 3;
	exchange(buf_bytes(&frame), FRAME_REFUSED, "ends within its header fields");
	/* The first text is said to be longer than it is: it swallows the next one's size. */
	*size = (uint8_t)(frame.size - FRAME_HEAD_SIZE);
	frame.data[FRAME_HEAD_SIZE + 1] = (uint8_t)(frame.data[FRAME_HEAD_SIZE + 1] + 2);
	exchange(buf_bytes(&frame), FRAME_REFUSED, "header fields");
	assert_int_equal(harness_calls(gate), 0);
}

/* Ended anywhere: politely it hears why, with a full close nobody is left to hear; in no case does anything run. */
static void test_truncated(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);

	(void)state;
	put_call(&frame, "work", CALL("1", "account_version"));
	for (size_t size = 0; size < frame.size; size++) {
		int fd = connect_greeted();

		client_send_bytes(fd, bytes_of(frame.data, size));
		client_finish(fd);
		if (size > 0)
			expect_answer(fd, FRAME_REFUSED, "ended within the frame");
		expect_end(fd);
		fd = connect_greeted();
		client_send_bytes(fd, bytes_of(frame.data, size));
		close(fd);
	}
	assert_int_equal(harness_calls(gate), 0);
	ask("work", CALL("2", "account_version"), FRAME_REPLY, RESULT("2"));
}

static void test_byte_by_byte(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);
	int fd = connect_greeted();

	(void)state;
	put_call(&frame, "work", CALL("1", "account_version"));
	for (size_t i = 0; i < frame.size; i++) {
		client_send_bytes(fd, bytes_of(frame.data + i, 1));
		usleep(200);
	}
	expect_answer(fd, FRAME_REPLY, RESULT("1"));
	expect_end(fd);
}

static void test_second_frame_is_dropped(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);
	int fd = connect_greeted();

	(void)state;
	put_call(&frame, "work", CALL("1", "late"));
	put_call(&frame, "vault", CALL("2", "account_version"));
	client_send_bytes(fd, buf_bytes(&frame));
	client_send_bytes(fd, buf_bytes(&frame));
	expect_answer(fd, FRAME_REPLY, "\"id\":1,");
	expect_end(fd);
	assert_int_equal(harness_calls(gate), 1);
}

static int begin_wait(void)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);
	int fd = connect_greeted();

	put_call(&frame, "work", CALL("1", "wait"));
	client_send_bytes(fd, buf_bytes(&frame));
	return fd;
}

static void test_full_close_withdraws(void **state)
{
	int fd = begin_wait();

	(void)state;
	harness_await(gate, harness_calls, 1);
	assert_int_equal(harness_withdrawn(gate), 0);
	close(fd);
	harness_await(gate, harness_withdrawn, 1);
	harness_await(gate, harness_closed, 1);
}

static void test_half_close_does_not(void **state)
{
	int fd = begin_wait();

	(void)state;
	client_finish(fd);
	harness_await(gate, harness_calls, 1);
	client_expect_silence(fd, 100);
	harness_release(gate);
	expect_answer(fd, FRAME_REPLY, RELEASED("1"));
	expect_end(fd);
	assert_int_equal(harness_withdrawn(gate), 0);
}

static void test_in_parallel(void **state)
{
	int fds[PARALLEL];

	(void)state;
	for (int i = 0; i < PARALLEL; i++)
		fds[i] = begin_wait();
	harness_await(gate, harness_calls, PARALLEL);
	/* Every third leaves. */
	for (int i = 0; i < PARALLEL; i += 3)
		close(fds[i]);
	harness_await(gate, harness_withdrawn, (PARALLEL + 2) / 3);
	harness_release(gate);
	for (int i = 0; i < PARALLEL; i++) {
		if (i % 3 == 0)
			continue;
		expect_answer(fds[i], FRAME_REPLY, RELEASED("1"));
		expect_end(fds[i]);
	}
}

static void test_sizes(void **state)
{
	static const char start[] = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account_version\",\"params\":[\"";
	char *body = malloc(FRAME_BODY_MAX + 2);
	struct buf frame BUF_CLEANUP = BUF_INIT(FRAME_MOST);

	(void)state;
	memset(body, 'x', FRAME_BODY_MAX + 2);
	memcpy(body, start, sizeof start - 1);
	memcpy(body + FRAME_BODY_MAX - 3, "\"]}", 3);
	body[FRAME_BODY_MAX] = 0;
	ask("work", body, FRAME_REPLY, RESULT("1"));
	/* One more: the frame may be as large, the body may not. */
	put_call(&frame, "work", body);
	buf_put_u8(&frame, ' ');
	uint32_t size = (uint32_t)(frame.size - FRAME_HEAD_SIZE);

	frame.data[2] = (uint8_t)(size >> 24);
	frame.data[3] = (uint8_t)(size >> 16);
	frame.data[4] = (uint8_t)(size >> 8);
	frame.data[5] = (uint8_t)size;
	exchange(buf_bytes(&frame), FRAME_REFUSED, "5242881 bytes; at most 5242880");
	free(body);
	ask("work", "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":[24000000]}]", FRAME_REPLY, "xxx");
	/* A batch ends when its reply is large; what its last entry adds may still be more than a frame holds. */
	ask("work",
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":[27000000]},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"big\",\"params\":[27000000]}]",
	    FRAME_REPLY, "response too large");
	ask("work",
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":[24000000]},"
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"big\",\"params\":[60000000]}]",
	    FRAME_REPLY, FAILED("null", "-32003", "response too large"));
}

static void test_memory_is_limited(void **state)
{
	static uint8_t part[5 * 1024 * 1024 - 6];
	int fds[13], refused = 0;

	(void)state;
	for (int i = 0; i < 13; i++) {
		fds[i] = connect_greeted();
		client_send_bytes(fds[i], bytes_of("\0\1\0\x50\0\0", 6));
		client_send_bytes(fds[i], bytes_of(part, sizeof part));
	}
	for (int i = 0; i < 13; i++) {
		uint8_t byte;

		usleep(10000);
		if (recv(fds[i], &byte, 1, MSG_PEEK | MSG_DONTWAIT) != 1)
			continue;
		expect_answer(fds[i], FRAME_REFUSED, "too much is being received");
		refused++;
	}
	assert_true(refused >= 1 && refused <= 4);
	/* Who sends little is served all the same. */
	ask("work", CALL("1", "account_version"), FRAME_REPLY, RESULT("1"));
	for (int i = 0; i < 13; i++)
		close(fds[i]);
}

static void test_stop(void **state)
{
	int waiting = begin_wait(), begun = connect_greeted(), idle = connect_greeted();

	(void)state;
	client_send_bytes(begun, bytes_of("\0\1\0\0", 4));
	harness_await(gate, harness_calls, 1);
	usleep(20000);
	harness_stop(gate);
	expect_answer(waiting, FRAME_REPLY, "the signer is shutting down");
	expect_answer(begun, FRAME_REFUSED, "the signer is shutting down");
	expect_answer(idle, FRAME_REFUSED, "the signer is shutting down");
	expect_end(waiting);
	expect_end(begun);
	expect_end(idle);
	assert_true(harness_gone(gate) < SOON_MS);
}

/* The number of the lowest descriptor that the gate does not have, so that a limit leaves room for exactly one more. */
static rlim_t lowest_free_descriptor(void)
{
	struct stat info;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/fd/0", harness_pid(gate));
	if (lstat(path, &info) != 0)
		return 0; /* not ours to look at */
	for (int fd = 3; fd < 256; fd++) {
		snprintf(path, sizeof path, "/proc/%d/fd/%d", harness_pid(gate), fd);
		if (lstat(path, &info) != 0)
			return (rlim_t)fd;
	}
	return 0;
}

/* Core must see who is there: a connection whose descriptor cannot be passed on ends. On clef.ipc it is served, by nobody known. */
static void test_nobody_without_a_descriptor(bool is_served)
{
	struct rlimit before, narrow;

	rlim_t lowest = lowest_free_descriptor();
	if (lowest == 0)
		skip();
	assert_int_equal(prlimit(harness_pid(gate), RLIMIT_NOFILE, NULL, &before), 0);
	narrow = before;
	narrow.rlim_cur = lowest + 1;
	assert_int_equal(prlimit(harness_pid(gate), RLIMIT_NOFILE, &narrow, NULL), 0);
	int fd = connect_ungreeted();

	if (is_served) {
		client_send(fd, CALL("1", "account_version"));
		free(client_read(fd, RESULT("1"), 1));
		close(fd);
	} else {
		expect_end(fd);
	}
	assert_int_equal(prlimit(harness_pid(gate), RLIMIT_NOFILE, &before, NULL), 0);
	assert_int_equal(harness_opened(gate), 0);
}

static void test_lost_descriptor(void **state)
{
	(void)state;
	test_nobody_without_a_descriptor(false);
	ask("work", CALL("1", "account_version"), FRAME_REPLY, RESULT("1"));
}

/* ---- clef.ipc ---- */

static void test_lost_descriptor_of_clef_ipc(void **state)
{
	(void)state;
	test_nobody_without_a_descriptor(true);
}

static void exchange_unix(struct bytes bytes, enum frame_answer_kind kind, const char *part)
{
	int fd = connect_ungreeted();

	client_send_bytes(fd, bytes);
	expect_answer(fd, kind, part);
	expect_end(fd);
}

static void test_frames_on_clef_ipc(void **state)
{
	const struct frame_request request = {
	    .host = bytes_text("localhost:8550"), .origin = bytes_text("https://x"), .body = bytes_text(CALL("1", "echo"))};
	struct buf frame BUF_CLEANUP = BUF_INIT(65536), of_qube BUF_CLEANUP = BUF_INIT(65536);

	(void)state;
	frame_request_put(&request, &frame);
	exchange_unix(buf_bytes(&frame), FRAME_REPLY, "\"qube\":\"\",\"local\":\"localhost:8550\"");
	put_call(&of_qube, "work", CALL("1", "account_version"));
	exchange_unix(buf_bytes(&of_qube), FRAME_REFUSED, "over --qrexec-socket");
	exchange_unix(bytes_of("\0\2", 2), FRAME_REFUSED, "version 2");
	assert_int_equal(harness_calls(gate), 1);
}

static void test_frame_byte_by_byte_on_clef_ipc(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);
	int fd = connect_ungreeted();

	(void)state;
	put_call(&frame, "", CALL("1", "account_version"));
	for (size_t i = 0; i < frame.size; i++) {
		client_send_bytes(fd, bytes_of(frame.data + i, 1));
		usleep(200);
	}
	expect_answer(fd, FRAME_REPLY, RESULT("1"));
	expect_end(fd);
}

/* A connection is of one form: what comes behind JSON, or behind white space, is JSON. */
static void test_frames_do_not_mix_with_json(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);

	(void)state;
	for (int round = 0; round < 2; round++) {
		int fd = connect_ungreeted();

		client_send(fd, round == 0 ? "\n" : CALL("1", "account_version"));
		usleep(20000);
		buf_reset(&frame);
		put_call(&frame, "", CALL("2", "account_version"));
		client_send_bytes(fd, buf_bytes(&frame));
		free(client_read(fd, FAILED("null", "-32700", "parse error"), 1));
		close(fd);
	}
	assert_int_equal(harness_calls(gate), 1);
}

static void test_frame_of_clef_ipc_is_withdrawn(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(65536);
	int fd = connect_ungreeted();

	(void)state;
	put_call(&frame, "", CALL("1", "wait"));
	client_send_bytes(fd, buf_bytes(&frame));
	harness_await(gate, harness_calls, 1);
	close(fd);
	harness_await(gate, harness_withdrawn, 1);
}

#define QREXEC(test) cmocka_unit_test_setup_teardown(test, setup_qrexec, teardown)
#define UNIX(test)   cmocka_unit_test_setup_teardown(test, setup_unix, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_greeting),
	    QREXEC(test_what_is_said_of_the_caller),
	    QREXEC(test_bodies),
	    QREXEC(test_who_may_not_be_named),
	    QREXEC(test_what_is_no_frame),
	    QREXEC(test_lying_lengths),
	    QREXEC(test_truncated),
	    QREXEC(test_byte_by_byte),
	    QREXEC(test_second_frame_is_dropped),
	    QREXEC(test_full_close_withdraws),
	    QREXEC(test_half_close_does_not),
	    QREXEC(test_in_parallel),
	    QREXEC(test_sizes),
	    QREXEC(test_memory_is_limited),
	    QREXEC(test_stop),
	    QREXEC(test_lost_descriptor),
	    UNIX(test_lost_descriptor_of_clef_ipc),
	    UNIX(test_frames_on_clef_ipc),
	    UNIX(test_frame_byte_by_byte_on_clef_ipc),
	    UNIX(test_frames_do_not_mix_with_json),
	    UNIX(test_frame_of_clef_ipc_is_withdrawn),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
