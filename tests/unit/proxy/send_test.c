/* Transactions: filled in, signed, checked, broadcast, and nothing of it when anybody misbehaves. */
#include "bed.h"

#include <time.h>

#include "eth/blob.h"
#include "eth/quantity.h"
#include "proxy/upstream.h"

#define FROM "\"from\":\"" BED_ACCOUNT "\""
#define TO   "\"to\":\"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\""
/* with its checksum */
#define TO_SPELT "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"

static int setup(void **state)
{
	*state = bed_new(true, 0);
	return 0;
}

static int setup_alone(void **state)
{
	*state = bed_new(false, BED_CHAIN);
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

static const char *send_it(struct bed *bed, const char *members)
{
	return bed_ask(bed, "eth_sendTransaction", arena_printf(&bed->arena, "[{%s}]", members));
}

/* Went through, and the answer is the hash by which the node has it. */
static void assert_sent(struct bed *bed, const char *answer)
{
	struct buf line = BUF_INIT(100);

	quantity_put_data(&line, bytes_of(bed->last.hash, 32));
	assert_string_equal(answer, buf_text(&line));
	assert_true(bed_count(&bed->hashes, buf_text(&line)) == 1);
	buf_free(&line);
}

static void assert_number(const struct u256 *found, uint64_t expected)
{
	struct u256 wanted = u256_from_u64(expected);

	assert_true(u256_equal(found, &wanted));
}

static void assert_nothing_sent(struct bed *bed)
{
	assert_int_equal(bed_count(&bed->asked, "eth_sendRawTransaction"), 0);
	assert_int_equal(bed->hashes.size, 0);
}

/* ---- what is filled in ---- */

static void test_everything_filled(void **state)
{
	struct bed *bed = *state;
	const struct transaction *sent = &bed->last.transaction;

	assert_sent(bed, send_it(bed, FROM "," TO ",\"value\":\"0x1\""));
	assert_int_equal(sent->type, TRANSACTION_DYNAMIC_FEE);
	assert_int_equal(bed->last.chain_id, BED_CHAIN);
	assert_int_equal(sent->nonce, 0);
	assert_int_equal(sent->gas, 21000);
	assert_number(&sent->max_fee, 207);
	assert_number(&sent->max_priority_fee, 7);
	assert_number(&sent->value, 1);
	assert_non_null(strstr(buf_text(&bed->signer_asked), "\"to\":\"" TO_SPELT "\""));
	assert_non_null(strstr(buf_text(&bed->signer_asked), "\"chainId\":\"0x7a69\""));
	assert_sent(bed, send_it(bed, FROM ",\"data\":\"0x6001\"")); /* creates a contract */
	assert_false(sent->has_to);
	assert_int_equal(sent->nonce, 1);
	assert_int_equal(sent->gas, 125000);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"type\":\"0x2\",\"accessList\":[]"));
	assert_int_equal(sent->type, TRANSACTION_DYNAMIC_FEE);
}

static void test_given_is_kept(void **state)
{
	struct bed *bed = *state;
	const struct transaction *sent = &bed->last.transaction;

	bed->accounts[0].count = 7;
	assert_sent(bed,
	    send_it(bed,
	        FROM "," TO ",\"nonce\":\"0x7\",\"gas\":\"0x9999\",\"maxFeePerGas\":\"0x300\",\"maxPriorityFeePerGas\":\"0x2\","
	             "\"chainId\":\"0x7a69\",\"type\":\"0x2\",\"input\":\"0x12\",\"data\":\"0x12\",\"v\":\"0x0\",\"hash\":null"));
	assert_int_equal(sent->nonce, 7);
	assert_int_equal(sent->gas, 0x9999);
	assert_number(&sent->max_fee, 0x300);
	assert_number(&sent->max_priority_fee, 2);
	assert_int_equal(node_calls(bed->node), 3); /* the chain, the chain once more and the broadcast */
	assert_sent(bed, send_it(bed, FROM "," TO ",\"maxPriorityFeePerGas\":\"0x2\""));
	assert_number(&sent->max_fee, 202);
	assert_int_equal(bed_count(&bed->asked, "eth_maxPriorityFeePerGas"), 0);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"maxFeePerGas\":\"0x3\""));
	assert_number(&sent->max_fee, 3);
	assert_number(&sent->max_priority_fee, 3);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"gasPrice\":\"0x55\""));
	assert_int_equal(sent->type, TRANSACTION_LEGACY);
	assert_number(&sent->gas_price, 0x55);
}

