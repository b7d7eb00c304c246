/*
 * signer_private: a call on its way, and what a way to the signer has to do. Only signer.c and the ways (signer_qrexec.c, signer_unix.c) include this.
 *
 * signer.c queues calls, makes their frames and reads their replies. A way carries one frame there and one back. Whatever a way says of a call, it says
 * from the event loop and never from inside start(), stop() or drop().
 */
#ifndef CLEF_PROXY_SIGNER_PRIVATE_H
#define CLEF_PROXY_SIGNER_PRIVATE_H

#include <sys/queue.h>

#include "proxy/signer.h"

struct signer_call {
	struct signer *signer;
	uint64_t number;
	struct buf frame;          /* the request; the way may free it once it was sent */
	signer_answered *answered; /* NULL: was told, or nobody waits any more */
	void *context;
	void *carried;       /* what the way keeps for it */
	bool refused;        /* it was never tried: why is in `refusal` */
	const char *refusal; /* static */
	int refusal_code;
	TAILQ_ENTRY(signer_call) link;
};
TAILQ_HEAD(signer_calls, signer_call);

struct signer_way {
	/* False, with the error: nothing was begun. */
	bool (*start)(struct signer_call *call, struct error *ret_error);
	/* Nobody waits any more: the other end is told. signer_over() comes when it has ended. */
	void (*stop)(struct signer_call *call);
	/* Release what is kept for the call, at once. */
	void (*drop)(struct signer_call *call);
	/* Release what is kept for all. */
	void (*free)(struct signer *signer);
	bool connects; /* as signer_connects() */
};

struct signer {
	struct event_base *base;
	struct log log;
	const struct signer_way *way;
	void *own;          /* of the way */
	struct event *pump; /* made active when there may be something to begin or to say */
	struct signer_calls waiting, running, refused;
	size_t running_count, running_most, waiting_count;
	size_t waiting_bytes;
	size_t receiving; /* bytes of answers that have come so far, of all calls */
	uint64_t last;
};

/* ---- what a way says ---- */

/* The payload of the answer's frame has come whole. */
void signer_received(struct signer_call *call, struct bytes untrusted_payload);
/* No answer will come. */
void signer_failed(struct signer_call *call, const struct error *error);
/* Nothing is left of the call at the way: it is freed. */
void signer_over(struct signer_call *call);

/* ---- the ways ---- */

bool signer_qrexec_open(struct signer *signer, const char *target, struct error *ret_error);
bool signer_unix_open(struct signer *signer, const char *path, struct error *ret_error);

#endif
