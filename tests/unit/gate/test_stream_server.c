/* The unix socket's gate as a running, confined process. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define CALL(id, method) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" method "\",\"params\":[]}"
#define RESULT(id)       "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"6.1.0\"}\n"
#define RELEASED(id)     "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"released\"}\n"
#define PARSE_ERROR      "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}\n"

static struct harness *gate;

static int setup(void **state)
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

static void exchange(int fd, const char *text, const char *part, int times)
{
	client_send(fd, text);
	free(client_read(fd, part, times));
}

/* Sends, ends the stream, and expects exactly this and a close. */
static void expect_all(const char *text, const char *expected)
{
	int fd = client_connect(gate);

	client_send(fd, text);
	client_finish(fd);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, expected);
	free(reply);
	close(fd);
}

static void test_several_calls(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	exchange(fd, CALL("1", "account_version") "\n", RESULT("1"), 1);
	exchange(fd, CALL("2", "account_version") CALL("2", "account_version") "\n\n \r\n" CALL("2", "account_version"),
	    RESULT("2"), 3);
	client_expect_silence(fd, 50);
	close(fd);
}

static void test_byte_by_byte(void **state)
{
	static const char text[] = "\n " CALL("\"a\\\"}\"", "account_version");
	int fd = client_connect(gate);

	(void)state;
	for (size_t i = 0; i < sizeof text - 1; i++) {
		client_send_bytes(fd, bytes_of(text + i, 1));
		usleep(200);
	}
	free(client_read(fd, RESULT("\"a\\\"}\""), 1));
	close(fd);
}

static void test_notifications(void **state)
{
	(void)state;
	expect_all(
	    "{\"jsonrpc\":\"2.0\",\"method\":\"account_version\"}[{\"jsonrpc\":\"2.0\",\"method\":\"account_version\"}]" CALL(
	        "1", "account_version"),
	    RESULT("1"));
	assert_int_equal(harness_calls(gate), 3);
}

static void test_invalid_requests_go_on(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	exchange(
	    fd, "{\"id\":5}", "{\"jsonrpc\":\"2.0\",\"id\":5,\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}\n", 1);
	exchange(fd, "[]", "empty batch", 1);
	exchange(fd, CALL("1", "account_version"), RESULT("1"), 1);
	close(fd);
}

static void test_garbage_closes(void **state)
{
	static const char *const texts[] = {"garbage" CALL("1", "account_version"), "}}}",
	    "{\"a\":}" CALL("1", "account_version"), "\xff\n", "{\"jsonrpc\":\"2.0\",\"id\":\"\xff\",\"method\":\"a\"}"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		int fd = client_connect(gate);

		client_send(fd, texts[i]);
		char *reply = client_read_all(fd);
		assert_string_equal(reply, PARSE_ERROR);
		free(reply);
		close(fd);
	}
	assert_int_equal(harness_calls(gate), 0);
}

/* What was asked before the garbage is answered still. */
static void test_garbage_behind_a_call(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, CALL("1", "wait") "}}}");
	free(client_read(fd, PARSE_ERROR, 1));
	harness_await(gate, harness_calls, 1);
	harness_release(gate);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, RELEASED("1"));
	free(reply);
	close(fd);
	assert_int_equal(harness_withdrawn(gate), 0);
}

static void test_deep_nesting(void **state)
{
	char *text = malloc(100001);
	int fd = client_connect(gate);

	(void)state;
	memset(text, '[', 100000);
	text[100000] = 0;
	client_send(fd, text);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, PARSE_ERROR);
	free(reply);
	free(text);
	close(fd);
}

static void test_too_large(void **state)
{
	const size_t size = 6000000;
	char *text = malloc(size);
	int fd = client_connect(gate);

	(void)state;
	memset(text, 'a', size);
	text[0] = '"';
	client_send_bytes(fd, bytes_of(text, size));
	char *reply = client_read_all(fd);
	assert_non_null(strstr(reply, "\"code\":-32600,\"message\":\"message too large"));
	free(reply);
	free(text);
	close(fd);
}

