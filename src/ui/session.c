#include "ui/session_private.h"

#include <stdlib.h>

#include "base/memory.h"
#include "ui/answer.h"

struct session *session_new(const struct session_host *host)
{
	struct session *session = memory_new(1, sizeof(*session));

	session->host = *host;
	queue_init(&session->queue);
	buf_init(&session->notices, SESSION_NOTICES_MOST);
	buf_init(&session->yielded_id, SESSION_NOTICES_MOST);
	return session;
}

void session_free(struct session *session)
{
	if (session == NULL)
		return;
	queue_free(&session->queue);
	buf_free(&session->notices);
	buf_free(&session->yielded_id);
	free(session);
}

bool session_is_yielded(const struct session *session)
{
	return session->state == SESSION_YIELDED;
}

void session_print_text(struct session *session, const char *text)
{
	session->host.print(session->host.context, bytes_text(text));
}

static void send_answer(struct session *session, struct buf *json)
{
	/* An answer that does not fit was meant to repeat a request that did: cannot happen, and is never sent in part. */
	if (buf_ok(json))
		session->host.send(session->host.context, buf_bytes(json));
}

void session_send_error(struct session *session, struct bytes id, int code, const char *message)
{
	struct buf json BUF_CLEANUP = BUF_INIT(SESSION_ANSWER_MOST);

	answer_put_error(id, code, message, &json);
	send_answer(session, &json);
}

struct page_options session_page_options(struct session *session)
{
	const struct question *question = queue_front(&session->queue);

	return (struct page_options){.width = session->host.width(session->host.context),
	    .colour = session->host.colour,
	    .full = question != NULL && question->full,
	    .waiting = queue_waiting(&session->queue),
	    .now = session->host.now(session->host.context)};
}

void session_add_notice(struct session *session, struct bytes text)
{
	if (text.size > SESSION_NOTICES_MOST - session->notices.size)
		session->notices_lost++;
	else
		buf_put_bytes(&session->notices, text);
}

static void print_notices(struct session *session)
{
	if (session->notices.size > 0)
		session->host.print(session->host.context, buf_bytes(&session->notices));
	buf_reset(&session->notices);
	if (session->notices_lost > 0)
		session_print_text(session, "  (more messages came than could be kept; the rest was dropped)\n");
	session->notices_lost = 0;
}

void session_settle(struct session *session)
{
	session->state = SESSION_SETTLING;
	session->host.set_echo(session->host.context, false);
	session->host.set_timer(session->host.context, SESSION_SETTLE_MS);
}

static void draw(struct session *session, struct question *question)
{
	struct buf page BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	struct page_options options = session_page_options(session);

	question->on_screen = true;
	if (!page_render(question->kind, question->params, &options, &page, &session->summary)) {
		session_print_text(session, "A request came that cannot be shown; it was refused.\n");
		session_send_error(session, buf_bytes(&question->id), -32602, "this request cannot be shown to the approver");
		queue_remove(&session->queue, question);
		session_settle(session);
		return;
	}
	session->host.print(session->host.context, buf_bytes(&page));
	session->state = SESSION_DRAWN;
	session->host.set_timer(session->host.context, SESSION_PROMPT_MS);
}

/* Whatever does not plainly say that it is none counts as a password: a person must not type one with echo. */
static bool is_password(const struct question *question)
{
	return question->kind == PAGE_INPUT &&
	       !yyjson_is_false(yyjson_obj_get(yyjson_arr_get_first(question->params), "isPassword"));
}

