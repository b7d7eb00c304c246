/* Does the UI's answer say the same as what it was asked? */
#include "eth/blob.h"

static bool same_number(bool has_a, const struct u256 *a, bool has_b, const struct u256 *b)
{
	return has_a == has_b && (!has_a || u256_equal(a, b));
}

/* What no line of its own compares: access list, blobs, authorisations, and whatever a later type brings. */
static bool same_payload(const struct transaction *a, const struct transaction *b, uint64_t chain_id)
{
	BUF_CLEANUP struct buf first = BUF_INIT(TRANSACTION_SIZE_MAX), second = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct error ignored;

	return transaction_put_payload(a, chain_id, &first, &ignored) &&
	       transaction_put_payload(b, chain_id, &second, &ignored) && bytes_equal(buf_bytes(&first), buf_bytes(&second));
}

/* Not signed but by its hashes, yet part of what the caller gets. */
static bool same_sidecar(const struct blob_sidecar *a, const struct blob_sidecar *b)
{
	return a == NULL || b == NULL ? a == b : blob_sidecar_equal(a, b);
}

const char *transaction_find_change(const struct transaction *asked, const struct transaction *answered, uint64_t chain_id)
{
	const struct transaction *a = asked, *b = answered;
	const struct {
		const char *name;
		bool same;
	} fields[] = {
	    {"from", a->has_from == b->has_from && address_equal(&a->from, &b->from)},
	    {"to", a->has_to == b->has_to && (!a->has_to || address_equal(&a->to, &b->to))},
	    {"type", a->type == b->type},
	    {"nonce", a->nonce == b->nonce},
	    {"gas", a->gas == b->gas},
	    {"gasPrice", same_number(a->has_gas_price, &a->gas_price, b->has_gas_price, &b->gas_price)},
	    {"maxFeePerGas", same_number(a->has_max_fee, &a->max_fee, b->has_max_fee, &b->max_fee)},
	    {"maxPriorityFeePerGas",
	        same_number(a->has_max_priority_fee, &a->max_priority_fee, b->has_max_priority_fee, &b->max_priority_fee)},
	    {"maxFeePerBlobGas", same_number(a->has_max_fee_per_blob_gas, &a->max_fee_per_blob_gas, b->has_max_fee_per_blob_gas,
	                             &b->max_fee_per_blob_gas)},
	    {"value", u256_equal(&a->value, &b->value)},
	    {"data", bytes_equal(a->data, b->data)},
	    {"chainId", same_number(a->has_chain_id, &a->chain_id, b->has_chain_id, &b->chain_id)},
	    {"accessList", a->has_access_list == b->has_access_list && a->access_count == b->access_count},
	    {"blobVersionedHashes", a->blob_hash_count == b->blob_hash_count},
	    {"blobs", same_sidecar(a->sidecar, b->sidecar)},
	    {"authorizationList", a->authorization_count == b->authorization_count},
	    {"what is signed", same_payload(a, b, chain_id)},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (!fields[i].same)
			return fields[i].name;
	return NULL;
}
