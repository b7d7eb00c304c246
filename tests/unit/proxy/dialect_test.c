/* Each standard name: what the signer and the node are asked, and what the dapp hears. */
#include "bed.h"

#include "eth/authorization.h"

#define DAPP "https://dapp.example"

static int setup(void **state)
{
	*state = bed_new(true, 0);
	return 0;
}

static int setup_alone(void **state)
{
	*state = bed_new(false, 0);
	return 0;
}

static int setup_alone_on_chain(void **state)
{
	*state = bed_new(false, 5);
	return 0;
}

static int setup_other_chain(void **state)
{
	*state = bed_new(true, 5);
	return 0;
}

static int teardown(void **state)
{
	bed_free(*state);
	return 0;
}

static void assert_begins(const char *text, const char *begin)
{
	if (strncmp(text, begin, strlen(begin)) != 0)
		fail_msg("expected %s…, found %s", begin, text);
}

static void assert_asked(const struct buf *lines, const char *line)
{
	if (bed_count(lines, line) == 0)
		fail_msg("expected %s, found %.*s", line, (int)lines->size, (const char *)lines->data);
}

/* ---- to whom ---- */

static void test_the_signers_own(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask_from(bed, DAPP, "account_version", ""), "\"signer did account_version\"");
	assert_asked(&bed->signer_asked, "account_version []");
	assert_true(bytes_equal_text(bed->last_claims.origin, DAPP));
	assert_true(bytes_equal_text(bed->last_claims.host, "localhost:8550"));
	assert_true(bytes_equal_text(bed->last_claims.user_agent, "test"));
	bed_ask(bed, "account_new", "[ 1.50 , {\"a\" : 2}]");
	assert_asked(&bed->signer_asked, "account_new [ 1.50 , {\"a\" : 2}]");
	assert_string_equal(bed_ask(bed, "account_fly", "[]"), "\"signer did account_fly\"");
	assert_string_equal(bed_ask(bed, "clef_import", "[]"), "\"signer did clef_import\"");
	assert_string_equal(bed_ask(bed, "rpc_modules", "[]"), "\"signer did rpc_modules\"");
	assert_string_equal(bed_ask(bed, "health_status", "[]"), "\"signer did health_status\"");
	assert_string_equal(bed_ask(bed, "account_new", "{}"), "-32602 non-array args");
	assert_int_equal(node_calls(bed->node), 0);
}

static void test_the_nodes_own(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask(bed, "eth_blockNumber", ""), "\"node did it\"");
	assert_string_equal(bed_ask(bed, "web3_clientVersion", "{\"named\":true}"), "\"node did it\"");
	assert_string_equal(buf_text(&bed->last_params), "{\"named\":true}");
	assert_string_equal(bed_ask(bed, "net_version", "[]"), "\"node did it\"");
	assert_int_equal(bed->signer_calls, 0);
}

static bool node_refuses(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	node_put_error(ret_reply, call, "{\"code\": 3,\"message\":\"execution reverted: no\",\"data\":\"0x08c379a0\"}");
	return true;
}

static void test_the_nodes_errors_pass(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answer;

	bed->node_first = node_refuses;
	bed_begin(bed, "", "eth_call", "[{}]", &answer);
	bed_wait(bed, &answer);
	assert_string_equal(
	    buf_text(&answer.error), "{\"code\": 3,\"message\":\"execution reverted: no\",\"data\":\"0x08c379a0\"}");
	bed_answer_free(&answer);
}

/* What might touch a key never goes to a node, whatever it is called. */
static void test_not_offered(void **state)
{
	static const char *const names[] = {"eth_sign", "eth_signTypedData_v3", "eth_signTypedData_v1",
	    "eth_getEncryptionPublicKey", "eth_decrypt", "personal_unlockAccount", "personal_sendTransaction",
	    "personal_signTransaction", "personal_importRawKey", "personal_whatever", "wallet_sendCalls", "wallet_getCallsStatus",
	    "wallet_whatever", "eth_subscribe"};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		const char *text = bed_ask(bed, names[i], "[1,2,3,4,5]");
		char begin[128];
		snprintf(begin, sizeof(begin), "4200 %s is not offered by clef-proxy. ", names[i]);
		assert_begins(text, begin);
		assert_true(strlen(text) > strlen(begin) + 10);
	}
	assert_int_equal(node_calls(bed->node), 0);
	assert_int_equal(bed->signer_calls, 0);
}

