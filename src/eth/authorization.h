/*
 * authorization: an account lets the code at another address act in its name (EIP-7702). One is signed by itself and travels in the list of a
 * set-code transaction, which anybody may send.
 *
 * What is signed is Keccak-256 of the payload, 0x05 || rlp([chain id, address, nonce]). Chain id 0 means every chain. The zero address
 * takes the account's code away again.
 */
#ifndef CLEF_ETH_AUTHORIZATION_H
#define CLEF_ETH_AUTHORIZATION_H

#include "base/json.h"
#include "base/memory.h"
#include "eth/rlp.h"
#include "eth/signature.h"
#include "eth/transaction.h"

/* Entries of one list, and of all lists of one request: as many as a person may be expected to look through. */
#define AUTHORIZATION_LIST_MAX 64
/* What user interfaces are told that it is. */
#define AUTHORIZATION_CONTENT_TYPE "application/x-eip7702-authorization"
/* Type byte, list header, chain id, address, nonce. */
#define AUTHORIZATION_PAYLOAD_MAX (1 + 1 + 9 + 21 + 9)

struct authorization {
	uint64_t chain_id;      /* 0: every chain */
	struct address address; /* whose code acts */
	uint64_t nonce;         /* the account's, below 2^64 - 1 */
	struct signature signature;
	/* Of an entry of a list only, after authorization_list_recover: who signed it, the account that the code acts for. */
	struct address authority;
};

/* ---- one by itself ---- */

/*
 * Read the object that account_signAuthorization takes: chainId, address and nonce, exact names, none twice, nothing else. chainId may be missing or null,
 * which means `chain_id`; address and nonce must be there. ERROR_PARAMS for shapes, ERROR_CHAIN for another chain, ERROR_REFUSED for nonce 2^64 - 1.
 */
bool authorization_from_json(
    yyjson_val *untrusted_value, uint64_t chain_id, struct authorization *ret_authorization, struct error *ret_error);
/* Append the payload. */
void authorization_put_payload(const struct authorization *authorization, struct buf *ret_payload);
/* The strict inverse: accepted is exactly what authorization_put_payload writes for a nonce that EIP-7702 allows. ERROR_REFUSED. */
bool authorization_parse_payload(
    struct bytes untrusted_payload, struct authorization *ret_authorization, struct error *ret_error);
/* Keccak-256 of the payload. */
void authorization_digest(const struct authorization *authorization, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE]);
/* Append {"chainId":…,"address":…,"nonce":…,"yParity":…,"r":…,"s":…}, numbers as QUANTITY: an entry of a list, as geth writes it. */
void authorization_put_json(const struct authorization *authorization, struct buf *ret_json);
/* Append the members of ui_approveSignData that only the authorization decides, without braces: raw_data (the payload), messages, hash. */
void authorization_put_ui_members(const struct authorization *authorization, struct buf *ret_json);

/* ---- a transaction's list ---- */

/*
 * Read authorizationList: one entry at least, the six members of authorization_put_json in each and nothing else; r and s may also be written as
 * 32 bytes. A signature that no network accepts by its form (yParity above 1, s in the upper half) is refused. Errors begin with the path,
 * "authorizationList[2].nonce: …"; ERROR_PARAMS for shapes, else ERROR_REFUSED.
 */
bool authorization_list_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error);
/*
 * Who signed each entry, for whoever shows the transaction: an elliptic-curve multiplication each, which those who only encode, compare or sign do without. The new
 * list lies in the arena. ERROR_REFUSED, "authorizationList[2]: …", for a signature that nobody can have made.
 */
bool authorization_list_recover(
    const struct signature_context *context, struct arena *arena, struct transaction *transaction, struct error *ret_error);
/* Every entry is for this chain or for every chain; else ERROR_CHAIN. */
bool authorization_list_check_chain(const struct transaction *transaction, uint64_t chain_id, struct error *ret_error);
void authorization_list_put_json(const struct transaction *transaction, struct buf *ret_json);
void authorization_list_put_rlp(struct buf *buf, const struct transaction *transaction);
/* Reads the list item by the same rules, the transaction's chain id being known; what is wrong shows as a failed reader. */
void authorization_list_get_rlp(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction);

/* ---- what both need: for src/eth only ---- */

/* An object with these names (NULL ends them), none twice, none else. */
bool authorization_check_names(yyjson_val *untrusted_object, const char *const names[], struct error *ret_error);
/* Elsewhere "" is 0, as Clef takes it; here 0 means every chain, or an account's first nonce, and is not to be had by leaving out. */
bool authorization_has_text(yyjson_val *untrusted_value, const char *name, struct error *ret_error);
bool authorization_read_u64(yyjson_val *untrusted_value, const char *name, uint64_t *ret_value, struct error *ret_error);
bool authorization_read_members(yyjson_val *untrusted_object, struct authorization *ret_authorization, struct error *ret_error);
bool authorization_check_chain(const struct authorization *authorization, uint64_t chain_id, struct error *ret_error);
/* chain id, address, nonce. */
void authorization_put_items(const struct authorization *authorization, struct buf *buf);

#endif
