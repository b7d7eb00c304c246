/* What account_signTransaction's argument says about blobs. */
#include <stdio.h>

#include "eth/blob_parts.h"
#include "eth/quantity.h"

#define NAME_MAX_SIZE 48

/* A list of at most `most` items of exactly `size` bytes, one behind the other. */
static bool read_items(yyjson_val *untrusted_list, const char *name, size_t size, size_t most, struct arena *arena,
    size_t *ret_count, uint8_t **ret_items, struct error *ret_error)
{
	char path[NAME_MAX_SIZE];
	size_t index, count;
	yyjson_val *untrusted_item;

	if (!yyjson_is_arr(untrusted_list))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected a list", name);
	count = yyjson_arr_size(untrusted_list);
	if (count > most)
		return error_set(ret_error, ERROR_REFUSED,
		    "%s: expected at most %zu (a transaction has at most %d blobs), found %zu", name, most, BLOB_COUNT_MAX,
		    count);
	uint8_t *items = arena_array(arena, count, size);
	yyjson_arr_foreach(untrusted_list, index, count, untrusted_item)
	{
		snprintf(path, sizeof(path), "%s[%zu]", name, index);
		if (!quantity_get_fixed(untrusted_item, path, items + index * size, size, ret_error))
			return false;
	}
	*ret_count = count;
	*ret_items = items;
	return true;
}

static bool read_bytes(yyjson_val *untrusted_list, const char *name, size_t size, size_t most, struct arena *arena,
    size_t *ret_count, struct bytes *ret_items, struct error *ret_error)
{
	uint8_t *items;

	if (!read_items(untrusted_list, name, size, most, arena, ret_count, &items, ret_error))
		return false;
	*ret_items = bytes_of(items, *ret_count * size);
	return true;
}

bool blob_fields_read_hashes(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	uint8_t *hashes;

	if (!read_items(untrusted_value, "blobVersionedHashes", BLOB_HASH_SIZE, BLOB_COUNT_MAX, arena,
	        &ret_transaction->blob_hash_count, &hashes, ret_error))
		return false;
	ret_transaction->has_blob_hashes = true;
	ret_transaction->blob_hashes = (const uint8_t(*)[BLOB_HASH_SIZE])hashes;
	return true;
}

bool blob_fields_read_blobs(
    yyjson_val *untrusted_value, struct arena *arena, struct blob_fields *ret_fields, struct error *ret_error)
{
	ret_fields->has_blobs = true;
	return read_bytes(
	    untrusted_value, "blobs", BLOB_SIZE, BLOB_COUNT_MAX, arena, &ret_fields->blob_count, &ret_fields->blobs, ret_error);
}

bool blob_fields_read_commitments(
    yyjson_val *untrusted_value, struct arena *arena, struct blob_fields *ret_fields, struct error *ret_error)
{
	ret_fields->has_commitments = true;
	return read_bytes(untrusted_value, "commitments", BLOB_COMMITMENT_SIZE, BLOB_COUNT_MAX, arena,
	    &ret_fields->commitment_count, &ret_fields->commitments, ret_error);
}

bool blob_fields_read_proofs(
    yyjson_val *untrusted_value, struct arena *arena, struct blob_fields *ret_fields, struct error *ret_error)
{
	ret_fields->has_proofs = true;
	return read_bytes(untrusted_value, "proofs", BLOB_PROOF_SIZE, (size_t)BLOB_COUNT_MAX * BLOB_CELLS, arena,
	    &ret_fields->proof_count, &ret_fields->proofs, ret_error);
}

bool blob_fields_read_version(yyjson_val *untrusted_value, struct blob_fields *ret_fields, struct error *ret_error)
{
	/* Numbers are kept as they were spelt. */
	struct bytes text = yyjson_is_raw(untrusted_value) ? json_bytes(untrusted_value) : BYTES_NONE;

	ret_fields->has_version = true;
	ret_fields->version = bytes_equal_text(text, "1") ? BLOB_VERSION_CELLS : BLOB_VERSION_PROOFS;
	if (ret_fields->version == BLOB_VERSION_CELLS || bytes_equal_text(text, "0"))
		return true;
	return error_set(ret_error, ERROR_PARAMS,
	    "blobVersion: expected the number 0 (one proof a blob) or 1 (128 cell proofs a blob), not in quotes");
}

/* ---- all together ---- */

static bool check_count(const char *name, const char *what, size_t have, size_t want, struct error *ret_error)
{
	return have == want || error_set(ret_error, ERROR_REFUSED, "%s: number of blobs and %s mismatch (have=%zu, want=%zu)",
	                           name, what, have, want);
}

