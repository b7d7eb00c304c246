/* Reading the argument of account_signTransaction. */
#include <string.h>

#include "eth/access_list.h"
#include "eth/authorization.h"
#include "eth/blob_parts.h"
#include "eth/quantity.h"
#include "eth/transaction_type.h"

/* What is collected while the members of one object are read. */
struct reading {
	struct arena *arena;
	struct transaction *transaction;
	bool has_input;
	struct bytes input;
	bool has_type;
	uint64_t type;
	struct blob_fields blobs;
	unsigned present; /* bits 1 << index into fields[] */
};

static bool read_from(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct transaction *transaction = reading->transaction;

	transaction->has_from = true;
	return quantity_get_address_text(
	    untrusted_value, "from", reading->arena, &transaction->from, &transaction->from_text, ret_error);
}

static bool read_to(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct transaction *transaction = reading->transaction;

	if (!quantity_get_address_text(untrusted_value, "to", reading->arena, &transaction->to, &transaction->to_text, ret_error))
		return false;
	transaction->has_to = true;
	transaction->to_is_checksummed = address_is_checksummed(bytes_text(yyjson_get_str(untrusted_value)));
	return true;
}

static bool read_gas(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return quantity_get_u64(untrusted_value, "gas", &reading->transaction->gas, ret_error);
}

static bool read_nonce(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return quantity_get_u64(untrusted_value, "nonce", &reading->transaction->nonce, ret_error);
}

static bool read_value(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return quantity_get_u256(untrusted_value, "value", &reading->transaction->value, ret_error);
}

static bool read_gas_price(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_gas_price = true;
	return quantity_get_u256(untrusted_value, "gasPrice", &reading->transaction->gas_price, ret_error);
}

static bool read_max_fee(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_max_fee = true;
	return quantity_get_u256(untrusted_value, "maxFeePerGas", &reading->transaction->max_fee, ret_error);
}

static bool read_max_priority_fee(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_max_priority_fee = true;
	return quantity_get_u256(untrusted_value, "maxPriorityFeePerGas", &reading->transaction->max_priority_fee, ret_error);
}

static bool read_chain_id(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_chain_id = true;
	return quantity_get_u256(untrusted_value, "chainId", &reading->transaction->chain_id, ret_error);
}

static bool read_data(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_data = true;
	return quantity_get_data(untrusted_value, "data", reading->arena, &reading->transaction->data, ret_error);
}

static bool read_input(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->has_input = true;
	return quantity_get_data(untrusted_value, "input", reading->arena, &reading->input, ret_error);
}

static bool read_access_list(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return access_list_from_json(untrusted_value, reading->arena, reading->transaction, ret_error);
}

static bool read_type(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->has_type = true;
	return quantity_get_u64(untrusted_value, "type", &reading->type, ret_error);
}

/* A leftover of a signed transaction that a client sends back as it got it. It says nothing about what is to be signed. */
static bool ignore(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	(void)reading;
	(void)untrusted_value;
	(void)ret_error;
	return true;
}

static bool read_max_fee_per_blob_gas(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_max_fee_per_blob_gas = true;
	return quantity_get_u256(untrusted_value, "maxFeePerBlobGas", &reading->transaction->max_fee_per_blob_gas, ret_error);
}

static bool read_blob_hashes(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return blob_fields_read_hashes(untrusted_value, reading->arena, reading->transaction, ret_error);
}

static bool read_blobs(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return blob_fields_read_blobs(untrusted_value, reading->arena, &reading->blobs, ret_error);
}

static bool read_commitments(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return blob_fields_read_commitments(untrusted_value, reading->arena, &reading->blobs, ret_error);
}

static bool read_proofs(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return blob_fields_read_proofs(untrusted_value, reading->arena, &reading->blobs, ret_error);
}

static bool read_blob_version(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return blob_fields_read_version(untrusted_value, &reading->blobs, ret_error);
}

static bool read_authorization_list(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	return authorization_list_from_json(untrusted_value, reading->arena, reading->transaction, ret_error);
}

