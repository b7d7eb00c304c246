/* What is signed, read back, and what comes out of it. */
#include <string.h>

#include "eth/access_list.h"
#include "eth/blob_parts.h"
#include "eth/keccak.h"
#include "eth/quantity.h"
#include "eth/transaction_type.h"

/* EIP-155 and the yellow paper's appendix F. */
#define V_UNPROTECTED 27
#define V_PROTECTED   35

static bool check_size(const struct buf *buf, struct error *ret_error)
{
	return buf_ok(buf) || error_set(ret_error, ERROR_REFUSED, "the transaction is too large");
}

/* The row of the transaction's type, which must be able to say the chain. */
static const struct transaction_type_row *row_for(
    const struct transaction *transaction, uint64_t chain_id, struct error *ret_error)
{
	const struct transaction_type_row *row = transaction_type_find((uint64_t)transaction->type);

	if (!row) {
		error_set(ret_error, ERROR_REFUSED, "transactions of type 0x%x are not available", (unsigned)transaction->type);
		return NULL;
	}
	if (row->is_enveloped && chain_id == 0) {
		error_set(ret_error, ERROR_REFUSED, "a %s transaction needs a chain id above 0, the signer's is 0", row->name);
		return NULL;
	}
	return row;
}

bool transaction_put_payload(
    const struct transaction *transaction, uint64_t chain_id, struct buf *ret_payload, struct error *ret_error)
{
	const struct transaction_type_row *row = row_for(transaction, chain_id, ret_error);

	if (!row)
		return false;
	if (row->is_enveloped)
		buf_put_u8(ret_payload, (uint8_t)row->type);
	size_t list = rlp_list_begin(ret_payload);
	row->put_items(ret_payload, transaction, chain_id);
	if (!row->is_enveloped && chain_id != 0) {
		rlp_put_u64(ret_payload, chain_id);
		rlp_put_u64(ret_payload, 0);
		rlp_put_u64(ret_payload, 0);
	}
	rlp_list_end(ret_payload, list);
	return check_size(ret_payload, ret_error);
}

/* EIP-155's three items behind a legacy transaction's, or nothing. */
static void get_protection(struct rlp_reader *items, struct transaction *ret_transaction)
{
	if (!rlp_more(items))
		return;
	transaction_get_chain_id(items, ret_transaction);
	if (rlp_get_u64(items) != 0 || rlp_get_u64(items) != 0)
		items->reader.failed = true;
}

static bool encodes_to(const struct transaction *transaction, struct bytes payload, struct error *ret_error)
{
	BUF_CLEANUP struct buf again = BUF_INIT(payload.size);
	uint64_t chain_id = 0;

	return u256_fits_u64(&transaction->chain_id, &chain_id) &&
	       transaction_put_payload(transaction, chain_id, &again, ret_error) && bytes_equal(buf_bytes(&again), payload);
}

bool transaction_parse_payload(
    struct bytes untrusted_payload, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	memset(ret_transaction, 0, sizeof(*ret_transaction));
	if (untrusted_payload.size == 0 || untrusted_payload.size > TRANSACTION_SIZE_MAX)
		return error_set(
		    ret_error, ERROR_REFUSED, "the payload is no transaction: it has %zu bytes", untrusted_payload.size);
	/* EIP-2718: below 0x80 it is a type; a list, which legacy transactions are, begins at 0xc0. */
	bool enveloped = untrusted_payload.data[0] < 0x80;
	const struct transaction_type_row *row = transaction_type_find(enveloped ? untrusted_payload.data[0] : 0);
	if (!row || row->is_enveloped != enveloped)
		return error_set(
		    ret_error, ERROR_REFUSED, "transactions of type 0x%x are not available", untrusted_payload.data[0]);
	struct rlp_reader outer =
	    rlp_reader_of(bytes_of(untrusted_payload.data + (enveloped ? 1 : 0), untrusted_payload.size - (enveloped ? 1 : 0)));
	struct rlp_reader items = rlp_get_list(&outer);
	ret_transaction->type = row->type;
	row->get_items(&items, arena, ret_transaction);
	if (!enveloped)
		get_protection(&items, ret_transaction);
	if (!rlp_done(&items) || !rlp_done(&outer) || !encodes_to(ret_transaction, untrusted_payload, ret_error))
		return error_set(ret_error, ERROR_REFUSED, "the payload is no well-formed %s transaction", row->name);
	return true;
}

/* v as it stands in a signed transaction. Wider than 64 bits for the largest chain ids. */
static struct u256 signature_v(const struct transaction_type_row *row, uint64_t chain_id, uint8_t parity)
{
	struct u256 v = u256_from_u64(parity);
	struct u256 chain = u256_from_u64(chain_id);
	struct u256 base = u256_from_u64(chain_id == 0 ? V_UNPROTECTED : V_PROTECTED);

	if (row->is_enveloped)
		return v;
	/* None of these overflows 256 bits. */
	u256_add(&v, &chain, &v);
	u256_add(&v, &chain, &v);
	u256_add(&v, &base, &v);
	return v;
}

static struct u256 number_of(const uint8_t bytes[32])
{
	struct u256 number = U256_ZERO;

	u256_from_bytes(bytes_of(bytes, 32), &number);
	return number;
}

