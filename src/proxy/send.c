/*
 * eth_sendTransaction and eth_signTransaction: what is missing is asked of the node, the signer signs, what it signed is checked and goes to the node.
 *
 * One step after the other, as `permitted` has it; whatever is there already is not asked for. Until the signer has signed, a call ends without a trace when
 * its caller goes away; from then on it is brought to its end.
 */
#include <inttypes.h>
#include <string.h>

#include "base/hex.h"
#include "eth/quantity.h"
#include "proxy/check.h"
#include "proxy/dialect_private.h"
#include "proxy/draft.h"
#include "proxy/fees.h"

#define TEXT_MAX       (2 * TRANSACTION_SIZE_MAX + 4096)
#define HASH_TEXT      67
#define BIT(state)     (1u << (state))
#define AFTER_QUESTION BIT(SEND_ENDED)

enum send_state {
	SEND_READ,      /* the dapp's words are understood */
	SEND_QUEUED,    /* waits for its turn among the account's transactions */
	SEND_COUNT,     /* eth_getTransactionCount */
	SEND_LAST,      /* does the node still know our last one? */
	SEND_BLOCK,     /* the base fee */
	SEND_TIP,       /* eth_maxPriorityFeePerGas */
	SEND_HISTORY,   /* eth_feeHistory */
	SEND_PRICE,     /* eth_gasPrice */
	SEND_GAS,       /* eth_estimateGas */
	SEND_SIGNER,    /* the person is asked */
	SEND_BROADCAST, /* eth_sendRawTransaction */
	SEND_AGAIN,     /* once more: nobody knows what became of the first */
	SEND_LOOKUP,    /* the node refused: does it have it all the same? */
	SEND_ENDED
};

static const unsigned permitted[] = {
    [SEND_READ] = BIT(SEND_QUEUED) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_QUEUED] = BIT(SEND_COUNT) | BIT(SEND_BLOCK) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_COUNT] = BIT(SEND_LAST) | BIT(SEND_BLOCK) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_LAST] = BIT(SEND_BLOCK) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_BLOCK] = BIT(SEND_TIP) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_TIP] = BIT(SEND_HISTORY) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_HISTORY] = BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_PRICE] = BIT(SEND_GAS) | BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_GAS] = BIT(SEND_SIGNER) | AFTER_QUESTION,
    [SEND_SIGNER] = BIT(SEND_BROADCAST) | AFTER_QUESTION,
    [SEND_BROADCAST] = BIT(SEND_AGAIN) | BIT(SEND_LOOKUP) | AFTER_QUESTION,
    [SEND_AGAIN] = BIT(SEND_LOOKUP) | AFTER_QUESTION,
    [SEND_LOOKUP] = AFTER_QUESTION,
    [SEND_ENDED] = 0,
};

struct send {
	enum send_state state;
	bool broadcasts;
	struct draft draft;
	bool nonce_is_ours; /* not the dapp's */
	struct nonces_place *place;
	uint64_t pending; /* the node's count */
	struct u256 base; /* the block's fee */
	struct transaction asked;
	struct check_signed result;
	char hash[HASH_TEXT];
	struct bytes refusal; /* the node's error to the broadcast */
};

static void advance(struct call *call, enum send_state state)
{
	struct send *send = call->work;

	if ((permitted[send->state] & BIT(state)) == 0)
		log_fatal(&call->dialect->log, "bug: a transaction may not go from state %d to %d", (int)send->state, (int)state);
	send->state = state;
}

/* ---- the end ---- */

static void release(struct call *call)
{
	struct send *send = call->work;

	nonces_leave(send->place);
	draft_free(&send->draft);
}

static void fail(struct call *call, const struct error *error)
{
	advance(call, SEND_ENDED);
	call_fail(call, error);
}

