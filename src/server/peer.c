#include "server/peers.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "server/server.h"

/* Nobody is sent more than a reply of the largest size and a few small ones. */
#define OUT_MAX ((size_t)128 * 1024 * 1024)
/* Buffers beyond this are given back as soon as they are empty. */
#define KEEP_MAX ((size_t)16384)

static void charge(struct peer *peer, size_t size)
{
	peer->server->peers.held -= peer->charged;
	peer->server->peers.held += size;
	peer->charged = size;
}

void peer_destroy(struct peer *peer)
{
	struct server *server = peer->server;

	event_del(&peer->readable);
	event_del(&peer->writable);
	hangup_forget(&server->hangup, peer->fd);
	/* Core may hold a duplicate, which would keep the connection open. */
	shutdown(peer->fd, SHUT_RDWR);
	close(peer->fd);
	charge(peer, 0);
	peers_leave(peer);
	buf_free(&peer->in);
	buf_free(&peer->out);
	peer->ops->free(peer);
	server_end_if_idle(server);
}

void peer_fail(struct peer *peer)
{
	peer->gone = true;
}

/* ---- output ---- */

size_t peer_unsent(const struct peer *peer)
{
	return peer->out.size - peer->sent;
}

/* What was sent goes, but not after each piece: moving the rest of a large reply so often would take longer than sending it. */
static void drop_sent(struct peer *peer)
{
	if (peer->sent < peer->out.size && peer->sent < peer->out.size / 2)
		return;
	buf_consume(&peer->out, peer->sent);
	peer->sent = 0;
	if (peer->out.size == 0 && peer->out.capacity > KEEP_MAX)
		buf_free(&peer->out);
}

static void flush(struct peer *peer)
{
	while (!peer->gone && peer_unsent(peer) > 0) {
		ssize_t put = send(peer->fd, peer->out.data + peer->sent, peer_unsent(peer), MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0) {
			peer->gone = errno != EAGAIN;
			break;
		}
		peer->sent += (size_t)put;
		peer->restart = true;
	}
	drop_sent(peer);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;

	(void)fd;
	(void)what;
	peer->writing = peer->flushing = false;
	flush(peer);
	peer_settle(peer);
}

static void want_writable(struct peer *peer)
{
	if (peer->writing || peer->flushing)
		return;
	peer->writing = true;
	event_add(&peer->writable, NULL);
}

void peer_send_later(struct peer *peer, struct bytes bytes)
{
	if (peer->gone || bytes.size == 0)
		return;
	buf_put_bytes(&peer->out, bytes);
	peer->gone = !buf_ok(&peer->out);
	if (peer->gone || peer->writing || peer->flushing)
		return;
	peer->flushing = true;
	event_active(&peer->writable, EV_WRITE, 0);
}

void peer_send(struct peer *peer, struct bytes bytes)
{
	if (peer->gone)
		return;
	while (peer_unsent(peer) == 0 && bytes.size > 0) {
		ssize_t put = send(peer->fd, bytes.data, bytes.size, MSG_NOSIGNAL);

		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0 && errno != EAGAIN)
			peer->gone = true;
		if (put < 0)
			break;
		bytes = bytes_of(bytes.data + put, bytes.size - (size_t)put);
	}
	if (peer->gone || bytes.size == 0)
		return;
	buf_put_bytes(&peer->out, bytes);
	peer->gone = !buf_ok(&peer->out);
	want_writable(peer);
}

/* ---- input ---- */

/* Gives the operation what has come, and keeps what it leaves. */
static void offer(struct peer *peer, struct bytes fresh)
{
	if (peer->in.size > 0) {
		buf_put_bytes(&peer->in, fresh);
		if (!buf_ok(&peer->in))
			peer->gone = true;
		else
			buf_consume(&peer->in, peer->ops->take(peer, buf_bytes(&peer->in)));
	} else {
		size_t used = peer->ops->take(peer, fresh);
		buf_put(&peer->in, fresh.data + used, fresh.size - used);
	}
	if (peer->in.size == 0 && peer->in.capacity > KEEP_MAX)
		buf_free(&peer->in);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct peer *peer = context;
	uint8_t *space = peer->server->read_space;
	ssize_t got = recv(fd, space, SERVER_READ_SIZE, 0);

	(void)what;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got < 0)
		peer->gone = true;
	else if (got == 0)
		peer->eof = true;
	else if (!peer->closing)
		offer(peer, bytes_of(space, (size_t)got));
	/* What a client still sends after the last reply is dropped. */
	peer_settle(peer);
}

