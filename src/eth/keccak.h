/*
 * keccak: Keccak-256 as Ethereum uses it (the original padding 0x01, not the 0x06 of FIPS 202's SHA3-256).
 *
 * The state is wiped at the end of a hash. Rounds spill lanes to the stack: hash secrets on a stack that is wiped after.
 */
#ifndef CLEF_ETH_KECCAK_H
#define CLEF_ETH_KECCAK_H

#include "base/bytes.h"

#define KECCAK256_SIZE 32
#define KECCAK256_RATE 136

struct keccak {
	uint64_t lanes[25];
	uint8_t block[KECCAK256_RATE];
	size_t filled; /* bytes waiting in block, always below KECCAK256_RATE */
};

void keccak_init(struct keccak *keccak);
void keccak_update(struct keccak *keccak, struct bytes data);
/* The digest; the state is spent (and wiped) afterwards. */
void keccak_final(struct keccak *keccak, uint8_t ret_digest[KECCAK256_SIZE]);
/* All in one go. */
void keccak256(struct bytes data, uint8_t ret_digest[KECCAK256_SIZE]);

#endif
