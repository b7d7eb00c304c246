/* Replies of a signer, honest and not; what the exit codes of qrexec-client-vm are told as. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "proxy/qrexec_status.h"
#include "proxy/signer_reply.h"

static void expect(const char *text, const char *result, const char *object)
{
	struct bytes got_result, got_object;
	struct error error;

	if (!signer_reply_read(bytes_text(text), 7, &got_result, &got_object, &error))
		fail_msg("%s: %s", text, error.text);
	assert_true(bytes_equal_text(got_result, result));
	assert_true(bytes_equal_text(got_object, object));
}

/* As it was spelt: numbers of any size, white space, members that nobody knows. */
static void test_good(void **state)
{
	(void)state;
	expect("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"0x1\"}", "\"0x1\"", "");
	expect(" {\"id\" : 7, \"result\" : { \"a\" : [1.50, 123456789012345678901234567890] } , \"jsonrpc\":\"2.0\"}\n",
	    "{ \"a\" : [1.50, 123456789012345678901234567890] }", "");
	expect("{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":null}", "null", "");
	expect("{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-32000, \"message\":\"no\",\"data\":[1]}}", "",
	    "{\"code\":-32000, \"message\":\"no\",\"data\":[1]}");
	expect("{\"jsonrpc\":\"2.0\",\"extra\":1,\"extra\":2,\"id\":7,\"r\\u0065sult\":1}", "1", "");
}

static void test_bad(void **state)
{
	static const char *const rows[][2] = {
	    {"", "empty"},
	    {"{", "no JSON"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1}x", "no JSON"},
	    {"[{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1}]", "no JSON object"},
	    {"7", "no JSON object"},
	    {"{\"id\":7,\"result\":1}", "JSON-RPC 2.0"},
	    {"{\"jsonrpc\":2.0,\"id\":7,\"result\":1}", "JSON-RPC 2.0"},
	    {"{\"jsonrpc\":\"2.0\",\"result\":1}", "another call"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":8,\"result\":1}", "another call"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":\"7\",\"result\":1}", "another call"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7.0,\"result\":1}", "another call"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":1,\"message\":\"\"}}", "another call"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7}", "either a result or an error"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1,\"error\":{\"code\":1,\"message\":\"\"}}",
	        "either a result or an error"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":1,\"result\":2}", "twice"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":6,\"id\":7,\"result\":1}", "twice"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":\"no\"}", "no code or no message"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"message\":\"\"}}", "no code or no message"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":1.5,\"message\":\"\"}}", "no code or no message"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"error\":{\"code\":-1,\"message\":1}}", "no code or no message"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":7,\"result\":\"\xff\"}", "no JSON"},
	};
	struct bytes result, object;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (signer_reply_read(bytes_text(rows[i][0]), 7, &result, &object, &error))
			fail_msg("taken: %s", rows[i][0]);
		if (strstr(error.text, rows[i][1]) == NULL)
			fail_msg("%s: said \"%s\", expected \"%s\"", rows[i][0], error.text, rows[i][1]);
	}
}

static void expect_status(int status, bool by_us, const char *text)
{
	struct error error;

	assert_false(qrexec_status_error(status, by_us, &error));
	if (strstr(error.text, text) == NULL)
		fail_msg("0x%x: said \"%s\"", (unsigned)status, error.text);
}

static void test_exit_codes(void **state)
{
	(void)state;
	expect_status(126 << 8, false, "refused by qrexec (126): no line of dom0's policy");
	expect_status(126 << 8, false, "too many calls");
	expect_status(127 << 8, false, "no service qubes.Clefsign (127)");
	expect_status(125 << 8, false, "(125)");
	expect_status(0, false, "without an answer");
	expect_status(3 << 8, false, "(exit code 3)");
	expect_status(9, false, "signal 9");
	expect_status(15, true, "had to be ended");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good),
	    cmocka_unit_test(test_bad),
	    cmocka_unit_test(test_exit_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
