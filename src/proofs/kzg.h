/*
 * kzg: commitments and proofs of blobs (EIP-4844) and of their cells (EIP-7594), a thin face over c-kzg.
 *
 * Blobs, commitments and proofs lie one after the other, as in eth/blob.h; so do the 128 cell proofs of each blob. The trusted setup is loaded by the
 * first call, which takes about two seconds of CPU and keeps 5 MB; it is loaded without tables made beforehand, which would cost more than they bring
 * for the few blobs of a signer.
 */
#ifndef CLEF_PROOFS_KZG_H
#define CLEF_PROOFS_KZG_H

#include "base/error.h"
#include "eth/blob.h"

struct kzg;

/* Nothing is loaded yet. Never NULL. */
struct kzg *kzg_new(void);
void kzg_free(struct kzg *kzg);
/* Load the trusted setup now. ERROR_INTERNAL. */
bool kzg_load(struct kzg *kzg, struct error *ret_error);
/* Append the commitments of all blobs, and their proofs in the form of this version. ERROR_REFUSED with the blob's path for what is no blob. */
bool kzg_compute(struct kzg *kzg, enum blob_version version, struct bytes untrusted_blobs, struct buf *ret_commitments,
    struct buf *ret_proofs, struct error *ret_error);
/*
 * The commitments are those of the blobs and the proofs prove it. ERROR_REFUSED otherwise, with the path of the first that does not belong to its blob.
 */
bool kzg_check(struct kzg *kzg, enum blob_version version, struct bytes untrusted_blobs, struct bytes untrusted_commitments,
    struct bytes untrusted_proofs, struct error *ret_error);

#endif
