/* The HTTP gate as a running, confined process: what a client on a socket sees, and what core hears of it. */
#include "harness.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define HEAD        "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
#define VERSION     "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"account_version\", \"params\": []}"
#define RESULT      "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"6.1.0\"}\n"
#define PARSE_ERROR "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}\n"
#define OK          "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
#define REQUEST     HEAD "Content-Length: 70\r\n\r\n" VERSION
#define CLOSING     HEAD "Connection: close\r\nContent-Length: 70\r\n\r\n" VERSION
#define TEXT        "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"

static struct harness *gate;

static int setup(void **state)
{
	(void)state;
	gate = harness_start(IPC_TRANSPORT_HTTP, "localhost");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harness_end(gate, 0);
	return 0;
}

/* Sends, reads until the part has come so often, keeps the connection. */
static void exchange(int fd, const char *text, const char *part, int times)
{
	client_send(fd, text);
	free(client_read(fd, part, times));
}

/* A request for any method; released by the caller. */
static char *request_of(const char *method, const char *params)
{
	char *text = malloc(1000), body[500];
	int size = snprintf(body, sizeof body, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%s\",\"params\":%s}", method, params);

	snprintf(text, 1000, HEAD "Content-Length: %d\r\n\r\n%s", size, body);
	return text;
}

static int send_call(const char *method, const char *params)
{
	char *text = request_of(method, params);
	int fd = client_connect(gate);

	client_send(fd, text);
	free(text);
	return fd;
}

static void test_keep_alive(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	for (int i = 0; i < 3; i++) {
		client_send(fd, REQUEST);
		char *reply = client_read(fd, "\r\n\r\n" RESULT, 1);
		assert_string_equal(reply, OK "Content-Length: 42\r\n\r\n" RESULT);
		free(reply);
	}
	client_expect_silence(fd, 50);
	close(fd);
}

static void test_close_on_request(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, CLOSING);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, OK "Connection: close\r\nContent-Length: 42\r\n\r\n" RESULT);
	free(reply);
	close(fd);
}

static void test_http_1_0(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_expect(gate, "POST / HTTP/1.0\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n" VERSION, RESULT);
	exchange(fd,
	    "POST / HTTP/1.0\r\nContent-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: 70\r\n\r\n" VERSION,
	    "Connection: keep-alive\r\nContent-Length: 42\r\n\r\n" RESULT, 1);
	client_expect_silence(fd, 50);
	close(fd);
}

static void test_byte_by_byte(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	for (size_t i = 0; i < strlen(REQUEST); i++) {
		client_send_bytes(fd, bytes_of(&REQUEST[i], 1));
		usleep(200);
	}
	free(client_read(fd, RESULT, 1));
	close(fd);
}

/* In every pair of pieces, on one connection: head and body may be cut anywhere. */
static void test_every_split(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	for (size_t cut = 1; cut < strlen(REQUEST); cut += 3) {
		client_send_bytes(fd, bytes_of(REQUEST, cut));
		usleep(300);
		exchange(fd, &REQUEST[cut], RESULT, 1);
	}
	close(fd);
}

static void test_chunked(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, HEAD "Transfer-Encoding: chunked\r\n\r\na;x=y\r\n{\"jsonrpc\"\r\n");
	usleep(2000);
	exchange(fd,
	    "f\r\n: \"2.0\", \"id\": \r\n2d\r\n1, \"method\": \"account_version\", \"params\": []}\r\n0\r\nT: 1\r\n\r\n" REQUEST,
	    RESULT, 2);
	client_expect_silence(fd, 50);
	close(fd);
	client_expect(gate, HEAD "Transfer-Encoding: chunked\r\n\r\nzz\r\n" VERSION "\r\n0\r\n\r\n", PARSE_ERROR);
	assert_int_equal(harness_calls(gate), 2);
}

