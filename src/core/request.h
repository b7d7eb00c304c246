/*
 * request: one call from a caller (or the UI) and its way through the signer.
 *
 * Every request owns one arena; everything that belongs to it lives there and goes in one call. Its state is one enum; request_advance() lists the
 * permitted transitions and ends the process on any other. request_answer(), request_refuse() and request_withdraw() end a request and free it:
 * after them the pointer is dead.
 */
#ifndef CLEF_CORE_REQUEST_H
#define CLEF_CORE_REQUEST_H

#include <time.h>

#include "base/memory.h"
#include "core/audit.h"
#include "core/clients_live.h"
#include "core/gate_link.h"
#include "core/keys_link.h"
#include "core/listing.h"
#include "core/methods.h"
#include "core/turns.h"
#include "core/ui_link.h"

enum request_state {
	REQUEST_RECEIVED,
	REQUEST_JUDGED,   /* arguments read, checked, and not hopeless */
	REQUEST_ASKED,    /* the person is being asked */
	REQUEST_APPROVED, /* the person said yes; a password may still be needed */
	REQUEST_SIGNING,  /* keys is at work */
	REQUEST_ANSWERED,
	REQUEST_REFUSED,
	REQUEST_WITHDRAWN /* nobody waits for the answer any more */
};

/* What is known of the caller, and what it claims. Slices live in the request's arena. */
struct request_meta {
	const char *scheme;  /* known: "http", "ipc", "qrexec" */
	struct bytes remote; /* known: address and port, "qube:NAME", or "NA" */
	struct bytes qube;   /* known, with "qrexec"; else empty */
	bool has_peer;       /* known, on the unix sockets */
	uid_t peer_uid;
	pid_t peer_pid;
	struct bytes local, user_agent, origin; /* claimed */
};

struct password;
struct request;
typedef void request_password(struct request *request, const struct password *password);

#define REQUEST_ARGUMENTS_MAX 4

struct request {
	struct signer *signer;
	uint64_t number; /* from 1, never used again while the signer lives */
	const struct method *method;
	enum request_state state;
	struct arena arena;
	struct request_meta meta;
	struct json params;
	struct bytes params_text; /* in the arena; empty for the UI's calls, which may hold secrets */
	size_t argument_count;
	yyjson_val *arguments[REQUEST_ARGUMENTS_MAX]; /* NULL when absent */
	void *work;                                   /* the handler's own, in the arena */

	struct gate_link *gate; /* NULL: the UI called */
	uint64_t call, connection;
	struct bytes ui_id; /* empty: a notification */
	uint64_t ui_batch;

	uint64_t question; /* open question to the UI, or 0 */
	bool answered;     /* a UI answered a question of this request, in this era of the signer's */
	uint64_t ui_era;
	uint64_t keys_request;   /* open request to keys, or 0 */
	uint64_t proofs_request; /* open request to proofs, or 0 */
	struct listing_share listing;
	const struct client_rights *rights; /* NULL: the UI's, all */
	struct client *client;              /* that it is counted with; NULL: it is not */
	struct turn turn;
	bool terminal_lent; /* keys reads a password from the terminal that the UI gave up */
	request_password *password;
	bool audited;          /* the audit log lacks its response line */
	struct buf audit_line; /* its request line, while that is kept (request_audit); else empty */
	size_t held;           /* bytes that count towards SIGNER_HELD_MAX */
	time_t since;          /* when it came in, seconds since 1970 */
	time_t expires_at;     /* when it is withdrawn, unless it has its turn by then; 0: never, or the time does not run yet */
	struct event *timer;
	struct request *previous, *next;
};

struct request *request_new(struct signer *signer, const struct method *method);
/* Read `params`, check the number of arguments and run the handler. Ends the request when that fails. */
void request_start(struct request *request, yyjson_val *params);
void request_advance(struct request *request, enum request_state state);
/* Wipe the arguments: they may hold a password. */
void request_forget_arguments(struct request *request);
/*
 * Write the audit log's line for this call; `fields` are made with audit_field and may be empty. A line above REQUEST_AUDIT_MOST is kept: as long as nobody
 * has approved anything, it costs the caller nothing to send more of them. It is written as it is with the approval; the end of a request that nobody approved
 * writes its beginning and its digest in its place. False: the request has ended.
 */