static void test_without_node(void **state)
{
	struct bed *bed = *state;

	assert_begins(bed_ask(bed, "eth_blockNumber", "[]"), "4200 eth_blockNumber is for a node, and clef-proxy runs without "
	                                                     "one. With --upstream URL it hands such calls to that node");
	assert_begins(bed_ask(bed, "eth_sendTransaction", "[{}]"), "4200 eth_sendTransaction needs a node");
	assert_begins(bed_ask(bed, "eth_chainId", "[]"), "4900 clef-proxy does not know the chain");
	assert_begins(bed_ask(bed, "wallet_getCapabilities", "[]"), "4900 ");
	/* what only the signer is needed for works */
	assert_begins(bed_ask(bed, "personal_sign", "[\"0x68656c6c6f\",\"" BED_ACCOUNT "\"]"), "\"0x");
}

static void test_arguments(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask(bed, "personal_sign", "[\"0x\"]"), "-32602 missing value for required argument 1");
	assert_string_equal(bed_ask(bed, "eth_accounts", "[1]"), "-32602 too many arguments, want at most 0");
	assert_string_equal(bed_ask(bed, "eth_sendTransaction", "{\"from\":1}"), "-32602 non-array args");
	assert_string_equal(bed_ask(bed, "personal_sign", "[1,2"), "-32700 parse error");
	assert_string_equal(bed_ask(bed, "eth_blockNumber", "[\"\xff\"]"), "-32700 parse error");
}

/* ---- accounts ---- */

#define LIST "[\"" BED_ACCOUNT "\",\"" BED_OTHER "\"]"

static void test_accounts_of_scripts(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask(bed, "eth_accounts", "[]"), LIST);
	assert_string_equal(bed_ask(bed, "eth_requestAccounts", "[]"), LIST);
	assert_int_equal(bed_count(&bed->signer_asked, "account_list []"), 2);
	size_t calls = bed->signer_calls;
	assert_string_equal(bed_ask(bed, "wallet_getPermissions", "[]"), "[]");
	assert_int_equal(bed->signer_calls, calls); /* nobody is asked */
}

static void test_accounts_of_pages(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask_from(bed, DAPP, "eth_accounts", ""), "[]");
	assert_string_equal(bed_ask_from(bed, DAPP, "wallet_getPermissions", ""), "[]");
	assert_int_equal(bed->signer_calls, 0);
	assert_string_equal(bed_ask_from(bed, DAPP, "eth_requestAccounts", "[]"), LIST);
	assert_string_equal(bed_ask_from(bed, DAPP, "eth_accounts", "[]"), LIST);
	assert_string_equal(bed_ask_from(bed, "https://other.example", "eth_accounts", "[]"), "[]");
	assert_string_equal(bed_ask_from(bed, "http://dapp.example", "eth_accounts", "[]"), "[]");
	assert_int_equal(bed->signer_calls, 1);
	assert_string_equal(bed_ask_from(bed, DAPP, "wallet_revokePermissions", "[{\"eth_accounts\":{}}]"), "null");
	assert_string_equal(bed_ask_from(bed, DAPP, "eth_accounts", "[]"), "[]");
}

/* Many pages share the opaque origin. */
static void test_opaque_origin(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask_from(bed, "null", "eth_requestAccounts", "[]"), LIST);
	assert_string_equal(bed_ask_from(bed, "null", "eth_accounts", "[]"), "[]");
}

