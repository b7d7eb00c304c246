/*
 * calls: the calls that core has and has not answered yet, by the number that went with them.
 *
 * Numbers are never used again, so that an answer which crossed a withdrawal on its way finds nothing instead of somebody else's call.
 */
#ifndef CLEF_GATE_CALLS_H
#define CLEF_GATE_CALLS_H

#include <stddef.h>
#include <stdint.h>

struct calls_slot {
	void *owner; /* NULL: free */
	uint32_t generation;
	uint32_t next_free; /* index + 1 of the next free slot, 0: none */
};

struct calls {
	struct calls_slot *slots;
	size_t capacity;
	uint32_t first_free; /* index + 1 */
};

void calls_free(struct calls *calls);
/* Enter a call of `owner` (not NULL); returns its number, never 0. */
uint64_t calls_add(struct calls *calls, void *owner);
/* Strike a call out; returns its owner, NULL when there is no such call (any more). */
void *calls_take(struct calls *calls, uint64_t number);

#endif
