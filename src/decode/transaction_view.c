#include "decode/delegation.h"
#include "decode/view.h"

#define GAS_PER_BLOB 131072 /* EIP-4844 */

/* Text that needs no escape; NULL: null. */
static void put_text(struct buf *json, const char *name, const char *text)
{
	if (text != NULL)
		buf_printf(json, ",\"%s\":\"%s\"", name, text);
	else
		buf_printf(json, ",\"%s\":null", name);
}

static void put_u256(struct buf *json, const char *name, bool known, const struct u256 *value)
{
	char text[U256_DECIMAL_SIZE];

	u256_to_decimal(value, text);
	put_text(json, name, known ? text : NULL);
}

static void put_address(struct buf *json, const char *name, bool known, const struct address *address)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_checksum(address, text);
	put_text(json, name, known ? text : NULL);
}

static const char *action_of(const struct transaction *transaction)
{
	if (!transaction->has_to)
		return "creation";
	return transaction->data.size > 0 ? "call" : "transfer";
}

/* The most that gas can cost: gas times the price, and the blobs' gas. False without a price, and when it has more than 256 bits. */
static bool fee_of(const struct transaction *transaction, struct u256 *ret_fee)
{
	struct u256 gas = u256_from_u64(transaction->gas),
	            blob_gas = u256_from_u64(transaction->blob_hash_count * (uint64_t)GAS_PER_BLOB);
	const struct u256 *price = transaction->has_max_fee ? &transaction->max_fee : &transaction->gas_price;
	struct u256 blobs;

	return (transaction->has_max_fee || transaction->has_gas_price) && u256_mul(&gas, price, ret_fee) &&
	       u256_mul(&blob_gas, &transaction->max_fee_per_blob_gas, &blobs) && u256_add(ret_fee, &blobs, ret_fee);
}

static void put_fees(const struct transaction *transaction, struct buf *json)
{
	struct u256 fee = U256_ZERO, cost = U256_ZERO;
	bool known = fee_of(transaction, &fee);
	bool fits = known && u256_add(&fee, &transaction->value, &cost);

	put_u256(json, "gas_price", transaction->has_gas_price, &transaction->gas_price);
	put_u256(json, "max_fee_per_gas", transaction->has_max_fee, &transaction->max_fee);
	put_u256(json, "max_priority_fee_per_gas", transaction->has_max_priority_fee, &transaction->max_priority_fee);
	put_u256(json, "max_fee_per_blob_gas", transaction->has_max_fee_per_blob_gas, &transaction->max_fee_per_blob_gas);
	put_u256(json, "max_fee_total", known, &fee);
	put_u256(json, "max_cost", fits, &cost);
}

static void put_lists(const struct transaction *transaction, struct buf *json)
{
	size_t keys = 0;

	for (size_t i = 0; i < transaction->access_count; i++)
		keys += transaction->access[i].key_count;
	buf_printf(json, ",\"access_list\":{\"addresses\":%zu,\"storage_keys\":%zu},\"blobs\":%zu,\"authorizations\":[",
	    transaction->access_count, keys, transaction->blob_hash_count);
	for (size_t i = 0; i < transaction->authorization_count; i++) {
		if (i > 0)
			buf_put_u8(json, ',');
		delegation_put_decoded(&transaction->authorizations[i], &transaction->authorizations[i].authority, json);
	}
	buf_put_u8(json, ']');
}

void view_put_transaction(const struct transaction *transaction, uint64_t chain_id, const struct call *call, struct buf *ret_json)
{
	buf_printf(ret_json, "{\"kind\":\"transaction\",\"type\":\"0x%x\",\"action\":\"%s\",\"chain_id\":\"%llu\"",
	    (unsigned)transaction->type, action_of(transaction), (unsigned long long)chain_id);
	put_address(ret_json, "from", transaction->has_from, &transaction->from);
	put_address(ret_json, "to", transaction->has_to, &transaction->to);
	put_u256(ret_json, "value", true, &transaction->value);
	buf_printf(ret_json, ",\"nonce\":\"%llu\",\"gas\":\"%llu\"", (unsigned long long)transaction->nonce,
	    (unsigned long long)transaction->gas);
	put_fees(transaction, ret_json);
	buf_printf(ret_json, ",\"data_bytes\":%zu,\"call\":", transaction->data.size);
	call_put_json(call, transaction->has_to ? transaction->data : BYTES_NONE, ret_json);
	put_lists(transaction, ret_json);
	buf_put_u8(ret_json, '}');
}
