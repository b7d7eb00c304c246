#include "core/turns.h"

#include "core/request.h"
#include "core/signer.h"
#include "core/signer_ui.h"

static bool takes_turns(const struct request *request)
{
	return request->client != NULL && request->client->kind == CLIENT_QUBE;
}

/* The first of those who wait whose client had its turn the longest ago. */
static struct request *choose(const struct turns *turns)
{
	struct request *chosen = turns->first;

	for (struct request *at = turns->first; at != NULL; at = at->turn.next)
		if (at->client->served < chosen->client->served)
			chosen = at;
	return chosen;
}

static void stop_timer(struct turn *turn)
{
	if (turn->absent != NULL)
		event_free(turn->absent);
	turn->absent = NULL;
}

/* Take it out of those who wait. Its question is the caller's to free. */
static void stop_waiting(struct turns *turns, struct request *request)
{
	struct request **at = &turns->first;

	while (*at != request)
		at = &(*at)->turn.next;
	*at = request->turn.next;
	request->turn.waits = false;
	request->turn.next = NULL;
	request->client->asked -= request->turn.params.size;
	turns->size -= request->turn.params.size;
	stop_timer(&request->turn);
}

static void hold(struct turns *turns, struct request *request)
{
	turns->holder = request;
	turns->given += 2;
	request->client->served = turns->given;
}

/*
 * A client that has had no turn yet comes after all who wait for one already, and before what whoever has the turn has besides: new names, of which there is no end,
 * keep nobody waiting.
 */
static void line_up(const struct turns *turns, struct client *client)
{
	if (client->served == 0 && turns->given > 0)
		client->served = turns->given - 1;
}

/* Whoever waits for a UI to come does so here, all at the same time, and not one after the other. */
static bool nobody_is_there_yet(const struct signer *signer)
{
	return signer->options->wait_for_ui_s > 0 && !ui_link_attached(signer->ui);
}

static void on_next(evutil_socket_t fd, short what, void *context)
{
	struct signer *signer = context;
	struct turns *turns = &signer->turns;
	struct request *request = choose(turns);

	(void)fd;
	(void)what;
	if (turns->holder != NULL || request == NULL || nobody_is_there_yet(signer))
		return;
	struct buf params BUF_CLEANUP = request->turn.params;

	stop_waiting(turns, request);
	request->turn.params = (struct buf){0};
	hold(turns, request);
	request_ask_late(request, request->turn.method, buf_bytes(&params), request->turn.answered);
}

/* From the event loop: whoever is asked next may be refused at once, and the one after it. */
static void pass_on(struct signer *signer)
{
	struct turns *turns = &signer->turns;

	if (turns->first == NULL)
		return;
	if (turns->next == NULL)
		turns->next = event_new(signer->base, -1, 0, on_next, signer);
	if (turns->next == NULL)
		memory_exhausted();
	event_active(turns->next, EV_TIMEOUT, 0);
}

bool turns_take(struct request *request)
{
	struct turns *turns = &request->signer->turns;

	if (!takes_turns(request) || turns->holder == request)
		return true;
	if (turns->holder != NULL || turns->first != NULL)
		return false;
	hold(turns, request);
	return true;
}

static void on_absent(evutil_socket_t fd, short what, void *context)
{
	struct request *request = context;

	(void)fd;
	(void)what;
	request_refuse_text(request, ERROR_REFUSED, "%s", signer_ui_absent(request->signer));
}

/* Without --wait-for-ui there is nothing to measure: whoever has the turn is refused at once, and so is the next. */
static void start_timer(struct request *request)
{
	const struct timeval limit = {(time_t)request->signer->options->wait_for_ui_s, 0};

	if (limit.tv_sec == 0 || request->turn.absent != NULL)
		return;
	request->turn.absent = event_new(request->signer->base, -1, 0, on_absent, request);
	if (request->turn.absent == NULL || event_add(request->turn.absent, &limit) != 0)
		memory_exhausted();
}

static bool has_room(const struct turns *turns, const struct client *client, size_t size)
{
	return size <= TURNS_SMALL || (client->asked <= TURNS_CLIENT_MAX && size <= TURNS_CLIENT_MAX - client->asked &&
	                                  turns->size <= TURNS_MAX && size <= TURNS_MAX - turns->size);
}

bool turns_wait(struct request *request, const char *method, struct bytes params, ui_answered *answered)
{
	struct turns *turns = &request->signer->turns;
	struct client *client = request->client;
	struct request **last = &turns->first;

	if (!has_room(turns, client, params.size))
		return false;
	line_up(turns, client);
	while (*last != NULL)
		last = &(*last)->turn.next;
	*last = request;
	request->turn = (struct turn){.waits = true, .method = method, .params = BUF_INIT(params.size), .answered = answered};
	buf_put_bytes(&request->turn.params, params);
	client->asked += params.size;
	turns->size += params.size;
	if (!ui_link_attached(request->signer->ui))
		start_timer(request);
	return true;
}

void turns_leave(struct request *request)
{
	struct turns *turns = &request->signer->turns;

	if (request->turn.waits) {
		stop_waiting(turns, request);
		buf_free(&request->turn.params);
	}
	if (turns->holder != request)
		return;
	turns->holder = NULL;
	pass_on(request->signer);
}

void turns_ui_left(struct signer *signer)
{
	for (struct request *at = signer->turns.first; at != NULL; at = at->turn.next)
		start_timer(at);
}

void turns_ui_came(struct signer *signer)
{
	for (struct request *at = signer->turns.first; at != NULL; at = at->turn.next)
		stop_timer(&at->turn);
	if (signer->turns.holder == NULL)
		pass_on(signer);
}

void turns_free(struct turns *turns)
{
	if (turns->next != NULL)
		event_free(turns->next);
	turns->next = NULL;
}
