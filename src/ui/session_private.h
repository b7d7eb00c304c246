/* session_private: inside of session: its state, what session.c (the person's side) and session_calls.c (core's side) share. */
#ifndef CLEF_UI_SESSION_PRIVATE_H
#define CLEF_UI_SESSION_PRIVATE_H

#include "ui/queue.h"
#include "ui/session.h"

#define SESSION_NOTICES_MOST ((size_t)1024 * 1024)
#define SESSION_ANSWER_MOST  ((size_t)64 * 1024 * 1024)
#define SESSION_LEFT_CODE    (-32000)
#define SESSION_LEFT_TEXT    "the approver left"

enum session_state {
	SESSION_IDLE,     /* no question */
	SESSION_SETTLING, /* one was just dealt with; the next is drawn when the timer rings */
	SESSION_DRAWN,    /* a page is on screen, its prompt is not */
	SESSION_ASKING,   /* the next line answers */
	SESSION_YIELDED   /* `keys` has the terminal */
};

struct session {
	struct session_host host;
	enum session_state state;
	struct queue queue;
	struct page_summary summary; /* of the page on screen */
	struct buf notices;          /* rendered, waiting until no question is on screen */
	size_t notices_lost;
	struct buf yielded_id; /* of the question for which `keys` has the terminal */
	bool left;
};

/* Something changed: what waits comes on screen, if nothing else is there. */
void session_advance(struct session *session);
/* A question is done: the next one comes a moment later. */
void session_settle(struct session *session);
/* Draw the question at the front, or give the terminal to `keys` for it. */
void session_show(struct session *session, struct question *question);
/* Keep a text until no question is on screen. */
void session_add_notice(struct session *session, struct bytes text);
void session_print_text(struct session *session, const char *text);
/* How pages look now. */
struct page_options session_page_options(struct session *session);
void session_send_error(struct session *session, struct bytes id, int code, const char *message);

#endif
