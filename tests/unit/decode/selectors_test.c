/* The shipped list: every text of it hashes to the selector by which it is found. */
#include "../eth/eth_testing.h"

#include "decode/abi.h"
#include "decode/selectors.h"
#include "eth/keccak.h"

static void find(const char *selector, struct selectors_texts *ret_texts)
{
	uint8_t bytes[4];

	assert_true(hex_decode_fixed(bytes_text(selector), bytes, sizeof(bytes)));
	if (!selectors_find(bytes, ret_texts))
		fail_msg("%s is not in the list", selector);
}

static void test_popular_methods(void **state)
{
	/* The honest text and no mined one beside it. */
	static const char *const methods[][3] = {{"a9059cbb", "transfer(address,uint256)", "to,"},
	    {"095ea7b3", "approve(address,uint256)", "spender,"}, {"23b872dd", "transferFrom(address,address,uint256)", "from,"},
	    {"a22cb465", "setApprovalForAll(address,bool)", "operator,"}, {"d0e30db0", "deposit()", ""},
	    {"2e1a7d4d", "withdraw(uint256)", ""}, {"5ae401dc", "multicall(uint256,bytes[])", "deadline,"},
	    {"3593564c", "execute(bytes,bytes[],uint256)", "commands,"},
	    {"e7a050aa", "depositIntoStrategy(address,address,uint256)", ""},
	    {"ec6cb13f", "setPreSignature(bytes,bool)", "orderUid,"},
	    {"83800a8e", "unoswap(uint256,uint256,uint256,uint256)", ""}};

	(void)state;
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		struct selectors_texts texts;
		find(methods[i][0], &texts);
		assert_int_equal(texts.count, 1);
		assert_bytes_equal(texts.signatures[0], bytes_text(methods[i][1]));
		if (methods[i][2][0] && !memmem(texts.names[0].data, texts.names[0].size, ",", 1))
			fail_msg("%s has no parameter names", methods[i][1]);
	}
}

static void test_several_texts(void **state)
{
	struct selectors_texts texts;

	(void)state;
	find("04d742dc", &texts);
	assert_true(texts.count > 1);
	assert_false(bytes_equal(texts.signatures[0], texts.signatures[1]));
}

static void test_unknown(void **state)
{
	static const uint8_t unknown[][4] = {
	    {0xfe, 0xdc, 0x43, 0x21}, {0, 0, 0, 1}, {0xff, 0xff, 0xff, 0xfe}, {0xde, 0xad, 0xbe, 0xef}};
	struct selectors_texts texts;

	(void)state;
	for (size_t i = 0; i < sizeof(unknown) / sizeof(unknown[0]); i++) {
		assert_false(selectors_find(unknown[i], &texts));
		assert_int_equal(texts.count, 0);
	}
}

/* All facts files, as the build saw them, are found and can be decoded with. */
static void test_whole_list(void **state)
{
	FILE *file = fopen(getenv("CLEF_SELECTORS"), "r");
	char *line = NULL;
	size_t capacity = 0, lines = 0;
	ssize_t size;

	(void)state;
	assert_non_null(file);
	while ((size = getline(&line, &capacity, file)) > 0) {
		struct bytes signature = bytes_of(line, (size_t)size - 1);
		uint8_t digest[KECCAK256_SIZE];
		struct selectors_texts texts;
		struct arena arena = {0};
		struct abi_method method;
		struct error error;
		bool found = false;
		keccak256(signature, digest);
		selectors_find(digest, &texts);
		for (size_t i = 0; i < texts.count; i++)
			found |= bytes_equal(texts.signatures[i], signature);
		if (!found || !abi_parse_method(signature, &arena, &method, &error))
			fail_msg("%.*s: %s", (int)signature.size, line, found ? error.text : "not found");
		assert_memory_equal(method.selector, digest, 4);
		arena_free(&arena);
		lines++;
	}
	free(line);
	fclose(file);
	assert_true(lines > 100000 && selectors_count() > lines);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_popular_methods), cmocka_unit_test(test_several_texts),
	    cmocka_unit_test(test_unknown), cmocka_unit_test(test_whole_list)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
