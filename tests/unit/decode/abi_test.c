/* The contract ABI: the examples of its specification, and encodings that are not the canonical one. */
#include "../eth/eth_testing.h"

#include "decode/abi.h"

#define ZERO      "0000000000000000000000000000000000000000000000000000000000000000"
#define W(digits) "00000000000000000000000000000000000000000000000000000000" digits

/* The text of a call with these arguments, or the error; freed with the arena. */
static const char *describe(struct arena *arena, const char *signature, const char *arguments, bool *ret_good)
{
	struct abi_method method;
	struct abi_value value;
	struct error error = {0};
	struct buf text = BUF_INIT(1u << 20);

	*ret_good = abi_parse_method(bytes_text(signature), arena, &method, &error) &&
	            abi_decode(&method.inputs, unhex(arena, arguments), arena, &value, &error);
	if (*ret_good)
		abi_put_call(&method, &value, &text);
	else
		buf_put_text(&text, error.text);
	const char *result = arena_text(arena, buf_bytes(&text));
	buf_free(&text);
	return result;
}

static void assert_call(const char *signature, const char *arguments, const char *expected)
{
	struct arena arena = {0};
	bool good;

	assert_string_equal(describe(&arena, signature, arguments, &good), expected);
	assert_true(good);
	arena_free(&arena);
}

static void assert_refused(const char *signature, const char *arguments)
{
	struct arena arena = {0};
	bool good;
	const char *text = describe(&arena, signature, arguments, &good);

	if (good)
		fail_msg("accepted: %s", text);
	arena_free(&arena);
}

static void test_specification_examples(void **state)
{
	(void)state;
	assert_call("baz(uint32,bool)", W("00000045") W("00000001"), "baz(uint32: 69,bool: true)");
	assert_call("bar(bytes3[2])",
	    "6162630000000000000000000000000000000000000000000000000000000000"
	    "6465660000000000000000000000000000000000000000000000000000000000",
	    "bar(bytes3[2]: [0x616263 0x646566])");
	assert_call("sam(bytes,bool,uint256[])",
	    W("00000060") W("00000001") W("000000a0")
	        W("00000004") "6461766500000000000000000000000000000000000000000000000000000000" W("00000003") W("00000001")
	            W("00000002") W("00000003"),
	    "sam(bytes: 0x64617665,bool: true,uint256[]: [1 2 3])");
	assert_call("f(uint256,uint32[],bytes10,bytes)",
	    W("00000123") W("00000080") "3132333435363738393000000000000000000000000000000000000000000000" W("000000e0")
	        W("00000002") W("00000456") W("00000789")
	            W("0000000d") "48656c6c6f2c20776f726c642100000000000000000000000000000000000000",
	    "f(uint256: 291,uint32[]: [1110 1929],bytes10: 0x31323334353637383930,bytes: 0x48656c6c6f2c20776f726c6421)");
	assert_call("g(uint256[][],string[])",
	    W("00000040") W("00000140") W("00000002") W("00000040") W("000000a0") W("00000002") W("00000001") W("00000002")
	        W("00000001") W("00000003") W("00000003") W("00000060") W("000000a0") W("000000e0")
	            W("00000003") "6f6e65000000000000000000000000000000000000000000000000000000000"
	                          "0" W("00000003") "74776f000000000000000000000000000000000000000000"
	                                            "0000000000000000" W("00000005") "74687265650000000000000000000000"
	                                                                             "0000000000000000000000000000000"
	                                                                             "0",
	    "g(uint256[][]: [[1 2] [3]],string[]: [one two three])");
}

static void test_selectors(void **state)
{
	static const char *const pairs[][2] = {{"baz(uint32,bool)", "cdcd77c0"}, {"bar(bytes3[2])", "fce353f6"},
	    {"sam(bytes,bool,uint256[])", "a5643bf2"}, {"f(uint256,uint32[],bytes10,bytes)", "8be65246"},
	    {"g(uint256[][],string[])", "2289b18c"}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct arena arena = {0};
		struct abi_method method;
		struct error error;
		assert_true(abi_parse_method(bytes_text(pairs[i][0]), &arena, &method, &error));
		assert_hex(bytes_of(method.selector, 4), pairs[i][1]);
		arena_free(&arena);
	}
}

