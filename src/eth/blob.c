#include "eth/blob_parts.h"

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "eth/keccak.h"

/* Of one hash in an error's text. */
#define HASH_TEXT_MAX (2 * BLOB_HASH_SIZE + 1)

/* The order of the groups of BLS12-381 (EIP-4844's BLS_MODULUS), big-endian. */
static const uint8_t modulus[BLOB_ELEMENT_SIZE] = {0x73, 0xed, 0xa7, 0x53, 0x29, 0x9d, 0x7d, 0x48, 0x33, 0x39, 0xd8, 0x08, 0x09,
    0xa1, 0xd8, 0x05, 0x53, 0xbd, 0xa4, 0x02, 0xff, 0xfe, 0x5b, 0xfe, 0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x01};

size_t blob_proofs_size(enum blob_version version, size_t count)
{
	return count * BLOB_PROOF_SIZE * (version == BLOB_VERSION_CELLS ? BLOB_CELLS : 1);
}

void blob_hash(const uint8_t commitment[BLOB_COMMITMENT_SIZE], uint8_t ret_hash[BLOB_HASH_SIZE])
{
	_Static_assert(crypto_hash_sha256_BYTES == BLOB_HASH_SIZE, "the digest becomes the hash in place");
	crypto_hash_sha256(ret_hash, commitment, BLOB_COMMITMENT_SIZE);
	ret_hash[0] = BLOB_HASH_VERSION;
}

bool blob_is_canonical(const uint8_t blob[BLOB_SIZE], size_t *ret_element)
{
	for (size_t i = 0; i < BLOB_SIZE / BLOB_ELEMENT_SIZE; i++) {
		if (memcmp(blob + i * BLOB_ELEMENT_SIZE, modulus, BLOB_ELEMENT_SIZE) < 0)
			continue;
		*ret_element = i;
		return false;
	}
	return true;
}

bool blob_sidecar_is_complete(const struct blob_sidecar *sidecar)
{
	return sidecar->commitments.size > 0 && sidecar->proofs.size > 0;
}

bool blob_sidecar_equal(const struct blob_sidecar *a, const struct blob_sidecar *b)
{
	return a->version == b->version && a->count == b->count && bytes_equal(a->blobs, b->blobs) &&
	       bytes_equal(a->commitments, b->commitments) && bytes_equal(a->proofs, b->proofs);
}

static void hash_text(const uint8_t hash[BLOB_HASH_SIZE], char ret_text[HASH_TEXT_MAX])
{
	for (size_t i = 0; i < BLOB_HASH_SIZE; i++)
		snprintf(ret_text + 2 * i, 3, "%02x", hash[i]);
}

bool blob_hashes_settle(struct transaction *transaction, struct bytes commitments, struct arena *arena, struct error *ret_error)
{
	size_t count = commitments.size / BLOB_COMMITMENT_SIZE;
	uint8_t(*hashes)[BLOB_HASH_SIZE] = arena_array(arena, count, BLOB_HASH_SIZE);
	char named[HASH_TEXT_MAX], right[HASH_TEXT_MAX];

	for (size_t i = 0; i < count; i++) {
		blob_hash(commitments.data + i * BLOB_COMMITMENT_SIZE, hashes[i]);
		if (!transaction->has_blob_hashes || memcmp(hashes[i], transaction->blob_hashes[i], BLOB_HASH_SIZE) == 0)
			continue;
		hash_text(transaction->blob_hashes[i], named);
		hash_text(hashes[i], right);
		return error_set(ret_error, ERROR_REFUSED,
		    "blobVersionedHashes[%zu]: blob hash verification failed (have=0x%s, want=0x%s)", i, named, right);
	}
	transaction->has_blob_hashes = true;
	transaction->blob_hash_count = count;
	transaction->blob_hashes = (const uint8_t(*)[BLOB_HASH_SIZE])hashes;
	return true;
}

bool blob_sidecar_complete(
    struct transaction *transaction, struct bytes commitments, struct bytes proofs, struct arena *arena, struct error *ret_error)
{
	struct blob_sidecar *complete = arena_alloc(arena, sizeof(*complete));

	*complete = *transaction->sidecar;
	if (commitments.size != complete->count * BLOB_COMMITMENT_SIZE ||
	    proofs.size != blob_proofs_size(complete->version, complete->count))
		return error_set(ret_error, ERROR_INTERNAL, "commitments of %zu and proofs of %zu bytes do not fit %zu blobs",
		    commitments.size, proofs.size, complete->count);
	if (!blob_hashes_settle(transaction, commitments, arena, ret_error))
		return false;
	complete->commitments = arena_copy(arena, commitments);
	complete->proofs = arena_copy(arena, proofs);
	transaction->sidecar = complete;
	return true;
}

void blob_content_put(const struct transaction *transaction, struct bytes payload, struct buf *ret_content)
{
	buf_put_u8(ret_content, (uint8_t)transaction->sidecar->count);
	buf_put_bytes(ret_content, transaction->sidecar->commitments);
	buf_put_bytes(ret_content, payload);
}

bool blob_content_digest(struct bytes untrusted_content, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE], struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct reader reader = reader_of(untrusted_content);
	size_t count = reader_u8(&reader);
	struct bytes commitments = reader_bytes(&reader, count * BLOB_COMMITMENT_SIZE);
	struct bytes payload = bytes_of(reader.data, reader.left);
	struct transaction transaction;

	if (reader.failed || count == 0 || count > BLOB_COUNT_MAX)
		return error_set(
		    ret_error, ERROR_REFUSED, "the commitments of the blob transaction are cut off or of a wrong number");
	if (!transaction_parse_payload(payload, &arena, &transaction, ret_error))
		return false;
	if (transaction.type != TRANSACTION_BLOB || transaction.blob_hash_count != count)
		return error_set(ret_error, ERROR_REFUSED, "%zu commitments do not belong to a transaction with %zu blob hashes",
		    count, transaction.blob_hash_count);
	if (!blob_hashes_settle(&transaction, commitments, &arena, ret_error))
		return false;
	keccak256(payload, ret_digest);
	return true;
}
