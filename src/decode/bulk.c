#include "decode/bulk.h"

#include "decode/view.h"

/* EIP-4844: GAS_PER_BLOB. */
#define GAS_PER_BLOB 131072

static bool multiply(uint64_t gas, const struct u256 *price, struct u256 *ret_fee)
{
	struct u256 amount = u256_from_u64(gas);

	return u256_mul(&amount, price, ret_fee);
}

/* What one costs at most. The price is one of the two: the other is 0. */
static bool max_fee_of(const struct transaction *transaction, struct u256 *ret_fee)
{
	const struct u256 *price = transaction->has_max_fee ? &transaction->max_fee : &transaction->gas_price;
	struct u256 blob_fee;

	return transaction->blob_hash_count <= UINT64_MAX / GAS_PER_BLOB && multiply(transaction->gas, price, ret_fee) &&
	       multiply(transaction->blob_hash_count * (uint64_t)GAS_PER_BLOB, &transaction->max_fee_per_blob_gas, &blob_fee) &&
	       u256_add(ret_fee, &blob_fee, ret_fee);
}

static bool add_up(const struct transaction *transaction, struct bulk_totals *totals, struct error *ret_error)
{
	struct u256 fee;

	if (!u256_add(&totals->value, &transaction->value, &totals->value))
		return error_set(ret_error, ERROR_REFUSED, "value: all values together are above 256 bits");
	if (!max_fee_of(transaction, &fee) || !u256_add(&totals->max_fees, &fee, &totals->max_fees))
		return error_set(ret_error, ERROR_REFUSED, "the fees of all together may be above 256 bits");
	return true;
}

/* Distinct from those before, of which there are few. */
static bool check_against(const struct transaction *transactions, size_t index, struct error *ret_error)
{
	const struct transaction *transaction = &transactions[index];

	if (!address_equal(&transaction->from, &transactions[0].from))
		return error_set(
		    ret_error, ERROR_REFUSED, "from: expected the sender of [0], since one account signs all of them");
	for (size_t i = 0; i < index; i++)
		if (transactions[i].nonce == transaction->nonce)
			return error_set(ret_error, ERROR_REFUSED,
			    "nonce: expected another than that of [%zu], since only one of the two could ever happen, found "
			    "0x%llx",
			    i, (unsigned long long)transaction->nonce);
	return true;
}

static void count_recipient(const struct transaction *transaction, struct address *recipients, struct bulk_totals *totals)
{
	if (!transaction->has_to) {
		totals->creations++;
		return;
	}
	for (size_t i = 0; i < totals->recipient_count; i++)
		if (address_equal(&recipients[i], &transaction->to))
			return;
	recipients[totals->recipient_count++] = transaction->to;
}

bool bulk_judge(const struct transaction *transactions, size_t count, struct arena *arena, struct bulk_totals *ret_totals,
    struct error *ret_error)
{
	struct address *recipients = arena_array(arena, count, sizeof(*recipients));

	*ret_totals = (struct bulk_totals){.count = count, .recipients = recipients};
	for (size_t i = 0; i < count; i++) {
		if (!check_against(transactions, i, ret_error) || !add_up(&transactions[i], ret_totals, ret_error))
			return error_in(ret_error, "[%zu]", i);
		count_recipient(&transactions[i], recipients, ret_totals);
	}
	return true;
}

void bulk_put_totals(const struct bulk_totals *totals, struct buf *ret_json)
{
	char value[U256_DECIMAL_SIZE], fees[U256_DECIMAL_SIZE], address[ADDRESS_TEXT_SIZE];

	u256_to_decimal(&totals->value, value);
	u256_to_decimal(&totals->max_fees, fees);
	buf_printf(ret_json, "{\"count\":%zu,\"value\":\"%s\",\"max_fees\":\"%s\",\"recipients\":[", totals->count, value, fees);
	for (size_t i = 0; i < totals->recipient_count; i++) {
		address_to_checksum(&totals->recipients[i], address);
		buf_printf(ret_json, "%s\"%s\"", i == 0 ? "" : ",", address);
	}
	buf_printf(ret_json, "],\"creations\":%zu}", totals->creations);
}

void bulk_put_ui_members(const struct transaction *transactions, const struct validation *validations,
    const struct bulk_totals *totals, uint64_t chain_id, struct buf *ret_json)
{
	buf_put_text(ret_json, "\"transactions\":");
	for (size_t i = 0; i < totals->count; i++) {
		buf_put_text(ret_json, i == 0 ? "[{\"transaction\":" : ",{\"transaction\":");
		transaction_put_ui_json(&transactions[i], ret_json);
		buf_put_text(ret_json, ",\"call_info\":");
		validation_put_json(&validations[i], ret_json);
		buf_put_text(ret_json, ",\"warnings\":");
		validation_put_warnings(&validations[i], ret_json);
		buf_put_text(ret_json, ",\"decoded\":");
		view_put_transaction(&transactions[i], chain_id, validations[i].call, ret_json);
		buf_put_u8(ret_json, '}');
	}
	buf_put_text(ret_json, "],\"totals\":");
	bulk_put_totals(totals, ret_json);
}
