#include "eth/access_list.h"

#include <string.h>

#include "eth/quantity.h"

#define KEY_SIZE 32
/* RLP of an address and of an empty list: the least content of an entry, so that a short payload cannot claim many. */
#define ENTRY_CONTENT_MIN (ADDRESS_SIZE + 2)

void access_list_put_rlp(struct buf *buf, const struct transaction *transaction)
{
	size_t list = rlp_list_begin(buf);

	for (size_t i = 0; i < transaction->access_count; i++) {
		const struct transaction_access *entry = &transaction->access[i];
		size_t pair = rlp_list_begin(buf);
		rlp_put_address(buf, &entry->address);
		size_t keys = rlp_list_begin(buf);
		for (size_t k = 0; k < entry->key_count; k++)
			rlp_put_bytes(buf, bytes_of(entry->keys[k], KEY_SIZE));
		rlp_list_end(buf, keys);
		rlp_list_end(buf, pair);
	}
	rlp_list_end(buf, list);
}

/* One [address, [key, …]]. A key takes 33 bytes of RLP, so that the count is known before anything is read. */
static void get_entry(struct rlp_reader *entries, struct arena *arena, struct transaction_access *ret_entry)
{
	struct rlp_reader pair = rlp_get_list(entries);

	rlp_get_fixed(&pair, ret_entry->address.bytes, ADDRESS_SIZE);
	struct rlp_reader keys = rlp_get_list(&pair);
	ret_entry->key_count = keys.reader.left / (KEY_SIZE + 1);
	uint8_t(*room)[KEY_SIZE] = arena_array(arena, ret_entry->key_count, KEY_SIZE);
	for (size_t i = 0; i < ret_entry->key_count; i++)
		rlp_get_fixed(&keys, room[i], KEY_SIZE);
	ret_entry->keys = (const uint8_t(*)[KEY_SIZE])room;
	if (!rlp_done(&keys) || !rlp_done(&pair))
		entries->reader.failed = true;
}

void access_list_get_rlp(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	struct rlp_reader entries = rlp_get_list(items);
	struct rlp_reader counting = entries;
	size_t count = 0;

	for (; rlp_more(&counting); count++) {
		if (rlp_get_list(&counting).reader.left < ENTRY_CONTENT_MIN)
			counting.reader.failed = true;
	}
	if (rlp_failed(&counting)) {
		items->reader.failed = true;
		return;
	}
	struct transaction_access *access = arena_array(arena, count, sizeof(*access));
	for (size_t i = 0; i < count && rlp_more(&entries); i++)
		get_entry(&entries, arena, &access[i]);
	if (!rlp_done(&entries))
		items->reader.failed = true;
	ret_transaction->has_access_list = true;
	ret_transaction->access_count = count;
	ret_transaction->access = access;
}

/* Nothing is allocated before every key is known to be one: a short text must not cost much memory. */
static bool keys_from_json(
    yyjson_val *untrusted_list, struct arena *arena, struct transaction_access *ret_entry, struct error *ret_error)
{
	uint8_t scratch[KEY_SIZE];
	size_t index, count;
	yyjson_val *untrusted_key;

	if (!yyjson_is_arr(untrusted_list))
		return error_set(ret_error, ERROR_PARAMS, "accessList: expected a list of storageKeys in every entry");
	yyjson_arr_foreach(untrusted_list, index, count, untrusted_key)
	{
		if (!quantity_get_fixed(untrusted_key, "accessList.storageKeys", scratch, KEY_SIZE, ret_error))
			return false;
	}
	uint8_t(*keys)[KEY_SIZE] = arena_array(arena, count, KEY_SIZE);
	yyjson_arr_foreach(untrusted_list, index, count, untrusted_key)
	{
		if (!quantity_get_fixed(untrusted_key, "accessList.storageKeys", keys[index], KEY_SIZE, ret_error))
			return false;
	}
	ret_entry->key_count = count;
	ret_entry->keys = (const uint8_t(*)[KEY_SIZE])keys;
	return true;
}

static bool entry_has_members(yyjson_val *untrusted_entry, struct error *ret_error)
{
	if (!yyjson_obj_get(untrusted_entry, "address") || !yyjson_obj_get(untrusted_entry, "storageKeys"))
		return error_set(ret_error, ERROR_PARAMS, "accessList: expected address and storageKeys in every entry");
	if (yyjson_obj_size(untrusted_entry) != 2)
		return error_set(ret_error, ERROR_PARAMS, "accessList: expected only address and storageKeys in every entry");
	return true;
}

static bool entry_from_json(
    yyjson_val *untrusted_entry, struct arena *arena, struct transaction_access *ret_entry, struct error *ret_error)
{
	yyjson_val *address = yyjson_obj_get(untrusted_entry, "address");
	yyjson_val *keys = yyjson_obj_get(untrusted_entry, "storageKeys");

	return quantity_get_address(address, "accessList.address", &ret_entry->address, ret_error) &&
	       keys_from_json(keys, arena, ret_entry, ret_error);
}

bool access_list_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	size_t index, count;
	yyjson_val *untrusted_entry;

	if (!yyjson_is_arr(untrusted_value))
		return error_set(ret_error, ERROR_PARAMS, "accessList: expected a list");
	yyjson_arr_foreach(untrusted_value, index, count, untrusted_entry)
	{
		if (!entry_has_members(untrusted_entry, ret_error))
			return false;
	}
	struct transaction_access *access = arena_array(arena, count, sizeof(*access));
	yyjson_arr_foreach(untrusted_value, index, count, untrusted_entry)
	{
		if (!entry_from_json(untrusted_entry, arena, &access[index], ret_error))
			return false;
	}
	ret_transaction->has_access_list = true;
	ret_transaction->access_count = count;
	ret_transaction->access = access;
	return true;
}

void access_list_put_json(struct buf *ret_json, const struct transaction *transaction)
{
	buf_put_u8(ret_json, '[');
	for (size_t i = 0; i < transaction->access_count; i++) {
		const struct transaction_access *entry = &transaction->access[i];
		buf_put_text(ret_json, i == 0 ? "{\"address\":" : ",{\"address\":");
		quantity_put_data(ret_json, bytes_of(entry->address.bytes, ADDRESS_SIZE));
		buf_put_text(ret_json, ",\"storageKeys\":[");
		for (size_t k = 0; k < entry->key_count; k++) {
			if (k > 0)
				buf_put_u8(ret_json, ',');
			quantity_put_data(ret_json, bytes_of(entry->keys[k], KEY_SIZE));
		}
		buf_put_text(ret_json, "]}");
	}
	buf_put_u8(ret_json, ']');
}
