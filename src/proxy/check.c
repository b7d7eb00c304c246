#include "proxy/check.h"

#include <string.h>

#include "eth/authorization.h"
#include "eth/blob.h"
#include "eth/quantity.h"

/* ---- one field ---- */

static bool same_number(const char *name, const struct u256 *asked, const struct u256 *found, struct error *ret_error)
{
	char expected[U256_HEX_SIZE], got[U256_HEX_SIZE];

	if (u256_equal(asked, found))
		return true;
	u256_to_quantity(asked, expected);
	u256_to_quantity(found, got);
	return error_set(ret_error, ERROR_REFUSED, "%s: expected %s, found %s", name, expected, got);
}

static bool same_u64(const char *name, uint64_t asked, uint64_t found, struct error *ret_error)
{
	struct u256 a = u256_from_u64(asked), b = u256_from_u64(found);

	return same_number(name, &a, &b, ret_error);
}

static bool same_account(const char *name, const struct address *asked, const struct address *found, struct error *ret_error)
{
	char expected[ADDRESS_TEXT_SIZE] = "no address", got[ADDRESS_TEXT_SIZE] = "none";

	if (asked == NULL ? found == NULL : found != NULL && address_equal(asked, found))
		return true;
	if (asked != NULL)
		address_to_checksum(asked, expected);
	if (found != NULL)
		address_to_checksum(found, got);
	return error_set(ret_error, ERROR_REFUSED, "%s: expected %s, found %s", name, expected, got);
}

static bool same_bytes(const char *name, struct bytes asked, struct bytes found, struct error *ret_error)
{
	size_t at = 0;

	if (asked.size != found.size)
		return error_set(ret_error, ERROR_REFUSED, "%s: expected %zu bytes, found %zu", name, asked.size, found.size);
	while (at < asked.size && asked.data[at] == found.data[at])
		at++;
	return at == asked.size || error_set(ret_error, ERROR_REFUSED, "%s: expected 0x%02x as byte %zu, found 0x%02x", name,
	                               asked.data[at], at, found.data[at]);
}

/* ---- fields that have parts ---- */

/* Would the two be signed alike, were it not for what `with` has in place of `found`? */
static bool same_payload(const struct transaction *asked, const struct transaction *with, uint64_t chain_id)
{
	BUF_CLEANUP struct buf first = BUF_INIT(TRANSACTION_SIZE_MAX), second = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct error ignored;

	return transaction_put_payload(asked, chain_id, &first, &ignored) &&
	       transaction_put_payload(with, chain_id, &second, &ignored) && bytes_equal(buf_bytes(&first), buf_bytes(&second));
}

/* Everything else is the same by now: whichever list makes the difference is the one that was changed. */
static bool same_lists(
    const struct transaction *asked, const struct transaction *found, uint64_t chain_id, struct error *ret_error)
{
	struct transaction other = *found;

	if (same_payload(asked, found, chain_id))
		return true;
	other.has_access_list = asked->has_access_list;
	other.access_count = asked->access_count;
	other.access = asked->access;
	if (same_payload(asked, &other, chain_id) || asked->type != TRANSACTION_SET_CODE)
		return error_set(ret_error, ERROR_REFUSED,
		    "accessList: expected the %zu entries that were asked for, found %zu, and not the same", asked->access_count,
		    found->access_count);
	return error_set(ret_error, ERROR_REFUSED,
	    "authorizationList: expected the %zu entries that were asked for, found %zu, and not the same",
	    asked->authorization_count, found->authorization_count);
}

static bool same_hashes(const struct transaction *asked, const struct transaction *found, struct error *ret_error)
{
	return same_bytes("blobVersionedHashes", bytes_of(asked->blob_hashes, asked->blob_hash_count * BLOB_HASH_SIZE),
	    bytes_of(found->blob_hashes, found->blob_hash_count * BLOB_HASH_SIZE), ret_error);
}

