/* Envelopes, batches and their replies, without any socket: each call that comes out is answered with its own name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "server/jsonrpc.h"

#define INVALID(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}"
#define PARSE_ERROR "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}\n"
#define RESULT(id)  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":\"ok\"}"

/* What a server's owner may choose. */
static bool hand_on_subscriptions;

struct run {
	struct rpc_message message;
	struct buf calls; /* "method params;" of each */
};

static void run_bytes(struct run *run, enum rpc_carrier carrier, struct bytes text)
{
	struct rpc_call call;

	rpc_init(&run->message);
	run->message.subscriptions = hand_on_subscriptions;
	buf_init(&run->calls, 64 * 1024 * 1024);
	rpc_read(&run->message, carrier, text);
	while (rpc_next(&run->message, &call)) {
		buf_put_bytes(&run->calls, call.method);
		buf_put_u8(&run->calls, ' ');
		buf_put_bytes(&run->calls, call.params);
		buf_put_u8(&run->calls, ';');
		rpc_sent(&run->message);
		if (bytes_equal_text(call.method, "fail"))
			fail();
		rpc_answer(&run->message, bytes_text("\"ok\""), BYTES_NONE);
	}
}

static void end(struct run *run)
{
	rpc_free(&run->message);
	buf_free(&run->calls);
}

static void expect_on(enum rpc_carrier carrier, const char *text, const char *calls, const char *reply)
{
	struct run run;

	run_bytes(&run, carrier, bytes_text(text));
	if (!bytes_equal_text(rpc_reply(&run.message), reply) || !bytes_equal_text(buf_bytes(&run.calls), calls))
		fail_msg("%s\n calls \"%s\"\n reply \"%.*s\"", text, buf_text(&run.calls), (int)rpc_reply(&run.message).size,
		    (const char *)rpc_reply(&run.message).data);
	end(&run);
}

static void expect(const char *text, const char *calls, const char *reply)
{
	expect_on(RPC_HTTP, text, calls, reply);
	expect_on(RPC_STREAM, text, calls, reply);
}

static void test_calls(void **state)
{
	(void)state;
	expect("{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"a\", \"params\": [1, {\"b\" : 2.50}]}", "a [1, {\"b\" : 2.50}];",
	    RESULT("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}", "a ;", RESULT("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":null}", "a null;", RESULT("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":{}}", "a {};", RESULT("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"extra\":{\"a\":[1]},\"extra\":2}", "a ;", RESULT("1") "\n");
	expect("{\"params\":[\"\\u00e9\\n\"],\"method\":\"\\u0061\",\"id\":1,\"jsonrpc\":\"2.0\"}", "a [\"\\u00e9\\n\"];",
	    RESULT("1") "\n");
	/* Numbers keep every digit. */
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[123456789012345678901234567890,1e400,-0.0]}",
	    "a [123456789012345678901234567890,1e400,-0.0];", RESULT("1") "\n");
}

static void test_notifications(void **state)
{
	(void)state;
	expect("{\"jsonrpc\":\"2.0\",\"method\":\"a\"}", "a ;", "");
	expect("[{\"jsonrpc\":\"2.0\",\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"method\":\"b\"}]", "a ;b ;", "");
	expect("{\"jsonrpc\":\"2.0\",\"method\":\"x_subscribe\"}", "", "");
}

static void test_requests_that_are_none(void **state)
{
	(void)state;
	expect("\"account_version\"", "", INVALID("null") "\n");
	expect("42", "", INVALID("null") "\n");
	expect("null", "", INVALID("null") "\n");
	expect("{}", "", INVALID("null") "\n");
	expect("{\"id\":1,\"method\":\"a\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"1.0\",\"id\":1,\"method\":\"a\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":2.0,\"id\":1,\"method\":\"a\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\\u0000\",\"id\":1,\"method\":\"a\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":2}", "", INVALID("1") "\n");
	expect("{\"JSONRPC\":\"2.0\",\"Id\":1,\"METHOD\":\"a\"}", "", INVALID("null") "\n");
}

/* Two readers could each believe another one of the two. */
static void test_duplicate_members(void **state)
{
	(void)state;
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"id\":2,\"method\":\"a\"}", "", INVALID("null") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no_such\",\"method\":\"a\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[],\"params\":[1]}", "", INVALID("1") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"m\\u0065thod\":\"b\"}", "", INVALID("1") "\n");
}

