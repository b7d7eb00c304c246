/* EIP-2930: 0x01 || rlp([chainId, nonce, gasPrice, gasLimit, to, value, data, accessList]). */
#include "eth/access_list.h"
#include "eth/transaction_type.h"

static void put_items(struct buf *buf, const struct transaction *transaction, uint64_t chain_id)
{
	rlp_put_u64(buf, chain_id);
	rlp_put_u64(buf, transaction->nonce);
	rlp_put_u256(buf, &transaction->gas_price);
	rlp_put_u64(buf, transaction->gas);
	transaction_put_call(buf, transaction);
	access_list_put_rlp(buf, transaction);
}

static void get_items(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	transaction_get_chain_id(items, ret_transaction);
	ret_transaction->nonce = rlp_get_u64(items);
	ret_transaction->gas_price = rlp_get_u256(items);
	ret_transaction->has_gas_price = true;
	ret_transaction->gas = rlp_get_u64(items);
	transaction_get_call(items, ret_transaction);
	access_list_get_rlp(items, arena, ret_transaction);
}

const struct transaction_type_row transaction_type_access_list = {.type = TRANSACTION_ACCESS_LIST,
    .name = "access-list (EIP-2930)",
    .is_enveloped = true,
    .has_access_list = true,
    .item_count = 8,
    .put_items = put_items,
    .get_items = get_items};