/* Sets of transaction types. */
#define TYPE(name) (1u << TRANSACTION_##name)
/* Fees of both kinds in one request are refused by validation_transaction, in Clef's words; newer types than Clef's own three are judged here. */
#define WITH_GAS_PRICE   (TYPE(LEGACY) | TYPE(ACCESS_LIST) | TYPE(DYNAMIC_FEE))
#define WITH_DYNAMIC_FEE (TYPE(DYNAMIC_FEE) | TYPE(BLOB) | TYPE(SET_CODE))
#define WITH_ACCESS_LIST (TYPE(ACCESS_LIST) | WITH_DYNAMIC_FEE)
#define EVERY_TYPE       (TYPE(LEGACY) | WITH_ACCESS_LIST)

/* Every member that a request may have, and the types that have it. What is not here is refused, as is a field of another type. */
static const struct field {
	const char *name;
	bool null_is_absent;
	unsigned types;
	bool (*read)(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error);
} fields[] = {
    {"from", false, EVERY_TYPE, read_from},
    {"to", true, EVERY_TYPE, read_to},
    {"gas", false, EVERY_TYPE, read_gas},
    {"gasPrice", true, WITH_GAS_PRICE, read_gas_price},
    {"maxFeePerGas", true, WITH_DYNAMIC_FEE, read_max_fee},
    {"maxPriorityFeePerGas", true, EVERY_TYPE, read_max_priority_fee},
    {"value", false, EVERY_TYPE, read_value},
    {"nonce", false, EVERY_TYPE, read_nonce},
    {"data", true, EVERY_TYPE, read_data},
    {"input", true, EVERY_TYPE, read_input},
    {"chainId", true, EVERY_TYPE, read_chain_id},
    {"accessList", true, WITH_ACCESS_LIST, read_access_list},
    {"type", true, EVERY_TYPE, read_type},
    {"v", true, EVERY_TYPE, ignore},
    {"r", true, EVERY_TYPE, ignore},
    {"s", true, EVERY_TYPE, ignore},
    {"yParity", true, EVERY_TYPE, ignore},
    {"hash", true, EVERY_TYPE, ignore},
    {"maxFeePerBlobGas", true, TYPE(BLOB), read_max_fee_per_blob_gas},
    {"blobVersionedHashes", true, TYPE(BLOB), read_blob_hashes},
    {"blobs", true, TYPE(BLOB), read_blobs},
    {"commitments", true, TYPE(BLOB), read_commitments},
    {"proofs", true, TYPE(BLOB), read_proofs},
    {"blobVersion", true, TYPE(BLOB), read_blob_version},
    {"authorizationList", true, TYPE(SET_CODE), read_authorization_list},
};

static bool read_member(struct reading *reading, yyjson_val *untrusted_name, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct bytes name = bytes_of(yyjson_get_str(untrusted_name), yyjson_get_len(untrusted_name));

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!bytes_equal_text(name, fields[i].name))
			continue;
		if (fields[i].null_is_absent && yyjson_is_null(untrusted_value))
			return true;
		reading->present |= 1u << i;
		return fields[i].read(reading, untrusted_value, ret_error);
	}
	return error_set(ret_error, ERROR_PARAMS,
	    "unknown field \"%.*s\" in the transaction: nothing is signed that is not understood",
	    (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
}

/* A field that the type does not have would be dropped from what is signed. */
static bool fields_fit(const struct reading *reading, struct error *ret_error)
{
	enum transaction_type type = reading->transaction->type;

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if ((reading->present & 1u << i) == 0 || (fields[i].types & 1u << type) != 0)
			continue;
		return error_set(ret_error, ERROR_REFUSED,
		    "%s: the other fields make this a %s transaction, which has no such field", fields[i].name,
		    transaction_type_find((uint64_t)type)->name);
	}
	return true;
}

static enum transaction_type type_of_fields(const struct reading *reading)
{
	const struct transaction *transaction = reading->transaction;