static void test_ids(void **state)
{
	static const char *const same[] = {"0", "-5", "1.5", "1e3", "123456789012345678901234567890", "null", "true", "\"\"",
	    "\"abc\"", "\"a\\\"b\\\\c\xc3\xa9\xf0\x9f\x98\x80\""};

	(void)state;
	for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
		char text[200], reply[200];

		snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"method\":\"a\"}", same[i]);
		snprintf(reply, sizeof reply, "{\"jsonrpc\":\"2.0\",\"id\":%s,\"result\":\"ok\"}\n", same[i]);
		expect(text, "a ;", reply);
	}
	expect("{\"jsonrpc\":\"2.0\",\"id\":\"\\ud83d\\ude00\",\"method\":\"a\"}", "a ;", RESULT("\"\xf0\x9f\x98\x80\"") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":{\"a\":1},\"method\":\"a\"}", "", INVALID("null") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"a\"}", "", INVALID("null") "\n");
	expect("{\"jsonrpc\":\"2.0\",\"id\":[],\"method\":\"a\"}", "", INVALID("null") "\n");
}

static void test_text_that_is_no_json(void **state)
{
	static const char *const texts[] = {"{", "hello", "", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":[",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}garbage", "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\"}{}",
	    ("{\"jsonrpc\":\"2.0\",\"id\":\"a\xff"
	     "b\",\"method\":\"a\"}"),
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\\ud800\"}", "{'jsonrpc':'2.0'}", "[1,]", "{\"a\":1,}", "// x\n{}",
	    "\xef\xbb\xbf{}", "NaN"};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		expect(texts[i], "", PARSE_ERROR);
}

static void test_deep_nesting(void **state)
{
	const size_t depth = 100000;
	char *text = malloc(2 * depth + 100);
	size_t size = (size_t)sprintf(text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"a\",\"params\":");

	(void)state;
	memset(text + size, '[', depth);
	memset(text + size + depth, ']', depth);
	strcpy(text + size + 2 * depth, "}");
	expect(text, "", PARSE_ERROR);
	free(text);
}

static void test_batches(void **state)
{
	(void)state;
	expect("[]", "", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"empty batch\"}}\n");
	expect("[{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"m\"}]", "m ;", "[" RESULT("\"a\"") "]\n");
	expect("[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"},{\"foo\":\"bar\"},5,{\"jsonrpc\":\"2.0\",\"method\":\"n\"},"
	       "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"o\",\"params\":[2]}]",
	    "m ;n ;o [2];", "[" RESULT("1") "," INVALID("null") "," INVALID("null") "," RESULT("1") "]\n");
	expect("[1,\"x\",null]", "", "[" INVALID("null") "," INVALID("null") "," INVALID("null") "]\n");
	expect("[[{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}]]", "", "[" INVALID("null") "]\n");
}

static size_t count_of(struct bytes text, const char *part)
{
	size_t count = 0;

	for (const uint8_t *at = text.data; (at = memmem(at, text.size - (size_t)(at - text.data), part, strlen(part))) != NULL;
	     at++)
		count++;
	return count;
}

static void run_many(struct run *run, enum rpc_carrier carrier, const char *first, size_t more)
{
	struct buf text BUF_CLEANUP = BUF_INIT(1000000);

	buf_printf(&text, "[%s", first);
	for (size_t i = 0; i < more; i++)
		buf_put_text(&text, ",{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"m\"}");
	buf_put_text(&text, "]");
	run_bytes(run, carrier, buf_bytes(&text));
}

static void test_batch_limit(void **state)
{
	static const char first[] = "{\"jsonrpc\":\"2.0\",\"id\":\"first\",\"method\":\"m\"}";
	static const enum rpc_carrier carriers[] = {RPC_HTTP, RPC_STREAM};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct run run;

		run_many(&run, carriers[i], first, RPC_BATCH_MAX - 1);
		assert_int_equal(count_of(rpc_reply(&run.message), "\"ok\""), RPC_BATCH_MAX);
		end(&run);
		run_many(&run, carriers[i], first, RPC_BATCH_MAX);
		assert_int_equal(run.calls.size, 0);
		assert_true(bytes_equal_text(rpc_reply(&run.message),
		    "[{\"jsonrpc\":\"2.0\",\"id\":\"first\",\"error\":{\"code\":-32600,\"message\":\"batch too large\"}}]\n"));
		end(&run);
		/* The first that wants an answer, not the first of all. */
		run_many(&run, carriers[i], "7,{\"jsonrpc\":\"2.0\",\"method\":\"m\"}", RPC_BATCH_MAX);
		assert_true(bytes_equal_text(rpc_reply(&run.message),
		    "[{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32600,\"message\":\"batch too large\"}}]\n"));
		end(&run);
	}
}

