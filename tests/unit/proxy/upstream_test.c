/* The way to a node: what counts as an answer, and that one which lies, dawdles or floods harms nobody. */
#include "../base/testing.h"

#include <fcntl.h>
#include <signal.h>

#include "node.h"
#include "proxy/upstream.h"

struct heard {
	bool done;
	enum upstream_outcome outcome;
	struct buf answer;
};

/* What the node does; `text` as the behaviour has it. */
enum behaviour { RESULT, BODY, RAW, SILENT, ECHO };

struct fixture {
	struct event_base *base;
	struct node *node;
	struct upstream *upstream;
	enum behaviour behaviour;
	const char *text;
	int status;
	struct buf last_head, last_body;
	struct heard heard;
	size_t done;
	int log_pipe[2];
};

/* `$` in the text stands for the id. */
static void put_filled(struct buf *buf, const char *text, struct bytes id)
{
	for (; *text != 0; text++) {
		if (*text == '$')
			buf_put_bytes(buf, id);
		else
			buf_put_u8(buf, (uint8_t)*text);
	}
}

static void node_answer(void *context, const struct node_call *call, struct node_reply *ret_reply)
{
	struct fixture *fixture = context;
	struct buf body = BUF_INIT(1u << 20);

	buf_reset(&fixture->last_head);
	buf_put_bytes(&fixture->last_head, call->head);
	buf_reset(&fixture->last_body);
	buf_put_bytes(&fixture->last_body, call->body);
	switch (fixture->behaviour) {
	case RESULT:
		node_put_result(ret_reply, call, fixture->text);
		break;
	case BODY:
		put_filled(&body, fixture->text, call->id);
		node_put_body(ret_reply, fixture->status, buf_bytes(&body));
		break;
	case RAW:
		put_filled(&ret_reply->raw, fixture->text, call->id);
		ret_reply->close = true;
		break;
	case SILENT:
		break;
	case ECHO:
		put_filled(&body, "\"$\"", call->id);
		node_put_result(ret_reply, call, buf_text(&body));
		break;
	}
	buf_free(&body);
}

static void on_answer(void *context, enum upstream_outcome outcome, struct bytes answer)
{
	struct fixture *fixture = context;

	assert_false(fixture->heard.done);
	fixture->heard.done = true;
	fixture->heard.outcome = outcome;
	buf_put_bytes(&fixture->heard.answer, answer);
	event_base_loopbreak(fixture->base);
}

static void begin(struct fixture *fixture, const char *url, long timeout_ms)
{
	struct log log = {.role = "proxy", .level = LOG_LEVEL_DEBUG, .fd = fixture->log_pipe[1]};
	struct upstream_options options = {.url = url, .answer_max = 1u << 20, .timeout_ms = timeout_ms};
	struct error error;

	upstream_free(fixture->upstream);
	if (!upstream_new(fixture->base, &options, &log, &fixture->upstream, &error))
		fail_msg("%s", error.text);
}

static int setup(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));

	signal(SIGPIPE, SIG_IGN);
	fixture->base = event_base_new();
	fixture->node = node_new(fixture->base, node_answer, fixture);
	buf_init(&fixture->last_head, 1u << 20);
	buf_init(&fixture->last_body, 1u << 20);
	buf_init(&fixture->heard.answer, 4u << 20);
	assert_int_equal(pipe2(fixture->log_pipe, O_NONBLOCK), 0);
	begin(fixture, node_url(fixture->node), 5000);
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	upstream_free(fixture->upstream);
	node_free(fixture->node);
	event_base_free(fixture->base);
	buf_free(&fixture->last_head);
	buf_free(&fixture->last_body);
	buf_free(&fixture->heard.answer);
	close(fixture->log_pipe[0]);
	close(fixture->log_pipe[1]);
	free(fixture);
	return 0;
}

/* One call from beginning to end. */
static const char *ask(struct fixture *fixture, const char *method, const char *params)
{
	buf_reset(&fixture->heard.answer);
	fixture->heard.done = false;
	assert_int_not_equal(upstream_call(fixture->upstream, bytes_text(method), bytes_text(params), on_answer, fixture), 0);
	assert_false(fixture->heard.done);
	while (!fixture->heard.done)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	return buf_text(&fixture->heard.answer);
}