static void test_refusals_keep_the_connection(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	exchange(fd, "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 70\r\n\r\n" VERSION,
	    "HTTP/1.1 403 Forbidden\r\n" TEXT "Content-Length: 23\r\n\r\ninvalid host specified\n", 1);
	exchange(fd, "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70\r\n\r\n" VERSION,
	    "HTTP/1.1 405 Method Not Allowed\r\n" TEXT "Content-Length: 19\r\n\r\nmethod not allowed\n", 1);
	exchange(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 70\r\n\r\n" VERSION,
	    "HTTP/1.1 415 Unsupported Media Type\r\n" TEXT
	    "Content-Length: 57\r\n\r\ninvalid content type, only application/json is supported\n",
	    1);
	exchange(
	    fd, "OPTIONS / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70\r\n\r\n" VERSION, OK "Content-Length: 0\r\n\r\n", 1);
	exchange(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 1);
	exchange(fd, "GET / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 70\r\n\r\n" VERSION,
	    "method not allowed\n", 1);
	exchange(fd, HEAD "Content-Length: 5\r\n\r\n \r\n\t ", OK "Content-Length: 0\r\n\r\n", 1);
	exchange(fd, HEAD "Content-Length: 5\r\n\r\nhello", OK "Content-Length: 76\r\n\r\n" PARSE_ERROR, 1);
	/* None of it ran, and the next request is read from its very start. */
	assert_int_equal(harness_calls(gate), 0);
	exchange(fd, REQUEST, RESULT, 1);
	close(fd);
}

static void test_head_gets_no_body(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, "HEAD / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
	char *reply = client_read_all(fd);
	assert_non_null(strstr(reply, "HTTP/1.1 415 "));
	assert_string_equal(strstr(reply, "\r\n\r\n"), "\r\n\r\n");
	free(reply);
	close(fd);
}

static void test_refusals_that_close(void **state)
{
	(void)state;
	client_expect(gate, HEAD "Content-Length: 5242881\r\n\r\n",
	    "413 Request Entity Too Large\r\n" TEXT
	    "Connection: close\r\nContent-Length: 43\r\n\r\ncontent length too large (5242881>5242880)\n");
	client_expect(gate, "hello there\r\n\r\n", "HTTP/1.1 400 Bad Request\r\n" TEXT "Connection: close\r\n");
	client_expect(gate, "\x16\x03\x01\x02", "HTTP/1.1 400 ");
	client_expect(gate, HEAD "Content-Length: 70\r\nTransfer-Encoding: chunked\r\n\r\n" VERSION, "HTTP/1.1 400 ");
	client_expect(gate, HEAD "Transfer-Encoding: gzip\r\n\r\n" VERSION, "HTTP/1.1 501 ");
	client_expect(gate, "POST / HTTP/3.0\r\n\r\n", "HTTP/1.1 505 ");
	client_expect(gate, HEAD "Expect: miracles\r\n\r\n", "HTTP/1.1 417 ");
	/* Larger than anybody would skip. */
	client_expect(gate, "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 300000\r\n\r\n", "HTTP/1.1 405 ");
	/* A client that waits for 100 is refused before it sends, and nobody knows whether it will. */
	client_expect(
	    gate, "PUT / HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 405 ");
	/* Nothing of what follows a broken request is believed. */
	client_expect(gate, "broken\r\n\r\n" REQUEST, "HTTP/1.1 400 ");
	assert_int_equal(harness_calls(gate), 0);
}

/* The reply is readable although the client still sends: closing at once would reset the connection under it. */
static void test_long_header_is_answered(void **state)
{
	const size_t size = 1200000;
	char *filler = malloc(size + 1);
	/* Also with exactly what may be a head in the first read. */
	const size_t first[] = {0, 65536};

	(void)state;
	memset(filler, 'a', size);
	for (size_t i = 0; i < 2; i++) {
		int fd = client_connect(gate);

		client_send(fd, HEAD "X-Long: ");
		client_send_bytes(fd, bytes_of(filler, first[i] > 0 ? first[i] - strlen(HEAD "X-Long: ") : 0));
		usleep(20000);
		client_send_bytes(fd, bytes_of(filler, size));
		client_send(fd, "\r\n\r\n");
		char *reply = client_read_all(fd);
		assert_non_null(strstr(reply, "HTTP/1.1 431 "));
		free(reply);
		close(fd);
	}
	free(filler);
}