static void test_method_length(void **state)
{
	char text[3000];

	(void)state;
	for (int length = 2048; length <= 2049; length++) {
		struct run run;
		int size = snprintf(text, sizeof text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"%0*d\"}", length, 7);

		run_bytes(&run, RPC_HTTP, bytes_of(text, (size_t)size));
		assert_int_equal(run.calls.size, length == 2048 ? 2050 : 0);
		assert_int_equal(
		    count_of(rpc_reply(&run.message), "{\"code\":-32600,\"message\":\"method name too long: 2049 > 2048\"}"),
		    length == 2048 ? 0 : 1);
		end(&run);
	}
}

#define CALL(method, params) "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"" method "\",\"params\":" params "}"
#define ERROR(code, text)    "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":" code ",\"message\":\"" text "\"}}\n"

static void test_subscriptions(void **state)
{
	(void)state;
	expect_on(RPC_HTTP, CALL("account_subscribe", "[]"), "", ERROR("-32601", "notifications not supported"));
	expect_on(RPC_HTTP, CALL("eth_subscribe", "[\"x\"]"), "", ERROR("-32601", "notifications not supported"));
	expect_on(RPC_STREAM, CALL("account_subscribe", "[\"x\"]"), "",
	    ERROR("-32601", "no \\\"x\\\" subscription in account namespace"));
	expect_on(
	    RPC_STREAM, CALL("account_subscribe", "[]"), "", ERROR("-32602", "expected subscription name as first argument"));
	expect_on(RPC_STREAM, CALL("account_subscribe", "{\"a\":\"x\"}"), "",
	    ERROR("-32602", "expected subscription name as first argument"));
	expect(CALL("account_unsubscribe", "[]"), "", ERROR("-32602", "missing value for required argument 0"));
	expect(CALL("account_unsubscribe", "null"), "", ERROR("-32602", "missing value for required argument 0"));
	expect(CALL("account_unsubscribe", "{}"), "", ERROR("-32602", "non-array args"));
	expect(CALL("account_unsubscribe", "[1]"), "", ERROR("-32602", "invalid argument 0: expected a string"));
	expect(CALL("account_unsubscribe", "[\"a\",\"b\"]"), "", ERROR("-32602", "too many arguments, want at most 1"));
	expect(CALL("account_unsubscribe", "[\"0x1\"]"), "", ERROR("-32000", "subscription not found"));
}

static void test_subscriptions_of_the_owner(void **state)
{
	(void)state;
	hand_on_subscriptions = true;
	expect_on(RPC_HTTP, CALL("eth_subscribe", "[\"x\"]"), "eth_subscribe [\"x\"];", RESULT("1") "\n");
	expect_on(RPC_STREAM, CALL("eth_subscribe", "[]"), "eth_subscribe [];", RESULT("1") "\n");
	expect_on(RPC_HTTP, CALL("eth_unsubscribe", "[1,2]"), "eth_unsubscribe [1,2];", RESULT("1") "\n");
	/* In a batch, too; what else is refused here stays refused. */
	expect_on(RPC_HTTP, "[" CALL("a_subscribe", "[]") "," CALL("", "[]") "]", "a_subscribe [];",
	    "[" RESULT("1") "," INVALID("1") "]\n");
	hand_on_subscriptions = false;
}

static void test_error_answers(void **state)
{
	struct rpc_message message;
	struct rpc_call call;

	(void)state;
	rpc_init(&message);
	rpc_read(&message, RPC_HTTP, bytes_text(CALL("a", "[]")));
	assert_true(rpc_next(&message, &call));
	rpc_answer(&message, BYTES_NONE, bytes_text("{\"code\":4001,\"message\":\"no\",\"data\":{}}"));
	assert_false(rpc_next(&message, &call));
	assert_true(bytes_equal_text(
	    rpc_reply(&message), "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":4001,\"message\":\"no\",\"data\":{}}}\n"));
	/* The same object serves the next message, and nothing of the old one is left. */
	rpc_read(&message, RPC_HTTP, bytes_text("{\"jsonrpc\":\"2.0\",\"method\":\"n\"}"));
	assert_true(rpc_next(&message, &call));
	rpc_answer(&message, BYTES_NONE, bytes_text("{\"code\":1,\"message\":\"unheard\"}"));
	assert_false(rpc_next(&message, &call));
	assert_int_equal(rpc_reply(&message).size, 0);
	rpc_free(&message);
}

