/* The standard names that ask nobody anything: the chain, versions, capabilities, and what this program does not do. */
#include "base/hex.h"
#include "core/handlers.h"
#include "core/signer.h"
#include "eth/quantity.h"

void handle_eth_chain_id(struct request *request)
{
	struct buf json BUF_CLEANUP = BUF_INIT(64);

	request_advance(request, REQUEST_JUDGED);
	quantity_put_u64(&json, request->signer->chain_id);
	request_answer(request, buf_bytes(&json), BYTES_NONE);
}

/* health_status and web3_clientVersion. */
void handle_program_version(struct request *request)
{
	request_advance(request, REQUEST_JUDGED);
	request_answer(request, bytes_text("\"clef/" CLEF_VERSION "\""), BYTES_NONE);
}

/* The advice is the method's summary, so that gendoc and the error say the same. */
void handle_unsupported(struct request *request)
{
	request_refuse_text(
	    request, ERROR_UNSUPPORTED, "%s is not offered by this signer. %s", request->method->name, request->method->summary);
}

/* ---- wallet_getCapabilities (EIP-5792) ---- */

/* Is our chain among those that were asked for? None named means all. */
static bool wants_our_chain(const struct request *request, yyjson_val *untrusted_chains, bool *ret_wants, struct error *ret_error)
{
	struct u256 ours = u256_from_u64(request->signer->chain_id), chain;
	yyjson_arr_iter iter;
	yyjson_val *untrusted_chain;

	*ret_wants = untrusted_chains == NULL || yyjson_is_null(untrusted_chains);
	if (*ret_wants)
		return true;
	if (!yyjson_is_arr(untrusted_chains))
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 1: expected an array of chain ids (\"0x1\")");
	iter = yyjson_arr_iter_with(untrusted_chains);
	while ((untrusted_chain = yyjson_arr_iter_next(&iter)) != NULL) {
		if (!quantity_get_u256(untrusted_chain, "invalid argument 1: chain id", &chain, ret_error))
			return false;
		*ret_wants |= u256_equal(&chain, &ours);
	}
	return true;
}

/* The same for every address, known or not: which accounts there are is told by eth_accounts alone, after approval. */
void handle_wallet_capabilities(struct request *request)
{
	yyjson_val *untrusted_address = request->arguments[0];
	struct buf json BUF_CLEANUP = BUF_INIT(1024);
	struct address address;
	struct error error;
	bool wants;

	if ((untrusted_address != NULL && !yyjson_is_null(untrusted_address) &&
	        !quantity_get_address(untrusted_address, "invalid argument 0", &address, &error)) ||
	    !wants_our_chain(request, request->arguments[1], &wants, &error)) {
		request_refuse(request, &error);
		return;
	}
	request_advance(request, REQUEST_JUDGED);
	buf_put_u8(&json, '{');
	if (wants) {
		quantity_put_u64(&json, request->signer->chain_id);
		buf_put_text(&json, ":{\"atomic\":{\"status\":\"unsupported\"}}");
	}
	buf_put_u8(&json, '}');
	request_answer(request, buf_bytes(&json), BYTES_NONE);
}
