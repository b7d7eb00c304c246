/* What asks for the chain: eth_chainId, net_version, EIP-3326, EIP-3085 and EIP-5792's capabilities. */
#include <inttypes.h>

#include "eth/quantity.h"
#include "proxy/dialect_private.h"

static void answer_chain_id(struct call *call)
{
	struct buf json BUF_CLEANUP = BUF_INIT(64);

	quantity_put_u64(&json, dialect_chain(call->dialect));
	call_answer(call, buf_bytes(&json));
}

void handle_chain_id(struct call *call)
{
	call_need_chain(call, answer_chain_id);
}

static void answer_version(struct call *call)
{
	struct buf json BUF_CLEANUP = BUF_INIT(64);

	buf_printf(&json, "\"%" PRIu64 "\"", dialect_chain(call->dialect));
	call_answer(call, buf_bytes(&json));
}

/* A network's number need not be its chain's: the node knows. */
void handle_net_version(struct call *call)
{
	if (call->dialect->upstream != NULL)
		handle_forward(call);
	else
		call_need_chain(call, answer_version);
}

/* ---- wallet_switchEthereumChain, wallet_addEthereumChain ---- */

static void judge_chain(struct call *call)
{
	struct u256 ours = u256_from_u64(dialect_chain(call->dialect)), wanted;
	char text[U256_DECIMAL_SIZE];
	struct error error;

	if (!yyjson_is_obj(call->untrusted_arguments[0])) {
		call_fail_code(call, DIALECT_BAD_PARAMS, "invalid argument 0: expected {\"chainId\": \"0x…\"}");
		return;
	}
	if (!quantity_get_u256(yyjson_obj_get(call->untrusted_arguments[0], "chainId"), "chainId", &wanted, &error)) {
		call_fail(call, &error);
		return;
	}
	if (u256_equal(&wanted, &ours)) {
		call_answer(call, bytes_text("null"));
		return;
	}
	u256_to_decimal(&wanted, text);
	call_fail_code(call, DIALECT_OTHER_CHAIN,
	    "chainId: expected %" PRIu64
	    ", the one chain that clef-proxy is connected to, found %s. Whoever starts clef-proxy chooses it, by "
	    "--upstream or --chainid",
	    dialect_chain(call->dialect), text);
}

void handle_switch_chain(struct call *call)
{
	call_need_chain(call, judge_chain);
}

/* ---- wallet_getCapabilities ---- */

/* None named means all. */
static bool wants_chain(yyjson_val *untrusted_chains, uint64_t chain_id, bool *ret_wants, struct error *ret_error)
{
	struct u256 ours = u256_from_u64(chain_id), chain;
	size_t index, count;
	yyjson_val *untrusted_chain;

	*ret_wants = untrusted_chains == NULL || yyjson_is_null(untrusted_chains);
	if (*ret_wants)
		return true;
	if (!yyjson_is_arr(untrusted_chains))
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 1: expected an array of chain ids (\"0x1\")");
	yyjson_arr_foreach(untrusted_chains, index, count, untrusted_chain)
	{
		if (!quantity_get_u256(untrusted_chain, "invalid argument 1: chain id", &chain, ret_error))
			return false;
		*ret_wants |= u256_equal(&chain, &ours);
	}
	return true;
}

static void answer_capabilities(struct call *call)
{
	yyjson_val *untrusted_address = call->untrusted_arguments[0];
	struct buf json BUF_CLEANUP = BUF_INIT(1024);
	struct address address;
	struct error error;
	bool wants;

	if ((untrusted_address != NULL && !yyjson_is_null(untrusted_address) &&
	        !quantity_get_address(untrusted_address, "invalid argument 0", &address, &error)) ||
	    !wants_chain(call->untrusted_arguments[1], dialect_chain(call->dialect), &wants, &error)) {
		call_fail(call, &error);
		return;
	}
	buf_put_u8(&json, '{');
	if (wants) {
		quantity_put_u64(&json, dialect_chain(call->dialect));
		buf_put_text(&json, ":{\"atomic\":{\"status\":\"unsupported\"}}");
	}
	buf_put_u8(&json, '}');
	call_answer(call, buf_bytes(&json));
}

void handle_capabilities(struct call *call)
{
	call_need_chain(call, answer_capabilities);
}