/* True: it was an error, and the call has ended with it. */
static bool failed(struct call *call, const struct call_answer *answer)
{
	if (answer->error.size == 0)
		return false;
	advance(call, SEND_ENDED);
	call_fail_with(call, answer->error);
	return true;
}

static void answer_text(struct call *call, const char *digits)
{
	struct buf json BUF_CLEANUP = BUF_INIT(TEXT_MAX);

	buf_printf(&json, "\"%s\"", digits);
	advance(call, SEND_ENDED);
	call_answer(call, buf_bytes(&json));
}

/* ---- the broadcast ---- */

static void remember(struct call *call)
{
	struct send *send = call->work;
	struct nonces_sent sent = {.nonce = send->asked.nonce};

	memcpy(sent.hash, send->result.hash, sizeof(sent.hash));
	nonces_sent(send->place, &sent, send->nonce_is_ours);
}

static void succeed(struct call *call)
{
	struct send *send = call->work;

	remember(call);
	log_info(&call->dialect->log, "transaction %s of %.*s, nonce %" PRIu64 ", is handed to the node", send->hash,
	    (int)send->asked.from_text.size, (const char *)send->asked.from_text.data, send->asked.nonce);
	answer_text(call, send->hash);
}

/* The answer is the hash of one transaction that the node knows, or null. */
static bool is_known(struct bytes untrusted_answer, const char *hash)
{
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	if (!json_parse(untrusted_answer, &json, &ignored) || !yyjson_is_obj(json.root))
		return false;
	return bytes_equal_text_nocase(json_bytes(yyjson_obj_get(json.root, "hash")), hash);
}

static void on_lookup(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;

	if (answer->result.size > 0 && is_known(answer->result, send->hash)) {
		succeed(call);
		return;
	}
	advance(call, SEND_ENDED);
	call_fail_with(call, send->refusal);
}

