/*
 * peer: one connection of either transport: its descriptor, bytes that came in and have not been dealt with, bytes that wait to go out, how long
 * it may stay in its present situation, and its share of the memory that all have together.
 *
 * The transports embed a `struct peer` as their first member and fill in the operations. Nothing is freed inside an operation: whoever finds the
 * connection broken calls peer_fail(), and peer_settle(), which ends each event, frees it.
 */
#ifndef CLEF_SERVER_PEER_H
#define CLEF_SERVER_PEER_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <sys/queue.h>

#include "base/bytes.h"

/* Bytes received and kept, of all connections together: heads, bodies, messages that wait. Beyond it new ones are refused. */
#define PEERS_BUDGET ((size_t)64 * 1024 * 1024)
/* A connection that holds no more than this may use the last part of the budget, so that a few who hold large bodies do not shut out the many who
 * send small ones. */
#define PEER_SMALL    ((size_t)16 * 1024)
#define PEERS_RESERVE ((size_t)8 * 1024 * 1024)
/* Bytes kept unread for one connection behind a request that is being dealt with. */
#define PEER_AHEAD_MAX ((size_t)65536)

/* What a connection waits for. Each but the first has a time limit (peer.c), counted from when the wait began. */
enum peer_wait {
	PEER_WAIT_CORE,   /* an answer: core knows how long */
	PEER_WAIT_IDLE,   /* the next request */
	PEER_WAIT_HEAD,   /* the rest of a head */
	PEER_WAIT_BODY,   /* the rest of a body */
	PEER_WAIT_FRAME,  /* the rest of a frame (ipc/frame.h) */
	PEER_WAIT_SEND,   /* the client to take its reply */
	PEER_WAIT_LINGER, /* the client to close, too: closing first could destroy the reply on its way (RFC 9112 section 9.6) */
	PEER_WAIT_GRACE,  /* an answer, though the client ended its stream */
	PEER_WAITS
};

struct server;
struct peer;

struct peer_ops {
	/* Deal with bytes from the front of the input; returns how many were used up. The same bytes come again with more behind. */
	size_t (*take)(struct peer *peer, struct bytes untrusted_input);
	/* The client's stream has ended: what was taken is all there is. */
	void (*ended)(struct peer *peer);
	/* Bytes held outside `in`. */
	size_t (*held)(const struct peer *peer);
	/* Too much is held by all: refuse what is being received, if anything is. */
	void (*refuse)(struct peer *peer);
	/* Maybe NULL: looks whether the connection is over (sets `closing`). */
	void (*settled)(struct peer *peer);
	/* What it waits for now; also whether more input is wanted. */
	enum peer_wait (*waits_for)(const struct peer *peer, bool *ret_wants_input);
	/* The signer ends: finish what can be finished at once. */
	void (*stop)(struct peer *peer);
	/* Release what the transport added, and the object itself. */
	void (*free)(struct peer *peer);
};

struct peer {
	struct server *server;
	const struct peer_ops *ops;
	int fd;
	uint64_t number;
	struct event readable, writable;
	struct buf in, out;
	size_t sent;           /* bytes of `out` that went already */
	bool reading, writing; /* the events are in the loop */
	bool flushing;         /* `out` is sent before the loop sleeps */
	bool eof;              /* the client's stream has ended */
	bool hung_up;          /* it is known to have ended, though not all of it was read */
	bool watched;          /* in server->hangup while nothing is read (HTTP) */
	bool gone;             /* the connection is broken or over: to be freed */
	bool closing;          /* nothing more is taken in; ends once everything is sent */
	bool shut;             /* our side of the stream was ended */
	bool restart;          /* the time limit counts anew, though the wait is the same */
	size_t charged;        /* share of the budget */
	enum peer_wait wait;
	int64_t since; /* milliseconds of the monotonic clock */
	TAILQ_ENTRY(peer) link;
};
TAILQ_HEAD(peer_list, peer);

/* Takes the descriptor. */
void peer_start(struct peer *peer, struct server *server, const struct peer_ops *ops, int fd);
/* Ends an event: deals with what is left of the input, sets what to wait for, frees the peer when it is gone. */
void peer_settle(struct peer *peer);
/* Send at once what the system takes, keep the rest. */
void peer_send(struct peer *peer, struct bytes bytes);
/* Send when the loop has dealt with the other events that are there, too: gathers many small replies into one write. */
void peer_send_later(struct peer *peer, struct bytes bytes);
/* Bytes that the system has not taken yet. */
size_t peer_unsent(const struct peer *peer);
/* The connection is broken or over. */
void peer_fail(struct peer *peer);

#endif
