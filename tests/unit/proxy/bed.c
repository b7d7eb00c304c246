#include "bed.h"

#include <inttypes.h>
#include <signal.h>
#include <sys/queue.h>

#include "eth/message.h"
#include "eth/quantity.h"
#include "eth/typed_data.h"
#include "proxy/signer.h"

static const char *const keys[BED_ACCOUNTS] = {"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
    "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a"};

/* ---- the signer ---- */

struct asked {
	TAILQ_ENTRY(asked) link;
	uint64_t number;
	char *method;
	struct json params;
	signer_answered *answered;
	void *context;
};

struct signer {
	struct bed *bed;
	struct event *event;
	uint64_t last;
	TAILQ_HEAD(, asked) calls;
};

static void asked_free(struct asked *asked)
{
	json_free(&asked->params);
	free(asked->method);
	free(asked);
}

/* One a round. */
static void on_round(evutil_socket_t fd, short what, void *context)
{
	struct signer *signer = context;
	struct buf result = BUF_INIT(64u << 20), error = BUF_INIT(4u << 20);
	struct asked *asked = TAILQ_FIRST(&signer->calls);

	(void)fd;
	(void)what;
	if (asked == NULL)
		return;
	signer->bed->signs(signer->bed, asked->method, asked->params.root, &result, &error);
	if (result.size > 0 || error.size > 0) {
		TAILQ_REMOVE(&signer->calls, asked, link);
		signer->bed->signer_open--;
		asked->answered(asked->context, buf_bytes(&result), buf_bytes(&error));
		asked_free(asked);
		if (!TAILQ_EMPTY(&signer->calls))
			event_active(signer->event, EV_TIMEOUT, 0);
	}
	buf_free(&result);
	buf_free(&error);
}

uint64_t signer_call(struct signer *signer, const char *method, struct bytes params, const struct signer_claims *claims,
    signer_answered *answered, void *context)
{
	struct asked *asked = memory_new(1, sizeof(*asked));
	struct bed *bed = signer->bed;
	struct error error;

	if (!json_parse(params, &asked->params, &error))
		fail_msg("the signer is asked in bad JSON: %.*s", (int)params.size, (const char *)params.data);
	assert_true(yyjson_is_arr(asked->params.root));
	asked->number = ++signer->last;
	asked->method = memory_text(bytes_text(method));
	asked->answered = answered;
	asked->context = context;
	bed->signer_calls++;
	bed->signer_open++;
	bed->last_claims.origin = arena_copy(&bed->arena, claims->origin);
	bed->last_claims.host = arena_copy(&bed->arena, claims->host);
	bed->last_claims.user_agent = arena_copy(&bed->arena, claims->user_agent);
	buf_printf(&bed->signer_asked, "%s ", method);
	buf_put_bytes(&bed->signer_asked, params);
	buf_put_u8(&bed->signer_asked, '\n');
	TAILQ_INSERT_TAIL(&signer->calls, asked, link);
	event_active(signer->event, EV_TIMEOUT, 0);
	return asked->number;
}

void signer_cancel(struct signer *signer, uint64_t call)
{
	struct asked *asked;

	TAILQ_FOREACH(asked, &signer->calls, link)
	{
		if (asked->number != call)
			continue;
		TAILQ_REMOVE(&signer->calls, asked, link);
		signer->bed->signer_open--;
		signer->bed->signer_cancelled++;
		asked_free(asked);
		return;
	}
}

static const struct bed_account *find_account(struct bed *bed, const struct address *address)
{
	for (size_t i = 0; i < BED_ACCOUNTS; i++)
		if (address_equal(&bed->accounts[i].address, address))
			return &bed->accounts[i];
	return NULL;
}

static struct signature sign_digest(struct bed *bed, const struct address *address, const uint8_t digest[32])
{
	struct signature signature;

	assert_true(signature_sign(bed->context, find_account(bed, address)->key, digest, &signature));
	return signature;
}

void bed_sign_transaction(struct bed *bed, struct transaction *transaction, struct buf *ret_result)
{
	struct buf payload = BUF_INIT(TRANSACTION_SIZE_MAX);
	uint8_t digest[KECCAK256_SIZE];
	struct error error;
	uint64_t chain_id;

	assert_true(u256_fits_u64(&transaction->chain_id, &chain_id));
	assert_true(transaction_put_payload(transaction, chain_id, &payload, &error));
	keccak256(buf_bytes(&payload), digest);
	struct signature signature = sign_digest(bed, &transaction->from, digest);
	assert_true(transaction_put_result_json(transaction, chain_id, &signature, ret_result, &error));
	buf_free(&payload);
}

