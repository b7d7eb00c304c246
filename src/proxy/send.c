/*
 * eth_sendTransaction and eth_signTransaction: what is missing is asked of the node, the signer signs, what it signed is checked and goes to the node.
 *
 * One step after the other, as `permitted` has it; whatever is there already is not asked for. Until the signer has signed, a call ends without a trace when
 * its caller goes away; from then on it is brought to its end.
 */
#include "proxy/send_private.h"

#include <string.h>

#include "base/hex.h"

#define BIT(state) (1u << (state))

static const unsigned permitted[] = {
    [SEND_READ] = BIT(SEND_QUEUED) | BIT(SEND_CHAIN) | BIT(SEND_ENDED),
    [SEND_QUEUED] = BIT(SEND_CHAIN) | BIT(SEND_ENDED),
    [SEND_CHAIN] = BIT(SEND_COUNT) | BIT(SEND_BLOCK) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_COUNT] = BIT(SEND_LAST) | BIT(SEND_BLOCK) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_LAST] = BIT(SEND_BLOCK) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_BLOCK] = BIT(SEND_TIP) | BIT(SEND_PRICE) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_TIP] = BIT(SEND_HISTORY) | BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_HISTORY] = BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_PRICE] = BIT(SEND_GAS) | BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_GAS] = BIT(SEND_SIGNER) | BIT(SEND_ENDED),
    [SEND_SIGNER] = BIT(SEND_CHAIN_AGAIN) | BIT(SEND_ENDED),
    [SEND_CHAIN_AGAIN] = BIT(SEND_BROADCAST) | BIT(SEND_ENDED),
    [SEND_BROADCAST] = BIT(SEND_AGAIN) | BIT(SEND_LOOKUP) | BIT(SEND_ENDED),
    [SEND_AGAIN] = BIT(SEND_LOOKUP) | BIT(SEND_ENDED),
    [SEND_LOOKUP] = BIT(SEND_ENDED),
    [SEND_ENDED] = 0,
};

void send_advance(struct call *call, enum send_state state)
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

void send_fail(struct call *call, const struct error *error)
{
	send_advance(call, SEND_ENDED);
	call_fail(call, error);
}

bool send_failed(struct call *call, const struct call_answer *answer)
{
	if (answer->error.size == 0)
		return false;
	send_advance(call, SEND_ENDED);
	call_fail_with(call, answer->error);
	return true;
}

void send_answer_text(struct call *call, const char *digits)
{
	struct buf json BUF_CLEANUP = BUF_INIT(SEND_TEXT_MAX);

	buf_printf(&json, "\"%s\"", digits);
	send_advance(call, SEND_ENDED);
	call_answer(call, buf_bytes(&json));
}

bool send_is_known(struct bytes untrusted_answer, const char *hash)
{
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	if (!json_parse(untrusted_answer, &json, &ignored) || !yyjson_is_obj(json.root))
		return false;
	return bytes_equal_text_nocase(json_bytes(yyjson_obj_get(json.root, "hash")), hash);
}

void send_put_hash(const uint8_t hash[KECCAK256_SIZE], char ret_text[SEND_HASH_SIZE])
{
	static const char digits[] = "0123456789abcdef";

	memcpy(ret_text, "0x", 2);
	for (size_t i = 0; i < KECCAK256_SIZE; i++) {
		ret_text[2 + 2 * i] = digits[hash[i] >> 4];
		ret_text[3 + 2 * i] = digits[hash[i] & 15];
	}
	ret_text[SEND_HASH_SIZE - 1] = 0;
}

void send_look_up(struct call *call, const char *hash, call_step *step)
{
	call_ask_node(
	    call, bytes_text("eth_getTransactionByHash"), bytes_text(arena_printf(&call->arena, "[\"%s\"]", hash)), step);
}

/* ---- the signature ---- */

