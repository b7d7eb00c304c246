/* What a person is told before approving, and what is never asked. */
#include "../eth/eth_testing.h"

#include "decode/validation.h"

#define FROM "\"from\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\""
#define TO   "\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"gasPrice\":\"0x1\""
#define TRANSFER                                                                     \
	"0xa9059cbb0000000000000000000000002c7536e3605d9c16a7a3d7b1898e529396a65c23" \
	"0000000000000000000000000000000000000000000000000de0b6b3a7640000"

/* call_info for the request, or the error that refuses it outright. */
static char *judge(struct arena *arena, const char *request, const char *hint, struct validation *ret_validation)
{
	struct json json = parse_json(request);
	struct buf text = BUF_INIT(1u << 20);
	struct transaction transaction;
	struct error error = {0};

	ret_validation->count = 0;
	if (!transaction_from_json(json.root, arena, &transaction, &error))
		fail_msg("%s: %s", request, error.text);
	if (validation_transaction(&transaction, hint ? bytes_text(hint) : BYTES_NONE, NULL, arena, ret_validation, &error))
		validation_put_json(ret_validation, &text);
	else
		buf_put_text(&text, error.text);
	char *result = arena_text(arena, buf_bytes(&text));
	buf_free(&text);
	json_free(&json);
	return result;
}

static void assert_judged(const char *request, const char *hint, const char *expected)
{
	struct arena arena = {0};
	struct validation validation;

	assert_string_equal(judge(&arena, request, hint, &validation), expected);
	arena_free(&arena);
}

static void test_nothing_to_say(void **state)
{
	(void)state;
	assert_judged("{" FROM "," TO "}", NULL, "null");
	assert_judged("{" FROM "," TO ",\"data\":\"0x\"}", "transfer(address,uint256)", "null");
}

static void test_recipients_and_fees(void **state)
{
	(void)state;
	assert_judged("{\"to\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"gasPrice\":\"0x1\"}", NULL,
	    "[{\"type\":\"WARNING\",\"message\":\"Invalid checksum on recipient address\"}]");
	assert_judged("{\"to\":\"0X0000000000000000000000000000000000000000\"}", NULL,
	    "[{\"type\":\"WARNING\",\"message\":\"Invalid checksum on recipient address\"},"
	    "{\"type\":\"CRITICAL\",\"message\":\"Transaction recipient is the zero address\"},"
	    "{\"type\":\"CRITICAL\",\"message\":\"Neither 'gasPrice' nor 'maxFeePerGas' specified.\"}]");
	assert_judged("{\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"maxFeePerGas\":\"0x1\"}", NULL,
	    "[{\"type\":\"CRITICAL\",\"message\":\"Neither 'gasPrice' nor 'maxPriorityFeePerGas' specified.\"}]");
	assert_judged(
	    "{" TO ",\"maxFeePerGas\":\"0x1\"}", NULL, "validation failed: Both 'gasPrice' and 'maxFeePerGas' specified.");
	assert_judged("{" TO ",\"maxPriorityFeePerGas\":\"0x1\"}", NULL,
	    "validation failed: Both 'gasPrice' and 'maxPriorityFeePerGas' specified.");
	assert_judged(
	    "{\"maxPriorityFeePerGas\":\"0x0\"}", NULL, "validation failed: Neither 'gasPrice' nor 'maxFeePerGas' specified.");
	assert_judged("{\"maxFeePerGas\":\"0x1\",\"maxPriorityFeePerGas\":\"0x2\"}", NULL,
	    "validation failed: 'maxPriorityFeePerGas' is above 'maxFeePerGas', which no block accepts.");
}

