/* What comes back from the signer: whatever differs from what was asked is found and named. */
#include "../eth/eth_testing.h"

#include "eth/blob.h"
#include "proxy/check.h"

#define CHAIN 31337
#define FROM  "\"from\":\"0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266\","
#define TO    "\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\","
#define FEES  "\"maxFeePerGas\":\"0x7\",\"maxPriorityFeePerGas\":\"0x1\","
#define REST  "\"gas\":\"0x5208\",\"nonce\":\"0x3\",\"value\":\"0x1\",\"data\":\"0x1234\""
#define LIST                                                                            \
	",\"accessList\":[{\"address\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"," \
	"\"storageKeys\":[\"0x0000000000000000000000000000000000000000000000000000000000000001\"]}]"
#define HASHES                                                    \
	",\"maxFeePerBlobGas\":\"0x5\",\"blobVersionedHashes\":[" \
	"\"0x01b0761f87b081d5cf10757ccc89f12be355c70e2e29df288b65b30710dcbcd1\"]"
#define AUTHORIZATIONS                                                                                                       \
	",\"authorizationList\":[{\"chainId\":\"0x0\",\"address\":\"0x2c7536e3605d9c16a7a3d7b1898e529396a65c23\",\"nonce\":" \
	"\"0x1\","                                                                                                           \
	"\"yParity\":\"0x1\",\"r\":\"0x3\",\"s\":\"0x4\"}]"

