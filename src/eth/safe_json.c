/* Reading the argument of account_signGnosisSafeTx. */
#include <string.h>

#include "base/hex.h"
#include "eth/quantity.h"
#include "eth/safe.h"

#define SHOWN_MAX 64

struct reading {
	struct arena *arena;
	struct safe_transaction *transaction;
	bool has_safe, has_to, has_base_gas;
};

static bool read_safe(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct safe_transaction *transaction = reading->transaction;

	reading->has_safe = true;
	return quantity_get_address_text(
	    untrusted_value, name, reading->arena, &transaction->safe, &transaction->safe_text, ret_error);
}

static bool read_to(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct safe_transaction *transaction = reading->transaction;

	reading->has_to = true;
	if (!quantity_get_address_text(untrusted_value, name, reading->arena, &transaction->to, &transaction->to_text, ret_error))
		return false;
	transaction->to_is_checksummed = address_is_checksummed(json_bytes(untrusted_value));
	return true;
}

static bool read_gas_token(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	return quantity_get_address(untrusted_value, name, &reading->transaction->gas_token, ret_error);
}

static bool read_refund_receiver(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	return quantity_get_address(untrusted_value, name, &reading->transaction->refund_receiver, ret_error);
}

static bool read_data(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_data = true;
	return quantity_get_data(untrusted_value, name, reading->arena, &reading->transaction->data, ret_error);
}

static bool read_hash(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct safe_transaction *transaction = reading->transaction;

	transaction->has_hash = true;
	return quantity_get_fixed(untrusted_value, name, transaction->hash, sizeof(transaction->hash), ret_error);
}

static bool read_contract_hash(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct safe_transaction *transaction = reading->transaction;

	transaction->has_contract_hash = true;
	return quantity_get_fixed(
	    untrusted_value, name, transaction->contract_hash, sizeof(transaction->contract_hash), ret_error);
}

/* Decimal digits, or 0x and hex digits. What is negative is well-formed, but never a number here. */
static bool parse_number(struct bytes text, const char *name, struct u256 *ret_value, struct error *ret_error)
{
	struct u256 ignored;

	if (hex_has_prefix(text) ? u256_from_hex_digits(hex_skip_prefix(text), ret_value) : u256_from_decimal(text, ret_value))
		return true;
	if (text.size > 1 && text.data[0] == '-' && u256_from_decimal(bytes_of(text.data + 1, text.size - 1), &ignored))
		return error_set(ret_error, ERROR_REFUSED, "%s: expected a number that is not negative", name);
	return error_set(ret_error, ERROR_PARAMS,
	    "%s: expected a whole number of at most 256 bits, in decimal or in hex with 0x in front, found \"%.*s\"", name,
	    (int)(text.size < SHOWN_MAX ? text.size : SHOWN_MAX), (const char *)text.data);
}

static bool get_text_number(yyjson_val *untrusted_value, const char *name, struct u256 *ret_value, struct error *ret_error)
{
	if (!yyjson_is_str(untrusted_value))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected a number as a text, such as \"1000\"", name);
	return parse_number(json_bytes(untrusted_value), name, ret_value, ret_error);
}

static bool get_number(yyjson_val *untrusted_value, const char *name, struct u256 *ret_value, struct error *ret_error)
{
	if (!yyjson_is_str(untrusted_value) && !yyjson_is_raw(untrusted_value))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected a number, or a number as a text", name);
	return parse_number(json_bytes(untrusted_value), name, ret_value, ret_error);
}

static bool read_value(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	return get_text_number(untrusted_value, name, &reading->transaction->value, ret_error);
}

static bool read_gas_price(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	return get_text_number(untrusted_value, name, &reading->transaction->gas_price, ret_error);
}

static bool read_safe_tx_gas(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	return get_number(untrusted_value, name, &reading->transaction->safe_tx_gas, ret_error);
}

/* dataGas is what the first versions called it. */
static bool read_base_gas(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	if (reading->has_base_gas)
		return error_set(ret_error, ERROR_REFUSED, "%s: expected one of baseGas and dataGas, found both", name);
	reading->has_base_gas = true;
	return get_number(untrusted_value, name, &reading->transaction->base_gas, ret_error);
}

static bool read_nonce(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	return get_number(untrusted_value, name, &reading->transaction->nonce, ret_error);
}

static bool read_chain_id(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	reading->transaction->has_chain_id = true;
	return get_number(untrusted_value, name, &reading->transaction->chain_id, ret_error);
}

