/*
 * http: reading HTTP/1.1 requests (RFC 9112) and writing replies, as pure functions over bytes: no sockets, no clock, no memory
 * beyond the caller's. http_conn.c and http_serve.c put connections around them.
 *
 * Why not evhttp: tests/unit/server/test_evhttp_limits.c states the facts. While a request waits evhttp notices neither a FIN nor a reset, so the
 * prompt of a caller who is gone would stay open; it judges the size before the host and receives a whole body before anybody may look at the
 * headers; it cannot answer a body that was cut; it accepts requests whose length is ambiguous. Why not bufferevents either: each read costs a
 * second system call and stops at 4 KiB, each write two changes of the event set, and the end of a stream and a reset arrive as one event. A
 * request here costs one read and one write.
 *
 * Decisions, where the standard leaves room, are for refusing whatever two readers could understand differently:
 * a line ends with CRLF and nothing else; no folded lines; no white space before a colon; no control characters; a body has exactly one length
 * (two Content-Length lines, even equal ones, or Content-Length beside Transfer-Encoding: 400); the only transfer coding is "chunked"; Host, Content-Type,
 * Origin, User-Agent and Expect come at most once; an absolute target names the same host as the Host line. Only POST runs anything: a body on GET,
 * HEAD or OPTIONS is never run.
 *
 * A FIN means that the caller is gone: on TCP a socket that was closed and one that only ended its stream look the same, and who closed must not
 * leave a prompt behind. So a call that waits is withdrawn, but after 50 ms only (PEER_WAIT_GRACE): whatever no person is asked about is answered
 * before, also for those who end their stream right behind the request. While a call runs, up to 64 KiB behind it are read ahead, so that a FIN
 * is seen; behind more than the system takes besides, it is seen when the call was answered. Time limits are in peers.c.
 */
#ifndef CLEF_SERVER_HTTP_H
#define CLEF_SERVER_HTTP_H

#include <zlib.h>

#include "base/bytes.h"
#include "server/origins.h"
#include "server/vhosts.h"

/* Request line and header lines together. Also most bytes of trailer lines, and of chunk extensions, in one body. */
#define HTTP_HEAD_MAX ((size_t)65536)
/* Most bytes of a body, after decoding. */
#define HTTP_BODY_MAX ((uint64_t)5242880)
/* This much of a body that nobody wants is read and dropped, so that the connection can go on; with more it is closed. */
#define HTTP_DRAIN_MAX ((uint64_t)262144)

/* ---- the head: request line and header lines ---- */

enum http_method { HTTP_GET, HTTP_HEAD, HTTP_POST, HTTP_OPTIONS, HTTP_OTHER };

/* Slices borrow from the stream that was parsed; empty when the line is absent. */
struct http_head {
	enum http_method method;
	bool version_1_0;
	bool has_query;       /* something stands behind a question mark */
	bool keep_alive;      /* what the client asks for, by version and Connection */
	bool expect_continue; /* it waits for 100 before it sends the body */
	bool accepts_gzip;
	bool chunked;
	bool has_length;
	uint64_t length; /* of the body in bytes, when has_length */
	/* The line is there, be it empty. Referer and Sec-Fetch-* (Fetch Metadata) come from browsers only. */
	bool has_content_type, has_origin, has_referer, has_fetch_metadata;
	bool is_preflight;         /* Access-Control-Request-Method is there (Fetch, CORS-preflight request) */
	bool asks_private_network; /* Access-Control-Request-Private-Network: true */
	struct bytes host, content_type, user_agent, origin;
	size_t size; /* of the head in the stream, with the blank line */
};

/* How far the search for the end of a head has come. Zero at the start of each request. */
struct http_scan {
	size_t offset; /* bytes looked at */
	size_t start;  /* of the request line: one empty line may come before it (RFC 9112 section 2.2) */
	size_t line;   /* start of the line that is being looked at */
};

enum http_progress { HTTP_MORE, HTTP_DONE, HTTP_BAD };

/*
 * `untrusted_stream` is everything received since the start of the request: the same bytes as before, perhaps with more behind.
 * HTTP_BAD: *ret_status is the status to answer with (400, 417, 431, 501, 505); the connection is then closed.
 */
enum http_progress http_head_parse(
    struct bytes untrusted_stream, struct http_scan *scan, struct http_head *ret_head, int *ret_status);

