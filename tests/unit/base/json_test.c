#include "testing.h"

#include "base/json.h"
#include "base/text.h"

static void assert_parses(struct bytes text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};

	if (!json_parse(text, &json, &error))
		print_error("refused: %.*s\n", (int)text.size, (const char *)text.data);
	assert_non_null(json.doc);
	assert_non_null(json.root);
}

static void assert_refused(struct bytes text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};

	if (json_parse(text, &json, &error))
		print_error("accepted: %.*s\n", (int)text.size, (const char *)text.data);
	assert_null(json.doc);
	assert_null(json.root);
	assert_int_equal(error.kind, ERROR_PARSE);
	assert_string_equal(error.text, "parse error");
}

static void test_good_json_parses(void **state)
{
	(void)state;
	static const char *const good[] = {"0", "-0", "1e5", "1.5E-7", "\"\"", "null", "true", " [ ] ", "{}",
	    "{\"a\":[1,{\"b\":null}]}", "\t\r\n 1 \n", "\"\\u00e9 \\ud83d\\ude00 \\\\ \\/ \\b\\f\\n\\r\\t\\u0000\"", "\"é😀\"",
	    "[[[]]]"};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_parses(bytes_text(good[i]));
}

static void test_bad_json_is_refused(void **state)
{
	(void)state;
	static const char *const bad[] = {"", " ", "{", "[", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}",
	    "[1 2]", "1 2", "{} {}", "{}x", "nul", "NULL", "NaN", "Infinity", "-", "01", "+1", "1.", ".5", "1e", "0x10", "--1",
	    "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"\\u123g\"", "\"a\nb\"", "\"a\tb\"", "// c\n1", "/* c */1", "]", "}", "[}",
	    "{]", "\xef\xbb\xbf{}", "\u00a0[]"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_refused(bytes_text(bad[i]));
	assert_refused(LITERAL("[]\0"));
	assert_refused(LITERAL("\0"));
	assert_refused(LITERAL("\"a\0b\""));
	assert_refused(BYTES_NONE);
}

static void test_unicode_is_strict(void **state)
{
	(void)state;
	static const char *const bad[] = {"\"\xff\"", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xe2\x82\"",
	    "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800x\"", "\"\\ud800\\ud800\"", "\"\\ud800\\u0041\"", "\"\\udc00\\ud800\"",
	    "{\"\xff\":1}", "{\"\\ud800\":1}"};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_refused(bytes_text(bad[i]));
}

static void test_random_strings_are_accepted_exactly_when_utf8(void **state)
{
	(void)state;
	static const uint8_t leads[] = {
	    0xc0, 0xc2, 0xdf, 0xe0, 0xed, 0xef, 0xf0, 0xf4, 0xf5, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 'a'};
	uint64_t random = 8;
	unsigned accepted = 0;

	for (unsigned i = 0; i < 20000; i++) {
		uint8_t text[8] = "\"";
		size_t size = 1 + random_below(&random, 5);
		for (size_t j = 1; j < size; j++)
			text[j] = leads[random_below(&random, sizeof leads)];
		bool expected = text_is_utf8(bytes_of(text + 1, size - 1));
		text[size] = '"';
		if (expected)
			assert_parses(bytes_of(text, size + 1));
		else
			assert_refused(bytes_of(text, size + 1));
		accepted += expected ? 1 : 0;
	}
	assert_true(accepted > 1000);
}

/* `depth` times `open`, `middle`, `depth` times `close` */
static struct buf nested(size_t depth, const char *open, const char *middle, const char *close)
{
	struct buf buf = BUF_INIT(1000000);

	for (size_t i = 0; i < depth; i++)
		buf_put_text(&buf, open);
	buf_put_text(&buf, middle);
	for (size_t i = 0; i < depth; i++)
		buf_put_text(&buf, close);
	assert_true(buf_ok(&buf));
	return buf;
}

static void test_depth_is_limited(void **state)
{
	(void)state;
	struct buf arrays BUF_CLEANUP = nested(JSON_DEPTH_MAX, "[", "", "]");
	struct buf too_deep BUF_CLEANUP = nested(JSON_DEPTH_MAX + 1, "[", "", "]");
	struct buf objects BUF_CLEANUP = nested(JSON_DEPTH_MAX, "{\"a\":", "1", "}");
	struct buf objects_too_deep BUF_CLEANUP = nested(JSON_DEPTH_MAX + 1, "{\"a\":", "1", "}");
	struct buf never_closed BUF_CLEANUP = nested(500000, "[", "", "");
	struct buf wide BUF_CLEANUP = nested(1, "[", "", "");

	assert_parses(buf_bytes(&arrays));
	assert_refused(buf_bytes(&too_deep));
	assert_parses(buf_bytes(&objects));
	assert_refused(buf_bytes(&objects_too_deep));
	assert_refused(buf_bytes(&never_closed));
	/* Many brackets beside each other, or in a string, are not deep. */
	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		buf_put_text(&wide, "[],\"[[\\\"[\",");
	buf_put_text(&wide, "1]");
	assert_parses(buf_bytes(&wide));
}