static const char *const asked[] = {
    "{" FROM TO "\"gasPrice\":\"0x7\"," REST "}",
    "{" FROM TO "\"gasPrice\":\"0x7\"," REST LIST "}",
    "{" FROM TO FEES REST LIST "}",
    "{" FROM TO FEES REST LIST HASHES "}",
    "{" FROM TO FEES REST LIST AUTHORIZATIONS "}",
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

/* anvil's first */
static const char key_digits[] = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

struct fixture {
	struct arena arena;
	struct signature_context *context;
	uint8_t key[SIGNATURE_KEY_SIZE];
};

static int setup(void **state)
{
	struct fixture *fixture = memory_new(1, sizeof(*fixture));

	fixture->context = signature_context_new(NULL);
	assert_true(hex_decode_fixed(bytes_text(key_digits), fixture->key, sizeof(fixture->key)));
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

static struct transaction read_transaction(struct fixture *fixture, const char *text)
{
	struct json json = parse_json(text);
	struct transaction transaction;
	struct error error;

	if (!transaction_from_json(json.root, &fixture->arena, &transaction, &error))
		fail_msg("%s", error.text);
	json_free(&json);
	return transaction;
}

static struct signature sign(struct fixture *fixture, const struct transaction *transaction, uint64_t chain_id)
{
	struct buf payload = BUF_INIT(TRANSACTION_SIZE_MAX);
	uint8_t digest[KECCAK256_SIZE];
	struct signature signature;
	struct error error;

	assert_true(transaction_put_payload(transaction, chain_id, &payload, &error));
	keccak256(buf_bytes(&payload), digest);
	assert_true(signature_sign(fixture->context, fixture->key, digest, &signature));
	buf_free(&payload);
	return signature;
}

/* NULL: it is what was asked; else why not. */
static const char *judge_signed(struct fixture *fixture, const struct transaction *wanted, const struct transaction *transaction,
    uint64_t chain_id, const struct signature *signature)
{
	struct buf answer = BUF_INIT(8 * TRANSACTION_SIZE_MAX);
	struct check_signed result;
	struct error error;

	assert_true(transaction_put_result_json(transaction, chain_id, signature, &answer, &error));
	struct json json = parse_json(buf_text(&answer));
	bool good = check_transaction(fixture->context, json.root, wanted, CHAIN, &fixture->arena, &result, &error);
	if (good) {
		struct buf hash = BUF_INIT(100);
		hex_encode(bytes_of(result.hash, 32), &hash);
		assert_true(bytes_equal(hex_skip_prefix(json_bytes(yyjson_ptr_get(json.root, "/tx/hash"))), buf_bytes(&hash)));
		buf_free(&hash);
	}
	json_free(&json);
	buf_free(&answer);
	return good ? NULL : arena_text(&fixture->arena, bytes_text(error.text));
}

static const char *judge(
    struct fixture *fixture, const struct transaction *wanted, const struct transaction *transaction, uint64_t chain_id)
{
	struct signature signature = sign(fixture, transaction, chain_id);

	return judge_signed(fixture, wanted, transaction, chain_id, &signature);
}

static void test_what_was_asked(void **state)
{
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ASKED; i++) {
		struct transaction transaction = read_transaction(fixture, asked[i]);
		const char *reason = judge(fixture, &transaction, &transaction, CHAIN);
		if (reason != NULL)
			fail_msg("%zu: %s", i, reason);
	}
}

static void assert_names(const char *reason, const char *field)
{
	char begin[128];

	snprintf(begin, sizeof(begin), "the signer's answer is not what was asked for: %s: expected ", field);
	if (reason == NULL || strncmp(reason, begin, strlen(begin)) != 0)
		fail_msg("%s: %s", field, reason == NULL ? "taken" : reason);
}

static struct transaction_access other_access = {.address = {{1}}};

static void test_each_field_in_turn(void **state)
{
	static const uint8_t other_data[] = {0x12, 0x35};
	static const uint8_t other_hash[1][32] = {{1, 2}};
	struct fixture *fixture = *state;

	for (size_t i = 0; i < ASKED; i++) {
		const struct transaction wanted = read_transaction(fixture, asked[i]);
		struct transaction changed = wanted;

		changed.nonce++;
		assert_names(judge(fixture, &wanted, &changed, CHAIN), "nonce");
		changed = wanted;
		changed.gas--;
		assert_names(judge(fixture, &wanted, &changed, CHAIN), "gas");
		changed = wanted;
		changed.value.limb[3] = 1;
		assert_names(judge(fixture, &wanted, &changed, CHAIN), "value");
		changed = wanted;
		changed.to.bytes[19] ^= 1;
		assert_names(judge(fixture, &wanted, &changed, CHAIN), "to");
		changed = wanted;
		changed.data = bytes_of(other_data, 2);
		assert_names(judge(fixture, &wanted, &changed, CHAIN), "data");
		changed.data = BYTES_NONE;
		assert_names(judge(fixture, &wanted, &changed, CHAIN), "data");
		assert_names(judge(fixture, &wanted, &wanted, CHAIN + 1), "chainId");
		changed = wanted;
		changed.gas_price.limb[0]++;
		changed.max_fee.limb[0]++;
		assert_names(judge(fixture, &wanted, &changed, CHAIN),
		    wanted.type < TRANSACTION_DYNAMIC_FEE ? "gasPrice" : "maxFeePerGas");
		if (wanted.type >= TRANSACTION_DYNAMIC_FEE) {
			changed = wanted;
			changed.max_priority_fee.limb[0]++;
			assert_names(judge(fixture, &wanted, &changed, CHAIN), "maxPriorityFeePerGas");
		}
		if (wanted.type >= TRANSACTION_ACCESS_LIST) {
			changed = wanted;
			changed.access_count = 0;
			assert_names(judge(fixture, &wanted, &changed, CHAIN), "accessList");
			changed.access = &other_access;
			changed.access_count = 1;
			assert_names(judge(fixture, &wanted, &changed, CHAIN), "accessList");
		}
		if (wanted.type == TRANSACTION_BLOB) {
			changed = wanted;
			changed.max_fee_per_blob_gas.limb[0]++;
			assert_names(judge(fixture, &wanted, &changed, CHAIN), "maxFeePerBlobGas");
			changed = wanted;
			changed.blob_hashes = other_hash;
			assert_names(judge(fixture, &wanted, &changed, CHAIN), "blobVersionedHashes");
		}
		/* the same fields in another envelope */
		struct transaction other = read_transaction(fixture, asked[(i + 1) % 3]);
		if (other.type != wanted.type)
			assert_names(judge(fixture, &wanted, &other, CHAIN), "type");
	}
}

static void test_other_authorizations(void **state)
{
	struct fixture *fixture = *state;
	struct transaction wanted = read_transaction(fixture, asked[4]);
	struct transaction changed = read_transaction(fixture,
	    "{" FROM TO FEES REST LIST
	    ",\"authorizationList\":[{\"chainId\":\"0x0\",\"address\":\"0x2c7536e3605d9c16a7a3d7b1898e529396a65c23\","
	    "\"nonce\":\"0x2\",\"yParity\":\"0x1\",\"r\":\"0x3\",\"s\":\"0x4\"}]}");

	assert_names(judge(fixture, &wanted, &changed, CHAIN), "authorizationList");
}

static void test_no_chain(void **state)
{
	struct fixture *fixture = *state;
	struct transaction wanted = read_transaction(fixture, asked[0]);

	assert_names(judge(fixture, &wanted, &wanted, 0), "chainId"); /* every chain would take it */
}

static void test_contract_creation(void **state)
{
	struct fixture *fixture = *state;
	struct transaction wanted = read_transaction(fixture, asked[2]), creation = wanted;

	creation.has_to = false;
	assert_names(judge(fixture, &wanted, &creation, CHAIN), "to");
	assert_names(judge(fixture, &creation, &wanted, CHAIN), "to");
	assert_null(judge(fixture, &creation, &creation, CHAIN));
}

/* Somebody else's signature, one over something else, and the second one that everybody can make of the right one. */
static void test_signatures(void **state)
{
	static const uint8_t order[32] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xfe, 0xba, 0xae, 0xdc, 0xe6, 0xaf, 0x48, 0xa0, 0x3b, 0xbf, 0xd2, 0x5e, 0x8c, 0xd0, 0x36, 0x41, 0x41};
	struct fixture *fixture = *state;
	struct transaction wanted = read_transaction(fixture, asked[2]), other = wanted;
	struct signature right = sign(fixture, &wanted, CHAIN), wrong;
	struct u256 n, s;

	fixture->key[31] ^= 1;
	wrong = sign(fixture, &wanted, CHAIN);
	assert_names(judge_signed(fixture, &wanted, &wanted, CHAIN, &wrong), "from");
	fixture->key[31] ^= 1;
	other.nonce++;
	wrong = sign(fixture, &other, CHAIN);
	assert_names(judge_signed(fixture, &wanted, &wanted, CHAIN, &wrong), "from");
	wrong = right;
	wrong.parity ^= 1;
	assert_names(judge_signed(fixture, &wanted, &wanted, CHAIN, &wrong), "from");
	u256_from_bytes(bytes_of(order, 32), &n);
	u256_from_bytes(bytes_of(right.s, 32), &s);
	assert_true(u256_sub(&n, &s, &s));
	u256_to_bytes32(&s, wrong.s);
	assert_non_null(strstr(judge_signed(fixture, &wanted, &wanted, CHAIN, &wrong), "upper half"));
	memset(wrong.s, 0, 32);
	assert_non_null(judge_signed(fixture, &wanted, &wanted, CHAIN, &wrong));
}