/* Several megabytes in one message are fine. */
static void test_large(void **state)
{
	const size_t size = 5000000;
	char *text = malloc(size);
	int fd = client_connect(gate);

	(void)state;
	memset(text, 'a', size);
	client_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"account_version\",\"params\":[\"");
	client_send_bytes(fd, bytes_of(text, size));
	exchange(fd, "\"]}", RESULT("1"), 1);
	free(text);
	close(fd);
}

static void test_half_a_request(void **state)
{
	(void)state;
	expect_all("{\"jsonrpc\":\"2.0\",\"id\":1", "");
	expect_all("", "");
	expect_all(" \n", "");
	expect_all(CALL("1", "account_version") "{", RESULT("1"));
	assert_int_equal(harness_calls(gate), 1);
}

/* Words and numbers have no end of their own: the end of the stream is one, and what can be neither needs none. */
static void test_words_at_the_end(void **state)
{
	static const char invalid[] =
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}\n";
	static const char *const words[] = {"5", "-1.5e3", "true", "null"};
	static const char *const broken[] = {"x", "nothing", "+1", "\x01"};

	(void)state;
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		expect_all(words[i], invalid);
	expect_all("tru", PARSE_ERROR);
	expect_all("-", PARSE_ERROR);
	for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
		int fd = client_connect(gate);

		client_send(fd, broken[i]); /* and the stream stays open */
		char *reply = client_read_all(fd);

		assert_string_equal(reply, PARSE_ERROR);
		free(reply);
		close(fd);
	}
	assert_int_equal(harness_calls(gate), 0);
}

/* ---- in flight together ---- */

static void test_answers_in_any_order(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	exchange(fd, CALL("1", "wait") CALL("2", "account_version"), RESULT("2"), 1);
	client_expect_silence(fd, 50);
	harness_release(gate);
	free(client_read(fd, RELEASED("1"), 1));
	close(fd);
}

/* But the entries of one batch run one after the other. */
static void test_batch_in_order(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, "[" CALL("1", "wait") "," CALL("2", "account_version") "]");
	harness_await(gate, harness_calls, 1);
	client_expect_silence(fd, 50);
	assert_int_equal(harness_calls(gate), 1);
	harness_release(gate);
	char *reply = client_read(fd, "]\n", 1);
	assert_string_equal(reply,
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"released\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":\"6.1.0\"}]\n");
	free(reply);
	close(fd);
}

static void send_waits(int fd, int count)
{
	for (int i = 0; i < count; i++)
		client_send(fd, CALL("1", "wait"));
}

/* No more than so many at once; the rest waits in the socket until there is room. */
static void test_calls_in_flight_are_limited(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	send_waits(fd, 1100);
	harness_await(gate, harness_calls, 1024);
	usleep(50000);
	assert_int_equal(harness_calls(gate), 1024);
	harness_release(gate);
	harness_await(gate, harness_calls, 1100);
	harness_release(gate);
	free(client_read(fd, RELEASED("1"), 1100));
	close(fd);
}

/* A client that reads nothing does not make the gate collect replies without end. */
static void test_unread_replies_are_limited(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	for (int i = 0; i < 20; i++)
		client_send(fd, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":[300000]}");
	harness_await(gate, harness_calls, 20);
	usleep(500000);
	client_send(fd, CALL("2", "account_version"));
	usleep(200000);
	assert_int_equal(harness_calls(gate), 20);
	free(client_read(fd, RESULT("2"), 1));
	close(fd);
}

/* ---- callers who leave ---- */

static void test_half_close_is_answered(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, CALL("1", "wait"));
	client_finish(fd);
	harness_await(gate, harness_calls, 1);
	client_expect_silence(fd, 200);
	assert_int_equal(harness_withdrawn(gate), 0);
	harness_release(gate);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, RELEASED("1"));
	free(reply);
	close(fd);
	harness_await(gate, harness_closed, 1);
}

