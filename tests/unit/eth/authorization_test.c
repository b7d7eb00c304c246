/* EIP-7702: authorizations and the transactions that carry them. Vectors made with eth-account 0.14 (signatures are deterministic). */
#include "eth_testing.h"

#include "eth/authorization.h"
#include "eth/keccak.h"

#define THIRD    "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"
#define ZERO     "0x0000000000000000000000000000000000000000"
#define SIGNER   "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define FIRST_R  "c9e309c98679b4edd68671405dca09a454d881be89dcbdf7494c2c0b276937d5"
#define FIRST_S  "5aa3ee7cbb73bef605e5aaa1246b8d258d012cb835413d75924df9f3595520a7"
#define SECOND_R "aa64791de483fa82224c2beeba9ee4c89323db0d1a39c24bcfa555b8d3c31aa9"
#define SECOND_S "3cdeba27b1c512236967597d1352b6d71239bebde01237ca72b26d6fd218cb97"
/* s above half the order, with the parity that would go with it. */
#define HIGH_S "a55c1183448c4109fa1a555edb9472d92dadb02e7a0762c62d8464d976e1209a"

#define ENTRY(chain, address, nonce, parity, r, s)                                                                               \
	"{\"chainId\":\"" chain "\",\"address\":\"" address "\",\"nonce\":\"" nonce "\",\"yParity\":\"" parity "\",\"r\":\"0x" r \
	"\",\"s\":\"0x" s "\"}"
#define FIRST  ENTRY("0x1", THIRD, "0x5", "0x1", FIRST_R, FIRST_S)
#define SECOND ENTRY("0x0", ZERO, "0x0", "0x1", SECOND_R, SECOND_S)
#define REQUEST                                                                                                             \
	"{\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"gas\":\"0x186a0\",\"nonce\":\"0x4\",\"value\":\"0x7\","   \
	"\"data\":"                                                                                                         \
	"\"0xabcd\",\"maxFeePerGas\":\"0x3b9aca00\",\"maxPriorityFeePerGas\":\"0x1\",\"accessList\":[{\"address\":\"" THIRD \
	"\",\"storageKeys\":[\"0x0000000000000000000000000000000000000000000000000000000000000001\"]}],\"authorizationList\":["
#define PAYLOAD                                                                                                                  \
	"04f90119010401843b9aca00830186a094cd2a3d9f938e13cd947ec05abc7fe734df8dd8260782abcdf838f7942c7536e3605d9c16a7a3d7b1898e" \
	"52"                                                                                                                     \
	"9396a65c23e1a00000000000000000000000000000000000000000000000000000000000000001f8b8f85a01942c7536e3605d9c16a7a3d7b1898e" \
	"52"                                                                                                                     \
	"9396a65c230501a0" FIRST_R "a0" FIRST_S "f85a8094000000000000000000000000000000000000000080"                             \
	"01a0" SECOND_R "a0" SECOND_S

/* ---- one by itself ---- */

static const struct {
	const char *json, *payload, *digest;
} vectors[] = {
    {"{\"chainId\":\"0x1\",\"address\":\"" THIRD "\",\"nonce\":\"0x5\"}", "05d701942c7536e3605d9c16a7a3d7b1898e529396a65c2305",
        "b295aa489a194ad988eda94a3463121b0b71533b09ed9e004f9dcd377988746a"},
    {"{\"chainId\":\"0x0\",\"address\":\"" ZERO "\",\"nonce\":\"0x0\"}", "05d78094000000000000000000000000000000000000000080",
        "47a11722d19dd800b7c679d90322b58f77db7465a9e9d3442aadfcade4121b7d"},
    {"{\"chainId\":\"0xffffffffffffffff\",\"address\":\"0xffffffffffffffffffffffffffffffffffffffff\",\"nonce\":"
     "\"0xfffffffffffffffe\"}",
        "05e788ffffffffffffffff94ffffffffffffffffffffffffffffffffffffffff88fffffffffffffffe",
        "817f44751658233797814d9f34698a0785cd295964808a78bbc2bcfcb530470a"},
    {"{\"chainId\":\"0x4268\",\"address\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"nonce\":\"0xff\"}",
        "05da82426894cd2a3d9f938e13cd947ec05abc7fe734df8dd82681ff",
        "3827ec1b59fb43d55f998bb16e4ead5268490f6653fc659914e250530331b878"},
};

static uint64_t chain_of(size_t vector)
{
	static const uint64_t chains[] = {1, 1, UINT64_MAX, 17000};

	return chains[vector];
}

