#include "proofs/kzg.h"

#include <ckzg.h>
#include <stdlib.h>

#include "base/memory.h"
#include "proofs/trusted_setup.h"

/* Without tables for the multiplications of the cells' proofs: they would take longer to make than they save. */
#define PRECOMPUTE 0

_Static_assert(sizeof(Blob) == BLOB_SIZE && sizeof(KZGCommitment) == BLOB_COMMITMENT_SIZE &&
                   sizeof(KZGProof) == BLOB_PROOF_SIZE && CELLS_PER_EXT_BLOB == BLOB_CELLS,
    "c-kzg and eth/blob.h mean the same");

struct kzg {
	bool loaded;
	KZGSettings settings;
};

/* One sidecar in c-kzg's terms. Borrowed: all of it is bytes without alignment. */
struct parts {
	size_t count;
	const Blob *blobs;
	const Bytes48 *commitments;
	const Bytes48 *proofs;
};

struct kzg *kzg_new(void)
{
	return memory_new(1, sizeof(struct kzg));
}

void kzg_free(struct kzg *kzg)
{
	if (kzg == NULL)
		return;
	if (kzg->loaded)
		free_trusted_setup(&kzg->settings);
	free(kzg);
}

bool kzg_load(struct kzg *kzg, struct error *ret_error)
{
	struct bytes lagrange = trusted_setup_g1_lagrange(), monomial = trusted_setup_g1_monomial(),
	             g2 = trusted_setup_g2_monomial();

	if (kzg->loaded)
		return true;
	if (load_trusted_setup(&kzg->settings, monomial.data, monomial.size, lagrange.data, lagrange.size, g2.data, g2.size,
	        PRECOMPUTE) != C_KZG_OK)
		return error_set(ret_error, ERROR_INTERNAL, "the trusted setup of KZG does not load");
	kzg->loaded = true;
	return true;
}

/* What goes wrong without being the caller's fault ends up here as well, and is refused as much. */
static bool failed(C_KZG_RET result, struct error *ret_error)
{
	return error_set(ret_error, ERROR_INTERNAL, "c-kzg failed with its error %d", (int)result);
}

static bool is_whole(struct bytes blobs, size_t *ret_count)
{
	*ret_count = blobs.size / BLOB_SIZE;
	return blobs.size % BLOB_SIZE == 0 && *ret_count > 0 && *ret_count <= BLOB_COUNT_MAX;
}

/* ---- computing ---- */

static C_KZG_RET compute_one(
    const struct kzg *kzg, enum blob_version version, const Blob *blob, struct buf *commitments, struct buf *proofs)
{
	KZGCommitment commitment;
	KZGProof proof[CELLS_PER_EXT_BLOB];
	C_KZG_RET result = blob_to_kzg_commitment(&commitment, blob, &kzg->settings);

	if (result == C_KZG_OK)
		result = version == BLOB_VERSION_CELLS ? compute_cells_and_kzg_proofs(NULL, proof, blob, &kzg->settings)
		                                       : compute_blob_kzg_proof(proof, blob, &commitment, &kzg->settings);
	if (result != C_KZG_OK)
		return result;
	buf_put(commitments, commitment.bytes, sizeof(commitment.bytes));
	buf_put(proofs, proof, blob_proofs_size(version, 1));
	return C_KZG_OK;
}

bool kzg_compute(struct kzg *kzg, enum blob_version version, struct bytes untrusted_blobs, struct buf *ret_commitments,
    struct buf *ret_proofs, struct error *ret_error)
{
	const Blob *blobs = (const Blob *)untrusted_blobs.data;
	size_t count;

	if (!is_whole(untrusted_blobs, &count))
		return error_set(
		    ret_error, ERROR_REFUSED, "blobs: expected 1 to %d, each of %d bytes", BLOB_COUNT_MAX, BLOB_SIZE);
	if (!kzg_load(kzg, ret_error))
		return false;
	for (size_t i = 0; i < count; i++) {
		C_KZG_RET result = compute_one(kzg, version, &blobs[i], ret_commitments, ret_proofs);

		if (result == C_KZG_BADARGS)
			return error_set(ret_error, ERROR_REFUSED, "blobs[%zu]: a field element is not below the modulus", i);
		if (result != C_KZG_OK)
			return failed(result, ret_error);
	}
	return (buf_ok(ret_commitments) && buf_ok(ret_proofs)) || failed(C_KZG_MALLOC, ret_error);
}

