#!/usr/bin/env python3
"""Writes u256_vectors.h: sums, differences, products, quotients and texts of 256-bit numbers, as Python computes them."""

import random

LIMIT = 1 << 256
random.seed(256)
edges = [0, 1, 2, 9, 10, 0xFF, 0x100, 10**18, (1 << 64) - 1, 1 << 64, (1 << 128) - 1, 1 << 128, (1 << 192) - 1, 1 << 192,
         (1 << 255) - 1, 1 << 255, LIMIT - 1, LIMIT - 2, LIMIT // 10, 10**77]
pairs = [(a, b) for a in edges[::3] for b in edges[1::3]]
for bit in range(250, 512, 20):  # products with a single bit, so that no other bit hides one that gets lost
    pairs.append((1 << bit // 2, 1 << bit - bit // 2))
for _ in range(120):
    pairs.append((random.getrandbits(random.randint(1, 256)), random.getrandbits(random.randint(1, 256))))


def text(value):
    """The number in hexadecimal, or NULL where it does not fit."""
    return '"%x"' % value if 0 <= value < LIMIT else "NULL"


print("""/* Written by u256_vectors.py; Python's integers are the reference. Hexadecimal unless said otherwise; NULL: does not fit. */
#ifndef CLEF_U256_VECTORS_H
#define CLEF_U256_VECTORS_H

#include <stdint.h>

/* clang-format off */
static const struct {
	const char *a, *b, *sum, *difference, *product;
	uint32_t divisor;
	const char *quotient; /* of a by the divisor */
	uint32_t remainder;
	const char *decimal; /* of a */
} u256_vectors[] = {""")
for a, b in pairs:
    d = random.choice([1, 2, 3, 10, 1000000000, 0xFFFFFFFF, random.randint(1, 0xFFFFFFFF)])
    print('\t{%s, %s, %s, %s, %s, %du, %s, %du, "%d"},' %
          (text(a), text(b), text(a + b), text(a - b), text(a * b), d, text(a // d), a % d, a))
print("""};
/* clang-format on */

#endif""")
