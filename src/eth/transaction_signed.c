/* Signed transactions as they go onto the network, taken apart into what was asked for and the signature. */
#include <string.h>

#include "eth/blob_parts.h"
#include "eth/keccak.h"
#include "eth/transaction_type.h"

/* EIP-155 and the yellow paper's appendix F. */
#define V_UNPROTECTED 27
#define V_PROTECTED   35
#define LIST_FIRST    0xc0 /* the least first byte of an RLP list */

/* NULL: the error says why. */
static const struct transaction_type_row *find_row(struct bytes untrusted_raw, struct error *ret_error)
{
	uint8_t first = untrusted_raw.size > 0 ? untrusted_raw.data[0] : 0;
	const struct transaction_type_row *row = transaction_type_find(first < 0x80 ? first : TRANSACTION_LEGACY);

	if (untrusted_raw.size == 0)
		error_set(ret_error, ERROR_REFUSED, "expected a signed transaction, found no bytes");
	else if (untrusted_raw.size > TRANSACTION_SIZE_MAX)
		error_set(ret_error, ERROR_REFUSED, "the signed transaction is too large");
	else if ((first >= 0x80 && first < LIST_FIRST) || row == NULL || row->is_enveloped != (first < 0x80))
		error_set(ret_error, ERROR_REFUSED, "expected a signed transaction, found bytes that begin with 0x%02x", first);
	else
		return row;
	return NULL;
}

/* Items of one size each, one after the other in the arena. */
static struct bytes get_parts(struct rlp_reader *outer, size_t size, size_t most, struct arena *arena, size_t *ret_count)
{
	struct rlp_reader list = rlp_get_list(outer);
	size_t count = list.reader.left / (size + 1);

	*ret_count = 0;
	if (rlp_failed(outer) || count > most) {
		outer->reader.failed = true;
		return BYTES_NONE;
	}
	uint8_t *parts = arena_array(arena, count, size);
	for (size_t i = 0; i < count; i++)
		rlp_get_fixed(&list, parts + i * size, size);
	if (!rlp_done(&list))
		outer->reader.failed = true;
	*ret_count = count;
	return bytes_of(parts, count * size);
}

/* What stands behind a blob transaction; what is wrong shows as a failed reader. */
static struct blob_sidecar *get_sidecar(struct rlp_reader *outer, struct arena *arena)
{
	struct blob_sidecar *sidecar = arena_alloc(arena, sizeof(*sidecar));
	size_t commitments, proofs;

	if (rlp_more(outer) && outer->reader.data[0] < LIST_FIRST) {
		sidecar->version = BLOB_VERSION_CELLS;
		if (rlp_get_u64(outer) != BLOB_VERSION_CELLS)
			outer->reader.failed = true;
	}
	sidecar->names_version = sidecar->version == BLOB_VERSION_CELLS;
	sidecar->blobs = get_parts(outer, BLOB_SIZE, BLOB_COUNT_MAX, arena, &sidecar->count);
	sidecar->commitments = get_parts(outer, BLOB_COMMITMENT_SIZE, BLOB_COUNT_MAX, arena, &commitments);
	sidecar->proofs = get_parts(outer, BLOB_PROOF_SIZE, (size_t)BLOB_COUNT_MAX * BLOB_CELLS, arena, &proofs);
	if (sidecar->count == 0 || commitments != sidecar->count ||
	    sidecar->proofs.size != blob_proofs_size(sidecar->version, sidecar->count))
		outer->reader.failed = true;
	return sidecar;
}

/* v of a legacy transaction says the chain as well; 0 is none. */
static bool split_v(const struct transaction_type_row *row, const struct u256 *v, uint64_t *ret_chain_id, uint8_t *ret_parity)
{
	const struct u256 unprotected = u256_from_u64(V_UNPROTECTED), protected = u256_from_u64(V_PROTECTED);
	struct u256 rest = *v, half;
	uint64_t parity;

	*ret_chain_id = 0;
	if (!row->is_enveloped && u256_sub(v, &protected, &rest)) {
		*ret_parity = (uint8_t)u256_div_small(&rest, 2, &half);
		return u256_fits_u64(&half, ret_chain_id) && *ret_chain_id != 0;
	}
	if (!row->is_enveloped && !u256_sub(v, &unprotected, &rest))
		return false;
	if (!u256_fits_u64(&rest, &parity) || parity > 1)
		return false;
	*ret_parity = (uint8_t)parity;
	return true;
}

