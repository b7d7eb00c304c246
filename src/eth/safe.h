/*
 * safe: transactions of Safe (once Gnosis Safe) multi-signature wallets, which their owners sign one by one as EIP-712 "SafeTx" documents.
 *
 * What is hashed differs between the contracts' versions, which the transaction itself does not name. The hash that the Safe transaction
 * service computed (safeTxHash) tells: signed is the version whose hash it is, and nothing when it is none.
 *
 * Life of one: safe_from_json and safe_settle in `core`, shown, written as content for `keys`, which reads it again and computes the digest.
 */
#ifndef CLEF_ETH_SAFE_H
#define CLEF_ETH_SAFE_H

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/u256.h"
#include "eth/address.h"
#include "eth/keccak.h"
#include "eth/signature.h"

enum safe_version {
	SAFE_VERSION_1_3 = 1, /* 1.3.0 and later: the domain is {chainId, verifyingContract} */
	SAFE_VERSION_1_0 = 2, /* 1.0.0 to 1.2.0: the domain is {verifyingContract}; the signature is good on every chain */
	SAFE_VERSION_0_1 = 3  /* 0.1.0: the same, and baseGas is called dataGas */
};

enum safe_operation { SAFE_OPERATION_CALL = 0, SAFE_OPERATION_DELEGATE_CALL = 1 };

struct safe_transaction {
	enum safe_version version; /* of the contract; 0 before safe_settle */
	/* The signer's chain. In a request: has_chain_id when the client named one, which safe_settle compares. */
	bool has_chain_id;
	struct u256 chain_id;
	struct address safe, to, gas_token, refund_receiver;
	struct bytes safe_text, to_text; /* as the client spelt them, with "0x"; answered so */
	bool to_is_checksummed;
	struct u256 value, safe_tx_gas, base_gas, gas_price, nonce;
	enum safe_operation operation;
	bool has_data; /* null is answered where it was sent, or nothing */
	struct bytes data;
	bool has_hash; /* the client named the hash that it expects */
	uint8_t hash[KECCAK256_SIZE];
	bool has_contract_hash; /* the same by the service's other name, contractTransactionHash, which names no version */
	uint8_t contract_hash[KECCAK256_SIZE];
};

/* The three hashes of EIP-712; digest is what is signed, the Safe transaction hash. */
struct safe_hashes {
	uint8_t domain[KECCAK256_SIZE];
	uint8_t message[KECCAK256_SIZE];
	uint8_t digest[KECCAK256_SIZE];
};

/*
 * Read the second argument of account_signGnosisSafeTx, as the transaction service sends it: an object, or null, which counts as {}. Field names
 * are exact, none twice, nothing unknown but the names in one table that say nothing about what is signed. value and gasPrice are texts, decimal or
 * hex; nonce, baseGas, safeTxGas and chainId JSON numbers or such texts; operation a JSON number. null and absence are 0, but `safe` and `to` must be there.
 * ERROR_PARAMS for shapes, ERROR_REFUSED for what is negative, contradicts itself or is missing. Slices live in the arena or borrow.
 */
bool safe_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct safe_transaction *ret_transaction, struct error *ret_error);
/*
 * Find the version whose hash the request names. With a chain id but no hash it is SAFE_VERSION_1_3. ERROR_REFUSED: the chain is not
 * ours, or no version has that hash, or neither hash nor chain id are there, or contractTransactionHash is another than that version's.
 */
bool safe_settle(struct safe_transaction *transaction, uint64_t chain_id, struct error *ret_error);
void safe_hash(const struct safe_transaction *transaction, struct safe_hashes *ret_hashes);

/*
 * What keys is given. Big-endian, one after the other: version (1 byte), chain id (32; zero when the version does not sign it), safe (20), to (20),
 * value (32), operation (1), safeTxGas, baseGas, gasPrice (32 each), gasToken, refundReceiver (20 each), nonce (32), and to the end the data.
 */
void safe_put_content(const struct safe_transaction *transaction, struct buf *ret_content);
/* The strict inverse: accepted is exactly what safe_put_content writes. data borrows. ERROR_REFUSED. */
bool safe_parse_content(struct bytes untrusted_content, struct safe_transaction *ret_transaction, struct error *ret_error);
/* For keys: the digest of a content, read as above. */
bool safe_content_digest(struct bytes untrusted_content, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error);

/* Append the members of ui_approveSignData that only the transaction decides, without braces: raw_data, messages, hash. */
void safe_put_ui_members(const struct safe_transaction *transaction, struct buf *ret_json);
/*
 * Append the members of {"kind":"safe_transaction",…} without braces: version, chain_id (null: any), safe, to, value, data, operation ("call" or
 * "delegate_call"), the gas fields, nonce, domain_hash, message_hash, digest, hash_given (false: nothing was there to compare with).
 */
void safe_put_decoded_members(const struct safe_transaction *transaction, struct buf *ret_json);
/* Append what account_signGnosisSafeTx answers: the transaction with its signature (v 27 or 28), in the form that the service takes. */
void safe_put_result_json(const struct safe_transaction *transaction, const struct address *sender,
    const struct signature *signature, struct buf *ret_json);

#endif
