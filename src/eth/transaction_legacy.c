/* Legacy transactions (yellow paper 4.3) and their replay protection (EIP-155, which adds three items to what is signed). */
#include "eth/transaction_type.h"

static void put_items(struct buf *buf, const struct transaction *transaction, uint64_t chain_id)
{
	(void)chain_id;
	rlp_put_u64(buf, transaction->nonce);
	rlp_put_u256(buf, &transaction->gas_price);
	rlp_put_u64(buf, transaction->gas);
	transaction_put_call(buf, transaction);
}

static void get_items(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	(void)arena;
	ret_transaction->nonce = rlp_get_u64(items);
	ret_transaction->gas_price = rlp_get_u256(items);
	ret_transaction->has_gas_price = true;
	ret_transaction->gas = rlp_get_u64(items);
	transaction_get_call(items, ret_transaction);
}

const struct transaction_type_row transaction_type_legacy = {
    .type = TRANSACTION_LEGACY, .name = "legacy", .item_count = 6, .put_items = put_items, .get_items = get_items};