bool request_audit(struct request *request, struct bytes fields);
#define REQUEST_AUDIT_MOST ((size_t)4096)
/* The person has approved: a line that was kept is written before anything is signed. */
bool request_audit_approved(struct request *request, struct error *ret_error);
/* The outcome of a request that was refused or withdrawn. */
bool request_audit_end(struct request *request, const char *failure, struct error *ret_error);

/*
 * Write the audit log's line for the outcome before the answer: what the answer says may be told to others (the UI) from then on. request_answer
 * writes no other one. False: the request has ended.
 */
bool request_audit_outcome(struct request *request, struct bytes audit);
/* result: JSON text. audit: the fields of the response line, as " key=value…" made with audit_field; may be empty. */
void request_answer(struct request *request, struct bytes result, struct bytes audit);
void request_refuse(struct request *request, const struct error *error);
/* With "data" (JSON text) as the UI gave it. */
void request_refuse_data(struct request *request, const struct error *error, struct bytes data);
__attribute__((format(printf, 3, 4))) void request_refuse_text(
    struct request *request, enum error_kind kind, const char *format, ...);
/* Nobody is to act for this request any more: not the person (`reason` goes to the UI, docs/ui-protocol.md lists them), not keys, not proofs. Ends nothing. */
void request_recall(struct request *request, const char *reason);
/* The caller is gone or the time is up: `reason` goes to the terminal UI. No answer is sent. */
void request_withdraw(struct request *request, const char *reason);

/* A person has called it off (clef_cancel): the caller hears so, the question is withdrawn. */
void request_cancel(struct request *request);

/*
 * From now on the caller waits, for a person or for keys: the time limit begins. Whoever waits for its turn may do so for as long, and for as long again once it
 * is asked.
 */
void request_wait(struct request *request);
/*
 * Ask the UI, as soon as it is this request's turn; the answer comes to `answered` with the request as context, after the question was taken from it. Empty params
 * (of a buffer that failed) are refused.
 */
void request_ask(struct request *request, const char *method, struct bytes params, ui_answered *answered);
/* The same for whoever has the turn (turns.h), and for whoever had to wait for it: then the time limit begins anew, and the question says when it ends. */
void request_ask_now(struct request *request, const char *method, struct bytes params, ui_answered *answered);
void request_ask_late(struct request *request, const char *method, struct bytes params, ui_answered *answered);
/* Send to keys; the answer comes to `answer` with the request as context, after keys_request was cleared (not for KEYS_SECRET_READ). */
void request_keys(struct request *request, enum ipc_type type, void *message, keys_answer *answer);
/* The request that a handler got as context, with its question (or its work in keys) marked as done. */
struct request *request_answered_by_ui(void *context);
struct request *request_answered_by_keys(void *context);
/* Turn KEYS_FAILED into an error. */
void request_keys_error(const struct ipc_keys_failed *failed, struct error *ret_error);
/* Tell the UI (ui_showError) what went wrong with something that its person is waiting for. */
void request_show_error(struct request *request, const char *text);
/* The terminal is the UI's again. */
void request_return_terminal(struct request *request);

/*
 * Append what every question to the UI says of its request: "meta":{…} as Clef has it, then the members of UI protocol 7.1 "request_id",
 * "expires_at", "chain_id" and "peer". The time limit begins.
 */
void request_put_meta(struct request *request, struct buf *buf);
/* Append "request_id":"r-…","expires_at":…: the members that tie questions of one request together. */
void request_put_id(const struct request *request, struct buf *buf);
/* The name of a request towards the UI: "r-", eight hex digits that differ from run to run, "-" and its number. */
#define REQUEST_ID_SIZE 33
void request_id(const struct request *request, char ret_id[REQUEST_ID_SIZE]);
/* Append {"remote":…,"local":…,"scheme":…,"User-Agent":…,"Origin":…}, and {"uid":…,"pid":…}, with "qube":… for a qube, or null. */
void request_put_meta_object(const struct request_meta *meta, struct buf *buf);
void request_put_peer(const struct request_meta *meta, struct buf *buf);

#endif