static void put_signature(struct bed *bed, const struct address *address, const uint8_t digest[32], struct buf *ret_result)
{
	struct signature signature = sign_digest(bed, address, digest);
	uint8_t bytes[SIGNATURE_SIZE];

	signature_to_bytes(&signature, bytes);
	quantity_put_data(ret_result, bytes_of(bytes, sizeof(bytes)));
}

static void sign_whole(struct bed *bed, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	struct transaction transaction;
	struct error error;

	if (!transaction_from_json(yyjson_arr_get(params, 0), &bed->arena, &transaction, &error)) {
		buf_printf(ret_error, "{\"code\":-32602,\"message\":\"%s\"}", error.text);
		return;
	}
	/* as the signer without --advanced */
	assert_true(!transaction.has_to || transaction.to_is_checksummed);
	assert_true(transaction.has_chain_id);
	if (find_account(bed, &transaction.from) == NULL)
		buf_put_text(ret_error, "{\"code\":-32000,\"message\":\"unknown account\"}");
	else
		bed_sign_transaction(bed, &transaction, ret_result);
}

static void put_list(struct bed *bed, struct buf *ret_result)
{
	char text[ADDRESS_TEXT_SIZE];

	for (size_t i = 0; i < 2; i++) {
		address_to_lower(&bed->accounts[i].address, text);
		buf_printf(ret_result, "%c\"%s\"", i == 0 ? '[' : ',', text);
	}
	buf_put_u8(ret_result, ']');
}

void bed_sign(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	struct typed_data_hashes hashes;
	struct typed_data data;
	struct address address;
	struct bytes message;
	uint8_t digest[32];
	struct error error;

	if (strcmp(method, "account_list") == 0) {
		put_list(bed, ret_result);
	} else if (strcmp(method, "account_signTransaction") == 0) {
		sign_whole(bed, params, ret_result, ret_error);
	} else if (strcmp(method, "account_signData") == 0) {
		assert_true(bytes_equal_text(json_bytes(yyjson_arr_get(params, 0)), "text/plain"));
		assert_true(quantity_get_address(yyjson_arr_get(params, 1), "1", &address, &error));
		assert_true(message_from_json(yyjson_arr_get(params, 2), &bed->arena, &message, &error));
		message_digest(message, digest);
		put_signature(bed, &address, digest, ret_result);
	} else if (strcmp(method, "account_signTypedData") == 0) {
		assert_true(quantity_get_address(yyjson_arr_get(params, 0), "0", &address, &error));
		if (!typed_data_parse(yyjson_arr_get(params, 1), &bed->arena, &data, &error))
			fail_msg("%s", error.text);
		typed_data_hash(&data, &hashes);
		put_signature(bed, &address, hashes.digest, ret_result);
	} else {
		buf_printf(ret_result, "\"signer did %s\"", method);
	}
}

/* ---- the node ---- */

static void take_transaction(struct bed *bed, const struct node_call *call, struct node_reply *reply)
{
	struct address sender;
	struct bytes raw;
	struct error error;

	assert_true(quantity_get_data(yyjson_arr_get(call->params, 0), "raw", &bed->arena, &raw, &error));
	if (!transaction_from_signed(raw, &bed->arena, &bed->last, &error))
		fail_msg("%s", error.text);
	assert_true(signature_recover(bed->context, bed->last.digest, &bed->last.signature, &sender));
	struct bed_account *account = &bed->accounts[find_account(bed, &sender) - bed->accounts];
	if (bed->last.transaction.nonce != account->count) {
		node_put_error(reply, call,
		    bed->last.transaction.nonce < account->count ? "{\"code\":-32000,\"message\":\"nonce too low\"}"
		                                                 : "{\"code\":-32000,\"message\":\"nonce too high\"}");
		return;
	}
	account->count++;
	struct buf hash = BUF_INIT(100);
	quantity_put_data(&hash, bytes_of(bed->last.hash, 32));
	node_put_result(reply, call, buf_text(&hash));
	buf_put_bytes(&bed->hashes, buf_bytes(&hash));
	buf_put_u8(&bed->hashes, '\n');
	buf_free(&hash);
}

