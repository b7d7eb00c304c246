#include "testing.h"

#include "base/json.h"

static void assert_value(const char *stream, size_t start, size_t end)
{
	struct json_scan scan;

	json_scan_start(&scan);
	assert_int_equal(json_scan_feed(&scan, bytes_text(stream)), JSON_SCAN_VALUE);
	assert_int_equal(scan.start, start);
	assert_int_equal(scan.offset, end);
}

static void assert_more(const char *stream)
{
	struct json_scan scan;

	json_scan_start(&scan);
	assert_int_equal(json_scan_feed(&scan, bytes_text(stream)), JSON_SCAN_MORE);
	/* Asking again without new bytes changes nothing. */
	assert_int_equal(json_scan_feed(&scan, bytes_text(stream)), JSON_SCAN_MORE);
}

static void test_ends_of_values(void **state)
{
	(void)state;
	assert_value("{}", 0, 2);
	assert_value(" \r\n\t{\"a\":[1,2]} {", 4, 15);
	assert_value("[[],{}]]", 0, 7);
	assert_value("\"a\\\"b\"c", 0, 6);
	assert_value("\"\\\\\"\"", 0, 4);
	assert_value("{\"}\":\"]\\\"}\"}x", 0, 12);
	assert_value("12 ", 0, 2);
	assert_value("true{", 0, 4);
	assert_value("null,", 0, 4);
	assert_value("1\"a\"", 0, 1);
	assert_value("1]", 0, 1);
	assert_value("1}", 0, 1);
	assert_value("1[", 0, 1);
	assert_value("garbage\n", 0, 7);
	/* Always at least one byte, or a reader would stand still. */
	assert_value("}}", 0, 1);
	assert_value(",,", 0, 1);
	assert_value("] ", 0, 1);
}

static void test_incomplete_values_want_more(void **state)
{
	(void)state;
	static const char *const streams[] = {
	    "", " ", "{", "[1,2", "\"", "\"a\\\"", "\"\\", "12", "tru", "{\"a\":\"}", "[\"\\\\\\\"]"};

	for (size_t i = 0; i < sizeof streams / sizeof streams[0]; i++)
		assert_more(streams[i]);
}

static void test_depth_is_limited(void **state)
{
	(void)state;
	struct buf stream BUF_CLEANUP = BUF_INIT(100000);
	struct json_scan scan;

	for (unsigned i = 0; i < JSON_DEPTH_MAX; i++)
		buf_put_u8(&stream, i % 2 == 0 ? '[' : '{');
	json_scan_start(&scan);
	assert_int_equal(json_scan_feed(&scan, buf_bytes(&stream)), JSON_SCAN_MORE);
	buf_put_text(&stream, "[]");
	assert_int_equal(json_scan_feed(&scan, buf_bytes(&stream)), JSON_SCAN_TOO_DEEP);
	assert_int_equal(json_scan_feed(&scan, buf_bytes(&stream)), JSON_SCAN_TOO_DEEP);
}

static void put_space(uint64_t *random, struct buf *buf, size_t least)
{
	for (size_t i = least + random_below(random, 2); i > 0; i--)
		buf_put_u8(buf, (uint8_t) " \t\r\n"[random_below(random, 4)]);
}

static void put_text(uint64_t *random, struct buf *buf)
{
	static const char *const pieces[] = {"a", "\\\"", "\\\\", "\\u005c", "\\n", "{", "}", "[", "]", ",", ":", " ", "é", "😀"};

	buf_put_u8(buf, '"');
	for (size_t i = random_below(random, 6); i > 0; i--)
		buf_put_text(buf, pieces[random_below(random, sizeof pieces / sizeof pieces[0])]);
	buf_put_u8(buf, '"');
}

