/* What is offered for gas, out of what nodes answer. */
#include "../base/testing.h"

#include "proxy/fees.h"

static struct u256 number(uint64_t value)
{
	return u256_from_u64(value);
}

static void assert_number(const struct u256 *found, uint64_t expected)
{
	struct u256 wanted = u256_from_u64(expected);

	assert_true(u256_equal(found, &wanted));
}

static void test_numbers(void **state)
{
	static const char *const bad[] = {"\"\"", "\"0x\"", "\"0x01\"", "\"12\"", "12", "null", "[]", "{}", "true", "\"0xg\"",
	    "\"-0x1\"", "", "\"0x1", "\"0x10000000000000000000000000000000000000000000000000000000000000000\""};
	struct u256 wide;
	struct error error;
	uint64_t narrow;

	(void)state;
	assert_true(fees_read_number(bytes_text(" \"0x1f\" "), "eth_x", &wide, &error));
	assert_number(&wide, 31);
	assert_true(fees_read_number(
	    bytes_text("\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\""), "eth_x", &wide, &error));
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (fees_read_number(bytes_text(bad[i]), "eth_x", &wide, &error))
			fail_msg("%s", bad[i]);
		assert_int_equal(error.kind, ERROR_INTERNAL);
		assert_non_null(strstr(error.text, "the node's answer to eth_x"));
	}
	assert_true(fees_read_u64(bytes_text("\"0xffffffffffffffff\""), "eth_x", &narrow, &error));
	assert_true(narrow == UINT64_MAX);
	assert_false(fees_read_u64(bytes_text("\"0x10000000000000000\""), "eth_x", &narrow, &error));
}

static void test_base(void **state)
{
	struct u256 base;
	struct error error;
	bool has;

	(void)state;
	assert_true(fees_read_base(bytes_text("{\"number\":\"0x1\",\"baseFeePerGas\":\"0x7\"}"), &has, &base, &error));
	assert_true(has);
	assert_number(&base, 7);
	assert_true(fees_read_base(bytes_text("{\"number\":\"0x1\"}"), &has, &base, &error));
	assert_false(has);
	assert_true(fees_read_base(bytes_text("{\"baseFeePerGas\":null}"), &has, &base, &error));
	assert_false(has);
	assert_false(fees_read_base(bytes_text("{\"baseFeePerGas\":7}"), &has, &base, &error));
	assert_false(fees_read_base(bytes_text("null"), &has, &base, &error));
}

static void test_history(void **state)
{
	static const char *const bad[] = {"null", "{}", "{\"reward\":[]}", "{\"reward\":{}}", "{\"reward\":[[]]}",
	    "{\"reward\":[\"0x1\"]}", "{\"reward\":[[\"0x1\"],[1]]}"};
	struct u256 tip;
	struct error error;

	(void)state;
	assert_true(fees_read_history(bytes_text("{\"reward\":[[\"0x64\"],[\"0x1\"],[\"0x3\"]]}"), &tip, &error));
	assert_number(&tip, 3);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (fees_read_history(bytes_text(bad[i]), &tip, &error))
			fail_msg("%s", bad[i]);
}

static void test_settle(void **state)
{
	struct u256 base = number(100), tip = number(7), huge;
	struct fees fees = {0};
	struct error error;

	(void)state;
	assert_true(fees_settle(&fees, &base, &tip, &error));
	assert_number(&fees.max, 207);
	assert_number(&fees.tip, 7);
	fees = (struct fees){.has_tip = true, .tip = number(9)};
	assert_true(fees_settle(&fees, &base, &tip, &error));
	assert_number(&fees.max, 209);
	assert_number(&fees.tip, 9);
	/* a cap that was given is never raised */
	fees = (struct fees){.has_max = true, .max = number(5)};
	assert_true(fees_settle(&fees, &base, &tip, &error));
	assert_number(&fees.max, 5);
	assert_number(&fees.tip, 5);
	fees = (struct fees){.has_max = true, .max = number(5), .has_tip = true, .tip = number(6)};
	assert_false(fees_settle(&fees, &base, &tip, &error));
	memset(&huge, 0xff, sizeof(huge));
	fees = (struct fees){0};
	assert_false(fees_settle(&fees, &huge, &tip, &error));
	fees = (struct fees){0};
	assert_false(fees_settle(&fees, &base, &huge, &error));
}

static void test_gas(void **state)
{
	(void)state;
	assert_int_equal(fees_gas_limit(21000), 21000);
	assert_int_equal(fees_gas_limit(100000), 125000);
	assert_int_equal(fees_gas_limit(16000000), 16777216);
	assert_int_equal(fees_gas_limit(16777216), 16777216);
	assert_int_equal(fees_gas_limit(20000000), 25000000);
	assert_true(fees_gas_limit(UINT64_MAX) == UINT64_MAX);
	assert_int_equal(fees_gas_limit(0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_base),
	    cmocka_unit_test(test_history), cmocka_unit_test(test_settle), cmocka_unit_test(test_gas)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