static void test_types(void **state)
{
	struct bed *bed = *state;
	const struct transaction *sent = &bed->last.transaction;

	assert_sent(bed, send_it(bed, FROM "," TO ",\"type\":\"0x0\""));
	assert_int_equal(sent->type, TRANSACTION_LEGACY);
	assert_number(&sent->gas_price, 9);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"type\":\"0x1\""));
	assert_int_equal(sent->type, TRANSACTION_ACCESS_LIST);
	assert_int_equal(sent->access_count, 0);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"gasPrice\":\"0x5\",\"accessList\":[{\"address\":\"" BED_OTHER
	                                   "\",\"storageKeys\":[]}]"));
	assert_int_equal(sent->type, TRANSACTION_ACCESS_LIST);
	assert_int_equal(sent->access_count, 1);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"authorizationList\":[{\"chainId\":\"0x7a69\",\"address\":\"" BED_OTHER
	                                   "\",\"nonce\":\"0x1\",\"yParity\":\"0x1\",\"r\":\"0x3\",\"s\":\"0x4\"}]"));
	assert_int_equal(sent->type, TRANSACTION_SET_CODE);
	assert_number(&sent->max_fee, 207);
	bed->has_base_fee = false;
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(sent->type, TRANSACTION_LEGACY);
	assert_number(&sent->gas_price, 9);
	assert_begins(send_it(bed, FROM "," TO ",\"type\":\"0x2\""), "-32602 maxFeePerGas: this chain has no base fee");
	assert_begins(
	    send_it(bed, FROM "," TO ",\"maxPriorityFeePerGas\":\"0x2\""), "-32602 maxFeePerGas: this chain has no base fee");
}

static void test_blobs(void **state)
{
	struct bed *bed = *state;
	struct buf members = BUF_INIT(1u << 20);
	uint8_t commitment[BLOB_COMMITMENT_SIZE] = {1}, hash[BLOB_HASH_SIZE];
	uint8_t *blob = memory_new(1, BLOB_SIZE);

	blob_hash(commitment, hash);
	buf_put_text(&members, FROM "," TO ",\"maxFeePerBlobGas\":\"0x5\",\"blobVersionedHashes\":[");
	quantity_put_data(&members, bytes_of(hash, sizeof(hash)));
	buf_put_u8(&members, ']');
	assert_begins(send_it(bed, buf_text(&members)), "-32602 blobs: missing; a blob transaction is sent with its blobs");
	buf_put_text(&members, ",\"blobs\":[");
	quantity_put_data(&members, bytes_of(blob, BLOB_SIZE));
	buf_put_text(&members, "],\"commitments\":[");
	quantity_put_data(&members, bytes_of(commitment, sizeof(commitment)));
	buf_put_text(&members, "],\"proofs\":[");
	quantity_put_data(&members, bytes_of(blob, BLOB_PROOF_SIZE));
	buf_put_u8(&members, ']');
	assert_sent(bed, send_it(bed, buf_text(&members)));
	assert_int_equal(bed->last.transaction.type, TRANSACTION_BLOB);
	assert_non_null(bed->last.transaction.sidecar);
	assert_begins(bed_ask(bed, "eth_signTransaction", arena_printf(&bed->arena, "[{%s}]", buf_text(&members))),
	    "-32602 blobs: eth_signTransaction takes blob transactions by their blobVersionedHashes alone");
	buf_free(&members);
	free(blob);
}

/* ---- refused before anybody is asked ---- */

static void test_contradictions(void **state)
{
	static const char *const cases[][2] = {
	    {FROM ",\"gasPrice\":\"0x1\",\"maxFeePerGas\":\"0x1\"", "-32602 gasPrice: contradicts maxFeePerGas"},
	    {FROM ",\"gasPrice\":\"0x1\",\"maxPriorityFeePerGas\":\"0x1\"", "-32602 gasPrice: contradicts maxPriorityFeePerGas"},
	    {FROM ",\"maxFeePerGas\":\"0x1\",\"maxPriorityFeePerGas\":\"0x2\"", "-32602 maxPriorityFeePerGas: expected at most"},
	    {FROM ",\"type\":\"0x2\",\"gasPrice\":\"0x1\"", "-32602 type: 0x2 does not fit"},
	    {FROM ",\"type\":\"0x0\",\"maxFeePerGas\":\"0x1\"", "-32602 type: 0x0 does not fit"},
	    {FROM ",\"type\":\"0x1\",\"maxPriorityFeePerGas\":\"0x1\"", "-32602 type: 0x1 does not fit"},
	    {FROM ",\"type\":\"0x0\",\"accessList\":[]", "-32602 type: 0x0 does not fit"},
	    {FROM ",\"type\":\"0x3\"", "-32602 type: 0x3 does not fit"},
	    {FROM ",\"type\":\"0x4\"", "-32602 type: 0x4 does not fit"},
	    {FROM ",\"type\":\"0x99\"", "-32602 type: 0x99 does not fit"},
	    {FROM ",\"type\":2", "-32602 type: expected a number"},
	    {TO, "-32602 from: expected the address"},
	    {FROM "," FROM, "-32602 \"from\" is there twice"},
	    {FROM ",\"type\":\"0x2\",\"type\":\"0x0\"", "-32602 \"type\" is there twice"},
	    {FROM ",\"gasLimit\":\"0x1\"", "-32602 unknown field \"gasLimit\""},
	    {FROM ",\"nonce\":null", "-32602 nonce: "},
	    {FROM ",\"gas\":21000", "-32602 gas: "},
	    {FROM ",\"value\":\"0x01\"", "-32602 value: "},
	    {FROM ",\"data\":\"0x1\"", "-32602 data: "},
	    {FROM ",\"data\":\"0x12\",\"input\":\"0x13\"", "-32000 ambiguous request"},
	    {FROM ",\"data\":\"0x\\u0031\\u0032\"", "-32602 expected plain hex strings"},
	    {FROM "," TO ",\"maxFeePerBlobGas\":\"0x1\"", "-32000 maxFeePerBlobGas: "},
	    {FROM ",\"authorizationList\":[]", "-32000 authorizationList: "},
	    {FROM ",\"chainId\":\"0x1\"", "4901 chainId: expected 31337, the chain that clef-proxy is connected to, found 1"},
	    {FROM ",\"chainId\":\"0x0\"", "4901 chainId: "},
	};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_begins(send_it(bed, cases[i][0]), cases[i][1]);
	assert_begins(bed_ask(bed, "eth_sendTransaction", "[null]"), "-32602 invalid argument 0");
	assert_begins(bed_ask(bed, "eth_sendTransaction", "[[]]"), "-32602 invalid argument 0");
	assert_int_equal(bed->signer_calls, 0);
	assert_nothing_sent(bed);
}