/* Says what the password is for, then steps aside: `keys` reads it, and nothing of it comes through here. */
static void yield_terminal(struct session *session, struct question *question)
{
	struct buf page BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	struct buf json BUF_CLEANUP = BUF_INIT(SESSION_ANSWER_MOST);
	struct page_options options = session_page_options(session);

	/* Before the page: whoever sees it may type. */
	session->host.set_echo(session->host.context, false);
	if (page_render(question->kind, question->params, &options, &page, &session->summary))
		session->host.print(session->host.context, buf_bytes(&page));
	session->host.discard_input(session->host.context);
	session->host.set_timer(session->host.context, 0);
	session->host.yield_terminal(session->host.context, true);
	session->state = SESSION_YIELDED;
	answer_put_terminal(buf_bytes(&question->id), &json);
	buf_reset(&session->yielded_id);
	buf_put_bytes(&session->yielded_id, buf_bytes(&question->id));
	queue_remove(&session->queue, question);
	send_answer(session, &json);
}

void session_show(struct session *session, struct question *question)
{
	if (is_password(question))
		yield_terminal(session, question);
	else
		draw(session, question);
}

/* What waits comes on screen, if nothing else is there. */
void session_advance(struct session *session)
{
	struct question *question;

	if (session->state != SESSION_IDLE)
		return;
	print_notices(session);
	question = queue_front(&session->queue);
	if (question != NULL)
		session_show(session, question);
}

void session_timer(struct session *session)
{
	struct buf prompt BUF_CLEANUP = BUF_INIT(1024);
	struct page_options options;

	switch (session->state) {
	case SESSION_SETTLING:
		session->state = SESSION_IDLE;
		session_advance(session);
		if (session->state == SESSION_IDLE || session->state == SESSION_DRAWN)
			session->host.set_echo(session->host.context, true);
		return;
	case SESSION_DRAWN:
		options = session_page_options(session);
		page_render_prompt(queue_front(&session->queue)->kind, &options, &session->summary, &prompt);
		/* Before the prompt, not after: who answers at once when the prompt is there is heard. */
		session->host.discard_input(session->host.context);
		session->state = SESSION_ASKING;
		session->host.print(session->host.context, buf_bytes(&prompt));
		return;
	case SESSION_IDLE:
	case SESSION_ASKING:
	case SESSION_YIELDED:
		return;
	}
}

static bool is_yes(struct bytes line)
{
	return bytes_equal_text(line, "y") || bytes_equal_text(line, "Y");
}

static void answer(struct session *session, struct question *question, struct bytes line)
{
	struct buf json BUF_CLEANUP = BUF_INIT(SESSION_ANSWER_MOST);
	const char *outcome = "Approved.\n";

	if (question->kind == PAGE_INPUT) {
		answer_put_input(buf_bytes(&question->id), line, &json);
		outcome = "";
	} else if (is_yes(line)) {
		answer_put_decision(question, true, &json);
	} else if (question->kind == PAGE_LISTING && answer_put_accounts(question, line, &json)) {
		outcome = "Approved: only the accounts that you named.\n";
	} else {
		answer_put_decision(question, false, &json);
		outcome = "Refused.\n";
	}
	session_print_text(session, outcome);
	queue_remove(&session->queue, question);
	session_settle(session);
	send_answer(session, &json);
}

void session_line(struct session *session, struct bytes line)
{
	struct question *question = queue_front(&session->queue);

	if (session->state != SESSION_ASKING)
		return;
	if (question->kind != PAGE_INPUT && session->summary.cut && bytes_equal_text(line, "v")) {
		question->full = true;
		draw(session, question);
		return;
	}
	answer(session, question, line);
}

void session_leave(struct session *session)
{
	struct question *question;

	if (session->left)
		return;
	session->left = true;
	session_add_notice(
	    session, bytes_text("\nThe input has ended: nobody can approve any more, every request is refused.\n"));
	while ((question = queue_front(&session->queue)) != NULL) {
		session_send_error(session, buf_bytes(&question->id), SESSION_LEFT_CODE, SESSION_LEFT_TEXT);
		queue_remove(&session->queue, question);
	}
	if (session->state == SESSION_YIELDED)
		return;
	session->host.set_timer(session->host.context, 0);
	session->host.set_echo(session->host.context, true);
	session->state = SESSION_IDLE;
	session_advance(session);
}