static void test_numbers_keep_their_text(void **state)
{
	(void)state;
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};
	const char *text =
	    "[115792089237316195423570985008687907853269984665640564039457584007913129639936,1.10,-0,\"s\\u0000t\",true,[]]";
	struct buf written BUF_CLEANUP = BUF_INIT(1000);

	assert_true(json_parse(bytes_text(text), &json, &error));
	assert_true(bytes_equal_text(json_bytes(yyjson_arr_get(json.root, 0)),
	    "115792089237316195423570985008687907853269984665640564039457584007913129639936"));
	assert_true(bytes_equal_text(json_bytes(yyjson_arr_get(json.root, 1)), "1.10"));
	assert_true(bytes_equal_text(json_bytes(yyjson_arr_get(json.root, 2)), "-0"));
	assert_bytes_equal(json_bytes(yyjson_arr_get(json.root, 3)), LITERAL("s\0t"));
	assert_null(json_bytes(yyjson_arr_get(json.root, 4)).data);
	assert_null(json_bytes(yyjson_arr_get(json.root, 5)).data);
	assert_null(json_bytes(NULL).data);
	assert_true(json_write(json.root, &written));
	assert_string_equal(buf_text(&written), text);
}

static void test_written_json_is_compact(void **state)
{
	(void)state;
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};
	struct buf part BUF_CLEANUP = BUF_INIT(100);
	struct buf small BUF_CLEANUP = BUF_INIT(3);

	assert_true(json_parse(bytes_text(" { \"a\" : [ 1 , 2.50 ] , \"b\" : \"\\u00e9\\n\" } "), &json, &error));
	buf_put_text(&part, "> ");
	assert_true(json_write(json.root, &part));
	assert_true(json_write(yyjson_obj_get(json.root, "a"), &part));
	assert_string_equal(buf_text(&part), "> {\"a\":[1,2.50],\"b\":\"é\\n\"}[1,2.50]");
	assert_false(json_write(json.root, &small));
	assert_false(json_write(NULL, &part));
}

static void test_mutable_documents_write(void **state)
{
	(void)state;
	yyjson_mut_doc *doc = json_mut_new();
	struct buf text BUF_CLEANUP = BUF_INIT(100000);
	struct buf expected BUF_CLEANUP = BUF_INIT(100000);

	assert_non_null(doc);
	yyjson_mut_val *root = yyjson_mut_arr(doc);
	yyjson_mut_doc_set_root(doc, root);
	buf_put_u8(&expected, '[');
	for (unsigned i = 0; i < 2000; i++) {
		char member[16];
		snprintf(member, sizeof member, "0x%x", i);
		yyjson_mut_arr_add_strcpy(doc, root, member);
		buf_printf(&expected, "%s\"%s\"", i == 0 ? "" : ",", member);
	}
	buf_put_u8(&expected, ']');
	assert_true(json_write_mut(doc, &text));
	assert_bytes_equal(buf_bytes(&text), buf_bytes(&expected));
	yyjson_mut_doc_free(doc);
}

static bool has_duplicate(struct bytes text, struct bytes expected_name)
{
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};
	struct bytes name = bytes_text("unset");

	assert_true(json_parse(text, &json, &error));
	bool found = json_has_duplicate(json.root, &name);
	assert_bytes_equal(name, found ? expected_name : BYTES_NONE);
	return found;
}

static void test_duplicates_are_found(void **state)
{
	(void)state;
	struct bytes a = bytes_text("a");

	assert_true(has_duplicate(bytes_text("{\"a\":1,\"a\":2}"), a));
	assert_true(has_duplicate(bytes_text("{\"a\":1,\"b\":0,\"a\":1}"), a));
	assert_true(has_duplicate(bytes_text("{\"a\":1,\"\\u0061\":2}"), a));
	assert_true(has_duplicate(bytes_text("{\"\":1,\"\":2}"), BYTES_NONE));
	assert_true(has_duplicate(bytes_text("[1,\"a\",{\"x\":[{\"y\":{}},{\"a\":{},\"a\":[]}]}]"), a));
	assert_true(has_duplicate(bytes_text("{\"x\\u0000y\":1,\"x\\u0000y\":2}"), LITERAL("x\0y")));
}

static void test_equal_names_in_different_objects_are_fine(void **state)
{
	(void)state;
	static const char *const fine[] = {"1", "\"a\"", "[]", "{}", "{\"a\":1}", "{\"a\":{\"a\":{\"a\":1}}}",
	    "[{\"a\":1},{\"a\":1}]", "{\"a\":1,\"A\":2}", "{\"a\":\"b\",\"b\":\"a\"}", "{\"a\":[\"a\",\"a\"],\"b\":\"a\"}",
	    "{\"x\\u0000y\":1,\"x\\u0000z\":2,\"x\":3}"};

	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		assert_false(has_duplicate(bytes_text(fine[i]), BYTES_NONE));
}