/* The signature, and the payload that it is of. */
static bool read_list(const struct transaction_type_row *row, struct rlp_reader items, struct arena *arena,
    struct transaction_signed *ret_signed, struct bytes *ret_payload)
{
	BUF_CLEANUP struct buf payload = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct rlp_reader walk = items;

	for (size_t i = 0; i < row->item_count; i++)
		rlp_skip(&walk);
	struct bytes content = bytes_of(items.reader.data, items.reader.left - walk.reader.left);
	struct u256 v = rlp_get_u256(&walk), r = rlp_get_u256(&walk), s = rlp_get_u256(&walk);
	if (!rlp_done(&walk) || !split_v(row, &v, &ret_signed->chain_id, &ret_signed->signature.parity))
		return false;
	u256_to_bytes32(&r, ret_signed->signature.r);
	u256_to_bytes32(&s, ret_signed->signature.s);
	if (row->is_enveloped)
		buf_put_u8(&payload, (uint8_t)row->type);
	size_t list = rlp_list_begin(&payload);
	buf_put_bytes(&payload, content);
	if (ret_signed->chain_id != 0) {
		rlp_put_u64(&payload, ret_signed->chain_id);
		rlp_put_u64(&payload, 0);
		rlp_put_u64(&payload, 0);
	}
	rlp_list_end(&payload, list);
	*ret_payload = arena_copy(arena, buf_bytes(&payload));
	return buf_ok(&payload);
}

static bool read_outer(const struct transaction_type_row *row, struct bytes untrusted_list, struct arena *arena,
    struct transaction_signed *ret_signed, struct bytes *ret_payload, struct blob_sidecar **ret_sidecar)
{
	struct rlp_reader outer = rlp_reader_of(untrusted_list);
	struct rlp_reader items = rlp_get_list(&outer), inner;

	if (!rlp_done(&outer))
		return false;
	if (row->type != TRANSACTION_BLOB || !rlp_more(&items) || items.reader.data[0] < LIST_FIRST)
		return read_list(row, items, arena, ret_signed, ret_payload);
	inner = rlp_get_list(&items);
	*ret_sidecar = get_sidecar(&items, arena);
	return rlp_done(&items) && read_list(row, inner, arena, ret_signed, ret_payload);
}

/* Written again it is the same, byte for byte: nothing was overlooked, and there is no second spelling of it. */
static bool is_canonical(const struct transaction_signed *whole, struct bytes raw)
{
	BUF_CLEANUP struct buf again = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct error ignored;

	return transaction_put_signed(&whole->transaction, whole->chain_id, &whole->signature, &again, &ignored) &&
	       bytes_equal(buf_bytes(&again), raw);
}

/* A transaction's hash is that of what a block holds: without the sidecar. */
static void hash_both(struct transaction_signed *whole, struct bytes payload)
{
	BUF_CLEANUP struct buf raw = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct transaction alone = whole->transaction;
	struct error ignored;

	alone.sidecar = NULL;
	transaction_put_signed(&alone, whole->chain_id, &whole->signature, &raw, &ignored);
	keccak256(buf_bytes(&raw), whole->hash);
	keccak256(payload, whole->digest);
}

bool transaction_from_signed(
    struct bytes untrusted_raw, struct arena *arena, struct transaction_signed *ret_signed, struct error *ret_error)
{
	const struct transaction_type_row *row = find_row(untrusted_raw, ret_error);
	struct blob_sidecar *sidecar = NULL;
	struct bytes payload;

	memset(ret_signed, 0, sizeof(*ret_signed));
	if (row == NULL)
		return false;
	size_t prefix = row->is_enveloped ? 1 : 0;
	struct bytes list = bytes_of(untrusted_raw.data + prefix, untrusted_raw.size - prefix);
	if (!read_outer(row, list, arena, ret_signed, &payload, &sidecar) ||
	    !transaction_parse_payload(payload, arena, &ret_signed->transaction, ret_error))
		return error_set(ret_error, ERROR_REFUSED, "the bytes are no well-formed signed %s transaction", row->name);
	if (row->is_enveloped)
		u256_fits_u64(&ret_signed->transaction.chain_id, &ret_signed->chain_id);
	ret_signed->transaction.sidecar = sidecar;
	if (!is_canonical(ret_signed, untrusted_raw))
		return error_set(
		    ret_error, ERROR_REFUSED, "the signed %s transaction is not in the one form that networks take", row->name);
	if (!signature_has_low_s(&ret_signed->signature))
		return error_set(ret_error, ERROR_REFUSED,
		    "s of the signature is in the upper half of the curve's order, where networks take none (EIP-2)");
	hash_both(ret_signed, payload);
	return true;
}