static void put_signed_list(const struct transaction_type_row *row, const struct transaction *transaction, uint64_t chain_id,
    const struct signature *signature, struct buf *buf)
{
	struct u256 v = signature_v(row, chain_id, signature->parity);
	struct u256 r = number_of(signature->r);
	struct u256 s = number_of(signature->s);
	size_t list = rlp_list_begin(buf);

	row->put_items(buf, transaction, chain_id);
	rlp_put_u256(buf, &v);
	rlp_put_u256(buf, &r);
	rlp_put_u256(buf, &s);
	rlp_list_end(buf, list);
}

bool transaction_put_signed(const struct transaction *transaction, uint64_t chain_id, const struct signature *signature,
    struct buf *ret_raw, struct error *ret_error)
{
	const struct transaction_type_row *row = row_for(transaction, chain_id, ret_error);

	if (!row)
		return false;
	if (transaction->sidecar && !blob_sidecar_is_complete(transaction->sidecar))
		return error_set(ret_error, ERROR_INTERNAL, "the blobs have no commitments and proofs yet");
	if (row->is_enveloped)
		buf_put_u8(ret_raw, (uint8_t)row->type);
	size_t list = rlp_list_begin(ret_raw);
	put_signed_list(row, transaction, chain_id, signature, ret_raw);
	if (transaction->sidecar) {
		blob_sidecar_put_rlp(transaction->sidecar, ret_raw);
		rlp_list_end(ret_raw, list);
	}
	return check_size(ret_raw, ret_error);
}

/* What a block holds, and its transaction hash is made of: without the sidecar. */
static void hash_signed(const struct transaction_type_row *row, const struct transaction *transaction, uint64_t chain_id,
    const struct signature *signature, uint8_t ret_hash[KECCAK256_SIZE])
{
	BUF_CLEANUP struct buf raw = BUF_INIT(TRANSACTION_SIZE_MAX);

	if (row->is_enveloped)
		buf_put_u8(&raw, (uint8_t)row->type);
	put_signed_list(row, transaction, chain_id, signature, &raw);
	keccak256(buf_bytes(&raw), ret_hash);
}

static void put_number(struct buf *buf, const char *name, const struct u256 *number)
{
	buf_put_text(buf, name);
	quantity_put_u256(buf, number);
}

static void put_fees(struct buf *buf, const struct transaction_type_row *row, const struct transaction *transaction)
{
	if (row->has_dynamic_fee) {
		put_number(buf, ",\"gasPrice\":null,\"maxPriorityFeePerGas\":", &transaction->max_priority_fee);
		put_number(buf, ",\"maxFeePerGas\":", &transaction->max_fee);
	} else {
		put_number(buf, ",\"gasPrice\":", &transaction->gas_price);
		buf_put_text(buf, ",\"maxPriorityFeePerGas\":null,\"maxFeePerGas\":null");
	}
}

/* The members of "tx" before the signature. */
static void put_content(
    struct buf *buf, const struct transaction_type_row *row, const struct transaction *transaction, uint64_t chain_id)
{
	buf_printf(buf, "{\"type\":\"0x%x\"", (unsigned)row->type);
	if (chain_id != 0) {
		buf_put_text(buf, ",\"chainId\":");
		quantity_put_u64(buf, chain_id);
	}
	buf_put_text(buf, ",\"nonce\":");
	quantity_put_u64(buf, transaction->nonce);
	buf_put_text(buf, ",\"to\":");
	if (transaction->has_to)
		quantity_put_data(buf, bytes_of(transaction->to.bytes, ADDRESS_SIZE));
	else
		buf_put_text(buf, "null");
	buf_put_text(buf, ",\"gas\":");
	quantity_put_u64(buf, transaction->gas);
	put_fees(buf, row, transaction);
	put_number(buf, ",\"value\":", &transaction->value);
	buf_put_text(buf, ",\"input\":");
	quantity_put_data(buf, transaction->data);
	if (row->has_access_list) {
		buf_put_text(buf, ",\"accessList\":");
		access_list_put_json(buf, transaction);
	}
	if (row->put_members)
		row->put_members(buf, transaction);
}

bool transaction_put_result_json(const struct transaction *transaction, uint64_t chain_id, const struct signature *signature,
    struct buf *ret_json, struct error *ret_error)
{
	BUF_CLEANUP struct buf raw = BUF_INIT(TRANSACTION_SIZE_MAX);
	uint8_t hash[KECCAK256_SIZE];

	if (!transaction_put_signed(transaction, chain_id, signature, &raw, ret_error))
		return false;
	const struct transaction_type_row *row = transaction_type_find((uint64_t)transaction->type);
	struct u256 v = signature_v(row, chain_id, signature->parity);
	struct u256 r = number_of(signature->r);
	struct u256 s = number_of(signature->s);
	hash_signed(row, transaction, chain_id, signature, hash);
	buf_put_text(ret_json, "{\"raw\":");
	quantity_put_data(ret_json, buf_bytes(&raw));
	buf_put_text(ret_json, ",\"tx\":");
	put_content(ret_json, row, transaction, chain_id);
	put_number(ret_json, ",\"v\":", &v);
	put_number(ret_json, ",\"r\":", &r);
	put_number(ret_json, ",\"s\":", &s);
	if (row->is_enveloped)
		put_number(ret_json, ",\"yParity\":", &v);
	if (transaction->sidecar)
		blob_sidecar_put_json(transaction->sidecar, false, ret_json);
	buf_put_text(ret_json, ",\"hash\":");
	quantity_put_data(ret_json, bytes_of(hash, sizeof(hash)));
	buf_put_text(ret_json, "}}");
	return check_size(ret_json, ret_error);
}