static void test_permissions(void **state)
{
	struct bed *bed = *state;
	const char *granted = bed_ask_from(bed, DAPP, "wallet_requestPermissions", "[{\"eth_accounts\":{}}]");
	struct json json = parse_json(granted);
	yyjson_val *permission = yyjson_arr_get(json.root, 0);

	assert_int_equal(yyjson_arr_size(json.root), 1);
	assert_true(bytes_equal_text(json_bytes(yyjson_obj_get(permission, "parentCapability")), "eth_accounts"));
	assert_true(bytes_equal_text(json_bytes(yyjson_obj_get(permission, "invoker")), DAPP));
	assert_true(bytes_equal_text(json_bytes(yyjson_ptr_get(permission, "/caveats/0/type")), "restrictReturnedAccounts"));
	assert_true(bytes_equal_text(json_bytes(yyjson_ptr_get(permission, "/caveats/0/value/1")), BED_OTHER));
	assert_true(yyjson_is_raw(yyjson_obj_get(permission, "date")));
	json_free(&json);
	assert_string_equal(bed_ask_from(bed, DAPP, "eth_accounts", "[]"), LIST);
	assert_begins(
	    bed_ask_from(bed, DAPP, "wallet_getPermissions", "[]"), "[{\"id\":\"1\",\"parentCapability\":\"eth_accounts\"");
	assert_begins(bed_ask_from(bed, DAPP, "wallet_requestPermissions", "[{\"keys\":{}}]"), "-32602 ");
	assert_begins(bed_ask_from(bed, DAPP, "wallet_requestPermissions", "[{\"eth_accounts\":{},\"keys\":{}}]"), "-32602 ");
	assert_begins(bed_ask_from(bed, DAPP, "wallet_requestPermissions", "[[]]"), "-32602 ");
}

static void deny(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_result;
	buf_put_text(ret_error, BED_DENIED);
}

static void test_denied_accounts(void **state)
{
	struct bed *bed = *state;

	bed_ask_from(bed, DAPP, "eth_requestAccounts", "[]");
	bed->signs = deny;
	assert_string_equal(bed_ask_from(bed, DAPP, "eth_requestAccounts", "[]"), "4001 request denied");
	assert_string_equal(bed_ask(bed, "eth_accounts", "[]"), "4001 request denied");
	/* by Clef's name it is Clef's error */
	assert_string_equal(bed_ask(bed, "account_list", "[]"), "-32000 request denied");
}

static const char *hostile;

static void say_hostile(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_error;
	buf_put_text(ret_result, hostile);
}

static void test_hostile_lists(void **state)
{
	static const char *const lists[] = {"null", "{}", "[1]", "[\"0x\"]", "[[\"" BED_ACCOUNT "\"]]",
	    "[\"" BED_ACCOUNT "\",null]", "[\"" BED_ACCOUNT "x\"]", "not JSON", "[\"" BED_ACCOUNT "\"", "[]]"};
	struct bed *bed = *state;

	bed->signs = say_hostile;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		hostile = lists[i];
		assert_begins(bed_ask_from(bed, DAPP, "eth_requestAccounts", "[]"), "-32");
		assert_begins(bed_ask(bed, "eth_accounts", "[]"), "-32");
		assert_string_equal(bed_ask_from(bed, DAPP, "eth_accounts", "[]"), "[]");
	}
	hostile = "[]"; /* the person shows none */
	assert_string_equal(bed_ask_from(bed, DAPP, "eth_requestAccounts", "[]"), "[]");
	assert_string_equal(bed_ask_from(bed, DAPP, "wallet_getPermissions", "[]"), "[]");
}

static void test_many_origins(void **state)
{
	struct bed *bed = *state;
	char origin[64];

	for (int i = 0; i < 300; i++) {
		snprintf(origin, sizeof(origin), "https://%d.example", i);
		bed_ask_from(bed, origin, "eth_requestAccounts", "[]");
	}
	assert_string_equal(bed_ask_from(bed, "https://299.example", "eth_accounts", "[]"), LIST);
	assert_string_equal(bed_ask_from(bed, "https://0.example", "eth_accounts", "[]"), "[]");
}

/* ---- signatures ---- */

