/* Safe transactions: which hash is signed for which version of the contract, and what is refused. */
#include "eth_testing.h"

#include "eth/safe.h"

#define ZERO "0x0000000000000000000000000000000000000000"
#define SAFE "\"safe\":\"0x25a6c4BBd32B2424A9c99aEB0584Ad12045382B3\""
#define TO   "\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\""
/* Without braces, hash and chain. */
#define PLAIN                                                                                             \
	SAFE "," TO ",\"value\":\"20000000000000000\",\"data\":null,\"operation\":0,\"gasToken\":\"" ZERO \
	     "\",\"safeTxGas\":27845,\"baseGas\":0,\"gasPrice\":\"0\",\"refundReceiver\":\"" ZERO "\",\"nonce\":5"
#define FULL                                                                                                                     \
	SAFE "," TO ",\"value\":\"20000000000000000\",\"data\":\"0xa9059cbb\",\"operation\":1,"                                  \
	     "\"safeTxGas\":57896044618658097711785492504343953926634992332820282019728792003956564819968,"                      \
	     "\"baseGas\":\"115792089237316195423570985008687907853269984665640564039457584007913129639935\","                   \
	     "\"gasPrice\":\"0x100000000000000000000000000000000\",\"gasToken\":\"0xA0b86991c6218b36c1d19D4a2e9Eb0cE3606eB48\"," \
	     "\"refundReceiver\":\"0x2c7536E3605D9C16a7a3D7b1898e529396a65c23\",\"nonce\":\"18446744073709551621\""
#define HASH_1 "53582871bbd5d7583d4e5d2bea664bceebb3255213c354f9fe8c8f220713a362" /* PLAIN, 1.3, chain 1 */
#define WRONG  "1212121212121212121212121212121212121212121212121212121212121212"

/* False: *ret_error is set. */
static bool settle(
    struct arena *arena, const char *text, uint64_t chain, struct safe_transaction *ret_transaction, struct error *ret_error)
{
	struct json json = parse_json(text);
	bool ok = safe_from_json(json.root, arena, ret_transaction, ret_error) && safe_settle(ret_transaction, chain, ret_error);

	json_free(&json);
	return ok;
}

/* The hashes are those that eth-account computes for the SafeTx document of each version on chain 137. */
static void test_versions(void **state)
{
	static const struct {
		const char *members, *digest;
		enum safe_version version;
	} cases[] = {
	    {PLAIN, "8a0ec031c596a5fd743ad0c6ea3fa810cb96b0b865808cebc229a2f5edfc0980", SAFE_VERSION_1_3},
	    {PLAIN, "d4ef00fe463d80d16974185440ee46f6ee7900eea52ae31b94d617879897e44a", SAFE_VERSION_1_0},
	    {PLAIN, "25aefdba5142153af1d57e9d25378a8c2f9164e98e8bfd21ba7afd2f2299b6a3", SAFE_VERSION_0_1},
	    {FULL, "b1ab93f13146fb155d3ccf565acc82d10577d173a3c65885eb1c0edf77526aea", SAFE_VERSION_1_3},
	    {FULL, "13d628e7857d0b8380a20bc93080aca430b93a65db1fa50e1b3cee9d8ae2f116", SAFE_VERSION_1_0},
	    {FULL, "6f21d39550fc7e77153ce6b6451169ead028551dbdc2cd613b4323a550c69c88", SAFE_VERSION_0_1},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct safe_transaction transaction;
		struct safe_hashes hashes;
		struct error error = {0};
		const char *text = arena_printf(&arena, "{%s,\"safeTxHash\":\"0x%s\"}", cases[i].members, cases[i].digest);
		if (!settle(&arena, text, 137, &transaction, &error))
			fail_msg("%s", error.text);
		assert_int_equal(transaction.version, cases[i].version);
		safe_hash(&transaction, &hashes);
		assert_hex(bytes_of(hashes.digest, KECCAK256_SIZE), cases[i].digest);
		arena_free(&arena);
	}
}

static void assert_settled(const char *text, uint64_t chain, enum safe_version version)
{
	struct arena arena = {0};
	struct safe_transaction transaction;
	struct error error = {0};

	if (!settle(&arena, text, chain, &transaction, &error))
		fail_msg("%s: %s", text, error.text);
	assert_int_equal(transaction.version, version);
	arena_free(&arena);
}

