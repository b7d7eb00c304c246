/*
 * ui_link: the UI protocol, JSON-RPC 2.0 in both directions, over stdin and stdout or over a channel to the terminal UI.
 *
 * Questions to the UI are numbered from 1; an answer counts only with "jsonrpc":"2.0", the number of an open question and result or error; anything
 * else is ignored. Answers may come in any order. Garbage is answered with -32700, logged and skipped. When the UI's stream ends, the UI is
 * detached: open and later questions are answered as gone, calls are no longer read.
 *
 * What comes from the UI may hold passwords: it is wiped from core's memory as soon as its handler returns.
 */
#ifndef CLEF_CORE_UI_LINK_H
#define CLEF_CORE_UI_LINK_H

#include <event2/event.h>

#include "base/error.h"
#include "base/json.h"
#include "base/log.h"

struct ui_link;

enum ui_answer_kind {
	UI_ANSWER_RESULT,
	UI_ANSWER_ERROR,
	UI_ANSWER_GONE /* no UI is attached, or it left */
};

struct ui_answer {
	enum ui_answer_kind kind;
	yyjson_val *result; /* UI_ANSWER_RESULT; lives until the handler returns */
	struct error error; /* UI_ANSWER_ERROR, UI_ANSWER_GONE */
	struct bytes data;  /* the error's "data" as JSON text, or nothing */
};

typedef void ui_answered(void *context, uint64_t question, const struct ui_answer *answer);

/* A call by the UI. `batch` is 0, or the number of the batch that it came in: then the answer is gathered until the batch is complete. */
struct ui_call {
	struct bytes method;
	yyjson_val *params; /* NULL when absent */
	struct bytes id;    /* JSON text; empty for a notification */
	uint64_t batch;
};

struct ui_link_handlers {
	/* Must lead to exactly one ui_link_reply with the call's id (copied) and batch, unless it is a notification. */
	void (*call)(void *context, const struct ui_call *call);
	void (*detached)(void *context, const char *why);
	void *context;
};

/* in and out may be the same descriptor; both stay the caller's. They are made non-blocking. */
struct ui_link *ui_link_new(struct event_base *base, int in, int out, const struct log *log, struct ui_link_handlers handlers);
/* Writes what is queued as far as that needs no waiting. Open questions get no answer; no handler is called. */
void ui_link_free(struct ui_link *ui);
bool ui_link_attached(const struct ui_link *ui);

/*
 * Ask; `params` is one JSON object. The answer comes later, never from inside this call. 0: so much has been asked and not answered that a person, and the
 * UI's memory, cannot want more; nothing was asked then.
 */
uint64_t ui_link_ask(struct ui_link *ui, const char *method, struct bytes params, ui_answered *answered, void *context);
/* Would ui_link_ask take a question with so many bytes of arguments now? */
bool ui_link_has_room(const struct ui_link *ui, size_t size);
/* No answer is wanted any more: none will be handed out. False when the question was taken back before the UI got any of it. */
bool ui_link_forget(struct ui_link *ui, uint64_t question);
void ui_link_notify(struct ui_link *ui, const char *method, struct bytes params);
/* Answer a call: exactly one of result and error (a JSON-RPC error object) is not empty. */
void ui_link_reply(struct ui_link *ui, struct bytes id, uint64_t batch, struct bytes result, struct bytes error);

#endif
