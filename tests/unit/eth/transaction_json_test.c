/* Requests: what is understood, what is refused, what the UI sees and may send back. */
#include "eth_testing.h"

#include "eth/transaction.h"

#define FROM "\"from\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\""
#define TO   "\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\""
#define FULL FROM "," TO ",\"gas\":\"0x5208\",\"gasPrice\":\"0x3b9aca00\",\"value\":\"0x1\",\"nonce\":\"0x0\""

/* An access list whose one entry has an address and is not closed yet. */
#define LIST "{\"accessList\":[{\"address\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\""

struct read {
	struct json json;
	struct arena arena;
	struct transaction transaction;
	struct error error;
	bool good;
};

static struct read read_request(const char *text)
{
	struct read read = {.json = parse_json(text)};

	read.good = transaction_from_json(read.json.root, &read.arena, &read.transaction, &read.error);
	return read;
}

static void done(struct read *read)
{
	json_free(&read->json);
	arena_free(&read->arena);
}

static void assert_shown(const struct read *read, const char *expected)
{
	struct buf json = BUF_INIT(100000);

	transaction_put_ui_json(&read->transaction, &json);
	assert_string_equal(buf_text(&json), expected);
	buf_free(&json);
}

static void test_types(void **state)
{
	static const struct {
		const char *json;
		enum transaction_type type;
	} cases[] = {{"{}", TRANSACTION_LEGACY}, {"null", TRANSACTION_LEGACY}, {"{\"accessList\":[]}", TRANSACTION_ACCESS_LIST},
	    {"{\"accessList\":null}", TRANSACTION_LEGACY}, {"{\"maxFeePerGas\":\"0x0\"}", TRANSACTION_DYNAMIC_FEE},
	    {"{\"maxFeePerGas\":null}", TRANSACTION_LEGACY},
	    {"{\"maxFeePerGas\":\"0x0\",\"accessList\":[]}", TRANSACTION_DYNAMIC_FEE}, {"{\"type\":\"0x0\"}", TRANSACTION_LEGACY},
	    {"{\"type\":null}", TRANSACTION_LEGACY}, {"{\"type\":\"0x1\",\"accessList\":[]}", TRANSACTION_ACCESS_LIST},
	    {"{\"type\":\"0x2\",\"maxFeePerGas\":\"0x1\"}", TRANSACTION_DYNAMIC_FEE}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read read = read_request(cases[i].json);
		if (!read.good)
			fail_msg("%s: %s", cases[i].json, read.error.text);
		assert_int_equal(read.transaction.type, cases[i].type);
		done(&read);
	}
}

static void test_refusals(void **state)
{
	static const char *const bad[] = {"[]", "\"0x\"", "5", "{\"Gas\":\"0x1\"}", "{\"gas_price\":\"0x1\"}",
	    "{\"gasLimit\":\"0x1\"}", "{\"\":1}", "{\"gas\\u0000\":\"0x1\"}", "{\"gas\":\"0x1\",\"gas\":\"0x1\"}",
	    "{\"gas\":null}", "{\"value\":null}", "{\"nonce\":null}", "{\"from\":null}", "{\"gas\":\"0x10000000000000000\"}",
	    "{\"gas\":21000}", "{\"to\":\"\"}", "{\"to\":\"0x\"}", "{\"to\":\"vitalik.eth\"}",
	    "{\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD8260\"}", "{\"data\":\"00\"}", "{\"data\":\"0x0\"}",
	    "{\"type\":\"0x2\"}", "{\"type\":\"0x1\"}", "{\"type\":\"0x0\",\"maxFeePerGas\":\"0x1\"}", "{\"type\":\"0x5\"}",
	    "{\"type\":2}", "{\"type\":\"legacy\"}", "{\"type\":\"0x3\"}", "{\"type\":\"0x4\"}", "{\"blobVersionedHashes\":{}}",
	    "{\"blobs\":{}}", "{\"authorizationList\":{}}", "{\"accessList\":{}}", "{\"accessList\":[null]}",
	    "{\"accessList\":[{}]}", "{\"accessList\":\"0x\"}", LIST "}]}", LIST ",\"storageKeys\":null}]}",
	    LIST ",\"storageKeys\":[\"0x01\"]}]}", LIST ",\"storageKeys\":[],\"note\":1}]}",
	    LIST ",\"storageKeys\":[],\"storageKeys\":[]}]}"};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct read read = read_request(bad[i]);
		if (read.good)
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(error_rpc_code(&read.error), -32602);
		done(&read);
	}
}

/* A field that the type does not have is refused, never dropped. */
static void test_fields_of_other_types(void **state)
{
	static const struct {
		const char *json, *field;
	} cases[] = {{"{\"maxFeePerBlobGas\":\"0x1\"}", "maxFeePerBlobGas: "},
	    {"{\"maxFeePerGas\":\"0x1\",\"maxFeePerBlobGas\":\"0x1\"}", "maxFeePerBlobGas: "},
	    {"{\"accessList\":[],\"blobVersion\":1}", "blobVersion: "}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read read = read_request(cases[i].json);
		assert_false(read.good);
		assert_int_equal(strncmp(read.error.text, cases[i].field, strlen(cases[i].field)), 0);
		assert_int_equal(read.error.kind, ERROR_REFUSED);
		done(&read);
	}
}