/* 8 bits in the contract, of which two values mean something. */
static bool read_operation(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error)
{
	struct bytes text = json_bytes(untrusted_value);
	struct u256 number;

	if (!yyjson_is_raw(untrusted_value) || !u256_from_decimal(text, &number) || u256_bits(&number) > 8)
		return error_set(ret_error, ERROR_PARAMS, "%s: expected the number 0 (call) or 1 (delegate call)", name);
	if (bytes_equal_text(text, "0"))
		reading->transaction->operation = SAFE_OPERATION_CALL;
	else if (bytes_equal_text(text, "1"))
		reading->transaction->operation = SAFE_OPERATION_DELEGATE_CALL;
	else
		return error_set(ret_error, ERROR_REFUSED, "%s: expected 0 (call) or 1 (delegate call), found %.*s", name,
		    (int)text.size, (const char *)text.data);
	return true;
}

/* Every member that decides what is signed. */
static const struct field {
	const char *name;
	bool null_is_absent;
	bool (*read)(struct reading *reading, const char *name, yyjson_val *untrusted_value, struct error *ret_error);
} fields[] = {
    {"safe", false, read_safe},
    {"to", false, read_to},
    {"value", true, read_value},
    {"data", true, read_data},
    {"operation", true, read_operation},
    {"gasToken", true, read_gas_token},
    {"safeTxGas", true, read_safe_tx_gas},
    {"baseGas", true, read_base_gas},
    {"dataGas", true, read_base_gas},
    {"gasPrice", true, read_gas_price},
    {"refundReceiver", true, read_refund_receiver},
    {"nonce", true, read_nonce},
    {"safeTxHash", false, read_hash},
    {"contractTransactionHash", true, read_contract_hash},
    {"chainId", true, read_chain_id},
};

/*
 * What the transaction service adds to a transaction that it hands out, and what Clef's own answer adds (for the next owner): its history and an
 * explanation of the data. None of it is part of what a Safe contract hashes.
 */
static const char *const harmless[] = {"blockNumber", "confirmations", "confirmationsRequired", "dataDecoded", "ethGasPrice",
    "executionDate", "executor", "fee", "gasUsed", "isExecuted", "isSuccessful", "maxFeePerGas", "maxPriorityFeePerGas",
    "modified", "origin", "payment", "proposedByDelegate", "proposer", "sender", "signature", "signatures", "submissionDate",
    "transactionHash", "transfers", "trusted", "txType"};

static bool read_member(struct reading *reading, struct bytes name, yyjson_val *untrusted_value, struct error *ret_error)
{
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		if (!bytes_equal_text(name, fields[i].name))
			continue;
		if (fields[i].null_is_absent && yyjson_is_null(untrusted_value))
			return true;
		return fields[i].read(reading, fields[i].name, untrusted_value, ret_error);
	}
	for (size_t i = 0; i < sizeof(harmless) / sizeof(harmless[0]); i++)
		if (bytes_equal_text(name, harmless[i]))
			return true;
	return error_set(ret_error, ERROR_PARAMS,
	    "unknown field \"%.*s\" in the Safe transaction: nothing is signed that is not understood",
	    (int)(name.size < SHOWN_MAX ? name.size : SHOWN_MAX), (const char *)name.data);
}

static bool read_members(struct reading *reading, yyjson_val *untrusted_value, struct error *ret_error)
{
	size_t index, count;
	yyjson_val *untrusted_name, *untrusted_member;
	struct bytes duplicate;

	if (!yyjson_is_obj(untrusted_value))
		return error_set(ret_error, ERROR_PARAMS, "expected the Safe transaction as an object");
	if (json_has_duplicate(untrusted_value, &duplicate))
		return error_set(ret_error, ERROR_PARAMS, "\"%.*s\" is there twice: which one counts would be a guess",
		    (int)(duplicate.size < SHOWN_MAX ? duplicate.size : SHOWN_MAX), (const char *)duplicate.data);
	yyjson_obj_foreach(untrusted_value, index, count, untrusted_name, untrusted_member)
	{
		if (!read_member(reading, json_bytes(untrusted_name), untrusted_member, ret_error))
			return false;
	}
	return true;
}

bool safe_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct safe_transaction *ret_transaction, struct error *ret_error)
{
	struct reading reading = {.arena = arena, .transaction = ret_transaction};

	memset(ret_transaction, 0, sizeof(*ret_transaction));
	if (!yyjson_is_null(untrusted_value) && !read_members(&reading, untrusted_value, ret_error))
		return false;
	if (!reading.has_safe)
		return error_set(ret_error, ERROR_REFUSED, "safe: expected the address of the Safe, found nothing");
	return reading.has_to ||
	       error_set(ret_error, ERROR_REFUSED, "to: expected the address that the Safe is to call, found nothing");
}
