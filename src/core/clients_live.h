/* clients_live: who is asking, and how much at once: queue, rate and share of memory of each client. Nothing here survives the signer. */
#ifndef CLEF_CORE_CLIENTS_LIVE_H
#define CLEF_CORE_CLIENTS_LIVE_H

#include <time.h>

#include "core/clients.h"

/*
 * Bytes of arguments that one qube may have here beside its first request, which may be larger; and all qubes together, so that the rest of SIGNER_HELD_MAX is
 * for others. Small ones always have room: there are few of them (SIGNER_GATE_MAX), and nobody's large ones keep them out.
 */
#define CLIENT_HELD_MAX   ((size_t)2 * 1024 * 1024)
#define CLIENTS_HELD_MAX  ((size_t)12 * 1024 * 1024)
#define CLIENT_HELD_SMALL ((size_t)4 * 1024)
/* Clients that are known at once; those that have neither asked of late nor wait are forgotten when there are more. */
#define CLIENTS_LIVE_MAX 4096

struct client {
	enum client_kind kind;
	uid_t uid;
	char name[CLIENT_NAME_MAX + 1];
	const struct client_rights *rights;
	size_t requests; /* that it has here */
	size_t held;     /* bytes of their arguments */
	size_t asked;    /* bytes of questions that wait for their turn */
	/*
	 * Its bucket of tokens, of which there are `rate` and as many come in a minute: the time, in microseconds, when it will be full again. Each request
	 * takes one out.
	 */
	uint64_t full_at;
	uint64_t served;  /* when it had its last turn, or came (turns.h); 0: neither */
	time_t told_at;   /* monotonic: when it was last told of that calls of this client were refused (refusals.h); 0: never */
	unsigned refused; /* calls since */
	struct client *next;
};

/* Zero is an empty one. */
struct clients_live {
	struct client *first;
	size_t count;
	size_t held; /* bytes of arguments of all qubes */
};

/*
 * One more request of this client, with so many bytes of arguments, at a time in microseconds that never goes back. NULL: it is one too many for now (ERROR_REFUSED). Each is
 * followed by one clients_leave; until then the client is there. Slices of `id` are copied.
 */
struct client *clients_enter(struct clients_live *live, const struct client_id *id, const struct client_rights *rights,
    size_t size, uint64_t now, struct error *ret_error);
/*
 * A call that is not permitted: it takes a token, too, and counts for nothing else. False: there is none (ERROR_REFUSED). *ret_client may be forgotten with the next
 * clients_enter; NULL: one of too many.
 */
bool clients_forbid(struct clients_live *live, const struct client_id *id, const struct client_rights *rights, uint64_t now,
    struct client **ret_client, struct error *ret_error);
/* The client of that name, or NULL. */
struct client *clients_look(const struct clients_live *live, const struct client_id *id);
void clients_leave(struct clients_live *live, struct client *client, size_t size);
void clients_live_free(struct clients_live *live);

#endif
