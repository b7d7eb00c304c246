/* The transaction as the UI sees it, and as it comes back. */
#include <string.h>

#include "eth/access_list.h"
#include "eth/blob_parts.h"
#include "eth/quantity.h"
#include "eth/transaction_type.h"

static void put_text_member(struct buf *buf, const char *name, bool present, struct bytes text)
{
	buf_put_text(buf, name);
	if (present)
		json_put_string(buf, text);
	else
		buf_put_text(buf, "null");
}

static void put_fee_member(struct buf *buf, const char *name, bool present, const struct u256 *fee)
{
	buf_put_text(buf, name);
	if (present)
		quantity_put_u256(buf, fee);
	else
		buf_put_text(buf, "null");
}

void transaction_put_ui_json(const struct transaction *transaction, struct buf *ret_json)
{
	const struct transaction_type_row *row = transaction_type_find((uint64_t)transaction->type);

	put_text_member(ret_json, "{\"from\":", transaction->has_from, transaction->from_text);
	put_text_member(ret_json, ",\"to\":", transaction->has_to, transaction->to_text);
	buf_put_text(ret_json, ",\"gas\":");
	quantity_put_u64(ret_json, transaction->gas);
	put_fee_member(ret_json, ",\"gasPrice\":", transaction->has_gas_price, &transaction->gas_price);
	put_fee_member(ret_json, ",\"maxFeePerGas\":", transaction->has_max_fee, &transaction->max_fee);
	put_fee_member(ret_json, ",\"maxPriorityFeePerGas\":", transaction->has_max_priority_fee, &transaction->max_priority_fee);
	buf_put_text(ret_json, ",\"value\":");
	quantity_put_u256(ret_json, &transaction->value);
	buf_put_text(ret_json, ",\"nonce\":");
	quantity_put_u64(ret_json, transaction->nonce);
	if (transaction->has_data) {
		buf_put_text(ret_json, ",\"data\":");
		quantity_put_data(ret_json, transaction->data);
	}
	if (transaction->has_access_list) {
		buf_put_text(ret_json, ",\"accessList\":");
		access_list_put_json(ret_json, transaction);
	}
	if (row && row->put_members)
		row->put_members(ret_json, transaction);
	if (transaction->has_chain_id) {
		buf_put_text(ret_json, ",\"chainId\":");
		quantity_put_u256(ret_json, &transaction->chain_id);
	}
	if (transaction->sidecar)
		blob_sidecar_put_json(transaction->sidecar, true, ret_json);
	buf_put_u8(ret_json, '}');
}

/* A UI that forgets a part must not change what is signed by it: what was there has to be said again, if only as empty. */
static bool nothing_is_missing(
    yyjson_val *untrusted_value, const struct transaction *asked, const struct transaction *edited, struct error *ret_error)
{
	const struct blob_sidecar *sidecar = asked->sidecar;
	const struct {
		const char *name;
		bool asked;
	} needed[] = {{"from", true}, {"gas", true}, {"value", true}, {"nonce", true}, {"to", asked->has_to},
	    {"maxFeePerBlobGas", asked->has_max_fee_per_blob_gas}, {"blobVersionedHashes", asked->has_blob_hashes},
	    {"blobs", sidecar != NULL}, {"commitments", sidecar != NULL}, {"proofs", sidecar != NULL},
	    {"blobVersion", sidecar != NULL && sidecar->names_version && sidecar->version == BLOB_VERSION_CELLS}};

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		if (needed[i].asked && !yyjson_obj_get(untrusted_value, needed[i].name))
			return error_set(
			    ret_error, ERROR_REFUSED, "the UI's transaction has no %s, which the request had", needed[i].name);
	if (asked->data.size > 0 && !edited->has_data)
		return error_set(
		    ret_error, ERROR_REFUSED, "the UI's transaction has no data, which the request had (none is \"0x\")");
	if (asked->access_count > 0 && !edited->has_access_list)
		return error_set(
		    ret_error, ERROR_REFUSED, "the UI's transaction has no accessList, which the request had (none is [])");
	if (asked->has_authorizations && !edited->has_authorizations)
		return error_set(
		    ret_error, ERROR_REFUSED, "the UI's transaction has no authorizationList, which the request had");
	return true;
}

bool transaction_from_ui_json(yyjson_val *untrusted_value, const struct transaction *asked, struct arena *arena,
    struct transaction *ret_transaction, struct error *ret_error)
{
	if (!yyjson_is_obj(untrusted_value))
		return error_set(ret_error, ERROR_REFUSED, "the UI approved without sending the transaction");
	if (!transaction_from_json(untrusted_value, arena, ret_transaction, ret_error)) {
		ret_error->kind = ERROR_REFUSED;
		return error_prefix(ret_error, "the UI's transaction");
	}
	if (!nothing_is_missing(untrusted_value, asked, ret_transaction, ret_error))
		return false;
	if (!asked->sidecar && ret_transaction->sidecar)
		return error_set(ret_error, ERROR_REFUSED, "the UI's transaction has blobs, which the request had not");
	if (asked->has_to && ret_transaction->has_to && address_equal(&asked->to, &ret_transaction->to)) {
		ret_transaction->to_text = asked->to_text;
		ret_transaction->to_is_checksummed = asked->to_is_checksummed;
	}
	return true;
}
