/*
 * upstream: clef-proxy's way to an Ethereum node: JSON-RPC 2.0 over HTTP or HTTPS, many calls at once over connections that are kept.
 *
 * libcurl, driven by the event loop of the caller. Certificates are verified, redirects are not followed, nothing but http and https is spoken; an answer has a
 * largest size and a time. The URL may hold credentials, also in its path: of it only scheme, host and port are ever logged or told. The node is not trusted
 * with anything but its own answers: they are strict JSON, with the number of the call, or they are no answers.
 *
 * The process ignores SIGPIPE.
 */
#ifndef CLEF_PROXY_UPSTREAM_H
#define CLEF_PROXY_UPSTREAM_H

#include <event2/event.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"

#define UPSTREAM_ANSWER_MAX  ((size_t)64 * 1024 * 1024)
#define UPSTREAM_TIMEOUT_MS  60000
#define UPSTREAM_CALLS_MAX   1024 /* under way at once, those included that wait for a connection */
#define UPSTREAM_CONNECTIONS 16

/*
 * EIP-1193 "disconnected": the node cannot be reached or says nothing in time. An answer that is none has JSON-RPC's -32603.
 */
#define UPSTREAM_DISCONNECTED 4900

enum upstream_outcome {
	UPSTREAM_RESULT, /* of the node: any JSON value */
	UPSTREAM_ERROR,  /* of the node: a JSON-RPC error object, as it came */
	UPSTREAM_UNSENT, /* the same, and not a byte of the call left: the node cannot have seen it */
	UPSTREAM_TROUBLE /* none of the node, or none that counts: an error object that says why */
};

/* `answer`: JSON text that lives until this returns. Called once, from the event loop, never from inside upstream_call(); not after upstream_cancel(). */
typedef void upstream_answered(void *context, enum upstream_outcome outcome, struct bytes answer);

struct upstream_options {
	const char *url;
	size_t answer_max; /* 0: UPSTREAM_ANSWER_MAX */
	long timeout_ms;   /* of a whole call; 0: UPSTREAM_TIMEOUT_MS */
};

struct upstream;

/* ERROR_REFUSED for a URL that is none, or of another scheme; the error does not repeat it. */
bool upstream_new(struct event_base *base, const struct upstream_options *options, const struct log *log,
    struct upstream **ret_upstream, struct error *ret_error);
/* Ends what is under way without a word. Not from inside a callback. NULL is fine. */
void upstream_free(struct upstream *upstream);
/* "https://host:8545": what may be shown. */
const char *upstream_name(const struct upstream *upstream);
/*
 * `untrusted_method`: text. `params`: one JSON value, empty for none. Both are copied. Returns the call's number; 0 when UPSTREAM_CALLS_MAX are under way.
 */
uint64_t upstream_call(
    struct upstream *upstream, struct bytes untrusted_method, struct bytes params, upstream_answered *answered, void *context);
/* 0 and ended calls are fine. */
void upstream_cancel(struct upstream *upstream, uint64_t call);

#endif