static void assert_refused(const char *text, int code, const char *names)
{
	struct arena arena = {0};
	struct safe_transaction transaction;
	struct error error = {0};

	if (settle(&arena, text, 1, &transaction, &error))
		fail_msg("accepted: %s", text);
	if (error_rpc_code(&error) != code || !strstr(error.text, names))
		fail_msg("%s: %d %s", text, error_rpc_code(&error), error.text);
	arena_free(&arena);
}

static void test_chain_and_hash(void **state)
{
	(void)state;
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\"}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\",\"chainId\":1}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\",\"chainId\":\"1\"}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0X" HASH_1 "\",\"chainId\":\"0x1\"}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\",\"chainId\":null}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"chainId\":1}", 1, SAFE_VERSION_1_3);
	/* an old contract's hash is good on every chain, also when the chain is named */
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0xd4ef00fe463d80d16974185440ee46f6ee7900eea52ae31b94d617879897e44a\","
	               "\"chainId\":1}",
	    1, SAFE_VERSION_1_0);
	assert_refused(
	    "{" PLAIN ",\"safeTxHash\":\"0x" WRONG "\"}", -32000, "mismatched safeTxHash; have 0x" HASH_1 " want 0x" WRONG);
	assert_refused("{" PLAIN ",\"safeTxHash\":\"0x" WRONG "\",\"chainId\":1}", -32000, "mismatched safeTxHash");
	assert_refused("{" PLAIN "}", -32000, "safeTxHash:");
	assert_refused("{" PLAIN ",\"chainId\":5}", -32000, "chainId:");
	assert_refused("{" PLAIN ",\"chainId\":0}", -32000, "chainId:");
	assert_refused("{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\",\"chainId\":18446744073709551617}", -32000, "chainId:");
	/* a field that differs from what was hashed */
	assert_refused("{" SAFE "," TO
	               ",\"value\":\"20000000000000001\",\"safeTxGas\":27845,\"nonce\":5,\"safeTxHash\":\"0x" HASH_1 "\"}",
	    -32000, "mismatched safeTxHash");
}

/* What the service says about the hash by its other name counts as much. */
static void test_contract_transaction_hash(void **state)
{
	(void)state;
	assert_settled("{" PLAIN ",\"chainId\":1,\"contractTransactionHash\":\"0x" HASH_1 "\"}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"chainId\":1,\"contractTransactionHash\":null}", 1, SAFE_VERSION_1_3);
	assert_settled("{" PLAIN ",\"safeTxHash\":\"0xd4ef00fe463d80d16974185440ee46f6ee7900eea52ae31b94d617879897e44a\","
	               "\"contractTransactionHash\":\"0xd4ef00fe463d80d16974185440ee46f6ee7900eea52ae31b94d617879897e44a\"}",
	    1, SAFE_VERSION_1_0);
	assert_refused("{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\",\"contractTransactionHash\":\"0x" WRONG "\"}", -32000,
	    "contractTransactionHash: expected the hash of this transaction, 0x" HASH_1 ", found 0x" WRONG);
	assert_refused(
	    "{" PLAIN ",\"chainId\":1,\"contractTransactionHash\":\"0x" WRONG "\"}", -32000, "contractTransactionHash:");
	/* another version's hash */
	assert_refused("{" PLAIN ",\"safeTxHash\":\"0xd4ef00fe463d80d16974185440ee46f6ee7900eea52ae31b94d617879897e44a\","
	               "\"contractTransactionHash\":\"0x" HASH_1 "\"}",
	    -32000, "contractTransactionHash:");
	assert_refused("{" PLAIN ",\"contractTransactionHash\":\"0x" HASH_1 "\"}", -32000, "safeTxHash:");
	assert_refused("{" PLAIN ",\"chainId\":1,\"contractTransactionHash\":\"0x12\"}", -32602, "contractTransactionHash:");
}

