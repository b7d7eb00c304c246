/* What was signed and checked goes to the node. From here on a call is brought to its end, whoever still waits for it. */
#include "proxy/send_private.h"

#include <inttypes.h>
#include <string.h>

#include "eth/quantity.h"

/* Before it is handed over once more. */
#define AGAIN_MS 1500

static void remember(struct call *call)
{
	struct send *send = call->work;
	struct nonces_sent sent = {.nonce = send->asked.nonce, .at_ms = dialect_now_ms()};

	memcpy(sent.hash, send->result.hash, sizeof(sent.hash));
	nonces_sent(send->place, &sent, send->nonce_is_ours);
}

static void succeed(struct call *call)
{
	struct send *send = call->work;

	remember(call);
	log_info(&call->dialect->log, "transaction %s of %.*s, nonce %" PRIu64 ", is handed to the node", send->hash,
	    (int)send->asked.from_text.size, (const char *)send->asked.from_text.data, send->asked.nonce);
	send_answer_text(call, send->hash);
}

/* Nobody knows what became of it. */
static void end_uncertain(struct call *call)
{
	struct send *send = call->work;

	remember(call);
	log_warn(&call->dialect->log, "nobody knows what became of the transaction %s: it may still be mined", send->hash);
	send_advance(call, SEND_ENDED);
	call_fail_code(call, UPSTREAM_DISCONNECTED,
	    "the transaction %s is signed and was handed to the node, which did not say what became of it: it may still be "
	    "mined. Look for it before another is sent",
	    send->hash);
}

/*
 * A refusal counts when nothing else was ever heard of the transaction. After a first attempt that nobody knows the end of, the node, or another one behind the same
 * address, may have it and still refuse a second: for load, or for its number. So does one whose look-up gave no answer.
 */
static void on_lookup(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;

	if (answer->result.size > 0 && send_is_known(answer->result, send->hash)) {
		succeed(call);
	} else if (send->is_unclear || answer->error.size > 0) {
		end_uncertain(call);
	} else {
		send_advance(call, SEND_ENDED);
		call_fail_with(call, send->refusal);
	}
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
	send_advance(call, SEND_LOOKUP);
	send_look_up(call, send->hash, on_lookup);
}

static void on_broadcast(struct call *call, const struct call_answer *answer);

static void hand_over(struct call *call)
{
	struct send *send = call->work;
	struct buf json BUF_CLEANUP = BUF_INIT(SEND_TEXT_MAX);

	buf_put_u8(&json, '[');
	quantity_put_data(&json, send->result.raw);
	buf_put_u8(&json, ']');
	call_ask_node(call, bytes_text("eth_sendRawTransaction"), buf_bytes(&json), on_broadcast);
}

static void end_unsent(struct call *call)
{
	struct send *send = call->work;

	log_warn(&call->dialect->log, "transaction %s is not handed to the node", send->hash);
	send_advance(call, SEND_ENDED);
	call_fail_code(call, UPSTREAM_DISCONNECTED,
	    "the transaction %s is signed, but the node cannot be asked for its chain, or not be reached, any more: nothing was "
	    "sent",
	    send->hash);
}

/* Handing it over twice does no harm, so it is tried once more, when the node has had time to come to itself. */
static void on_uncertain(struct call *call, bool unsent)
{
	struct send *send = call->work;

	send->is_unclear |= !unsent;
	if (send->state == SEND_BROADCAST) {
		send_advance(call, SEND_AGAIN);
		call_later(call, AGAIN_MS, hand_over);
		return;
	}
	if (!send->is_unclear)
		end_unsent(call);
	else
		end_uncertain(call);
}

static void on_broadcast(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	if (answer->trouble) {
		on_uncertain(call, answer->unsent);
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
	send_advance(call, SEND_ENDED);
	call_fail_code(call, -32603,
	    "the node answered the transaction %s with another hash: it may have been sent, but this node's word is not to be "
	    "trusted",
	    send->hash);
}

/* ---- the chain, once more ---- */

static void on_chain_again(struct call *call, const struct call_answer *answer)
{
	struct send *send = call->work;
	struct error ignored;
	uint64_t chain_id;

	if (answer->error.size > 0 || !fees_read_u64(answer->result, "eth_chainId", &chain_id, &ignored)) {
		end_unsent(call);
		return;
	}
	if (chain_id == send->chain_id) {
		call->on_stop = end_uncertain;
		send_advance(call, SEND_BROADCAST);
		hand_over(call);
		return;
	}
	call->dialect->knows_chain = false;
	log_error(&call->dialect->log,
	    "transaction %s is for chain %" PRIu64 ", the node is on chain %" PRIu64 " now: nothing is sent", send->hash,
	    send->chain_id, chain_id);
	send_advance(call, SEND_ENDED);
	call_fail_code(call, DIALECT_MOVED,
	    "the node of clef-proxy was on chain %" PRIu64 " and is on chain %" PRIu64
	    " now: nothing was sent. The transaction %s is signed for the former",
	    send->chain_id, chain_id, send->hash);
}

/* A person may take long to answer, and what is signed for one chain is told to no other. */
void send_broadcast(struct call *call)
{
	struct send *send = call->work;

	call->must_finish = true;
	call->on_stop = end_unsent;
	/* Before anything can go wrong: whoever looks for it needs the hash. */
	log_info(&call->dialect->log, "transaction %s of %.*s, nonce %" PRIu64 ", is signed", send->hash,
	    (int)send->asked.from_text.size, (const char *)send->asked.from_text.data, send->asked.nonce);
	send_advance(call, SEND_CHAIN_AGAIN);
	call_ask_node(call, bytes_text("eth_chainId"), BYTES_NONE, on_chain_again);
}
