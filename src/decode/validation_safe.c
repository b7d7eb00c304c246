#include "decode/validation_safe.h"

static void tell(struct validation *validation, enum validation_level level, const char *code, const char *text)
{
	validation_tell(validation, level, code, bytes_text(text));
}

static void warn_of_delegate_call(
    const struct safe_transaction *transaction, struct arena *arena, struct validation *ret_validation)
{
	char to[ADDRESS_TEXT_SIZE];

	if (transaction->operation != SAFE_OPERATION_DELEGATE_CALL)
		return;
	address_to_checksum(&transaction->to, to);
	tell(ret_validation, VALIDATION_CRITICAL, "delegate-call",
	    arena_printf(arena,
	        "This is a delegate call: the code at %s runs as the Safe itself and can take all that the Safe owns, or the "
	        "Safe",
	        to));
}

/* Gas is paid back out of the Safe, at a price and in a token that whoever proposed the transaction chose. */
static void warn_of_refund(const struct safe_transaction *transaction, struct arena *arena, struct validation *ret_validation)
{
	char price[U256_DECIMAL_SIZE], token[ADDRESS_TEXT_SIZE], receiver[ADDRESS_TEXT_SIZE];

	if (u256_is_zero(&transaction->gas_price))
		return;
	u256_to_decimal(&transaction->gas_price, price);
	address_to_checksum(&transaction->gas_token, token);
	address_to_checksum(&transaction->refund_receiver, receiver);
	tell(ret_validation, VALIDATION_WARNING, "gas-refund",
	    arena_printf(arena, "The Safe pays for gas: %s a unit of %s, to %s", price,
	        address_is_zero(&transaction->gas_token) ? "the chain's coin" : token,
	        address_is_zero(&transaction->refund_receiver) ? "whoever sends the transaction" : receiver));
}

bool validation_safe(const struct safe_transaction *transaction, struct bytes untrusted_hint,
    const struct selectors_custom *custom, struct arena *arena, struct validation *ret_validation, struct error *ret_error)
{
	/* Fees are no fields of a Safe transaction: the one that is set keeps their absence from being judged. */
	const struct transaction call = {.has_to = true,
	    .to = transaction->to,
	    .to_text = transaction->to_text,
	    .to_is_checksummed = transaction->to_is_checksummed,
	    .value = transaction->value,
	    .has_data = transaction->has_data,
	    .data = transaction->data,
	    .has_gas_price = true};

	if (!validation_transaction(&call, untrusted_hint, custom, arena, ret_validation, ret_error))
		return false;
	warn_of_delegate_call(transaction, arena, ret_validation);
	warn_of_refund(transaction, arena, ret_validation);
	if (transaction->version != SAFE_VERSION_1_3)
		tell(ret_validation, VALIDATION_INFO, "no-chain-id",
		    "The contract is older than 1.3.0: the signature is good on every chain that has this Safe");
	if (!transaction->has_hash)
		tell(ret_validation, VALIDATION_WARNING, "no-safe-tx-hash",
		    "The request has no safeTxHash: nothing shows that the transaction service has the same transaction");
	return true;
}
