/* eth_signTransaction. */
#include <ctype.h>

#include "core/handlers.h"
#include "core/sign_transaction.h"

static bool is_there(yyjson_val *untrusted_transaction, const char *name)
{
	yyjson_val *value = yyjson_obj_get(untrusted_transaction, name);

	return value != NULL && !yyjson_is_null(value);
}

/* The answer has no room for a sidecar: the clients of this method keep theirs and put it back behind the signature. */
static bool check_no_sidecar(yyjson_val *untrusted_transaction, struct error *ret_error)
{
	static const char *const names[] = {"blobs", "commitments", "proofs", "blobVersion"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (is_there(untrusted_transaction, names[i]))
			return error_set(ret_error, ERROR_PARAMS,
			    "%s: eth_signTransaction takes blob transactions by their blobVersionedHashes alone; "
			    "account_signTransaction takes them with their blobs",
			    names[i]);
	return true;
}

/* Whoever uses this name expects a wallet that fills in what is missing. This one knows no chain, and 0 is never what was meant. */
static bool check_complete(yyjson_val *untrusted_transaction, const struct transaction *transaction, struct error *ret_error)
{
	static const char *const names[] = {"from", "gas", "nonce"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!is_there(untrusted_transaction, names[i]))
			return error_set(ret_error, ERROR_PARAMS,
			    "%s: missing; the signer does not know the chain's state, so the caller has to name it", names[i]);
	if (transaction->has_max_fee ? transaction->has_max_priority_fee : transaction->has_gas_price)
		return true;
	return error_set(ret_error, ERROR_PARAMS,
	    "%s: missing; the signer does not know the chain's fees, so the caller has to name them",
	    transaction->has_max_fee ? "maxPriorityFeePerGas" : "maxFeePerGas and maxPriorityFeePerGas, or gasPrice");
}

/*
 * EIP-55: letters of one case carry no checksum, and that is how the libraries behind this method write every address. Mixed case has to be right, as on
 * account_signTransaction.
 */
static void spell_recipient(struct transaction *transaction, struct arena *arena)
{
	bool lower = false, upper = false;
	char checksummed[ADDRESS_TEXT_SIZE];

	if (!transaction->has_to || transaction->to_is_checksummed)
		return;
	for (size_t i = 2; i < transaction->to_text.size; i++) {
		lower |= islower(transaction->to_text.data[i]) != 0;
		upper |= isupper(transaction->to_text.data[i]) != 0;
	}
	if (lower && upper)
		return;
	address_to_checksum(&transaction->to, checksummed);
	transaction->to_text = arena_copy(arena, bytes_text(checksummed));
	transaction->to_is_checksummed = true;
}

void handle_eth_sign_transaction(struct request *request)
{
	struct sign_transaction *work = arena_alloc(&request->arena, sizeof(*work));
	yyjson_val *untrusted_transaction = request->arguments[0];
	struct error error;

	request->work = work;
	work->raw_only = true;
	if (!transaction_params_are_plain(request->params_text, &error) || !check_no_sidecar(untrusted_transaction, &error) ||
	    !transaction_from_json(untrusted_transaction, &request->arena, &work->transaction, &error) ||
	    !check_complete(untrusted_transaction, &work->transaction, &error)) {
		request_refuse(request, &error);
		return;
	}
	spell_recipient(&work->transaction, &request->arena);
	sign_transaction_begin(request);
}