/* ---- what becomes of a request, judged by its head alone ---- */

/*
 * What clef-proxy does beyond the signer's own port. A web page may call when its origin is listed, and gets the answers that its browser asks for (CORS); any
 * other request with an Origin is refused. The type that `curl -d` sends, or none, is taken, too; a form or a simple request of any web page can have it
 * as well, so only where nothing speaks of a browser (no Origin, Referer or Sec-Fetch-*), with a loopback Host, and for a body that is one JSON-RPC object.
 */
struct http_policy {
	struct origins origins;
};

enum http_verdict {
	HTTP_RUN,        /* its body is JSON-RPC */
	HTTP_RUN_OBJECT, /* the same, if http_body_is_object() */
	HTTP_HEALTH,     /* 200, empty, without content type */
	HTTP_NOTHING,    /* OPTIONS: 200, empty */
	HTTP_PREFLIGHT,  /* a browser asks what the page may do: 204 */
	HTTP_REFUSE
};
struct http_refusal {
	int status;
	char text[240];
};
/* Without a policy: as the signer's own port. Refusals in this order: host 403, origin 403, method 405, size 413, content type 415. */
enum http_verdict http_judge(const struct http_head *head, const struct vhosts *vhosts, const struct http_policy *policy,
    struct http_refusal *ret_refusal);
/* The listed origin of the page that asks; NULL when there is no policy, no Origin, or another one. */
const char *http_allowed_origin(const struct http_head *head, const struct http_policy *policy);
/* After HTTP_RUN_OBJECT: one JSON object that says it is JSON-RPC 2.0 and names a method. Otherwise *ret_refusal. */
bool http_body_is_object(struct bytes untrusted_body, struct http_refusal *ret_refusal);
/* One of the three types that mean JSON-RPC, in any case; a parameter has a value and comes once (RFC 9110 section 8.3.1). */
bool http_content_type_is_json(struct bytes untrusted_value);
/* application/x-www-form-urlencoded, likewise. */
bool http_content_type_is_form(struct bytes untrusted_value);
/* Is gzip among the codings, with a quality other than 0? */
bool http_accepts_gzip(struct bytes untrusted_value);

/* ---- the body ---- */

struct http_body {
	enum { HTTP_BODY_LENGTH, HTTP_CHUNK_SIZE, HTTP_CHUNK_EXTENSION, HTTP_CHUNK_DATA, HTTP_CHUNK_END, HTTP_TRAILER } state;
	uint64_t left;   /* of the body, or of the chunk */
	size_t overhead; /* extension and trailer bytes so far */
	unsigned digits;
	bool cr;         /* the last byte was a CR */
	bool line_empty; /* nothing on this trailer line yet */
};

void http_body_start(struct http_body *body, const struct http_head *head);
/*
 * Takes bytes from the front of the input: *ret_used of them, framing included, of which *ret_content (a slice of the input, maybe empty) is content.
 * Call again with the rest until HTTP_DONE, HTTP_BAD (the framing of chunks is broken), or nothing is left. Does not limit the size: the caller counts.
 */
enum http_progress http_body_feed(
    struct http_body *body, struct bytes untrusted_input, size_t *ret_used, struct bytes *ret_content);

/* ---- replies ---- */

/* One compressor for all replies; its memory (256 KiB) comes with the first use. Zeroed at first. */
struct http_gzip {
	z_stream stream;
	bool ready;
};
void http_gzip_free(struct http_gzip *gzip);

enum http_content { HTTP_CONTENT_NONE, HTTP_CONTENT_JSON, HTTP_CONTENT_TEXT };
struct http_reply {
	int status;
	enum http_content content;
	struct bytes body;
	bool compress;  /* asked for, and allowed here; empty and very large bodies stay as they are */
	bool close;     /* say that the connection ends here */
	bool keep;      /* say that it does not: HTTP/1.0 clients need to hear it */
	bool head_only; /* the answer to HEAD: headers as if, no body */
	/* CORS: the listed origin that may read the reply, or NULL; the answer to a preflight, also to one about a private network. */
	const char *origin;
	bool preflight, private_network;
};
/* Append the reply. */
void http_reply_write(const struct http_reply *reply, struct http_gzip *gzip, struct buf *ret_bytes);
/* "Not Found" and the like, for the statuses that the server uses. */
const char *http_status_text(int status);

#endif
