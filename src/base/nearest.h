/* nearest: the name that was probably meant when one is misspelt. */
#ifndef CLEF_BASE_NEAREST_H
#define CLEF_BASE_NEAREST_H

#include <stddef.h>

/* Names longer than this are never near to anything. */
#define NEAREST_NAME_MOST 32

struct nearest {
	const char *given; /* `size` bytes */
	size_t size;
	const char *name; /* the best so far, or NULL */
	size_t distance;
};

struct nearest nearest_to(const char *given, size_t size);
/*
 * Offer a name (NULL is fine). It is kept when fewer letters have to be inserted, dropped, exchanged or swapped with their neighbour than for the names before,
 * and no more than a third of its letters (short names: one); capitals count as the same letter. A name of one letter is near to nothing else.
 */
void nearest_offer(struct nearest *nearest, const char *name);

#endif
