/* The list of a set-code transaction: signed authorizations, in JSON and in RLP. */
#include <string.h>

#include "base/hex.h"
#include "eth/authorization.h"
#include "eth/quantity.h"

/* RLP of an entry: its header, address, r and s hardly fit into less, so that a short payload cannot claim many. */
#define ENTRY_CONTENT_MIN (1 + 21 + 1 + 1 + 1 + 1)

/* ---- JSON ---- */

/* A QUANTITY, or 32 bytes: clients write both, and they mean the same number. */
static bool read_number(yyjson_val *untrusted_value, const char *name, uint8_t ret_bytes[32], struct error *ret_error)
{
	struct u256 number;

	if (yyjson_is_str(untrusted_value) && hex_skip_prefix(json_bytes(untrusted_value)).size == 64)
		return quantity_get_fixed(untrusted_value, name, ret_bytes, 32, ret_error);
	if (!authorization_has_text(untrusted_value, name, ret_error) ||
	    !quantity_get_u256(untrusted_value, name, &number, ret_error))
		return false;
	u256_to_bytes32(&number, ret_bytes);
	return true;
}

static bool read_signature(yyjson_val *untrusted_entry, struct signature *ret_signature, struct error *ret_error)
{
	uint64_t parity;

	if (!authorization_read_u64(yyjson_obj_get(untrusted_entry, "yParity"), "yParity", &parity, ret_error) ||
	    !read_number(yyjson_obj_get(untrusted_entry, "r"), "r", ret_signature->r, ret_error) ||
	    !read_number(yyjson_obj_get(untrusted_entry, "s"), "s", ret_signature->s, ret_error))
		return false;
	if (parity > 1)
		return error_set(
		    ret_error, ERROR_REFUSED, "yParity: expected 0x0 or 0x1, found 0x%llx", (unsigned long long)parity);
	ret_signature->parity = (uint8_t)parity;
	return signature_has_low_s(ret_signature) ||
	       error_set(ret_error, ERROR_REFUSED,
	           "s: expected a number in the lower half of the curve's order, since networks skip others (EIP-7702)");
}

static bool read_entry(yyjson_val *untrusted_entry, struct authorization *ret_entry, struct error *ret_error)
{
	static const char *const names[] = {"chainId", "address", "nonce", "yParity", "r", "s", NULL};

	return authorization_check_names(untrusted_entry, names, ret_error) &&
	       authorization_read_u64(yyjson_obj_get(untrusted_entry, "chainId"), "chainId", &ret_entry->chain_id, ret_error) &&
	       authorization_read_members(untrusted_entry, ret_entry, ret_error) &&
	       read_signature(untrusted_entry, &ret_entry->signature, ret_error);
}

static void set_list(struct transaction *transaction, const struct authorization *entries, size_t count)
{
	transaction->has_authorizations = true;
	transaction->authorization_count = count;
	transaction->authorizations = entries;
}

bool authorization_list_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	size_t index, count = yyjson_arr_size(untrusted_value);
	yyjson_val *untrusted_entry;

	if (!yyjson_is_arr(untrusted_value))
		return error_set(ret_error, ERROR_PARAMS, "authorizationList: expected a list");
	if (count == 0 || count > AUTHORIZATION_LIST_MAX)
		return error_set(ret_error, ERROR_REFUSED, "authorizationList: expected 1 to %d authorizations, found %zu",
		    AUTHORIZATION_LIST_MAX, count);
	struct authorization *entries = arena_array(arena, count, sizeof(*entries));
	yyjson_arr_foreach(untrusted_value, index, count, untrusted_entry)
	{
		if (!read_entry(untrusted_entry, &entries[index], ret_error))
			return error_in(ret_error, "authorizationList[%zu]", index);
	}
	set_list(ret_transaction, entries, count);
	return true;
}