/* ---- checking ---- */

/* Cell proofs are about the cells of the extended blobs, which are computed first. */
static C_KZG_RET check_cells(const struct kzg *kzg, const struct parts *parts, bool *ret_right)
{
	size_t total = parts->count * CELLS_PER_EXT_BLOB;
	Cell *cells = memory_new(total, sizeof(*cells));
	uint64_t *indices = memory_new(total, sizeof(*indices));
	Bytes48 *commitments = memory_new(total, sizeof(*commitments));
	C_KZG_RET result = C_KZG_OK;

	for (size_t i = 0; i < parts->count && result == C_KZG_OK; i++)
		result = compute_cells_and_kzg_proofs(cells + i * CELLS_PER_EXT_BLOB, NULL, &parts->blobs[i], &kzg->settings);
	for (size_t i = 0; i < total; i++) {
		indices[i] = i % CELLS_PER_EXT_BLOB;
		commitments[i] = parts->commitments[i / CELLS_PER_EXT_BLOB];
	}
	if (result == C_KZG_OK)
		result =
		    verify_cell_kzg_proof_batch(ret_right, commitments, indices, cells, parts->proofs, total, &kzg->settings);
	free(commitments);
	free(indices);
	free(cells);
	return result;
}

static C_KZG_RET check(const struct kzg *kzg, enum blob_version version, const struct parts *parts, bool *ret_right)
{
	*ret_right = false;
	if (version == BLOB_VERSION_CELLS)
		return check_cells(kzg, parts, ret_right);
	return verify_blob_kzg_proof_batch(
	    ret_right, parts->blobs, parts->commitments, parts->proofs, parts->count, &kzg->settings);
}

/* Something is wrong with all of them together: which blob it is. Bad arguments are points that are none. */
static bool blame(const struct kzg *kzg, enum blob_version version, const struct parts *parts, struct error *ret_error)
{
	size_t proofs = version == BLOB_VERSION_CELLS ? CELLS_PER_EXT_BLOB : 1;
	char path[64];

	for (size_t i = 0; i < parts->count; i++) {
		struct parts one = {1, parts->blobs + i, parts->commitments + i, parts->proofs + i * proofs};
		bool right;
		C_KZG_RET result = check(kzg, version, &one, &right);

		if (result == C_KZG_OK && right)
			continue;
		snprintf(path, sizeof(path), proofs == 1 ? "proofs[%zu]" : "proofs[%zu] to proofs[%zu]", i * proofs,
		    (i + 1) * proofs - 1);
		return error_set(ret_error, ERROR_REFUSED, "%s: failed to verify blob proof: %s blobs[%zu] with commitments[%zu]",
		    path, result == C_KZG_OK ? "can't verify opening proof of" : "no points of the curve are given for", i, i);
	}
	return error_set(ret_error, ERROR_REFUSED, "proofs: failed to verify blob proof");
}

bool kzg_check(struct kzg *kzg, enum blob_version version, struct bytes untrusted_blobs, struct bytes untrusted_commitments,
    struct bytes untrusted_proofs, struct error *ret_error)
{
	struct parts parts = {.blobs = (const Blob *)untrusted_blobs.data,
	    .commitments = (const Bytes48 *)untrusted_commitments.data,
	    .proofs = (const Bytes48 *)untrusted_proofs.data};
	bool right;

	if (!is_whole(untrusted_blobs, &parts.count) || untrusted_commitments.size != parts.count * BLOB_COMMITMENT_SIZE ||
	    untrusted_proofs.size != blob_proofs_size(version, parts.count))
		return error_set(ret_error, ERROR_REFUSED, "blobs: their number does not fit that of the commitments and proofs");
	if (!kzg_load(kzg, ret_error))
		return false;
	C_KZG_RET result = check(kzg, version, &parts, &right);

	if (result == C_KZG_OK && right)
		return true;
	return result == C_KZG_OK || result == C_KZG_BADARGS ? blame(kzg, version, &parts, ret_error) : failed(result, ret_error);
}
