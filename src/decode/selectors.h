/*
 * selectors: the shipped list of method signatures, by their first four bytes of Keccak-256.
 *
 * The list is made at build time (tools/generate-selectors, from data/) and lies in read-only memory as it is: nothing is parsed at the
 * start and only pages that are looked at cost memory.
 */
#ifndef CLEF_DECODE_SELECTORS_H
#define CLEF_DECODE_SELECTORS_H

#include "base/bytes.h"

/* Most texts that one selector has in the shipped list; the generator enforces it. */
#define SELECTORS_TEXTS_MAX 8

struct selectors_texts {
	size_t count;
	/* Canonical signatures, "transfer(address,uint256)", the best known first. */
	struct bytes signatures[SELECTORS_TEXTS_MAX];
	/* Parameter names of each, comma-separated; empty when unknown. Never more authoritative than a comment. */
	struct bytes names[SELECTORS_TEXTS_MAX];
};

/* Everything known for a selector; false when nothing is. The texts are static. */
bool selectors_find(const uint8_t selector[4], struct selectors_texts *ret_texts);
/* How many signatures the list has. */
size_t selectors_count(void);

#endif