/* ---- what the node says while it is asked ---- */

static const char *node_method, *node_result, *node_error;

static bool node_says(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	if (!bytes_equal_text(call->method, node_method))
		return false;
	if (node_error != NULL)
		node_put_error(ret_reply, call, node_error);
	else if (node_result != NULL)
		node_put_result(ret_reply, call, node_result);
	else
		ret_reply->close = true;
	return true;
}

static void set_node(struct bed *bed, const char *method, const char *result, const char *error)
{
	node_method = method;
	node_result = result;
	node_error = error;
	bed->node_first = node_says;
}

static void test_revert_reason(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answer;

	set_node(bed, "eth_estimateGas", NULL, "{\"code\":3,\"message\":\"execution reverted: no\",\"data\":\"0x08c379a0\"}");
	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO ",\"data\":\"0x12\"}]", &answer);
	bed_wait(bed, &answer);
	assert_string_equal(
	    buf_text(&answer.error), "{\"code\":3,\"message\":\"execution reverted: no\",\"data\":\"0x08c379a0\"}");
	bed_answer_free(&answer);
	assert_int_equal(bed->signer_calls, 0);
	assert_non_null(strstr(buf_text(&bed->last_params), ",\"pending\"]"));
	assert_non_null(strstr(buf_text(&bed->last_params), "\"maxFeePerGas\":\"0xcf\""));
	assert_null(strstr(buf_text(&bed->last_params), "nonce"));
}

static void test_tip_from_history(void **state)
{
	struct bed *bed = *state;

	set_node(bed, "eth_maxPriorityFeePerGas", NULL, "{\"code\":-32601,\"message\":\"no such method\"}");
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_number(&bed->last.transaction.max_priority_fee, 3);
	assert_number(&bed->last.transaction.max_fee, 203);
}

static void test_hostile_numbers(void **state)
{
	static const char *const methods[] = {
	    "eth_chainId", "eth_getTransactionCount", "eth_getBlockByNumber", "eth_maxPriorityFeePerGas", "eth_estimateGas"};
	static const char *const answers[] = {"null", "7", "\"7\"", "\"\"", "\"0x\"", "[]", "{\"baseFeePerGas\":1}", "\"0x0001\"",
	    "\"0x10000000000000000000000000000000000000000000000000000000000000000\"", "true", "{\"baseFeePerGas\":\"\"}"};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		for (size_t k = 0; k < sizeof(answers) / sizeof(answers[0]); k++) {
			set_node(bed, methods[i], answers[k], NULL);
			const char *text = send_it(bed, FROM "," TO);
			if (strncmp(text, "-32603 the node's answer to ", 28) != 0)
				fail_msg("%s %s: %s", methods[i], answers[k], text);
		}
	}
	assert_int_equal(bed->signer_calls, 0);
	assert_nothing_sent(bed);
}

/* Close to the limits, where adding up would go wrong. */
static void test_huge_numbers(void **state)
{
#define HUGE_NUMBER "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\""
	struct bed *bed = *state;

	set_node(bed, "eth_maxPriorityFeePerGas", HUGE_NUMBER, NULL);
	assert_begins(send_it(bed, FROM "," TO), "-32603 the node suggests a maxPriorityFeePerGas above 10000 gwei");
	set_node(bed, "eth_getBlockByNumber", "{\"baseFeePerGas\":" HUGE_NUMBER "}", NULL);
	assert_begins(send_it(bed, FROM "," TO), "-32603 the node's fees are above 256 bits");
	set_node(bed, "eth_estimateGas", HUGE_NUMBER, NULL);
	assert_begins(send_it(bed, FROM "," TO), "-32603 the node's answer to eth_estimateGas is a number above 64 bits");
	set_node(bed, "eth_getTransactionCount", "\"0x10000000000000000\"", NULL);
	assert_begins(send_it(bed, FROM "," TO), "-32603 the node's answer to eth_getTransactionCount is a number above 64 bits");
	assert_int_equal(bed->signer_calls, 0);
}

