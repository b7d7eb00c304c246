#include "testing.h"

#include "base/u256.h"
#include "u256_vectors.h"

#define MAX_HEX     "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"
#define OVER_HEX    "10000000000000000000000000000000000000000000000000000000000000000"
#define LONG_ZERO   "00000000000000000000000000000000000000000000000000000000000000000"
#define MAX_DECIMAL "115792089237316195423570985008687907853269984665640564039457584007913129639935"

static struct u256 number(const char *hex)
{
	struct u256 value;

	assert_true(u256_from_hex_digits(bytes_text(hex), &value));
	return value;
}

static void assert_number(const struct u256 *found, const char *expected_hex)
{
	char text[U256_HEX_SIZE];

	u256_to_quantity(found, text);
	assert_string_equal(text + 2, expected_hex);
}

/* `ok` and the value agree with the vector, where NULL means that there is none; then the output was left alone. */
static void assert_outcome(bool ok, const struct u256 *value, const char *expected)
{
	assert_int_equal(ok, expected != NULL);
	assert_number(value, expected == NULL ? "5ca1e" : expected);
}

static void test_arithmetic_agrees_with_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof u256_vectors / sizeof u256_vectors[0]; i++) {
		const struct u256 a = number(u256_vectors[i].a);
		const struct u256 b = number(u256_vectors[i].b);
		struct u256 result = u256_from_u64(0x5ca1e);

		assert_outcome(u256_add(&a, &b, &result), &result, u256_vectors[i].sum);
		result = u256_from_u64(0x5ca1e);
		assert_outcome(u256_sub(&a, &b, &result), &result, u256_vectors[i].difference);
		result = u256_from_u64(0x5ca1e);
		assert_outcome(u256_mul(&a, &b, &result), &result, u256_vectors[i].product);
		assert_int_equal(u256_div_small(&a, u256_vectors[i].divisor, &result), u256_vectors[i].remainder);
		assert_number(&result, u256_vectors[i].quotient);
	}
}

static void test_decimal_agrees_with_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof u256_vectors / sizeof u256_vectors[0]; i++) {
		const struct u256 a = number(u256_vectors[i].a);
		char text[U256_DECIMAL_SIZE];
		struct u256 back;

		u256_to_decimal(&a, text);
		assert_string_equal(text, u256_vectors[i].decimal);
		assert_true(u256_from_decimal(bytes_text(text), &back));
		assert_true(u256_equal(&a, &back));
	}
}

static void test_outputs_may_be_inputs(void **state)
{
	(void)state;
	struct u256 value = number("123456789abcdef0123456789abcdef0");

	assert_true(u256_add(&value, &value, &value));
	assert_number(&value, "2468acf13579bde02468acf13579bde0");
	assert_true(u256_mul(&value, &value, &value));
	assert_number(&value, "52d9b70cfdab372a1e359256a49eae5343ddff86503bb7297882243ca948400");
	assert_true(u256_sub(&value, &value, &value));
	assert_true(u256_is_zero(&value));
}

static void test_bytes_are_big_endian(void **state)
{
	(void)state;
	uint8_t all[32];
	uint8_t minimal[32];
	struct u256 value;

	for (unsigned i = 0; i < 32; i++)
		all[i] = (uint8_t)(i + 1);
	assert_true(u256_from_bytes(bytes_of(all, 32), &value));
	assert_number(&value, "102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20");
	for (size_t size = 0; size <= 32; size++) {
		assert_true(u256_from_bytes(bytes_of(all, size), &value));
		assert_int_equal(u256_to_minimal(&value, minimal), size);
		assert_memory_equal(minimal, all, size);
		uint8_t padded[32];
		u256_to_bytes32(&value, padded);
		assert_memory_equal(padded + 32 - size, all, size);
		for (size_t i = 0; i < 32 - size; i++)
			assert_int_equal(padded[i], 0);
	}
	uint8_t long_zero[33] = {0};
	assert_false(u256_from_bytes(bytes_of(long_zero, 33), &value));
	assert_true(u256_from_bytes(bytes_of(long_zero, 32), &value));
	assert_true(u256_is_zero(&value));
	assert_int_equal(u256_to_minimal(&value, minimal), 0);
}

static void test_bits_and_u64(void **state)
{
	(void)state;
	struct u256 value = u256_from_u64(1);
	uint64_t small = 7;

	assert_int_equal(u256_bits(&U256_ZERO), 0);
	for (unsigned bit = 1; bit <= 256; bit++) {
		assert_int_equal(u256_bits(&value), bit);
		assert_int_equal(u256_fits_u64(&value, &small), bit <= 64);
		assert_int_equal(u256_add(&value, &value, &value), bit < 256);
	}
	assert_true(small == UINT64_C(1) << 63);
}

static void test_compare_orders(void **state)
{
	(void)state;
	static const char *const ascending[] = {"0", "1", "ffffffffffffffff", "10000000000000000", "10000000000000001",
	    "1000000000000000000000000000000000000000000000000", MAX_HEX};

	for (size_t i = 0; i < sizeof ascending / sizeof ascending[0]; i++) {
		for (size_t j = 0; j < sizeof ascending / sizeof ascending[0]; j++) {
			struct u256 a = number(ascending[i]);
			struct u256 b = number(ascending[j]);
			assert_int_equal(u256_compare(&a, &b), i < j ? -1 : i > j ? 1 : 0);
			assert_int_equal(u256_equal(&a, &b), i == j);
		}
	}
}

