/* Addresses: the texts of EIP-55, and texts that are no address. */
#include "eth_testing.h"

#include "eth/address.h"

/* All test cases of EIP-55. */
static const char *const checksummed[] = {"0x52908400098527886E0F7030069857D2E4169EE7",
    "0x8617E340B3D01FA5F11F306F4090FD50E238070D", "0xde709f2102306220921060314715629080e2fb77",
    "0x27b1fdb04752bbc536007a920d24acb045561c26", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
    "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", "0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
    "0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb"};

static void test_checksums(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(checksummed) / sizeof(checksummed[0]); i++) {
		struct address address;
		char text[ADDRESS_TEXT_SIZE];
		assert_true(address_parse(bytes_text(checksummed[i]), &address));
		address_to_checksum(&address, text);
		assert_string_equal(text, checksummed[i]);
		assert_true(address_is_checksummed(bytes_text(text)));
		address_to_lower(&address, text);
		for (size_t k = 0; text[k]; k++)
			assert_false(text[k] >= 'A' && text[k] <= 'Z');
	}
}

static void test_wrong_checksums(void **state)
{
	static const char *const wrong[] = {"0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed",
	    "0x5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED", "0X5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
	    "0x5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", ""};

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		assert_false(address_is_checksummed(bytes_text(wrong[i])));
	/* Nothing to check in digits alone. */
	assert_true(address_is_checksummed(bytes_text("0x1234567890123456789012345678901234567890")));
}

static void test_parsing(void **state)
{
	static const char *const bad[] = {"", "0x", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe", "vitalik.eth",
	    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAedd", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeg",
	    " 0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed ",
	    "0x0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeA"};
	struct address address, same;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(address_parse(bytes_text(bad[i]), &address));
		assert_false(address_parse_lax(bytes_text(bad[i]), &address));
	}
	assert_false(address_parse(bytes_text("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), &address));
	assert_true(address_parse_lax(bytes_text("5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"), &address));
	assert_true(address_parse(bytes_text("0X5AAEB6053F3E94C9B9A09F33669435E7EF1BEAED"), &same));
	assert_true(address_equal(&address, &same));
	assert_false(address_is_zero(&address));
	same.bytes[19] ^= 1;
	assert_false(address_equal(&address, &same));
	assert_true(address_is_zero(&ADDRESS_ZERO));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_checksums), cmocka_unit_test(test_wrong_checksums), cmocka_unit_test(test_parsing)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
