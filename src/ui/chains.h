/* chains: names of well-known chains (EIP-155 chain ids), for a person's eyes only. */
#ifndef CLEF_UI_CHAINS_H
#define CLEF_UI_CHAINS_H

#include <stdint.h>

struct chain {
	uint64_t id;
	const char *name;
	const char *coin; /* what fees are paid in and values counted in, with 18 decimals */
};

/* NULL when the chain is not in the table. */
const struct chain *chains_find(uint64_t id);

#endif