/* EIP-4844: each hash is that of its commitment. Whether commitments are those of the blobs takes arithmetic that the network does. */
static bool hashes_fit(const struct transaction *found, struct error *ret_error)
{
	const struct blob_sidecar *sidecar = found->sidecar;
	uint8_t hash[BLOB_HASH_SIZE];

	for (size_t i = 0; i < sidecar->count && i < found->blob_hash_count; i++) {
		blob_hash(sidecar->commitments.data + i * BLOB_COMMITMENT_SIZE, hash);
		if (memcmp(hash, found->blob_hashes[i], sizeof(hash)) != 0)
			return error_set(ret_error, ERROR_REFUSED,
			    "commitments[%zu]: expected that of blobVersionedHashes[%zu], found another", i, i);
	}
	return same_u64("number of blobs", found->blob_hash_count, sidecar->count, ret_error);
}

static bool same_sidecar(const struct blob_sidecar *asked, const struct transaction *found, struct error *ret_error)
{
	const struct blob_sidecar *sidecar = found->sidecar;

	if ((asked == NULL) != (sidecar == NULL))
		return error_set(ret_error, ERROR_REFUSED, "blobs: expected %s, found %s",
		    asked == NULL ? "none" : "those asked for", sidecar == NULL ? "none" : "some");
	if (asked == NULL)
		return true;
	if (!same_u64("blobVersion", (uint64_t)asked->version, (uint64_t)sidecar->version, ret_error) ||
	    !same_bytes("blobs", asked->blobs, sidecar->blobs, ret_error) || !hashes_fit(found, ret_error))
		return false;
	return !blob_sidecar_is_complete(asked) ||
	       (same_bytes("commitments", asked->commitments, sidecar->commitments, ret_error) &&
	           same_bytes("proofs", asked->proofs, sidecar->proofs, ret_error));
}

/* ---- all of them ---- */

static bool same_fees(const struct transaction *asked, const struct transaction *found, struct error *ret_error)
{
	return same_number("gasPrice", &asked->gas_price, &found->gas_price, ret_error) &&
	       same_number("maxFeePerGas", &asked->max_fee, &found->max_fee, ret_error) &&
	       same_number("maxPriorityFeePerGas", &asked->max_priority_fee, &found->max_priority_fee, ret_error) &&
	       same_number("maxFeePerBlobGas", &asked->max_fee_per_blob_gas, &found->max_fee_per_blob_gas, ret_error);
}

static bool same_call(const struct transaction *asked, const struct transaction *found, struct error *ret_error)
{
	return same_account("to", asked->has_to ? &asked->to : NULL, found->has_to ? &found->to : NULL, ret_error) &&
	       same_number("value", &asked->value, &found->value, ret_error) &&
	       same_bytes("data", asked->data, found->data, ret_error);
}

static bool same_transaction(
    const struct transaction *asked, const struct transaction_signed *found, uint64_t chain_id, struct error *ret_error)
{
	const struct transaction *transaction = &found->transaction;
	struct transaction whole = *asked;

	if (!same_u64("type", (uint64_t)asked->type, (uint64_t)transaction->type, ret_error) ||
	    !same_u64("chainId", chain_id, found->chain_id, ret_error) ||
	    !same_u64("nonce", asked->nonce, transaction->nonce, ret_error) ||
	    !same_u64("gas", asked->gas, transaction->gas, ret_error) || !same_fees(asked, transaction, ret_error) ||
	    !same_call(asked, transaction, ret_error) || !same_sidecar(asked->sidecar, transaction, ret_error))
		return false;
	if (asked->has_blob_hashes && !same_hashes(asked, transaction, ret_error))
		return false;
	if (!asked->has_blob_hashes) { /* left to the signer, and made of the very blobs */
		whole.blob_hash_count = transaction->blob_hash_count;
		whole.blob_hashes = transaction->blob_hashes;
	}
	return same_lists(&whole, transaction, chain_id, ret_error);
}

static bool check_signer(const struct signature_context *context, const uint8_t digest[SIGNATURE_DIGEST_SIZE],
    const struct signature *signature, const struct address *account, struct error *ret_error)
{
	struct address signer;

	if (!signature_recover(context, digest, signature, &signer))
		return error_set(ret_error, ERROR_REFUSED, "the signature is none that anybody can have made");
	return same_account("from", account, &signer, ret_error);
}