static void test_a_call(void **state)
{
	struct fixture *fixture = *state;

	fixture->text = " {\"big\": 123456789012345678901234567890.50, \"list\" :[1, null]}";
	assert_string_equal(
	    ask(fixture, "eth_x\"y", "[ 1,{\"a\":2}]"), "{\"big\": 123456789012345678901234567890.50, \"list\" :[1, null]}");
	assert_int_equal(fixture->heard.outcome, UPSTREAM_RESULT);
	assert_string_equal(
	    buf_text(&fixture->last_body), "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"eth_x\\\"y\",\"params\":[ 1,{\"a\":2}]}");
	assert_non_null(strstr(buf_text(&fixture->last_head), "POST / HTTP/1.1\r\n"));
	assert_non_null(strstr(buf_text(&fixture->last_head), "Content-Type: application/json\r\n"));
	fixture->text = "null";
	assert_string_equal(ask(fixture, "eth_x", ""), "null");
	assert_int_equal(fixture->heard.outcome, UPSTREAM_RESULT);
	assert_non_null(strstr(buf_text(&fixture->last_body), "\"params\":[]"));
	assert_int_equal(node_connections(fixture->node), 1);
}

static void test_the_nodes_own_errors(void **state)
{
	static const char error[] = "{\"code\":3, \"message\":\"execution reverted\",\"data\":\"0x08c379a0\"}";
	struct fixture *fixture = *state;

	fixture->behaviour = BODY;
	fixture->text =
	    "{\"id\":$,\"jsonrpc\":\"2.0\",\"error\":{\"code\":3, \"message\":\"execution reverted\",\"data\":\"0x08c379a0\"}}";
	fixture->status = 200;
	assert_string_equal(ask(fixture, "eth_call", "[]"), error);
	assert_int_equal(fixture->heard.outcome, UPSTREAM_ERROR);
	fixture->status = 429;
	assert_string_equal(ask(fixture, "eth_call", "[]"), error);
	assert_int_equal(fixture->heard.outcome, UPSTREAM_ERROR);
	fixture->text = "{\"id\":$,\"result\":null,\"error\":{\"code\":-1,\"message\":\"\"}}";
	ask(fixture, "eth_call", "[]");
	assert_int_equal(fixture->heard.outcome, UPSTREAM_ERROR);
	fixture->text = "{\"id\":$,\"result\":\"0x1\",\"error\":null}";
	assert_string_equal(ask(fixture, "eth_call", "[]"), "\"0x1\"");
	assert_int_equal(fixture->heard.outcome, UPSTREAM_RESULT);
}

static const struct {
	int status;
	const char *body, *text;
} lies[] = {
    {200, "", "is not JSON"},
    {200, "{\"id\":$,\"result\":1", "is not JSON"},
    {200, "{\"id\":$,\"result\":1}}", "is not JSON"},
    {200, "<html>", "is not JSON"},
    {200, "{\"id\":$,\"result\":\"\xff\"}", "is not JSON"},
    {200, "[{\"id\":$,\"result\":1}]", "no JSON-RPC response object"},
    {200, "\"$\"", "no JSON-RPC response object"},
    {200, "{\"id\":\"$\",\"result\":1}", "another call"},
    {200, "{\"id\":null,\"result\":1}", "another call"},
    {200, "{\"result\":1}", "another call"},
    {200, "{\"id\":$0,\"result\":1}", "another call"},
    {200, "{\"id\":99,\"id\":$,\"result\":1}", "has \\\"id\\\" twice"},
    {200, "{\"id\":$,\"result\":1,\"result\":2}", "has \\\"result\\\" twice"},
    {200, "{\"id\":$}", "neither"},
    {200, "{\"id\":$,\"error\":null}", "neither"},
    {200, "{\"id\":$,\"res\\u0075lt\":1}", "neither"},
    {200, "{\"id\":$,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}", "both"},
    {200, "{\"id\":$,\"error\":\"no\"}", "without code"},
    {200, "{\"id\":$,\"error\":{\"code\":\"1\",\"message\":\"\"}}", "without code"},
    {200, "{\"id\":$,\"error\":{\"code\":1,\"message\":null}}", "without code"},
    {302, "", "HTTP status 302 (redirects are not followed)"},
    {307, "moved", "HTTP status 307 (redirects are not followed)"},
    {401, "who are you", "HTTP status 401"},
    {502, "<html>Bad gateway</html>", "HTTP status 502"},
};

static void test_what_is_no_answer(void **state)
{
	struct fixture *fixture = *state;

	fixture->behaviour = BODY;
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		fixture->text = lies[i].body;
		fixture->status = lies[i].status;
		const char *answer = ask(fixture, "eth_call", "[]");
		if (fixture->heard.outcome != UPSTREAM_TROUBLE || strstr(answer, lies[i].text) == NULL ||
		    strncmp(answer, "{\"code\":-32603,\"message\":\"", 26) != 0)
			fail_msg("%zu: %s", i, answer);
	}
}