/* Numbers, but none that can be. */
static void test_absurd_numbers(void **state)
{
	static const char *const cases[][3] = {
	    {"eth_estimateGas", "\"0x5207\"", "-32603 the node's answer to eth_estimateGas is 20999,"},
	    {"eth_estimateGas", "\"0x0\"", "-32603 the node's answer to eth_estimateGas is 0,"},
	    {"eth_estimateGas", "\"0xffffffffffffffff\"", "-32603 the node's answer to eth_estimateGas is 18446744073709551615,"},
	    {"eth_maxPriorityFeePerGas", "\"0x9184e72a001\"", "-32603 the node suggests a maxPriorityFeePerGas above 10000 gwei"},
	    {"eth_getTransactionCount", "\"0xffffffffffffffff\"", "-32603 nonce: the account has none left"}};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		set_node(bed, cases[i][0], cases[i][1], NULL);
		assert_begins(send_it(bed, FROM "," TO), cases[i][2]);
	}
	assert_int_equal(bed->signer_calls, 0);
	set_node(bed, "eth_maxPriorityFeePerGas", "\"0x9184e72a001\"", NULL);
	assert_sent(bed, send_it(bed, FROM "," TO ",\"maxFeePerGas\":\"0x9184e72a001\"")); /* the dapp's own word */
}

static void test_node_that_hangs_up(void **state)
{
	static const char *const methods[] = {
	    "eth_chainId", "eth_getTransactionCount", "eth_getBlockByNumber", "eth_maxPriorityFeePerGas", "eth_estimateGas"};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		set_node(bed, methods[i], NULL, NULL);
		assert_begins(send_it(bed, FROM "," TO), "4900 the node http://127.0.0.1:");
	}
	assert_int_equal(bed->signer_calls, 0);
	bed->node_first = NULL;
	assert_sent(bed, send_it(bed, FROM "," TO));
}

/* ---- the broadcast ---- */

static void test_node_refuses(void **state)
{
	struct bed *bed = *state;

	set_node(bed, "eth_sendRawTransaction", NULL, "{\"code\":-32000,\"message\":\"insufficient funds for gas\"}");
	assert_string_equal(send_it(bed, FROM "," TO), "-32000 insufficient funds for gas");
	assert_int_equal(bed_count(&bed->asked, "eth_getTransactionByHash"), 1);
	bed->node_first = NULL;
	assert_sent(bed, send_it(bed, FROM "," TO)); /* the same nonce: no gap */
	assert_int_equal(bed->last.transaction.nonce, 0);
}

/* The node has it all the same, and says so in one way or another. */
static bool node_takes_and_refuses(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	if (!bytes_equal_text(call->method, "eth_sendRawTransaction"))
		return false;
	bed->node_first = NULL;
	struct address sender;
	struct bytes raw;
	struct error error;
	assert_true(quantity_get_data(yyjson_arr_get(call->params, 0), "raw", &bed->arena, &raw, &error));
	assert_true(transaction_from_signed(raw, &bed->arena, &bed->last, &error));
	assert_true(signature_recover(bed->context, bed->last.digest, &bed->last.signature, &sender));
	bed->accounts[0].count++;
	quantity_put_data(&bed->hashes, bytes_of(bed->last.hash, 32));
	buf_put_u8(&bed->hashes, '\n');
	if (node_error != NULL)
		node_put_error(ret_reply, call, node_error);
	else
		ret_reply->close = true;
	return true;
}

static void test_already_known(void **state)
{
	static const char *const errors[] = {"{\"code\":-32000,\"message\":\"already known\"}",
	    "{\"code\":-32000,\"message\":\"Known transaction\"}",
	    "{\"code\":-32003,\"message\":\"transaction already imported\"}",
	    "{\"code\":-32000,\"message\":\"nonce too low\"}" /* mined by now: the look-up finds it */};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		node_error = errors[i];
		bed->node_first = node_takes_and_refuses;
		assert_sent(bed, send_it(bed, FROM "," TO));
	}
	assert_int_equal(bed_count(&bed->asked, "eth_getTransactionByHash"), 1);
}

/* The connection breaks while the node takes it: handed over again, it is known. */
static void test_broken_broadcast(void **state)
{
	struct bed *bed = *state;

	node_error = NULL;
	bed->node_first = node_takes_and_refuses;
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_in_range(bed_count(&bed->asked, "eth_sendRawTransaction"), 2, 3);
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(bed->last.transaction.nonce, 1);
}

static void test_uncertain_broadcast(void **state)
{
	struct bed *bed = *state;

	set_node(bed, "eth_sendRawTransaction", NULL, NULL);
	const char *text = send_it(bed, FROM "," TO);
	assert_begins(text, "4900 the transaction 0x");
	assert_non_null(strstr(text, "it may still be mined"));
	bed->node_first = NULL;
	bed->accounts[0].count = 1; /* it may still come, so that its number is not used again */
	bed->lag = 1;
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(bed->last.transaction.nonce, 1);
}

