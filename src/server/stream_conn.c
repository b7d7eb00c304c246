/*
 * One connection to the unix socket: JSON values one after the other, each a call or a batch, several of them in flight at once and answered
 * in the order in which they are done.
 *
 * What ends it: nothing but the caller, or text that is no JSON. The end of the caller's stream is no reason to forget what it asked for (a
 * request followed by a half-close is answered); only when it closed for good (hangup.h) its calls are withdrawn.
 */
#include <stdlib.h>

#include "base/json.h"
#include "base/memory.h"
#include "server/server.h"

/* Calls and batches in flight; beyond it nothing more is read until one is answered. */
#define IN_FLIGHT_MAX 1024
/* Replies that the caller has not taken; beyond it, likewise. */
#define UNSENT_MAX ((size_t)1048576)
/* A word longer than this waits for its end to be judged. */
#define WORD_JUDGED_MAX 64

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
	bool finishing; /* nothing more is read: answers are still owed */
};

static struct stream_conn *conn_of(struct peer *peer)
{
	return (struct stream_conn *)peer;
}

static void send_error(struct stream_conn *conn, int code, const char *text)
{
	struct buf reply BUF_CLEANUP = BUF_INIT(1024);

	jsonrpc_put_error(bytes_text("null"), code, bytes_text(text), &reply);
	buf_put_u8(&reply, '\n');
	peer_send_later(&conn->peer, buf_bytes(&reply));
}

static void drop_call(struct stream_call *call)
{
	struct stream_conn *conn = call->conn;

	TAILQ_REMOVE(&conn->calls, call, link);
	conn->in_flight--;
	conn->held -= rpc_held(&call->message);
	rpc_free(&call->message);
	free(call);
}

static void reply_message(struct stream_call *call)
{
	struct stream_conn *conn = call->conn;

	peer_send_later(&conn->peer, rpc_reply(&call->message));
	/* Where the next value would begin is anybody's guess. */
	conn->finishing = conn->finishing || call->message.broken;
	drop_call(call);
}

/* Hands core the next call of the message, or replies when there is none left. */
static void go_on(struct stream_call *call)
{
	static const uint8_t unknown[] = {'N', 'A'};
	const struct server_caller caller = {.remote = {unknown, sizeof unknown}, .local = {unknown, sizeof unknown}};
	struct stream_conn *conn = call->conn;
	struct rpc_call next;
	bool more = rpc_next(&call->message, &next);

	if (more) {
		call->call = server_send_call(conn->peer.server, conn->peer.number, &next, &caller, call);
		rpc_sent(&call->message);
	}
	conn->held += rpc_held(&call->message);
	if (!more)
		reply_message(call);
}

static void run(struct stream_conn *conn, struct bytes untrusted_text)
{
	struct stream_call *call = memory_new(1, sizeof *call);

	call->conn = conn;
	rpc_init(&call->message);
	TAILQ_INSERT_TAIL(&conn->calls, call, link);
	conn->in_flight++;
	rpc_read(&call->message, RPC_STREAM, untrusted_text);
	go_on(call);
}

static void refuse_rest(struct stream_conn *conn, int code, const char *text)
{
	send_error(conn, code, text);
	conn->finishing = true;
}

static bool is_full(const struct stream_conn *conn)
{
	return conn->in_flight >= IN_FLIGHT_MAX || peer_unsent(&conn->peer) >= UNSENT_MAX;
}

/* The value that has begun, as far as it has come, in what was received since the last one. */
static struct bytes begun_value(const struct stream_conn *conn, struct bytes rest)
{
	return bytes_of(rest.data + conn->scan.start, conn->scan.offset - conn->scan.start);
}

/* A word or number ends with what follows it; one that can become neither is refused at once, since nothing may follow. */
static bool is_broken_word(const struct stream_conn *conn, struct bytes rest)
{
	struct bytes word = begun_value(conn, rest);

	return conn->scan.scalar && word.size <= WORD_JUDGED_MAX && json_is_garbage(word);
}

