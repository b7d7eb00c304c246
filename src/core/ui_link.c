#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/rpc.h"
#include "core/ui_link_private.h"

/* Questions that are open at once, all their arguments together; a single one may be larger. */
#define OPEN_MOST ((size_t)64 * 1024 * 1024)

struct ui_question {
	uint64_t number;
	ui_answered *answered;
	void *context;
	size_t size;         /* of its arguments */
	const char *lost;    /* static: why nobody will answer; NULL while somebody may */
	struct event *timer; /* while it waits for a UI, else NULL */
	struct ui_link *ui;
	struct ui_question *next;
};

static const char *const left_text = "the user interface was detached before it answered";

/* ---- writing ---- */

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct ui_link *ui = context;
	const struct timeval patience = {ui->peer.patience_s != 0 ? (time_t)ui->peer.patience_s : UI_LINK_PATIENCE_S, 0};

	(void)fd;
	if ((what & EV_TIMEOUT) != 0) {
		ui_link_detach(ui, "it has not read for a while");
		return;
	}
	switch (ui_queue_write(&ui->queue, ui->peer.out)) {
	case UI_QUEUE_EMPTY:
		break;
	case UI_QUEUE_LATER:
		event_add(ui->writable, ui->peer.replaceable ? &patience : NULL);
		break;
	case UI_QUEUE_GONE:
		ui_link_detach(ui, "it does not read any more");
		break;
	}
}

/*
 * One message a line. Written when the loop comes round, so that several go out together; while the peer is waited for, it goes out after what is queued
 * already, and does not make the wait begin anew.
 */
static void queue_line(struct ui_link *ui, struct bytes line, uint64_t question)
{
	if (!ui_queue_add(&ui->queue, line, question))
		ui_link_detach(ui, "it does not read any more");
	else if (ui->state == UI_LINK_ATTACHED && !event_pending(ui->writable, EV_WRITE, NULL))
		event_active(ui->writable, EV_WRITE, 0);
}

static void queue_request(struct ui_link *ui, const char *method, struct bytes params, uint64_t number)
{
	struct buf line BUF_CLEANUP = BUF_INIT(UI_LINK_OUT_LIMIT);

	buf_put_text(&line, "{\"jsonrpc\":\"2.0\",");
	if (number != 0)
		buf_printf(&line, "\"id\":%llu,", (unsigned long long)number);
	buf_printf(&line, "\"method\":\"%s\",\"params\":[", method);
	buf_put_bytes(&line, params);
	buf_put_text(&line, "]}");
	queue_line(ui, buf_bytes(&line), number);
}

void ui_link_notify(struct ui_link *ui, const char *method, struct bytes params)
{
	if (ui->state == UI_LINK_ATTACHED)
		queue_request(ui, method, params, 0);
}

void ui_link_reply(struct ui_link *ui, struct bytes id, uint64_t batch, struct bytes result, struct bytes error)
{
	struct buf line BUF_CLEANUP = BUF_INIT(UI_LINK_OUT_LIMIT);
	struct buf whole BUF_CLEANUP = BUF_INIT(UI_LINK_OUT_LIMIT);

	if (ui->state != UI_LINK_ATTACHED)
		return;
	rpc_put_reply(&line, id, result, error);
	if (batch == 0)
		queue_line(ui, buf_bytes(&line), 0);
	else if (ui_batches_add(&ui->batches, batch, buf_bytes(&line), &whole))
		queue_line(ui, buf_bytes(&whole), 0);
}

/* ---- questions ---- */

static void stop_waiting(struct ui_question *question)
{
	if (question->timer != NULL)
		event_free(question->timer);
	question->timer = NULL;
}

struct ui_question *ui_link_take_question(struct ui_link *ui, uint64_t number)
{
	for (struct ui_question **at = &ui->questions; *at != NULL; at = &(*at)->next) {
		if ((*at)->number == number) {
			struct ui_question *found = *at;

			*at = found->next;
			ui->open_size -= found->size;
			stop_waiting(found);
			return found;
		}
	}
	return NULL;
}

void ui_link_answer(struct ui_question *question, const struct ui_answer *answer)
{
	question->answered(question->context, question->number, answer);
	free(question);
}

/* Nobody will answer this one. Its asker hears so from the event loop. */
static void lose(struct ui_link *ui, struct ui_question *question, const char *why)
{
	question->lost = why;
	event_active(ui->gone, EV_TIMEOUT, 0);
}

static struct ui_question *find_lost(const struct ui_link *ui)
{
	struct ui_question *question = ui->questions;

	while (question != NULL && question->lost == NULL)
		question = question->next;
	return question;
}

/* Askers may ask again from inside their answer. */
static void answer_lost(struct ui_link *ui)
{
	struct ui_answer answer = {.kind = UI_ANSWER_GONE};
	struct ui_question *question;

	while ((question = find_lost(ui)) != NULL) {
		error_set(&answer.error, ERROR_REFUSED, "%s", question->lost);
		ui_link_answer(ui_link_take_question(ui, question->number), &answer);
	}
}

static void on_waited(evutil_socket_t fd, short what, void *context)
{
	struct ui_question *question = context;

	(void)fd;
	(void)what;
	ui_queue_drop(&question->ui->queue, question->number);
	lose(question->ui, question, question->ui->options.absent);
}

static void wait_for_ui(struct ui_link *ui, struct ui_question *question)
{
	const struct timeval limit = {(time_t)ui->options.wait_s, 0};

	question->timer = event_new(ui->base, -1, 0, on_waited, question);
	/* One queue for all questions, since all wait as long. */
	if (question->timer == NULL || event_add(question->timer, event_base_init_common_timeout(ui->base, &limit)) != 0)
		memory_exhausted();
}