static void move_and_sign(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	bed->node_chain = 5;
	bed_sign(bed, method, params, ret_result, ret_error);
}

/* Behind one address there may be another chain at any time. */
static void test_node_that_moves(void **state)
{
	struct bed *bed = *state;

	assert_sent(bed, send_it(bed, FROM "," TO));
	bed->node_chain = 7; /* between two transactions */
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(bed->last.chain_id, 7);
	assert_begins(send_it(bed, FROM "," TO ",\"chainId\":\"0x7a69\""), "4901 chainId: expected 7");
	bed->signs = move_and_sign; /* while the person is asked */
	buf_reset(&bed->asked);
	assert_begins(send_it(bed, FROM "," TO), "4901 the node of clef-proxy was on chain 7 and is on chain 5 now");
	assert_int_equal(bed_count(&bed->asked, "eth_sendRawTransaction"), 0);
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(bed->last.transaction.nonce, 2); /* of what was not sent no number is kept */
}

static unsigned chain_calls;

static bool chain_once(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	if (!bytes_equal_text(call->method, "eth_chainId") || chain_calls++ == 0)
		return false;
	node_put_error(ret_reply, call, "{\"code\":-32005,\"message\":\"rate limited\"}");
	return true;
}

static void test_chain_unknown_at_the_end(void **state)
{
	struct bed *bed = *state;

	chain_calls = 0;
	bed->node_first = chain_once;
	const char *text = send_it(bed, FROM "," TO);
	assert_begins(text, "4900 the transaction 0x");
	assert_non_null(strstr(text, "nothing was sent"));
	assert_nothing_sent(bed);
}

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static bool hold_calls(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	(void)ret_reply;
	return bytes_equal_text(call->method, "eth_call");
}

/* Calls that the node takes its time for do not keep a transaction from it. */
static void test_beside_slow_calls(void **state)
{
	struct bed *bed = *state;
	struct bed_answer slow[3 * UPSTREAM_CONNECTIONS];

	bed->node_first = hold_calls;
	for (size_t i = 0; i < 3 * UPSTREAM_CONNECTIONS; i++)
		bed_begin(bed, "", "eth_call", "[{}]", &slow[i]);
	while (bed_count(&bed->asked, "eth_call") < UPSTREAM_CONNECTIONS)
		event_base_loop(bed->base, EVLOOP_ONCE);
	uint64_t begin = now_ms();
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_in_range(now_ms() - begin, 0, 5000);
	for (size_t i = 0; i < 3 * UPSTREAM_CONNECTIONS; i++) {
		dialect_cancel(bed->dialect, slow[i].number);
		bed_answer_free(&slow[i]);
	}
}

static bool refuse_after_chain(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	char text[32];

	if (!bytes_equal_text(call->method, "eth_chainId") || chain_calls++ == 0)
		return false;
	snprintf(text, sizeof(text), "\"0x%x\"", BED_CHAIN);
	node_put_result(ret_reply, call, text);
	ret_reply->close = true;
	node_refuse(bed->node);
	return true;
}

/* What never left is not said to have been handed over. */
static void test_never_sent(void **state)
{
	struct bed *bed = *state;

	chain_calls = 0;
	bed->node_first = refuse_after_chain;
	const char *text = send_it(bed, FROM "," TO);
	assert_begins(text, "4900 the transaction 0x");
	assert_non_null(strstr(text, "nothing was sent"));
	assert_nothing_sent(bed);
}

/* The first time a gateway gives up, the second time the node is busy. */
static unsigned attempts;
static uint64_t first_ms, second_ms;

static bool gateway_then_limit(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	if (bytes_equal_text(call->method, "eth_getTransactionByHash") && node_error != NULL) {
		node_put_error(ret_reply, call, node_error);
		return true;
	}
	if (!bytes_equal_text(call->method, "eth_sendRawTransaction"))
		return false;
	*(attempts == 0 ? &first_ms : &second_ms) = now_ms();
	if (attempts++ == 0)
		node_put_body(ret_reply, 504, bytes_text("<html>gateway timeout</html>"));
	else
		node_put_error(ret_reply, call, "{\"code\":-32005,\"message\":\"rate limit exceeded\"}");
	return true;
}

static void test_refused_after_unclear(void **state)
{
	static const char *const lookups[] = {NULL /* "null" */, "{\"code\":-32005,\"message\":\"rate limit exceeded\"}"};
	struct bed *bed = *state;

	for (size_t i = 0; i < 2; i++) {
		node_error = lookups[i];
		attempts = 0;
		bed->node_first = gateway_then_limit;
		const char *text = send_it(bed, FROM "," TO);
		assert_begins(text, "4900 the transaction 0x");
		assert_non_null(strstr(text, "it may still be mined"));
		assert_int_equal(attempts, 2);
		assert_in_range(second_ms - first_ms, 1000, 5000);
	}
	bed->node_first = NULL;
	bed->accounts[0].count = 2;
	bed->lag = 2;
	assert_sent(bed, send_it(bed, FROM "," TO)); /* their numbers are not used again */
	assert_int_equal(bed->last.transaction.nonce, 2);
}