static void test_values(void **state)
{
	(void)state;
	assert_call("a()", "", "a()");
	assert_call("$_a1()", "", "$_a1()");
	assert_call("g(int40)", "fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffb", "g(int40: -5)");
	assert_call("g(int256)", "8000000000000000000000000000000000000000000000000000000000000000",
	    "g(int256: -57896044618658097711785492504343953926634992332820282019728792003956564819968)");
	assert_call("g(int8,int8)", W("0000007f") "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff80",
	    "g(int8: 127,int8: -128)");
	assert_call("g(address)", "000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266",
	    "g(address: 0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266)");
	assert_call("g(bytes,uint8[],string)", W("00000060") W("00000080") W("000000a0") ZERO ZERO ZERO,
	    "g(bytes: 0x,uint8[]: [],string: )");
	assert_call("g((uint8,(bool,bool)[2]),function)",
	    W("00000001") ZERO W("00000001") W("00000001") ZERO
	    "1111111111111111111111111111111111111111111111110000000000000000",
	    "g((uint8,(bool,bool)[2]): {1 [{false true} {true false}]},function: "
	    "0x111111111111111111111111111111111111111111111111)");
	assert_call("g((string,uint8)[])",
	    W("00000020") W("00000001") W("00000020") W("00000040") W("00000007")
	        W("00000001") "7800000000000000000000000000000000000000000000000000000000000000",
	    "g((string,uint8)[]: [{x 7}])");
}

