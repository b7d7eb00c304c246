/* bulk: several transactions that are approved together: what they must have in common, and what they come to. */
#ifndef CLEF_DECODE_BULK_H
#define CLEF_DECODE_BULK_H

#include "base/error.h"
#include "base/memory.h"
#include "decode/validation.h"
#include "eth/transaction.h"

struct bulk_totals {
	size_t count;
	struct u256 value;    /* wei */
	struct u256 max_fees; /* wei: what all of them cost at most, blobs included */
	size_t creations;     /* of contracts, which have no recipient */
	size_t recipient_count;
	const struct address *recipients; /* distinct, in the order of their first transaction */
};

/*
 * One sender, no nonce twice, and sums that a u256 holds. The transactions have a sender each. ERROR_REFUSED, beginning with the place: "[3].nonce: …".
 */
bool bulk_judge(const struct transaction *transactions, size_t count, struct arena *arena, struct bulk_totals *ret_totals,
    struct error *ret_error);
/*
 * Append {"count":3,"value":"100","max_fees":"…","recipients":[checksummed,…],"creations":0}: amounts in wei as decimal text.
 */
void bulk_put_totals(const struct bulk_totals *totals, struct buf *ret_json);
/*
 * Append the members of ui_approveBulkTransactions that the transactions decide, without braces: transactions, each with its call_info, warnings and decoded, and
 * totals. A validation belongs to each transaction; the totals tell how many there are.
 */
void bulk_put_ui_members(const struct transaction *transactions, const struct validation *validations,
    const struct bulk_totals *totals, uint64_t chain_id, struct buf *ret_json);

#endif
