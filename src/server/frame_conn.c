/*
 * A connection to the unix socket that carries one frame (ipc/frame.h): a JSON-RPC message together with what is said of its caller. It gets one frame as answer,
 * then the connection ends; what comes behind the request is dropped unread.
 *
 * The message in it is treated as over HTTP, which is where it came from. As with every stream, the end of the caller's stream is no reason to forget what
 * it asked for, and its full close is.
 */
#include "ipc/frame.h"
#include "server/stream_conn.h"

static void send_answer(struct stream_conn *conn, enum frame_answer_kind kind, struct bytes rest)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(FRAME_HEAD_SIZE + FRAME_ANSWER_MAX);

	frame_answer_put(kind, rest, &frame);
	if (buf_ok(&frame))
		peer_send_later(&conn->peer, buf_bytes(&frame));
	else
		peer_fail(&conn->peer);
}

void frame_conn_reply(struct stream_conn *conn, struct bytes reply)
{
	struct buf text BUF_CLEANUP = BUF_INIT(256);

	conn->finishing = true;
	/* A batch may grow beyond what a frame carries; it was run, and its caller must hear something. */
	if (reply.size >= FRAME_ANSWER_MAX) {
		jsonrpc_put_error(bytes_text("null"), RPC_REPLY_TOO_LARGE, bytes_text("response too large"), &text);
		buf_put_u8(&text, '\n');
		reply = buf_bytes(&text);
	}
	send_answer(conn, FRAME_REPLY, reply);
}

void frame_conn_refuse(struct stream_conn *conn, const char *text)
{
	conn->finishing = true;
	send_answer(conn, FRAME_REFUSED, bytes_text(text));
}

/* Whether the frame says of its qube what it has to say here. */
static bool is_from_here(const struct server *server, struct bytes qube, struct error *ret_error)
{
	bool of_qubes = server->streams == SERVER_FRAMES_OF_QUBES;

	if (of_qubes && qube.size == 0)
		return error_set(
		    ret_error, ERROR_REFUSED, "a call over --qrexec-socket says which qube it comes from; this one does not");
	if (!of_qubes && qube.size > 0)
		return error_set(
		    ret_error, ERROR_REFUSED, "a qube's name is taken from the qrexec service only, over --qrexec-socket");
	return true;
}

static struct bytes keep_claim(struct stream_conn *conn, struct bytes text)
{
	size_t at = conn->claims.size;

	buf_put_bytes(&conn->claims, text);
	return bytes_of(conn->claims.data + at, text.size);
}

/* The input goes before the last call of a batch is made. Room first, so that no text moves while others are added. */
static void keep_caller(struct stream_conn *conn, const struct frame_request *request)
{
	size_t size = request->qube.size + request->host.size + request->origin.size + request->user_agent.size;

	buf_init(&conn->claims, size + 1);
	buf_reserve(&conn->claims, size + 1);
	conn->caller.qube = keep_claim(conn, request->qube);
	conn->caller.local = keep_claim(conn, request->host);
	conn->caller.origin = keep_claim(conn, request->origin);
	conn->caller.user_agent = keep_claim(conn, request->user_agent);
}

static void run_payload(struct stream_conn *conn, struct bytes untrusted_payload)
{
	struct frame_request request;
	struct error error;

	if (!frame_request_read(untrusted_payload, &request, &error) || !is_from_here(conn->peer.server, request.qube, &error)) {
		frame_conn_refuse(conn, error.text);
		return;
	}
	conn->finishing = true;
	if (rpc_is_blank(request.body)) {
		frame_conn_reply(conn, BYTES_NONE);
		return;
	}
	keep_caller(conn, &request);
	stream_conn_run(conn, RPC_HTTP, request.body);
}

static size_t frame_take(struct peer *peer, struct bytes untrusted_input)
{
	struct stream_conn *conn = stream_conn_of(peer);
	struct error error;
	size_t size;

	if (conn->finishing)
		return untrusted_input.size;
	switch (frame_head_read(untrusted_input, FRAME_REQUEST_MAX, &size, &error)) {
	case FRAME_MORE:
		return 0;
	case FRAME_BAD:
		frame_conn_refuse(conn, error.text);
		return untrusted_input.size;
	case FRAME_DONE:
		break;
	}
	if (untrusted_input.size - FRAME_HEAD_SIZE < size)
		return 0;
	run_payload(conn, bytes_of(untrusted_input.data + FRAME_HEAD_SIZE, size));
	return untrusted_input.size;
}

static void frame_ended(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);

	if (conn->finishing)
		return;
	conn->finishing = true;
	if (peer->in.size > 0)
		frame_conn_refuse(conn, "the stream ended within the frame");
}

static void frame_refuse(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);

	if (!conn->finishing)
		frame_conn_refuse(conn, "too much is being received, try again");
	buf_free(&peer->in);
}

static enum peer_wait frame_waits_for(const struct peer *peer, bool *ret_wants_input)
{
	const struct stream_conn *conn = (const struct stream_conn *)peer;

	*ret_wants_input = !conn->finishing;
	if (!conn->finishing)
		return peer->in.size > 0 ? PEER_WAIT_FRAME : PEER_WAIT_IDLE;
	return peer_unsent(peer) > 0 ? PEER_WAIT_SEND : PEER_WAIT_CORE;
}

static void frame_stop(struct peer *peer)
{
	struct stream_conn *conn = stream_conn_of(peer);

	if (!conn->finishing)
		frame_conn_refuse(conn, peer->server->ending);
	stream_conn_stop(peer);
}

void frame_conn_begin(struct stream_conn *conn)
{
	static const struct peer_ops ops = {
	    .take = frame_take,
	    .ended = frame_ended,
	    .held = stream_conn_held,
	    .refuse = frame_refuse,
	    .settled = stream_conn_settled,
	    .waits_for = frame_waits_for,
	    .stop = frame_stop,
	    .free = stream_conn_free,
	};

	conn->framed = true;
	conn->peer.ops = &ops;
}

void frame_conn_greet(struct peer *peer)
{
	const uint8_t there = peer->server->has_ui;

	send_answer(stream_conn_of(peer), FRAME_HELLO, bytes_of(&there, 1));
}
