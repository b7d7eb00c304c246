/*
 * transaction: what is asked for, shown, signed and answered.
 *
 * Types: legacy with and without EIP-155, EIP-2930, EIP-1559, EIP-4844 and EIP-7702 envelopes (EIP-2718). The type follows from the fields:
 * authorizationList makes type 4, else blobVersionedHashes or blobs type 3, else maxFeePerGas type 2, else accessList (even an empty one) type 1,
 * else legacy; a `type` that says otherwise is refused. Every type is one row of one table (transaction_type.h) and one file.
 *
 * Life of one: transaction_from_json in `core`, judged by decode/validation.h, shown (transaction_put_ui_json), taken back from the UI
 * (transaction_from_ui_json), written as transaction_put_payload for `keys`, which reads it again with transaction_parse_payload, hashes
 * exactly those bytes and signs; transaction_put_result_json is what the client gets.
 */
#ifndef CLEF_ETH_TRANSACTION_H
#define CLEF_ETH_TRANSACTION_H

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "base/u256.h"
#include "eth/address.h"
#include "eth/keccak.h"
#include "eth/signature.h"

/* The numbers are those of EIP-2718. */
enum transaction_type {
	TRANSACTION_LEGACY = 0,
	TRANSACTION_ACCESS_LIST = 1, /* EIP-2930 */
	TRANSACTION_DYNAMIC_FEE = 2, /* EIP-1559 */
	TRANSACTION_BLOB = 3,        /* EIP-4844 */
	TRANSACTION_SET_CODE = 4     /* EIP-7702 */
};

/* A payload or a raw transaction is at most this long; calldata is limited by the size of a request anyway. */
#define TRANSACTION_SIZE_MAX  (8u << 20)
#define TRANSACTION_HASH_SIZE 32

/* One entry of an access list (EIP-2930). */
struct transaction_access {
	struct address address;
	size_t key_count;
	const uint8_t (*keys)[32];
};

struct blob_sidecar;  /* blob.h */
struct authorization; /* authorization.h */

struct transaction {
	enum transaction_type type;
	/* The account that is asked to sign. A payload does not carry it: has_from is false after transaction_parse_payload. */
	bool has_from;
	struct address from;
	struct bytes from_text; /* as it is shown: the client's spelling, but always with "0x" */
	/* No recipient: a contract creation. */
	bool has_to;
	bool to_is_checksummed; /* the client's spelling was exactly EIP-55 */
	struct address to;
	struct bytes to_text;
	uint64_t nonce;
	uint64_t gas;
	/* Absent fees are shown as null and signed as 0. */
	bool has_gas_price, has_max_fee, has_max_priority_fee;
	struct u256 gas_price;
	struct u256 max_fee;
	struct u256 max_priority_fee;
	struct u256 value;
	bool has_data; /* the request named data or input, if only as "0x" */
	struct bytes data;
	bool has_chain_id; /* in a request: the client named one. After transaction_parse_payload: one is signed */
	struct u256 chain_id;
	bool has_access_list;
	size_t access_count;
	const struct transaction_access *access;
	/* EIP-4844. */
	bool has_max_fee_per_blob_gas;
	struct u256 max_fee_per_blob_gas;
	bool has_blob_hashes; /* the request named them */
	size_t blob_hash_count;
	const uint8_t (*blob_hashes)[32];
	const struct blob_sidecar *sidecar; /* NULL: none came with the request */
	/* EIP-7702. */
	bool has_authorizations; /* the request named the list */
	size_t authorization_count;
	const struct authorization *authorizations;
};

/* All slices of a transaction live in the arena or borrow from the text that was parsed. */

/*
 * Read the argument of account_signTransaction: an object, or null, which counts as {}. Field names are exact, no name twice, nothing
 * unknown but the names in one table that clients send and that cannot change what is signed. Values as in quantity.h; null means
 * absent for to, fees, data, input, chainId and accessList and is refused elsewhere. What is missing is 0, `from` alone stays absent
 * (transaction_require_from). ERROR_PARAMS for shapes; ERROR_REFUSED for what is well-formed but contradicts itself.
 */
