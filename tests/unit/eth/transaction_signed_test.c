/* Signed transactions read back: the inverse of writing, and nothing else. */
#include "eth_testing.h"

#include "eth/blob.h"
#include "eth/transaction.h"

#define CHAIN 31337

static const char *const asked[] = {
    "{\"gas\":\"0x5208\",\"gasPrice\":\"0x7\",\"nonce\":\"0x3\",\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"value\":"
    "\"0x1\"}",
    "{\"gas\":\"0x5208\",\"gasPrice\":\"0x7\",\"data\":\"0x6001\",\"accessList\":[{\"address\":"
    "\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\","
    "\"storageKeys\":[\"0x0000000000000000000000000000000000000000000000000000000000000001\"]}]}",
    "{\"gas\":\"0x5208\",\"maxFeePerGas\":\"0x7\",\"maxPriorityFeePerGas\":\"0x1\",\"to\":"
    "\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"}",
    "{\"gas\":\"0x5208\",\"maxFeePerGas\":\"0x7\",\"maxPriorityFeePerGas\":\"0x1\",\"to\":"
    "\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\","
    "\"maxFeePerBlobGas\":\"0x5\",\"blobVersionedHashes\":["
    "\"0x01b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1\"]}",
    "{\"gas\":\"0x5208\",\"maxFeePerGas\":\"0x7\",\"maxPriorityFeePerGas\":\"0x1\",\"to\":"
    "\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\","
    "\"authorizationList\":[{\"chainId\":\"0x0\",\"address\":\"0x2c7536e3605d9c16a7a3d7b1898e529396a65c23\",\"nonce\":\"0x1\","
    "\"yParity\":\"0x1\","
    "\"r\":\"0x3\",\"s\":\"0x4\"}]}",
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

static const uint8_t key[SIGNATURE_KEY_SIZE] = {[31] = 9};

struct fixture {
	struct arena arena;
	struct signature_context *context;
	struct address owner;
};

static int setup(void **state)
{
	struct fixture *fixture = memory_new(1, sizeof(*fixture));

	fixture->context = signature_context_new(NULL);
	assert_true(signature_key_address(fixture->context, key, &fixture->owner));
	*state = fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;

	signature_context_free(fixture->context);
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

static struct transaction read_asked(struct fixture *fixture, const char *text)
{
	struct json json = parse_json(text);
	struct transaction transaction;
	struct error error;

	if (!transaction_from_json(json.root, &fixture->arena, &transaction, &error))
		fail_msg("%s", error.text);
	transaction.to_text = BYTES_NONE;
	json_free(&json);
	return transaction;
}

/* As keys would. */
static struct signature sign(struct fixture *fixture, const struct transaction *transaction, uint64_t chain_id)
{
	struct buf payload = BUF_INIT(TRANSACTION_SIZE_MAX);
	uint8_t digest[KECCAK256_SIZE];
	struct signature signature;
	struct error error;

	assert_true(transaction_put_payload(transaction, chain_id, &payload, &error));
	keccak256(buf_bytes(&payload), digest);
	assert_true(signature_sign(fixture->context, key, digest, &signature));
	buf_free(&payload);
	return signature;
}

static struct bytes put(
    struct fixture *fixture, const struct transaction *transaction, uint64_t chain_id, const struct signature *signature)
{
	struct buf raw = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct error error;

	if (!transaction_put_signed(transaction, chain_id, signature, &raw, &error))
		fail_msg("%s", error.text);
	struct bytes copy = arena_copy(&fixture->arena, buf_bytes(&raw));
	buf_free(&raw);
	return copy;
}

static struct bytes put_and_sign(struct fixture *fixture, const struct transaction *transaction, uint64_t chain_id)
{
	struct signature signature = sign(fixture, transaction, chain_id);

	return put(fixture, transaction, chain_id, &signature);
}

static void check_read(struct fixture *fixture, const struct transaction *transaction, uint64_t chain_id)
{
	struct bytes raw = put_and_sign(fixture, transaction, chain_id);
	struct transaction_signed read;
	struct address signer;
	struct error error;

	if (!transaction_from_signed(raw, &fixture->arena, &read, &error))
		fail_msg("type %d: %s", (int)transaction->type, error.text);
	assert_int_equal(read.chain_id, chain_id);
	assert_int_equal(read.transaction.type, transaction->type);
	assert_int_equal(read.transaction.nonce, transaction->nonce);
	assert_true(signature_recover(fixture->context, read.digest, &read.signature, &signer));
	assert_true(address_equal(&signer, &fixture->owner));
	assert_bytes_equal(put(fixture, &read.transaction, read.chain_id, &read.signature), raw);
}

static void test_every_type_is_read(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ASKED; i++) {
		struct transaction transaction = read_asked(fixture, asked[i]);

		check_read(fixture, &transaction, CHAIN);
		check_read(fixture, &transaction, UINT64_MAX); /* v of a legacy transaction is wider than 64 bits then */
		if (transaction.type == TRANSACTION_LEGACY)
			check_read(fixture, &transaction, 0);
	}
}