static void test_broken_http(void **state)
{
	static const char *const cases[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"id\":$,\"result\":1}",
	    "garbage\r\n\r\n", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"};
	struct fixture *fixture = *state;

	fixture->behaviour = RAW;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fixture->text = cases[i];
		const char *answer = ask(fixture, "eth_call", "[]");
		if (fixture->heard.outcome != UPSTREAM_TROUBLE || strncmp(answer, "{\"code\":4900,", 13) != 0)
			fail_msg("%zu: %s", i, answer);
	}
	/* and the next call is none the worse for it */
	fixture->behaviour = RESULT;
	fixture->text = "1";
	assert_string_equal(ask(fixture, "eth_call", "[]"), "1");
}

static void test_too_large_and_too_deep(void **state)
{
	struct fixture *fixture = *state;
	char *text = malloc(3u << 20);

	memset(text, ' ', 3u << 20);
	text[0] = text[(2u << 20) - 1] = '"';
	text[2u << 20] = 0;
	fixture->text = text;
	assert_non_null(strstr(ask(fixture, "eth_call", "[]"), "is larger than 1048576 bytes"));
	assert_int_equal(fixture->heard.outcome, UPSTREAM_TROUBLE);
	memset(text, '[', 100000);
	memset(text + 100000, ']', 100000);
	text[200000] = 0;
	assert_non_null(strstr(ask(fixture, "eth_call", "[]"), "is not JSON"));
	free(text);
}

static void test_silence(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, node_url(fixture->node), 200);
	fixture->behaviour = SILENT;
	const char *answer = ask(fixture, "eth_call", "[]");
	assert_non_null(strstr(answer, "did not answer in time"));
	assert_memory_equal(answer, "{\"code\":4900,", 13);
	fixture->behaviour = RESULT;
	fixture->text = "1";
	assert_string_equal(ask(fixture, "eth_call", "[]"), "1");
}

/* What is in the URL beside host and port is nobody's business, whatever goes wrong. */
static void test_secrets_stay(void **state)
{
	struct fixture *fixture = *state;
	char url[256], log[8192];

	snprintf(url, sizeof(url), "http://us3r:passw0rd@%s/v3/k3y?t=t0ken", node_url(fixture->node) + 7);
	begin(fixture, url, 2000);
	assert_string_equal(upstream_name(fixture->upstream), node_url(fixture->node));
	fixture->text = "1";
	assert_string_equal(ask(fixture, "eth_call", "[]"), "1");
	assert_non_null(strstr(buf_text(&fixture->last_head), "POST /v3/k3y?t=t0ken HTTP/1.1"));
	assert_non_null(strstr(buf_text(&fixture->last_head), "Authorization: Basic dXMzcjpwYXNzdzByZA=="));
	fixture->behaviour = BODY;
	fixture->status = 500;
	fixture->text = "";
	const char *answer = ask(fixture, "eth_call", "[]");
	for (size_t round = 0; round < 2; round++) {
		assert_null(strstr(answer, "us3r"));
		assert_null(strstr(answer, "passw0rd"));
		assert_null(strstr(answer, "k3y"));
		assert_null(strstr(answer, "t0ken"));
		ssize_t size = read(fixture->log_pipe[0], log, sizeof(log) - 1);
		if (round == 0)
			assert_true(size > 0);
		log[size < 0 ? 0 : size] = 0;
		answer = log;
	}
}

/* A proxy that the environment names would be given the whole URL of a node behind http, and every call. */
static void test_no_proxy_of_the_environment(void **state)
{
	static const char *const names[] = {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	struct fixture *fixture = *state;

	fixture->text = "1";
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		setenv(names[i], node_url(fixture->node), 1);
		begin(fixture, "http://node.invalid/s3cret", 5000);
		const char *answer = ask(fixture, "eth_call", "[]");
		unsetenv(names[i]);
		assert_int_equal(fixture->heard.outcome, UPSTREAM_UNSENT);
		assert_non_null(strstr(answer, "the node http://node.invalid:80 cannot be asked"));
		assert_int_equal(fixture->last_head.size, 0);
	}
}

/* What goes unencrypted to another machine is told, once and without what is behind the port. */
static void test_unencrypted_nodes_are_told(void **state)
{
	static const struct {
		const char *url;
		bool told;
	} rows[] = {
	    {"http://127.0.0.1:8545/s3cret", false},
	    {"http://127.255.0.9:8545", false},
	    {"http://[::1]:8545", false},
	    {"http://[0:0:0:0:0:0:0:1]:8545", false},
	    {"http://localhost:8545", false},
	    {"http://LOCALHOST:8545", false},
	    {"https://node.example/s3cret", false},
	    {"http://127.evil.net/s3cret", true},
	    {"http://127.0.0.1.evil.net/s3cret", true},
	    {"http://127.0.0.1@evil.net/s3cret", true},
	    {"http://localhost.evil.net/s3cret", true},
	    {"http://128.0.0.1/s3cret", true},
	    {"http://10.137.0.7:8545/s3cret", true},
	    {"http://[::2]:8545/s3cret", true},
	    {"http://[::127.0.0.1]/s3cret", true},
	    {"http://us3r:s3cret@node.example/", true},
	};
	struct fixture *fixture = *state;
	char log[8192];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(fixture, rows[i].url, 2000);
		ssize_t size = read(fixture->log_pipe[0], log, sizeof(log) - 1);
		log[size < 0 ? 0 : size] = 0;
		if ((strstr(log, "use https") != NULL) != rows[i].told || strstr(log, "s3cret") != NULL)
			fail_msg("%s: %s", rows[i].url, log);
	}
}