static void test_personal_sign(void **state)
{
	struct bed *bed = *state;
	const char *straight = bed_ask(bed, "personal_sign", "[\"0x68656c6c6f\",\"" BED_ACCOUNT "\",\"password\"]");

	assert_begins(straight, "\"0x");
	assert_int_equal(strlen(straight), 2 + 2 + 130);
	assert_asked(&bed->signer_asked, "account_signData [\"text/plain\",\"" BED_ACCOUNT "\",\"0x68656c6c6f\"]");
	/* turned round, and nothing else it could mean */
	assert_string_equal(bed_ask(bed, "personal_sign", "[\"" BED_ACCOUNT "\",\"0x68656c6c6f\"]"), straight);
	/* both could be an address: the standard order counts */
	bed_ask(bed, "personal_sign", "[\"" BED_OTHER "\",\"" BED_ACCOUNT "\"]");
	assert_asked(&bed->signer_asked, "account_signData [\"text/plain\",\"" BED_ACCOUNT "\",\"" BED_OTHER "\"]");
	assert_begins(bed_ask(bed, "personal_sign", "[\"hello\",\"" BED_ACCOUNT "\"]"),
	    "-32602 invalid argument 0: expected the message as hex digits after 0x");
	assert_begins(
	    bed_ask(bed, "personal_sign", "[\"" BED_ACCOUNT "\",\"hello\"]"), "-32602 invalid argument 1: expected the message");
	assert_begins(bed_ask(bed, "personal_sign", "[\"0x68\",\"0x69\"]"), "-32602 invalid argument 1");
	assert_begins(bed_ask(bed, "personal_sign", "[\"0x6\",\"" BED_ACCOUNT "\"]"), "-32602 invalid argument 0");
	assert_begins(bed_ask(bed, "personal_sign", "[null,{}]"), "-32602 ");
}

static void say_error(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_result;
	buf_put_text(ret_error, hostile);
}

static void test_signers_errors(void **state)
{
	static const char *const cases[][2] = {
	    {"{\"code\":-32000,\"message\":\"request denied\"}", "4001 request denied"},
	    {"{\"code\":-32000,\"message\":\"cancelled by the person\"}", "4001 cancelled by the person"},
	    {"{\"code\":-32000,\"message\":\"unknown account\"}", "4100 unknown account"},
	    {"{\"code\":-32000,\"message\":\"requested chainid 5 does not match\"}", "4901 requested chainid 5 does not match"},
	    {"{\"code\":-32601,\"message\":\"account_signData is not among the methods that this client may use\"}",
	        "4100 account_signData is not among the methods that this client may use"},
	    {"{\"code\":-32002,\"message\":\"request timed out\"}", "-32002 request timed out"},
	    {"{\"code\":-32000,\"message\":\"Request denied!\"}", "-32000 Request denied!"},
	    {"{\"code\":1234,\"message\":\"request denied\"}", "1234 request denied"},
	    {"{\"code\":\"x\"}", "-32603 the signer's answer is none"},
	    {"nonsense", "-32603 the signer's answer is none"},
	};
	struct bed *bed = *state;

	bed->signs = say_error;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		hostile = cases[i][0];
		assert_begins(bed_ask(bed, "personal_sign", "[\"0x68656c6c6f\",\"" BED_ACCOUNT "\"]"), cases[i][1]);
	}
}

static void test_hostile_signatures(void **state)
{
	static const char *const signatures[] = {"null", "\"0x\"", "\"0x00\"", "{\"signature\":\"0x\"}",
	    "\"0x0000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
	    "000000000000000000"
	    "1b\"",
	    /* of hello, by another account */
	    "\"0xf16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a17"
	    "8235ac27f94504311c"
	    "\""};
	struct bed *bed = *state;

	bed->signs = say_hostile;
	for (size_t i = 0; i < sizeof(signatures) / sizeof(signatures[0]); i++) {
		hostile = signatures[i];
		assert_begins(bed_ask(bed, "personal_sign", "[\"0x68656c6c6f\",\"" BED_OTHER "\"]"),
		    "-32000 the signer's answer is not what was asked for: ");
	}
}

#define DOCUMENT                                                                                                        \
	"{\"types\":{\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}],\"Mail\":[{\"name\":\"text\",\"type\":" \
	"\"string\"}]},"                                                                                                \
	"\"primaryType\":\"Mail\",\"domain\":{\"name\":\"Example\"},\"message\":{\"text\":\"Hello\"}}"