/* Just what the transaction service hands out, and what Clef's answer adds for the next owner. */
static void test_service_document(void **state)
{
	(void)state;
	assert_settled(
	    "{" PLAIN ",\"executionDate\":null,\"submissionDate\":\"2020-09-15T21:54:49.617634Z\",\"modified\":"
	    "\"2020-09-15T21:54:49.617634Z\",\"blockNumber\":null,\"transactionHash\":null,\"safeTxHash\":\"0x" HASH_1
	    "\",\"proposer\":null,\"proposedByDelegate\":null,\"executor\":null,\"isExecuted\":false,\"isSuccessful\":null,"
	    "\"ethGasPrice\":null,\"maxFeePerGas\":null,\"maxPriorityFeePerGas\":null,\"gasUsed\":null,\"fee\":null,"
	    "\"origin\":\"{\\\"url\\\":\\\"https://example.org\\\"}\",\"dataDecoded\":{\"method\":\"x\"},"
	    "\"confirmationsRequired\":2,\"confirmations\":[{\"owner\":\"" ZERO "\"}],\"trusted\":true,\"signatures\":null,"
	    "\"signature\":\"0x00\",\"sender\":\"" ZERO "\",\"contractTransactionHash\":\"0x" HASH_1 "\"}",
	    1, SAFE_VERSION_1_3);
	/* numbers as texts, absent ones, dataGas as the first versions called it */
	assert_settled("{" SAFE "," TO
	               ",\"value\":\"0x470de4df820000\",\"safeTxGas\":\"27845\",\"dataGas\":\"0\",\"nonce\":\"5\","
	               "\"gasToken\":null,\"safeTxHash\":\"0x" HASH_1 "\"}",
	    1, SAFE_VERSION_1_3);
}