static void test_only_the_given_value_is_searched(void **state)
{
	(void)state;
	struct json json JSON_CLEANUP = {0};
	struct error error = {0};
	struct bytes name;

	assert_true(json_parse(bytes_text("[{\"a\":[]},{\"b\":1,\"b\":2}]"), &json, &error));
	assert_false(json_has_duplicate(yyjson_arr_get(json.root, 0), &name));
	assert_true(json_has_duplicate(yyjson_arr_get(json.root, 1), &name));
	assert_false(json_has_duplicate(NULL, &name));
}

static void test_duplicates_in_the_depth(void **state)
{
	(void)state;
	struct buf clean BUF_CLEANUP = nested(JSON_DEPTH_MAX - 1, "{\"a\":", "{\"b\":1,\"c\":2}", "}");
	struct buf dirty BUF_CLEANUP = nested(JSON_DEPTH_MAX - 1, "{\"a\":", "{\"b\":1,\"b\":2}", "}");

	assert_false(has_duplicate(buf_bytes(&clean), BYTES_NONE));
	assert_true(has_duplicate(buf_bytes(&dirty), bytes_text("b")));
}

/* Comparing every name with every other would take minutes here; the test's time limit is the judge. */
static void test_duplicates_among_many(void **state)
{
	(void)state;
	struct buf text BUF_CLEANUP = BUF_INIT(10000000);

	buf_put_u8(&text, '{');
	for (unsigned i = 0; i < 300000; i++)
		buf_printf(&text, "\"name%u\":%u,", i, i);
	size_t size = text.size;
	buf_put_text(&text, "\"last\":0}");
	assert_false(has_duplicate(buf_bytes(&text), BYTES_NONE));
	text.size = size;
	buf_put_text(&text, "\"name0\":0}");
	assert_true(has_duplicate(buf_bytes(&text), bytes_text("name0")));
}

static void assert_put(struct bytes text, const char *expected)
{
	struct buf buf BUF_CLEANUP = BUF_INIT(1000);

	json_put_string(&buf, text);
	assert_string_equal(buf_text(&buf), expected);
	assert_parses(buf_bytes(&buf));
}

static void test_strings_are_written(void **state)
{
	(void)state;
	assert_put(BYTES_NONE, "\"\"");
	assert_put(bytes_text("a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	assert_put(bytes_text("\n\r\t\b\x1f\x7f"), "\"\\n\\r\\t\\u0008\\u001f\x7f\"");
	assert_put(LITERAL("a\0b"), "\"a\\u0000b\"");
	assert_put(bytes_text("é😀"), "\"é😀\"");
	assert_put(bytes_text("x\xffy\xc3"), "\"x\ufffdy\ufffd\"");
	assert_put(bytes_text("\xed\xa0\x80"), "\"\ufffd\ufffd\ufffd\"");
}

static void test_random_strings_survive_writing_and_parsing(void **state)
{
	(void)state;
	uint64_t random = 5;

	for (unsigned i = 0; i < 5000; i++) {
		uint8_t data[32];
		size_t size = random_below(&random, sizeof data);
		for (size_t j = 0; j < size; j++)
			data[j] = (uint8_t)random_next(&random) & (i % 2 == 0 ? 0x7f : 0xff);
		struct buf buf BUF_CLEANUP = BUF_INIT(1000);
		struct json json JSON_CLEANUP = {0};
		struct error error = {0};
		json_put_string(&buf, bytes_of(data, size));
		assert_true(json_parse(buf_bytes(&buf), &json, &error));
		if (text_is_utf8(bytes_of(data, size)))
			assert_bytes_equal(json_bytes(json.root), bytes_of(data, size));
	}
}

static void test_file_errors_say_where(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {{"", "line 1, column 1: no JSON: "}, {"{\n\n  x}", "line 3, column 3: no JSON: "},
	    {"[1,2", "line 1, column 5: no JSON: "}, {"{}\n{}", "line 2, column 1: no JSON: "}};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct json json;
		struct error error;

		assert_false(json_parse_file(bytes_text(cases[i].text), &json, &error));
		assert_int_equal(error.kind, ERROR_REFUSED);
		assert_null(json.doc);
		if (strncmp(error.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_good_json_parses),
	    cmocka_unit_test(test_bad_json_is_refused),
	    cmocka_unit_test(test_unicode_is_strict),
	    cmocka_unit_test(test_random_strings_are_accepted_exactly_when_utf8),
	    cmocka_unit_test(test_depth_is_limited),
	    cmocka_unit_test(test_numbers_keep_their_text),
	    cmocka_unit_test(test_written_json_is_compact),
	    cmocka_unit_test(test_mutable_documents_write),
	    cmocka_unit_test(test_duplicates_are_found),
	    cmocka_unit_test(test_equal_names_in_different_objects_are_fine),
	    cmocka_unit_test(test_only_the_given_value_is_searched),
	    cmocka_unit_test(test_duplicates_in_the_depth),
	    cmocka_unit_test(test_duplicates_among_many),
	    cmocka_unit_test(test_strings_are_written),
	    cmocka_unit_test(test_random_strings_survive_writing_and_parsing),
	    cmocka_unit_test(test_file_errors_say_where),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
