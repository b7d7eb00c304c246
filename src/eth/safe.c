#include "eth/safe.h"

#include <string.h>

#include "base/hex.h"

#define WORD 32

/* EIP-712 encodeType of each version, and of its domain. */
static const struct version_types {
	const char *domain, *message;
	bool signs_chain;
} version_types[] = {
    [SAFE_VERSION_1_3] = {"EIP712Domain(uint256 chainId,address verifyingContract)",
        "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address "
        "gasToken,address refundReceiver,uint256 nonce)",
        true},
    [SAFE_VERSION_1_0] = {"EIP712Domain(address verifyingContract)",
        "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 baseGas,uint256 gasPrice,address "
        "gasToken,address refundReceiver,uint256 nonce)",
        false},
    [SAFE_VERSION_0_1] = {"EIP712Domain(address verifyingContract)",
        "SafeTx(address to,uint256 value,bytes data,uint8 operation,uint256 safeTxGas,uint256 dataGas,uint256 gasPrice,address "
        "gasToken,address refundReceiver,uint256 nonce)",
        false},
};

#define VERSIONS_END (sizeof(version_types) / sizeof(version_types[0]))

static void add_hash_of(struct keccak *keccak, struct bytes content)
{
	uint8_t hash[KECCAK256_SIZE];

	keccak256(content, hash);
	keccak_update(keccak, bytes_of(hash, sizeof(hash)));
}

static void add_number(struct keccak *keccak, const struct u256 *value)
{
	uint8_t word[WORD];

	u256_to_bytes32(value, word);
	keccak_update(keccak, bytes_of(word, sizeof(word)));
}

static void add_address(struct keccak *keccak, const struct address *address)
{
	uint8_t word[WORD] = {0};

	memcpy(word + WORD - ADDRESS_SIZE, address->bytes, ADDRESS_SIZE);
	keccak_update(keccak, bytes_of(word, sizeof(word)));
}

static void hash_domain(const struct safe_transaction *transaction, uint8_t ret_hash[KECCAK256_SIZE])
{
	const struct version_types *types = &version_types[transaction->version];
	struct keccak keccak;

	keccak_init(&keccak);
	add_hash_of(&keccak, bytes_text(types->domain));
	if (types->signs_chain)
		add_number(&keccak, &transaction->chain_id);
	add_address(&keccak, &transaction->safe);
	keccak_final(&keccak, ret_hash);
}

static void hash_message(const struct safe_transaction *transaction, uint8_t ret_hash[KECCAK256_SIZE])
{
	const struct u256 operation = u256_from_u64((uint64_t)transaction->operation);
	struct keccak keccak;

	keccak_init(&keccak);
	add_hash_of(&keccak, bytes_text(version_types[transaction->version].message));
	add_address(&keccak, &transaction->to);
	add_number(&keccak, &transaction->value);
	add_hash_of(&keccak, transaction->data);
	add_number(&keccak, &operation);
	add_number(&keccak, &transaction->safe_tx_gas);
	add_number(&keccak, &transaction->base_gas);
	add_number(&keccak, &transaction->gas_price);
	add_address(&keccak, &transaction->gas_token);
	add_address(&keccak, &transaction->refund_receiver);
	add_number(&keccak, &transaction->nonce);
	keccak_final(&keccak, ret_hash);
}

void safe_hash(const struct safe_transaction *transaction, struct safe_hashes *ret_hashes)
{
	struct keccak keccak;

	hash_domain(transaction, ret_hashes->domain);
	hash_message(transaction, ret_hashes->message);
	keccak_init(&keccak);
	keccak_update(&keccak, bytes_text("\x19\x01"));
	keccak_update(&keccak, bytes_of(ret_hashes->domain, KECCAK256_SIZE));
	keccak_update(&keccak, bytes_of(ret_hashes->message, KECCAK256_SIZE));
	keccak_final(&keccak, ret_hashes->digest);
}

/* Clef's words, which name the hash of today's contracts. */
static bool refuse_mismatch(struct safe_transaction *transaction, struct error *ret_error)
{
	BUF_CLEANUP struct buf have = BUF_INIT(256), want = BUF_INIT(256);
	struct safe_hashes hashes;

	transaction->version = SAFE_VERSION_1_3;
	safe_hash(transaction, &hashes);
	hex_encode(bytes_of(hashes.digest, KECCAK256_SIZE), &have);
	hex_encode(bytes_of(transaction->hash, KECCAK256_SIZE), &want);
	return error_set(
	    ret_error, ERROR_REFUSED, "mismatched safeTxHash; have 0x%s want 0x%s", buf_text(&have), buf_text(&want));
}

static bool check_chain(struct safe_transaction *transaction, uint64_t chain_id, struct error *ret_error)
{
	const struct u256 ours = u256_from_u64(chain_id);
	char asked[U256_DECIMAL_SIZE];

	u256_to_decimal(&transaction->chain_id, asked);
	if (transaction->has_chain_id && !u256_equal(&transaction->chain_id, &ours))
		return error_set(ret_error, ERROR_REFUSED,
		    "chainId: requested chainid %s does not match the configuration of the signer (%llu)", asked,
		    (unsigned long long)chain_id);
	transaction->chain_id = ours;
	return true;
}

