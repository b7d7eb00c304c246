#include "server/peers.h"

#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "server/server.h"

/* Milliseconds. 0: no limit. */
static const int64_t time_limits[PEER_WAITS] = {
    [PEER_WAIT_CORE] = 0,
    [PEER_WAIT_IDLE] = 120000,
    [PEER_WAIT_HEAD] = 10000,
    [PEER_WAIT_BODY] = 30000,
    [PEER_WAIT_FRAME] = 60000,
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

static int64_t time_limit(const struct server *server, enum peer_wait wait)
{
	if (wait == PEER_WAIT_LINGER && server->stopping)
		return LINGER_AT_STOP;
	return server->peers.timed || wait == PEER_WAIT_LINGER || wait == PEER_WAIT_FRAME ? time_limits[wait] : 0;
}

static void set_timer(struct server *server, int64_t at, int64_t now)
{
	struct peers *peers = &server->peers;
	int64_t wait = at > now ? at - now : 0;
	struct timeval time = {.tv_sec = wait / 1000, .tv_usec = wait % 1000 * 1000};

	if (at >= peers->timer_at)
		return;
	peers->timer_at = at;
	event_add(peers->timer, &time);
}

static void leave_list(struct peer *peer)
{
	TAILQ_REMOVE(&peer->server->peers.waiting[peer->wait], peer, link);
}

static void enter_list(struct peer *peer, enum peer_wait wait)
{
	struct server *server = peer->server;
	int64_t limit = time_limit(server, wait);

	peer->wait = wait;
	peer->since = now_ms();
	TAILQ_INSERT_TAIL(&server->peers.waiting[wait], peer, link);
	if (limit > 0)
		set_timer(server, peer->since + limit, peer->since);
}

void peers_enter(struct peer *peer)
{
	peer->server->peers.count++;
	enter_list(peer, PEER_WAIT_IDLE);
}

void peers_move(struct peer *peer, enum peer_wait wait)
{
	leave_list(peer);
	enter_list(peer, wait);
}

void peers_leave(struct peer *peer)
{
	leave_list(peer);
	peer->server->peers.count--;
}

static void time_is_up(struct peer *peer)
{
	log_debug(&peer->server->log, "connection %llu: closed, it kept us waiting", (unsigned long long)peer->number);
	peer->gone = true;
	peer_settle(peer);
}

static void on_hangup(void *context)
{
	struct peer *peer = context;

	if (peer->server->carrier == RPC_STREAM)
		peer->gone = true;
	peer->hung_up = true;
	peer_settle(peer);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;
	int64_t now = now_ms();

	(void)fd;
	(void)what;
	server->peers.timer_at = INT64_MAX;
	for (enum peer_wait wait = PEER_WAIT_CORE; wait < PEER_WAITS; wait++) {
		int64_t limit = time_limit(server, wait);
		struct peer *peer;

		/* In the order in which their waits began. */
		while (limit > 0 && (peer = TAILQ_FIRST(&server->peers.waiting[wait])) != NULL) {
			if (peer->since + limit > now) {
				set_timer(server, peer->since + limit, now);
				break;
			}
			time_is_up(peer);
		}
	}
}

void peers_start(struct server *server, size_t most, bool timed)
{
	struct peers *peers = &server->peers;

	*peers = (struct peers){.most = most, .timed = timed, .timer_at = INT64_MAX};
	for (unsigned i = 0; i < PEER_WAITS; i++)
		TAILQ_INIT(&peers->waiting[i]);
	peers->timer = evtimer_new(server->base, on_timer, server);
	if (peers->timer == NULL)
		memory_exhausted();
	hangup_start(server->base, on_hangup, &server->hangup);
}

void peers_free(struct server *server)
{
	struct peer *peer;

	for (unsigned i = 0; i < PEER_WAITS; i++) {
		while ((peer = TAILQ_FIRST(&server->peers.waiting[i])) != NULL)
			peer_destroy(peer);
	}
	if (server->peers.timer != NULL)
		event_free(server->peers.timer);
	server->peers.timer = NULL;
	hangup_stop(&server->hangup);
}

bool peers_evict(struct server *server)
{
	static const enum peer_wait order[] = {
	    PEER_WAIT_LINGER, PEER_WAIT_HEAD, PEER_WAIT_BODY, PEER_WAIT_FRAME, PEER_WAIT_IDLE, PEER_WAIT_SEND};

	if (!server->peers.timed)
		return false;
	for (size_t i = 0; i < sizeof order / sizeof order[0]; i++) {
		struct peer *peer = TAILQ_FIRST(&server->peers.waiting[order[i]]);
		if (peer == NULL)
			continue;
		peer->gone = true;
		peer_settle(peer);
		return true;
	}
	return false;
}

void peers_stop(struct server *server)
{
	struct peer_list all = TAILQ_HEAD_INITIALIZER(all);
	struct peer *peer;

	/* Each goes through peer_settle() once, which puts it in a list again or frees it. */
	for (unsigned i = 0; i < PEER_WAITS; i++) {
		TAILQ_FOREACH(peer, &server->peers.waiting[i], link)
		peer->wait = PEER_WAIT_CORE;
		TAILQ_CONCAT(&all, &server->peers.waiting[i], link);
	}
	TAILQ_CONCAT(&server->peers.waiting[PEER_WAIT_CORE], &all, link);
	size_t count = server->peers.count;
	for (size_t i = 0; i < count; i++) {
		peer = TAILQ_FIRST(&server->peers.waiting[PEER_WAIT_CORE]);
		if (peer == NULL)
			break;
		peer->restart = true;
		peer->ops->stop(peer);
		peer_settle(peer);
	}
}
