/*
 * blob: the data beside a blob transaction (EIP-4844), its commitments and proofs, and the hashes that the transaction names them by.
 *
 * A blob is 4096 field elements of 32 bytes, big-endian, each below the order of the BLS12-381 curve's group. Its commitment and each of its proofs is a
 * compressed point of 48 bytes. Two forms of proofs are in use: version 0 has one for each blob (EIP-4844), version 1 one for each of its 128 cells
 * (EIP-7594). What belongs to several blobs lies one after the other, in the order of the blobs. Whether commitments and proofs are right is not judged
 * here: that takes curve arithmetic, which only the role `proofs` does.
 */
#ifndef CLEF_ETH_BLOB_H
#define CLEF_ETH_BLOB_H

#include "eth/transaction.h"

#define BLOB_SIZE            131072
#define BLOB_ELEMENT_SIZE    32
#define BLOB_COMMITMENT_SIZE 48
#define BLOB_PROOF_SIZE      48
#define BLOB_HASH_SIZE       32
#define BLOB_HASH_VERSION    0x01 /* the first byte of the hashes made here: VERSIONED_HASH_VERSION_KZG */
#define BLOB_CELLS           128  /* EIP-7594 */
#define BLOB_COUNT_MAX       6    /* of one transaction: EIP-7594 */

enum blob_version {
	BLOB_VERSION_PROOFS = 0, /* one proof a blob */
	BLOB_VERSION_CELLS = 1   /* 128 */
};

struct blob_sidecar {
	enum blob_version version;
	bool names_version; /* the request said blobVersion, so the UI sees it */
	size_t count;       /* 1 to BLOB_COUNT_MAX */
	struct bytes blobs;
	/* Both there, or, with a request that leaves them to us, neither until blob_sidecar_complete. */
	struct bytes commitments;
	struct bytes proofs;
};

/* Bytes of all proofs of `count` blobs. */
size_t blob_proofs_size(enum blob_version version, size_t count);
/* EIP-4844's versioned hash: 0x01 and the last 31 bytes of the commitment's SHA-256. */
void blob_hash(const uint8_t commitment[BLOB_COMMITMENT_SIZE], uint8_t ret_hash[BLOB_HASH_SIZE]);
/* Every element is below the group's order; else *ret_element is the index of the first that is not. */
bool blob_is_canonical(const uint8_t blob[BLOB_SIZE], size_t *ret_element);

/* Commitments and proofs are there. */
bool blob_sidecar_is_complete(const struct blob_sidecar *sidecar);
/* The same bytes in every part: what was checked of one holds for the other. */
bool blob_sidecar_equal(const struct blob_sidecar *a, const struct blob_sidecar *b);
/*
 * Give a transaction whose sidecar has blobs alone the commitments and proofs that were computed for it, and the hashes; hashes that it names already must
 * be those of the commitments (ERROR_REFUSED with the field's path). Wrong sizes are ERROR_INTERNAL. The bytes are copied into the arena.
 */
bool blob_sidecar_complete(
    struct transaction *transaction, struct bytes commitments, struct bytes proofs, struct arena *arena, struct error *ret_error);

/*
 * What `keys` gets to sign for a transaction with a sidecar (IPC_SIGN_BLOB_TRANSACTION): one byte, the number of commitments, the commitments, then the
 * unsigned payload.
 */
void blob_content_put(const struct transaction *transaction, struct bytes payload, struct buf *ret_content);
/*
 * The digest that is signed for such a content: the payload must be a well-formed blob transaction and name exactly the hashes of these commitments,
 * which are computed here. ERROR_REFUSED.
 */
bool blob_content_digest(struct bytes untrusted_content, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE], struct error *ret_error);

#endif