#define DOCUMENT_TEXT                                                                                                      \
	"\"{\\\"types\\\":{\\\"EIP712Domain\\\":[{\\\"name\\\":\\\"name\\\",\\\"type\\\":\\\"string\\\"}],\\\"Mail\\\":[{" \
	"\\\"name\\\":\\\"text\\\","                                                                                       \
	"\\\"type\\\":\\\"string\\\"}]},\\\"primaryType\\\":\\\"Mail\\\",\\\"domain\\\":{\\\"name\\\":\\\"Example\\\"},"   \
	"\\\"message\\\":{\\\"text\\\":\\\"Hello\\\"}}\""

static void test_typed_data(void **state)
{
	struct bed *bed = *state;
	const char *as_object = bed_ask(bed, "eth_signTypedData_v4", "[\"" BED_ACCOUNT "\"," DOCUMENT "]");

	assert_begins(as_object, "\"0x");
	assert_asked(&bed->signer_asked, "account_signTypedData [\"" BED_ACCOUNT "\"," DOCUMENT "]");
	assert_string_equal(bed_ask(bed, "eth_signTypedData_v4", "[\"" BED_ACCOUNT "\"," DOCUMENT_TEXT "]"), as_object);
	assert_string_equal(bed_ask(bed, "eth_signTypedData", "[\"" BED_ACCOUNT "\"," DOCUMENT_TEXT "]"), as_object);
	assert_int_equal(bed_count(&bed->signer_asked, "account_signTypedData [\"" BED_ACCOUNT "\"," DOCUMENT "]"), 3);
	assert_begins(bed_ask(bed, "eth_signTypedData_v4", "[\"" BED_ACCOUNT "\",\"{\"]"), "-32602 invalid argument 1");
	assert_begins(bed_ask(bed, "eth_signTypedData_v4", "[\"" BED_ACCOUNT "\",\"[]\"]"), "-32602 invalid argument 1");
	assert_begins(bed_ask(bed, "eth_signTypedData_v4", "[\"" BED_ACCOUNT "\",\"{},{}\"]"), "-32602 invalid argument 1");
	assert_begins(bed_ask(bed, "eth_signTypedData_v4", "[\"" BED_ACCOUNT "\",{}]"), "-32000 types: ");
	assert_begins(bed_ask(bed, "eth_signTypedData_v4", "[\"0x12\"," DOCUMENT "]"), "-32602 invalid argument 0");
	assert_int_equal(bed_count(&bed->signer_asked, "account_signTypedData"), 3);
}

static void test_others_by_the_signer(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask(bed, "personal_ecRecover", "[\"0x68\",\"0x00\"]"), "\"signer did account_ecRecover\"");
	assert_asked(&bed->signer_asked, "account_ecRecover [\"0x68\",\"0x00\"]");
}

static const char *authorization_text;
static int authorization_change;

static void sign_authorization(
    struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	struct authorization authorization;
	uint8_t digest[SIGNATURE_DIGEST_SIZE];
	struct error error;

	(void)method;
	(void)ret_error;
	if (authorization_text != NULL) {
		buf_put_text(ret_result, authorization_text);
		return;
	}
	assert_true(authorization_from_json(yyjson_arr_get(params, 1), BED_CHAIN, &authorization, &error));
	authorization.nonce += authorization_change == 1;
	authorization.address.bytes[0] ^= authorization_change == 2;
	authorization.chain_id = authorization_change == 3 ? 0 : authorization.chain_id;
	authorization_digest(&authorization, digest);
	assert_true(
	    signature_sign(bed->context, bed->accounts[authorization_change == 4 ? 1 : 0].key, digest, &authorization.signature));
	authorization_put_json(&authorization, ret_result);
}

