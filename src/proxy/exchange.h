/*
 * exchange: one frame out, one frame back, over two descriptors in the event loop. Whatever stands behind the answer's frame is not looked at.
 *
 * Nothing is allocated for what was only announced: the answer's buffer grows with what has come, up to FRAME_ANSWER_MAX, and EXCHANGE_BUDGET for all exchanges
 * that share a count.
 */
#ifndef CLEF_PROXY_EXCHANGE_H
#define CLEF_PROXY_EXCHANGE_H

#include <event2/event.h>

#include "base/bytes.h"
#include "base/error.h"

#define EXCHANGE_BUDGET ((size_t)256 * 1024 * 1024)

enum exchange_end {
	EXCHANGE_ANSWER, /* the payload has come */
	EXCHANGE_CUT,    /* the other end closed before that */
	EXCHANGE_BAD     /* no frame, or a larger one than is taken: why is in the error */
};
/* Told once, unless it is stopped before. Both descriptors are closed already. The payload lives until it returns. */
typedef void exchange_ended(void *context, enum exchange_end end, struct bytes untrusted_payload, const struct error *error);

struct exchange {
	int in, out; /* the same for a socket; -1: closed */
	struct event *readable, *writable;
	struct buf *frame; /* borrowed; freed as soon as it is sent */
	size_t sent;
	struct buf answer;
	size_t *received; /* shared */
	exchange_ended *ended;
	void *context;
};

/* Takes the descriptors, which do not block. The frame must live until it ends. */
void exchange_start(struct exchange *exchange, struct event_base *base, int in, int out, struct buf *frame, size_t *received,
    exchange_ended *ended, void *context);
/* Takes in what is there already: who wrote it has ended. May tell the end. */
void exchange_drain(struct exchange *exchange);
/* Closes both descriptors without a word. More than once is fine, as is a zeroed one that was never started. */
void exchange_stop(struct exchange *exchange);
bool exchange_is_over(const struct exchange *exchange);

#endif