bool ui_link_has_room(const struct ui_link *ui, size_t size)
{
	return ui->open_size == 0 || (ui->open_size <= OPEN_MOST && size <= OPEN_MOST - ui->open_size);
}

uint64_t ui_link_ask(struct ui_link *ui, const char *method, struct bytes params, ui_answered *answered, void *context)
{
	if (!ui_link_has_room(ui, params.size))
		return 0;
	struct ui_question *question = memory_new(1, sizeof(*question));
	uint64_t number = ++ui->last_question;

	*question = (struct ui_question){
	    .number = number, .answered = answered, .context = context, .size = params.size, .ui = ui, .next = ui->questions};
	ui->open_size += params.size;
	ui->questions = question;
	if (ui->state != UI_LINK_ATTACHED && ui->options.wait_s == 0) {
		lose(ui, question, ui->options.absent);
		return number;
	}
	if (ui->state != UI_LINK_ATTACHED)
		wait_for_ui(ui, question);
	queue_request(ui, method, params, number);
	return number;
}

bool ui_link_forget(struct ui_link *ui, uint64_t number)
{
	free(ui_link_take_question(ui, number));
	return !ui_queue_drop(&ui->queue, number);
}

/* ---- attaching and detaching ---- */

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	ui_link_read(context);
}

static void on_gone(evutil_socket_t fd, short what, void *context)
{
	struct ui_link *ui = context;

	(void)fd;
	(void)what;
	if (ui->state == UI_LINK_LEAVING) {
		ui->state = UI_LINK_FREE;
		ui->handlers.detached(ui->handlers.context, ui->why);
	}
	answer_lost(ui);
}

static void free_peer_events(struct ui_link *ui)
{
	if (ui->readable != NULL)
		event_free(ui->readable);
	if (ui->writable != NULL)
		event_free(ui->writable);
	ui->readable = ui->writable = NULL;
}

void ui_link_detach(struct ui_link *ui, const char *why)
{
	if (ui->state != UI_LINK_ATTACHED)
		return;
	ui->state = UI_LINK_LEAVING;
	ui->why = why;
	free_peer_events(ui);
	buf_free(&ui->received);
	ui_queue_free(&ui->queue);
	ui_batches_free(&ui->batches);
	for (struct ui_question *question = ui->questions; question != NULL; question = question->next)
		question->lost = left_text;
	event_active(ui->gone, EV_TIMEOUT, 0);
}

/* Files and /dev/null cannot be waited for; libevent would complain on stderr. */
static bool can_be_watched(int fd)
{
	int probe = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event nothing = {0};
	bool ok = probe < 0 || epoll_ctl(probe, EPOLL_CTL_ADD, fd, &nothing) == 0;

	if (probe >= 0)
		close(probe);
	return ok;
}

static void watch_peer(struct ui_link *ui)
{
	evutil_make_socket_nonblocking(ui->peer.in);
	evutil_make_socket_nonblocking(ui->peer.out);
	ui->readable = event_new(ui->base, ui->peer.in, EV_READ | EV_PERSIST, on_readable, ui);
	ui->writable = event_new(ui->base, ui->peer.out, EV_WRITE, on_writable, ui);
	if (ui->readable == NULL || ui->writable == NULL)
		memory_exhausted();
	/* Nobody will ever answer there. */
	if (!can_be_watched(ui->peer.in) || event_add(ui->readable, NULL) != 0)
		ui_link_detach(ui, "its input is neither a pipe, a socket nor a terminal");
}

void ui_link_attach(struct ui_link *ui, const struct ui_peer *peer)
{
	struct ui_queue waiting = ui->queue;

	ui->queue = (struct ui_queue){0};
	ui->peer = *peer;
	ui->state = UI_LINK_ATTACHED;
	ui->garbage = ui->descriptors = 0;
	json_scan_start(&ui->scan);
	for (struct ui_question *question = ui->questions; question != NULL; question = question->next)
		stop_waiting(question);
	watch_peer(ui);
	if (ui->handlers.attached != NULL)
		ui->handlers.attached(ui->handlers.context);
	if (ui->state != UI_LINK_ATTACHED) {
		ui_queue_free(&waiting);
		return;
	}
	ui_queue_append(&ui->queue, &waiting);
	event_active(ui->writable, EV_WRITE, 0);
}

struct ui_link *ui_link_new(struct event_base *base, const struct ui_link_options *options, struct ui_link_handlers handlers)
{
	struct ui_link *ui = memory_new(1, sizeof(*ui));

	ui->base = base;
	ui->options = *options;
	ui->handlers = handlers;
	buf_init(&ui->received, UI_LINK_IN_LIMIT);
	ui->gone = event_new(base, -1, 0, on_gone, ui);
	if (ui->gone == NULL)
		memory_exhausted();
	return ui;
}

void ui_link_free(struct ui_link *ui)
{
	if (ui == NULL)
		return;
	if (ui->state == UI_LINK_ATTACHED)
		ui_queue_write(&ui->queue, ui->peer.out);
	free_peer_events(ui);
	event_free(ui->gone);
	while (ui->questions != NULL)
		free(ui_link_take_question(ui, ui->questions->number));
	ui_batches_free(&ui->batches);
	buf_free(&ui->received);
	ui_queue_free(&ui->queue);
	free(ui);
}

bool ui_link_attached(const struct ui_link *ui)
{
	return ui->state == UI_LINK_ATTACHED;
}

bool ui_link_is_free(const struct ui_link *ui)
{
	return ui->state == UI_LINK_FREE;
}

bool ui_link_is_leaving(const struct ui_link *ui)
{
	return ui->state == UI_LINK_LEAVING;
}
