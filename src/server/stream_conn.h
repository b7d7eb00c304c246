/*
 * stream_conn: one connection to a unix socket, with what its two forms have in common. Only src/server includes this.
 *
 * JSON values one after the other (stream_conn.c), or one frame with what is said of the caller and one body (frame_conn.c). The first byte tells; which of them
 * a server takes is enum server_streams.
 */
#ifndef CLEF_SERVER_STREAM_CONN_H
#define CLEF_SERVER_STREAM_CONN_H

#include "base/json.h"
#include "server/server.h"

struct stream_conn;

struct stream_call {
	struct stream_conn *conn;
	struct rpc_message message;
	uint64_t call; /* number that core knows */
	TAILQ_ENTRY(stream_call) link;
};
TAILQ_HEAD(stream_calls, stream_call);

struct stream_conn {
	struct peer peer;
	struct json_scan scan;
	struct stream_calls calls;
	size_t in_flight;
	size_t held;    /* bytes of their messages */
	bool begun;     /* the first byte was there */
	bool finishing; /* nothing more is read: answers are still owed */
	bool framed;
	struct server_caller caller;
	struct buf claims; /* of a frame: what `caller` points to */
};

struct stream_conn *stream_conn_of(struct peer *peer);
/* Run one message; its calls are answered with stream_conn_answered(), the reply is sent when it is complete. */
void stream_conn_run(struct stream_conn *conn, enum rpc_carrier carrier, struct bytes untrusted_text);
/* What both forms answer when peer.c asks. */
size_t stream_conn_held(const struct peer *peer);
void stream_conn_settled(struct peer *peer);
void stream_conn_stop(struct peer *peer);
void stream_conn_free(struct peer *peer);

/* From now on the connection is one of a frame. */
void frame_conn_begin(struct stream_conn *conn);
/* Send a whole reply to the message in the frame. */
void frame_conn_reply(struct stream_conn *conn, struct bytes reply);
/* Nothing will be replied: why, for the person at the caller's end. */
void frame_conn_refuse(struct stream_conn *conn, const char *text);

#endif
