#include "server/http_lex.h"

#include <string.h>

bool http_is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

static bool is_token_char(uint8_t c)
{
	bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

	return letter || http_is_digit(c) || (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

bool http_is_token(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (!is_token_char(text.data[i]))
			return false;
	}
	return text.size > 0;
}

bool http_is_field_value(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if ((c < ' ' && c != '\t') || c == 0x7f)
			return false;
	}
	return true;
}

/* Not tolower(): the answer must not depend on a locale. */
static uint8_t lower(uint8_t c)
{
	return c >= 'A' && c <= 'Z' ? (uint8_t)(c | 0x20) : c;
}

bool http_equal_nocase(struct bytes a, struct bytes b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		if (lower(a.data[i]) != lower(b.data[i]))
			return false;
	}
	return true;
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct bytes http_trim(struct bytes text)
{
	while (text.size > 0 && is_blank(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	return text;
}

bool http_next_item(struct bytes *list, char separator, struct bytes *ret_item)
{
	while (list->size > 0) {
		const uint8_t *end = memchr(list->data, separator, list->size);
		size_t size = end == NULL ? list->size : (size_t)(end - list->data);
		size_t used = end == NULL ? size : size + 1;

		*ret_item = http_trim(bytes_of(list->data, size));
		*list = bytes_of(list->data + used, list->size - used);
		if (ret_item->size > 0)
			return true;
	}
	return false;
}