static size_t stream_take(struct peer *peer, struct bytes untrusted_input)
{
	struct stream_conn *conn = conn_of(peer);
	size_t used = 0;

	while (!conn->finishing && !peer->gone && !is_full(conn)) {
		struct bytes rest = bytes_of(untrusted_input.data + used, untrusted_input.size - used);
		enum json_scan_result result = json_scan_feed(&conn->scan, rest);

		if (result == JSON_SCAN_TOO_DEEP) {
			refuse_rest(conn, RPC_PARSE_ERROR, "parse error");
		} else if (conn->scan.offset - conn->scan.start > RPC_MESSAGE_MAX) {
			refuse_rest(conn, RPC_INVALID_REQUEST, "message too large, the limit is 5242880 bytes");
		} else if (result == JSON_SCAN_MORE) {
			if (conn->scan.begun && is_broken_word(conn, rest))
				refuse_rest(conn, RPC_PARSE_ERROR, "parse error");
			/* White space alone is not worth keeping. */
			if (conn->scan.begun)
				break;
			json_scan_start(&conn->scan);
			used += rest.size;
			break;
		} else {
			run(conn, begun_value(conn, rest));
			used += conn->scan.offset;
			json_scan_start(&conn->scan);
		}
	}
	return conn->finishing ? untrusted_input.size : used;
}

/* The end ends a word or number, too. Half of anything else is nobody's request: closed without a word. */
static void stream_ended(struct peer *peer)
{
	struct stream_conn *conn = conn_of(peer);

	if (conn->finishing || (peer->in.size > 0 && is_full(conn)))
		return;
	conn->finishing = true;
	if (peer->in.size > 0 && conn->scan.begun && conn->scan.scalar)
		run(conn, begun_value(conn, buf_bytes(&peer->in)));
}

static size_t stream_held(const struct peer *peer)
{
	return ((const struct stream_conn *)peer)->held;
}

static void stream_refuse(struct peer *peer)
{
	struct stream_conn *conn = conn_of(peer);

	if (!conn->finishing)
		refuse_rest(conn, RPC_FAILED, "too much is being received, try again");
	buf_free(&peer->in);
}

static enum peer_wait stream_waits_for(const struct peer *peer, bool *ret_wants_input)
{
	const struct stream_conn *conn = (const struct stream_conn *)peer;

	*ret_wants_input = !conn->finishing && !is_full(conn);
	if (peer_unsent(peer) > 0)
		return PEER_WAIT_SEND;
	return conn->in_flight > 0 ? PEER_WAIT_CORE : PEER_WAIT_IDLE;
}

/* After the last answer the connection ends, when its input has. */
static void close_if_done(struct stream_conn *conn)
{
	if (conn->finishing && conn->in_flight == 0)
		conn->peer.closing = true;
}

static void stream_settled(struct peer *peer)
{
	close_if_done(conn_of(peer));
}

static void stream_stop(struct peer *peer)
{
	struct stream_conn *conn = conn_of(peer);
	struct stream_call *call;

	while ((call = TAILQ_FIRST(&conn->calls)) != NULL) {
		server_withdraw(peer->server, call->call);
		conn->held -= rpc_held(&call->message);
		rpc_abandon(&call->message, RPC_FAILED, "the signer is shutting down");
		conn->held += rpc_held(&call->message);
		reply_message(call);
	}
	conn->finishing = true;
}

static void stream_free(struct peer *peer)
{
	struct stream_conn *conn = conn_of(peer);
	const struct server_handlers *handlers = &peer->server->handlers;
	struct stream_call *call;

	while ((call = TAILQ_FIRST(&conn->calls)) != NULL) {
		server_withdraw(peer->server, call->call);
		drop_call(call);
	}
	if (handlers->closed != NULL)
		handlers->closed(handlers->context, peer->number);
	free(conn);
}

void stream_conn_answered(void *owner, struct bytes result, struct bytes error)
{
	struct stream_call *call = owner;
	struct stream_conn *conn = call->conn;

	conn->held -= rpc_held(&call->message);
	rpc_answer(&call->message, result, error);
	go_on(call);
	peer_settle(&conn->peer);
}

struct peer *stream_conn_new(struct server *server, int fd)
{
	static const struct peer_ops ops = {
	    .take = stream_take,
	    .ended = stream_ended,
	    .held = stream_held,
	    .refuse = stream_refuse,
	    .settled = stream_settled,
	    .waits_for = stream_waits_for,
	    .stop = stream_stop,
	    .free = stream_free,
	};
	struct stream_conn *conn = memory_new(1, sizeof *conn);

	TAILQ_INIT(&conn->calls);
	json_scan_start(&conn->scan);
	peer_start(&conn->peer, server, &ops, fd);
	return &conn->peer;
}
