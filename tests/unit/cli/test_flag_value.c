#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "cli/flag_value.h"

static void check_int(const char *text, int64_t wanted)
{
	int64_t value = 12345;
	assert_int_equal(flag_value_int(text, &value), FLAG_VALUE_OK);
	if (value != wanted)
		fail_msg("%s is read as %lld", text, (long long)value);
}

static void test_integers_of_every_base(void **state)
{
	(void)state;
	check_int("0", 0);
	check_int("1", 1);
	check_int("-1", -1);
	check_int("+7", 7);
	check_int("0x5", 5);
	check_int("0XfF", 255);
	check_int("-0x10", -16);
	check_int("0b11", 3);
	check_int("0B101", 5);
	check_int("0o17", 15);
	check_int("0O17", 15);
	check_int("017", 15);
	check_int("00", 0);
	check_int("0x0000000000000000000000000000000001", 1);
	check_int("9223372036854775807", INT64_MAX);
	check_int("-9223372036854775808", INT64_MIN);
}

static void test_underscores_between_digits(void **state)
{
	(void)state;
	check_int("1_000", 1000);
	check_int("1_2_3", 123);
	check_int("0x_ff", 255);
	check_int("0_17", 15);
	check_int("0b1_0", 2);
}

static void test_what_is_no_integer(void **state)
{
	static const char *const wrong[] = {"", "abc", "1.5", "-", "+", "--1", "+-1", " 1", "1 ", "1\n", "0x", "0b", "0o", "0xg",
	    "0b2", "08", "_1", "1_", "1__0", "0x_", "0__1", "-_1", "1e3", "\xff", "1\xc2\xa0", "0x-1", "\xd9\xa1"};
	int64_t value = 99;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (flag_value_int(wrong[i], &value) != FLAG_VALUE_SYNTAX)
			fail_msg("'%s' is taken for an integer", wrong[i]);
	assert_int_equal(value, 99);
}

static void test_integers_out_of_range(void **state)
{
	static const char *const wrong[] = {"9223372036854775808", "-9223372036854775809", "99999999999999999999",
	    "0x8000000000000000", "18446744073709551616", "0x1000000000000000000000000000000000000000000000001"};
	int64_t value = 99;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(flag_value_int(wrong[i], &value), FLAG_VALUE_RANGE);
	assert_int_equal(value, 99);
}

static void test_booleans(void **state)
{
	static const char *const wrong[] = {"", "maybe", "yes", "no", "on", "2", "tRUE", "true ", "00"};
	static const char *const yes[] = {"1", "t", "T", "true", "True", "TRUE"};
	static const char *const no[] = {"0", "f", "F", "false", "False", "FALSE"};
	bool value;

	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		assert_int_equal(flag_value_bool(yes[i], &value), FLAG_VALUE_OK);
		assert_true(value);
		assert_int_equal(flag_value_bool(no[i], &value), FLAG_VALUE_OK);
		assert_false(value);
	}
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		assert_int_equal(flag_value_bool(wrong[i], &value), FLAG_VALUE_SYNTAX);
}

static void check_duration(const char *text, int64_t wanted)
{
	int64_t seconds = -5;
	assert_int_equal(flag_value_duration(text, &seconds), FLAG_VALUE_OK);
	if (seconds != wanted)
		fail_msg("%s is read as %lld seconds", text, (long long)seconds);
}

static void test_durations(void **state)
{
	(void)state;
	check_duration("0", 0);
	check_duration("0s", 0);
	check_duration("120", 120);
	check_duration("90s", 90);
	check_duration("2m", 120);
	check_duration("1h30m", 5400);
	check_duration("1h0m5s", 3605);
	check_duration("720h", FLAG_DURATION_MOST_S);
}

/* A half-understood "500ms" must not become "0: never". */
static void test_what_is_no_duration(void **state)
{
	static const char *const wrong[] = {
	    "", "s", "-1s", "+1s", "1.5s", "500ms", "1us", "5 s", "1m30", "30s1m", "1s1s", "1d", "1hm", "0x10s"};
	static const char *const long_ones[] = {"2592001", "721h", "99999999999999999999s", "9999999h9999999m9999999s"};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (flag_value_duration(wrong[i], &seconds) != FLAG_VALUE_SYNTAX)
			fail_msg("'%s' is taken for a duration", wrong[i]);
	for (size_t i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++)
		assert_int_equal(flag_value_duration(long_ones[i], &seconds), FLAG_VALUE_RANGE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_integers_of_every_base),
	    cmocka_unit_test(test_underscores_between_digits),
	    cmocka_unit_test(test_what_is_no_integer),
	    cmocka_unit_test(test_integers_out_of_range),
	    cmocka_unit_test(test_booleans),
	    cmocka_unit_test(test_durations),
	    cmocka_unit_test(test_what_is_no_duration),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