static void test_vectors(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		struct json json = parse_json(vectors[i].json);
		struct buf payload = BUF_INIT(AUTHORIZATION_PAYLOAD_MAX);
		struct authorization read, parsed;
		uint8_t digest[KECCAK256_SIZE];
		struct error error;

		assert_true(authorization_from_json(json.root, chain_of(i), &read, &error));
		authorization_put_payload(&read, &payload);
		assert_hex(buf_bytes(&payload), vectors[i].payload);
		assert_true(authorization_parse_payload(buf_bytes(&payload), &parsed, &error));
		assert_int_equal(parsed.chain_id, read.chain_id);
		assert_int_equal(parsed.nonce, read.nonce);
		assert_true(address_equal(&parsed.address, &read.address));
		authorization_digest(&parsed, digest);
		assert_hex(bytes_of(digest, sizeof(digest)), vectors[i].digest);
		buf_free(&payload);
		json_free(&json);
	}
}

static void test_own_chain_by_default(void **state)
{
	static const char *const texts[] = {
	    "{\"address\":\"" THIRD "\",\"nonce\":\"0x0\"}", "{\"chainId\":null,\"address\":\"" THIRD "\",\"nonce\":\"0x0\"}"};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct json json = parse_json(texts[i]);
		struct authorization read;
		struct error error;

		assert_true(authorization_from_json(json.root, 11155111, &read, &error));
		assert_int_equal(read.chain_id, 11155111);
		json_free(&json);
	}
}