static void set_reading(struct peer *peer, bool wanted)
{
	if (wanted && !peer->reading)
		event_add(&peer->readable, NULL);
	else if (!wanted && peer->reading)
		event_del(&peer->readable);
	peer->reading = wanted;
}

/* ---- between events ---- */

/* All that was received and waits counts: true when this connection may hold what it holds. */
static bool is_within_budget(struct peer *peer)
{
	struct server *server = peer->server;
	size_t size = peer->in.size + peer->ops->held(peer);
	size_t before = peer->charged;
	size_t limit = size <= PEER_SMALL ? PEERS_BUDGET : PEERS_BUDGET - PEERS_RESERVE;

	charge(peer, size);
	return size <= before || server->peers.held + server_queued(server) <= limit;
}

/* While nothing is read, only a watch tells that the client left. (Clients of the unix socket are watched all the time.) */
static void set_watch(struct peer *peer, bool wanted)
{
	struct hangup *hangup = &peer->server->hangup;

	if (peer->server->carrier != RPC_HTTP || wanted == peer->watched)
		return;
	if (!wanted)
		hangup_forget(hangup, peer->fd);
	peer->watched = wanted && hangup_watch(hangup, peer->fd, true, peer);
}

/* The last reply is written: end our side, then wait for the client to end its own. */
static void close_politely(struct peer *peer)
{
	if (!peer->closing || peer_unsent(peer) > 0 || peer->gone)
		return;
	if (!peer->shut && shutdown(peer->fd, SHUT_WR) != 0)
		peer->gone = true;
	peer->shut = true;
	peer->gone = peer->gone || peer->eof;
}

void peer_settle(struct peer *peer)
{
	bool wants_input = false;

	/* What was left while a request was being served may be another one. */
	if (!peer->gone && !peer->closing && peer->in.size > 0)
		offer(peer, BYTES_NONE);
	if (!peer->gone && !peer->closing && peer->eof)
		peer->ops->ended(peer);
	enum peer_wait wait = peer->ops->waits_for(peer, &wants_input);
	if (!peer->gone && !is_within_budget(peer)) {
		peer->ops->refuse(peer);
		wait = peer->ops->waits_for(peer, &wants_input);
		charge(peer, peer->ops->held(peer));
	}
	if (peer->ops->settled != NULL)
		peer->ops->settled(peer);
	if (peer->closing)
		buf_free(&peer->in);
	close_politely(peer);
	if (peer->gone) {
		peer_destroy(peer);
		return;
	}
	if (peer_unsent(peer) > 0)
		want_writable(peer);
	if (peer->shut)
		wait = PEER_WAIT_LINGER;
	set_reading(peer, !peer->eof && (wants_input || peer->closing));
	set_watch(peer, !peer->eof && !peer->reading);
	if (wait != peer->wait || peer->restart) {
		peers_move(peer, wait);
	}
	peer->restart = false;
}

void peer_start(struct peer *peer, struct server *server, const struct peer_ops *ops, int fd)
{
	peer->server = server;
	peer->ops = ops;
	peer->fd = fd;
	peer->number = ++server->last_connection;
	buf_init(&peer->in, RPC_MESSAGE_MAX + 2 * SERVER_READ_SIZE);
	buf_init(&peer->out, OUT_MAX);
	if (event_assign(&peer->readable, server->base, fd, EV_READ | EV_PERSIST, on_readable, peer) != 0 ||
	    event_assign(&peer->writable, server->base, fd, EV_WRITE, on_writable, peer) != 0)
		memory_exhausted();
	peers_enter(peer);
	set_reading(peer, true);
	/* On the unix socket only a full close means that the caller is gone, and it does so at any time. */
	if (server->carrier == RPC_STREAM)
		hangup_watch(&server->hangup, fd, false, peer);
}