static void test_expect_continue(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, HEAD "Expect: 100-continue\r\nContent-Length: 70\r\n\r\n");
	char *reply = client_read(fd, "\r\n\r\n", 1);
	assert_string_equal(reply, "HTTP/1.1 100 Continue\r\n\r\n");
	free(reply);
	exchange(fd, VERSION, RESULT, 1);
	close(fd);
}

/* ---- bodies of unusual size ---- */

static void send_body(int fd, const char *before, char filler, size_t size, const char *after)
{
	char *text = malloc(size + 1);

	memset(text, filler, size);
	client_send(fd, before);
	client_send_bytes(fd, bytes_of(text, size));
	client_send(fd, after);
	free(text);
}

static void test_largest_body(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	send_body(fd, HEAD "Content-Length: 5242880\r\n\r\n" VERSION, ' ', 5242880 - 70, "");
	free(client_read(fd, RESULT, 1));
	close(fd);
}

/* Clef's answer: a body that breaks off at the limit; the connection goes on. */
static void test_chunks_beyond_the_limit(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	send_body(fd,
	    HEAD "Transfer-Encoding: chunked\r\n\r\n500020\r\n{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"account_version\", "
	         "\"params\": [\"",
	    'a', 5242840, "\"]}\r\n0\r\n\r\n");
	free(client_read(fd, PARSE_ERROR, 1));
	exchange(fd, REQUEST, RESULT, 1);
	close(fd);
	assert_int_equal(harness_calls(gate), 1);
}

static void test_endless_chunks(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	send_body(fd, HEAD "Transfer-Encoding: chunked\r\n\r\nfffffff\r\n", ' ', 8000000, "");
	char *reply = client_read_all(fd);
	assert_non_null(strstr(reply, "Connection: close\r\n"));
	assert_non_null(strstr(reply, PARSE_ERROR));
	free(reply);
	close(fd);
}

/* ---- pipelining ---- */

static void test_pipelined(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	exchange(fd, REQUEST REQUEST "\r\n" REQUEST, RESULT, 3);
	client_send(fd, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" REQUEST "PUT / HTTP/1.1\r\nHost: localhost\r\n\r\n" REQUEST);
	char *reply = client_read(fd, RESULT, 2);
	const char *refused = strstr(reply, "405");
	assert_true(refused > strstr(reply, RESULT) && strstr(refused, RESULT) != NULL);
	free(reply);
	close(fd);
}

/* Core hears of the second request only when the first was answered. */
static void test_one_call_at_a_time(void **state)
{
	char *text = request_of("wait", "[]");
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, text);
	client_send(fd, REQUEST);
	harness_await(gate, harness_calls, 1);
	client_expect_silence(fd, 100);
	assert_int_equal(harness_calls(gate), 1);
	harness_release(gate);
	char *reply = client_read(fd, RESULT, 1);
	assert_true(strstr(reply, "\"released\"") < strstr(reply, RESULT));
	free(reply);
	free(text);
	close(fd);
}

/* ---- batches ---- */

static void test_batch_in_order(void **state)
{
	char body[1000], text[1500];
	int fd = client_connect(gate);

	(void)state;
	int size = snprintf(body, sizeof body,
	    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"count\"},{\"jsonrpc\":\"2.0\",\"method\":\"count\"},7,"
	    "{\"jsonrpc\":\"2.0\",\"id\":3,\"method\":\"echo\",\"params\":[ ]}]");
	snprintf(text, sizeof text, HEAD "User-Agent: batch/1\r\nContent-Length: %d\r\n\r\n%s" REQUEST, size, body);
	client_send(fd, text);
	char *reply = client_read(fd, RESULT, 1);
	assert_non_null(
	    strstr(reply, "[{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":0},{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":"));
	/* What was claimed in the head still goes with the last call, though the next request lies where the head lay. */
	assert_non_null(strstr(reply, "\"params\":\"[ ]\""));
	assert_non_null(strstr(reply, "\"user_agent\":\"batch/1\""));
	free(reply);
	close(fd);
}

static void test_notification_is_answered_empty(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	exchange(fd, HEAD "Content-Length: 44\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"account_version\"}",
	    OK "Content-Length: 0\r\n\r\n", 1);
	assert_int_equal(harness_calls(gate), 1);
	close(fd);
}

