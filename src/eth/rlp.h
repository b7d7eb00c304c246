/*
 * rlp: the Recursive Length Prefix encoding (Ethereum yellow paper, appendix B).
 *
 * Writing goes straight onto a buffer. A list is opened with rlp_list_begin, its items are written behind it, and rlp_list_end puts
 * the header in front of them; lists nest. Errors are those of the buffer: sticky, asked for once with buf_ok.
 *
 * Reading is strict: lengths in their shortest form, a single byte below 0x80 as itself, integers without leading zeros, and
 * rlp_done for "nothing left over". A failed reader stays failed and gives zeros and nothing.
 */
#ifndef CLEF_ETH_RLP_H
#define CLEF_ETH_RLP_H

#include "base/bytes.h"
#include "base/u256.h"
#include "eth/address.h"

void rlp_put_bytes(struct buf *buf, struct bytes bytes);
void rlp_put_u64(struct buf *buf, uint64_t value);
void rlp_put_u256(struct buf *buf, const struct u256 *value);
/* 20 bytes, or the empty string for NULL (a contract creation has no recipient). */
void rlp_put_address(struct buf *buf, const struct address *address);
/* Where the list's content begins; hand it to rlp_list_end. */
size_t rlp_list_begin(struct buf *buf);
void rlp_list_end(struct buf *buf, size_t begin);

struct rlp_reader {
	struct reader reader;
};

/* Reads the items of `bytes` one after the other. */
struct rlp_reader rlp_reader_of(struct bytes untrusted_bytes);
/* The next item must be a string; its bytes, borrowed. */
struct bytes rlp_get_bytes(struct rlp_reader *rlp);
/* A string of exactly `size` bytes. */
bool rlp_get_fixed(struct rlp_reader *rlp, uint8_t *ret_data, size_t size);
/* Big-endian without leading zeros; zero is the empty string. */
uint64_t rlp_get_u64(struct rlp_reader *rlp);
struct u256 rlp_get_u256(struct rlp_reader *rlp);
/* An address, or nothing: *ret_present tells. */
struct address rlp_get_address(struct rlp_reader *rlp, bool *ret_present);
/* The next item must be a list: a reader of its items. */
struct rlp_reader rlp_get_list(struct rlp_reader *rlp);
/* Whatever the next item is, go past it. */
void rlp_skip(struct rlp_reader *rlp);
/* True when items are left and nothing failed. */
bool rlp_more(const struct rlp_reader *rlp);
/* Everything was read and nothing failed. */
bool rlp_done(const struct rlp_reader *rlp);
bool rlp_failed(const struct rlp_reader *rlp);

#endif