static void count_transactions(struct bed *bed, const struct node_call *call, struct node_reply *reply)
{
	struct address address;
	struct error error;
	char text[32];
	uint64_t count = 0;

	assert_true(quantity_get_address(yyjson_arr_get(call->params, 0), "0", &address, &error));
	assert_true(bytes_equal_text(json_bytes(yyjson_arr_get(call->params, 1)), "pending"));
	if (find_account(bed, &address) != NULL)
		count = find_account(bed, &address)->count;
	snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", count > bed->lag ? count - bed->lag : 0);
	node_put_result(reply, call, text);
}

static void find_transaction(struct bed *bed, const struct node_call *call, struct node_reply *reply)
{
	char text[200];
	struct bytes hash = json_bytes(yyjson_arr_get(call->params, 0));

	if (bed->hashes.size == 0 || memmem(bed->hashes.data, bed->hashes.size, hash.data, hash.size) == NULL) {
		node_put_result(reply, call, "null");
		return;
	}
	snprintf(text, sizeof(text), "{\"hash\":\"%.*s\",\"blockNumber\":null}", (int)hash.size, (const char *)hash.data);
	node_put_result(reply, call, text);
}

static void on_call(void *context, const struct node_call *call, struct node_reply *ret_reply)
{
	struct bed *bed = context;
	char text[64];

	buf_put_bytes(&bed->asked, call->method);
	buf_put_u8(&bed->asked, '\n');
	buf_reset(&bed->last_params);
	json_write(call->params, &bed->last_params);
	if (bed->node_first != NULL && bed->node_first(bed, call, ret_reply))
		return;
	if (bytes_equal_text(call->method, "eth_chainId")) {
		snprintf(text, sizeof(text), "\"0x%" PRIx64 "\"", bed->node_chain);
		node_put_result(ret_reply, call, text);
	} else if (bytes_equal_text(call->method, "eth_getTransactionCount")) {
		count_transactions(bed, call, ret_reply);
	} else if (bytes_equal_text(call->method, "eth_getBlockByNumber")) {
		node_put_result(ret_reply, call, bed->has_base_fee ? "{\"baseFeePerGas\":\"0x64\"}" : "{\"number\":\"0x1\"}");
	} else if (bytes_equal_text(call->method, "eth_maxPriorityFeePerGas")) {
		node_put_result(ret_reply, call, "\"0x7\"");
	} else if (bytes_equal_text(call->method, "eth_gasPrice")) {
		node_put_result(ret_reply, call, "\"0x9\"");
	} else if (bytes_equal_text(call->method, "eth_feeHistory")) {
		node_put_result(ret_reply, call, "{\"reward\":[[\"0x1\"],[\"0x5\"],[\"0x3\"]]}");
	} else if (bytes_equal_text(call->method, "eth_estimateGas")) {
		node_put_result(ret_reply, call,
		    yyjson_obj_get(yyjson_arr_get(call->params, 0), "data") != NULL ? "\"0x186a0\"" : "\"0x5208\"");
	} else if (bytes_equal_text(call->method, "eth_getTransactionByHash")) {
		find_transaction(bed, call, ret_reply);
	} else if (bytes_equal_text(call->method, "eth_sendRawTransaction")) {
		take_transaction(bed, call, ret_reply);
	} else {
		node_put_result(ret_reply, call, "\"node did it\"");
	}
}

/* ---- life ---- */

struct bed *bed_new(bool with_node, uint64_t chain_id)
{
	struct bed *bed = memory_new(1, sizeof(*bed));
	struct dialect_options options = {.chain_id = chain_id, .has_chain_id = chain_id != 0};
	struct error error;

