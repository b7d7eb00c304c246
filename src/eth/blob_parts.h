/* blob_parts: what the files of blob transactions share. For src/eth only. */
#ifndef CLEF_ETH_BLOB_PARTS_H
#define CLEF_ETH_BLOB_PARTS_H

#include "eth/blob.h"

/* What a request says about blobs, member by member: which lists are there decides what it means. */
struct blob_fields {
	bool has_blobs, has_commitments, has_proofs, has_version;
	size_t blob_count, commitment_count, proof_count;
	struct bytes blobs, commitments, proofs;
	enum blob_version version;
};

/* The member of that name. ERROR_PARAMS for shapes and sizes, ERROR_REFUSED for more items than any transaction may have. */
bool blob_fields_read_hashes(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error);
bool blob_fields_read_blobs(
    yyjson_val *untrusted_value, struct arena *arena, struct blob_fields *ret_fields, struct error *ret_error);
bool blob_fields_read_commitments(
    yyjson_val *untrusted_value, struct arena *arena, struct blob_fields *ret_fields, struct error *ret_error);
bool blob_fields_read_proofs(
    yyjson_val *untrusted_value, struct arena *arena, struct blob_fields *ret_fields, struct error *ret_error);
/* A JSON number, 0 or 1. */
bool blob_fields_read_version(yyjson_val *untrusted_value, struct blob_fields *ret_fields, struct error *ret_error);
/*
 * Once all members of a blob transaction are read: a recipient, a fee for the blobs, counts that agree, canonical blobs, and hashes that are those of
 * the commitments. Fills in sidecar and hashes. ERROR_REFUSED with the field's path.
 */
bool blob_fields_settle(
    const struct blob_fields *fields, struct arena *arena, struct transaction *transaction, struct error *ret_error);

/* The hashes of the commitments become the transaction's; those that it names already must be the same. */
bool blob_hashes_settle(struct transaction *transaction, struct bytes commitments, struct arena *arena, struct error *ret_error);

/* EIP-4844's and EIP-7594's network form: the items behind the signed transaction. */
void blob_sidecar_put_rlp(const struct blob_sidecar *sidecar, struct buf *buf);
/* Append ,"blobs":[…],"commitments":[…],"proofs":[…]; of an incomplete one the blobs alone. with_version: ,"blobVersion":1 before, where the request named it. */
void blob_sidecar_put_json(const struct blob_sidecar *sidecar, bool with_version, struct buf *ret_json);

#endif