/* Left over from a signed transaction: of no consequence, whatever they say. */
static void test_ignored_members(void **state)
{
	struct read read = read_request("{" FULL ",\"v\":\"0x25\",\"r\":1,\"s\":null,\"yParity\":{},\"hash\":\"x\"}");

	(void)state;
	assert_true(read.good);
	assert_shown(&read, "{" FROM "," TO ",\"gas\":\"0x5208\",\"gasPrice\":\"0x3b9aca00\",\"maxFeePerGas\":null,"
	                    "\"maxPriorityFeePerGas\":null,\"value\":\"0x1\",\"nonce\":\"0x0\"}");
	done(&read);
}

static void test_data_and_input(void **state)
{
	static const struct {
		const char *json, *data; /* NULL: refused; "": not named */
	} cases[] = {{"{}", ""}, {"{\"data\":\"0xAB\"}", ",\"data\":\"0xab\""}, {"{\"input\":\"0xAB\"}", ",\"data\":\"0xab\""},
	    {"{\"data\":\"0xab\",\"input\":\"0XAB\"}", ",\"data\":\"0xab\""},
	    {"{\"data\":\"\",\"input\":\"0x\"}", ",\"data\":\"0x\""}, {"{\"data\":null,\"input\":null}", ""},
	    {"{\"data\":\"0xab\",\"input\":null}", ",\"data\":\"0xab\""}, {"{\"data\":\"0x\",\"input\":\"0xab\"}", NULL},
	    {"{\"data\":\"0xab\",\"input\":\"0xac\"}", NULL}, {"{\"data\":\"0xab\",\"input\":\"0x\"}", NULL}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct read read = read_request(cases[i].json);
		char expected[300];
		assert_int_equal(read.good, cases[i].data != NULL);
		snprintf(expected, sizeof(expected),
		    "{\"from\":null,\"to\":null,\"gas\":\"0x0\",\"gasPrice\":null,\"maxFeePerGas\":null,"
		    "\"maxPriorityFeePerGas\":null,\"value\":\"0x0\",\"nonce\":\"0x0\"%s}",
		    cases[i].data ? cases[i].data : "");
		if (read.good)
			assert_shown(&read, expected);
		else
			assert_int_equal(error_rpc_code(&read.error), -32000);
		done(&read);
	}
}

static void test_shown_in_full(void **state)
{
	struct read read = read_request("{\"chainId\":\"0x1\",\"accessList\":[{\"storageKeys\":["
	                                "\"0xABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABABAB\"],\"address\":"
	                                "\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\"}],\"data\":\"0x\"," FULL "}");

	(void)state;
	assert_true(read.good);
	assert_shown(&read, "{" FROM "," TO ",\"gas\":\"0x5208\",\"gasPrice\":\"0x3b9aca00\",\"maxFeePerGas\":null,"
	                    "\"maxPriorityFeePerGas\":null,\"value\":\"0x1\",\"nonce\":\"0x0\",\"data\":\"0x\",\"accessList\":[{"
	                    "\"address\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"storageKeys\":["
	                    "\"0xabababababababababababababababababababababababababababababababab\"]}],\"chainId\":\"0x1\"}");
	done(&read);
}

static void test_sender_and_chain(void **state)
{
	struct read nobody = read_request("{\"chainId\":\"0x5\"}");
	struct read other = read_request("{" FULL ",\"chainId\":\"0x10000000000000001\"}");

	(void)state;
	assert_false(transaction_require_from(&nobody.transaction, &nobody.error));
	assert_int_equal(error_rpc_code(&nobody.error), -32602);
	assert_true(transaction_require_from(&other.transaction, &other.error));
	assert_true(transaction_check_chain(&nobody.transaction, 5, &nobody.error));
	assert_false(transaction_check_chain(&nobody.transaction, 1, &nobody.error));
	assert_string_equal(nobody.error.text,
	    "requested chainid 5 does not match the configuration of the signer, which signs for chain 1 (--chainid)");
	/* Not cut to 64 bits, where it would be 1. */
	assert_false(transaction_check_chain(&other.transaction, 1, &other.error));
	done(&nobody);
	done(&other);
}

static void test_escapes_in_values(void **state)
{
	static const struct {
		const char *params;
		bool plain;
	} cases[] = {{"[{\"gas\":\"0x1\"}]", true}, {"[{\"\\u0067as\":\"0x1\"}]", true},
	    {"[{\"\\u0067as\" \n\t: \"0x1\"}]", true}, {"[{\"gas\":\"\\u00300x1\"}]", false},
	    {"[{\"accessList\":[{\"address\":\"0\\u0078\"}]}]", false}, {"[ {\"a\":\"b\\\\\"} ]", false},
	    {"[{\"gas\":\"0x1\"},\"f(\\u0075int8)\"]", true}, {"[{\"a\\\"\":\"0x1\"}]", true}, {"[]", true}, {"", true},
	    {"[{\"a\":\"\\", false}, {"[\"\\u0030\"]", true}, {"[{\"a\":[\"\\n\"]}]", false}};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		if (transaction_params_are_plain(bytes_text(cases[i].params), &error) != cases[i].plain)
			fail_msg("%s", cases[i].params);
}

