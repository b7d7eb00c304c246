/*
 * dialect_private: what the files of the dialect share: one call from its arrival to its answer. For src/proxy's dialect alone.
 *
 * A call waits for one thing at a time: an answer of the signer, one of the node, its turn, or the next round of the event loop. What comes is handed to the step that was
 * named with the question; a step ends the call or asks again, as the last thing it does, since ending frees the call.
 */
#ifndef CLEF_PROXY_DIALECT_PRIVATE_H
#define CLEF_PROXY_DIALECT_PRIVATE_H

#include <sys/queue.h>

#include "base/json.h"
#include "base/memory.h"
#include "eth/signature.h"
#include "proxy/accounts.h"
#include "proxy/dialect.h"
#include "proxy/nonces.h"
#include "proxy/upstream.h"

/* EIP-1193, EIP-3326, EIP-1474. */
enum {
	DIALECT_UNSUPPORTED = 4200,
	DIALECT_MOVED = 4901,
	DIALECT_OTHER_CHAIN = 4902,
	DIALECT_BUSY = -32005,
	DIALECT_BAD_PARAMS = -32602,
	DIALECT_ENDING = -32000
};
#define DIALECT_ENDING_TEXT "clef-proxy is shutting down"

#define DIALECT_ARGUMENTS_MAX 4
/* Calls at once; each holds at most one place at the node. */
#define DIALECT_CALLS_MAX UPSTREAM_CALLS_MAX

struct call;

/* Exactly one of result and error is not empty. */
struct call_answer {
	struct bytes result, error;
	yyjson_val *untrusted_value; /* the one that is there, read; of the signer only */
	bool trouble;                /* an error of the way there, not of the node */
	bool unsent;                 /* such trouble, and the question never left */
};

typedef void call_step(struct call *call, const struct call_answer *answer);
typedef void call_then(struct call *call);

/* One row of the table of methods. */
struct dialect_method {
	const char *name;
	size_t required, most; /* arguments */
	call_then *start;
	const char *advice; /* what is told to whoever calls a method that is not offered; or the signer's name of the method */
};

struct call {
	TAILQ_ENTRY(call) link, soon_link;
	struct dialect *dialect;
	uint64_t number;
	const struct dialect_method *method; /* NULL: none of the table */
	struct arena arena;
	struct bytes name, params; /* in the arena; params is a JSON value */
	struct json json;          /* params, read */
	yyjson_val *untrusted_arguments[DIALECT_ARGUMENTS_MAX];
	struct signer_claims claims;
	dialect_answered *answered; /* NULL: the caller is gone */
	void *context;
	uint64_t at_signer, at_node;
	bool has_lane; /* asks the node by dialect->lane, beside the crowd */
	call_step *step;
	call_then *then;     /* after the chain is known; in the next round */
	struct event *pause; /* NULL, or: until `then` */
	call_then *on_end;   /* NULL, or: releases `work` */
	call_then *on_stop;  /* of a call that must finish: there is no time left for it; answers what is known */
	bool is_soon, is_ended, must_finish;
	struct buf late_result, late_error; /* an answer that waits for the next round */
	void *work;                         /* of the method, in the arena */
};

struct dialect {
	struct event_base *base;
	struct log log;
	struct signer *signer;
	struct upstream *upstream; /* NULL: none */
	struct upstream *lane;     /* the same node over connections of their own, for the steps of transactions */
	bool has_chain_id;         /* --chainid */
	uint64_t chain_id;
	bool knows_chain; /* the node said so, and it fits */
	uint64_t node_chain_id, chain_since_ms;
	struct signature_context *curve;
	struct nonces *nonces;
	struct accounts accounts;
	uint64_t last_call;
	size_t count;
	unsigned inside; /* our caller's calls into us, during which nobody is answered */
	struct event *later;
	bool is_stopping;
	struct event *limit; /* until when */
	dialect_stopped *stopped;
	void *stopped_context;
	TAILQ_HEAD(call_list, call) calls, soon;
};

/* ---- dialect_call.c: asking and answering ---- */

struct call *call_new(struct dialect *dialect, const struct signer_claims *claims, dialect_answered *answered, void *context);
/* The caller and whoever works for the call hear nothing more. */
void call_free(struct call *call);
struct upstream *call_upstream(const struct call *call);
void call_end_pause(struct call *call);
void call_ask_signer(struct call *call, const char *method, struct bytes params, call_step *step);
void call_ask_node(struct call *call, struct bytes method, struct bytes params, call_step *step);
/* In the next round of the event loop. */
void call_soon(struct call *call, call_then *then);
/* After a pause. */
void call_later(struct call *call, unsigned wait_ms, call_then *then);
void dialect_run_soon(struct dialect *dialect);
/* dialect_stop.c: tell whoever stops us that nothing is left that must finish. */
void dialect_stop_if_done(struct dialect *dialect);
/* Of a clock that is never set back. */
uint64_t dialect_now_ms(void);
/* The node said it a moment ago. */
bool dialect_knows_chain(const struct dialect *dialect);
/* The node is asked for its chain, whatever it said before; as call_need_chain(). */
void call_ask_chain(struct call *call, call_then *then);
/* The chain is known and fits: dialect_chain(). Else the call is refused. */
void call_need_chain(struct call *call, call_then *then);
uint64_t dialect_chain(const struct dialect *dialect);

/* Each ends the call. */
void call_answer(struct call *call, struct bytes result);
void call_fail(struct call *call, const struct error *error);
void call_fail_code(struct call *call, int code, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* An error object as it is. */
void call_fail_with(struct call *call, struct bytes error);
/* An error of the signer's to Clef's names, in the codes of the standard names. */
void call_fail_by_signer(struct call *call, const struct call_answer *answer);

/* Text of an argument as it was spelt. */
struct bytes call_argument_text(const struct call *call, size_t index);
/* ---- the methods ---- */

void handle_accounts(struct call *call);
void handle_request_accounts(struct call *call);
void handle_request_permissions(struct call *call);
void handle_get_permissions(struct call *call);
void handle_revoke_permissions(struct call *call);

void handle_personal_sign(struct call *call);
void handle_sign_typed_data(struct call *call);
void handle_ec_recover(struct call *call);
void handle_sign_authorization(struct call *call);

void handle_chain_id(struct call *call);
void handle_net_version(struct call *call);
void handle_switch_chain(struct call *call);
void handle_capabilities(struct call *call);

void handle_send_transaction(struct call *call);
void handle_sign_transaction(struct call *call);

/* To the node as it is. */
void handle_forward(struct call *call);

#endif