	if (transaction->has_authorizations)
		return TRANSACTION_SET_CODE;
	if (transaction->has_blob_hashes || reading->blobs.has_blobs)
		return TRANSACTION_BLOB;
	if (transaction->has_max_fee)
		return TRANSACTION_DYNAMIC_FEE;
	return transaction->has_access_list ? TRANSACTION_ACCESS_LIST : TRANSACTION_LEGACY;
}

static bool settle_type(struct reading *reading, struct error *ret_error)
{
	struct transaction *transaction = reading->transaction;

	transaction->type = type_of_fields(reading);
	if (!reading->has_type || reading->type == (uint64_t)transaction->type)
		return true;
	return error_set(ret_error, ERROR_PARAMS, "type: 0x%llx does not fit the fields, which make it a %s transaction (0x%x)",
	    (unsigned long long)reading->type, transaction_type_find((uint64_t)transaction->type)->name,
	    (unsigned)transaction->type);
}

_Static_assert(sizeof(fields) / sizeof(fields[0]) <= 32, "a bit for each field in reading.present");

static bool has_recipient(const struct transaction *transaction, struct error *ret_error)
{
	return transaction->type != TRANSACTION_SET_CODE || transaction->has_to ||
	       error_set(ret_error, ERROR_REFUSED,
	           "to: expected a recipient: a set-code (EIP-7702) transaction cannot create a contract");
}

static bool settle_blobs(struct reading *reading, struct error *ret_error)
{
	return reading->transaction->type != TRANSACTION_BLOB ||
	       blob_fields_settle(&reading->blobs, reading->arena, reading->transaction, ret_error);
}

static bool settle_data(struct reading *reading, struct error *ret_error)
{
	struct transaction *transaction = reading->transaction;

	if (reading->has_input && transaction->has_data && !bytes_equal(reading->input, transaction->data))
		return error_set(
		    ret_error, ERROR_REFUSED, "ambiguous request: both \"data\" and \"input\" are set and are not identical");
	if (reading->has_input) {
		transaction->has_data = true;
		transaction->data = reading->input;
	}
	return true;
}

bool transaction_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error)
{
	struct reading reading = {.arena = arena, .transaction = ret_transaction};
	size_t index, count;
	yyjson_val *untrusted_name, *untrusted_member;
	struct bytes duplicate;

	memset(ret_transaction, 0, sizeof(*ret_transaction));
	if (yyjson_is_null(untrusted_value))
		return true;
	if (!yyjson_is_obj(untrusted_value))
		return error_set(ret_error, ERROR_PARAMS, "expected the transaction as an object");
	if (json_has_duplicate(untrusted_value, &duplicate))
		return error_set(ret_error, ERROR_PARAMS, "\"%.*s\" is there twice: which one counts would be a guess",
		    (int)(duplicate.size < 64 ? duplicate.size : 64), (const char *)duplicate.data);
	yyjson_obj_foreach(untrusted_value, index, count, untrusted_name, untrusted_member)
	{
		if (!read_member(&reading, untrusted_name, untrusted_member, ret_error))
			return false;
	}
	return settle_data(&reading, ret_error) && settle_type(&reading, ret_error) && fields_fit(&reading, ret_error) &&
	       has_recipient(ret_transaction, ret_error) && settle_blobs(&reading, ret_error);
}

bool transaction_require_from(const struct transaction *transaction, struct error *ret_error)
{
	return transaction->has_from ||
	       error_set(ret_error, ERROR_PARAMS, "from: expected the address of the account that is to sign, found nothing");
}

bool transaction_check_chain(const struct transaction *transaction, uint64_t chain_id, struct error *ret_error)
{
	struct u256 ours = u256_from_u64(chain_id);
	char asked[U256_DECIMAL_SIZE];

	if (!authorization_list_check_chain(transaction, chain_id, ret_error))
		return false;
	if (!transaction->has_chain_id || u256_equal(&transaction->chain_id, &ours))
		return true;
	u256_to_decimal(&transaction->chain_id, asked);
	return error_set(ret_error, ERROR_CHAIN,
	    "requested chainid %s does not match the configuration of the signer, which signs for chain %llu (--chainid)", asked,
	    (unsigned long long)chain_id);
}