static void test_answers_of_the_ui(void **state)
{
	static const struct {
		const char *json, *problem; /* NULL: accepted */
	} cases[] = {{"{" FULL ",\"data\":\"0xab\"}", NULL}, {"{" FULL ",\"data\":\"0x\"}", NULL}, {"{" FULL "}", "no data"},
	    {"{" FULL ",\"input\":\"0xac\"}", NULL}, {"null", "without sending"}, {"[]", "without sending"},
	    {"{" TO ",\"gas\":\"0x1\",\"value\":\"0x1\",\"nonce\":\"0x1\",\"data\":\"0xab\"}", "no from"},
	    {"{" FROM "," TO ",\"value\":\"0x1\",\"nonce\":\"0x1\",\"data\":\"0xab\"}", "no gas"},
	    {"{" FROM "," TO ",\"gas\":\"0x1\",\"nonce\":\"0x1\",\"data\":\"0xab\"}", "no value"},
	    {"{" FROM "," TO ",\"gas\":\"0x1\",\"value\":\"0x1\",\"data\":\"0xab\"}", "no nonce"},
	    {"{" FULL ",\"data\":\"0xab\",\"note\":1}", "unknown field"}, {"{" FULL ",\"data\":5}", "data: "},
	    {"{" FULL ",\"data\":\"0xab\",\"input\":\"0xac\"}", "ambiguous"}};
	struct read asked = read_request("{" FULL ",\"data\":\"0xab\"}");

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct json json = parse_json(cases[i].json);
		struct transaction edited;
		struct error error = {0};
		bool good = transaction_from_ui_json(json.root, &asked.transaction, &asked.arena, &edited, &error);
		if (good != (cases[i].problem == NULL))
			fail_msg("%s: %s", cases[i].json, good ? "accepted" : error.text);
		if (!good) {
			assert_int_equal(error_rpc_code(&error), -32000);
			assert_non_null(strstr(error.text, cases[i].problem));
		}
		json_free(&json);
	}
	done(&asked);
}

static void test_ui_forgets_the_access_list(void **state)
{
	struct read asked = read_request(
	    "{" FULL ",\"accessList\":[{\"address\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"storageKeys\":[]}]}");
	struct json none = parse_json("{" FULL "}");
	struct json empty = parse_json("{" FULL ",\"accessList\":[]}");
	struct transaction edited;
	struct error error;

	(void)state;
	assert_false(transaction_from_ui_json(none.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_true(transaction_from_ui_json(empty.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_int_equal(edited.access_count, 0);
	json_free(&none);
	json_free(&empty);
	done(&asked);
}

/* A call must not become a contract creation because a UI forgets the recipient; saying null is another matter. */
static void test_ui_forgets_the_recipient(void **state)
{
	struct read asked = read_request("{" FULL "}");
	struct json forgotten = parse_json("{" FROM ",\"gas\":\"0x1\",\"value\":\"0x1\",\"nonce\":\"0x1\"}");
	struct json removed = parse_json("{" FROM ",\"to\":null,\"gas\":\"0x1\",\"value\":\"0x1\",\"nonce\":\"0x1\"}");
	struct transaction edited;
	struct error error;

	(void)state;
	assert_false(transaction_from_ui_json(forgotten.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	assert_true(transaction_from_ui_json(removed.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_false(edited.has_to);
	json_free(&forgotten);
	json_free(&removed);
	done(&asked);
}

static void test_ui_may_respell_the_recipient(void **state)
{
	struct read asked = read_request("{" FULL "}");
	struct json same =
	    parse_json("{" FROM ",\"to\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"gas\":\"0x1\",\"value\":\"0x1\","
	               "\"nonce\":\"0x1\"}");
	struct json other =
	    parse_json("{" FROM ",\"to\":\"0x2c7536e3605d9c16a7a3d7b1898e529396a65c23\",\"gas\":\"0x1\",\"value\":\"0x1\","
	               "\"nonce\":\"0x1\"}");
	struct transaction edited;
	struct error error;

	(void)state;
	assert_true(transaction_from_ui_json(same.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_true(edited.to_is_checksummed);
	assert_true(transaction_from_ui_json(other.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_false(edited.to_is_checksummed);
	json_free(&same);
	json_free(&other);
	done(&asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_types), cmocka_unit_test(test_refusals),
	    cmocka_unit_test(test_fields_of_other_types), cmocka_unit_test(test_ignored_members),
	    cmocka_unit_test(test_data_and_input), cmocka_unit_test(test_shown_in_full), cmocka_unit_test(test_sender_and_chain),
	    cmocka_unit_test(test_escapes_in_values), cmocka_unit_test(test_answers_of_the_ui),
	    cmocka_unit_test(test_ui_forgets_the_access_list), cmocka_unit_test(test_ui_forgets_the_recipient),
	    cmocka_unit_test(test_ui_may_respell_the_recipient)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