static bool check_counts(const struct blob_fields *fields, const struct transaction *transaction, struct error *ret_error)
{
	size_t count = fields->blob_count;

	if (transaction->has_blob_hashes &&
	    !check_count("blobVersionedHashes", "hashes", transaction->blob_hash_count, count, ret_error))
		return false;
	if (count == 0)
		return error_set(ret_error, ERROR_REFUSED, "blobs: expected 1 to %d, found none", BLOB_COUNT_MAX);
	if (fields->has_commitments && !check_count("commitments", "commitments", fields->commitment_count, count, ret_error))
		return false;
	if (fields->has_commitments != fields->has_proofs)
		return error_set(ret_error, ERROR_REFUSED,
		    fields->has_proofs ? "proofs: blob proofs provided while commitments were not"
		                       : "commitments: blob commitments provided while proofs were not");
	if (fields->has_proofs && fields->proof_count != count && fields->proof_count != count * BLOB_CELLS)
		return error_set(ret_error, ERROR_REFUSED,
		    "proofs: number of proofs and blobs mismatch (have=%zu, want=%zu or %zu)", fields->proof_count, count,
		    count * BLOB_CELLS);
	return true;
}

static bool check_elements(const struct blob_fields *fields, struct error *ret_error)
{
	size_t element;

	for (size_t i = 0; i < fields->blob_count; i++)
		if (!blob_is_canonical(fields->blobs.data + i * BLOB_SIZE, &element))
			return error_set(ret_error, ERROR_REFUSED,
			    "blobs[%zu]: field element %zu (bytes %zu to %zu) is not below the modulus of BLS12-381's scalar "
			    "field",
			    i, element, element * BLOB_ELEMENT_SIZE, element * BLOB_ELEMENT_SIZE + BLOB_ELEMENT_SIZE - 1);
	return true;
}

/* With given proofs their number decides, and what the request says must agree. */
static bool settle_version(const struct blob_fields *fields, enum blob_version *ret_version, struct error *ret_error)
{
	*ret_version = fields->version;
	if (!fields->has_proofs)
		return true;
	*ret_version = fields->proof_count == fields->blob_count ? BLOB_VERSION_PROOFS : BLOB_VERSION_CELLS;
	if (!fields->has_version || *ret_version == fields->version)
		return true;
	return error_set(ret_error, ERROR_REFUSED, "blobVersion: %u does not fit %zu proofs for %zu blobs",
	    (unsigned)fields->version, fields->proof_count, fields->blob_count);
}

static bool settle_sidecar(
    const struct blob_fields *fields, struct arena *arena, struct transaction *transaction, struct error *ret_error)
{
	struct blob_sidecar *sidecar = arena_alloc(arena, sizeof(*sidecar));

	if (!check_counts(fields, transaction, ret_error) || !settle_version(fields, &sidecar->version, ret_error) ||
	    !check_elements(fields, ret_error))
		return false;
	if (fields->has_commitments && !blob_hashes_settle(transaction, fields->commitments, arena, ret_error))
		return false;
	sidecar->names_version = fields->has_version;
	sidecar->count = fields->blob_count;
	sidecar->blobs = fields->blobs;
	sidecar->commitments = fields->commitments;
	sidecar->proofs = fields->proofs;
	transaction->sidecar = sidecar;
	return true;
}

/* Hashes alone: whoever asks keeps the blobs, and nothing may be there that would go unchecked. */
static bool check_hashes_alone(const struct blob_fields *fields, const struct transaction *transaction, struct error *ret_error)
{
	const char *left = fields->has_commitments ? "commitments" : fields->has_proofs ? "proofs" : "blobVersion";

	if (fields->has_commitments || fields->has_proofs || fields->has_version)
		return error_set(
		    ret_error, ERROR_REFUSED, "%s: found without blobs, to which it would have to belong: leave it out", left);
	return transaction->blob_hash_count > 0 ||
	       error_set(ret_error, ERROR_REFUSED, "blobVersionedHashes: expected 1 to %d hashes, found none", BLOB_COUNT_MAX);
}

static bool check_transaction(const struct transaction *transaction, struct error *ret_error)
{
	if (!transaction->has_to)
		return error_set(ret_error, ERROR_REFUSED, "to: transaction recipient must be set for blob transactions");
	if (!transaction->has_max_fee_per_blob_gas)
		return error_set(ret_error, ERROR_REFUSED,
		    "maxFeePerBlobGas: expected the most that a unit of blob gas may cost, found nothing. geth's own --signer "
		    "client "
		    "does not send this field, so blob transactions cannot be signed through it: ask the signer directly");
	if (u256_is_zero(&transaction->max_fee_per_blob_gas))
		return error_set(
		    ret_error, ERROR_REFUSED, "maxFeePerBlobGas: expected at least 0x1, found 0x0, which no block accepts");
	return true;
}

bool blob_fields_settle(
    const struct blob_fields *fields, struct arena *arena, struct transaction *transaction, struct error *ret_error)
{
	if (!check_transaction(transaction, ret_error))
		return false;
	return fields->has_blobs ? settle_sidecar(fields, arena, transaction, ret_error)
	                         : check_hashes_alone(fields, transaction, ret_error);
}