static bool refuse_and_hang_up(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	if (bytes_equal_text(call->method, "eth_sendRawTransaction"))
		node_put_error(ret_reply, call, "{\"code\":-32000,\"message\":\"nonce too low\"}");
	else if (bytes_equal_text(call->method, "eth_getTransactionByHash"))
		ret_reply->close = true;
	return ret_reply->close || ret_reply->raw.size > 0;
}

/* No answer is not "unknown". */
static void test_lookup_that_fails(void **state)
{
	struct bed *bed = *state;

	bed->node_first = refuse_and_hang_up;
	const char *text = send_it(bed, FROM "," TO);
	assert_begins(text, "4900 the transaction 0x");
	assert_non_null(strstr(text, "it may still be mined"));
}

static void test_wrong_hash(void **state)
{
	static const char *const answers[] = {
	    "\"0x0000000000000000000000000000000000000000000000000000000000000000\"", "null", "\"0x\"", "{}", "1"};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		set_node(bed, "eth_sendRawTransaction", answers[i], NULL);
		const char *text = send_it(bed, FROM "," TO);
		assert_begins(text, "-32603 the node answered the transaction 0x");
		assert_non_null(strstr(text, " with another hash"));
	}
}

/* ---- the signer ---- */

static int tampering;

static void change_nonce(struct transaction *transaction)
{
	transaction->nonce++;
}

static void change_to(struct transaction *transaction)
{
	transaction->to.bytes[0] ^= 1;
}

static void change_value(struct transaction *transaction)
{
	transaction->value.limb[0]++;
}

static void change_gas(struct transaction *transaction)
{
	transaction->gas++;
}

static void change_fee(struct transaction *transaction)
{
	transaction->max_fee.limb[1]++;
}

static void change_tip(struct transaction *transaction)
{
	transaction->max_priority_fee.limb[0]--;
}

static void change_data(struct transaction *transaction)
{
	transaction->data = bytes_text("x");
}

static void change_chain(struct transaction *transaction)
{
	transaction->chain_id = u256_from_u64(1);
}

static void change_from(struct transaction *transaction)
{
	assert_true(address_parse(bytes_text(BED_OTHER), &transaction->from));
}

static void change_list(struct transaction *transaction)
{
	static const struct transaction_access entry = {.address = {{1}}};

	transaction->has_access_list = true;
	transaction->access = &entry;
	transaction->access_count = 1;
}

static void change_type(struct transaction *transaction)
{
	transaction->type = TRANSACTION_ACCESS_LIST;
	transaction->gas_price = transaction->max_fee;
}

static const struct {
	const char *field;
	void (*change)(struct transaction *transaction);
} fields[] = {{"nonce", change_nonce}, {"to", change_to}, {"value", change_value}, {"gas", change_gas},
    {"maxFeePerGas", change_fee}, {"maxPriorityFeePerGas", change_tip}, {"data", change_data}, {"chainId", change_chain},
    {"from", change_from}, {"accessList", change_list}, {"type", change_type}};

static void sign_something_else(
    struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	struct transaction transaction;
	struct error error;

	(void)method;
	(void)ret_error;
	assert_true(transaction_from_json(yyjson_arr_get(params, 0), &bed->arena, &transaction, &error));
	fields[tampering].change(&transaction);
	bed_sign_transaction(bed, &transaction, ret_result);
}

static void test_signer_changes_something(void **state)
{
	struct bed *bed = *state;

	bed->signs = sign_something_else;
	for (tampering = 0; tampering < (int)(sizeof(fields) / sizeof(fields[0])); tampering++) {
		char begin[128];
		snprintf(begin, sizeof(begin), "-32000 the signer's answer is not what was asked for: %s: expected ",
		    fields[tampering].field);
		assert_begins(send_it(bed, FROM "," TO ",\"data\":\"0x1234\""), begin);
	}
	assert_nothing_sent(bed);
	bed->signs = bed_sign;
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(bed->last.transaction.nonce, 0);
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

static void test_hostile_signer(void **state)
{
	static const char *const answers[] = {
	    "null", "{}", "{\"raw\":\"0x\"}", "{\"raw\":\"0x02c0\"}", "\"0x02\"", "not JSON", "{\"raw\":", "[]"};
	struct bed *bed = *state;

	bed->signs = say_hostile;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		hostile = answers[i];
		assert_begins(send_it(bed, FROM "," TO), "-32");
	}
	assert_nothing_sent(bed);
}

static void test_unknown_account(void **state)
{
	struct bed *bed = *state;

	assert_string_equal(send_it(bed, "\"from\":\"0x1111111111111111111111111111111111111111\"," TO), "4100 unknown account");
	assert_nothing_sent(bed);
}

/* ---- many ---- */

