/*
 * dialect: what clef-proxy does with each method: the signer's own (account_*) go there as they are, the standard names of wallets (EIP-1193, EIP-1102, EIP-2255, EIP-3326, EIP-5792 …)
 * are put into the signer's words, transactions are filled in from the node, checked when they come back signed and broadcast, everything else goes to the
 * node. No key is ever here.
 */
#ifndef CLEF_PROXY_DIALECT_H
#define CLEF_PROXY_DIALECT_H

#include "proxy/signer.h"

struct dialect_options {
	const char *upstream; /* URL of the node; NULL: none */
	uint64_t chain_id;    /* 0: as the node says */
	bool has_chain_id;
};

/* As signer_answered; the codes of errors are EIP-1193's where it has one. Never called from inside dialect_call(). */
typedef void dialect_answered(void *context, struct bytes result, struct bytes error);

struct dialect;

bool dialect_new(struct event_base *base, const struct dialect_options *options, struct signer *signer, const struct log *log,
    struct dialect **ret_dialect, struct error *ret_error);
void dialect_free(struct dialect *dialect);
/* method: text, from outside. params: one JSON value from outside, empty when absent. All is copied. Returns the call's number, never 0. */
uint64_t dialect_call(struct dialect *dialect, struct bytes untrusted_method, struct bytes untrusted_params,
    const struct signer_claims *claims, dialect_answered *answered, void *context);
/* The caller is gone: what has not been signed is withdrawn; what was signed is still broadcast. */
void dialect_cancel(struct dialect *dialect, uint64_t call);
/*
 * The program is to end. Calls that wait and calls that still come fail; only those whose transaction is signed go on, and are answered, for `limit_ms` at most: then their
 * callers hear that it may still be mined. `stopped` is called once, from the event loop, when none is left. Once.
 */
typedef void dialect_stopped(void *context);
void dialect_stop(struct dialect *dialect, unsigned limit_ms, dialect_stopped *stopped, void *context);

#endif
