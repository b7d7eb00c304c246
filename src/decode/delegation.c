#include "decode/delegation.h"

/* `place`: "" or "authorizationList[2]: ". */
static void warn(const struct authorization *authorization, const struct address *account, const char *place, struct arena *arena,
    struct validation *validation)
{
	char who[ADDRESS_TEXT_SIZE], code[ADDRESS_TEXT_SIZE];

	address_to_checksum(account, who);
	address_to_checksum(&authorization->address, code);
	if (authorization->chain_id == 0)
		validation_advise(validation, VALIDATION_CRITICAL, "authorization-every-chain",
		    bytes_text(arena_printf(arena,
		        "%sThe authorization of %s names chain id 0: it is valid on every chain where the account's nonce is "
		        "%llu",
		        place, who, (unsigned long long)authorization->nonce)));
	if (address_is_zero(&authorization->address))
		validation_advise(validation, VALIDATION_INFO, "delegation-cleared",
		    bytes_text(arena_printf(arena, "%sTakes the code of the account %s away", place, who)));
	else
		validation_advise(validation, VALIDATION_CRITICAL, "delegation-unknown-code",
		    bytes_text(arena_printf(arena,
		        "%sHands the account %s over to the code at %s, which is not known here: that code can move everything "
		        "the "
		        "account has, until it is replaced",
		        place, who, code)));
}

/* The sender's nonce has gone up before its own authorization is looked at (EIP-7702), which is easily got wrong. */
static void warn_of_nonce(const struct transaction *transaction, size_t index, struct arena *arena, struct validation *validation)
{
	const struct authorization *entry = &transaction->authorizations[index];
	uint64_t next = transaction->nonce + 1;

	if (!transaction->has_from || !address_equal(&entry->authority, &transaction->from) || entry->nonce == next)
		return;
	validation_advise(validation, VALIDATION_WARNING, "authorization-nonce",
	    bytes_text(arena_printf(arena,
	        "authorizationList[%zu]: The network will skip this authorization by the sender itself: its nonce is %llu, and "
	        "the "
	        "transaction's next one would be %llu",
	        index, (unsigned long long)entry->nonce, (unsigned long long)next)));
}

void delegation_warn(
    const struct authorization *authorization, const struct address *account, struct arena *arena, struct validation *validation)
{
	warn(authorization, account, "", arena, validation);
}

void delegation_warn_transaction(const struct transaction *transaction, struct arena *arena, struct validation *validation)
{
	for (size_t i = 0; i < transaction->authorization_count; i++) {
		const struct authorization *entry = &transaction->authorizations[i];

		warn(entry, &entry->authority, arena_printf(arena, "authorizationList[%zu]: ", i), arena, validation);
		warn_of_nonce(transaction, i, arena, validation);
	}
}

void delegation_put_decoded(const struct authorization *authorization, const struct address *account, struct buf *ret_json)
{
	char who[ADDRESS_TEXT_SIZE], code[ADDRESS_TEXT_SIZE];

	address_to_checksum(account, who);
	address_to_checksum(&authorization->address, code);
	buf_printf(ret_json,
	    "{\"kind\":\"authorization\",\"chain_id\":\"%llu\",\"address\":\"%s\",\"nonce\":\"%llu\",\"authority\":\"%s\","
	    "\"clears\":%s}",
	    (unsigned long long)authorization->chain_id, code, (unsigned long long)authorization->nonce, who,
	    address_is_zero(&authorization->address) ? "true" : "false");
}
