/* QUANTITY and DATA: what Clef takes, and nothing else. */
#include "eth_testing.h"

#include "eth/quantity.h"

static void test_numbers(void **state)
{
	static const struct {
		const char *json;
		bool good;
		uint64_t value;
	} cases[] = {{"\"0x0\"", true, 0}, {"\"0x1\"", true, 1}, {"\"0X1f\"", true, 31}, {"\"0xAbC\"", true, 2748},
	    {"\"\"", true, 0}, {"\"0xffffffffffffffff\"", true, UINT64_MAX}, {"\"0x10000000000000000\"", false, 0},
	    {"\"0x\"", false, 0}, {"\"0x00\"", false, 0}, {"\"0x01\"", false, 0}, {"\"1\"", false, 0}, {"1", false, 0},
	    {"0", false, 0}, {"null", false, 0}, {"true", false, 0}, {"[]", false, 0}, {"{}", false, 0}, {"\"-0x1\"", false, 0},
	    {"\"0x-1\"", false, 0}, {"\"0xg\"", false, 0}, {"\" 0x1\"", false, 0}, {"\"0x1 \"", false, 0},
	    {"\"0x1\\u0000\"", false, 0}, {"\"\\u00300x1\"", false, 0}, {"\"\xc3\x97\x31\"", false, 0}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json json = parse_json(cases[i].json);
		struct error error = {0};
		uint64_t value = 77;
		bool good = quantity_get_u64(json.root, "nonce", &value, &error);
		if (good != cases[i].good)
			fail_msg("%s: %s", cases[i].json, good ? "accepted" : error.text);
		if (good)
			assert_int_equal(value, cases[i].value);
		else
			assert_true(error.kind == ERROR_PARAMS && strncmp(error.text, "nonce: ", 7) == 0);
		json_free(&json);
	}
}

static void test_wide_numbers(void **state)
{
	struct json most = parse_json("\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"");
	struct json beyond = parse_json("\"0x10000000000000000000000000000000000000000000000000000000000000000\"");
	struct error error;
	struct u256 value;

	(void)state;
	assert_true(quantity_get_u256(most.root, "value", &value, &error));
	assert_int_equal(u256_bits(&value), 256);
	assert_false(quantity_get_u256(beyond.root, "value", &value, &error));
	json_free(&most);
	json_free(&beyond);
}

static void test_data(void **state)
{
	static const char *const bad[] = {"\"0x1\"", "\"12\"", "\"0xzz\"", "5", "null", "[\"0x\"]", "\"x\"", "\"0x 12\""};
	struct json good = parse_json("[\"0X00aBff\",\"0x\",\"\"]");
	struct arena arena = {0};
	struct error error;
	struct bytes data;

	(void)state;
	assert_true(quantity_get_data(yyjson_arr_get(good.root, 0), "data", &arena, &data, &error));
	assert_hex(data, "00abff");
	for (size_t i = 1; i < 3; i++) {
		assert_true(quantity_get_data(yyjson_arr_get(good.root, i), "data", &arena, &data, &error));
		assert_int_equal(data.size, 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json json = parse_json(bad[i]);
		assert_false(quantity_get_data(json.root, "data", &arena, &data, &error));
		json_free(&json);
	}
	json_free(&good);
	arena_free(&arena);
}

static void test_address_is_shown_as_it_came(void **state)
{
	struct json json = parse_json("\"0XF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266\"");
	struct arena arena = {0};
	struct address address;
	struct error error;
	struct bytes text;

	(void)state;
	assert_true(quantity_get_address_text(json.root, "from", &arena, &address, &text, &error));
	assert_bytes_equal(text, bytes_text("0xF39FD6E51AAD88F6F4CE6AB8827279CFFFB92266"));
	json_free(&json);
	arena_free(&arena);
}

static void test_writing(void **state)
{
	struct buf buf = BUF_INIT(1000);
	struct u256 zero = U256_ZERO;

	(void)state;
	quantity_put_u64(&buf, 1024);
	quantity_put_u256(&buf, &zero);
	quantity_put_data(&buf, LITERAL("\x00\xff"));
	quantity_put_data(&buf, BYTES_NONE);
	assert_string_equal(buf_text(&buf), "\"0x400\"\"0x0\"\"0x00ff\"\"0x\"");
	buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers), cmocka_unit_test(test_wide_numbers),
	    cmocka_unit_test(test_data), cmocka_unit_test(test_address_is_shown_as_it_came), cmocka_unit_test(test_writing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
