#include "server/origins.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "server/http_lex.h"

/* How much of a wrong origin an error repeats. */
#define SHOWN_MOST 120
#define PORT_MOST  65535

static bool refuse(struct bytes given, const char *why, struct error *ret_error)
{
	int shown = given.size > SHOWN_MOST ? SHOWN_MOST : (int)given.size;

	return error_set(
	    ret_error, ERROR_PARAMS, "the origin \"%.*s\" %s", shown, given.size > 0 ? (const char *)given.data : "", why);
}

static bool is_letter(uint8_t c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

/* RFC 3986 section 3.1. */
static bool is_scheme(struct bytes text)
{
	if (text.size == 0 || !is_letter(text.data[0]))
		return false;
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (!is_letter(c) && !http_is_digit(c) && c != '+' && c != '-' && c != '.')
			return false;
	}
	return true;
}

/* A name, an IPv4 address, or an IPv6 address in brackets; what no host can hold is a path, a user's name or a slip of the pen. */
static bool is_host(struct bytes text)
{
	if (text.size > 2 && text.data[0] == '[' && text.data[text.size - 1] == ']') {
		for (size_t i = 1; i + 1 < text.size; i++)
			if (!http_is_digit(text.data[i]) && !is_letter(text.data[i]) && text.data[i] != ':' &&
			    text.data[i] != '.')
				return false;
		return true;
	}
	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (!is_letter(c) && !http_is_digit(c) && c != '-' && c != '.' && c != '_')
			return false;
	}
	return text.size > 0;
}

static bool read_port(struct bytes text, unsigned *ret_port)
{
	unsigned port = 0;

	if (text.size == 0 || text.size > 5)
		return false;
	for (size_t i = 0; i < text.size; i++) {
		if (!http_is_digit(text.data[i]))
			return false;
		port = port * 10 + (unsigned)(text.data[i] - '0');
	}
	*ret_port = port;
	return port >= 1 && port <= PORT_MOST;
}

/* "host:port" from behind the slashes; *ret_port is 0 when none is there. */
static bool split_port(struct bytes authority, struct bytes *ret_host, unsigned *ret_port)
{
	const uint8_t *colon = memrchr(authority.data, ':', authority.size);
	const uint8_t *bracket = memrchr(authority.data, ']', authority.size);

	*ret_port = 0;
	*ret_host = authority;
	if (colon == NULL || (bracket != NULL && bracket > colon))
		return true;
	*ret_host = bytes_of(authority.data, (size_t)(colon - authority.data));
	return read_port(bytes_of(colon + 1, authority.size - ret_host->size - 1), ret_port);
}

static void put_lower(struct bytes text, struct buf *buf)
{
	for (size_t i = 0; i < text.size; i++)
		buf_put_u8(buf, text.data[i] >= 'A' && text.data[i] <= 'Z' ? (uint8_t)(text.data[i] | 0x20) : text.data[i]);
}

static bool is_default_port(struct bytes scheme, unsigned port)
{
	return (port == 80 && bytes_equal_text_nocase(scheme, "http")) ||
	       (port == 443 && bytes_equal_text_nocase(scheme, "https"));
}

static bool add_one(struct origins *origins, struct bytes given, struct error *ret_error)
{
	static const char slashes[] = {':', '/', '/'};
	BUF_CLEANUP struct buf text = BUF_INIT(given.size + 16);
	struct bytes host;
	unsigned port;

	if (bytes_equal_text(given, "*"))
		return refuse(given, "would let every web page call; list the pages that may", ret_error);
	if (bytes_equal_text_nocase(given, "null"))
		return refuse(given, "is sent by every sandboxed frame and local file, so that it stands for nobody", ret_error);
	const uint8_t *at = memmem(given.data, given.size, slashes, sizeof(slashes));
	if (at == NULL || !is_scheme(bytes_of(given.data, (size_t)(at - given.data))))
		return refuse(given, "is none: expected a scheme and a host, such as https://app.example", ret_error);
	struct bytes scheme = bytes_of(given.data, (size_t)(at - given.data));
	at += sizeof(slashes);
	if (!split_port(bytes_of(at, given.size - (size_t)(at - given.data)), &host, &port) || !is_host(host))
		return refuse(given,
		    "is none: behind the scheme expected a host and perhaps a port, and nothing else, not even a slash",
		    ret_error);
	put_lower(scheme, &text);
	buf_put(&text, slashes, sizeof(slashes));
	put_lower(host, &text);
	if (port != 0 && !is_default_port(scheme, port))
		buf_printf(&text, ":%u", port);
	memory_grow((void **)&origins->name, &origins->capacity, origins->count + 1, sizeof(*origins->name));
	origins->name[origins->count++] = memory_text(buf_bytes(&text));
	return true;
}

bool origins_add(struct origins *origins, struct bytes list, struct error *ret_error)
{
	struct bytes item;

	while (http_next_item(&list, ',', &item))
		if (!add_one(origins, item, ret_error))
			return false;
	return true;
}

void origins_free(struct origins *origins)
{
	for (size_t i = 0; i < origins->count; i++)
		free(origins->name[i]);
	free(origins->name);
	*origins = (struct origins){0};
}

const char *origins_find(const struct origins *origins, struct bytes untrusted_header)
{
	for (size_t i = 0; i < origins->count; i++)
		if (bytes_equal_text_nocase(untrusted_header, origins->name[i]))
			return origins->name[i];
	return NULL;
}