	signal(SIGPIPE, SIG_IGN);
	bed->base = event_base_new();
	bed->context = signature_context_new(NULL);
	for (size_t i = 0; i < BED_ACCOUNTS; i++) {
		assert_true(hex_decode_fixed(bytes_text(keys[i]), bed->accounts[i].key, 32));
		assert_true(signature_key_address(bed->context, bed->accounts[i].key, &bed->accounts[i].address));
	}
	buf_init(&bed->hashes, 1u << 20);
	buf_init(&bed->asked, 1u << 20);
	buf_init(&bed->last_params, 64u << 20);
	buf_init(&bed->signer_asked, 64u << 20);
	bed->node_chain = BED_CHAIN;
	bed->has_base_fee = true;
	bed->signs = bed_sign;
	bed->log = (struct log){.role = "proxy", .level = 0, .fd = 2};
	bed->node = node_new(bed->base, on_call, bed);
	bed->signer = memory_new(1, sizeof(*bed->signer));
	bed->signer->bed = bed;
	bed->signer->event = event_new(bed->base, -1, 0, on_round, bed->signer);
	TAILQ_INIT(&bed->signer->calls);
	if (with_node)
		options.upstream = node_url(bed->node);
	if (!dialect_new(bed->base, &options, bed->signer, &bed->log, &bed->dialect, &error))
		fail_msg("%s", error.text);
	return bed;
}

void bed_free(struct bed *bed)
{
	dialect_free(bed->dialect);
	assert_int_equal(bed->signer_open, 0);
	event_free(bed->signer->event);
	free(bed->signer);
	node_free(bed->node);
	event_base_free(bed->base);
	signature_context_free(bed->context);
	buf_free(&bed->hashes);
	buf_free(&bed->asked);
	buf_free(&bed->last_params);
	buf_free(&bed->signer_asked);
	arena_free(&bed->arena);
	free(bed);
}

/* ---- calls ---- */

static void on_answer(void *context, struct bytes result, struct bytes error)
{
	struct bed_answer *answer = context;

	assert_false(answer->done);
	assert_true((result.size > 0) != (error.size > 0));
	assert_int_not_equal(answer->number, 0); /* never from inside dialect_call() */
	answer->done = true;
	buf_put_bytes(&answer->result, result);
	buf_put_bytes(&answer->error, error);
}

void bed_begin(struct bed *bed, const char *origin, const char *method, const char *params, struct bed_answer *ret_answer)
{
	struct signer_claims claims = {
	    .host = bytes_text("localhost:8550"), .origin = bytes_text(origin), .user_agent = bytes_text("test")};

	*ret_answer = (struct bed_answer){.bed = bed, .result = BUF_INIT(64u << 20), .error = BUF_INIT(1u << 20)};
	ret_answer->number = dialect_call(bed->dialect, bytes_text(method), bytes_text(params), &claims, on_answer, ret_answer);
	assert_int_not_equal(ret_answer->number, 0);
}

void bed_wait(struct bed *bed, struct bed_answer *answer)
{
	while (!answer->done)
		event_base_loop(bed->base, EVLOOP_ONCE);
}

static void on_pause(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	(void)context;
}

void bed_rounds(struct bed *bed, int rounds)
{
	struct timeval pause = {.tv_usec = 1000};

	for (int i = 0; i < rounds; i++) {
		event_base_once(bed->base, -1, EV_TIMEOUT, on_pause, NULL, &pause);
		event_base_loop(bed->base, EVLOOP_ONCE);
	}
}

void bed_answer_free(struct bed_answer *answer)
{
	buf_free(&answer->result);
	buf_free(&answer->error);
}

const char *bed_ask_from(struct bed *bed, const char *origin, const char *method, const char *params)
{
	struct bed_answer answer;
	const char *text;

	bed_begin(bed, origin, method, params, &answer);
	bed_wait(bed, &answer);
	if (answer.result.size > 0) {
		text = arena_text(&bed->arena, buf_bytes(&answer.result));
	} else {
		struct json json = parse_json(buf_text(&answer.error));
		text = arena_printf(&bed->arena, "%s %s", yyjson_get_raw(yyjson_obj_get(json.root, "code")),
		    yyjson_get_str(yyjson_obj_get(json.root, "message")));
		json_free(&json);
	}
	bed_answer_free(&answer);
	return text;
}

const char *bed_ask(struct bed *bed, const char *method, const char *params)
{
	return bed_ask_from(bed, "", method, params);
}

size_t bed_count(const struct buf *lines, const char *begin)
{
	const uint8_t *at = lines->data, *end = lines->data + lines->size;
	size_t size = strlen(begin), count = 0;

	while (at < end) {
		const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
		assert_non_null(newline);
		if ((size_t)(newline - at) >= size && memcmp(at, begin, size) == 0)
			count++;
		at = newline + 1;
	}
	return count;
}
