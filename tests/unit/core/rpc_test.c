/* The pieces of JSON-RPC that core writes and reads, and what a UI may get wrong in them. */
#include "../base/testing.h"

#include "core/rpc.h"

static void assert_text(struct buf *found, const char *expected)
{
	assert_string_equal(buf_text(found), expected);
	buf_free(found);
}

static void test_replies(void **state)
{
	struct buf buf = BUF_INIT(1024);

	(void)state;
	rpc_put_reply(&buf, bytes_text("7"), bytes_text("[1]"), BYTES_NONE);
	assert_text(&buf, "{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":[1]}");
	rpc_put_reply(&buf, bytes_text("\"a\""), BYTES_NONE, bytes_text("{\"code\":1}"));
	assert_text(&buf, "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"error\":{\"code\":1}}");
}

static void test_errors(void **state)
{
	struct buf buf = BUF_INIT(1024);
	struct error error;

	(void)state;
	error_set(&error, ERROR_DENIED, "say \"no\"\n\x1b");
	rpc_put_error(&buf, &error, BYTES_NONE);
	assert_text(&buf, "{\"code\":-32000,\"message\":\"say \\\"no\\\"\\n\\u001b\"}");
	error_set(&error, ERROR_CUSTOM, "x");
	error.custom_code = -7;
	rpc_put_error(&buf, &error, bytes_text("[null]"));
	assert_text(&buf, "{\"code\":-7,\"message\":\"x\",\"data\":[null]}");
}

static struct error read_error(const char *text, struct buf *ret_data)
{
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};

	assert_true(json_parse(bytes_text(text), &json, &error));
	rpc_read_error(json.root, &error, ret_data);
	return error;
}

static void test_an_error_of_the_ui_is_passed_on(void **state)
{
	struct buf data = BUF_INIT(1024);
	struct error error = read_error("{\"code\":-2147483647,\"message\":\"busy\",\"data\":{\"a\":1.50}}", &data);

	(void)state;
	assert_int_equal(error.kind, ERROR_CUSTOM);
	assert_int_equal(error_rpc_code(&error), -2147483647);
	assert_string_equal(error.text, "busy");
	assert_text(&data, "{\"a\":1.50}");
}

static void test_an_error_that_is_none_becomes_a_refusal(void **state)
{
	static const char *const texts[] = {"1", "\"no\"", "[]", "{}", "{\"code\":1}", "{\"message\":\"x\"}",
	    "{\"code\":\"1\",\"message\":\"x\"}", "{\"code\":1.5,\"message\":\"x\"}", "{\"code\":1e3,\"message\":\"x\"}",
	    "{\"code\":2147483648,\"message\":\"x\"}", "{\"code\":99999999999999999999999,\"message\":\"x\"}",
	    "{\"code\":1,\"message\":null}", "{\"code\":1,\"message\":7}"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct buf data = BUF_INIT(1024);
		struct error error = read_error(texts[i], &data);

		assert_int_equal(error.kind, ERROR_REFUSED);
		assert_int_equal(error_rpc_code(&error), -32000);
		assert_int_equal(data.size, 0);
		assert_true(strlen(error.text) > 0);
	}
}

static void test_version(void **state)
{
	static const struct {
		const char *text;
		bool version_2;
	} cases[] = {{"{\"jsonrpc\":\"2.0\"}", true}, {"{\"jsonrpc\":2.0}", false}, {"{\"jsonrpc\":\"2\"}", false}, {"{}", false},
	    {"[\"jsonrpc\",\"2.0\"]", false}, {"\"2.0\"", false}, {"null", false}, {"{\"jsonrpc\":\"2.0\\u0000\"}", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json json JSON_CLEANUP = {0};
		struct error error;

		assert_true(json_parse(bytes_text(cases[i].text), &json, &error));
		assert_int_equal(rpc_is_version_2(json.root), cases[i].version_2);
	}
}

static void test_only_whole_numbers_name_a_question(void **state)
{
	static const char *const others[] = {
	    "\"1\"", "-1", "1.0", "1e2", "18446744073709551616", "null", "true", "[1]", "{\"a\":1}", "-0"};
	struct json json;
	struct error error;
	uint64_t number;

	(void)state;
	assert_true(json_parse(bytes_text("18446744073709551615"), &json, &error));
	assert_true(rpc_number_id(json.root, &number));
	assert_true(number == UINT64_MAX);
	json_free(&json);
	assert_false(rpc_number_id(NULL, &number));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(json_parse(bytes_text(others[i]), &json, &error));
		assert_false(rpc_number_id(json.root, &number));
		json_free(&json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_errors),
	    cmocka_unit_test(test_an_error_of_the_ui_is_passed_on),
	    cmocka_unit_test(test_an_error_that_is_none_becomes_a_refusal),
	    cmocka_unit_test(test_version),
	    cmocka_unit_test(test_only_whole_numbers_name_a_question),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
