/*
 * check: is what came back from the signer what was asked for, signed by the account that was asked for? Pure functions: no sockets, no state.
 *
 * The signer is trusted with keys, the way to it is not, and the person may have changed a transaction: whatever differs is named, and nothing of it goes on. All
 * errors are ERROR_REFUSED and name the field, what was expected and what was found.
 */
#ifndef CLEF_PROXY_CHECK_H
#define CLEF_PROXY_CHECK_H

#include "base/json.h"
#include "eth/signature.h"
#include "eth/transaction.h"

/* The bytes live in the arena: decoded here from the answer's text, read and compared. */
struct check_signed {
	struct bytes raw;
	uint8_t hash[KECCAK256_SIZE]; /* by which the network knows it */
};

/*
 * `untrusted_result`: what account_signTransaction answered, {raw, tx}; only raw counts. `asked` is complete: every field that its type has, and from. A
 * sidecar has to come back as it was asked for; commitments and proofs that were left to the signer have to fit the hashes.
 */
bool check_transaction(const struct signature_context *context, yyjson_val *untrusted_result, const struct transaction *asked,
    uint64_t chain_id, struct arena *arena, struct check_signed *ret_signed, struct error *ret_error);
/* A signature of 65 bytes over this digest by this account, with low s. */
bool check_signature(const struct signature_context *context, yyjson_val *untrusted_result,
    const uint8_t digest[SIGNATURE_DIGEST_SIZE], const struct address *account, struct error *ret_error);
/*
 * An authorization (EIP-7702): `untrusted_result`, a JSON value, has exactly the members that account_signAuthorization answers, chain, address and nonce as in `untrusted_asked` (a chain
 * that was not asked for is the signer's to say), signed by this account.
 */
bool check_authorization(const struct signature_context *context, struct bytes untrusted_result, yyjson_val *untrusted_asked,
    const struct address *account, struct error *ret_error);

#endif