static void test_quantity_has_no_leading_zeros(void **state)
{
	(void)state;
	char text[U256_HEX_SIZE];
	struct u256 value = number("000400");

	u256_to_quantity(&U256_ZERO, text);
	assert_string_equal(text, "0x0");
	u256_to_quantity(&value, text);
	assert_string_equal(text, "0x400");
	value = number(MAX_HEX);
	u256_to_quantity(&value, text);
	assert_string_equal(text, "0x" MAX_HEX);
}

static void test_malformed_texts_are_refused(void **state)
{
	(void)state;
	static const char *const bad_hex[] = {"", "0x1", "g", " 1", "1 ", "-1", OVER_HEX, LONG_ZERO};
	static const char *const bad_decimal[] = {"", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "a", "１",
	    "115792089237316195423570985008687907853269984665640564039457584007913129639936",
	    "1157920892373161954235709850086879078532699846656405640394575840079131296399350"};
	struct u256 value = u256_from_u64(0x5ca1e);

	for (size_t i = 0; i < sizeof bad_hex / sizeof bad_hex[0]; i++)
		assert_false(u256_from_hex_digits(bytes_text(bad_hex[i]), &value));
	for (size_t i = 0; i < sizeof bad_decimal / sizeof bad_decimal[0]; i++)
		assert_false(u256_from_decimal(bytes_text(bad_decimal[i]), &value));
	assert_false(u256_from_decimal(LITERAL("1\0"), &value));
	assert_number(&value, "5ca1e");
	assert_true(u256_from_decimal(bytes_text(MAX_DECIMAL), &value));
	assert_number(&value, MAX_HEX);
	assert_true(u256_from_decimal(bytes_text("0000000000000000000000000000000000000000000000000000000000000000000000"
	                                         "00000000000000000000007"),
	    &value));
	assert_number(&value, "7");
}

static void test_units(void **state)
{
	(void)state;
	static const struct {
		const char *decimal;
		unsigned decimals;
		const char *expected;
	} cases[] = {{"0", 0, "0"}, {"0", 18, "0"}, {"1", 0, "1"}, {"100", 0, "100"}, {"1000000000000000000", 18, "1"},
	    {"1000000000000000001", 18, "1.000000000000000001"}, {"500000000000000000", 18, "0.5"},
	    {"1", 18, "0.000000000000000001"}, {"1234500", 6, "1.2345"}, {"10", 1, "1"}, {"1200", 1, "120"}, {"99", 1, "9.9"},
	    {"99", 2, "0.99"}, {"99", 3, "0.099"},
	    {"1", 77, "0.00000000000000000000000000000000000000000000000000000000000000000000000000001"},
	    {MAX_DECIMAL, 77, "1.15792089237316195423570985008687907853269984665640564039457584007913129639935"},
	    {MAX_DECIMAL, 18, "115792089237316195423570985008687907853269984665640564039457.584007913129639935"}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct u256 value;
		char text[U256_UNITS_SIZE];

		assert_true(u256_from_decimal(bytes_text(cases[i].decimal), &value));
		u256_to_units(&value, cases[i].decimals, text);
		assert_string_equal(text, cases[i].expected);
	}
}

static struct u256 random_number(uint64_t *random)
{
	struct u256 value = U256_ZERO;
	size_t limbs = random_below(random, 5);

	for (size_t i = 0; i < limbs; i++)
		value.limb[i] = random_next(random) >> (random_below(random, 3) == 0 ? random_below(random, 64) : 0);
	return value;
}

static void test_laws_hold_for_random_numbers(void **state)
{
	(void)state;
	uint64_t random = 77;

	for (unsigned i = 0; i < 20000; i++) {
		struct u256 a = random_number(&random), b = random_number(&random), x, y;
		uint32_t divisor = (uint32_t)random_next(&random) | 1;

		if (u256_add(&a, &b, &x))
			assert_true(u256_sub(&x, &b, &y) && u256_equal(&y, &a));
		else
			assert_true(u256_bits(&a) == 256 || u256_bits(&b) == 256);
		assert_int_equal(u256_sub(&a, &b, &x), u256_compare(&a, &b) >= 0);
		assert_int_equal(u256_mul(&a, &b, &x), u256_mul(&b, &a, &y));
		/* a = quotient * divisor + remainder */
		struct u256 rest = u256_from_u64(u256_div_small(&a, divisor, &x));
		struct u256 factor = u256_from_u64(divisor);
		assert_true(u256_mul(&x, &factor, &x) && u256_add(&x, &rest, &x));
		assert_true(u256_equal(&x, &a));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_arithmetic_agrees_with_vectors),
	    cmocka_unit_test(test_decimal_agrees_with_vectors),
	    cmocka_unit_test(test_outputs_may_be_inputs),
	    cmocka_unit_test(test_bytes_are_big_endian),
	    cmocka_unit_test(test_bits_and_u64),
	    cmocka_unit_test(test_compare_orders),
	    cmocka_unit_test(test_quantity_has_no_leading_zeros),
	    cmocka_unit_test(test_malformed_texts_are_refused),
	    cmocka_unit_test(test_units),
	    cmocka_unit_test(test_laws_hold_for_random_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
