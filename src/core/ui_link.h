/*
 * ui_link: the UI protocol, JSON-RPC 2.0 in both directions, over stdin and stdout, over a channel to the terminal UI, or over a connection to the UI's socket.
 *
 * One UI is attached at a time, or none. Questions are numbered from 1 for the whole life of the signer; an answer counts only with "jsonrpc":"2.0", the
 * number of an open question and result or error; anything else is ignored. Answers may come in any order. Garbage is answered with -32700, logged and
 * skipped. When the UI's stream ends, it does not read or it sends what cannot be kept, it is detached: what it was asked is answered as gone. What is asked
 * while none is attached is answered as gone, too, or waits for one as long as the options say.
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
	/* Must lead to exactly one ui_link_reply with the call's id (copied) and batch, unless it is a notification or its UI was detached. */
	void (*call)(void *context, const struct ui_call *call);
	/* From inside ui_link_attach: what is notified here comes before the questions that waited. NULL: nothing is to be said. */
	void (*attached)(void *context);
	/*
	 * Once for each UI that was attached, always from the event loop: nothing touches the peer's descriptors any more, and what it was asked is answered as
	 * gone right after. Its calls get no reply: whoever keeps one withdraws it here.
	 */
	void (*detached)(void *context, const char *why);
	/* The peer passed a descriptor (SCM_RIGHTS), which is the handler's now. NULL: none are taken. */
	void (*descriptor)(void *context, int fd);
	void *context;
};

struct ui_link_options {
	const struct log *log;
	unsigned wait_s;    /* so long a question waits for a UI while none is attached; 0: not at all */
	const char *absent; /* static: the error for whoever asks in vain */
};

/* Whoever is attached. in and out may be the same descriptor; both stay the caller's. They are made non-blocking. */
struct ui_peer {
	int in, out;
	/*
	 * One that came over a socket and may be replaced by a better one: it is detached when it reads nothing for UI_LINK_PATIENCE_S while something waits to be
	 * written, however much is added meanwhile, or sends UI_LINK_GARBAGE_MOST pieces of garbage, or UI_LINK_DESCRIPTORS_MOST descriptors. The other kinds are waited for.
	 */
	bool replaceable;
	unsigned patience_s; /* 0: UI_LINK_PATIENCE_S */
};
#define UI_LINK_PATIENCE_S       30
#define UI_LINK_GARBAGE_MOST     64
#define UI_LINK_DESCRIPTORS_MOST 16

/* Nobody is attached yet. */
struct ui_link *ui_link_new(struct event_base *base, const struct ui_link_options *options, struct ui_link_handlers handlers);
/* Writes what is queued as far as that needs no waiting. Open questions get no answer; no handler is called. */
void ui_link_free(struct ui_link *ui);
/* Only while ui_link_is_free(). Questions that waited are asked, in the order in which they came. */
void ui_link_attach(struct ui_link *ui, const struct ui_peer *peer);
/* End it with the peer. `why` is static text. Nothing happens when none is attached. */
void ui_link_detach(struct ui_link *ui, const char *why);
bool ui_link_attached(const struct ui_link *ui);
/* The peer is gone, and the event loop has yet to tell those who asked it: what is asked now goes to whoever comes next. */
bool ui_link_is_leaving(const struct ui_link *ui);
/* Nobody is attached, and the last one's end has been told to all: another may be attached. */
bool ui_link_is_free(const struct ui_link *ui);

/*
 * Ask; `params` is one JSON object. The answer comes later, never from inside this call. 0: so much has been asked and not answered that a person, and the
 * UI's memory, cannot want more; nothing was asked then.
 */
uint64_t ui_link_ask(struct ui_link *ui, const char *method, struct bytes params, ui_answered *answered, void *context);
/* Would ui_link_ask take a question with so many bytes of arguments now? */
bool ui_link_has_room(const struct ui_link *ui, size_t size);
/* No answer is wanted any more: none will be handed out. False when the question was taken back before a UI got any of it. */
bool ui_link_forget(struct ui_link *ui, uint64_t question);
/* Nothing happens when nobody is attached. */
void ui_link_notify(struct ui_link *ui, const char *method, struct bytes params);
/* Answer a call: exactly one of result and error (a JSON-RPC error object) is not empty. */
void ui_link_reply(struct ui_link *ui, struct bytes id, uint64_t batch, struct bytes result, struct bytes error);

#endif