static void test_authorization(void **state)
{
	static const char asked[] =
	    "[\"" BED_ACCOUNT "\",{\"chainId\":\"0x7a69\",\"address\":\"" BED_OTHER "\",\"nonce\":\"0x1\"}]";
	static const char *const lies[] = {"{\"garbage\":1}", "null", "\"0x\"", "[]", "{}"};
	struct bed *bed = *state;

	bed->signs = sign_authorization;
	authorization_text = NULL;
	authorization_change = 0;
	assert_begins(bed_ask(bed, "eth_signAuthorization", asked), "{\"chainId\":\"0x7a69\",");
	assert_begins(
	    bed_ask(bed, "eth_signAuthorization", "[\"" BED_ACCOUNT "\",{\"address\":\"" BED_OTHER "\",\"nonce\":\"0x1\"}]"),
	    "{\"chainId\":\"0x7a69\",");
	for (authorization_change = 1; authorization_change <= 4; authorization_change++)
		assert_begins(
		    bed_ask(bed, "eth_signAuthorization", asked), "-32000 the signer's answer is not what was asked for");
	for (size_t i = 0; i < sizeof(lies) / sizeof(lies[0]); i++) {
		authorization_text = lies[i];
		assert_begins(
		    bed_ask(bed, "eth_signAuthorization", asked), "-32000 the signer's answer is not what was asked for");
	}
}

static void say_too_much(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_result;
	buf_put_text(ret_error, "{\"code\":-32000,\"message\":\"requested chainid ");
	while (ret_error->size < 1500u * 1024u)
		buf_put_text(ret_error, "xxxxxxxxxxxxxxxx");
	buf_put_text(ret_error, "\"}");
}

/* An answer is JSON also when it is translated and far too long. */
static void test_long_error(void **state)
{
	struct bed *bed = *state;

	bed->signs = say_too_much;
	assert_begins(bed_ask(bed, "personal_sign", "[\"0x68\",\"" BED_ACCOUNT "\"]"), "4901 requested chainid ");
}

/* ---- the chain ---- */

static void test_chain(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask(bed, "eth_chainId", "[]"), "\"0x7a69\"");
	assert_string_equal(bed_ask(bed, "eth_chainId", ""), "\"0x7a69\"");
	assert_string_equal(bed_ask(bed, "wallet_switchEthereumChain", "[{\"chainId\":\"0x7a69\"}]"), "null");
	assert_begins(bed_ask(bed, "wallet_switchEthereumChain", "[{\"chainId\":\"0x1\"}]"),
	    "4902 chainId: expected 31337, the one chain that clef-proxy is connected to, found 1.");
	assert_string_equal(bed_ask(bed, "wallet_addEthereumChain", "[{\"chainId\":\"0x7a69\",\"chainName\":\"x\"}]"), "null");
	assert_begins(bed_ask(bed, "wallet_addEthereumChain", "[{\"chainId\":\"0x1\",\"rpcUrls\":[\"http://evil\"]}]"), "4902 ");
	assert_begins(bed_ask(bed, "wallet_switchEthereumChain", "[{\"chainId\":1}]"), "-32602 ");
	assert_begins(bed_ask(bed, "wallet_switchEthereumChain", "[\"0x1\"]"), "-32602 ");
	assert_string_equal(bed_ask(bed, "wallet_getCapabilities", "[\"" BED_ACCOUNT "\"]"),
	    "{\"0x7a69\":{\"atomic\":{\"status\":\"unsupported\"}}}");
	assert_string_equal(bed_ask(bed, "wallet_getCapabilities", "[\"" BED_ACCOUNT "\",[\"0x1\"]]"), "{}");
	assert_begins(bed_ask(bed, "wallet_getCapabilities", "[\"me\"]"), "-32602 ");
	assert_int_equal(bed_count(&bed->asked, "eth_chainId"), 1); /* remembered */
}

static void test_chain_without_node(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(bed_ask(bed, "eth_chainId", "[]"), "\"0x5\"");
	assert_string_equal(bed_ask(bed, "net_version", "[]"), "\"5\"");
	assert_string_equal(bed_ask(bed, "wallet_switchEthereumChain", "[{\"chainId\":\"0x5\"}]"), "null");
}

