#include "base/memory.h"
#include "base/text.h"
#include "server/http_conn.h"

void http_conn_send(struct http_conn *conn, struct http_reply *reply)
{
	struct server *server = conn->peer.server;

	reply->head_only = conn->head.method == HTTP_HEAD;
	reply->keep = conn->head.version_1_0;
	reply->origin = conn->origin;
	conn->peer.closing = conn->peer.closing || reply->close;
	http_reply_write(reply, &server->gzip, &server->reply);
	peer_send(&conn->peer, buf_bytes(&server->reply));
	if (server->reply.capacity > SERVER_READ_SIZE)
		buf_free(&server->reply);
	else
		buf_reset(&server->reply);
}

void http_conn_send_json(struct http_conn *conn, struct bytes body, bool compress, bool close)
{
	struct http_reply reply = {
	    .status = 200, .content = HTTP_CONTENT_JSON, .body = body, .compress = compress, .close = close};

	http_conn_send(conn, &reply);
}

void http_conn_send_text(struct http_conn *conn, int status, struct bytes text, bool compress, bool close)
{
	struct http_reply reply = {
	    .status = status, .content = HTTP_CONTENT_TEXT, .body = text, .compress = compress, .close = close};

	http_conn_send(conn, &reply);
}

void http_conn_send_unreadable(struct http_conn *conn, int status)
{
	struct buf text BUF_CLEANUP = BUF_INIT(128);

	conn->head = (struct http_head){0};
	buf_printf(&text, "%d %s\n", status, http_status_text(status));
	http_conn_send_text(conn, status, buf_bytes(&text), false, true);
}

void http_conn_send_parse_error(struct http_conn *conn, bool close)
{
	struct buf text BUF_CLEANUP = BUF_INIT(256);

	jsonrpc_put_error(bytes_text("null"), RPC_PARSE_ERROR, bytes_text("parse error"), &text);
	buf_put_u8(&text, '\n');
	http_conn_send_json(conn, buf_bytes(&text), false, close);
}

/* ---- running a request ---- */

static struct bytes stash_text(struct buf *stash, struct bytes text)
{
	size_t at = stash->size;

	while (text.size > 0) {
		uint32_t codepoint;
		size_t width = text_decode(text, &codepoint);

		/* A byte that is no UTF-8 becomes U+FFFD. */
		if (width > 0)
			buf_put(stash, text.data, width);
		else
			buf_put_text(stash, "\xef\xbf\xbd");
		width = width > 0 ? width : 1;
		text = bytes_of(text.data + width, text.size - width);
	}
	return bytes_of(stash->data + at, stash->size - at);
}

/* Three times the head at most; room first, so that no slice moves while others are added. */
void http_conn_stash(struct http_conn *conn)
{
	struct http_head *head = &conn->head;

	if (conn->stashed)
		return;
	buf_reset(&conn->stash);
	if (buf_reserve(&conn->stash, 3 * (head->host.size + head->user_agent.size + head->origin.size)) == NULL)
		memory_exhausted();
	head->host = stash_text(&conn->stash, head->host);
	head->user_agent = stash_text(&conn->stash, head->user_agent);
	head->origin = stash_text(&conn->stash, head->origin);
	head->content_type = BYTES_NONE;
	conn->stashed = true;
}

void http_conn_next(struct http_conn *conn)
{
	conn->state = AT_HEAD;
	conn->scan = (struct http_scan){0};
	conn->origin = NULL;
	conn->object_only = false;
	conn->stashed = false;
	if (conn->body.capacity > SERVER_READ_SIZE)
		buf_free(&conn->body);
	else
		buf_reset(&conn->body);
}

void http_conn_send_answers(struct http_conn *conn)
{
	bool close = !conn->head.keep_alive || conn->peer.server->stopping;
	http_conn_send_json(conn, rpc_reply(&conn->message), conn->head.accepts_gzip && !conn->message.broken, close);
	http_conn_next(conn);
}

void http_conn_go_on(struct http_conn *conn)
{
	const struct server_caller caller = {
	    .remote = bytes_text(conn->remote),
	    .local = conn->head.host,
	    .user_agent = conn->head.user_agent,
	    .origin = conn->head.origin,
	};
	struct rpc_call call;

	if (rpc_next(&conn->message, &call)) {
		conn->state = AT_CALL;
		conn->call = server_send_call(conn->peer.server, conn->peer.number, &call, &caller, conn);
		rpc_sent(&conn->message);
	} else {
		http_conn_send_answers(conn);
	}
}

void http_conn_run(struct http_conn *conn, struct bytes text)
{
	const struct http_head *head = &conn->head;
	struct http_refusal refusal;

	if (!text_is_utf8(head->host) || !text_is_utf8(head->user_agent) || !text_is_utf8(head->origin))
		http_conn_stash(conn);
	if (conn->object_only && !http_body_is_object(text, &refusal)) {
		http_conn_send_text(conn, refusal.status, bytes_text(refusal.text), head->accepts_gzip, !head->keep_alive);
		http_conn_next(conn);
		return;
	}
	if (rpc_is_blank(text)) {
		http_conn_send_json(conn, BYTES_NONE, false, !head->keep_alive);
		http_conn_next(conn);
		return;
	}
	rpc_read(&conn->message, RPC_HTTP, text);
	/* Its texts go with each call of a batch, the input does not last as long. */
	if (conn->message.batch)
		http_conn_stash(conn);
	http_conn_go_on(conn);
}
