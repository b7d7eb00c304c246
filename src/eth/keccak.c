#include "eth/keccak.h"

#include <endian.h>
#include <string.h>

#define ROUNDS     24
#define RATE_LANES (KECCAK256_RATE / 8)

/* Iota's constants: the output of the LFSR in section 1.2 of the Keccak reference, one for each round. */
static const uint64_t round_constants[ROUNDS] = {0x0000000000000001, 0x0000000000008082, 0x800000000000808a, 0x8000000080008000,
    0x000000000000808b, 0x0000000080000001, 0x8000000080008081, 0x8000000000008009, 0x000000000000008a, 0x0000000000000088,
    0x0000000080008009, 0x000000008000000a, 0x000000008000808b, 0x800000000000008b, 0x8000000000008089, 0x8000000000008003,
    0x8000000000008002, 0x8000000000000080, 0x000000000000800a, 0x800000008000000a, 0x8000000080008081, 0x8000000000008080,
    0x0000000080000001, 0x8000000080008008};

static inline __attribute__((always_inline)) uint64_t rotate(uint64_t lane, unsigned count)
{
	return (lane << count) | (lane >> (64 - count));
}

/* Chi on one row: each lane is flipped where its neighbour is 0 and the one after is 1. */
static inline __attribute__((always_inline)) void chi_row(
    uint64_t *row, uint64_t b0, uint64_t b1, uint64_t b2, uint64_t b3, uint64_t b4)
{
	row[0] = b0 ^ (~b1 & b2);
	row[1] = b1 ^ (~b2 & b3);
	row[2] = b2 ^ (~b3 & b4);
	row[3] = b3 ^ (~b4 & b0);
	row[4] = b4 ^ (~b0 & b1);
}

/*
 * One round from a to e. Lane (x, y) is at x + 5y. Rho and pi are in the indices: row Y of chi's input takes lane (x + 3Y, x) for its
 * column x. All indices are constants, so that the compiler keeps lanes in registers.
 */
static inline __attribute__((always_inline)) void keccak_round(const uint64_t a[25], uint64_t e[25], uint64_t constant)
{
	uint64_t c0 = a[0] ^ a[5] ^ a[10] ^ a[15] ^ a[20];
	uint64_t c1 = a[1] ^ a[6] ^ a[11] ^ a[16] ^ a[21];
	uint64_t c2 = a[2] ^ a[7] ^ a[12] ^ a[17] ^ a[22];
	uint64_t c3 = a[3] ^ a[8] ^ a[13] ^ a[18] ^ a[23];
	uint64_t c4 = a[4] ^ a[9] ^ a[14] ^ a[19] ^ a[24];
	uint64_t d0 = c4 ^ rotate(c1, 1);
	uint64_t d1 = c0 ^ rotate(c2, 1);
	uint64_t d2 = c1 ^ rotate(c3, 1);
	uint64_t d3 = c2 ^ rotate(c4, 1);
	uint64_t d4 = c3 ^ rotate(c0, 1);

	chi_row(e, a[0] ^ d0, rotate(a[6] ^ d1, 44), rotate(a[12] ^ d2, 43), rotate(a[18] ^ d3, 21), rotate(a[24] ^ d4, 14));
	e[0] ^= constant;
	chi_row(e + 5, rotate(a[3] ^ d3, 28), rotate(a[9] ^ d4, 20), rotate(a[10] ^ d0, 3), rotate(a[16] ^ d1, 45),
	    rotate(a[22] ^ d2, 61));
	chi_row(e + 10, rotate(a[1] ^ d1, 1), rotate(a[7] ^ d2, 6), rotate(a[13] ^ d3, 25), rotate(a[19] ^ d4, 8),
	    rotate(a[20] ^ d0, 18));
	chi_row(e + 15, rotate(a[4] ^ d4, 27), rotate(a[5] ^ d0, 36), rotate(a[11] ^ d1, 10), rotate(a[17] ^ d2, 15),
	    rotate(a[23] ^ d3, 56));
	chi_row(e + 20, rotate(a[2] ^ d2, 62), rotate(a[8] ^ d3, 55), rotate(a[14] ^ d4, 39), rotate(a[15] ^ d0, 41),
	    rotate(a[21] ^ d1, 2));
}

static void permute(uint64_t lanes[25])
{
	uint64_t even[25];
	uint64_t odd[25];

	memcpy(even, lanes, sizeof(even));
	for (unsigned i = 0; i < ROUNDS; i += 2) {
		keccak_round(even, odd, round_constants[i]);
		keccak_round(odd, even, round_constants[i + 1]);
	}
	memcpy(lanes, even, sizeof(even));
}

static void absorb(uint64_t lanes[25], const uint8_t block[KECCAK256_RATE])
{
	for (size_t i = 0; i < RATE_LANES; i++) {
		uint64_t lane;
		memcpy(&lane, block + 8 * i, sizeof(lane));
		lanes[i] ^= le64toh(lane);
	}
	permute(lanes);
}

void keccak_init(struct keccak *keccak)
{
	memset(keccak, 0, sizeof(*keccak));
}

void keccak_update(struct keccak *keccak, struct bytes data)
{
	const uint8_t *at = data.data;
	size_t left = data.size;

	if (keccak->filled > 0) {
		size_t room = KECCAK256_RATE - keccak->filled;
		size_t take = left < room ? left : room;
		if (take > 0)
			memcpy(keccak->block + keccak->filled, at, take);
		keccak->filled += take;
		if (keccak->filled < KECCAK256_RATE)
			return;
		absorb(keccak->lanes, keccak->block);
		keccak->filled = 0;
		at += take;
		left -= take;
	}
	for (; left >= KECCAK256_RATE; left -= KECCAK256_RATE, at += KECCAK256_RATE)
		absorb(keccak->lanes, at);
	if (left > 0)
		memcpy(keccak->block, at, left);
	keccak->filled = left;
}

void keccak_final(struct keccak *keccak, uint8_t ret_digest[KECCAK256_SIZE])
{
	memset(keccak->block + keccak->filled, 0, KECCAK256_RATE - keccak->filled);
	keccak->block[keccak->filled] ^= 0x01;
	keccak->block[KECCAK256_RATE - 1] ^= 0x80;
	absorb(keccak->lanes, keccak->block);
	for (size_t i = 0; i < KECCAK256_SIZE / 8; i++) {
		uint64_t lane = htole64(keccak->lanes[i]);
		memcpy(ret_digest + 8 * i, &lane, sizeof(lane));
	}
	bytes_wipe(keccak, sizeof(*keccak));
}

void keccak256(struct bytes data, uint8_t ret_digest[KECCAK256_SIZE])
{
	struct keccak keccak;

	keccak_init(&keccak);
	keccak_update(&keccak, data);
	keccak_final(&keccak, ret_digest);
}
