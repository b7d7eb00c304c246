/*
 * server: JSON-RPC for callers on one listening socket: HTTP/1.1, or JSON values on a stream. It reads and judges everything that comes from outside,
 * takes messages apart into calls and hands these on; whoever owns the server answers them. The gates of the signer and clef-proxy are such owners.
 *
 * Everything runs in the owner's event loop. Limits on sizes, times and connections are here (http.h, jsonrpc.h, peer.h, peers.c).
 */
#ifndef CLEF_SERVER_SERVER_H
#define CLEF_SERVER_SERVER_H

#include <event2/event.h>

#include "base/log.h"
#include "server/hangup.h"
#include "server/http.h"
#include "server/jsonrpc.h"
#include "server/peers.h"
#include "server/vhosts.h"

/* One read takes this much at most. */
#define SERVER_READ_SIZE ((size_t)65536)

/* What is known and claimed of the caller of one call. All UTF-8. */
struct server_caller {
	struct bytes remote;                    /* known: address and port; "NA" on a stream */
	struct bytes qube;                      /* known, with SERVER_FRAMES_OF_QUBES: the calling qube's name */
	struct bytes local, user_agent, origin; /* claimed: Host, User-Agent, Origin */
};

struct server_handlers {
	/*
	 * A call; its texts live until the handler returns. Returns a number, never 0. The answer goes to server_answer() with `owner`, later, and not after
	 * `withdraw` was told this number.
	 */
	uint64_t (*call)(
	    void *context, uint64_t connection, const struct rpc_call *call, const struct server_caller *caller, void *owner);
	/* Nobody waits for the answer any more. */
	void (*withdraw)(void *context, uint64_t call);
	/* NULL, or: a connection of a stream begins (fd stays the server's; false: it cannot be served, and is closed) and ends. */
	bool (*opened)(void *context, uint64_t connection, int fd);
	void (*closed)(void *context, uint64_t connection);
	/* NULL, or: bytes of calls that were handed on and still take up memory here. */
	size_t (*queued)(void *context);
	/* After server_stop(): the last connection has ended. */
	void (*idle)(void *context);
	void *context;
};

/* What a stream may carry. */
enum server_streams {
	SERVER_JSON = 0,        /* JSON values */
	SERVER_JSON_AND_FRAMES, /* those, or one frame that names no qube */
	SERVER_FRAMES_OF_QUBES  /* one frame that names its qube; each connection is greeted first with FRAME_HELLO */
};

struct server_options {
	enum rpc_carrier carrier;
	enum server_streams streams;      /* with RPC_STREAM */
	struct bytes vhosts;              /* names separated by commas, with HTTP */
	const struct http_policy *policy; /* borrowed; NULL: as the signer's own port */
	size_t connections;               /* most at once */
	int log_level;
	const char *role;   /* for the log; static */
	bool subscriptions; /* calls for subscriptions are handed on as all others; else they are refused in the signer's words */
	const char *ending; /* what callers who wait are told by server_stop(); static; NULL: that the signer is shutting down */
};

/* Public for src/server only: owners embed it and use the functions below. */
struct server {
	struct event_base *base;
	struct log log;
	enum rpc_carrier carrier;
	enum server_streams streams;
	bool has_ui; /* what FRAME_HELLO says; the owner's to set */
	struct server_handlers handlers;
	const char *ending;
	struct vhosts vhosts;
	const struct http_policy *policy;
	struct peers peers;
	struct hangup hangup;
	struct http_gzip gzip;
	struct event *listening;  /* NULL before the start, and once stopped */
	struct event *later;      /* accept again after a pause */
	uint8_t *read_space;      /* SERVER_READ_SIZE bytes: what a read brings is looked at here */
	struct buf reply;         /* an HTTP reply while it is put together */
	uint64_t last_connection; /* number of the latest */
	bool subscriptions;       /* as in the options */
	bool stopping;
};

/* Memory and what needs more than a sandbox allows. */
void server_init(
    struct server *server, struct event_base *base, const struct server_options *options, struct server_handlers handlers);
/* Take connections from the listening socket, which becomes non-blocking and the server's. */
void server_start(struct server *server, int fd);
/* No new connections; what can be finished at once is; `idle` is called, perhaps from inside. */
void server_stop(struct server *server);
/* Ends every connection without a word and releases everything; `withdraw` and `closed` are still called. Safe on a zeroed struct. */
void server_free(struct server *server);
/* The answer to a call: exactly one of result and error, JSON text, is not empty. */
void server_answer(struct server *server, void *owner, struct bytes result, struct bytes error);

/* ---- for src/server only ---- */

uint64_t server_send_call(
    struct server *server, uint64_t connection, const struct rpc_call *call, const struct server_caller *caller, void *owner);
/* 0 is fine. */
void server_withdraw(struct server *server, uint64_t call);
size_t server_queued(const struct server *server);
void server_end_if_idle(struct server *server);
/* Make the connection's object for a descriptor that was accepted; it is entered in server->peers. */
struct peer *http_conn_new(struct server *server, int fd, struct bytes remote);
struct peer *stream_conn_new(struct server *server, int fd);
/* Say FRAME_HELLO. */
void frame_conn_greet(struct peer *peer);
/* The answer to a call whose owner these are. */
void http_conn_answered(void *owner, struct bytes result, struct bytes error);
void stream_conn_answered(void *owner, struct bytes result, struct bytes error);
void listener_start(struct server *server, int fd);
void listener_stop(struct server *server);

#endif