/* --chainid 5, the node is on another: nothing at all goes there. */
static void test_wrong_chain(void **state)
{
	static const char *const calls[][2] = {{"eth_chainId", "[]"}, {"eth_blockNumber", "[]"},
	    {"eth_sendTransaction", "[{\"from\":\"" BED_ACCOUNT "\"}]"},
	    {"wallet_switchEthereumChain", "[{\"chainId\":\"0x5\"}]"}};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++)
		assert_begins(bed_ask(bed, calls[i][0], calls[i][1]),
		    "4901 the node of clef-proxy is on chain 31337, but --chainid says 5: one of the two is wrong");
	assert_int_equal(bed_count(&bed->asked, "eth_chainId"), node_calls(bed->node));
	assert_int_equal(bed->signer_calls, 0);
	bed->node_chain = 5; /* the node is mended */
	assert_string_equal(bed_ask(bed, "eth_chainId", "[]"), "\"0x5\"");
	assert_string_equal(bed_ask(bed, "eth_blockNumber", "[]"), "\"node did it\"");
}

static const char *hostile_node;

static bool node_says(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	node_put_result(ret_reply, call, hostile_node);
	return true;
}

static void test_hostile_chain(void **state)
{
	static const char *const answers[] = {
	    "null", "1", "\"1\"", "\"0x\"", "\"\"", "\"0x10000000000000000\"", "{}", "\"0x01\""};
	struct bed *bed = *state;

	bed->node_first = node_says;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		hostile_node = answers[i];
		assert_begins(bed_ask(bed, "eth_chainId", "[]"), "-32603 the node's answer to eth_chainId is ");
	}
}

/* ---- life ---- */

static void stay_silent(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_result;
	(void)ret_error;
}

static void test_callers_that_go(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answers[4];

	bed->signs = stay_silent;
	bed_begin(bed, "", "account_new", "[]", &answers[0]);
	bed_begin(bed, "", "eth_sign", "[]", &answers[1]); /* its error waits for the next round */
	bed_begin(bed, "", "eth_blockNumber", "[]", &answers[2]);
	bed_begin(bed, "", "account_new", "[]", &answers[3]);
	bed_rounds(bed, 1);
	for (size_t i = 0; i < 3; i++)
		dialect_cancel(bed->dialect, answers[i].number);
	dialect_cancel(bed->dialect, answers[0].number);
	dialect_cancel(bed->dialect, 0);
	dialect_cancel(bed->dialect, 12345);
	assert_int_equal(bed->signer_cancelled, 1);
	bed_rounds(bed, 20);
	assert_false(answers[0].done);
	assert_false(answers[3].done);
	for (size_t i = 0; i < 4; i++)
		bed_answer_free(&answers[i]);
	/* the end takes the last one with it */
}

static void test_too_many(void **state)
{
	struct bed *bed = *state;
	struct bed_answer *answers = memory_new(1025, sizeof(*answers));

	bed->signs = stay_silent;
	for (size_t i = 0; i < 1025; i++)
		bed_begin(bed, "", "account_new", "[]", &answers[i]);
	bed_wait(bed, &answers[1024]);
	assert_non_null(strstr(buf_text(&answers[1024].error), "-32005"));
	for (size_t i = 0; i < 1025; i++) {
		dialect_cancel(bed->dialect, answers[i].number);
		bed_answer_free(&answers[i]);
	}
	free(answers);
	bed->signs = bed_sign;
	assert_string_equal(bed_ask(bed, "eth_accounts", "[]"), LIST);
}

#define TEST(name)           cmocka_unit_test_setup_teardown(name, setup, teardown)
#define TEST_IN(name, where) cmocka_unit_test_setup_teardown(name, where, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_the_signers_own), TEST(test_the_nodes_own), TEST(test_the_nodes_errors_pass),
	    TEST(test_not_offered), TEST_IN(test_without_node, setup_alone), TEST(test_arguments), TEST(test_accounts_of_scripts),
	    TEST(test_accounts_of_pages), TEST(test_opaque_origin), TEST(test_permissions), TEST(test_denied_accounts),
	    TEST(test_hostile_lists), TEST(test_many_origins), TEST(test_personal_sign), TEST(test_signers_errors),
	    TEST(test_hostile_signatures), TEST(test_typed_data), TEST(test_others_by_the_signer), TEST(test_authorization),
	    TEST(test_long_error), TEST(test_chain), TEST_IN(test_chain_without_node, setup_alone_on_chain),
	    TEST_IN(test_wrong_chain, setup_other_chain), TEST(test_hostile_chain), TEST(test_callers_that_go),
	    TEST(test_too_many)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
