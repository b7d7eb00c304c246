#include "qubes/words.h"

#include <string.h>

#define WORD_MAX ((size_t)8192)

bool words_add(struct words *words, struct arena *arena, struct bytes word, struct error *ret_error)
{
	if (words->count >= WORDS_MAX)
		return error_set(ret_error, ERROR_PARAMS, "more than %zu words", WORDS_MAX);
	words->list[words->count++] = arena_text(arena, word);
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

/* Moves what stands in one pair of quotes, or the single character, from the text to the word. */
static bool take_part(struct bytes *text, struct buf *word, struct error *ret_error)
{
	uint8_t first = text->data[0];

	*text = bytes_of(text->data + 1, text->size - 1);
	if (first != '\'' && first != '"') {
		buf_put_u8(word, first);
		return true;
	}
	const uint8_t *end = text->size > 0 ? memchr(text->data, first, text->size) : NULL;

	if (end == NULL)
		return error_set(ret_error, ERROR_PARAMS, "a quote (%c) that does not end", first);
	size_t size = (size_t)(end - text->data);

	buf_put(word, text->data, size);
	*text = bytes_of(end + 1, text->size - size - 1);
	return true;
}

bool words_split(struct words *words, struct arena *arena, struct bytes text, struct error *ret_error)
{
	while (text.size > 0) {
		struct buf word BUF_CLEANUP = BUF_INIT(WORD_MAX);

		if (is_blank(text.data[0])) {
			text = bytes_of(text.data + 1, text.size - 1);
			continue;
		}
		while (text.size > 0 && !is_blank(text.data[0]))
			if (!take_part(&text, &word, ret_error))
				return false;
		if (!buf_ok(&word))
			return error_set(ret_error, ERROR_PARAMS, "a word of more than %zu bytes", WORD_MAX);
		if (!words_add(words, arena, buf_bytes(&word), ret_error))
			return false;
	}
	return true;
}

void words_fill_in(struct words *words, struct arena *arena, const char *value)
{
	for (size_t i = 0; i < words->count; i++)
		for (char *at = strstr(words->list[i], "%s"); at != NULL;) {
			size_t before = (size_t)(at - words->list[i]);

			words->list[i] = arena_printf(arena, "%.*s%s%s", (int)before, words->list[i], value, at + 2);
			at = strstr(words->list[i] + before + strlen(value), "%s");
		}
}