static void test_creations(void **state)
{
	(void)state;
	assert_judged(
	    "null", NULL, "[{\"type\":\"CRITICAL\",\"message\":\"Transaction will create a contract with empty code\"}]");
	assert_judged("{\"value\":\"0x1\"}", NULL, "transaction will create a contract with value but empty code");
	assert_judged("{\"data\":\"0x606060606060606060606060606060606060606060606060606060606060606060606060606060\"}", NULL,
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction will create a contract, but the payload is suspiciously small (39 "
	    "bytes)\"}]");
	assert_judged(
	    "{\"data\":\"0x60606060606060606060606060606060606060606060606060606060606060606060606060606060\"}", NULL, "null");
	assert_judged("{\"data\":\"0x60606060606060606060606060606060606060606060606060606060606060606060606060606060\"}", "f()",
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction will create a contract, but method selector supplied, indicating "
	    "an intent "
	    "to call a method\"}]");
}

static void test_calls(void **state)
{
	(void)state;
	assert_judged("{" TO ",\"data\":\"" TRANSFER "\"}", NULL,
	    "[{\"type\":\"Info\",\"message\":\"Transaction invokes the following method: \\\"transfer(address: "
	    "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23,uint256: 1000000000000000000)\\\"\"}]");
	assert_judged("{" TO ",\"data\":\"0xa905\"}", NULL,
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction data is not valid ABI (missing the 4 byte call prefix)\"}]");
	assert_judged("{" TO ",\"data\":\"0xfedc4321\"}", NULL,
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction contains data, but the ABI signature could not be found: signature "
	    "fedc4321 "
	    "not found\"}]");
	assert_judged("{" TO ",\"data\":\"0xfedc43210102\"}", NULL,
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction data is not valid ABI (length should be a multiple of 32 (was "
	    "2))\"},"
	    "{\"type\":\"WARNING\",\"message\":\"Transaction contains data, but the ABI signature could not be found: signature "
	    "fedc4321 "
	    "not found\"}]");
}

static void assert_begins(const char *request, const char *hint, const char *expected)
{
	struct arena arena = {0};
	struct validation validation;
	const char *found = judge(&arena, request, hint, &validation);

	if (strncmp(found, expected, strlen(expected)) != 0)
		fail_msg("found %s\nexpected %s", found, expected);
	arena_free(&arena);
}

static void test_arguments_that_do_not_fit(void **state)
{
	static const char verified[] =
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction contains data, but provided ABI signature could not be verified: ";
	static const char matched[] =
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction contains data, but provided ABI signature could not be matched: ";
	static const char *const hints[] = {"transfer(address,uint)", "send(address,uint256)", "", " transfer(address,uint256)",
	    "transfer(address,uint256) ", "transfer", "0xa9059cbb", "transfer((address,uint256)[1])",
	    "transfer(address,uint256)\xff"};

	(void)state;
	assert_begins("{" TO ",\"data\":\"0xa9059cbb\"}", NULL, verified);
	assert_begins(
	    "{" TO ",\"data\":\"" TRANSFER "0000000000000000000000000000000000000000000000000000000000000000\"}", NULL, verified);
	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		assert_begins("{" TO ",\"data\":\"" TRANSFER "\"}", hints[i], matched);
	assert_begins("{" TO ",\"data\":\"" TRANSFER "\"}", "transfer(address,uint256)", "[{\"type\":\"Info\"");
	assert_begins("{" TO ",\"data\":\"0x63661ed4"
	              "0000000000000000000000000000000000000000000000000000000000000001000000000000000000000000000000000000000000"
	              "0000000000000000000002"
	              "0000000000000000000000000000000000000000000000000000000000000003000000000000000000000000000000000000000000"
	              "0000000000000000000004"
	              "\"}",
	    "f((uint256,uint256)[2])", matched);
	/* Unknown to the list, but the caller knows. */
	assert_begins("{" TO ",\"data\":\"0x0844aa99\"}", "poke123()",
	    "[{\"type\":\"Info\",\"message\":\"Transaction invokes the following method: \\\"poke123()\\\"\"}]");
}

/* A string argument must neither end the quotes nor steer the terminal, and a huge one must not drown the page. */
static void test_hostile_strings(void **state)
{
	struct arena arena = {0};
	struct validation validation;
	struct buf request = BUF_INIT(1u << 20);

	(void)state;
	assert_judged("{" TO ",\"data\":\"0xd5c61301"
	              "0000000000000000000000000000000000000000000000000000000000000020"
	              "000000000000000000000000000000000000000000000000000000000000000b"
	              "615c22e280ae1b5b4aff0a000000000000000000000000000000000000000000\"}",
	    "say(string)",
	    "[{\"type\":\"Info\",\"message\":\"Transaction invokes the following method: "
	    "\\\"say(string: a\\\\\\\\\\\\\\\"\\\\u{202e}\\\\x1b[J\\\\xff\\\\n)\\\"\"}]");
	buf_put_text(&request, "{" TO ",\"data\":\"0xd5c61301"
	                       "0000000000000000000000000000000000000000000000000000000000000020"
	                       "0000000000000000000000000000000000000000000000000000000000020000");
	for (unsigned i = 0; i < 0x20000; i++)
		buf_put_text(&request, "61");
	buf_put_text(&request, "\"}");
	judge(&arena, buf_text(&request), "say(string)", &validation);
	assert_int_equal(validation.count, 1);
	struct bytes text = validation.messages[0].text;
	assert_true(text.size > 60000 && text.size < 70000);
	assert_non_null(memmem(text.data, text.size, "more bytes)\"", 12));
	buf_free(&request);
	arena_free(&arena);
}

/* What a caller says the method is called is shown to the person: it must not write lines of its own, nor turn the text round. */
static void test_hostile_hints(void **state)
{
	static const char matched[] =
	    "[{\"type\":\"WARNING\",\"message\":\"Transaction contains data, but provided ABI signature could not be matched: "
	    "the signature \\\"";
	static const struct {
		const char *hint, *shown;
	} cases[] = {
	    {"f(\xe2\x80\xaeuint)", "f(\\\\u{202e}uint)\\\" is not understood: expected a type at byte 3\"}]"},
	    {"f(uint256)\nFAKE\x1b[31m", "f(uint256)\\\\nFAKE\\\\x1b[31m\\\" is not understood: expected the end at byte 11\"}]"},
	    {"f() is fine\". \\", "f() is fine\\\\\\\". \\\\\\\\\\\" is not understood: expected the end at byte 4\"}]"},
	    /* Cut in front of a character, not within. */
	    {"f(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\xe2\x82\xac)",
	        "f(xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx… (4 more "
	        "bytes)\\\" "
	        "is not understood: expected a type at byte 3\"}]"},
	};
	char expected[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(expected, sizeof(expected), "%s%s", matched, cases[i].shown);
		assert_judged("{" TO ",\"data\":\"" TRANSFER "\"}", cases[i].hint, expected);
	}
}

static void test_permission(void **state)
{
	struct validation validation;
	struct arena arena = {0};
	struct error error;

	(void)state;
	judge(&arena, "{" TO ",\"data\":\"" TRANSFER "\"}", NULL, &validation);
	assert_true(validation_permits(&validation, false, &error));
	judge(&arena, "{\"to\":\"0x0000000000000000000000000000000000000000\",\"gasPrice\":\"0x1\",\"data\":\"0x01\"}", NULL,
	    &validation);
	assert_true(validation_permits(&validation, true, &error));
	assert_false(validation_permits(&validation, false, &error));
	assert_string_equal(error.text, "validation failed: Transaction recipient is the zero address,Transaction data is not "
	                                "valid ABI (missing the 4 byte call "
	                                "prefix)");
	assert_int_equal(error_rpc_code(&error), -32000);
	arena_free(&arena);
}

/* Signed as Clef did; the person hears that no network takes it, old programs see what they always saw. */
static void test_blob_hashes(void **state)
{
	static const char request[] = "{" FROM ",\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"maxFeePerGas\":\"0x2\","
	                              "\"maxPriorityFeePerGas\":\"0x1\",\"maxFeePerBlobGas\":\"0x1\",\"blobVersionedHashes\":["
	                              "\"0x01abababababababababababababababababababababababababababababab00\","
	                              "\"0x02abababababababababababababababababababababababababababababab00\"]}";
	struct arena arena = {0};
	struct validation validation;
	struct error error;

	(void)state;
	assert_string_equal(judge(&arena, request, NULL, &validation), "null");
	assert_int_equal(validation.count, 1);
	assert_string_equal(validation.messages[0].code, "blob-hash-version");
	assert_true(bytes_equal_text(validation.messages[0].text,
	    "blobVersionedHashes[1] is of version 0x02: networks know version 0x01 only (EIP-4844)"));
	assert_true(validation_permits(&validation, false, &error));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_nothing_to_say), cmocka_unit_test(test_recipients_and_fees),
	    cmocka_unit_test(test_creations), cmocka_unit_test(test_calls), cmocka_unit_test(test_arguments_that_do_not_fit),
	    cmocka_unit_test(test_hostile_strings), cmocka_unit_test(test_hostile_hints), cmocka_unit_test(test_permission),
	    cmocka_unit_test(test_blob_hashes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
