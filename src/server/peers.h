/*
 * peers: all connections of this process, in one list for each thing that they wait for. A list is in the order in which the waits began, and all of a
 * list have the same time limit, so that one timer and the first of each list are all there is to look at.
 */
#ifndef CLEF_SERVER_PEERS_H
#define CLEF_SERVER_PEERS_H

#include "server/peer.h"

struct peers {
	struct peer_list waiting[PEER_WAITS];
	size_t count, most;
	size_t held; /* sum of all `charged` */
	bool timed;  /* all time limits hold: not on the unix socket for JSON, where clients stay for days */
	struct event *timer;
	int64_t timer_at; /* when the timer fires; INT64_MAX: not at all */
};

void peers_start(struct server *server, size_t most, bool timed);
/* Ends every connection at once, without a word. */
void peers_free(struct server *server);
/* Drop the connection that has been waiting longest for its client, to make room. False when all are being served. */
bool peers_evict(struct server *server);
/* Calls ops->stop for everybody. */
void peers_stop(struct server *server);

/* For peer.c only: a new connection; one that waits for something (else), from now on; one that ends. */
void peers_enter(struct peer *peer);
void peers_move(struct peer *peer, enum peer_wait wait);
void peers_leave(struct peer *peer);
/* For peers.c only: end it at once and free it. */
void peer_destroy(struct peer *peer);

#endif