static void test_close_withdraws(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, CALL("1", "wait") CALL("2", "wait"));
	harness_await(gate, harness_calls, 2);
	close(fd);
	harness_await(gate, harness_withdrawn, 2);
	harness_await(gate, harness_closed, 1);
}

static void test_close_after_half_close_withdraws(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, CALL("1", "wait"));
	client_finish(fd);
	harness_await(gate, harness_calls, 1);
	usleep(50000);
	assert_int_equal(harness_withdrawn(gate), 0);
	close(fd);
	harness_await(gate, harness_withdrawn, 1);
}

/* Noticed though nothing more is read from it. */
static void test_close_of_a_full_connection_withdraws(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	send_waits(fd, 1030);
	harness_await(gate, harness_calls, 1024);
	close(fd);
	harness_await(gate, harness_withdrawn, 1024);
	harness_await(gate, harness_closed, 1);
	assert_int_equal(harness_calls(gate), 1024);
}

/* ---- connections ---- */

/* With each comes a descriptor that tells core who the peer is. Many at once must not run the channel out of room for them. */
static void test_connections_are_told(void **state)
{
	int fds[300];

	(void)state;
	for (int i = 0; i < 300; i++)
		fds[i] = client_connect(gate);
	harness_await(gate, harness_opened, 300);
	for (int i = 0; i < 300; i++)
		exchange(fds[i], CALL("1", "account_version"), RESULT("1"), 1);
	for (int i = 0; i < 300; i++)
		close(fds[i]);
	harness_await(gate, harness_closed, 300);
}

/* Clients such as geth stay for days: nobody is put out to make room, the newcomer is refused. */
static void test_connections_are_limited(void **state)
{
	int fds[513];

	(void)state;
	for (int i = 0; i < 512; i++)
		fds[i] = client_connect(gate);
	harness_await(gate, harness_opened, 512);
	fds[512] = client_connect(gate);
	char *reply = client_read_all(fds[512]);
	assert_string_equal(reply, "");
	free(reply);
	exchange(fds[0], CALL("1", "account_version"), RESULT("1"), 1);
	for (int i = 0; i < 513; i++)
		close(fds[i]);
	harness_await(gate, harness_closed, 512);
	expect_all(CALL("1", "account_version"), RESULT("1"));
}

static void test_stop(void **state)
{
	int waiting = client_connect(gate);
	int idle = client_connect(gate);

	(void)state;
	client_send(waiting, CALL("1", "wait") "[" CALL("2", "wait") "," CALL("3", "account_version") "]");
	harness_await(gate, harness_calls, 2);
	harness_stop(gate);
	char *reply = client_read_all(waiting);
	assert_string_equal(reply,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"the signer is shutting down\"}}\n"
	    "[{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32000,\"message\":\"the signer is shutting down\"}},"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32000,\"message\":\"the signer is shutting down\"}}]\n");
	free(reply);
	free(client_read_all(idle));
	assert_true(harness_gone(gate) < SOON_MS);
	close(waiting);
	close(idle);
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    SERVED(test_several_calls),
	    SERVED(test_byte_by_byte),
	    SERVED(test_notifications),
	    SERVED(test_invalid_requests_go_on),
	    SERVED(test_garbage_closes),
	    SERVED(test_garbage_behind_a_call),
	    SERVED(test_deep_nesting),
	    SERVED(test_too_large),
	    SERVED(test_large),
	    SERVED(test_half_a_request),
	    SERVED(test_words_at_the_end),
	    SERVED(test_answers_in_any_order),
	    SERVED(test_batch_in_order),
	    SERVED(test_calls_in_flight_are_limited),
	    SERVED(test_unread_replies_are_limited),
	    SERVED(test_half_close_is_answered),
	    SERVED(test_close_withdraws),
	    SERVED(test_close_after_half_close_withdraws),
	    SERVED(test_close_of_a_full_connection_withdraws),
	    SERVED(test_connections_are_told),
	    SERVED(test_connections_are_limited),
	    SERVED(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
