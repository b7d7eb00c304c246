/* words: a line of settings as the words of a command, without a shell. */
#ifndef CLEF_QUBES_WORDS_H
#define CLEF_QUBES_WORDS_H

#include "base/error.h"
#include "base/memory.h"

#define WORDS_MAX ((size_t)256)

struct words {
	char *list[WORDS_MAX + 1]; /* ends with NULL, as execve() wants it */
	size_t count;
};

/* Append a copy of the word. More than WORDS_MAX are an error. */
bool words_add(struct words *words, struct arena *arena, struct bytes word, struct error *ret_error);
/*
 * Append the words of the text: separated by spaces and tabs; '...' and "..." hold together what is between them and may be empty; nothing else
 * is special.
 */
bool words_split(struct words *words, struct arena *arena, struct bytes text, struct error *ret_error);
/* Put `value` in the place of each %s in each word. */
void words_fill_in(struct words *words, struct arena *arena, const char *value);

#endif
