#include <string.h>

#include "base/hex.h"
#include "server/http.h"
#include "server/http_lex.h"

/* A chunk's size in hex digits: more than 16 million TiB is nobody's. */
#define CHUNK_DIGITS_MAX 8

void http_body_start(struct http_body *body, const struct http_head *head)
{
	*body = (struct http_body){
	    .state = head->chunked ? HTTP_CHUNK_SIZE : HTTP_BODY_LENGTH,
	    .left = head->chunked ? 0 : head->length,
	};
}

static size_t take(struct http_body *body, struct bytes input, struct bytes *ret_content)
{
	size_t size = body->left < input.size ? (size_t)body->left : input.size;

	*ret_content = bytes_of(input.data, size);
	body->left -= size;
	return size;
}

/* The line with the size is over. */
static enum http_progress size_line_ends(struct http_body *body)
{
	if (body->digits == 0)
		return HTTP_BAD;
	body->digits = 0;
	body->cr = false;
	body->line_empty = true;
	body->state = body->left == 0 ? HTTP_TRAILER : HTTP_CHUNK_DATA;
	return HTTP_MORE;
}

static enum http_progress feed_size(struct http_body *body, uint8_t c)
{
	int digit = hex_digit(c);

	if (body->cr)
		return c == '\n' ? size_line_ends(body) : HTTP_BAD;
	if (digit >= 0 && body->digits < CHUNK_DIGITS_MAX) {
		body->left = body->left * 16 + (uint64_t)digit;
		body->digits++;
		return HTTP_MORE;
	}
	if (digit >= 0 || body->digits == 0)
		return HTTP_BAD;
	body->cr = c == '\r';
	if (c == ';')
		body->state = HTTP_CHUNK_EXTENSION;
	return body->cr || c == ';' ? HTTP_MORE : HTTP_BAD;
}

/* Extensions say nothing that we know: passed over up to the end of the line. */
static enum http_progress feed_extension(struct http_body *body, uint8_t c)
{
	if (body->cr)
		return c == '\n' ? size_line_ends(body) : HTTP_BAD;
	body->cr = c == '\r';
	if (!body->cr && !http_is_field_value(bytes_of(&c, 1)))
		return HTTP_BAD;
	return ++body->overhead > HTTP_HEAD_MAX ? HTTP_BAD : HTTP_MORE;
}

static enum http_progress feed_end(struct http_body *body, uint8_t c)
{
	if (!body->cr) {
		body->cr = c == '\r';
		return body->cr ? HTTP_MORE : HTTP_BAD;
	}
	body->cr = false;
	body->state = HTTP_CHUNK_SIZE;
	return c == '\n' ? HTTP_MORE : HTTP_BAD;
}

/* Trailer lines change nothing: passed over up to the empty one. */
static enum http_progress feed_trailer(struct http_body *body, uint8_t c)
{
	if (body->cr) {
		if (c != '\n')
			return HTTP_BAD;
		body->cr = false;
		bool done = body->line_empty;
		body->line_empty = true;
		return done ? HTTP_DONE : HTTP_MORE;
	}
	body->cr = c == '\r';
	if (!body->cr && !http_is_field_value(bytes_of(&c, 1)))
		return HTTP_BAD;
	body->line_empty = body->line_empty && body->cr;
	return ++body->overhead > HTTP_HEAD_MAX ? HTTP_BAD : HTTP_MORE;
}

static enum http_progress feed_framing(struct http_body *body, uint8_t c)
{
	switch (body->state) {
	case HTTP_CHUNK_SIZE:
		return feed_size(body, c);
	case HTTP_CHUNK_EXTENSION:
		return feed_extension(body, c);
	case HTTP_CHUNK_END:
		return feed_end(body, c);
	case HTTP_TRAILER:
		return feed_trailer(body, c);
	case HTTP_BODY_LENGTH:
	case HTTP_CHUNK_DATA:
		break;
	}
	return HTTP_BAD;
}

enum http_progress http_body_feed(
    struct http_body *body, struct bytes untrusted_input, size_t *ret_used, struct bytes *ret_content)
{
	enum http_progress progress = HTTP_MORE;
	size_t used = 0;

	*ret_content = BYTES_NONE;
	if (body->state == HTTP_BODY_LENGTH) {
		*ret_used = take(body, untrusted_input, ret_content);
		return body->left == 0 ? HTTP_DONE : HTTP_MORE;
	}
	while (progress == HTTP_MORE && body->state != HTTP_CHUNK_DATA && used < untrusted_input.size)
		progress = feed_framing(body, untrusted_input.data[used++]);
	if (progress == HTTP_MORE && body->state == HTTP_CHUNK_DATA) {
		used += take(body, bytes_of(untrusted_input.data + used, untrusted_input.size - used), ret_content);
		if (body->left == 0)
			body->state = HTTP_CHUNK_END;
	}
	*ret_used = used;
	return progress;
}
