/*
 * clique: block headers of proof-of-authority chains (EIP-225) that a block producer has its signer seal.
 *
 * Given and signed is the RLP of the header as the producer hashes it: without the 65 bytes of seal that end the extra data of a finished
 * block. Its Keccak-256 is the digest; the signature's v is 0 or 1.
 *
 * A header has 15 fields, or 16 with the base fee of EIP-1559. Later forks' fields (withdrawals root, blob gas, beacon root, requests) are refused by
 * name: no chain that has them is sealed this way. Everything is read strictly, so that the RLP is the only one for its header.
 */
#ifndef CLEF_ETH_CLIQUE_H
#define CLEF_ETH_CLIQUE_H

#include "base/bytes.h"
#include "base/error.h"
#include "eth/keccak.h"

#define CLIQUE_VANITY_SIZE 32 /* what the extra data begins with, and its least size */
#define CLIQUE_SEAL_SIZE   65
/* Numbers of the header (difficulty, number, base fee) may be larger than 256 bits; this is where it ends. */
#define CLIQUE_NUMBER_SIZE_MAX 64

/* In the order of the RLP list. */
enum clique_field {
	CLIQUE_PARENT_HASH,
	CLIQUE_UNCLE_HASH,
	CLIQUE_COINBASE,
	CLIQUE_STATE_ROOT,
	CLIQUE_TRANSACTIONS_ROOT,
	CLIQUE_RECEIPTS_ROOT,
	CLIQUE_BLOOM,
	CLIQUE_DIFFICULTY,
	CLIQUE_NUMBER,
	CLIQUE_GAS_LIMIT,
	CLIQUE_GAS_USED,
	CLIQUE_TIME,
	CLIQUE_EXTRA,
	CLIQUE_MIX_DIGEST,
	CLIQUE_NONCE,
	CLIQUE_BASE_FEE, /* may be absent */
	CLIQUE_FIELDS
};

struct clique_header {
	struct bytes rlp; /* all of it, borrowed: exactly these bytes are signed */
	size_t count;     /* of fields: 15 or 16 */
	/* What the RLP strings hold, borrowed: hashes and addresses as bytes, numbers big-endian without leading zeros. */
	struct bytes fields[CLIQUE_FIELDS];
};

/* ERROR_REFUSED, with the name of the field. */
bool clique_parse_header(struct bytes untrusted_rlp, struct clique_header *ret_header, struct error *ret_error);
/* What is signed. */
void clique_digest(const struct clique_header *header, uint8_t ret_digest[KECCAK256_SIZE]);
/* For keys: the digest of an RLP, read as above. */
bool clique_content_digest(struct bytes untrusted_rlp, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error);
/* Append the header's RLP with `extra` in place of its extra data. */
void clique_put_header(const struct clique_header *header, struct bytes extra, struct buf *ret_rlp);
/*
 * Append the members of ui_approveSignData that only the header decides, without braces: raw_data, messages, hash. `hash` is the digest that is signed;
 * the text in messages names, as Clef's did, the hash that the header has with 65 zero bytes of seal behind its extra data.
 */
void clique_put_ui_members(const struct clique_header *header, struct buf *ret_json);
/* Append {"kind":"clique_header", one member for each field, "digest":"0x…"}: numbers as decimal text, bytes as hex. */
void clique_put_decoded(const struct clique_header *header, struct buf *ret_json);

#endif
