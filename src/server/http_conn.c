#include "server/http_conn.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

static struct http_conn *conn_of(struct peer *peer)
{
	return (struct http_conn *)peer;
}

static void begin_body(struct http_conn *conn, enum http_fate fate)
{
	conn->state = AT_BODY;
	conn->fate = fate;
	conn->dropped = 0;
	http_body_start(&conn->framing, &conn->head);
}

/* The head is complete: judge it before the body comes. */
static void begin_request(struct http_conn *conn)
{
	static const char go_ahead[] = "HTTP/1.1 100 Continue\r\n\r\n";
	const struct http_head *head = &conn->head;
	const struct http_policy *policy = conn->peer.server->policy;
	struct http_reply empty = {.status = 200, .close = !head->keep_alive};
	struct http_refusal refusal;
	bool has_body = head->chunked || head->length > 0;
	/* A client that waits for 100 may or may not send its body after a refusal: nobody could tell what comes next. */
	bool unclear = (has_body && head->expect_continue) || head->length > HTTP_DRAIN_MAX;

	conn->peer.restart = true;
	conn->origin = http_allowed_origin(head, policy);
	enum http_verdict verdict = http_judge(head, &conn->peer.server->vhosts, policy, &refusal);
	conn->object_only = verdict == HTTP_RUN_OBJECT;
	switch (verdict) {
	case HTTP_RUN:
	case HTTP_RUN_OBJECT:
		if (has_body && head->expect_continue)
			peer_send(&conn->peer, bytes_text(go_ahead));
		begin_body(conn, BODY_RUN);
		return;
	case HTTP_HEALTH:
		http_conn_send(conn, &empty);
		break;
	case HTTP_NOTHING:
		http_conn_send_json(conn, BYTES_NONE, false, !head->keep_alive || unclear);
		break;
	case HTTP_PREFLIGHT:
		empty = (struct http_reply){.status = 204,
		    .preflight = true,
		    .private_network = head->asks_private_network,
		    .close = !head->keep_alive || unclear};
		http_conn_send(conn, &empty);
		break;
	case HTTP_REFUSE:
		http_conn_send_text(conn, refusal.status, bytes_text(refusal.text), head->accepts_gzip,
		    !head->keep_alive || unclear || refusal.status == 413);
		break;
	}
	begin_body(conn, BODY_UNWANTED);
}

static size_t take_head(struct http_conn *conn, struct bytes input)
{
	int status;

	switch (http_head_parse(input, &conn->scan, &conn->head, &status)) {
	case HTTP_MORE:
		return 0;
	case HTTP_BAD:
		http_conn_send_unreadable(conn, status);
		return 0;
	case HTTP_DONE:
		break;
	}
	begin_request(conn);
	return conn->head.size;
}

/* Content that will not be used. With too much of it the connection has to end. */
static void drop_content(struct http_conn *conn, size_t size)
{
	conn->dropped += size;
	if (conn->dropped <= HTTP_DRAIN_MAX)
		return;
	if (conn->fate == BODY_TOO_LARGE)
		http_conn_send_parse_error(conn, true);
	conn->peer.closing = true;
}

static void keep_content(struct http_conn *conn, struct bytes content)
{
	if (conn->fate != BODY_RUN) {
		drop_content(conn, content.size);
		return;
	}
	if (conn->body.size + content.size <= HTTP_BODY_MAX) {
		buf_put_bytes(&conn->body, content);
		return;
	}
	buf_free(&conn->body);
	conn->fate = BODY_TOO_LARGE;
	drop_content(conn, content.size);
}

static void end_body(struct http_conn *conn, struct bytes last)
{
	switch (conn->fate) {
	case BODY_RUN:
		/* The common case: the whole body lies in what was just read, and is not copied. */
		if (conn->body.size == 0) {
			http_conn_run(conn, last);
			return;
		}
		keep_content(conn, last);
		if (conn->fate == BODY_RUN) {
			http_conn_run(conn, buf_bytes(&conn->body));
			return;
		}
		http_conn_send_parse_error(conn, !conn->head.keep_alive);
		break;
	case BODY_TOO_LARGE:
		http_conn_send_parse_error(conn, !conn->head.keep_alive);
		break;
	case BODY_UNWANTED:
		break;
	}
	http_conn_next(conn);
}

static size_t take_body(struct http_conn *conn, struct bytes input)
{
	struct bytes content;
	size_t used = 0;

	switch (http_body_feed(&conn->framing, input, &used, &content)) {
	case HTTP_MORE:
		keep_content(conn, content);
		break;
	case HTTP_DONE:
		end_body(conn, content);
		break;
	case HTTP_BAD:
		if (conn->fate == BODY_UNWANTED)
			conn->peer.closing = true;
		else
			http_conn_send_parse_error(conn, true);
		break;
	}
	return used;
}

