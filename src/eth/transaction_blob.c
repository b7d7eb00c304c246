/*
 * EIP-4844: 0x03 || rlp([chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, value, data, accessList, maxFeePerBlobGas, blobVersionedHashes]).
 * On the network the signed list stands inside another, with the blobs, commitments and proofs behind it.
 */
#include "eth/blob_parts.h"
#include "eth/quantity.h"
#include "eth/transaction_type.h"

static void put_items(struct buf *buf, const struct transaction *transaction, uint64_t chain_id)
{
	transaction_type_dynamic_fee.put_items(buf, transaction, chain_id);
	rlp_put_u256(buf, &transaction->max_fee_per_blob_gas);
	size_t hashes = rlp_list_begin(buf);
	for (size_t i = 0; i < transaction->blob_hash_count; i++)
		rlp_put_bytes(buf, bytes_of(transaction->blob_hashes[i], BLOB_HASH_SIZE));
	rlp_list_end(buf, hashes);
}

/* A hash takes 33 bytes of RLP, so that the count is known before anything is read. */
static void get_hashes(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	struct rlp_reader list = rlp_get_list(items);
	size_t count = list.reader.left / (BLOB_HASH_SIZE + 1);

	if (count == 0 || count > BLOB_COUNT_MAX) {
		items->reader.failed = true;
		return;
	}
	uint8_t(*hashes)[BLOB_HASH_SIZE] = arena_array(arena, count, BLOB_HASH_SIZE);
	for (size_t i = 0; i < count; i++)
		rlp_get_fixed(&list, hashes[i], BLOB_HASH_SIZE);
	if (!rlp_done(&list))
		items->reader.failed = true;
	ret_transaction->has_blob_hashes = true;
	ret_transaction->blob_hash_count = count;
	ret_transaction->blob_hashes = (const uint8_t(*)[BLOB_HASH_SIZE])hashes;
}

static void get_items(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction)
{
	transaction_type_dynamic_fee.get_items(items, arena, ret_transaction);
	ret_transaction->max_fee_per_blob_gas = rlp_get_u256(items);
	ret_transaction->has_max_fee_per_blob_gas = true;
	get_hashes(items, arena, ret_transaction);
	/* No contract is created by this type, and no block takes blobs for nothing. */
	if (!ret_transaction->has_to || u256_is_zero(&ret_transaction->max_fee_per_blob_gas))
		items->reader.failed = true;
}

static void put_members(struct buf *buf, const struct transaction *transaction)
{
	if (transaction->has_max_fee_per_blob_gas) {
		buf_put_text(buf, ",\"maxFeePerBlobGas\":");
		quantity_put_u256(buf, &transaction->max_fee_per_blob_gas);
	}
	/* Blobs alone were sent: the hashes are not known yet. */
	if (!transaction->has_blob_hashes)
		return;
	buf_put_text(buf, ",\"blobVersionedHashes\":[");
	for (size_t i = 0; i < transaction->blob_hash_count; i++) {
		if (i > 0)
			buf_put_u8(buf, ',');
		quantity_put_data(buf, bytes_of(transaction->blob_hashes[i], BLOB_HASH_SIZE));
	}
	buf_put_u8(buf, ']');
}

const struct transaction_type_row transaction_type_blob = {.type = TRANSACTION_BLOB,
    .name = "blob (EIP-4844)",
    .is_enveloped = true,
    .has_dynamic_fee = true,
    .has_access_list = true,
    .item_count = 11,
    .put_items = put_items,
    .get_items = get_items,
    .put_members = put_members};

static void put_rlp_list(struct buf *buf, struct bytes items, size_t item_size)
{
	size_t list = rlp_list_begin(buf);

	for (size_t at = 0; at < items.size; at += item_size)
		rlp_put_bytes(buf, bytes_of(items.data + at, item_size));
	rlp_list_end(buf, list);
}

void blob_sidecar_put_rlp(const struct blob_sidecar *sidecar, struct buf *buf)
{
	if (sidecar->version == BLOB_VERSION_CELLS)
		rlp_put_u64(buf, BLOB_VERSION_CELLS);
	put_rlp_list(buf, sidecar->blobs, BLOB_SIZE);
	put_rlp_list(buf, sidecar->commitments, BLOB_COMMITMENT_SIZE);
	put_rlp_list(buf, sidecar->proofs, BLOB_PROOF_SIZE);
}

static void put_json_list(struct buf *json, const char *name, struct bytes items, size_t item_size)
{
	buf_put_text(json, name);
	for (size_t at = 0; at < items.size; at += item_size) {
		buf_put_u8(json, at == 0 ? '[' : ',');
		quantity_put_data(json, bytes_of(items.data + at, item_size));
	}
	buf_put_u8(json, ']');
}

void blob_sidecar_put_json(const struct blob_sidecar *sidecar, bool with_version, struct buf *ret_json)
{
	if (with_version && sidecar->names_version && sidecar->version == BLOB_VERSION_CELLS)
		buf_put_text(ret_json, ",\"blobVersion\":1");
	put_json_list(ret_json, ",\"blobs\":", sidecar->blobs, BLOB_SIZE);
	if (!blob_sidecar_is_complete(sidecar))
		return;
	put_json_list(ret_json, ",\"commitments\":", sidecar->commitments, BLOB_COMMITMENT_SIZE);
	put_json_list(ret_json, ",\"proofs\":", sidecar->proofs, BLOB_PROOF_SIZE);
}