static void test_stray_bits(void **state)
{
	(void)state;
	assert_refused("g(uint8)", W("00000100"));
	assert_refused("g(uint24)", W("01000000"));
	assert_refused("g(uint160)", "0000000000000000000000010000000000000000000000000000000000000000");
	assert_refused("g(uint248)", "0100000000000000000000000000000000000000000000000000000000000000");
	assert_refused("g(int8)", W("00000080"));
	assert_refused("g(int8)", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f");
	assert_refused("g(int128)", "0000000000000000000000000000000080000000000000000000000000000000");
	assert_refused("g(bool)", W("00000002"));
	assert_refused("g(bool)", "8000000000000000000000000000000000000000000000000000000000000001");
	assert_refused("g(address)", "000000000000000000000001f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
	assert_refused("g(bytes4)", "1122334400000000000000000000000000000000000000000000000000000001");
	assert_refused("g(function)", "1111111111111111111111111111111111111111111111110000000000000001");
	assert_refused(
	    "g(bytes)", W("00000020") W("00000001") "1100000000000000000000000000000000000000000000000000000000000001");
}

/* As the only argument: a word that ends in `bytes` bytes, the first of them `top` and the others `rest`, and has `fill` before them. */
static bool accepts(const char *type, size_t bytes, uint8_t fill, uint8_t top, uint8_t rest)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct abi_method method;
	struct abi_value values;
	uint8_t word[32];
	char signature[32];
	struct error error;

	snprintf(signature, sizeof(signature), "g(%s)", type);
	memset(word, fill, sizeof(word));
	memset(word + 32 - bytes, rest, bytes);
	word[32 - bytes] = top;
	assert_true(abi_parse_method(bytes_text(signature), &arena, &method, &error));
	return abi_decode(&method.inputs, bytes_of(word, sizeof(word)), &arena, &values, &error);
}

/* The largest and the smallest number of every width, and those one beyond. */
static void test_all_widths(void **state)
{
	(void)state;
	for (unsigned bytes = 1; bytes <= 32; bytes++) {
		char type[16];

		snprintf(type, sizeof(type), "uint%u", 8 * bytes);
		assert_true(accepts(type, bytes, 0, 0xff, 0xff));
		assert_true(bytes == 32 || !accepts(type, bytes + 1, 0, 0x01, 0));
		assert_true(bytes == 32 || !accepts(type, 32, 0, 0x80, 0));
		snprintf(type, sizeof(type), "int%u", 8 * bytes);
		assert_true(accepts(type, bytes, 0, 0x7f, 0xff));
		assert_true(accepts(type, bytes, 0xff, 0x80, 0));
		assert_true(bytes == 32 || !accepts(type, bytes, 0, 0x80, 0));
		assert_true(bytes == 32 || !accepts(type, bytes, 0xff, 0x7f, 0xff));
		snprintf(type, sizeof(type), "bytes%u", bytes);
		assert_true(accepts(type, 32, 0, 0xff, bytes == 32 ? 0xff : 0));
		assert_true(bytes == 32 || !accepts(type, 32 - bytes, 0xff, 0x01, 0));
		assert_true(bytes == 32 || !accepts(type, 32, 0, 0xff, 0xff));
	}
	assert_true(accepts("address", 20, 0, 0xff, 0xff));
	assert_false(accepts("address", 21, 0, 0x01, 0xff));
	assert_false(accepts("address", 32, 0, 0x80, 0));
}

static void test_other_encodings(void **state)
{
	(void)state;
	assert_refused("g(uint8)", "");
	assert_refused("g(uint8)", "00");
	assert_refused("g(uint8)", ZERO "00");
	assert_refused("g(uint8)", ZERO ZERO);
	assert_refused("g()", ZERO);
	assert_refused("g(bytes)", W("00000040") ZERO ZERO);                     /* a gap before it */
	assert_refused("g(bytes)", ZERO);                                        /* offset to itself */
	assert_refused("g(bytes)", W("00000020"));                               /* no length */
	assert_refused("g(bytes)", W("00000020") W("00000001"));                 /* no content */
	assert_refused("g(bytes)", W("00000021") ZERO ZERO);                     /* crooked */
	assert_refused("g(bytes,bytes)", W("00000040") W("00000040") ZERO);      /* shared */
	assert_refused("g(bytes,bytes)", W("00000060") W("00000040") ZERO ZERO); /* in the other order */
	assert_refused("g(bytes)", "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff" ZERO);
	assert_refused("g(bytes)", W("00000020") "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
	assert_refused("g(address[])", W("00000020") "0000000000000000000000000000000000000000000000000800000000000000" ZERO);
	assert_refused("g(uint8[1000000])", W("00000001"));
	assert_refused("g(uint8[100000])", W("00000001"));
	/* Arrays that hold themselves: each level would be 32 times as many values. */
	assert_refused("g(uint8[][][][][][])", W("00000020") W("00000002") W("ffffffe0") ZERO);
	assert_refused("g(uint8[][][][])", W("00000020") W("00000002") W("00000000") W("00000000"));
}

static void test_signatures_that_are_none(void **state)
{
	static const char *const bad[] = {"", "g", "g(", "g)", "()", "(uint8)", "g(uint8", "g(uint8))", "g(uint8)x", " g()",
	    "g() ", "g( )", "g(uint8, uint8)", "g(uint8,)", "g(,uint8)", "g(uint8,,uint8)", "1g()", "g(())", "g(uint)", "g(int)",
	    "g(uint7)", "g(uint0)", "g(uint08)", "g(uint264)", "g(uint99999999999999999999)", "g(int12)", "g(bytes0)",
	    "g(bytes33)", "g(bytes01)", "g(byte)", "g(fixed128x18)", "g(Address)", "g(address payable)", "g(uint8[)",
	    "g(uint8[0])", "g(uint8[01])", "g(uint8[-1])", "g(uint8[99999999999])", "g(uint8[4294967295][4294967295])",
	    "g(uint256[1000][1000])", "g(tuple)", "g(uint8)returns(bool)", "0xa9059cbb", "{\"name\":\"g\"}", "\xc3\xbc(uint8)",
	    "g(uint8\xc2\xa0)", "g(uint8 a)", "g.h()", "g(()[])"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct arena arena = {0};
		struct abi_method method;
		struct error error;
		if (abi_parse_method(bytes_text(bad[i]), &arena, &method, &error))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(error.kind, ERROR_REFUSED);
		arena_free(&arena);
	}
}

static void test_limits_of_signatures(void **state)
{
	struct arena arena = {0};
	struct abi_method method;
	struct error error;
	struct buf text = BUF_INIT(1u << 20);

	(void)state;
	buf_put_text(&text, "g(");
	for (unsigned i = 0; i < 4000; i++)
		buf_put_u8(&text, '(');
	assert_false(abi_parse_method(buf_bytes(&text), &arena, &method, &error));
	buf_reset(&text);
	buf_put_text(&text, "g(uint8");
	for (unsigned i = 0; i < ABI_DEPTH_MAX + 1; i++)
		buf_put_text(&text, "[]");
	buf_put_u8(&text, ')');
	assert_false(abi_parse_method(buf_bytes(&text), &arena, &method, &error));
	buf_reset(&text);
	buf_put_text(&text, "g(uint8");
	for (unsigned i = 0; i < ABI_SIGNATURE_MAX; i++)
		buf_put_text(&text, ",uint8");
	buf_put_u8(&text, ')');
	assert_false(abi_parse_method(buf_bytes(&text), &arena, &method, &error));
	buf_free(&text);
	arena_free(&arena);
}

/* Six arrays of 32 elements that are all the same one: a billion values in 6 KB. */
static void test_shared_elements(void **state)
{
	struct arena arena = {0};
	struct buf data = BUF_INIT(1u << 16);
	struct abi_method method;
	struct abi_value value;
	struct error error;
	uint8_t word[32] = {0};

	(void)state;
	word[31] = 32;
	buf_put(&data, word, 32);
	for (unsigned level = 0; level < 6; level++) {
		word[30] = 0;
		word[31] = 32;
		buf_put(&data, word, 32);
		word[30] = 32 * 32 / 256;
		word[31] = 0;
		for (unsigned i = 0; i < 32; i++)
			buf_put(&data, word, 32);
	}
	assert_true(abi_parse_method(bytes_text("g(uint256[][][][][][])"), &arena, &method, &error));
	assert_false(abi_decode(&method.inputs, buf_bytes(&data), &arena, &value, &error));
	assert_non_null(strstr(error.text, "too many values"));
	assert_true(arena.total < 64u << 20);
	buf_free(&data);
	arena_free(&arena);
}

/* Random words as arguments: never beyond them, and what is accepted encodes to what was there. */
static void test_random_arguments(void **state)
{
	static const char *const signatures[] = {"g(uint8[],bytes)", "g(string[][2],bool)", "g((bytes,uint8)[])",
	    "g(uint8[][][][])", "g(bytes,bytes,bytes)", "g((uint8,(bool,string)[])[3])"};
	uint64_t seed = 5;
	unsigned accepted = 0;

	(void)state;
	for (unsigned round = 0; round < 30000; round++) {
		struct arena arena = {0};
		struct abi_method method;
		struct abi_value value;
		struct error error;
		uint8_t data[32 * 12] = {0};
		size_t words = random_below(&seed, 13);
		for (size_t i = 0; i < words; i++)
			data[32 * i + 31] =
			    (uint8_t)(random_below(&seed, 3) ? 32 * random_below(&seed, 8) : random_below(&seed, 3));
		assert_true(abi_parse_method(bytes_text(signatures[round % 6]), &arena, &method, &error));
		accepted += abi_decode(&method.inputs, bytes_of(data, 32 * words), &arena, &value, &error);
		arena_free(&arena);
	}
	assert_true(accepted > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_specification_examples), cmocka_unit_test(test_selectors),
	    cmocka_unit_test(test_values), cmocka_unit_test(test_stray_bits), cmocka_unit_test(test_all_widths),
	    cmocka_unit_test(test_other_encodings), cmocka_unit_test(test_signatures_that_are_none),
	    cmocka_unit_test(test_limits_of_signatures), cmocka_unit_test(test_shared_elements),
	    cmocka_unit_test(test_random_arguments)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