bool transaction_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error);
/*
 * False (ERROR_PARAMS) when a string value inside the first object of `untrusted_params` (the raw text of the params array, known to be
 * JSON) is spelt with a backslash escape. Transactions are hex: an escape there only hides something from whoever reads the request.
 */
bool transaction_params_are_plain(struct bytes untrusted_params, struct error *ret_error);
/*
 * Read the `transaction` of the UI's answer to ui_approveTx. The same rules, except that gas, nonce and value must be there and that every
 * error is ERROR_REFUSED, since it is the UI's fault and not the client's. A recipient with the same bytes as in `asked` keeps its spelling.
 */
bool transaction_from_ui_json(yyjson_val *untrusted_value, const struct transaction *asked, struct arena *arena,
    struct transaction *ret_transaction, struct error *ret_error);
/*
 * The first field in which the UI's answer differs from what was asked, left out counting as different; NULL: none does. The sidecar's own bytes are
 * bound by the versioned hashes.
 */
const char *transaction_find_change(const struct transaction *asked, const struct transaction *answered, uint64_t chain_id);
/* `from` is there, else ERROR_PARAMS. Called after validation, so that a hopeless request hears the more useful reason. */
bool transaction_require_from(const struct transaction *transaction, struct error *ret_error);
/* The chain that the request names, if it names one, is ours; else ERROR_CHAIN. */
bool transaction_check_chain(const struct transaction *transaction, uint64_t chain_id, struct error *ret_error);

/* Append the `transaction` object that ui_approveTx shows. */
void transaction_put_ui_json(const struct transaction *transaction, struct buf *ret_json);

/*
 * Append the bytes whose Keccak-256 is signed. chain_id 0 means a legacy transaction without EIP-155 (any chain may take it); other types
 * refuse it (ERROR_REFUSED).
 */
bool transaction_put_payload(
    const struct transaction *transaction, uint64_t chain_id, struct buf *ret_payload, struct error *ret_error);
/*
 * The strict inverse: accepted is exactly what transaction_put_payload writes, byte for byte. Chain ids above 64 bits are refused. The
 * slices borrow from the payload; access lists live in the arena. ERROR_REFUSED.
 */
bool transaction_parse_payload(
    struct bytes untrusted_payload, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error);

/*
 * The same for bytes that a caller gave, with errors for people: a transaction that is signed already, one that names no chain (legacy, without EIP-155, which every
 * chain would take), an unknown type, bytes behind it. ERROR_REFUSED.
 */
bool transaction_from_raw(
    struct bytes untrusted_raw, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error);

/* Append the signed transaction as it goes onto the network, a blob transaction with its sidecar where there is one. */
bool transaction_put_signed(const struct transaction *transaction, uint64_t chain_id, const struct signature *signature,
    struct buf *ret_raw, struct error *ret_error);
/* A signed transaction that was read. */
struct transaction_signed {
	struct transaction transaction; /* without `from`: recover it from digest and signature */
	uint64_t chain_id;              /* 0: legacy, without EIP-155 */
	struct signature signature;
	uint8_t digest[KECCAK256_SIZE]; /* what was signed */
	uint8_t hash[KECCAK256_SIZE];   /* by which networks know it: without a blob transaction's sidecar */
};

/*
 * The strict inverse of transaction_put_signed: accepted is exactly what it writes, byte for byte, with or without sidecar, and s in the lower half (EIP-2). Whether
 * a sidecar fits the hashes is not judged. The parts live in the arena or borrow from the bytes. ERROR_REFUSED.
 */
bool transaction_from_signed(
    struct bytes untrusted_raw, struct arena *arena, struct transaction_signed *ret_signed, struct error *ret_error);
/* Append {"raw":…,"tx":{…}}: what account_signTransaction answers and ui_onApprovedTx reports. */
bool transaction_put_result_json(const struct transaction *transaction, uint64_t chain_id, const struct signature *signature,
    struct buf *ret_json, struct error *ret_error);

#endif
