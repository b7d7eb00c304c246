/*
 * A connection to the unix socket that carries JSON values one after the other, each a call or a batch, several of them in flight at once and
 * answered in the order in which they are done. What it has in common with a connection of a frame is here, too.
 *
 * What ends it: nothing but the caller, or text that is no JSON. The end of the caller's stream is no reason to forget what it asked for (a
 * request followed by a half-close is answered); only when it closed for good (hangup.h) its calls are withdrawn.
 */
#include <stdlib.h>

#include "base/memory.h"
#include "ipc/frame.h"
#include "server/stream_conn.h"

/* Calls and batches in flight; beyond it nothing more is read until one is answered. */
#define IN_FLIGHT_MAX 1024
/* Replies that the caller has not taken; beyond it, likewise. */
#define UNSENT_MAX ((size_t)1048576)
/* A word longer than this waits for its end to be judged. */
#define WORD_JUDGED_MAX 64

struct stream_conn *stream_conn_of(struct peer *peer)
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

	if (conn->framed)
		frame_conn_reply(conn, rpc_reply(&call->message));
	else
		peer_send_later(&conn->peer, rpc_reply(&call->message));
	/* Where the next value would begin is anybody's guess. */
	conn->finishing = conn->finishing || call->message.broken;
	drop_call(call);
}

/* Hands core the next call of the message, or replies when there is none left. */
static void go_on(struct stream_call *call)
{
	struct stream_conn *conn = call->conn;
	struct rpc_call next;
	bool more = rpc_next(&call->message, &next);

	if (more) {
		call->call = server_send_call(conn->peer.server, conn->peer.number, &next, &conn->caller, call);
		rpc_sent(&call->message);
	}
	conn->held += rpc_held(&call->message);
	if (!more)
		reply_message(call);
}

void stream_conn_run(struct stream_conn *conn, enum rpc_carrier carrier, struct bytes untrusted_text)
{
	struct stream_call *call = memory_new(1, sizeof *call);

	call->conn = conn;
	rpc_init(&call->message);
	call->message.subscriptions = conn->peer.server->subscriptions;
	TAILQ_INSERT_TAIL(&conn->calls, call, link);
	conn->in_flight++;
	rpc_read(&call->message, carrier, untrusted_text);
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
	struct stream_conn *conn = stream_conn_of(peer);
	size_t used = 0;

	/* No JSON text begins so. */
	if (!conn->begun && peer->server->streams == SERVER_JSON_AND_FRAMES && untrusted_input.size > 0 &&
	    untrusted_input.data[0] == FRAME_MARK) {
		frame_conn_begin(conn);
		return peer->ops->take(peer, untrusted_input);
	}
	conn->begun = conn->begun || untrusted_input.size > 0;
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
			stream_conn_run(conn, RPC_STREAM, begun_value(conn, rest));
			used += conn->scan.offset;
			json_scan_start(&conn->scan);
		}
	}
	return conn->finishing ? untrusted_input.size : used;
}

/* The end ends a word or number, too. Half of anything else is nobody's request: closed without a word. */
static void stream_ended(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);

	if (conn->finishing || (peer->in.size > 0 && is_full(conn)))
		return;
	conn->finishing = true;
	if (peer->in.size > 0 && conn->scan.begun && conn->scan.scalar)
		stream_conn_run(conn, RPC_STREAM, begun_value(conn, buf_bytes(&peer->in)));
}

size_t stream_conn_held(const struct peer *peer)
{
	const struct stream_conn *conn = (const struct stream_conn *)peer;

	return conn->held + conn->claims.size;
}

static void stream_refuse(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);

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

void stream_conn_settled(struct peer *peer)
{
	close_if_done(stream_conn_of(peer));
}

void stream_conn_stop(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);
	struct stream_call *call;

	while ((call = TAILQ_FIRST(&conn->calls)) != NULL) {
		server_withdraw(peer->server, call->call);
		conn->held -= rpc_held(&call->message);
		rpc_abandon(&call->message, RPC_FAILED, peer->server->ending);
		conn->held += rpc_held(&call->message);
		reply_message(call);
	}
	conn->finishing = true;
}

void stream_conn_free(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);
	const struct server_handlers *handlers = &peer->server->handlers;
	struct stream_call *call;

	while ((call = TAILQ_FIRST(&conn->calls)) != NULL) {
		server_withdraw(peer->server, call->call);
		drop_call(call);
	}
	if (handlers->closed != NULL)
		handlers->closed(handlers->context, peer->number);
	buf_free(&conn->claims);
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
	static const uint8_t unknown[] = {'N', 'A'};
	static const struct peer_ops ops = {
	    .take = stream_take,
	    .ended = stream_ended,
	    .held = stream_conn_held,
	    .refuse = stream_refuse,
	    .settled = stream_conn_settled,
	    .waits_for = stream_waits_for,
	    .stop = stream_conn_stop,
	    .free = stream_conn_free,
	};
	struct stream_conn *conn = memory_new(1, sizeof *conn);

	TAILQ_INIT(&conn->calls);
	json_scan_start(&conn->scan);
	conn->caller = (struct server_caller){.remote = {unknown, sizeof unknown}, .local = {unknown, sizeof unknown}};
	peer_start(&conn->peer, server, &ops, fd);
	if (server->streams == SERVER_FRAMES_OF_QUBES)
		frame_conn_begin(conn);
	return &conn->peer;
}
