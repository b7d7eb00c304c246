#include "gate/peer.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "gate/gate.h"

/* Nobody is sent more than a reply of the largest size and a few small ones. */
#define OUT_MAX ((size_t)128 * 1024 * 1024)
/* Buffers beyond this are given back as soon as they are empty. */
#define KEEP_MAX ((size_t)16384)

/* Milliseconds. 0: no limit. */
static const int64_t time_limits[PEER_WAITS] = {
    [PEER_WAIT_CORE] = 0,
    [PEER_WAIT_IDLE] = 120000,
    [PEER_WAIT_HEAD] = 10000,
    [PEER_WAIT_BODY] = 30000,
    [PEER_WAIT_SEND] = 30000,
    [PEER_WAIT_LINGER] = 2000,
    [PEER_WAIT_GRACE] = 50,
};
/* While stopping nobody is waited for this long. */
#define LINGER_AT_STOP 100

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int64_t time_limit(const struct gate *gate, enum peer_wait wait)
{
	if (wait == PEER_WAIT_LINGER && gate->stopping)
		return LINGER_AT_STOP;
	return gate->peers.timed || wait == PEER_WAIT_LINGER ? time_limits[wait] : 0;
}

static void set_timer(struct gate *gate, int64_t at, int64_t now)
{
	struct peers *peers = &gate->peers;
	int64_t wait = at > now ? at - now : 0;
	struct timeval time = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};

	if (at >= peers->timer_at)
		return;
	peers->timer_at = at;
	event_add(peers->timer, &time);
}

static void leave_list(struct peer *peer)
{
	TAILQ_REMOVE(&peer->gate->peers.waiting[peer->wait], peer, link);
}

static void enter_list(struct peer *peer, enum peer_wait wait)
{
	struct gate *gate = peer->gate;
	int64_t limit = time_limit(gate, wait);

	peer->wait = wait;
	peer->since = now_ms();
	TAILQ_INSERT_TAIL(&gate->peers.waiting[wait], peer, link);
	if (limit > 0)
		set_timer(gate, peer->since + limit, peer->since);
}

static void charge(struct peer *peer, size_t size)
{
	peer->gate->peers.held -= peer->charged;
	peer->gate->peers.held += size;
	peer->charged = size;
}

static void peer_destroy(struct peer *peer)
{
	struct gate *gate = peer->gate;

	event_del(&peer->readable);
	event_del(&peer->writable);
	hangup_forget(&gate->hangup, peer->fd);
	/* Core may hold a duplicate, which would keep the connection open. */
	shutdown(peer->fd, SHUT_RDWR);
	close(peer->fd);
	charge(peer, 0);
	leave_list(peer);
	gate->peers.count--;
	buf_free(&peer->in);
	buf_free(&peer->out);
	peer->ops->free(peer);
	gate_end_if_idle(gate);
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
	uint8_t *space = peer->gate->read_space;
	ssize_t got = recv(fd, space, GATE_READ_SIZE, 0);

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
	struct gate *gate = peer->gate;
	size_t size = peer->in.size + peer->ops->held(peer);
	size_t before = peer->charged;
	size_t limit = size <= PEER_SMALL ? PEERS_BUDGET : PEERS_BUDGET - PEERS_RESERVE;

	charge(peer, size);
	return size <= before || gate->peers.held + ipc_channel_queued(gate->channel) <= limit;
}

/* While nothing is read, only a watch tells that the client left. (Clients of the unix socket are watched all the time.) */
static void set_watch(struct peer *peer, bool wanted)
{
	struct hangup *hangup = &peer->gate->hangup;

	if (peer->gate->transport != IPC_TRANSPORT_HTTP || wanted == peer->watched)
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
		leave_list(peer);
		enter_list(peer, wait);
	}
	peer->restart = false;
}

