/*
 * memory: allocation that cannot fail, and arenas.
 *
 * Running out of memory ends the process with a line on stderr: a role that dies takes the signer down, nothing is signed. Sizes
 * that come from outside are capped by their reader before they get here.
 */
#ifndef CLEF_BASE_MEMORY_H
#define CLEF_BASE_MEMORY_H

#include "base/bytes.h"

/* Say so on stderr and end the process with exit status 1: for other allocators that end the same way. */
_Noreturn void memory_exhausted(void);
/* Zeroed memory for `count` things of `size` bytes; the multiplication is checked. Free with free(). */
void *memory_new(size_t count, size_t size);
/* Grow an array; *capacity counts things. Doubles, so that adding one at a time stays linear. New things are zeroed; not for
 * secrets, since the old place is not wiped. */
void memory_grow(void **array, size_t *capacity, size_t needed, size_t size);
/* A terminated copy; free with free(). */
char *memory_text(struct bytes text);

/* Everything that belongs to one request lives in one arena and goes in one call. Never holds secrets. */
struct arena_block;
struct arena {
	struct arena_block *blocks;
	size_t total;
};

/* Zeroed, aligned for anything. */
void *arena_alloc(struct arena *arena, size_t size);
void *arena_array(struct arena *arena, size_t count, size_t size);
struct bytes arena_copy(struct arena *arena, struct bytes bytes);
/* A terminated copy; a 0 inside the bytes is kept and ends the text early for C functions. */
char *arena_text(struct arena *arena, struct bytes bytes);
char *arena_printf(struct arena *arena, const char *format, ...) __attribute__((format(printf, 2, 3)));
void arena_free(struct arena *arena);
#define ARENA_CLEANUP __attribute__((cleanup(arena_free)))

#endif
