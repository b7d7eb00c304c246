#include "testing.h"

#include <errno.h>

#include "base/error.h"
#include "base/text.h"

static void test_set_says_kind_and_text(void **state)
{
	(void)state;
	struct error error = {.custom_code = 5};

	assert_false(error_set(&error, ERROR_PARAMS, "expected %d, found %s", 2, "three"));
	assert_int_equal(error.kind, ERROR_PARAMS);
	assert_int_equal(error.custom_code, 0);
	assert_string_equal(error.text, "expected 2, found three");
}

static void test_set_may_quote_the_old_text(void **state)
{
	(void)state;
	struct error error = {0};

	error_set(&error, ERROR_PARSE, "inner");
	error_set(&error, ERROR_REFUSED, "outer(%s)", error.text);
	assert_string_equal(error.text, "outer(inner)");
}

static void test_errno_is_explained(void **state)
{
	(void)state;
	struct error error = {0};

	assert_false(error_set_errno(&error, ENOENT, "open %s", "x"));
	assert_int_equal(error.kind, ERROR_INTERNAL);
	assert_string_equal(error.text, "open x: No such file or directory");
	error_set_errno(&error, 99999, "open");
	assert_string_equal(error.text, "open: unknown error");
}

static void test_prefix_keeps_kind(void **state)
{
	(void)state;
	struct error error = {0};

	error_set(&error, ERROR_DENIED, "no");
	assert_false(error_prefix(&error, "key %d", 3));
	assert_string_equal(error.text, "key 3: no");
	assert_int_equal(error.kind, ERROR_DENIED);
}

static void test_place_in_a_document(void **state)
{
	static const struct {
		const char *text, *expected;
	} cases[] = {{"nonce: wrong", "list[2].nonce: wrong"}, {"a[0].b: wrong", "list[2].a[0].b: wrong"},
	    {"[1]: wrong", "list[2][1]: wrong"}, {"expected an object", "list[2]: expected an object"},
	    {"unknown field \"x\": no", "list[2]: unknown field \"x\": no"},
	    {"validation failed: no", "list[2]: validation failed: no"}, {"", "list[2]: "}, {": wrong", "list[2]: : wrong"}};
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		error_set(&error, ERROR_REFUSED, "%s", cases[i].text);
		assert_false(error_in(&error, "list[%d]", 2));
		assert_string_equal(error.text, cases[i].expected);
		assert_int_equal(error.kind, ERROR_REFUSED);
	}
}

static void assert_cut(const struct error *error)
{
	struct bytes text = bytes_text(error->text);

	assert_true(text.size < ERROR_TEXT_SIZE);
	assert_true(text.size > ERROR_TEXT_SIZE - 8);
	assert_true(text_is_utf8(text));
	assert_string_equal(error->text + text.size - strlen("…"), "…");
}

static void test_long_texts_are_cut_visibly(void **state)
{
	(void)state;
	char text[4096];
	struct error error = {0};

	memset(text, 'a', sizeof text);
	text[ERROR_TEXT_SIZE - 1] = 0;
	error_set(&error, ERROR_PARSE, "%s", text);
	assert_string_equal(error.text, text);
	text[ERROR_TEXT_SIZE - 1] = 'a';
	text[ERROR_TEXT_SIZE] = 0;
	error_set(&error, ERROR_PARSE, "%s", text);
	assert_cut(&error);
	text[ERROR_TEXT_SIZE] = 'a';
	text[sizeof text - 1] = 0;
	error_set(&error, ERROR_PARSE, "%s", text);
	assert_cut(&error);
	error_prefix(&error, "%s", text);
	assert_cut(&error);
	error_set_errno(&error, EIO, "%s", text);
	assert_cut(&error);
}

static void test_cut_leaves_whole_characters(void **state)
{
	(void)state;
	struct error error = {0};

	for (size_t shift = 0; shift < 4; shift++) {
		struct buf buf BUF_CLEANUP = BUF_INIT(4096);
		for (size_t i = 0; i < shift; i++)
			buf_put_u8(&buf, 'a');
		for (size_t i = 0; i < 300; i++)
			buf_put_text(&buf, "\U0001f600");
		error_set(&error, ERROR_PARSE, "%s", buf_text(&buf));
		assert_cut(&error);
	}
}

static void test_rpc_codes(void **state)
{
	(void)state;
	static const struct {
		enum error_kind kind;
		int code;
	} cases[] = {{ERROR_PARSE, -32700}, {ERROR_REQUEST, -32600}, {ERROR_METHOD, -32601}, {ERROR_PARAMS, -32602},
	    {ERROR_INTERNAL, -32603}, {ERROR_NONE, -32603}, {ERROR_REFUSED, -32000}, {ERROR_TIMEOUT, -32002},
	    {ERROR_DENIED, -32000}, {ERROR_PASSWORD, -32000}, {ERROR_PASSWORD_WEAK, -32000}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct error error = {.kind = cases[i].kind, .custom_code = 1};
		assert_int_equal(error_rpc_code(&error), cases[i].code);
	}
	/* The standard names have codes of their own for some kinds, and the same for all others. */
	static const struct {
		enum error_kind kind;
		int code, eth;
	} both[] = {{ERROR_DENIED, -32000, 4001}, {ERROR_ACCOUNT, -32000, 4100}, {ERROR_UNSUPPORTED, -32601, 4200},
	    {ERROR_CHAIN, -32000, 4901}, {ERROR_CAPABILITY, -32602, 5700}, {ERROR_PARAMS, -32602, -32602},
	    {ERROR_REFUSED, -32000, -32000}, {ERROR_TIMEOUT, -32002, -32002}, {ERROR_METHOD, -32601, -32601},
	    {ERROR_NONE, -32603, -32603}, {ERROR_CUSTOM, 1, 1}};

	for (size_t i = 0; i < sizeof both / sizeof both[0]; i++) {
		struct error error = {.kind = both[i].kind, .custom_code = 1};
		assert_int_equal(error_rpc_code(&error), both[i].code);
		assert_int_equal(error_eth_code(&error), both[i].eth);
	}
	struct error custom = {.kind = ERROR_CUSTOM, .custom_code = -31999};
	assert_int_equal(error_rpc_code(&custom), -31999);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_set_says_kind_and_text),
	    cmocka_unit_test(test_set_may_quote_the_old_text),
	    cmocka_unit_test(test_errno_is_explained),
	    cmocka_unit_test(test_prefix_keeps_kind),
	    cmocka_unit_test(test_place_in_a_document),
	    cmocka_unit_test(test_long_texts_are_cut_visibly),
	    cmocka_unit_test(test_cut_leaves_whole_characters),
	    cmocka_unit_test(test_rpc_codes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