/* Every third is denied, in the order in which they come. */
static void deny_some(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	if (bed->counter++ % 3 == 1)
		buf_put_text(ret_error, BED_DENIED);
	else
		bed_sign(bed, method, params, ret_result, ret_error);
}

static void test_fifty_at_once(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answers[50];
	size_t sent = 0, denied = 0;

	bed->signs = deny_some;
	for (size_t i = 0; i < 50; i++) {
		char params[256];
		snprintf(params, sizeof(params), "[{" FROM "," TO ",\"value\":\"0x%zx\"}]", i + 1);
		bed_begin(bed, "", "eth_sendTransaction", params, &answers[i]);
	}
	for (size_t i = 0; i < 50; i++) {
		bed_wait(bed, &answers[i]);
		if (answers[i].result.size > 0)
			sent++;
		else if (strstr(buf_text(&answers[i].error), "\"code\":4001,") != NULL)
			denied++;
		else
			fail_msg("%s", buf_text(&answers[i].error));
		bed_answer_free(&answers[i]);
	}
	/* the node takes nothing but the very next number: no gap, no double */
	assert_int_equal(sent, 33);
	assert_int_equal(denied, 17);
	assert_int_equal(bed->accounts[0].count, 33);
	assert_int_equal(bed_count(&bed->hashes, "\"0x"), 33);
	assert_number(&bed->last.transaction.value, 49); /* in the order in which they came */
}

static void test_two_accounts(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answers[12];

	for (size_t i = 0; i < 12; i++)
		bed_begin(bed, "", "eth_sendTransaction",
		    i % 2 == 0 ? "[{" FROM "," TO "}]" : "[{\"from\":\"" BED_OTHER "\"," TO "}]", &answers[i]);
	/* both are asked about before either is answered */
	while (bed_count(&bed->signer_asked, "account_signTransaction") < 2)
		event_base_loop(bed->base, EVLOOP_ONCE);
	for (size_t i = 0; i < 12; i++) {
		bed_wait(bed, &answers[i]);
		assert_true(answers[i].result.size > 0);
		bed_answer_free(&answers[i]);
	}
	assert_int_equal(bed->accounts[0].count, 6);
	assert_int_equal(bed->accounts[1].count, 6);
}

/* A node whose count comes late knows what it was given all the same. */
static void test_node_that_lags(void **state)
{
	struct bed *bed = *state;

	bed->lag = 100;
	for (uint64_t i = 0; i < 4; i++) {
		assert_sent(bed, send_it(bed, FROM "," TO));
		assert_int_equal(bed->last.transaction.nonce, i);
	}
}

/* A number is not used twice because a node that lags has no answer, or a wrong one, to the question for the last transaction. */
static void test_no_number_twice(void **state)
{
	static const char *const results[] = {"null", NULL, NULL, "{}", "7"};
	static const char *const errors[] = {NULL, "{\"code\":-32005,\"message\":\"rate limited\"}", NULL, NULL, NULL};
	struct bed *bed = *state;

	bed->lag = 100;
	assert_sent(bed, send_it(bed, FROM "," TO));
	for (size_t i = 0; i < sizeof(results) / sizeof(results[0]); i++) {
		set_node(bed, "eth_getTransactionByHash", results[i], errors[i]);
		assert_sent(bed, send_it(bed, FROM "," TO));
		assert_int_equal(bed->last.transaction.nonce, i + 1);
	}
}

/* The dapp's own number is the next one, and the node's count lags behind. */
static void test_chosen_number_counts(void **state)
{
	struct bed *bed = *state;

	bed->accounts[0].count = 5;
	assert_sent(bed, send_it(bed, FROM "," TO ",\"nonce\":\"0x5\""));
	bed->lag = 1;
	assert_sent(bed, send_it(bed, FROM "," TO));
	assert_int_equal(bed->last.transaction.nonce, 6);
}

/* ---- callers that go ---- */

static void stay_silent(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_result;
	(void)ret_error;
}

static void wait_for(struct bed *bed, const struct buf *lines, const char *begin, size_t count)
{
	while (bed_count(lines, begin) < count)
		event_base_loop(bed->base, EVLOOP_ONCE);
}

static void test_gone_before_signing(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answers[3];

	bed->signs = stay_silent;
	for (size_t i = 0; i < 3; i++)
		bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &answers[i]);
	wait_for(bed, &bed->signer_asked, "account_signTransaction", 1);
	bed->signs = bed_sign;
	dialect_cancel(bed->dialect, answers[1].number); /* waits in line */
	dialect_cancel(bed->dialect, answers[0].number); /* the person is being asked */
	bed_wait(bed, &answers[2]);
	assert_true(answers[2].result.size > 0);
	assert_int_equal(bed->last.transaction.nonce, 0);
	assert_false(answers[0].done);
	assert_false(answers[1].done);
	assert_int_equal(bed->signer_cancelled, 1);
	assert_int_equal(bed->accounts[0].count, 1);
	for (size_t i = 0; i < 3; i++)
		bed_answer_free(&answers[i]);
}

