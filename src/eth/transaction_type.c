#include "eth/transaction_type.h"

static const struct transaction_type_row *const rows[] = {&transaction_type_legacy, &transaction_type_access_list,
    &transaction_type_dynamic_fee, &transaction_type_blob, &transaction_type_set_code};

const struct transaction_type_row *transaction_type_find(uint64_t type)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if ((uint64_t)rows[i]->type == type)
			return rows[i];
	return NULL;
}

void transaction_put_call(struct buf *buf, const struct transaction *transaction)
{
	rlp_put_address(buf, transaction->has_to ? &transaction->to : NULL);
	rlp_put_u256(buf, &transaction->value);
	rlp_put_bytes(buf, transaction->data);
}

void transaction_get_call(struct rlp_reader *items, struct transaction *ret_transaction)
{
	ret_transaction->to = rlp_get_address(items, &ret_transaction->has_to);
	ret_transaction->value = rlp_get_u256(items);
	ret_transaction->data = rlp_get_bytes(items);
	ret_transaction->has_data = ret_transaction->data.size > 0;
}

void transaction_get_chain_id(struct rlp_reader *items, struct transaction *ret_transaction)
{
	uint64_t chain_id = rlp_get_u64(items);

	if (chain_id == 0)
		items->reader.failed = true;
	ret_transaction->has_chain_id = true;
	ret_transaction->chain_id = u256_from_u64(chain_id);
}