/* From the specification of EIP-155. */
static void test_published(void **state)
{
	struct fixture *fixture = *state;
	struct bytes raw = unhex(&fixture->arena,
	    "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe5375"
	    "67866003e1"
	    "a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
	struct transaction_signed read;
	struct error error;

	assert_true(transaction_from_signed(raw, &fixture->arena, &read, &error));
	assert_int_equal(read.chain_id, 1);
	assert_int_equal(read.transaction.nonce, 9);
	assert_hex(bytes_of(read.digest, 32), "daf5a779ae972f972197303d7b574746c7ef83eadac0f2791ad23db92e4c8e53");
	assert_hex(bytes_of(read.hash, 32), "33469b22e9f636356c4160a87eb19df52b7412e8eac32a4a55ffe88ea8350788");
}

static void test_sidecars(void **state)
{
	struct fixture *fixture = *state;
	struct transaction transaction = read_asked(fixture, asked[3]);
	struct transaction alone = transaction;

	for (unsigned version = 0; version < 2; version++) {
		struct blob_sidecar sidecar = {.version = (enum blob_version)version, .count = 1};
		struct transaction_signed read, read_alone;
		struct error error;

		sidecar.blobs = bytes_of(arena_alloc(&fixture->arena, BLOB_SIZE), BLOB_SIZE);
		sidecar.commitments = bytes_of(arena_alloc(&fixture->arena, BLOB_COMMITMENT_SIZE), BLOB_COMMITMENT_SIZE);
		sidecar.proofs.size = blob_proofs_size(sidecar.version, 1);
		sidecar.proofs.data = arena_alloc(&fixture->arena, sidecar.proofs.size);
		transaction.sidecar = &sidecar;
		struct bytes raw = put_and_sign(fixture, &transaction, CHAIN);
		assert_true(transaction_from_signed(raw, &fixture->arena, &read, &error));
		assert_true(blob_sidecar_equal(read.transaction.sidecar, &sidecar));
		assert_true(transaction_from_signed(put_and_sign(fixture, &alone, CHAIN), &fixture->arena, &read_alone, &error));
		assert_null(read_alone.transaction.sidecar);
		/* the hash by which the network knows it is the same */
		assert_memory_equal(read.hash, read_alone.hash, 32);
		for (size_t cut = 1; cut < 4000; cut += 37)
			assert_false(
			    transaction_from_signed(bytes_of(raw.data, raw.size - cut), &fixture->arena, &read_alone, &error));
	}
}

/* Whatever a bit does, nothing is read as something that is written in another way. */
static void test_damaged(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ASKED; i++) {
		struct transaction transaction = read_asked(fixture, asked[i]);
		struct bytes raw = put_and_sign(fixture, &transaction, CHAIN);
		struct transaction_signed read;
		struct error error;

		for (size_t size = 0; size < raw.size; size++)
			assert_false(transaction_from_signed(bytes_of(raw.data, size), &fixture->arena, &read, &error));
		for (size_t bit = 0; bit < raw.size * 8; bit++) {
			struct arena arena = {0};
			struct bytes copy = arena_copy(&arena, raw);
			uint8_t *data = arena_alloc(&arena, copy.size + 1);
			memcpy(data, copy.data, copy.size);
			data[bit / 8] ^= (uint8_t)(1u << (bit % 8));
			struct bytes damaged = bytes_of(data, copy.size);
			if (transaction_from_signed(damaged, &arena, &read, &error))
				assert_bytes_equal(put(fixture, &read.transaction, read.chain_id, &read.signature), damaged);
			assert_false(
			    transaction_from_signed(bytes_of(data, copy.size + 1), &arena, &read, &error)); /* a byte behind it */
			arena_free(&arena);
		}
	}
}

/* Of every signature there is a second, with s negated and the other parity, by the same account. */
static void test_second_signature(void **state)
{
	static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
	struct fixture *fixture = *state;
	struct transaction transaction = read_asked(fixture, asked[2]);
	struct signature signature = sign(fixture, &transaction, CHAIN);
	struct transaction_signed read;
	struct u256 n, s;
	struct error error;

	u256_from_bytes(bytes_of(order, 32), &n);
	u256_from_bytes(bytes_of(signature.s, 32), &s);
	assert_true(u256_sub(&n, &s, &s));
	u256_to_bytes32(&s, signature.s);
	signature.parity ^= 1;
	assert_false(transaction_from_signed(put(fixture, &transaction, CHAIN, &signature), &fixture->arena, &read, &error));
	assert_non_null(strstr(error.text, "upper half"));
}

static void test_others(void **state)
{
	static const char *const cases[] = {"", "80", "7f", "05c0", "c0", "02c0", "03c1c0", "01", "c9808080808080808080"};
	struct fixture *fixture = *state;
	struct transaction_signed read;
	struct error error;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_false(transaction_from_signed(unhex(&fixture->arena, cases[i]), &fixture->arena, &read, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_type_is_read), cmocka_unit_test(test_published),
	    cmocka_unit_test(test_sidecars), cmocka_unit_test(test_damaged), cmocka_unit_test(test_second_signature),
	    cmocka_unit_test(test_others)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
