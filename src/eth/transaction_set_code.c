/*
 * EIP-7702: 0x04 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList, authorizationList]).
 */
#include "eth/access_list.h"
#include "eth/authorization.h"
#include "eth/transaction_type.h"

static void put_items(struct buf *buf, const struct transaction *transaction, uint64_t chain_id)
{
	transaction_type_dynamic_fee.put_items(buf, transaction, chain_id);
	authorization_list_put_rlp(buf, transaction);
}

static void get_items(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	transaction_type_dynamic_fee.get_items(items, arena, ret_transaction);
	authorization_list_get_rlp(items, arena, ret_transaction);
	/* No contract is created by this type. */
	if (!ret_transaction->has_to)
		items->reader.failed = true;
}

static void put_members(struct buf *buf, const struct transaction *transaction)
{
	if (!transaction->has_authorizations)
		return;
	buf_put_text(buf, ",\"authorizationList\":");
	authorization_list_put_json(transaction, buf);
}

const struct transaction_type_row transaction_type_set_code = {.type = TRANSACTION_SET_CODE,
    .name = "set-code (EIP-7702)",
    .is_enveloped = true,
    .has_dynamic_fee = true,
    .has_access_list = true,
    .item_count = 10,
    .put_items = put_items,
    .get_items = get_items,
    .put_members = put_members};
