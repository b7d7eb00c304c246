/*
 * fees: what a transaction offers for its gas, from what the dapp gave and what the node says (EIP-1559). Pure functions over the node's answers.
 *
 * What was given is kept. Where the latest block has a base fee, the cap is twice that plus the tip, so that six full blocks in a row do not price the transaction out;
 * the tip is the node's suggestion or, where it makes none, the median of what half of the gas of recent blocks paid at most. Elsewhere the node's gas price counts. How
 * much is too much is for the person to say, who sees both numbers before signing.
 */
#ifndef CLEF_PROXY_FEES_H
#define CLEF_PROXY_FEES_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/u256.h"

/* Blocks of eth_feeHistory, whose arguments these are. */
#define FEES_HISTORY_ARGUMENTS "[\"0xa\",\"latest\",[50]]"

struct fees {
	bool has_max, has_tip;
	struct u256 max, tip; /* maxFeePerGas, maxPriorityFeePerGas */
};

/*
 * The node's answers, JSON. ERROR_INTERNAL, beginning with the method, for what is none: numbers are QUANTITY, as text, at most 256 bits.
 */
bool fees_read_number(struct bytes untrusted_answer, const char *method, struct u256 *ret_number, struct error *ret_error);
bool fees_read_u64(struct bytes untrusted_answer, const char *method, uint64_t *ret_number, struct error *ret_error);
/* A block's baseFeePerGas; *ret_has is false for one without (before EIP-1559). */
bool fees_read_base(struct bytes untrusted_block, bool *ret_has, struct u256 *ret_base, struct error *ret_error);
/* The tip out of eth_feeHistory's rewards. */
bool fees_read_history(struct bytes untrusted_history, struct u256 *ret_tip, struct error *ret_error);

/* Below, a transaction cannot be; above, no block of any chain that is known holds one (the largest, those of test chains, are at 2^50). */
#define FEES_GAS_LEAST UINT64_C(21000)
#define FEES_GAS_MOST  (UINT64_C(1) << 50)
/*
 * A tip that a node may suggest without being asked back: at most 10,000 gwei, or 100 times the base fee where that is more. ERROR_INTERNAL. What is more may be meant,
 * but then the dapp says it.
 */
bool fees_check_tip(const struct u256 *base, const struct u256 *tip, struct error *ret_error);

/*
 * Complete them. A suggested tip is cut down to a cap that was given; a given tip above a given cap is ERROR_PARAMS, numbers above 256 bits are
 * ERROR_INTERNAL.
 */
bool fees_settle(struct fees *fees, const struct u256 *base, const struct u256 *suggested_tip, struct error *ret_error);

/*
 * The gas limit for what a node estimated: a quarter more, since what is in the block before may change what happens, but never above what one transaction may have
 * (EIP-7825) unless the estimate is; 21000, a plain transfer, as it is.
 */
uint64_t fees_gas_limit(uint64_t estimate);

#endif