/* At every stage of filling in. */
static void test_gone_while_filling(void **state)
{
	static const char *const stages[] = {
	    "eth_chainId", "eth_getTransactionCount", "eth_getBlockByNumber", "eth_maxPriorityFeePerGas", "eth_estimateGas"};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++) {
		struct bed_answer answer;
		buf_reset(&bed->asked);
		bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &answer);
		wait_for(bed, &bed->asked, stages[i], 1);
		dialect_cancel(bed->dialect, answer.number);
		bed_rounds(bed, 5);
		assert_false(answer.done);
		bed_answer_free(&answer);
	}
	assert_int_equal(bed->signer_calls, 0);
	assert_sent(bed, send_it(bed, FROM "," TO));
}

static void test_gone_after_signing(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answer;

	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &answer);
	while (bed->signer_calls == 0 || bed->signer_open > 0)
		event_base_loop(bed->base, EVLOOP_ONCE);
	dialect_cancel(bed->dialect, answer.number);
	wait_for(bed, &bed->hashes, "\"0x", 1);
	bed_rounds(bed, 10);
	assert_false(answer.done);
	bed_answer_free(&answer);
	assert_int_equal(bed->accounts[0].count, 1);
	assert_sent(bed, send_it(bed, FROM "," TO));
}

/* ---- eth_signTransaction ---- */

static void test_sign_with_node(void **state)
{
	struct bed *bed = *state;
	struct transaction_signed signed_one;
	struct bytes raw;
	struct error error;

	bed->accounts[0].count = 5;
	const char *text = bed_ask(bed, "eth_signTransaction", "[{" FROM "," TO "}]");
	struct json json = parse_json(text);
	assert_true(quantity_get_data(json.root, "raw", &bed->arena, &raw, &error));
	json_free(&json);
	assert_true(transaction_from_signed(raw, &bed->arena, &signed_one, &error));
	assert_int_equal(signed_one.transaction.nonce, 5);
	assert_int_equal(signed_one.transaction.gas, 21000);
	assert_nothing_sent(bed);
}

static void test_sign_alone(void **state)
{
	static const char *const missing[][2] = {
	    {FROM "," TO ",\"gas\":\"0x5208\",\"gasPrice\":\"0x1\"", "-32602 nonce: missing"},
	    {FROM "," TO ",\"nonce\":\"0x0\",\"gasPrice\":\"0x1\"", "-32602 gas: missing"},
	    {FROM "," TO ",\"nonce\":\"0x0\",\"gas\":\"0x5208\"",
	        "-32602 maxFeePerGas and maxPriorityFeePerGas, or gasPrice: missing"},
	    {FROM "," TO ",\"nonce\":\"0x0\",\"gas\":\"0x5208\",\"maxFeePerGas\":\"0x1\"",
	        "-32602 maxPriorityFeePerGas: missing"},
	    {FROM "," TO ",\"nonce\":\"0x0\",\"gas\":\"0x5208\",\"gasPrice\":\"0x1\",\"chainId\":\"0x1\"", "4901 chainId: "},
	};
	struct bed *bed = *state;

	for (size_t i = 0; i < sizeof(missing) / sizeof(missing[0]); i++)
		assert_begins(
		    bed_ask(bed, "eth_signTransaction", arena_printf(&bed->arena, "[{%s}]", missing[i][0])), missing[i][1]);
	assert_int_equal(bed->signer_calls, 0);
	assert_begins(
	    bed_ask(bed, "eth_signTransaction", "[{" FROM "," TO ",\"nonce\":\"0x0\",\"gas\":\"0x5208\",\"gasPrice\":\"0x1\"}]"),
	    "\"0xf8");
	assert_begins(bed_ask(bed, "eth_sendTransaction", "[{" FROM "}]"), "4200 ");
	assert_int_equal(node_calls(bed->node), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_everything_filled), TEST(test_given_is_kept), TEST(test_types),
	    TEST(test_blobs), TEST(test_contradictions), TEST(test_revert_reason), TEST(test_tip_from_history),
	    TEST(test_hostile_numbers), TEST(test_huge_numbers), TEST(test_absurd_numbers), TEST(test_node_that_hangs_up),
	    TEST(test_node_refuses), TEST(test_already_known), TEST(test_broken_broadcast), TEST(test_uncertain_broadcast),
	    TEST(test_wrong_hash), TEST(test_node_that_moves), TEST(test_chain_unknown_at_the_end), TEST(test_beside_slow_calls),
	    TEST(test_never_sent), TEST(test_refused_after_unclear), TEST(test_lookup_that_fails),
	    TEST(test_signer_changes_something), TEST(test_hostile_signer), TEST(test_unknown_account), TEST(test_fifty_at_once),
	    TEST(test_two_accounts), TEST(test_node_that_lags), TEST(test_no_number_twice), TEST(test_chosen_number_counts),
	    TEST(test_gone_before_signing), TEST(test_gone_while_filling), TEST(test_gone_after_signing),
	    TEST(test_sign_with_node), cmocka_unit_test_setup_teardown(test_sign_alone, setup_alone, teardown)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