static bool read_raw(yyjson_val *untrusted_result, struct arena *arena, struct bytes *ret_raw, struct error *ret_error)
{
	yyjson_val *untrusted_raw = yyjson_is_obj(untrusted_result) ? yyjson_obj_get(untrusted_result, "raw") : NULL;

	if (!quantity_get_data(untrusted_raw, "raw", arena, ret_raw, ret_error)) {
		ret_error->kind = ERROR_REFUSED;
		return false;
	}
	return true;
}

bool check_transaction(const struct signature_context *context, yyjson_val *untrusted_result, const struct transaction *asked,
    uint64_t chain_id, struct arena *arena, struct check_signed *ret_signed, struct error *ret_error)
{
	struct transaction_signed found;

	if (!read_raw(untrusted_result, arena, &ret_signed->raw, ret_error) ||
	    !transaction_from_signed(ret_signed->raw, arena, &found, ret_error) ||
	    !same_transaction(asked, &found, chain_id, ret_error) ||
	    !check_signer(context, found.digest, &found.signature, &asked->from, ret_error))
		return error_prefix(ret_error, "the signer's answer is not what was asked for");
	memcpy(ret_signed->hash, found.hash, sizeof(ret_signed->hash));
	return true;
}

bool check_signature(const struct signature_context *context, yyjson_val *untrusted_result,
    const uint8_t digest[SIGNATURE_DIGEST_SIZE], const struct address *account, struct error *ret_error)
{
	uint8_t bytes[SIGNATURE_SIZE];
	struct signature signature;

	if (!quantity_get_fixed(untrusted_result, "signature", bytes, sizeof(bytes), ret_error)) {
		ret_error->kind = ERROR_REFUSED;
		return error_prefix(ret_error, "the signer's answer is not what was asked for");
	}
	if (!signature_from_bytes(bytes_of(bytes, sizeof(bytes)), &signature, ret_error) ||
	    !check_signer(context, digest, &signature, account, ret_error))
		return error_prefix(ret_error, "the signer's answer is not what was asked for");
	return signature_has_low_s(&signature) ||
	       error_set(ret_error, ERROR_REFUSED,
	           "the signer's answer is not what was asked for: s of the signature is in the upper half of the curve's order");
}

/* As a transaction's list of one it is read by the rules that its use will be. */
static bool read_authorization(const struct signature_context *context, struct bytes untrusted_result, struct arena *arena,
    struct authorization *ret_found, struct error *ret_error)
{
	struct buf text BUF_CLEANUP = BUF_INIT(untrusted_result.size + 2);
	struct json json JSON_CLEANUP = {0};
	struct transaction list = {0};

	buf_put_u8(&text, '[');
	buf_put_bytes(&text, untrusted_result);
	buf_put_u8(&text, ']');
	if (!json_parse(buf_bytes(&text), &json, ret_error) ||
	    !authorization_list_from_json(json.root, arena, &list, ret_error) ||
	    !authorization_list_recover(context, arena, &list, ret_error))
		return false;
	*ret_found = list.authorizations[0];
	return true;
}

/* A chain that was not asked for is the signer's to say. */
static bool same_authorization(
    yyjson_val *untrusted_asked, const struct authorization *found, const struct address *account, struct error *ret_error)
{
	struct authorization asked;

	if (!authorization_from_json(untrusted_asked, found->chain_id, &asked, ret_error))
		return false;
	if (asked.chain_id != found->chain_id)
		return error_set(ret_error, ERROR_REFUSED, "chainId: another one than asked for");
	if (!address_equal(&asked.address, &found->address))
		return error_set(ret_error, ERROR_REFUSED, "address: another one than asked for");
	if (asked.nonce != found->nonce)
		return error_set(ret_error, ERROR_REFUSED, "nonce: another one than asked for");
	return address_equal(&found->authority, account) ||
	       error_set(ret_error, ERROR_REFUSED, "signed by another account than the one asked for");
}

bool check_authorization(const struct signature_context *context, struct bytes untrusted_result, yyjson_val *untrusted_asked,
    const struct address *account, struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct authorization found;

	if (read_authorization(context, untrusted_result, &arena, &found, ret_error) &&
	    same_authorization(untrusted_asked, &found, account, ret_error))
		return true;
	ret_error->kind = ERROR_REFUSED;
	return error_prefix(ret_error, "the signer's answer is not what was asked for");
}