/* ---- what core is told ---- */

static void test_caller(void **state)
{
	static const char text[] =
	    "POST / HTTP/1.1\r\nHost: 127.0.0.1:1\r\nContent-Type: application/json\r\nOrigin: https://dapp.example\r\n"
	    "User-Agent: \"M\xc3\xb6z\" \xff\xfe<b>\r\nX-Forwarded-For: 8.8.8.8\r\nContent-Length: 48\r\n\r\n"
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"x\":0  }";
	struct sockaddr_in own;
	socklen_t size = sizeof own;
	char remote[100];
	int fd = client_connect(gate);

	(void)state;
	getsockname(fd, (struct sockaddr *)&own, &size);
	snprintf(remote, sizeof remote, "\"remote\":\"127.0.0.1:%u\"", ntohs(own.sin_port));
	client_send(fd, text);
	char *reply = client_read(fd, "}}\n", 1);
	assert_non_null(strstr(reply, remote));
	assert_non_null(strstr(reply, "\"local\":\"127.0.0.1:1\""));
	assert_non_null(strstr(reply, "\"origin\":\"https://dapp.example\""));
	assert_non_null(strstr(reply, "\"user_agent\":\"\\\"M\xc3\xb6z\\\" \xef\xbf\xbd\xef\xbf\xbd<b>\""));
	free(reply);
	exchange(fd, HEAD "Content-Length: 48\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"echo\",\"x\":0  }",
	    "\"user_agent\":\"\",\"origin\":\"\"", 1);
	close(fd);
}

static void test_gzip(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, HEAD "Accept-Encoding: gzip\r\nContent-Length: 70\r\n\r\n" VERSION);
	free(client_read(fd, "Content-Encoding: gzip\r\n", 1));
	close(fd);
	client_expect(gate, HEAD "Accept-Encoding: gzip\r\nConnection: close\r\nContent-Length: 1\r\n\r\n{",
	    OK "Connection: close\r\nContent-Length: 76\r\n\r\n" PARSE_ERROR);
	client_expect(gate, "PUT / HTTP/1.1\r\nHost: localhost\r\nAccept-Encoding: gzip\r\nConnection: close\r\n\r\n",
	    "HTTP/1.1 405 Method Not Allowed\r\n" TEXT "Connection: close\r\nContent-Encoding: gzip\r\n");
}

/* ---- callers who leave ---- */

static void test_close_withdraws(void **state)
{
	int fd = send_call("wait", "[]");

	(void)state;
	harness_await(gate, harness_calls, 1);
	assert_int_equal(harness_withdrawn(gate), 0);
	close(fd);
	harness_await(gate, harness_withdrawn, 1);
	/* An answer that comes too late finds nobody, and hurts nobody. */
	harness_release(gate);
	client_expect(gate, CLOSING, RESULT);
	assert_int_equal(harness_withdrawn(gate), 1);
}

static void test_reset_withdraws(void **state)
{
	const struct linger abort_at_close = {.l_onoff = 1, .l_linger = 0};
	int fd = send_call("wait", "[]");

	(void)state;
	harness_await(gate, harness_calls, 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof abort_at_close);
	close(fd);
	harness_await(gate, harness_withdrawn, 1);
}

/* A FIN means that the caller is gone, though its socket may still be open: on TCP nobody can tell the difference. */
static void test_half_close_withdraws_what_waits(void **state)
{
	int fd = send_call("wait", "[]");

	(void)state;
	client_finish(fd);
	harness_await(gate, harness_withdrawn, 1);
	free(client_read_all(fd));
	close(fd);
}

/* But what is answered within the moment reaches those who end their stream right behind the request. */
static void test_half_close_is_answered(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, REQUEST REQUEST);
	client_finish(fd);
	free(client_read(fd, RESULT, 2));
	free(client_read_all(fd));
	close(fd);
	fd = send_call("late", "[15]");
	client_finish(fd);
	char *reply = client_read_all(fd);
	assert_non_null(strstr(reply, "\"result\":null"));
	free(reply);
	close(fd);
	assert_int_equal(harness_withdrawn(gate), 0);
}

