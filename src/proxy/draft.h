/*
 * draft: the transaction that a dapp asks for, while what it left out is filled in, and the words in which the signer is asked. Pure functions.
 *
 * What the dapp gave is kept as it is; contradictions (fees of both kinds, a type that does not fit the fields) are refused before anybody is asked.
 */
#ifndef CLEF_PROXY_DRAFT_H
#define CLEF_PROXY_DRAFT_H

#include "base/json.h"
#include "base/memory.h"
#include "eth/transaction.h"
#include "proxy/fees.h"

enum draft_fees {
	DRAFT_FEES_THERE,   /* nothing is missing */
	DRAFT_FEES_PRICE,   /* a gas price is, by the transaction's type */
	DRAFT_FEES_DYNAMIC, /* EIP-1559's two, or one of them */
	DRAFT_FEES_EITHER   /* as the chain has it */
};

struct draft {
	struct transaction transaction; /* what is known of it; its own `type` counts only at the end */
	bool has_nonce, has_gas;
	unsigned types; /* bits 1 << enum transaction_type: what it can still become */
	/* For this file. */
	yyjson_val *untrusted_given; /* as the dapp wrote it, borrowed */
	struct json bare;            /* the same without its type */
	struct json settled;
};

/*
 * Read the array of arguments of eth_sendTransaction and eth_signTransaction: one object as the signer's eth_signTransaction takes it, with `from`; the rest may be
 * missing. `params` is its text, and both outlive the draft. ERROR_PARAMS, or ERROR_REFUSED for contradictions.
 */
bool draft_read(
    struct bytes params, yyjson_val *untrusted_params, struct arena *arena, struct draft *ret_draft, struct error *ret_error);
void draft_free(struct draft *draft);
/* It is for this chain, its authorizations too; from now on it says so. ERROR_CHAIN. */
bool draft_set_chain(struct draft *draft, uint64_t chain_id, struct error *ret_error);
enum draft_fees draft_missing_fees(const struct draft *draft);
void draft_set_price(struct draft *draft, const struct u256 *price);
struct fees draft_fees(const struct draft *draft);
void draft_set_fees(struct draft *draft, const struct fees *fees);
/* Of what is still missing, the first; NULL: nothing. */
const char *draft_find_missing(const struct draft *draft);
/* Append the argument of eth_estimateGas: fees included, blobs and nonce left out. */
void draft_put_estimate(const struct draft *draft, struct buf *ret_json);
/*
 * Nothing is missing: append the argument of account_signTransaction (`to` spelt with its checksum, where the dapp's spelling had none) and read it back as what has to
 * be signed. Lives as long as the draft and its arena.
 */
bool draft_settle(
    struct draft *draft, struct arena *arena, struct buf *ret_json, struct transaction *ret_asked, struct error *ret_error);

#endif
