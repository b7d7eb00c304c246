#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "server/http.h"

/* Compressing more than this would hold up everybody else; who accepts gzip accepts plain text, too. */
#define COMPRESS_MAX ((size_t)1048576)
/* zlib: a 32 KiB window (15 bits), in a gzip wrapper (+16); fastest level, since replies are short. */
#define WINDOW_BITS  (15 + 16)
#define MEMORY_LEVEL 8

const char *http_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} known[] = {
	    {100, "Continue"},
	    {200, "OK"},
	    {204, "No Content"},
	    {400, "Bad Request"},
	    {403, "Forbidden"},
	    {405, "Method Not Allowed"},
	    {413, "Request Entity Too Large"},
	    {415, "Unsupported Media Type"},
	    {417, "Expectation Failed"},
	    {431, "Request Header Fields Too Large"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
		if (known[i].status == status)
			return known[i].text;
	}
	return "Unknown";
}

/* Appends the compressed body; false when that is not to be done, or cannot be. */
static bool compress_body(struct http_gzip *gzip, struct bytes body, struct buf *ret_bytes)
{
	z_stream *stream = &gzip->stream;

	if (body.size == 0 || body.size > COMPRESS_MAX)
		return false;
	if (!gzip->ready && deflateInit2(stream, Z_BEST_SPEED, Z_DEFLATED, WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		memory_exhausted();
	gzip->ready = true;
	deflateReset(stream);
	uLong room = deflateBound(stream, (uLong)body.size);
	uint8_t *space = buf_reserve(ret_bytes, room);
	if (space == NULL)
		return false;
	stream->next_in = (Bytef *)(uintptr_t)body.data; /* zlib only reads it */
	stream->avail_in = (uInt)body.size;
	stream->next_out = space;
	stream->avail_out = (uInt)room;
	if (deflate(stream, Z_FINISH) != Z_STREAM_END)
		return false;
	buf_commit(ret_bytes, room - stream->avail_out);
	return true;
}

void http_gzip_free(struct http_gzip *gzip)
{
	if (gzip->ready)
		deflateEnd(&gzip->stream);
	*gzip = (struct http_gzip){0};
}

static void put_length(size_t length, struct buf *ret_bytes)
{
	char text[64];
	int size = snprintf(text, sizeof text, "Content-Length: %zu\r\n\r\n", length);

	buf_put(ret_bytes, text, (size_t)size);
}

/* Fetch, section 3.2 (CORS protocol). POST is the one method that runs anything, content-type the one header that JSON needs. */
static void put_cors(const struct http_reply *reply, struct buf *ret_bytes)
{
	if (reply->origin == NULL)
		return;
	buf_printf(ret_bytes, "Access-Control-Allow-Origin: %s\r\nVary: Origin\r\n", reply->origin);
	if (reply->preflight)
		buf_put_text(ret_bytes, "Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: content-type\r\n"
		                        "Access-Control-Max-Age: 600\r\n");
	if (reply->preflight && reply->private_network)
		buf_put_text(ret_bytes, "Access-Control-Allow-Private-Network: true\r\n");
}

static void put_head(const struct http_reply *reply, struct buf *ret_bytes)
{
	static const char ok[] = "HTTP/1.1 200 OK\r\n";

	if (reply->status == 200)
		buf_put(ret_bytes, ok, sizeof ok - 1);
	else
		buf_printf(ret_bytes, "HTTP/1.1 %d %s\r\n", reply->status, http_status_text(reply->status));
	switch (reply->content) {
	case HTTP_CONTENT_JSON:
		buf_put_text(ret_bytes, "Content-Type: application/json\r\n");
		break;
	case HTTP_CONTENT_TEXT:
		buf_put_text(ret_bytes, "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n");
		break;
	case HTTP_CONTENT_NONE:
		break;
	}
	put_cors(reply, ret_bytes);
	if (reply->close)
		buf_put_text(ret_bytes, "Connection: close\r\n");
	else if (reply->keep)
		buf_put_text(ret_bytes, "Connection: keep-alive\r\n");
}

void http_reply_write(const struct http_reply *reply, struct http_gzip *gzip, struct buf *ret_bytes)
{
	struct buf packed BUF_CLEANUP = BUF_INIT(2 * COMPRESS_MAX);
	struct bytes body = reply->body;

	put_head(reply, ret_bytes);
	if (reply->compress && compress_body(gzip, body, &packed)) {
		body = buf_bytes(&packed);
		buf_put_text(ret_bytes, "Content-Encoding: gzip\r\n");
	}
	/* RFC 9110 section 8.6: no length with 204. */
	if (reply->status == 204)
		buf_put_text(ret_bytes, "\r\n");
	else
		put_length(body.size, ret_bytes);
	if (!reply->head_only)
		buf_put_bytes(ret_bytes, body);
}
