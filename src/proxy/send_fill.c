/* What is missing is asked of the node, one thing after the other: nonce, fees, gas. What is there already is not asked for. */
#include "proxy/send_private.h"

#include "proxy/fees.h"

/* ---- gas ---- */

static void on_gas(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error error;
	uint64_t estimate;

	/* Also what the contract says against it (revert): the node's words and data, as they are. */
	if (send_failed(call, answer))
		return;
	if (!fees_read_u64(answer->result, "eth_estimateGas", &estimate, &error)) {
		send_fail(call, &error);
		return;
	}
	if (estimate < FEES_GAS_LEAST || estimate > FEES_GAS_MOST) {
		error_set(&error, ERROR_INTERNAL,
		    "the node's answer to eth_estimateGas is %llu, which no transaction can need; give gas yourself",
		    (unsigned long long)estimate);
		send_fail(call, &error);
		return;
	}
	send->draft.has_gas = true;
	send->draft.transaction.gas = fees_gas_limit(estimate);
	send_sign(call);
}

static void fill_gas(struct call *call)
{
	struct send *send = call->work;
	struct buf json BUF_CLEANUP = BUF_INIT(SEND_TEXT_MAX);

	if (send->draft.has_gas) {
		send_sign(call);
		return;
	}
	buf_put_u8(&json, '[');
	draft_put_estimate(&send->draft, &json);
	/* On top of what is on its way already: an approval before a swap, say. */
	buf_put_text(&json, ",\"pending\"]");
	send_advance(call, SEND_GAS);
	call_ask_node(call, bytes_text("eth_estimateGas"), buf_bytes(&json), on_gas);
}

/* ---- fees ---- */

static void settle_fees(struct call *call, const struct u256 *suggested_tip)
{
	struct send *send = call->work;
	struct fees fees = draft_fees(&send->draft);
	struct error error;

	if (!fees.has_tip && !fees.has_max && !fees_check_tip(&send->base, suggested_tip, &error)) {
		send_fail(call, &error);
		return;
	}
	if (!fees_settle(&fees, &send->base, suggested_tip, &error)) {
		send_fail(call, &error);
		return;
	}
	draft_set_fees(&send->draft, &fees);
	fill_gas(call);
}

static void on_history(struct call *call, const struct call_answer *answer)
{
	struct error error;
	struct u256 tip;

	if (send_failed(call, answer))
		return;
	if (!fees_read_history(answer->result, &tip, &error))
		send_fail(call, &error);
	else
		settle_fees(call, &tip);
}

/* Not every node suggests one. */
static void on_tip(struct call *call, const struct call_answer *answer)
{
	struct error error;
	struct u256 tip;

	if (answer->error.size > 0 && !answer->trouble) {
		send_advance(call, SEND_HISTORY);
		call_ask_node(call, bytes_text("eth_feeHistory"), bytes_text(FEES_HISTORY_ARGUMENTS), on_history);
		return;
	}
	if (send_failed(call, answer))
		return;
	if (!fees_read_number(answer->result, "eth_maxPriorityFeePerGas", &tip, &error))
		send_fail(call, &error);
	else
		settle_fees(call, &tip);
}

static void on_price(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error error;
	struct u256 price;

	if (send_failed(call, answer))
		return;
	if (!fees_read_number(answer->result, "eth_gasPrice", &price, &error)) {
		send_fail(call, &error);
		return;
	}
	draft_set_price(&send->draft, &price);
	fill_gas(call);
}

static void ask_for_price(struct call *call)
{
	send_advance(call, SEND_PRICE);
	call_ask_node(call, bytes_text("eth_gasPrice"), BYTES_NONE, on_price);
}

static void on_block(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error error;
	bool has_base;

	if (send_failed(call, answer))
		return;
	if (!fees_read_base(answer->result, &has_base, &send->base, &error)) {
		send_fail(call, &error);
	} else if (!has_base && draft_missing_fees(&send->draft) == DRAFT_FEES_DYNAMIC) {
		error_set(&error, ERROR_PARAMS,
		    "maxFeePerGas: this chain has no base fee (EIP-1559), so that a transaction of this type cannot be sent; "
		    "give a gasPrice");
		send_fail(call, &error);
	} else if (!has_base) {
		ask_for_price(call);
	} else if (send->draft.transaction.has_max_priority_fee) {
		settle_fees(call, &send->draft.transaction.max_priority_fee);
	} else {
		send_advance(call, SEND_TIP);
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
		send_advance(call, SEND_BLOCK);
		call_ask_node(call, bytes_text("eth_getBlockByNumber"), bytes_text("[\"latest\",false]"), on_block);
		return;
	}
}

/* ---- the nonce ---- */

static void take_nonce(struct call *call, uint64_t nonce)
{
	struct send *send = call->work;

	if (nonce == UINT64_MAX) {
		struct error error;

		error_set(&error, ERROR_INTERNAL,
		    "nonce: the account has none left below 2^64 - 1 (EIP-2681), if the node's count is right; give nonce "
		    "yourself");
		send_fail(call, &error);
		return;
	}
	send->draft.has_nonce = send->nonce_is_ours = true;
	send->draft.transaction.nonce = nonce;
	fill_fees(call);
}

/*
 * Only a plain "no such transaction" about one that was handed over long ago frees its number. What is no answer, rate limits for one, says nothing of the
 * transaction, and a second one with its number would replace it.
 */
static void on_last(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct nonces_sent last;

	if (bytes_equal_text(answer->result, "null"))
		nonces_forget(send->place, dialect_now_ms());
	take_nonce(call, nonces_last(send->place, send->pending, &last) ? last.nonce + 1 : send->pending);
}

static void on_count(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct nonces_sent last;
	char hash[SEND_HASH_SIZE];
	struct error error;

	if (send_failed(call, answer))
		return;
	if (!fees_read_u64(answer->result, "eth_getTransactionCount", &send->pending, &error)) {
		send_fail(call, &error);
		return;
	}
	if (!nonces_last(send->place, send->pending, &last)) {
		take_nonce(call, send->pending);
		return;
	}
	/* The node's count lags behind, or it has dropped what was sent. */
	send_put_hash(last.hash, hash);
	send_advance(call, SEND_LAST);
	send_look_up(call, hash, on_last);
}

void send_fill(struct call *call)
{
	struct send *send = call->work;

	if (send->draft.has_nonce) {
		fill_fees(call);
		return;
	}
	send_advance(call, SEND_COUNT);
	call_ask_node(call, bytes_text("eth_getTransactionCount"),
	    bytes_text(arena_printf(&call->arena, "[\"%.*s\",\"pending\"]", (int)send->draft.transaction.from_text.size,
	        (const char *)send->draft.transaction.from_text.data)),
	    on_count);
}