/* Who is still owed answers when the signer ends gets them all, as errors. */
static void test_abandoned_batch(void **state)
{
	struct rpc_message message;
	struct rpc_call call;

	(void)state;
	rpc_init(&message);
	rpc_read(&message, RPC_HTTP,
	    bytes_text("[" CALL("a", "[]") "," CALL("b", "[]") ",{\"jsonrpc\":\"2.0\",\"method\":\"n\"},3," CALL("c", "[]") "]"));
	assert_true(rpc_next(&message, &call));
	rpc_answer(&message, bytes_text("1"), BYTES_NONE);
	assert_true(rpc_next(&message, &call));
	rpc_abandon(&message, RPC_FAILED, "over");
	assert_int_equal(count_of(rpc_reply(&message), "\"result\":1"), 1);
	assert_int_equal(count_of(rpc_reply(&message), "{\"code\":-32000,\"message\":\"over\"}"), 2);
	assert_int_equal(count_of(rpc_reply(&message), "invalid request"), 1);
	rpc_free(&message);
}

/* A few bytes cannot ask for a reply without end. */
static void test_batch_reply_limit(void **state)
{
	struct rpc_message message;
	struct rpc_call call;
	char *large = malloc(RPC_REPLY_MAX / 2);
	size_t runs = 0;

	(void)state;
	memset(large, '1', RPC_REPLY_MAX / 2);
	rpc_init(&message);
	rpc_read(
	    &message, RPC_HTTP, bytes_text("[" CALL("a", "[]") "," CALL("a", "[]") "," CALL("a", "[]") "," CALL("a", "[]") "]"));
	while (rpc_next(&message, &call)) {
		runs++;
		rpc_answer(&message, bytes_of(large, RPC_REPLY_MAX / 2), BYTES_NONE);
	}
	assert_int_equal(runs, 2);
	assert_int_equal(count_of(rpc_reply(&message), "{\"code\":-32003,\"message\":\"response too large\"}"), 2);
	rpc_free(&message);
	free(large);
}

/* Escapes that are written longer than they came fit all the same, and what waits is not more than a few times what was sent. */
static void test_long_escapes(void **state)
{
	const size_t size = RPC_MESSAGE_MAX;
	char *text = malloc(size + 1);
	size_t at = (size_t)sprintf(text, "{\"jsonrpc\":\"2.0\",\"method\":\"m\",\"id\":\"");
	struct run run;

	(void)state;
	while (at + 4 < size) {
		text[at++] = '\\';
		text[at++] = 'b';
	}
	at += (size_t)sprintf(text + at, "\"}");
	run_bytes(&run, RPC_HTTP, bytes_of(text, at));
	assert_true(bytes_equal_text(buf_bytes(&run.calls), "m ;"));
	assert_int_equal(count_of(rpc_reply(&run.message), "\"result\":\"ok\""), 1);
	assert_true(rpc_reply(&run.message).size > at);
	end(&run);
	free(text);
}

/* Any prefix of a good message is a parse error, and never read beyond its end. */
static void test_every_prefix(void **state)
{
	static const char text[] = "[" CALL("a", "[1,\"\\u00e9\",{\"x\":null}]") ",{\"jsonrpc\":\"2.0\",\"method\":\"n\"}]";

	(void)state;
	for (size_t size = 1; size < sizeof text - 1; size++) {
		char *part = malloc(size);
		struct run run;

		memcpy(part, text, size);
		run_bytes(&run, RPC_HTTP, bytes_of(part, size));
		assert_true(bytes_equal_text(rpc_reply(&run.message), PARSE_ERROR));
		assert_true(run.message.broken);
		end(&run);
		free(part);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_calls),
	    cmocka_unit_test(test_notifications),
	    cmocka_unit_test(test_requests_that_are_none),
	    cmocka_unit_test(test_duplicate_members),
	    cmocka_unit_test(test_ids),
	    cmocka_unit_test(test_text_that_is_no_json),
	    cmocka_unit_test(test_deep_nesting),
	    cmocka_unit_test(test_batches),
	    cmocka_unit_test(test_batch_limit),
	    cmocka_unit_test(test_method_length),
	    cmocka_unit_test(test_subscriptions),
	    cmocka_unit_test(test_subscriptions_of_the_owner),
	    cmocka_unit_test(test_error_answers),
	    cmocka_unit_test(test_abandoned_batch),
	    cmocka_unit_test(test_batch_reply_limit),
	    cmocka_unit_test(test_long_escapes),
	    cmocka_unit_test(test_every_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