static void test_no_answers(void **state)
{
	static const char *const answers[] = {"null", "[]", "{}", "\"0x02\"", "{\"raw\":null}", "{\"raw\":\"\"}",
	    "{\"raw\":\"0x\"}", "{\"raw\":\"0x02\"}", "{\"raw\":\"02c0\"}", "{\"raw\":\"0x02c\"}", "{\"raw\":[\"0x02c0\"]}",
	    "{\"tx\":{}}"};
	struct fixture *fixture = *state;
	struct transaction wanted = read_transaction(fixture, asked[2]);
	struct check_signed result;
	struct error error;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct json json = parse_json(answers[i]);
		if (check_transaction(fixture->context, json.root, &wanted, CHAIN, &fixture->arena, &result, &error))
			fail_msg("%s", answers[i]);
		assert_int_equal(error.kind, ERROR_REFUSED);
		json_free(&json);
	}
}

/* ---- blobs ---- */

static struct blob_sidecar *make_sidecar(struct fixture *fixture, struct transaction *transaction, uint8_t filling)
{
	struct blob_sidecar *sidecar = arena_alloc(&fixture->arena, sizeof(*sidecar));
	uint8_t *blob = arena_alloc(&fixture->arena, BLOB_SIZE), *commitment = arena_alloc(&fixture->arena, BLOB_COMMITMENT_SIZE);
	uint8_t(*hash)[32] = arena_alloc(&fixture->arena, 32);

