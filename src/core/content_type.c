#include "core/content_type.h"

#include <string.h>

struct row {
	const char *name;
	bool available;
	enum content_type type;
};

static const struct row rows[] = {
    {"text/plain", true, CONTENT_TYPE_TEXT_PLAIN},
    {"data/plain", true, CONTENT_TYPE_DATA_PLAIN},
    {"data/validator", false, CONTENT_TYPE_TEXT_PLAIN},
    {"data/typed", false, CONTENT_TYPE_TEXT_PLAIN},
    {"application/x-clique-header", false, CONTENT_TYPE_TEXT_PLAIN},
};

/* RFC 2045: anything printable but blanks and these. */
static bool is_token_byte(uint8_t c)
{
	return c > ' ' && c < 0x7f && strchr("()<>@,;:\\\"/[]?=", c) == NULL;
}

static struct bytes trim(struct bytes text)
{
	while (text.size > 0 && (text.data[0] == ' ' || text.data[0] == '\t'))
		text = bytes_of(text.data + 1, text.size - 1);
	while (text.size > 0 && (text.data[text.size - 1] == ' ' || text.data[text.size - 1] == '\t'))
		text.size--;
	return text;
}

static bool is_media_type(struct bytes text)
{
	size_t slashes = 0, before = 0, after = 0;

	for (size_t i = 0; i < text.size; i++) {
		if (text.data[i] == '/')
			slashes++;
		else if (!is_token_byte(text.data[i]))
			return false;
		else if (slashes == 0)
			before++;
		else
			after++;
	}
	return slashes == 1 && before > 0 && after > 0;
}

bool content_type_read(struct bytes untrusted_text, struct arena *arena, enum content_type *ret_type, struct bytes *ret_text,
    struct error *ret_error)
{
	const uint8_t *semicolon = untrusted_text.size > 0 ? memchr(untrusted_text.data, ';', untrusted_text.size) : NULL;
	struct bytes name = untrusted_text;

	if (semicolon != NULL)
		name.size = (size_t)(semicolon - untrusted_text.data);
	name = trim(name);
	if (!is_media_type(name))
		return error_set(ret_error, ERROR_REFUSED, "expected a content type such as text/plain, found \"%.*s\"",
		    (int)(untrusted_text.size < 80 ? untrusted_text.size : 80), (const char *)untrusted_text.data);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (!bytes_equal_text_nocase(name, rows[i].name))
			continue;
		if (!rows[i].available)
			return error_set(
			    ret_error, ERROR_REFUSED, "signing the content type %s is not available yet", rows[i].name);
		*ret_type = rows[i].type;
		*ret_text = arena_copy(arena, bytes_text(rows[i].name));
		return true;
	}
	return error_set(ret_error, ERROR_REFUSED, "the content type \"%.*s\" is not known: expected text/plain or data/plain",
	    (int)(name.size < 80 ? name.size : 80), (const char *)name.data);
}
