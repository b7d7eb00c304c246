/* Keys, signatures and recovery over secp256k1. */
#include "eth_testing.h"

#include "eth/keccak.h"
#include "eth/signature.h"

static struct signature_context *context;

static void get_key(const char *digits, uint8_t key[SIGNATURE_KEY_SIZE])
{
	assert_true(hex_decode_fixed(bytes_text(digits), key, SIGNATURE_KEY_SIZE));
}

static void test_addresses_of_keys(void **state)
{
	/* Published: the first account of Hardhat and anvil, and the example of web3.js's documentation. */
	static const char *const pairs[][2] = {
	    {"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"},
	    {"4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318", "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"},
	    {"0000000000000000000000000000000000000000000000000000000000000001", "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf"}};

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		uint8_t key[SIGNATURE_KEY_SIZE];
		struct address address;
		char text[ADDRESS_TEXT_SIZE];
		get_key(pairs[i][0], key);
		assert_true(signature_key_is_valid(context, key));
		assert_true(signature_key_address(context, key, &address));
		address_to_checksum(&address, text);
		assert_string_equal(text, pairs[i][1]);
	}
}

static void test_keys_out_of_range(void **state)
{
	static const char *const bad[] = {"0000000000000000000000000000000000000000000000000000000000000000",
	    "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141",
	    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"};
	uint8_t key[SIGNATURE_KEY_SIZE], digest[SIGNATURE_DIGEST_SIZE] = {1};
	struct signature signature;
	struct address address;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		get_key(bad[i], key);
		assert_false(signature_key_is_valid(context, key));
		assert_false(signature_key_address(context, key, &address));
		assert_false(signature_sign(context, key, digest, &signature));
	}
	get_key("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364140", key);
	assert_true(signature_key_is_valid(context, key));
}

/* RFC 6979 over secp256k1 with SHA-256: the vector that Bitcoin's and Trezor's libraries share (key 1, "Satoshi Nakamoto"). */
static void test_deterministic_and_low_s(void **state)
{
	uint8_t key[SIGNATURE_KEY_SIZE], digest[SIGNATURE_DIGEST_SIZE];
	struct signature signature;

	(void)state;
	get_key("0000000000000000000000000000000000000000000000000000000000000001", key);
	get_key("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e", digest);
	assert_true(signature_sign(context, key, digest, &signature));
	assert_hex(bytes_of(signature.r, 32), "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d8");
	assert_hex(bytes_of(signature.s, 32), "2442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5");
}

static void test_every_signature_recovers(void **state)
{
	uint8_t key[SIGNATURE_KEY_SIZE], digest[SIGNATURE_DIGEST_SIZE];
	struct address own, found;
	unsigned parities[2] = {0, 0};

	(void)state;
	get_key("ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80", key);
	assert_true(signature_key_address(context, key, &own));
	for (uint8_t i = 0; i < 100; i++) {
		struct signature signature;
		keccak256(bytes_of(&i, 1), digest);
		assert_true(signature_sign(context, key, digest, &signature));
		assert_true(signature.s[0] < 0x80);
		assert_true(signature_recover(context, digest, &signature, &found));
		assert_true(address_equal(&own, &found));
		parities[signature.parity]++;
		signature.parity ^= 1;
		assert_false(signature_recover(context, digest, &signature, &found) && address_equal(&own, &found));
		signature.parity = 2;
		assert_false(signature_recover(context, digest, &signature, &found));
	}
	assert_true(parities[0] > 20 && parities[1] > 20);
}

static void test_65_bytes(void **state)
{
	uint8_t bytes[SIGNATURE_SIZE + 1] = {1}, again[SIGNATURE_SIZE];
	struct signature signature;
	struct error error;

	(void)state;
	for (unsigned v = 0; v < 256; v++) {
		bytes[64] = (uint8_t)v;
		bool good = signature_from_bytes(bytes_of(bytes, SIGNATURE_SIZE), &signature, &error);
		assert_int_equal(good, v == 27 || v == 28);
		if (!good) {
			assert_string_equal(error.text, "invalid Ethereum signature (V is not 27 or 28)");
			continue;
		}
		signature_to_bytes(&signature, again);
		assert_memory_equal(again, bytes, SIGNATURE_SIZE);
	}
	bytes[63] = bytes[64] = 27;
	assert_false(signature_from_bytes(bytes_of(bytes, 64), &signature, &error));
	assert_string_equal(error.text, "signature must be 65 bytes long");
	assert_false(signature_from_bytes(bytes_of(bytes, 66), &signature, &error));
	assert_false(signature_from_bytes(BYTES_NONE, &signature, &error));
}

static int setup(void **state)
{
	static const uint8_t seed[32] = {42};

	(void)state;
	context = signature_context_new(seed);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	signature_context_free(context);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses_of_keys), cmocka_unit_test(test_keys_out_of_range),
	    cmocka_unit_test(test_deterministic_and_low_s), cmocka_unit_test(test_every_signature_recovers),
	    cmocka_unit_test(test_65_bytes)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
