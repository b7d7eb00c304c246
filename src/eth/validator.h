/*
 * validator: EIP-191 version 0x00, "data with intended validator": 0x19 0x00 validator-address data. Signed is the Keccak-256 of that.
 *
 * Life of one: validator_from_json in `core`, shown with validator_put_ui_members and validator_put_decoded, written as content for `keys`, which
 * reads it again and computes the digest.
 */
#ifndef CLEF_ETH_VALIDATOR_H
#define CLEF_ETH_VALIDATOR_H

#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "eth/address.h"
#include "eth/keccak.h"

struct validator_data {
	struct address address; /* the contract that the signature is meant for */
	struct bytes message;   /* never empty; borrowed, or in the arena */
};

/*
 * Read {address, message}: an address of exactly 20 bytes in any case, and at least one byte; nothing else may be there and nothing twice.
 * ERROR_REFUSED, with the name of the field.
 */
bool validator_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct validator_data *ret_data, struct error *ret_error);
/* Append 20 bytes of address and the message. */
void validator_put_content(const struct validator_data *data, struct buf *ret_content);
/* The inverse; the message borrows. ERROR_REFUSED when there is no message behind the address. */
bool validator_parse_content(struct bytes untrusted_content, struct validator_data *ret_data, struct error *ret_error);
/* What is signed, computed without a copy of the message. */
void validator_digest(const struct validator_data *data, uint8_t ret_digest[KECCAK256_SIZE]);
/* For keys: the digest of a content, read as above. */
bool validator_content_digest(struct bytes untrusted_content, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error);
/* Append the members of ui_approveSignData that only the content decides, without braces: raw_data, messages, hash. */
void validator_put_ui_members(const struct validator_data *data, struct buf *ret_json);
/* Append {"kind":"validator","validator":…,"data":"0x…","text":TEXT or null,"digest":"0x…"}; text where the data is printable UTF-8. */
void validator_put_decoded(const struct validator_data *data, struct buf *ret_json);

#endif