/* Noticed even when so much was sent ahead that nothing more is read, as long as the system had room for it. */
static void test_close_behind_much_input_withdraws(void **state)
{
	int fd = send_call("wait", "[]");

	(void)state;
	for (int i = 0; i < 600; i++)
		client_send(fd, REQUEST);
	harness_await(gate, harness_calls, 1);
	usleep(20000);
	close(fd);
	harness_await(gate, harness_withdrawn, 1);
	assert_int_equal(harness_calls(gate), 1);
}

/* Sent ahead and not left: every request gets its answer. */
static void test_much_input_is_answered(void **state)
{
	int fd = send_call("late", "[50]");

	(void)state;
	for (int i = 0; i < 1500; i++)
		client_send(fd, REQUEST);
	free(client_read(fd, RESULT, 1500));
	close(fd);
}

static void test_cut_body(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, HEAD "Content-Length: 70\r\n\r\n{\"jsonrpc\": \"2.0\", \"");
	client_finish(fd);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, OK "Connection: close\r\nContent-Length: 76\r\n\r\n" PARSE_ERROR);
	free(reply);
	close(fd);
	/* Complete JSON, but a byte of the body is missing: what it would have been is not known. */
	fd = client_connect(gate);
	client_send(fd, HEAD "Content-Length: 71\r\n\r\n" VERSION);
	client_finish(fd);
	reply = client_read_all(fd);
	assert_non_null(strstr(reply, PARSE_ERROR));
	free(reply);
	close(fd);
	assert_int_equal(harness_calls(gate), 0);
}

static void test_cut_head(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(fd, "POST / HTTP/1.1\r\nHos");
	client_finish(fd);
	char *reply = client_read_all(fd);
	assert_string_equal(reply, "");
	free(reply);
	close(fd);
}

/* ---- the end ---- */

static void test_stop(void **state)
{
	int waiting = send_call("wait", "[]");
	int idle = client_connect(gate);

	(void)state;
	exchange(idle, REQUEST, RESULT, 1);
	harness_await(gate, harness_calls, 2);
	harness_stop(gate);
	char *reply = client_read_all(waiting);
	assert_non_null(strstr(reply, "Connection: close\r\n"));
	assert_non_null(strstr(reply, "\"id\":1,\"error\":{\"code\":-32000,\"message\":\"the signer is shutting down\"}"));
	free(reply);
	free(client_read_all(idle));
	close(waiting);
	close(idle);
	assert_true(harness_gone(gate) < SOON_MS);
}

/* A client that takes nothing cannot hold up the end. */
static void test_stop_with_a_stuck_client(void **state)
{
	int fd = send_call("big", "[12000000]");

	(void)state;
	harness_await(gate, harness_calls, 1);
	usleep(300000);
	harness_stop(gate);
	assert_true(harness_gone(gate) < SOON_MS);
	close(fd);
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    SERVED(test_keep_alive),
	    SERVED(test_close_on_request),
	    SERVED(test_http_1_0),
	    SERVED(test_byte_by_byte),
	    SERVED(test_every_split),
	    SERVED(test_chunked),
	    SERVED(test_refusals_keep_the_connection),
	    SERVED(test_head_gets_no_body),
	    SERVED(test_refusals_that_close),
	    SERVED(test_long_header_is_answered),
	    SERVED(test_expect_continue),
	    SERVED(test_largest_body),
	    SERVED(test_chunks_beyond_the_limit),
	    SERVED(test_endless_chunks),
	    SERVED(test_pipelined),
	    SERVED(test_one_call_at_a_time),
	    SERVED(test_batch_in_order),
	    SERVED(test_notification_is_answered_empty),
	    SERVED(test_caller),
	    SERVED(test_gzip),
	    SERVED(test_close_withdraws),
	    SERVED(test_reset_withdraws),
	    SERVED(test_half_close_withdraws_what_waits),
	    SERVED(test_half_close_is_answered),
	    SERVED(test_close_behind_much_input_withdraws),
	    SERVED(test_much_input_is_answered),
	    SERVED(test_cut_body),
	    SERVED(test_cut_head),
	    SERVED(test_stop),
	    SERVED(test_stop_with_a_stuck_client),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