/* Each replaces or adds one member; the hash is that of PLAIN. */
static void test_refused(void **state)
{
	static const struct {
		const char *text;
		int code;
		const char *names;
	} cases[] = {
	    {"null", -32000, "safe:"},
	    {"{}", -32000, "safe:"},
	    {"{" SAFE "}", -32000, "to:"},
	    {"[]", -32602, "object"},
	    {"\"0x\"", -32602, "object"},
	    {"{" PLAIN ",\"nonce\":6}", -32602, "twice"},
	    {"{" PLAIN ",\"Nonce\":6}", -32602, "\"Nonce\""},
	    {"{" PLAIN ",\"authorizationList\":[]}", -32602, "\"authorizationList\""},
	    {"{" PLAIN ",\"dataGas\":0}", -32000, "dataGas:"},
	    {"{" TO ",\"safe\":null}", -32602, "safe:"},
	    {"{" TO ",\"safe\":\"eth:0x25a6c4BBd32B2424A9c99aEB0584Ad12045382B3\"}", -32602, "safe:"},
	    {"{" SAFE ",\"to\":null}", -32602, "to:"},
	    {"{" SAFE ",\"to\":\"0x12\"}", -32602, "to:"},
	    {"{" SAFE "," TO ",\"value\":20}", -32602, "value:"},
	    {"{" SAFE "," TO ",\"value\":\"\"}", -32602, "value:"},
	    {"{" SAFE "," TO ",\"value\":\"0x\"}", -32602, "value:"},
	    {"{" SAFE "," TO ",\"value\":\"1e3\"}", -32602, "value:"},
	    {"{" SAFE "," TO ",\"value\":\"+1\"}", -32602, "value:"},
	    {"{" SAFE "," TO ",\"value\":\" 1\"}", -32602, "value:"},
	    {"{" SAFE "," TO ",\"value\":\"-1\"}", -32000, "value:"},
	    {"{" SAFE "," TO ",\"value\":\"115792089237316195423570985008687907853269984665640564039457584007913129639936\"}",
	        -32602, "value:"},
	    {"{" SAFE "," TO ",\"gasPrice\":0}", -32602, "gasPrice:"},
	    {"{" SAFE "," TO ",\"safeTxGas\":-1}", -32000, "safeTxGas:"},
	    {"{" SAFE "," TO ",\"safeTxGas\":true}", -32602, "safeTxGas:"},
	    {"{" SAFE "," TO ",\"baseGas\":1.0}", -32602, "baseGas:"},
	    {"{" SAFE "," TO ",\"nonce\":1e2}", -32602, "nonce:"},
	    {"{" SAFE "," TO ",\"nonce\":{}}", -32602, "nonce:"},
	    {"{" SAFE "," TO ",\"chainId\":[]}", -32602, "chainId:"},
	    {"{" SAFE "," TO ",\"operation\":\"1\"}", -32602, "operation:"},
	    {"{" SAFE "," TO ",\"operation\":-1}", -32602, "operation:"},
	    {"{" SAFE "," TO ",\"operation\":256}", -32602, "operation:"},
	    {"{" SAFE "," TO ",\"operation\":2}", -32000, "operation:"},
	    {"{" SAFE "," TO ",\"operation\":true}", -32602, "operation:"},
	    {"{" SAFE "," TO ",\"data\":\"a9059cbb\"}", -32602, "data:"},
	    {"{" SAFE "," TO ",\"data\":\"0xa\"}", -32602, "data:"},
	    {"{" SAFE "," TO ",\"data\":[1]}", -32602, "data:"},
	    {"{" SAFE "," TO ",\"gasToken\":\"0x\"}", -32602, "gasToken:"},
	    {"{" SAFE "," TO ",\"refundReceiver\":0}", -32602, "refundReceiver:"},
	    {"{" SAFE "," TO ",\"safeTxHash\":null}", -32602, "safeTxHash:"},
	    {"{" SAFE "," TO ",\"safeTxHash\":\"0x12\"}", -32602, "safeTxHash:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].text, cases[i].code, cases[i].names);
}

static void test_content(void **state)
{
	struct arena arena = {0};
	struct buf content = BUF_INIT(1u << 16), again = BUF_INIT(1u << 16);
	struct safe_transaction transaction, parsed;
	uint8_t digest[KECCAK256_SIZE];
	struct error error;

	(void)state;
	assert_true(
	    settle(&arena, "{" FULL ",\"safeTxHash\":\"0xb1ab93f13146fb155d3ccf565acc82d10577d173a3c65885eb1c0edf77526aea\"}",
	        137, &transaction, &error));
	safe_put_content(&transaction, &content);
	assert_true(safe_content_digest(buf_bytes(&content), digest, &error));
	assert_hex(bytes_of(digest, sizeof(digest)), "b1ab93f13146fb155d3ccf565acc82d10577d173a3c65885eb1c0edf77526aea");
	assert_true(safe_parse_content(buf_bytes(&content), &parsed, &error));
	safe_put_content(&parsed, &again);
	assert_bytes_equal(buf_bytes(&again), buf_bytes(&content));
	/* up to the data, which may be of any length */
	for (size_t size = 0; size < content.size - transaction.data.size; size++)
		assert_false(safe_content_digest(bytes_of(content.data, size), digest, &error));
	buf_free(&content);
	buf_free(&again);
	arena_free(&arena);
}

#define AT_CHAIN     1
#define AT_OPERATION (1 + 32 + 20 + 20 + 32)

static void test_broken_content(void **state)
{
	static const struct {
		enum safe_version version; /* of the content before */
		size_t at;
		uint8_t value;
	} cases[] = {
	    {SAFE_VERSION_1_3, 0, 0},
	    {SAFE_VERSION_1_3, 0, SAFE_VERSION_1_0}, /* a chain where none is signed */
	    {SAFE_VERSION_1_3, 0, 4},
	    {SAFE_VERSION_1_3, 0, 255},
	    {SAFE_VERSION_1_3, AT_CHAIN + 31, 0}, /* no chain where one is signed */
	    {SAFE_VERSION_1_0, AT_CHAIN + 31, 1},
	    {SAFE_VERSION_1_0, 0, SAFE_VERSION_1_3},
	    {SAFE_VERSION_1_3, AT_OPERATION, 2},
	    {SAFE_VERSION_1_3, AT_OPERATION, 255},
	};
	struct safe_transaction transaction = {.chain_id = u256_from_u64(1)};
	uint8_t digest[KECCAK256_SIZE];
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf content = BUF_INIT(1u << 16);
		transaction.version = cases[i].version;
		safe_put_content(&transaction, &content);
		assert_true(safe_content_digest(buf_bytes(&content), digest, &error));
		content.data[cases[i].at] = cases[i].value;
		assert_false(safe_content_digest(buf_bytes(&content), digest, &error));
		buf_free(&content);
	}
}

/* What the UI got from Clef, member for member. */
static void test_ui_members(void **state)
{
	struct arena arena = {0};
	struct buf json = BUF_INIT(1u << 16);
	struct safe_transaction transaction;
	struct error error;

	(void)state;
	assert_true(settle(&arena, "{" PLAIN ",\"safeTxHash\":\"0x" HASH_1 "\"}", 1, &transaction, &error));
	safe_put_ui_members(&transaction, &json);
	assert_string_equal(buf_text(&json),
	    "\"raw_data\":\"GQGCD2KHJlZycusNkjtogAOn7hdnxqm08ZKpUQiF9Mg+I1hStijzj5J1NuXTYgQWfHys0ms/"
	    "NMlwvpnKDSin8WjA\",\"messages\":"
	    "[{\"name\":\"EIP712Domain\",\"value\":[{\"name\":\"chainId\",\"value\":\"1 (0x1)\",\"type\":\"uint256\"},{\"name\":"
	    "\"verifyingContract\",\"value\":\"0x25a6c4BBd32B2424A9c99aEB0584Ad12045382B3\",\"type\":\"address\"}],\"type\":"
	    "\"domain\"},"
	    "{\"name\":\"SafeTx\",\"value\":[{\"name\":\"to\",\"value\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"type\":"
	    "\"address\"},{\"name\":\"value\",\"value\":\"20000000000000000 "
	    "(0x470de4df820000)\",\"type\":\"uint256\"},{\"name\":\"data\","
	    "\"value\":\"0x\",\"type\":\"bytes\"},{\"name\":\"operation\",\"value\":\"0 (0x0)\",\"type\":\"uint8\"},{\"name\":"
	    "\"safeTxGas\",\"value\":\"27845 (0x6cc5)\",\"type\":\"uint256\"},{\"name\":\"baseGas\",\"value\":\"0 "
	    "(0x0)\",\"type\":"
	    "\"uint256\"},{\"name\":\"gasPrice\",\"value\":\"0 "
	    "(0x0)\",\"type\":\"uint256\"},{\"name\":\"gasToken\",\"value\":\"" ZERO
	    "\",\"type\":\"address\"},{\"name\":\"refundReceiver\",\"value\":\"" ZERO
	    "\",\"type\":\"address\"},{\"name\":\"nonce\",\"value\":\"5 (0x5)\",\"type\":\"uint256\"}],\"type\":\"primary "
	    "type\"}],"
	    "\"hash\":\"0x" HASH_1 "\"");
	buf_free(&json);
	arena_free(&arena);
}

static void test_answer(void **state)
{
	struct arena arena = {0};
	struct buf json = BUF_INIT(1u << 16);
	struct safe_transaction transaction;
	struct signature signature = {.parity = 1};
	struct address sender;
	struct error error;

	(void)state;
	memset(signature.r, 0x11, sizeof(signature.r));
	memset(signature.s, 0x22, sizeof(signature.s));
	assert_true(address_parse(bytes_text("0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"), &sender));
	assert_true(
	    settle(&arena, "{" FULL ",\"safeTxHash\":\"0x6f21d39550fc7e77153ce6b6451169ead028551dbdc2cd613b4323a550c69c88\"}", 1,
	        &transaction, &error));
	safe_put_result_json(&transaction, &sender, &signature, &json);
	assert_string_equal(buf_text(&json),
	    "{\"signature\":"
	    "\"0x11111111111111111111111111111111111111111111111111111111111111112222222222222222222222222222222222222222"
	    "2222222222222222222222221c\",\"contractTransactionHash\":"
	    "\"0x6f21d39550fc7e77153ce6b6451169ead028551dbdc2cd613b4323a550c69c88\",\"sender\":"
	    "\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"," SAFE "," TO
	    ",\"value\":\"20000000000000000\",\"gasPrice\":\"340282366920938463463374607431768211456\",\"data\":\"0xa9059cbb\","
	    "\"operation\":1,\"gasToken\":\"0xa0b86991c6218b36c1d19d4a2e9eb0ce3606eb48\",\"refundReceiver\":"
	    "\"0x2c7536e3605d9c16a7a3d7b1898e529396a65c23\",\"baseGas\":"
	    "115792089237316195423570985008687907853269984665640564039457584007913129639935,\"safeTxGas\":"
	    "57896044618658097711785492504343953926634992332820282019728792003956564819968,\"nonce\":18446744073709551621,"
	    "\"safeTxHash\":\"0x6f21d39550fc7e77153ce6b6451169ead028551dbdc2cd613b4323a550c69c88\"}");
	buf_free(&json);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_versions), cmocka_unit_test(test_chain_and_hash),
	    cmocka_unit_test(test_contract_transaction_hash), cmocka_unit_test(test_service_document),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_content), cmocka_unit_test(test_broken_content),
	    cmocka_unit_test(test_ui_members), cmocka_unit_test(test_answer)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
