/*
 * EIP-1559: 0x02 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList]).
 */
#include "eth/access_list.h"
#include "eth/transaction_type.h"

static void put_items(struct buf *buf, const struct transaction *transaction, uint64_t chain_id)
{
	rlp_put_u64(buf, chain_id);
	rlp_put_u64(buf, transaction->nonce);
	rlp_put_u256(buf, &transaction->max_priority_fee);
	rlp_put_u256(buf, &transaction->max_fee);
	rlp_put_u64(buf, transaction->gas);
	transaction_put_call(buf, transaction);
	access_list_put_rlp(buf, transaction);
}

static void get_items(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	transaction_get_chain_id(items, ret_transaction);
	ret_transaction->nonce = rlp_get_u64(items);
	ret_transaction->max_priority_fee = rlp_get_u256(items);
	ret_transaction->has_max_priority_fee = true;
	ret_transaction->max_fee = rlp_get_u256(items);
	ret_transaction->has_max_fee = true;
	ret_transaction->gas = rlp_get_u64(items);
	transaction_get_call(items, ret_transaction);
	access_list_get_rlp(items, arena, ret_transaction);
}

const struct transaction_type_row transaction_type_dynamic_fee = {.type = TRANSACTION_DYNAMIC_FEE,
    .name = "dynamic-fee (EIP-1559)",
    .is_enveloped = true,
    .has_dynamic_fee = true,
    .has_access_list = true,
    .item_count = 9,
    .put_items = put_items,
    .get_items = get_items};