static bool find_version(struct safe_transaction *transaction, struct error *ret_error)
{
	struct safe_hashes hashes;

	transaction->version = SAFE_VERSION_1_3;
	if (!transaction->has_hash && transaction->has_chain_id)
		return true;
	if (!transaction->has_hash)
		return error_set(ret_error, ERROR_REFUSED,
		    "safeTxHash: expected the hash that the Safe transaction service computed, found nothing");
	for (size_t version = SAFE_VERSION_1_3; version < VERSIONS_END; version++) {
		transaction->version = (enum safe_version)version;
		safe_hash(transaction, &hashes);
		if (memcmp(hashes.digest, transaction->hash, KECCAK256_SIZE) == 0)
			return true;
	}
	return refuse_mismatch(transaction, ret_error);
}

static bool check_contract_hash(const struct safe_transaction *transaction, struct error *ret_error)
{
	BUF_CLEANUP struct buf ours = BUF_INIT(256), named = BUF_INIT(256);
	struct safe_hashes hashes;

	if (!transaction->has_contract_hash)
		return true;
	safe_hash(transaction, &hashes);
	if (memcmp(hashes.digest, transaction->contract_hash, KECCAK256_SIZE) == 0)
		return true;
	hex_encode(bytes_of(hashes.digest, KECCAK256_SIZE), &ours);
	hex_encode(bytes_of(transaction->contract_hash, KECCAK256_SIZE), &named);
	return error_set(ret_error, ERROR_REFUSED,
	    "contractTransactionHash: expected the hash of this transaction, 0x%s, found 0x%s", buf_text(&ours),
	    buf_text(&named));
}

bool safe_settle(struct safe_transaction *transaction, uint64_t chain_id, struct error *ret_error)
{
	return check_chain(transaction, chain_id, ret_error) && find_version(transaction, ret_error) &&
	       check_contract_hash(transaction, ret_error);
}

static void put_number(const struct u256 *value, struct buf *ret_content)
{
	uint8_t word[WORD];

	u256_to_bytes32(value, word);
	buf_put(ret_content, word, sizeof(word));
}

void safe_put_content(const struct safe_transaction *transaction, struct buf *ret_content)
{
	const struct u256 none = U256_ZERO;

	buf_put_u8(ret_content, (uint8_t)transaction->version);
	put_number(version_types[transaction->version].signs_chain ? &transaction->chain_id : &none, ret_content);
	buf_put(ret_content, transaction->safe.bytes, ADDRESS_SIZE);
	buf_put(ret_content, transaction->to.bytes, ADDRESS_SIZE);
	put_number(&transaction->value, ret_content);
	buf_put_u8(ret_content, (uint8_t)transaction->operation);
	put_number(&transaction->safe_tx_gas, ret_content);
	put_number(&transaction->base_gas, ret_content);
	put_number(&transaction->gas_price, ret_content);
	buf_put(ret_content, transaction->gas_token.bytes, ADDRESS_SIZE);
	buf_put(ret_content, transaction->refund_receiver.bytes, ADDRESS_SIZE);
	put_number(&transaction->nonce, ret_content);
	buf_put_bytes(ret_content, transaction->data);
}

static struct u256 get_number(struct reader *reader)
{
	struct u256 value = U256_ZERO;

	u256_from_bytes(reader_bytes(reader, WORD), &value);
	return value;
}

static struct address get_address(struct reader *reader)
{
	struct bytes bytes = reader_bytes(reader, ADDRESS_SIZE);
	struct address address = ADDRESS_ZERO;

	if (!reader->failed)
		memcpy(address.bytes, bytes.data, ADDRESS_SIZE);
	return address;
}

/* Everything has its place and length: what is left to check are the two enums and that a chain is there exactly where it is signed. */
static bool is_sound(const struct safe_transaction *transaction)
{
	if ((unsigned)transaction->version < SAFE_VERSION_1_3 || (unsigned)transaction->version >= VERSIONS_END ||
	    (unsigned)transaction->operation > SAFE_OPERATION_DELEGATE_CALL)
		return false;
	return version_types[transaction->version].signs_chain != u256_is_zero(&transaction->chain_id);
}

bool safe_parse_content(struct bytes untrusted_content, struct safe_transaction *ret_transaction, struct error *ret_error)
{
	struct reader reader = reader_of(untrusted_content);

	memset(ret_transaction, 0, sizeof(*ret_transaction));
	ret_transaction->version = (enum safe_version)reader_u8(&reader);
	ret_transaction->chain_id = get_number(&reader);
	ret_transaction->safe = get_address(&reader);
	ret_transaction->to = get_address(&reader);
	ret_transaction->value = get_number(&reader);
	ret_transaction->operation = (enum safe_operation)reader_u8(&reader);
	ret_transaction->safe_tx_gas = get_number(&reader);
	ret_transaction->base_gas = get_number(&reader);
	ret_transaction->gas_price = get_number(&reader);
	ret_transaction->gas_token = get_address(&reader);
	ret_transaction->refund_receiver = get_address(&reader);
	ret_transaction->nonce = get_number(&reader);
	ret_transaction->data = reader_bytes(&reader, reader.left);
	if (!reader_done(&reader) || !is_sound(ret_transaction))
		return error_set(ret_error, ERROR_REFUSED, "malformed Safe transaction");
	return true;
}

bool safe_content_digest(struct bytes untrusted_content, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error)
{
	struct safe_transaction transaction;
	struct safe_hashes hashes;

	if (!safe_parse_content(untrusted_content, &transaction, ret_error))
		return false;
	safe_hash(&transaction, &hashes);
	memcpy(ret_digest, hashes.digest, KECCAK256_SIZE);
	return true;
}