static size_t http_take(struct peer *peer, struct bytes untrusted_input)
{
	struct http_conn *conn = conn_of(peer);
	size_t used = 0;

	while (!peer->closing && !peer->gone && conn->state != AT_CALL) {
		struct bytes rest = bytes_of(untrusted_input.data + used, untrusted_input.size - used);
		enum http_state before = conn->state;

		/* Nobody is served who does not take his replies. */
		if (before == AT_HEAD && peer_unsent(peer) > 0)
			break;
		size_t step = before == AT_HEAD ? take_head(conn, rest) : take_body(conn, rest);
		used += step;
		if (step == 0 && conn->state == before)
			break;
	}
	/* The input goes; the head is needed when the body is there. */
	if (conn->state == AT_BODY && conn->fate == BODY_RUN)
		http_conn_stash(conn);
	return peer->closing ? untrusted_input.size : used;
}

/* ---- what peer.c asks for ---- */

static void http_ended(struct peer *peer)
{
	struct http_conn *conn = conn_of(peer);

	if (conn->state == AT_CALL || peer_unsent(peer) > 0)
		return;
	/* A body that ends early is answered like one that is no JSON: nothing of it runs, though it may look complete. */
	if (conn->state == AT_BODY && conn->fate != BODY_UNWANTED)
		http_conn_send_parse_error(conn, true);
	peer->closing = true;
}

static size_t http_held(const struct peer *peer)
{
	const struct http_conn *conn = (const struct http_conn *)peer;

	return conn->body.size + conn->stash.size + rpc_held(&conn->message);
}

static void http_refuse(struct peer *peer)
{
	static const char text[] = "too much is being received, try again\n";
	struct http_conn *conn = conn_of(peer);

	if (peer->closing || conn->state == AT_CALL)
		return;
	if (conn->state == AT_HEAD)
		conn->head = (struct http_head){0};
	buf_free(&conn->body);
	if (conn->state == AT_BODY && conn->fate == BODY_UNWANTED)
		peer->closing = true;
	else
		http_conn_send_text(conn, 503, bytes_text(text), false, true);
}

static enum peer_wait http_waits_for(const struct peer *peer, bool *ret_wants_input)
{
	const struct http_conn *conn = (const struct http_conn *)peer;

	bool blocked = conn->state == AT_CALL || (conn->state == AT_HEAD && peer_unsent(peer) > 0);

	*ret_wants_input = !blocked || peer->in.size < PEER_AHEAD_MAX;
	if (peer_unsent(peer) > 0)
		return PEER_WAIT_SEND;
	switch (conn->state) {
	case AT_CALL:
		return peer->eof || peer->hung_up ? PEER_WAIT_GRACE : PEER_WAIT_CORE;
	case AT_BODY:
		return PEER_WAIT_BODY;
	case AT_HEAD:
		break;
	}
	return peer->in.size > 0 ? PEER_WAIT_HEAD : PEER_WAIT_IDLE;
}

static void http_stop(struct peer *peer)
{
	struct http_conn *conn = conn_of(peer);

	if (conn->state == AT_CALL) {
		server_withdraw(peer->server, conn->call);
		conn->call = 0;
		rpc_abandon(&conn->message, RPC_FAILED, peer->server->ending);
		http_conn_send_answers(conn);
	}
	peer->gone = peer->gone || (!peer->closing && peer_unsent(peer) == 0);
	peer->closing = true;
}

static void http_free(struct peer *peer)
{
	struct http_conn *conn = conn_of(peer);

	server_withdraw(peer->server, conn->call);
	rpc_free(&conn->message);
	buf_free(&conn->body);
	buf_free(&conn->stash);
	free(conn);
}

void http_conn_answered(void *owner, struct bytes result, struct bytes error)
{
	struct http_conn *conn = owner;

	conn->call = 0;
	rpc_answer(&conn->message, result, error);
	http_conn_go_on(conn);
	peer_settle(&conn->peer);
}

struct peer *http_conn_new(struct server *server, int fd, struct bytes remote)
{
	static const struct peer_ops ops = {
	    .take = http_take,
	    .ended = http_ended,
	    .held = http_held,
	    .refuse = http_refuse,
	    .waits_for = http_waits_for,
	    .stop = http_stop,
	    .free = http_free,
	};
	struct http_conn *conn = memory_new(1, sizeof *conn);

	memcpy(conn->remote, remote.data, remote.size < sizeof conn->remote ? remote.size : sizeof conn->remote - 1);
	rpc_init(&conn->message);
	conn->message.subscriptions = server->subscriptions;
	buf_init(&conn->body, HTTP_BODY_MAX);
	buf_init(&conn->stash, 4 * HTTP_HEAD_MAX);
	peer_start(&conn->peer, server, &ops, fd);
	return &conn->peer;
}