static void on_signed(struct call *call, const struct call_answer *answer)
{
	struct dialect *dialect = call->dialect;
	struct send *send = call->work;
	struct error error;

	if (answer->error.size > 0) {
		send_advance(call, SEND_ENDED);
		call_fail_by_signer(call, answer);
		return;
	}
	if (!check_transaction(
	        dialect->curve, answer->untrusted_value, &send->asked, send->chain_id, &call->arena, &send->result, &error)) {
		log_warn(&dialect->log, "%s; nothing is sent", error.text);
		send_fail(call, &error);
		return;
	}
	send_put_hash(send->result.hash, send->hash);
	if (send->broadcasts) {
		send_broadcast(call);
		return;
	}
	struct buf digits BUF_CLEANUP = BUF_INIT(SEND_TEXT_MAX);
	buf_put_text(&digits, "0x");
	hex_encode(send->result.raw, &digits);
	send_answer_text(call, buf_text(&digits));
}

void send_sign(struct call *call)
{
	struct send *send = call->work;
	struct buf json BUF_CLEANUP = BUF_INIT(SEND_TEXT_MAX);
	struct error error;

	buf_put_u8(&json, '[');
	if (!draft_settle(&send->draft, &call->arena, &json, &send->asked, &error)) {
		send_fail(call, &error);
		return;
	}
	buf_put_u8(&json, ']');
	send_advance(call, SEND_SIGNER);
	call_ask_signer(call, "account_signTransaction", buf_bytes(&json), on_signed);
}

/* ---- the beginning ---- */

static void fill_alone(struct call *call)
{
	struct send *send = call->work;
	const char *missing = draft_find_missing(&send->draft);
	struct error error;

	if (missing == NULL) {
		send_sign(call);
		return;
	}
	error_set(&error, ERROR_PARAMS,
	    "%s: missing; clef-proxy runs without --upstream URL and knows no chain's state, so the caller has to name it",
	    missing);
	send_fail(call, &error);
}

static void on_chain(struct call *call)
{
	struct send *send = call->work;
	struct error error;

	send->chain_id = dialect_chain(call->dialect);
	if (!draft_set_chain(&send->draft, send->chain_id, &error))
		send_fail(call, &error);
	else if (call->dialect->upstream == NULL)
		fill_alone(call);
	else
		send_fill(call);
}

static void on_turn(struct call *call)
{
	send_advance(call, SEND_CHAIN);
	if (call->dialect->upstream != NULL)
		call_ask_chain(call, on_chain);
	else
		call_need_chain(call, on_chain);
}

static void on_queue(void *context)
{
	call_soon(context, on_turn);
}

/* Into the line at once, so that the order is that in which they came; what is plainly wrong need not wait for its turn. */
static void enter_line(struct call *call)
{
	struct dialect *dialect = call->dialect;
	struct send *send = call->work;
	struct error error;

	if (dialect_knows_chain(dialect) && send->draft.transaction.has_chain_id &&
	    !draft_set_chain(&send->draft, dialect_chain(dialect), &error)) {
		send_fail(call, &error);
		return;
	}
	send_advance(call, SEND_QUEUED);
	send->place = nonces_enter(dialect->nonces, &send->draft.transaction.from, on_queue, call, &error);
	if (send->place == NULL) {
		send_advance(call, SEND_ENDED);
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
		    "account_signTransaction takes them with their blobs");
	return transaction->type != TRANSACTION_BLOB || transaction->sidecar != NULL || !send->broadcasts ||
	       error_set(ret_error, ERROR_PARAMS, "blobs: missing; a blob transaction is sent with its blobs");
}

static void start(struct call *call, bool broadcasts)
{
	struct send *send = arena_alloc(&call->arena, sizeof(*send));
	struct error error;

	call->work = send;
	call->has_lane = true;
	call->on_end = release;
	send->broadcasts = broadcasts;
	if (!draft_read(call->params, call->json.root, &call->arena, &send->draft, &error) || !check_blobs(send, &error))
		send_fail(call, &error);
	else if (call->dialect->upstream != NULL)
		enter_line(call);
	else
		on_turn(call);
}

void handle_send_transaction(struct call *call)
{
	if (call->dialect->upstream == NULL)
		call_fail_code(call, DIALECT_UNSUPPORTED,
		    "eth_sendTransaction needs a node, and clef-proxy runs without one. With --upstream URL it fills in what is "
		    "missing, has the transaction signed and broadcasts it; without, sign with eth_signTransaction");
	else
		start(call, true);
}

void handle_sign_transaction(struct call *call)
{
	start(call, false);
}
