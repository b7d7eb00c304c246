/*
 * session: the conversation between core and the person, without a terminal: what is drawn when, which line answers what.
 *
 * One question is on screen at a time. It is drawn, then, after a moment in which everything typed is thrown away, its prompt is printed;
 * only lines that come after the prompt count. The outside world is a struct session_host, real in ui_main.c, played in the tests.
 */
#ifndef CLEF_UI_SESSION_H
#define CLEF_UI_SESSION_H

#include "base/bytes.h"
#include "base/error.h"

/* Between a page and its prompt: time to see that there is a new page, in which a stray key does nothing. */
#define SESSION_PROMPT_MS 300
/*
 * After an answer, before the next page: the password question that belongs to an approval comes first. Until then nothing that is typed shows
 * or counts: it may be the password, begun early or going on after the question was withdrawn.
 */
#define SESSION_SETTLE_MS 150

struct session_host {
	/* Print text; returns when it is on the terminal. */
	void (*print)(void *context, struct bytes text);
	/* Throw away what was typed until now, the half line included. */
	void (*discard_input)(void *context);
	/* Show what is typed, or do not. Turning it on throws away what was typed until then. */
	void (*set_echo)(void *context, bool on);
	/* Give the terminal to `keys` (unread, the echo as it is) or take it back. */
	void (*yield_terminal)(void *context, bool yielded);
	/* One JSON-RPC message to core, ending in a line break. */
	void (*send)(void *context, struct bytes json);
	/* Call session_timer once after so many milliseconds, instead of what was set before; 0: not at all. */
	void (*set_timer)(void *context, unsigned milliseconds);
	unsigned (*width)(void *context);
	uint64_t (*now)(void *context); /* seconds since 1970 */
	bool colour;
	void *context;
};

struct session;

struct session *session_new(const struct session_host *host);
void session_free(struct session *session);
/* One JSON value from core. False when it is no JSON-RPC call: the channel cannot be trusted any more. */
bool session_message(struct session *session, struct bytes json, struct error *ret_error);
/* A line that the person typed, without its end. */
void session_line(struct session *session, struct bytes line);
/* Nobody types any more: all questions, now and later, are answered with an error. */
void session_leave(struct session *session);
void session_timer(struct session *session);
/* `keys` has the terminal: nothing may be read from it. */
bool session_is_yielded(const struct session *session);

#endif
