/*
 * http_conn: the object behind one HTTP connection, and what http_conn.c, which reads requests, asks of http_serve.c, which runs them. Only these two
 * include this.
 */
#ifndef CLEF_SERVER_HTTP_CONN_H
#define CLEF_SERVER_HTTP_CONN_H

#include <arpa/inet.h>

#include "server/server.h"

enum http_state {
	AT_HEAD, /* between requests, or within a head */
	AT_BODY,
	AT_CALL /* core has a call of this request */
};
/* What is done with the body. */
enum http_fate {
	BODY_RUN,
	BODY_TOO_LARGE, /* chunks that went over the limit: answered with a parse error at their end */
	BODY_UNWANTED   /* the request was answered by its head */
};

struct http_conn {
	struct peer peer;
	enum http_state state;
	enum http_fate fate;
	struct http_scan scan;
	struct http_head head; /* its slices lie in the input, or in `stash` */
	struct http_body framing;
	bool object_only;   /* the body must be one JSON-RPC object */
	const char *origin; /* of a page that may read the reply (http_policy); NULL: none */
	struct buf body;    /* content so far, when it comes in pieces */
	struct buf stash;   /* the head's texts, when they must outlive the input or were no UTF-8 */
	bool stashed;
	uint64_t dropped; /* bytes of a body that nobody wants */
	struct rpc_message message;
	uint64_t call; /* 0: none */
	char remote[INET6_ADDRSTRLEN + 10];
};

/* ---- replies: each goes out at once. With `close` nothing more is read, and the connection ends behind it. ---- */

void http_conn_send(struct http_conn *conn, struct http_reply *reply);
void http_conn_send_json(struct http_conn *conn, struct bytes body, bool compress, bool close);
void http_conn_send_text(struct http_conn *conn, int status, struct bytes text, bool compress, bool close);
/* To what is no HTTP request; closes. */
void http_conn_send_unreadable(struct http_conn *conn, int status);
/* To a body that is no JSON. */
void http_conn_send_parse_error(struct http_conn *conn, bool close);

/* ---- requests ---- */

/* Copy the texts of the head that are needed later, made UTF-8. More than once is fine. */
void http_conn_stash(struct http_conn *conn);
/* The body is complete: run what it says. */
void http_conn_run(struct http_conn *conn, struct bytes text);
/* Hand core the next call of the message, or reply when there is none left. */
void http_conn_go_on(struct http_conn *conn);
/* Reply: every call of the message was answered. */
void http_conn_send_answers(struct http_conn *conn);
/* Be ready for another head. */
void http_conn_next(struct http_conn *conn);

#endif