void peer_start(struct peer *peer, struct gate *gate, const struct peer_ops *ops, int fd)
{
	peer->gate = gate;
	peer->ops = ops;
	peer->fd = fd;
	peer->number = ++gate->last_connection;
	buf_init(&peer->in, RPC_MESSAGE_MAX + 2 * GATE_READ_SIZE);
	buf_init(&peer->out, OUT_MAX);
	if (event_assign(&peer->readable, gate->base, fd, EV_READ | EV_PERSIST, on_readable, peer) != 0 ||
	    event_assign(&peer->writable, gate->base, fd, EV_WRITE, on_writable, peer) != 0)
		memory_exhausted();
	gate->peers.count++;
	enter_list(peer, PEER_WAIT_IDLE);
	set_reading(peer, true);
	/* On the unix socket only a full close means that the caller is gone, and it does so at any time. */
	if (gate->transport == IPC_TRANSPORT_UNIX)
		hangup_watch(&gate->hangup, fd, false, peer);
}

/* ---- all of them ---- */

static void time_is_up(struct peer *peer)
{
	log_debug(&peer->gate->log, "connection %llu: closed, it kept us waiting", (unsigned long long)peer->number);
	peer->gone = true;
	peer_settle(peer);
}

static void on_hangup(void *context)
{
	struct peer *peer = context;

	if (peer->gate->transport == IPC_TRANSPORT_UNIX)
		peer->gone = true;
	peer->hung_up = true;
	peer_settle(peer);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct gate *gate = context;
	int64_t now = now_ms();

	(void)fd;
	(void)what;
	gate->peers.timer_at = INT64_MAX;
	for (enum peer_wait wait = PEER_WAIT_CORE; wait < PEER_WAITS; wait++) {
		int64_t limit = time_limit(gate, wait);
		struct peer *peer;

		/* In the order in which their waits began. */
		while (limit > 0 && (peer = TAILQ_FIRST(&gate->peers.waiting[wait])) != NULL) {
			if (peer->since + limit > now) {
				set_timer(gate, peer->since + limit, now);
				break;
			}
			time_is_up(peer);
		}
	}
}

void peers_start(struct gate *gate, size_t most, bool timed)
{
	struct peers *peers = &gate->peers;

	*peers = (struct peers){.most = most, .timed = timed, .timer_at = INT64_MAX};
	for (unsigned i = 0; i < PEER_WAITS; i++)
		TAILQ_INIT(&peers->waiting[i]);
	peers->timer = evtimer_new(gate->base, on_timer, gate);
	if (peers->timer == NULL)
		memory_exhausted();
	hangup_start(gate->base, on_hangup, &gate->hangup);
}

void peers_free(struct gate *gate)
{
	struct peer *peer;

	for (unsigned i = 0; i < PEER_WAITS; i++) {
		while ((peer = TAILQ_FIRST(&gate->peers.waiting[i])) != NULL)
			peer_destroy(peer);
	}
	if (gate->peers.timer != NULL)
		event_free(gate->peers.timer);
	gate->peers.timer = NULL;
	hangup_stop(&gate->hangup);
}

bool peers_evict(struct gate *gate)
{
	static const enum peer_wait order[] = {PEER_WAIT_LINGER, PEER_WAIT_HEAD, PEER_WAIT_BODY, PEER_WAIT_IDLE, PEER_WAIT_SEND};

	if (!gate->peers.timed)
		return false;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		struct peer *peer = TAILQ_FIRST(&gate->peers.waiting[order[i]]);
		if (peer == NULL)
			continue;
		peer->gone = true;
		peer_settle(peer);
		return true;
	}
	return false;
}

void peers_stop(struct gate *gate)
{
	struct peer_list all = TAILQ_HEAD_INITIALIZER(all);
	struct peer *peer;

	/* Each goes through peer_settle() once, which puts it in a list again or frees it. */
	for (unsigned i = 0; i < PEER_WAITS; i++) {
		TAILQ_FOREACH(peer, &gate->peers.waiting[i], link)
		peer->wait = PEER_WAIT_CORE;
		TAILQ_CONCAT(&all, &gate->peers.waiting[i], link);
	}
	TAILQ_CONCAT(&gate->peers.waiting[PEER_WAIT_CORE], &all, link);
	size_t count = gate->peers.count;
	for (size_t i = 0; i < count; i++) {
		peer = TAILQ_FIRST(&gate->peers.waiting[PEER_WAIT_CORE]);
		if (peer == NULL)
			break;
		peer->restart = true;
		peer->ops->stop(peer);
		peer_settle(peer);
	}
}