bool authorization_list_recover(
    const struct signature_context *context, struct arena *arena, struct transaction *transaction, struct error *ret_error)
{
	size_t count = transaction->authorization_count;
	struct authorization *entries = arena_array(arena, count, sizeof(*entries));
	uint8_t digest[SIGNATURE_DIGEST_SIZE];

	for (size_t i = 0; i < count; i++) {
		entries[i] = transaction->authorizations[i];
		authorization_digest(&entries[i], digest);
		if (!signature_recover(context, digest, &entries[i].signature, &entries[i].authority))
			return error_set(ret_error, ERROR_REFUSED,
			    "authorizationList[%zu]: expected a signature, found r, s and yParity that nobody can have signed "
			    "with",
			    i);
	}
	transaction->authorizations = entries;
	return true;
}

bool authorization_list_check_chain(const struct transaction *transaction, uint64_t chain_id, struct error *ret_error)
{
	for (size_t i = 0; i < transaction->authorization_count; i++)
		if (!authorization_check_chain(&transaction->authorizations[i], chain_id, ret_error))
			return error_in(ret_error, "authorizationList[%zu]", i);
	return true;
}

void authorization_list_put_json(const struct transaction *transaction, struct buf *ret_json)
{
	buf_put_u8(ret_json, '[');
	for (size_t i = 0; i < transaction->authorization_count; i++) {
		if (i > 0)
			buf_put_u8(ret_json, ',');
		authorization_put_json(&transaction->authorizations[i], ret_json);
	}
	buf_put_u8(ret_json, ']');
}

/* ---- RLP ---- */

static void put_number(struct buf *buf, const uint8_t bytes[32])
{
	struct u256 number = U256_ZERO;

	u256_from_bytes(bytes_of(bytes, 32), &number);
	rlp_put_u256(buf, &number);
}

void authorization_list_put_rlp(struct buf *buf, const struct transaction *transaction)
{
	size_t list = rlp_list_begin(buf);

	for (size_t i = 0; i < transaction->authorization_count; i++) {
		const struct authorization *entry = &transaction->authorizations[i];
		size_t tuple = rlp_list_begin(buf);
		authorization_put_items(entry, buf);
		rlp_put_u64(buf, entry->signature.parity);
		put_number(buf, entry->signature.r);
		put_number(buf, entry->signature.s);
		rlp_list_end(buf, tuple);
	}
	rlp_list_end(buf, list);
}

/* One [chain id, address, nonce, y_parity, r, s]. */
static void get_entry(struct rlp_reader *entries, const struct transaction *transaction, struct authorization *ret_entry)
{
	struct rlp_reader tuple = rlp_get_list(entries);
	struct signature *signature = &ret_entry->signature;
	struct error error;
	uint64_t ours = 0;

	ret_entry->chain_id = rlp_get_u64(&tuple);
	rlp_get_fixed(&tuple, ret_entry->address.bytes, ADDRESS_SIZE);
	ret_entry->nonce = rlp_get_u64(&tuple);
	uint64_t parity = rlp_get_u64(&tuple);
	struct u256 r = rlp_get_u256(&tuple);
	struct u256 s = rlp_get_u256(&tuple);
	signature->parity = (uint8_t)(parity & 1);
	u256_to_bytes32(&r, signature->r);
	u256_to_bytes32(&s, signature->s);
	if (!rlp_done(&tuple) || ret_entry->nonce == UINT64_MAX || parity > 1 || !signature_has_low_s(signature) ||
	    !u256_fits_u64(&transaction->chain_id, &ours) || !authorization_check_chain(ret_entry, ours, &error))
		entries->reader.failed = true;
}

static size_t count_entries(struct rlp_reader entries)
{
	size_t count = 0;

	for (; rlp_more(&entries) && count <= AUTHORIZATION_LIST_MAX; count++)
		if (rlp_get_list(&entries).reader.left < ENTRY_CONTENT_MIN)
			return 0;
	return rlp_failed(&entries) || count > AUTHORIZATION_LIST_MAX ? 0 : count;
}

void authorization_list_get_rlp(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	struct rlp_reader list = rlp_get_list(items);
	size_t count = count_entries(list);

	if (count == 0) {
		items->reader.failed = true;
		return;
	}
	struct authorization *entries = arena_array(arena, count, sizeof(*entries));
	for (size_t i = 0; i < count && rlp_more(&list); i++)
		get_entry(&list, ret_transaction, &entries[i]);
	if (!rlp_done(&list))
		items->reader.failed = true;
	set_list(ret_transaction, entries, count);
}