static void test_bad_requests(void **state)
{
	static const struct {
		const char *json, *text;
	} cases[] = {{"[]", "authorization: expected an object"}, {"{\"nonce\":\"0x0\"}", "address: expected"},
	    {"{\"address\":\"" THIRD "\"}", "nonce: expected"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0x0\",\"nonce\":\"0x0\"}", "authorization: \"nonce\" is there twice"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0x0\",\"r\":\"0x1\"}", "authorization: unknown field \"r\""},
	    {"{\"address\":\"" THIRD "\",\"Nonce\":\"0x0\"}", "authorization: unknown field \"Nonce\""},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0xffffffffffffffff\"}", "nonce: expected less than 2^64 - 1"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0x0\",\"chainId\":\"0x2\"}", "chainId: expected 1, the signer's, or 0"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0x0\",\"chainId\":\"0x10000000000000001\"}", "chainId: expected at most 64"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0x0\",\"chainId\":\"0x01\"}", "chainId: expected a number without"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"\"}", "nonce: expected a number (zero is \"0x0\"), found an empty text"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":\"0x0\",\"chainId\":\"\"}", "chainId: expected a number (zero is \"0x0\")"},
	    {"{\"address\":\"" THIRD "\",\"nonce\":0}", "nonce: expected a number as a hex string"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json json = parse_json(cases[i].json);
		struct authorization read;
		struct error error;

		assert_false(authorization_from_json(json.root, 1, &read, &error));
		if (strncmp(error.text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("%s: \"%s\"", cases[i].json, error.text);
		json_free(&json);
	}
}

/* What keys must not sign. */
static void test_bad_payloads(void **state)
{
	static const char *const bad[] = {"", "05", "d701942c7536e3605d9c16a7a3d7b1898e529396a65c2305",
	    "04d701942c7536e3605d9c16a7a3d7b1898e529396a65c2305", "05d701942c7536e3605d9c16a7a3d7b1898e529396a65c230500",
	    "05d700942c7536e3605d9c16a7a3d7b1898e529396a65c2305", "05d701942c7536e3605d9c16a7a3d7b1898e529396a65c2300",
	    "05d88101942c7536e3605d9c16a7a3d7b1898e529396a65c2305", "05f81701942c7536e3605d9c16a7a3d7b1898e529396a65c2305",
	    "05d601942c7536e3605d9c16a7a3d7b1898e529396a65c23", "05d601932c7536e3605d9c16a7a3d7b1898e529396a65c05",
	    "05d801942c7536e3605d9c16a7a3d7b1898e529396a65c230505",
	    "05df01942c7536e3605d9c16a7a3d7b1898e529396a65c2388ffffffffffffffff",
	    "05e001942c7536e3605d9c16a7a3d7b1898e529396a65c2389010000000000000000",
	    "05e089010000000000000000942c7536e3605d9c16a7a3d7b1898e529396a65c2305", "05c28080", "05c0"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct arena arena = {0};
		struct authorization parsed;
		struct error error;

		if (authorization_parse_payload(unhex(&arena, bad[i]), &parsed, &error))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(error.kind, ERROR_REFUSED);
		arena_free(&arena);
	}
}

/* ---- lists ---- */

static bool read_request(const char *text, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	struct json json = parse_json(text);
	struct signature_context *context = signature_context_new(NULL);
	bool good = transaction_from_json(json.root, arena, ret_transaction, ret_error) &&
	            authorization_list_recover(context, arena, ret_transaction, ret_error);

	signature_context_free(context);
	json_free(&json);
	return good;
}

static void test_transaction(void **state)
{
	struct arena arena = {0};
	struct transaction asked, parsed;
	struct buf payload = BUF_INIT(10000), json = BUF_INIT(10000);
	char authority[ADDRESS_TEXT_SIZE];
	struct error error = {0};

	(void)state;
	if (!read_request(REQUEST FIRST "," SECOND "]}", &arena, &asked, &error))
		fail_msg("%s", error.text);
	assert_int_equal(asked.type, TRANSACTION_SET_CODE);
	assert_true(transaction_check_chain(&asked, 1, &error));
	assert_true(transaction_put_payload(&asked, 1, &payload, &error));
	assert_hex(buf_bytes(&payload), PAYLOAD);
	assert_true(transaction_parse_payload(buf_bytes(&payload), &arena, &parsed, &error));
	assert_int_equal(parsed.authorization_count, 2);
	struct signature_context *context = signature_context_new(NULL);
	assert_true(authorization_list_recover(context, &arena, &parsed, &error));
	signature_context_free(context);
	for (size_t i = 0; i < 2; i++) {
		address_to_checksum(&parsed.authorizations[i].authority, authority);
		assert_string_equal(authority, SIGNER);
	}
	authorization_list_put_json(&parsed, &json);
	assert_string_equal(buf_text(&json),
	    "[" ENTRY("0x1", "0x2c7536e3605d9c16a7a3d7b1898e529396a65c23", "0x5", "0x1", FIRST_R, FIRST_S) "," SECOND "]");
	buf_free(&payload);
	buf_free(&json);
	arena_free(&arena);
}

static void test_entry_for_another_chain(void **state)
{
	struct arena arena = {0};
	struct transaction asked;
	struct error error = {0};

	(void)state;
	assert_true(read_request(REQUEST SECOND "," FIRST "]}", &arena, &asked, &error));
	assert_false(transaction_check_chain(&asked, 5, &error));
	assert_string_equal(error.text, "authorizationList[1].chainId: expected 5, the signer's, or 0 for every chain, found 1");
	assert_int_equal(error.kind, ERROR_CHAIN);
	arena_free(&arena);
}

static void test_bad_lists(void **state)
{
	static const struct {
		const char *list, *text;
	} cases[] = {{"]}", "authorizationList: expected 1 to 64"}, {FIRST ",5]}", "authorizationList[1]: expected an object"},
	    {FIRST "," ENTRY("0x1", THIRD, "0xffffffffffffffff", "0x0", FIRST_R, FIRST_S) "]}", "authorizationList[1].nonce: "},
	    {ENTRY("0x1", THIRD, "0x5", "0x2", FIRST_R, FIRST_S) "]}", "authorizationList[0].yParity: "},
	    {ENTRY("0x1", THIRD, "0x5", "0x0", FIRST_R, HIGH_S) "]}", "authorizationList[0].s: "},
	    {ENTRY("0x1", THIRD, "0x5", "0x0", "0", FIRST_S) "]}", "authorizationList[0]: expected a signature"},
	    {ENTRY("0x1", THIRD, "0x5", "0x0", FIRST_R, "0") "]}", "authorizationList[0]: expected a signature"},
	    {ENTRY("0x1", THIRD, "0x5", "0x0", "fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141", FIRST_S) "]}",
	        "authorizationList[0]: expected a signature"},
	    {ENTRY("0x1", THIRD, "0x5", "0x0", "1" FIRST_R, FIRST_S) "]}", "authorizationList[0].r: expected at most 256 bits"},
	    {"{\"chainId\":\"0x1\"}]}", "authorizationList[0].address: "}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct buf text = BUF_INIT(10000);
		struct transaction asked;
		struct error error = {0};

		buf_put_text(&text, REQUEST);
		buf_put_text(&text, cases[i].list);
		assert_false(read_request(buf_text(&text), &arena, &asked, &error));
		if (strncmp(error.text, cases[i].text, strlen(cases[i].text)) != 0)
			fail_msg("%s: \"%s\"", cases[i].list, error.text);
		buf_free(&text);
		arena_free(&arena);
	}
}

/* Clef takes "" for 0 elsewhere; here 0 would mean every chain. */
static void test_empty_texts_are_no_zeros(void **state)
{
	static const char *const names[] = {"chainId", "nonce", "yParity", "r", "s"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct arena arena = {0};
		struct transaction asked;
		struct error error = {0};
		char member[32], empty[32], expected[128];
		const char *whole = REQUEST FIRST "]}";

		snprintf(member, sizeof(member), "\"%s\":\"", names[i]);
		snprintf(empty, sizeof(empty), "\"%s\":\"\"", names[i]);
		snprintf(expected, sizeof(expected), "authorizationList[0].%s: expected a number (zero is \"0x0\")", names[i]);
		const char *list = strstr(whole, "authorizationList"), *at = strstr(list, member);
		const char *rest = strchr(at + strlen(member), '"') + 1;
		const char *text = arena_printf(&arena, "%.*s%s%s", (int)(at - whole), whole, empty, rest);
		assert_false(read_request(text, &arena, &asked, &error));
		if (strncmp(error.text, expected, strlen(expected)) != 0)
			fail_msg("%s: \"%s\"", text, error.text);
		arena_free(&arena);
	}
}

static bool parses(struct bytes payload)
{
	struct arena arena = {0};
	struct transaction parsed;
	struct error error;
	bool good = transaction_parse_payload(payload, &arena, &parsed, &error);

	arena_free(&arena);
	return good;
}

/* Replace a run of digits of the payload by one of the same length. */
static bool parses_changed(const char *from, const char *to)
{
	static const char payload[] = PAYLOAD;
	struct arena arena = {0};
	char *copy = arena_text(&arena, bytes_text(payload));
	char *at = strstr(copy, from);

	assert_non_null(at);
	assert_int_equal(strlen(from), strlen(to));
	memcpy(at, to, strlen(to));
	bool good = parses(unhex(&arena, copy));
	arena_free(&arena);
	return good;
}

static void test_bad_lists_in_payloads(void **state)
{
	(void)state;
	assert_true(parses_changed("0501a0" FIRST_R, "0580a0" FIRST_R));  /* somebody else signed */
	assert_false(parses_changed("0501a0" FIRST_R, "0502a0" FIRST_R)); /* parity 2 */
	assert_false(parses_changed("a0" FIRST_S, "a0" HIGH_S));          /* s in the upper half */
	assert_false(parses_changed("f85a01942c", "f85a02942c"));         /* another chain */
	assert_false(parses_changed("f85a01942c", "f85a00942c"));         /* 0 as a byte */
	/* Who signed is no matter of keys, which would pay for it with a multiplication each. */
	assert_true(parses_changed("a0" FIRST_R, "a0fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141"));
	assert_false(parses_changed("f90119", "f90118")); /* lengths */
	assert_false(parses_changed("f8b8f85a01", "f8b8f85b01"));
}

/* Cut anywhere it is refused; with a byte changed it is refused or reads as something else, but never ends outside. */
static void test_damaged_payloads(void **state)
{
	struct arena arena = {0};
	struct bytes good = unhex(&arena, PAYLOAD);
	uint8_t *copy = arena_alloc(&arena, good.size);

	(void)state;
	memcpy(copy, good.data, good.size);
	assert_true(parses(good));
	for (size_t size = 0; size < good.size; size++)
		assert_false(parses(bytes_of(good.data, size)));
	for (size_t at = 0; at < good.size; at++) {
		for (unsigned value = 0; value < 256; value += 17) {
			copy[at] = (uint8_t)value;
			parses(bytes_of(copy, good.size));
		}
		copy[at] = good.data[at];
	}
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_vectors), cmocka_unit_test(test_own_chain_by_default),
	    cmocka_unit_test(test_bad_requests), cmocka_unit_test(test_bad_payloads), cmocka_unit_test(test_transaction),
	    cmocka_unit_test(test_entry_for_another_chain), cmocka_unit_test(test_bad_lists),
	    cmocka_unit_test(test_empty_texts_are_no_zeros), cmocka_unit_test(test_bad_lists_in_payloads),
	    cmocka_unit_test(test_damaged_payloads)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