static void put_value(uint64_t *random, struct buf *buf, unsigned depth)
{
	static const char *const scalars[] = {"0", "-1.5e7", "true", "false", "null", "123456789012345678901234567890"};
	size_t kind = random_below(random, depth == 0 ? 2 : 4);

	if (kind == 0) {
		buf_put_text(buf, scalars[random_below(random, sizeof scalars / sizeof scalars[0])]);
		return;
	}
	if (kind == 1) {
		put_text(random, buf);
		return;
	}
	size_t count = random_below(random, 4);
	buf_put_u8(buf, kind == 2 ? '[' : '{');
	for (size_t i = 0; i < count; i++) {
		put_space(random, buf, 0);
		if (kind == 3) {
			put_text(random, buf);
			put_space(random, buf, 0);
			buf_put_u8(buf, ':');
			put_space(random, buf, 0);
		}
		put_value(random, buf, depth - 1);
		put_space(random, buf, 0);
		if (i + 1 < count)
			buf_put_u8(buf, ',');
	}
	buf_put_u8(buf, kind == 2 ? ']' : '}');
}

/* Where yyjson sees the first value of the stream end. */
static size_t yyjson_end(struct bytes stream)
{
	char *text = (char *)(uintptr_t)stream.data;
	yyjson_doc *doc = yyjson_read_opts(text, stream.size, YYJSON_READ_STOP_WHEN_DONE | YYJSON_READ_NUMBER_AS_RAW, NULL, NULL);

	assert_non_null(doc);
	size_t size = yyjson_doc_get_read_size(doc);
	yyjson_doc_free(doc);
	return size;
}

/* Feed ever more of the stream in random steps until there is a value (or the stream ends). */
static enum json_scan_result feed_in_steps(uint64_t *random, struct bytes stream, struct json_scan *ret_scan)
{
	enum json_scan_result result = JSON_SCAN_MORE;
	size_t seen = 0;

	json_scan_start(ret_scan);
	while (result == JSON_SCAN_MORE && seen < stream.size) {
		seen += 1 + random_below(random, 8);
		result = json_scan_feed(ret_scan, bytes_of(stream.data, seen < stream.size ? seen : stream.size));
	}
	return result;
}

static void test_values_end_where_yyjson_sees_them_end(void **state)
{
	(void)state;
	uint64_t random = 4711;

	for (unsigned round = 0; round < 3000; round++) {
		struct buf stream BUF_CLEANUP = BUF_INIT(1000000);
		size_t count = 1 + random_below(&random, 4);
		for (size_t i = 0; i < count; i++) {
			put_value(&random, &stream, 4);
			put_space(&random, &stream, 1);
		}
		struct bytes left = buf_bytes(&stream);
		for (size_t i = 0; i < count; i++) {
			struct json_scan scan;
			assert_int_equal(feed_in_steps(&random, left, &scan), JSON_SCAN_VALUE);
			assert_int_equal(scan.offset, yyjson_end(left));
			left = bytes_of(left.data + scan.offset, left.size - scan.offset);
		}
	}
}

static void test_split_points_do_not_matter_for_garbage(void **state)
{
	(void)state;
	static const char alphabet[] = "{}[]\"\"\\,: \n1a\xff";
	uint64_t random = 99;

	for (unsigned round = 0; round < 20000; round++) {
		uint8_t data[64];
		size_t size = random_below(&random, sizeof data);
		for (size_t i = 0; i < size; i++)
			data[i] = (uint8_t)alphabet[random_below(&random, sizeof alphabet)];
		struct bytes left = bytes_of(data, size);
		struct json_scan whole, parts;
		for (;;) {
			json_scan_start(&whole);
			enum json_scan_result result = json_scan_feed(&whole, left);
			assert_int_equal(feed_in_steps(&random, left, &parts), result);
			assert_int_equal(parts.offset, whole.offset);
			if (result != JSON_SCAN_VALUE)
				break;
			assert_int_equal(parts.start, whole.start);
			assert_true(whole.offset > whole.start);
			left = bytes_of(left.data + whole.offset, left.size - whole.offset);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_ends_of_values),
	    cmocka_unit_test(test_incomplete_values_want_more),
	    cmocka_unit_test(test_depth_is_limited),
	    cmocka_unit_test(test_values_end_where_yyjson_sees_them_end),
	    cmocka_unit_test(test_split_points_do_not_matter_for_garbage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
