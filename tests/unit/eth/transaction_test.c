/* What is signed and what comes out: published examples, and payloads that keys must not sign. */
#include "eth_testing.h"

#include "eth/keccak.h"
#include "eth/rlp.h"
#include "eth/transaction.h"

static const char test_key[] = "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80";

/* From the request's JSON to the payload, read back, signed with the key; the signed transaction in *ret_raw. */
static void sign_request(
    const char *request, uint64_t chain_id, const char *key_digits, struct buf *ret_payload, struct buf *ret_raw)
{
	struct signature_context *context = signature_context_new(NULL);
	struct json json = parse_json(request);
	struct arena arena = {0};
	struct transaction asked, parsed;
	struct signature signature;
	struct error error = {0};
	uint8_t key[32], digest[KECCAK256_SIZE];

	if (!transaction_from_json(json.root, &arena, &asked, &error) ||
	    !transaction_put_payload(&asked, chain_id, ret_payload, &error) ||
	    !transaction_parse_payload(buf_bytes(ret_payload), &arena, &parsed, &error))
		fail_msg("%s", error.text);
	assert_true(hex_decode_fixed(bytes_text(key_digits), key, sizeof(key)));
	keccak256(buf_bytes(ret_payload), digest);
	assert_true(signature_sign(context, key, digest, &signature));
	assert_true(transaction_put_signed(&parsed, chain_id, &signature, ret_raw, &error));
	json_free(&json);
	arena_free(&arena);
	signature_context_free(context);
}

static void assert_signed(const char *request, uint64_t chain_id, const char *key, const char *payload, const char *raw)
{
	struct buf found_payload = BUF_INIT(100000), found_raw = BUF_INIT(100000);

	sign_request(request, chain_id, key, &found_payload, &found_raw);
	if (payload)
		assert_hex(buf_bytes(&found_payload), payload);
	assert_hex(buf_bytes(&found_raw), raw);
	buf_free(&found_payload);
	buf_free(&found_raw);
}

/* The example of EIP-155. */
static void test_eip155(void **state)
{
	(void)state;
	assert_signed("{\"nonce\":\"0x9\",\"gasPrice\":\"0x4a817c800\",\"gas\":\"0x5208\",\"value\":\"0xde0b6b3a7640000\","
	              "\"to\":\"0x3535353535353535353535353535353535353535\"}",
	    1, "4646464646464646464646464646464646464646464646464646464646464646",
	    "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080",
	    "f86c098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a76400008025a028ef61340bd939bc2195fe5375"
	    "67866003"
	    "e1a15d3c71ff63e1590620aa636276a067cbe9d8997f761aecb703304b3800ccf555c9f3dc64214b297fb1966a3b6d83");
}

/* EIP-2930 and EIP-1559 as Clef 1.17.3 signed them and eth-account agrees. */
static void test_envelopes(void **state)
{
	(void)state;
	assert_signed(
	    "{\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"gas\":\"0xc350\",\"gasPrice\":\"0x3b9aca00\",\"value\":"
	    "\"0xde0b6b3a7640000\",\"accessList\":[{\"address\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"storageKeys\":["
	    "\"0x0000000000000000000000000000000000000000000000000000000000000000\","
	    "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"]},"
	    "{\"address\":\"0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\",\"storageKeys\":[]}]}",
	    1, test_key, NULL,
	    "01f8e00180843b9aca0082c35094cd2a3d9f938e13cd947ec05abc7fe734df8dd826880de0b6b3a764000080f872f85994cd2a3d9f938e13cd94"
	    "7ec05abc"
	    "7fe734df8dd826f842a00000000000000000000000000000000000000000000000000000000000000000a0ffffffffffffffffffffffffffffff"
	    "ffffff"
	    "ffffffffffffffffffffffffffffd6942c7536e3605d9c16a7a3d7b1898e529396a65c23c001a0fbaf43c8047228c508f1d8f72e8740f39eb99a"
	    "a43a10"
	    "4515c107e835d4c6924ba065fb29000117817eaabc80d57f1fbb83d5eb212af5ad78bbddd46be35c2568f1");
	assert_signed("{\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"gas\":\"0x5208\",\"value\":\"0xde0b6b3a7640000\","
	              "\"maxFeePerGas\":\"0x5\",\"maxPriorityFeePerGas\":\"0x1\"}",
	    1, test_key, NULL,
	    "02f86a0180010582520894cd2a3d9f938e13cd947ec05abc7fe734df8dd826880de0b6b3a764000080c001a00f244b10bd1e6af1a831d96f1c26"
	    "b5dda526"
	    "5dd1acb60026b75599235421444aa01246cc2a6f338459139dc8203bd2b9629011792a9bfa343002bcbed88ea9974b");
}