static void test_bad_urls(void **state)
{
	static const char *const urls[] = {"", "localhost:8545", "ftp://s3cret@host/", "file:///etc/passwd", "http://",
	    "http://s3cret@[::1/", "http://host:99999/s3cret", "http://a b/s3cret", "ws://127.0.0.1:8546", "http://h\nost/"};
	struct fixture *fixture = *state;
	struct log log = {.role = "proxy", .level = LOG_LEVEL_DEBUG, .fd = fixture->log_pipe[1]};

	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		struct upstream_options options = {.url = urls[i]};
		struct upstream *upstream;
		struct error error;

		if (upstream_new(fixture->base, &options, &log, &upstream, &error))
			fail_msg("%s", urls[i]);
		assert_null(upstream);
		assert_null(strstr(error.text, "s3cret"));
	}
}

static void test_nobody_there(void **state)
{
	struct fixture *fixture = *state;

	begin(fixture, "http://127.0.0.1:1", 2000);
	const char *answer = ask(fixture, "eth_call", "[]");
	assert_int_equal(fixture->heard.outcome, UPSTREAM_UNSENT);
	assert_non_null(strstr(answer, "{\"code\":4900,\"message\":\"the node http://127.0.0.1:1 cannot be asked: "));
}

/* ---- many at once ---- */

static void count_answer(void *context, enum upstream_outcome outcome, struct bytes answer)
{
	struct fixture *fixture = context;

	assert_int_equal(outcome, UPSTREAM_RESULT);
	assert_true(answer.size > 2);
	fixture->done++;
}

static void test_many_at_once(void **state)
{
	struct fixture *fixture = *state;
	uint64_t calls[UPSTREAM_CALLS_MAX];

	fixture->behaviour = ECHO;
	for (size_t i = 0; i < UPSTREAM_CALLS_MAX; i++) {
		calls[i] = upstream_call(fixture->upstream, bytes_text("eth_call"), bytes_text("[]"), count_answer, fixture);
		assert_int_not_equal(calls[i], 0);
	}
	assert_int_equal(upstream_call(fixture->upstream, bytes_text("eth_call"), bytes_text("[]"), count_answer, fixture), 0);
	for (size_t i = 0; i < 24; i++)
		upstream_cancel(fixture->upstream, calls[i * 40]);
	upstream_cancel(fixture->upstream, calls[40]);
	upstream_cancel(fixture->upstream, 0);
	while (fixture->done < UPSTREAM_CALLS_MAX - 24)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	assert_int_equal(fixture->done, UPSTREAM_CALLS_MAX - 24);
	assert_in_range(node_connections(fixture->node), 1, UPSTREAM_CONNECTIONS);
}

/* A callback that calls others off, as they would come in the same turn. */
static uint64_t victims[8];

static void call_off(void *context, enum upstream_outcome outcome, struct bytes answer)
{
	struct fixture *fixture = context;

	(void)outcome;
	(void)answer;
	fixture->done++;
	for (size_t i = 0; i < 8; i++)
		upstream_cancel(fixture->upstream, victims[i]);
	upstream_call(fixture->upstream, bytes_text("eth_call"), BYTES_NONE, count_answer, fixture);
}

static void test_cancel_inside(void **state)
{
	struct fixture *fixture = *state;

	fixture->behaviour = ECHO;
	for (size_t i = 0; i < 8; i++)
		victims[i] = upstream_call(fixture->upstream, bytes_text("eth_call"), BYTES_NONE, call_off, fixture);
	while (fixture->done < 2)
		event_base_loop(fixture->base, EVLOOP_ONCE);
	for (int i = 0; i < 20; i++)
		event_base_loop(fixture->base, EVLOOP_NONBLOCK);
	assert_int_equal(fixture->done, 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_a_call), TEST(test_the_nodes_own_errors), TEST(test_what_is_no_answer),
	    TEST(test_broken_http), TEST(test_too_large_and_too_deep), TEST(test_silence), TEST(test_secrets_stay),
	    TEST(test_no_proxy_of_the_environment), TEST(test_unencrypted_nodes_are_told), TEST(test_bad_urls),
	    TEST(test_nobody_there), TEST(test_many_at_once), TEST(test_cancel_inside)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
