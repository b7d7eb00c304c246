/*
 * turns: one prompt at a time for qubes. A request that came by qrexec has the turn from its first question to the UI until it ends; meanwhile the others wait
 * here. Who is next: the client that had its last turn the longest ago (or, if it has had none, came the longest ago), and of its requests the one that waits the
 * longest. So a qube with many requests keeps no other waiting for more than one, and qubes that are new keep nobody waiting who came before. Requests of other transports take no turns.
 */
#ifndef CLEF_CORE_TURNS_H
#define CLEF_CORE_TURNS_H

#include "core/ui_link.h"

struct request;
struct signer;

/*
 * Bytes of questions that wait for their turn: of one qube, and of all together; what belongs to a question takes a few times as much in core. Small ones always
 * have room: there are few of them (SIGNER_GATE_MAX), and nobody's large ones keep them out.
 */
#define TURNS_CLIENT_MAX ((size_t)8 * 1024 * 1024)
#define TURNS_MAX        ((size_t)64 * 1024 * 1024)
#define TURNS_SMALL      ((size_t)32 * 1024)

/* Zero: nobody has the turn, nobody waits. */
struct turns {
	struct request *holder;
	struct request *first; /* who waits, in the order in which they came */
	size_t size;           /* bytes of their questions */
	struct event *next;    /* the turn is free; made when it is needed */
	uint64_t given;        /* twice as many as there were turns: between two there is room for who came */
};

/* Of a request that waits: its question. Zero: it does not. */
struct turn {
	bool waits;
	const char *method;
	struct buf params;
	ui_answered *answered;
	struct event *absent; /* nobody is attached, for too long */
	struct request *next;
};

/* May this request ask now? It keeps the turn then. */
bool turns_take(struct request *request);
/* Else: its question (params are copied) is asked when its turn comes, by request_ask_late(). False: too much of its client, or of all, waits. */
bool turns_wait(struct request *request, const char *method, struct bytes params, ui_answered *answered);
/* The request ends: it waits no longer, the turn is free. */
void turns_leave(struct request *request);
/* Whoever waits without a UI waits as long as a question does (--wait-for-ui): call these when one left, and when one came. */
void turns_ui_left(struct signer *signer);
void turns_ui_came(struct signer *signer);
void turns_free(struct turns *turns);

#endif
