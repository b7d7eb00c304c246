#include "testing.h"

#include "base/hex.h"

static void test_digits(void **state)
{
	(void)state;
	static const char digits[] = "0123456789abcdefABCDEF";
	unsigned good = 0;

	for (unsigned c = 0; c < 256; c++) {
		bool expected = c != 0 && strchr(digits, (int)c) != NULL;
		assert_int_equal(hex_digit((uint8_t)c) >= 0, expected);
		good += expected ? 1 : 0;
	}
	assert_int_equal(good, 22);
	assert_int_equal(hex_digit('9'), 9);
	assert_int_equal(hex_digit('a'), 10);
	assert_int_equal(hex_digit('F'), 15);
}

static void test_decode_fixed(void **state)
{
	(void)state;
	uint8_t data[3] = {0};

	assert_true(hex_decode_fixed(bytes_text("00aBfF"), data, 3));
	assert_memory_equal(data, "\x00\xab\xff", 3);
	assert_false(hex_decode_fixed(bytes_text("00aBf"), data, 3));
	assert_false(hex_decode_fixed(bytes_text("00aBfFa"), data, 3));
	assert_false(hex_decode_fixed(bytes_text("00aBfF00"), data, 3));
	assert_false(hex_decode_fixed(bytes_text("00aBfg"), data, 3));
	assert_false(hex_decode_fixed(bytes_text("0x00aB"), data, 3));
	assert_false(hex_decode_fixed(LITERAL("00ab\0f"), data, 3));
	assert_true(hex_decode_fixed(BYTES_NONE, data, 0));
}

static void test_decode_appends_all_or_nothing(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(3);

	assert_true(hex_decode(bytes_text("01"), &buf));
	assert_false(hex_decode(bytes_text("023"), &buf));
	assert_false(hex_decode(bytes_text("02zz"), &buf));
	assert_true(hex_decode(bytes_text(""), &buf));
	assert_bytes_equal(buf_bytes(&buf), LITERAL("\x01"));
	assert_false(hex_decode(bytes_text("020304"), &buf));
	assert_false(buf_ok(&buf));
}

static void test_encode_round_trip(void **state)
{
	(void)state;
	uint8_t data[256];
	struct buf text BUF_CLEANUP = BUF_INIT(512);
	struct buf back BUF_CLEANUP = BUF_INIT(256);

	for (unsigned i = 0; i < 256; i++)
		data[i] = (uint8_t)i;
	hex_encode(bytes_of(data, sizeof data), &text);
	assert_int_equal(buf_bytes(&text).size, 512);
	assert_memory_equal(text.data + 2 * 0xa9, "a9aa", 4);
	assert_true(hex_decode(buf_bytes(&text), &back));
	assert_bytes_equal(buf_bytes(&back), bytes_of(data, sizeof data));
	hex_encode(bytes_of(data, 1), &text);
	assert_false(buf_ok(&text));
}

static void test_prefix(void **state)
{
	(void)state;
	assert_true(hex_has_prefix(bytes_text("0x")));
	assert_true(hex_has_prefix(bytes_text("0X1")));
	assert_false(hex_has_prefix(bytes_text("0")));
	assert_false(hex_has_prefix(bytes_text("x0")));
	assert_false(hex_has_prefix(BYTES_NONE));
	assert_bytes_equal(hex_skip_prefix(bytes_text("0x12")), bytes_text("12"));
	assert_bytes_equal(hex_skip_prefix(bytes_text("12")), bytes_text("12"));
	assert_bytes_equal(hex_skip_prefix(bytes_text("0x0x12")), bytes_text("0x12"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_digits),
	    cmocka_unit_test(test_decode_fixed),
	    cmocka_unit_test(test_decode_appends_all_or_nothing),
	    cmocka_unit_test(test_encode_round_trip),
	    cmocka_unit_test(test_prefix),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
