/* What a person sees of a Safe transaction, and what the caller gets. */
#include "base/hex.h"
#include "eth/base64.h"
#include "eth/quantity.h"
#include "eth/safe.h"

static void put_hash(const uint8_t hash[KECCAK256_SIZE], struct buf *ret_json)
{
	quantity_put_data(ret_json, bytes_of(hash, KECCAK256_SIZE));
}

/* ---- the messages, as of typed data ---- */

static void put_message_number(const char *name, const struct u256 *value, const char *type, struct buf *ret_json)
{
	char decimal[U256_DECIMAL_SIZE], hex[U256_HEX_SIZE];

	u256_to_decimal(value, decimal);
	u256_to_quantity(value, hex);
	buf_printf(ret_json, "{\"name\":\"%s\",\"value\":\"%s (%s)\",\"type\":\"%s\"}", name, decimal, hex, type);
}

static void put_message_address(const char *name, const struct address *address, struct buf *ret_json)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_checksum(address, text);
	buf_printf(ret_json, "{\"name\":\"%s\",\"value\":\"%s\",\"type\":\"address\"}", name, text);
}

static void put_domain(const struct safe_transaction *transaction, struct buf *ret_json)
{
	buf_put_text(ret_json, "{\"name\":\"EIP712Domain\",\"value\":[");
	if (transaction->version == SAFE_VERSION_1_3) {
		put_message_number("chainId", &transaction->chain_id, "uint256", ret_json);
		buf_put_u8(ret_json, ',');
	}
	put_message_address("verifyingContract", &transaction->safe, ret_json);
	buf_put_text(ret_json, "],\"type\":\"domain\"}");
}

static void put_gas(const struct safe_transaction *transaction, struct buf *ret_json)
{
	const char *base_gas = transaction->version == SAFE_VERSION_0_1 ? "dataGas" : "baseGas";

	put_message_number("safeTxGas", &transaction->safe_tx_gas, "uint256", ret_json);
	buf_put_u8(ret_json, ',');
	put_message_number(base_gas, &transaction->base_gas, "uint256", ret_json);
	buf_put_u8(ret_json, ',');
	put_message_number("gasPrice", &transaction->gas_price, "uint256", ret_json);
	buf_put_u8(ret_json, ',');
	put_message_address("gasToken", &transaction->gas_token, ret_json);
	buf_put_u8(ret_json, ',');
	put_message_address("refundReceiver", &transaction->refund_receiver, ret_json);
}

static void put_message(const struct safe_transaction *transaction, struct buf *ret_json)
{
	const struct u256 operation = u256_from_u64((uint64_t)transaction->operation);

	buf_put_text(ret_json, "{\"name\":\"SafeTx\",\"value\":[");
	put_message_address("to", &transaction->to, ret_json);
	buf_put_u8(ret_json, ',');
	put_message_number("value", &transaction->value, "uint256", ret_json);
	buf_put_text(ret_json, ",{\"name\":\"data\",\"value\":");
	quantity_put_data(ret_json, transaction->data);
	buf_put_text(ret_json, ",\"type\":\"bytes\"},");
	put_message_number("operation", &operation, "uint8", ret_json);
	buf_put_u8(ret_json, ',');
	put_gas(transaction, ret_json);
	buf_put_u8(ret_json, ',');
	put_message_number("nonce", &transaction->nonce, "uint256", ret_json);
	buf_put_text(ret_json, "],\"type\":\"primary type\"}");
}

void safe_put_ui_members(const struct safe_transaction *transaction, struct buf *ret_json)
{
	BUF_CLEANUP struct buf raw = BUF_INIT(2 + 2 * KECCAK256_SIZE);
	struct safe_hashes hashes;

	safe_hash(transaction, &hashes);
	buf_put_text(&raw, "\x19\x01");
	buf_put(&raw, hashes.domain, KECCAK256_SIZE);
	buf_put(&raw, hashes.message, KECCAK256_SIZE);
	buf_put_text(ret_json, "\"raw_data\":\"");
	base64_put(buf_bytes(&raw), ret_json);
	buf_put_text(ret_json, "\",\"messages\":[");
	put_domain(transaction, ret_json);
	buf_put_u8(ret_json, ',');
	put_message(transaction, ret_json);
	buf_put_text(ret_json, "],\"hash\":");
	put_hash(hashes.digest, ret_json);
}

/* ---- the same as data ---- */

static void put_decimal(const char *name, const struct u256 *value, struct buf *ret_json)
{
	char decimal[U256_DECIMAL_SIZE];

	u256_to_decimal(value, decimal);
	buf_printf(ret_json, ",\"%s\":\"%s\"", name, decimal);
}

static void put_address(const char *name, const struct address *address, struct buf *ret_json)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_checksum(address, text);
	buf_printf(ret_json, ",\"%s\":\"%s\"", name, text);
}

