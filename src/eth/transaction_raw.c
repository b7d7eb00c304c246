/* Unsigned transactions as bytes from outside: the strict parser's verdict, said so that a person knows what to do. */
#include "eth/transaction_type.h"

/* EIP-155: chain id, 0, 0 behind a legacy transaction's items. */
#define PROTECTION_ITEMS 3
#define SIGNATURE_ITEMS  3

static bool count_items(struct bytes untrusted_list, size_t *ret_count, size_t *ret_behind)
{
	struct rlp_reader outer = rlp_reader_of(untrusted_list);
	struct rlp_reader items = rlp_get_list(&outer);

	*ret_behind = outer.reader.left;
	for (*ret_count = 0; rlp_more(&items); ++*ret_count)
		rlp_skip(&items);
	return !rlp_failed(&outer) && rlp_done(&items);
}

/* The number of items decides what was meant. */
static bool judge_count(const struct transaction_type_row *row, size_t count, struct error *ret_error)
{
	if (!row->is_enveloped && count == row->item_count)
		return error_set(ret_error, ERROR_REFUSED,
		    "the transaction names no chain: signed as it is, every chain would take it. Put the chain id, 0 and 0 "
		    "behind its 6 "
		    "items (EIP-155)");
	if (count == row->item_count + (row->is_enveloped ? 0 : PROTECTION_ITEMS))
		return true;
	if (row->is_enveloped && count == row->item_count + SIGNATURE_ITEMS)
		return error_set(ret_error, ERROR_REFUSED, "the transaction is signed already: expected an unsigned one");
	return error_set(ret_error, ERROR_REFUSED, "a %s transaction has %zu items%s, found %zu", row->name,
	    row->item_count + (row->is_enveloped ? 0 : PROTECTION_ITEMS), row->is_enveloped ? "" : " (the last three of EIP-155)",
	    count);
}

/* A signed legacy transaction has as many items as an unsigned one with EIP-155, where the last two are 0. */
static bool is_signed_legacy(struct bytes untrusted_list)
{
	struct rlp_reader outer = rlp_reader_of(untrusted_list);
	struct rlp_reader items = rlp_get_list(&outer);

	for (size_t i = 0; i < transaction_type_legacy.item_count + 1; i++)
		rlp_skip(&items);
	struct bytes r = rlp_get_bytes(&items), s = rlp_get_bytes(&items);
	return rlp_done(&items) && r.size > 1 && s.size > 1;
}

/* NULL: the error says why. */
static const struct transaction_type_row *find_row(struct bytes untrusted_raw, struct error *ret_error)
{
	uint8_t first = untrusted_raw.size > 0 ? untrusted_raw.data[0] : 0;
	const struct transaction_type_row *row = transaction_type_find(first < 0x80 ? first : TRANSACTION_LEGACY);

	if (untrusted_raw.size == 0)
		error_set(ret_error, ERROR_REFUSED, "expected an unsigned transaction, found no bytes");
	else if (untrusted_raw.size > TRANSACTION_SIZE_MAX)
		error_set(ret_error, ERROR_REFUSED, "the transaction is too large");
	else if (first >= 0x80 && first < 0xc0)
		error_set(ret_error, ERROR_REFUSED,
		    "expected a transaction, found bytes that begin with 0x%02x: no type, no RLP list", first);
	else if (row == NULL || row->is_enveloped != (first < 0x80))
		error_set(ret_error, ERROR_REFUSED, "transactions of type 0x%x are not available", first);
	else
		return row;
	return NULL;
}

bool transaction_from_raw(
    struct bytes untrusted_raw, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	const struct transaction_type_row *row = find_row(untrusted_raw, ret_error);
	size_t count, behind;

	if (row == NULL)
		return false;
	size_t prefix = row->is_enveloped ? 1 : 0;
	struct bytes list = bytes_of(untrusted_raw.data + prefix, untrusted_raw.size - prefix);
	if (!count_items(list, &count, &behind))
		return error_set(ret_error, ERROR_REFUSED, "the transaction is no well-formed RLP, or cut short");
	if (behind > 0)
		return error_set(ret_error, ERROR_REFUSED, "%zu bytes stand behind the transaction", behind);
	if (!judge_count(row, count, ret_error))
		return false;
	if (!row->is_enveloped && is_signed_legacy(list))
		return error_set(ret_error, ERROR_REFUSED, "the transaction is signed already: expected an unsigned one");
	return transaction_parse_payload(untrusted_raw, arena, ret_transaction, ret_error);
}