static void test_without_replay_protection(void **state)
{
	struct buf payload = BUF_INIT(1000), raw = BUF_INIT(1000);
	static const char plain[] =
	    "{\"gasPrice\":\"0x1\",\"gas\":\"0x5208\",\"to\":\"0x3535353535353535353535353535353535353535\"}";
	static const char dynamic[] = "{\"maxFeePerGas\":\"0x1\",\"to\":\"0x3535353535353535353535353535353535353535\"}";

	(void)state;
	sign_request(plain, 0, test_key, &payload, &raw);
	assert_hex(buf_bytes(&payload), "dc80018252089435353535353535353535353535353535353535358080");
	/* v is 27 or 28 */
	assert_true(raw.data[2 + 28] == 0x1b || raw.data[2 + 28] == 0x1c);
	struct json json = parse_json(dynamic);
	struct arena arena = {0};
	struct transaction transaction;
	struct error error;
	assert_true(transaction_from_json(json.root, &arena, &transaction, &error));
	assert_false(transaction_put_payload(&transaction, 0, &payload, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	json_free(&json);
	arena_free(&arena);
	buf_free(&payload);
	buf_free(&raw);
}

/* 2 * chain + 36 does not fit 64 bits. */
static void test_largest_chain_id(void **state)
{
	struct buf payload = BUF_INIT(1000), raw = BUF_INIT(1000);

	(void)state;
	sign_request(
	    "{\"gasPrice\":\"0x1\",\"to\":\"0x3535353535353535353535353535353535353535\"}", INT64_MAX, test_key, &payload, &raw);
	assert_true(raw.data[28] == 0x89 && raw.data[29] == 1 && raw.data[30] == 0);
	buf_free(&payload);
	buf_free(&raw);
}

static void test_result(void **state)
{
	struct transaction transaction = {.type = TRANSACTION_DYNAMIC_FEE, .has_to = true, .has_max_fee = true, .gas = 21000};
	struct signature signature = {.r = {[31] = 7}, .s = {[30] = 1}, .parity = 1};
	struct buf json = BUF_INIT(10000);
	struct error error;

	(void)state;
	assert_true(transaction_put_result_json(&transaction, 5, &signature, &json, &error));
	assert_non_null(strstr(buf_text(&json),
	    "\"tx\":{\"type\":\"0x2\",\"chainId\":\"0x5\",\"nonce\":\"0x0\",\"to\":"
	    "\"0x0000000000000000000000000000000000000000\","
	    "\"gas\":\"0x5208\",\"gasPrice\":null,\"maxPriorityFeePerGas\":\"0x0\",\"maxFeePerGas\":\"0x0\",\"value\":\"0x0\","
	    "\"input\":\"0x\",\"accessList\":[],\"v\":\"0x1\",\"r\":\"0x7\",\"s\":\"0x100\",\"yParity\":\"0x1\",\"hash\":\"0x"));
	struct json parsed = parse_json(buf_text(&json));
	assert_int_equal(yyjson_obj_size(parsed.root), 2);
	json_free(&parsed);
	buf_free(&json);
}

static bool parses(struct bytes payload)
{
	struct arena arena = {0};
	struct transaction transaction;
	struct error error;
	bool good = transaction_parse_payload(payload, &arena, &transaction, &error);

	arena_free(&arena);
	return good;
}

#define TO   "943535353535353535353535353535353535353535"
#define HEAD "8001825208" TO "8080"
#define KEY  "a00000000000000000000000000000000000000000000000000000000000000001"

/* A type byte (or none), a list of these items with the right header, something behind it. */
static bool list_parses(const char *type, const char *items, const char *behind)
{
	struct arena arena = {0};
	struct buf payload = BUF_INIT(100000);

	buf_put_bytes(&payload, unhex(&arena, type));
	size_t list = rlp_list_begin(&payload);
	buf_put_bytes(&payload, unhex(&arena, items));
	rlp_list_end(&payload, list);
	buf_put_bytes(&payload, unhex(&arena, behind));
	bool good = parses(buf_bytes(&payload));
	buf_free(&payload);
	arena_free(&arena);
	return good;
}

static const struct {
	bool good;
	const char *type, *items, *behind, *what;
} payloads[] = {
    {true, "", HEAD, "", "legacy"},
    {true, "", HEAD "018080", "", "legacy with EIP-155"},
    {true, "", "8001825208808080", "", "legacy creation"},
    {true, "01", "01" HEAD "c0", "", "access list, empty"},
    {true, "01", "01" HEAD "f838f7" TO "e1" KEY, "", "access list with a key"},
    {true, "02", "0101" HEAD "c0", "", "dynamic fee"},
    {false, "", HEAD, "00", "a byte behind the list"},
    {false, "", "8001825208" TO "80", "", "an item too few"},
    {false, "", HEAD "01", "", "the chain id of EIP-155 alone"},
    {false, "", HEAD "0180", "", "an item of EIP-155 missing"},
    {false, "", HEAD "010180", "", "r is 1"},
    {false, "", HEAD "018001", "", "s is 1"},
    {false, "", HEAD "808080", "", "chain id 0"},
    {false, "", HEAD "01808080", "", "an item too many"},
    {false, "", HEAD "890100000000000000008080", "", "chain id of more than 64 bits"},
    {false, "", "0001825208" TO "8080", "", "nonce 0 as a byte"},
    {false, "", "80820001825208" TO "8080", "", "price with a leading zero"},
    {false, "", "8901000000000000000001825208" TO "8080", "", "nonce of more than 64 bits"},
    {false, "", "800182520893353535353535353535353535353535353535358080", "", "recipient of 19 bytes"},
    {false, "", "8001825208" TO "80c0", "", "a list as data"},
    {false, "00", HEAD, "", "legacy in an envelope"},
    {false, "01", "80" HEAD "c0", "", "envelope with chain id 0"},
    {false, "01", "01" HEAD, "", "no access list"},
    {false, "01", "01" HEAD "80", "", "a string as access list"},
    {false, "01", "01" HEAD "c1c0", "", "an empty entry"},
    {false, "01", "01" HEAD "d6d5" TO, "", "an entry without keys"},
    {false, "01", "01" HEAD "d8d7" TO "c101", "", "a key of one byte"},
    {false, "01", "01" HEAD "d8d7" TO "c080", "", "an entry with three items"},
    {false, "01", "01" HEAD "c080", "", "an item behind the access list"},
    {false, "02", "01" HEAD "c0", "", "one fee missing"},
    {false, "03", "0101" HEAD "c080c0", "", "blobs"},
    {false, "04", "0101" HEAD "c0c0", "", "set code"},
    {false, "7f", HEAD, "", "an unknown type"},
};

static void test_payloads(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(payloads) / sizeof(payloads[0]); i++)
		if (list_parses(payloads[i].type, payloads[i].items, payloads[i].behind) != payloads[i].good)
			fail_msg("%s: %s", payloads[i].good ? "refused" : "accepted", payloads[i].what);
	assert_false(parses(BYTES_NONE));
	assert_false(parses(LITERAL("\x02")));
	assert_false(parses(LITERAL("\x80")));
}

/* Cut anywhere it is refused; with a byte changed it is refused or reads as something else, but never ends outside. */
static void test_damaged_payloads(void **state)
{
	static const char *const whole[] = {"df" HEAD "018080", "01f85701" HEAD "f838f7" TO "e1" KEY, "02df0101" HEAD "c0"};

	(void)state;
	for (size_t i = 0; i < sizeof(whole) / sizeof(whole[0]); i++) {
		struct arena arena = {0};
		struct bytes good = unhex(&arena, whole[i]);
		uint8_t *copy = arena_alloc(&arena, good.size);
		memcpy(copy, good.data, good.size);
		assert_true(parses(good));
		for (size_t size = 0; size < good.size; size++)
			assert_false(parses(bytes_of(good.data, size)));
		for (size_t at = 0; at < good.size; at++) {
			for (unsigned value = 0; value < 256; value++) {
				copy[at] = (uint8_t)value;
				parses(bytes_of(copy, good.size));
			}
			copy[at] = good.data[at];
		}
		arena_free(&arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_eip155), cmocka_unit_test(test_envelopes),
	    cmocka_unit_test(test_without_replay_protection), cmocka_unit_test(test_largest_chain_id),
	    cmocka_unit_test(test_result), cmocka_unit_test(test_payloads), cmocka_unit_test(test_damaged_payloads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