static void put_hash(const uint8_t hash[KECCAK256_SIZE], char ret_text[HASH_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	memcpy(ret_text, "0x", 2);
	for (size_t i = 0; i < KECCAK256_SIZE; i++) {
		ret_text[2 + 2 * i] = digits[hash[i] >> 4];
		ret_text[3 + 2 * i] = digits[hash[i] & 15];
	}
	ret_text[HASH_TEXT - 1] = 0;
}

static void ask_for(struct call *call, const char *hash, call_step *step)
{
	call_ask_node(
	    call, bytes_text("eth_getTransactionByHash"), bytes_text(arena_printf(&call->arena, "[\"%s\"]", hash)), step);
}

/* geth and Erigon, Besu, anvil, Nethermind. Of others the look-up tells. */
static bool says_already_known(struct bytes untrusted_error)
{
	static const char *const texts[] = {"already known", "Known transaction", "already imported", "AlreadyKnown"};
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	if (!json_parse(untrusted_error, &json, &ignored))
		return false;
	struct bytes message = json_bytes(yyjson_obj_get(json.root, "message"));
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (memmem(message.data, message.size, texts[i], strlen(texts[i])) != NULL)
			return true;
	return false;
}

static void on_refusal(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;

	if (says_already_known(answer->error)) {
		succeed(call);
		return;
	}
	send->refusal = arena_copy(&call->arena, answer->error);
	advance(call, SEND_LOOKUP);
	ask_for(call, send->hash, on_lookup);
}

static void broadcast(struct call *call, call_step *step)
{
	struct send *send = call->work;
	struct buf json BUF_CLEANUP = BUF_INIT(TEXT_MAX);

	buf_put_u8(&json, '[');
	quantity_put_data(&json, send->result.raw);
	buf_put_u8(&json, ']');
	call_ask_node(call, bytes_text("eth_sendRawTransaction"), buf_bytes(&json), step);
}

static void on_broadcast(struct call *call, const struct call_answer *answer);

/* Handing it over twice does no harm, so it is tried once more; what then is left open, the next look at the node will show. */
static void on_uncertain(struct call *call)
{
	struct send *send = call->work;

	if (send->state == SEND_BROADCAST) {
		advance(call, SEND_AGAIN);
		broadcast(call, on_broadcast);
		return;
	}
	remember(call);
	advance(call, SEND_ENDED);
	call_fail_code(call, UPSTREAM_DISCONNECTED,
	    "the transaction %s is signed and was handed to the node, which did not say what became of it: it may still be "
	    "mined. Look for it "
	    "before another is sent",
	    send->hash);
}

static void on_broadcast(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	if (answer->trouble) {
		on_uncertain(call);
		return;
	}
	if (answer->error.size > 0) {
		on_refusal(call, answer);
		return;
	}
	if (json_parse(answer->result, &json, &ignored) && bytes_equal_text_nocase(json_bytes(json.root), send->hash)) {
		succeed(call);
		return;
	}
	remember(call);
	advance(call, SEND_ENDED);
	call_fail_code(call, -32603,
	    "the node answered the transaction %s with another hash: it may have been sent, but this node's word is not to be "
	    "trusted",
	    send->hash);
}

/* ---- the signature ---- */

static void on_signed(struct call *call, const struct call_answer *answer)
{
	struct dialect *dialect = call->dialect;
	struct send *send = call->work;
	struct error error;

	if (answer->error.size > 0) {
		advance(call, SEND_ENDED);
		call_fail_by_signer(call, answer);
		return;
	}
	if (!check_transaction(dialect->curve, answer->untrusted_value, &send->asked, dialect_chain(dialect), &call->arena,
	        &send->result, &error)) {
		log_warn(&dialect->log, "%s; nothing is sent", error.text);
		fail(call, &error);
		return;
	}
	put_hash(send->result.hash, send->hash);
	if (send->broadcasts) {
		call->must_finish = true;
		advance(call, SEND_BROADCAST);
		broadcast(call, on_broadcast);
		return;
	}
	struct buf digits BUF_CLEANUP = BUF_INIT(TEXT_MAX);
	buf_put_text(&digits, "0x");
	hex_encode(send->result.raw, &digits);
	answer_text(call, buf_text(&digits));
}

static void ask_to_sign(struct call *call)
{
	struct send *send = call->work;
	struct buf json BUF_CLEANUP = BUF_INIT(TEXT_MAX);
	struct error error;

	buf_put_u8(&json, '[');
	if (!draft_settle(&send->draft, &call->arena, &json, &send->asked, &error)) {
		fail(call, &error);
		return;
	}
	buf_put_u8(&json, ']');
	advance(call, SEND_SIGNER);
	call_ask_signer(call, "account_signTransaction", buf_bytes(&json), on_signed);
}

/* ---- gas ---- */

static void on_gas(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error error;
	uint64_t estimate;

	/* Also what the contract says against it (revert): the node's words and data, as they are. */
	if (failed(call, answer))
		return;
	if (!fees_read_u64(answer->result, "eth_estimateGas", &estimate, &error)) {
		fail(call, &error);
		return;
	}
	send->draft.has_gas = true;
	send->draft.transaction.gas = fees_gas_limit(estimate);
	ask_to_sign(call);
}

static void fill_gas(struct call *call)
{
	struct send *send = call->work;
	struct buf json BUF_CLEANUP = BUF_INIT(TEXT_MAX);

	if (send->draft.has_gas) {
		ask_to_sign(call);
		return;
	}
	buf_put_u8(&json, '[');
	draft_put_estimate(&send->draft, &json);
	/* On top of what is on its way already: an approval before a swap, say. */
	buf_put_text(&json, ",\"pending\"]");
	advance(call, SEND_GAS);
	call_ask_node(call, bytes_text("eth_estimateGas"), buf_bytes(&json), on_gas);
}

/* ---- fees ---- */

static void settle_fees(struct call *call, const struct u256 *suggested_tip)
{
	struct send *send = call->work;
	struct fees fees = draft_fees(&send->draft);
	struct error error;

	if (!fees_settle(&fees, &send->base, suggested_tip, &error)) {
		fail(call, &error);
		return;
	}
	draft_set_fees(&send->draft, &fees);
	fill_gas(call);
}

static void on_history(struct call *call, const struct call_answer *answer)
{
	struct error error;
	struct u256 tip;

	if (failed(call, answer))
		return;
	if (!fees_read_history(answer->result, &tip, &error))
		fail(call, &error);
	else
		settle_fees(call, &tip);
}

/* Not every node suggests one. */
static void on_tip(struct call *call, const struct call_answer *answer)
{
	struct error error;
	struct u256 tip;

	if (answer->error.size > 0 && !answer->trouble) {
		advance(call, SEND_HISTORY);
		call_ask_node(call, bytes_text("eth_feeHistory"), bytes_text(FEES_HISTORY_ARGUMENTS), on_history);
		return;
	}
	if (failed(call, answer))
		return;
	if (!fees_read_number(answer->result, "eth_maxPriorityFeePerGas", &tip, &error))
		fail(call, &error);
	else
		settle_fees(call, &tip);
}

static void on_price(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error error;
	struct u256 price;

	if (failed(call, answer))
		return;
	if (!fees_read_number(answer->result, "eth_gasPrice", &price, &error)) {
		fail(call, &error);
		return;
	}
	draft_set_price(&send->draft, &price);
	fill_gas(call);
}

static void ask_for_price(struct call *call)
{
	advance(call, SEND_PRICE);
	call_ask_node(call, bytes_text("eth_gasPrice"), BYTES_NONE, on_price);
}

static void on_block(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error error;
	bool has_base;

	if (failed(call, answer))
		return;
	if (!fees_read_base(answer->result, &has_base, &send->base, &error)) {
		fail(call, &error);
	} else if (!has_base && draft_missing_fees(&send->draft) == DRAFT_FEES_DYNAMIC) {
		error_set(&error, ERROR_PARAMS,
		    "maxFeePerGas: this chain has no base fee (EIP-1559), so that a transaction of this type cannot be sent; "
		    "give a gasPrice");
		fail(call, &error);
	} else if (!has_base) {
		ask_for_price(call);
	} else if (send->draft.transaction.has_max_priority_fee) {
		settle_fees(call, &send->draft.transaction.max_priority_fee);
	} else {
		advance(call, SEND_TIP);
		call_ask_node(call, bytes_text("eth_maxPriorityFeePerGas"), BYTES_NONE, on_tip);
	}
}

static void fill_fees(struct call *call)
{
	struct send *send = call->work;

	switch (draft_missing_fees(&send->draft)) {
	case DRAFT_FEES_THERE:
		fill_gas(call);
		return;
	case DRAFT_FEES_PRICE:
		ask_for_price(call);
		return;
	case DRAFT_FEES_DYNAMIC:
	case DRAFT_FEES_EITHER:
		advance(call, SEND_BLOCK);
		call_ask_node(call, bytes_text("eth_getBlockByNumber"), bytes_text("[\"latest\",false]"), on_block);
		return;
	}
}

/* ---- the nonce ---- */

static void take_nonce(struct call *call, uint64_t nonce)
{
	struct send *send = call->work;

	send->draft.has_nonce = send->nonce_is_ours = true;
	send->draft.transaction.nonce = nonce;
	fill_fees(call);
}

static void on_last(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct nonces_sent last = {0};
	char hash[HASH_TEXT];

	if (answer->trouble && failed(call, answer))
		return;
	nonces_last(send->place, &last);
	put_hash(last.hash, hash);
	if (answer->result.size > 0 && is_known(answer->result, hash)) {
		take_nonce(call, last.nonce + 1);
		return;
	}
	nonces_forget(send->place);
	take_nonce(call, send->pending);
}

static void on_count(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct nonces_sent last;
	char hash[HASH_TEXT];
	struct error error;

	if (failed(call, answer))
		return;
	if (!fees_read_u64(answer->result, "eth_getTransactionCount", &send->pending, &error)) {
		fail(call, &error);
		return;
	}
	if (!nonces_last(send->place, &last) || last.nonce < send->pending || last.nonce == UINT64_MAX) {
		take_nonce(call, send->pending);
		return;
	}
	/* The node's count lags behind, or it has dropped what was sent. */
	put_hash(last.hash, hash);
	advance(call, SEND_LAST);
	ask_for(call, hash, on_last);
}

static void on_turn(struct call *call)
{
	struct send *send = call->work;

	if (send->draft.has_nonce) {
		fill_fees(call);
		return;
	}
	advance(call, SEND_COUNT);
	call_ask_node(call, bytes_text("eth_getTransactionCount"),
	    bytes_text(arena_printf(&call->arena, "[\"%.*s\",\"pending\"]", (int)send->draft.transaction.from_text.size,
	        (const char *)send->draft.transaction.from_text.data)),
	    on_count);
}

static void on_queue(void *context)
{
	call_soon(context, on_turn);
}

/* ---- the beginning ---- */

static void fill_alone(struct call *call)
{
	struct send *send = call->work;
	const char *missing = draft_find_missing(&send->draft);
	struct error error;

	if (missing == NULL) {
		ask_to_sign(call);
		return;
	}
	error_set(&error, ERROR_PARAMS,
	    "%s: missing; clef-proxy runs without --upstream URL and knows no chain's state, so the caller has to name it",
	    missing);
	fail(call, &error);
}

static void on_chain(struct call *call)
{
	struct send *send = call->work;
	struct error error;

	if (!draft_set_chain(&send->draft, dialect_chain(call->dialect), &error)) {
		fail(call, &error);
		return;
	}
	if (call->dialect->upstream == NULL) {
		fill_alone(call);
		return;
	}
	advance(call, SEND_QUEUED);
	send->place = nonces_enter(call->dialect->nonces, &send->draft.transaction.from, on_queue, call, &error);
	if (send->place == NULL) {
		advance(call, SEND_ENDED);
		call_fail_code(call, DIALECT_BUSY, "%s", error.text);
	}
}

/* Only with its blobs does a blob transaction go onto the network; who signs alone keeps them and puts them back. */
static bool check_blobs(const struct send *send, struct error *ret_error)
{
	const struct transaction *transaction = &send->draft.transaction;

	if (transaction->sidecar != NULL && !send->broadcasts)
		return error_set(ret_error, ERROR_PARAMS,
		    "blobs: eth_signTransaction takes blob transactions by their blobVersionedHashes alone; "
		    "account_signTransaction takes them "
		    "with their blobs");
	return transaction->type != TRANSACTION_BLOB || transaction->sidecar != NULL || !send->broadcasts ||
	       error_set(ret_error, ERROR_PARAMS, "blobs: missing; a blob transaction is sent with its blobs");
}

static void start(struct call *call, bool broadcasts)
{
	struct send *send = arena_alloc(&call->arena, sizeof(*send));
	struct error error;

	call->work = send;
	call->on_end = release;
	send->broadcasts = broadcasts;
	if (!draft_read(call->params, call->json.root, &call->arena, &send->draft, &error) || !check_blobs(send, &error))
		fail(call, &error);
	else
		call_need_chain(call, on_chain);
}

void handle_send_transaction(struct call *call)
{
	if (call->dialect->upstream == NULL)
		call_fail_code(call, DIALECT_UNSUPPORTED,
		    "eth_sendTransaction needs a node, and clef-proxy runs without one. With --upstream URL it fills in what is "
		    "missing, has the "
		    "transaction signed and broadcasts it; without, sign with eth_signTransaction");
	else
		start(call, true);
}

void handle_sign_transaction(struct call *call)
{
	start(call, false);
}