	blob[BLOB_SIZE - 1] = commitment[0] = filling;
	blob_hash(commitment, hash[0]);
	sidecar->count = 1;
	sidecar->blobs = bytes_of(blob, BLOB_SIZE);
	sidecar->commitments = bytes_of(commitment, BLOB_COMMITMENT_SIZE);
	sidecar->proofs = bytes_of(arena_alloc(&fixture->arena, BLOB_PROOF_SIZE), BLOB_PROOF_SIZE);
	transaction->sidecar = sidecar;
	transaction->has_blob_hashes = true;
	transaction->blob_hashes = (const uint8_t(*)[32])hash;
	transaction->blob_hash_count = 1;
	return sidecar;
}

static void test_blobs(void **state)
{
	struct fixture *fixture = *state;
	struct transaction wanted = read_transaction(fixture, asked[3]), whole = wanted, other = wanted, bare = wanted;
	struct blob_sidecar *sidecar = make_sidecar(fixture, &whole, 1), alone = {.count = 1, .blobs = sidecar->blobs};

	make_sidecar(fixture, &other, 2);
	assert_null(judge(fixture, &whole, &whole, CHAIN));
	assert_names(judge(fixture, &wanted, &whole, CHAIN), "blobs");
	assert_names(judge(fixture, &whole, &wanted, CHAIN), "blobs");
	assert_names(judge(fixture, &whole, &other, CHAIN), "blobs");
	/* blobs alone: commitments, proofs and hashes are the signer's, and fit one another */
	bare.sidecar = &alone;
	bare.has_blob_hashes = false;
	bare.blob_hash_count = 0;
	bare.blob_hashes = NULL;
	assert_null(judge(fixture, &bare, &whole, CHAIN));
	assert_names(judge(fixture, &bare, &other, CHAIN), "blobs");
	whole.blob_hashes = other.blob_hashes;
	assert_names(judge(fixture, &bare, &whole, CHAIN), "commitments[0]");
}

/* ---- messages ---- */

static void test_messages(void **state)
{
	static const char *const bad[] = {"null", "\"0x\"", "\"\"", "{}"};
	struct fixture *fixture = *state;
	uint8_t digest[32] = {1}, bytes[SIGNATURE_SIZE];
	struct buf text = BUF_INIT(1000);
	struct signature signature;
	struct address account;
	struct error error;

	assert_true(signature_key_address(fixture->context, fixture->key, &account));
	assert_true(signature_sign(fixture->context, fixture->key, digest, &signature));
	signature_to_bytes(&signature, bytes);
	buf_put_text(&text, "\"0x");
	hex_encode(bytes_of(bytes, sizeof(bytes)), &text);
	buf_put_text(&text, "\"");
	struct json json = parse_json(buf_text(&text));
	assert_true(check_signature(fixture->context, json.root, digest, &account, &error));
	digest[0] = 2;
	assert_false(check_signature(fixture->context, json.root, digest, &account, &error));
	digest[0] = 1;
	account.bytes[0] ^= 1;
	assert_false(check_signature(fixture->context, json.root, digest, &account, &error));
	json_free(&json);
	buf_free(&text);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		json = parse_json(bad[i]);
		assert_false(check_signature(fixture->context, json.root, digest, &account, &error));
		json_free(&json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_what_was_asked), cmocka_unit_test(test_each_field_in_turn),
	    cmocka_unit_test(test_other_authorizations), cmocka_unit_test(test_no_chain),
	    cmocka_unit_test(test_contract_creation), cmocka_unit_test(test_signatures), cmocka_unit_test(test_no_answers),
	    cmocka_unit_test(test_blobs), cmocka_unit_test(test_messages)};

	return cmocka_run_group_tests(tests, setup, teardown);
}