static const char *version_text(enum safe_version version)
{
	switch (version) {
	case SAFE_VERSION_1_3:
		return "1.3.0 or later";
	case SAFE_VERSION_1_0:
		return "1.0.0 to 1.2.0";
	case SAFE_VERSION_0_1:
		return "0.1.0";
	}
	return "unknown";
}

static void put_hashes(const struct safe_transaction *transaction, struct buf *ret_json)
{
	struct safe_hashes hashes;

	safe_hash(transaction, &hashes);
	buf_put_text(ret_json, ",\"domain_hash\":");
	put_hash(hashes.domain, ret_json);
	buf_put_text(ret_json, ",\"message_hash\":");
	put_hash(hashes.message, ret_json);
	buf_put_text(ret_json, ",\"digest\":");
	put_hash(hashes.digest, ret_json);
	buf_put_text(ret_json, transaction->has_hash ? ",\"hash_given\":true" : ",\"hash_given\":false");
}

void safe_put_decoded_members(const struct safe_transaction *transaction, struct buf *ret_json)
{
	buf_printf(ret_json, "\"kind\":\"safe_transaction\",\"version\":\"%s\"", version_text(transaction->version));
	if (transaction->version == SAFE_VERSION_1_3)
		put_decimal("chain_id", &transaction->chain_id, ret_json);
	else
		buf_put_text(ret_json, ",\"chain_id\":null");
	put_address("safe", &transaction->safe, ret_json);
	put_address("to", &transaction->to, ret_json);
	put_decimal("value", &transaction->value, ret_json);
	buf_put_text(ret_json, ",\"data\":");
	quantity_put_data(ret_json, transaction->data);
	buf_printf(
	    ret_json, ",\"operation\":\"%s\"", transaction->operation == SAFE_OPERATION_DELEGATE_CALL ? "delegate_call" : "call");
	put_decimal("safe_tx_gas", &transaction->safe_tx_gas, ret_json);
	put_decimal("base_gas", &transaction->base_gas, ret_json);
	put_decimal("gas_price", &transaction->gas_price, ret_json);
	put_address("gas_token", &transaction->gas_token, ret_json);
	put_address("refund_receiver", &transaction->refund_receiver, ret_json);
	put_decimal("nonce", &transaction->nonce, ret_json);
	put_hashes(transaction, ret_json);
}

/* ---- the answer ---- */

static void put_lower(const char *name, const struct address *address, struct buf *ret_json)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_lower(address, text);
	buf_printf(ret_json, ",\"%s\":\"%s\"", name, text);
}

static void put_plain(const char *name, const struct u256 *value, struct buf *ret_json)
{
	char decimal[U256_DECIMAL_SIZE];

	u256_to_decimal(value, decimal);
	buf_printf(ret_json, ",\"%s\":%s", name, decimal);
}

static void put_text(const char *name, struct bytes text, struct buf *ret_json)
{
	buf_printf(ret_json, ",\"%s\":", name);
	json_put_string(ret_json, text);
}

static void put_signed(const struct safe_transaction *transaction, const struct address *sender,
    const struct signature *signature, struct buf *ret_json)
{
	uint8_t bytes[SIGNATURE_SIZE];
	struct safe_hashes hashes;

	signature_to_bytes(signature, bytes);
	safe_hash(transaction, &hashes);
	buf_put_text(ret_json, "\"signature\":");
	quantity_put_data(ret_json, bytes_of(bytes, sizeof(bytes)));
	buf_put_text(ret_json, ",\"contractTransactionHash\":");
	put_hash(hashes.digest, ret_json);
	put_address("sender", sender, ret_json);
}

void safe_put_result_json(const struct safe_transaction *transaction, const struct address *sender,
    const struct signature *signature, struct buf *ret_json)
{
	buf_put_u8(ret_json, '{');
	put_signed(transaction, sender, signature, ret_json);
	put_text("safe", transaction->safe_text, ret_json);
	put_text("to", transaction->to_text, ret_json);
	put_decimal("value", &transaction->value, ret_json);
	put_decimal("gasPrice", &transaction->gas_price, ret_json);
	buf_put_text(ret_json, ",\"data\":");
	if (transaction->has_data)
		quantity_put_data(ret_json, transaction->data);
	else
		buf_put_text(ret_json, "null");
	buf_printf(ret_json, ",\"operation\":%u", (unsigned)transaction->operation);
	put_lower("gasToken", &transaction->gas_token, ret_json);
	put_lower("refundReceiver", &transaction->refund_receiver, ret_json);
	put_plain("baseGas", &transaction->base_gas, ret_json);
	put_plain("safeTxGas", &transaction->safe_tx_gas, ret_json);
	put_plain("nonce", &transaction->nonce, ret_json);
	buf_put_text(ret_json, ",\"safeTxHash\":");
	put_hash(transaction->hash, ret_json);
	if (transaction->has_chain_id || transaction->version == SAFE_VERSION_1_3) {
		buf_put_text(ret_json, ",\"chainId\":");
		quantity_put_u256(ret_json, &transaction->chain_id);
	}
	buf_put_u8(ret_json, '}');
}
