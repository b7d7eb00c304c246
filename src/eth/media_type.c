#include "eth/media_type.h"

#include <string.h>

static const char *const type_texts[] = {
    [MEDIA_TYPE_TEXT_PLAIN] = "text/plain",
    [MEDIA_TYPE_DATA_PLAIN] = "data/plain",
    [MEDIA_TYPE_TYPED_DATA] = "data/typed",
    [MEDIA_TYPE_VALIDATOR] = "data/validator",
    [MEDIA_TYPE_CLIQUE_HEADER] = "application/x-clique-header",
};

struct parser {
	struct bytes left;
	struct error *ret_error;
};

static bool refuse(struct parser *parser, const char *problem)
{
	return error_set(parser->ret_error, ERROR_REFUSED, "mime: %s", problem);
}

static void skip(struct parser *parser, size_t size)
{
	parser->left = bytes_of(parser->left.data + size, parser->left.size - size);
}

static uint8_t peek(const struct parser *parser)
{
	return parser->left.size > 0 ? parser->left.data[0] : 0;
}

static void skip_blanks(struct parser *parser)
{
	while (peek(parser) == ' ' || peek(parser) == '\t')
		skip(parser, 1);
}

/* RFC 2045: printable ASCII without blanks and tspecials. */
static bool is_token(uint8_t c)
{
	return c > ' ' && c < 0x7f && !strchr("()<>@,;:\\\"/[]?=", c);
}

static struct bytes read_token(struct parser *parser)
{
	size_t size = 0;

	while (size < parser->left.size && is_token(parser->left.data[size]))
		size++;
	struct bytes token = bytes_of(parser->left.data, size);
	skip(parser, size);
	return token;
}

/* A token, or a quoted string in which a backslash takes the next character as it is. */
static bool read_value(struct parser *parser)
{
	if (peek(parser) != '"')
		return read_token(parser).size > 0;
	for (skip(parser, 1); peek(parser) != '"'; skip(parser, 1)) {
		if (peek(parser) == '\\')
			skip(parser, 1);
		if (peek(parser) < ' ' && peek(parser) != '\t')
			return false;
	}
	skip(parser, 1);
	return true;
}

#define PARAMETERS_MAX 16

static bool same_name(struct bytes a, struct bytes b)
{
	if (a.size != b.size)
		return false;
	for (size_t i = 0; i < a.size; i++) {
		uint8_t difference = a.data[i] ^ b.data[i];
		if (difference != 0 && !(difference == 0x20 && (a.data[i] | 0x20) >= 'a' && (a.data[i] | 0x20) <= 'z'))
			return false;
	}
	return true;
}

static bool read_parameters(struct parser *parser)
{
	struct bytes names[PARAMETERS_MAX];
	size_t count = 0;

	for (skip_blanks(parser); peek(parser) == ';'; skip_blanks(parser)) {
		skip(parser, 1);
		skip_blanks(parser);
		if (parser->left.size == 0)
			return true; /* a semicolon at the end is harmless */
		struct bytes name = read_token(parser);
		if (name.size == 0 || peek(parser) != '=' || count == PARAMETERS_MAX)
			return refuse(parser, "invalid media parameter");
		skip(parser, 1);
		if (!read_value(parser))
			return refuse(parser, "invalid media parameter");
		for (size_t i = 0; i < count; i++)
			if (same_name(names[i], name))
				return refuse(parser, "duplicate parameter name");
		names[count++] = name;
	}
	return parser->left.size == 0 || refuse(parser, "invalid media parameter");
}

/* The type and its subtype, without parameters. */
static bool read_type(struct parser *parser, struct bytes *ret_type)
{
	struct bytes whole = parser->left;

	if (read_token(parser).size == 0)
		return refuse(parser, "no media type");
	if (peek(parser) != '/')
		return refuse(parser, "expected slash after first token");
	skip(parser, 1);
	if (read_token(parser).size == 0)
		return refuse(parser, "expected token after slash");
	*ret_type = bytes_of(whole.data, whole.size - parser->left.size);
	skip_blanks(parser);
	return parser->left.size == 0 || peek(parser) == ';' || refuse(parser, "unexpected content after media subtype");
}

bool media_type_parse(struct bytes untrusted_text, enum media_type *ret_type, struct error *ret_error)
{
	struct parser parser = {.left = untrusted_text, .ret_error = ret_error};
	struct bytes type = BYTES_NONE;

	skip_blanks(&parser);
	if (!read_type(&parser, &type) || !read_parameters(&parser))
		return false;
	for (size_t i = 0; i < sizeof(type_texts) / sizeof(type_texts[0]); i++) {
		if (!bytes_equal_text_nocase(type, type_texts[i]))
			continue;
		*ret_type = (enum media_type)i;
		return true;
	}
	return error_set(ret_error, ERROR_REFUSED,
	    "content type %.*s is not signed: expected text/plain, data/plain, data/typed, data/validator or "
	    "application/x-clique-header",
	    (int)(type.size < 64 ? type.size : 64), (const char *)type.data);
}

const char *media_type_text(enum media_type type)
{
	return type_texts[type];
}
