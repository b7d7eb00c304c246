/* The program's end: what is signed is brought to its end first, for a while. */
#include "proxy/dialect_private.h"

static bool must_go_on(const struct dialect *dialect)
{
	const struct call *call;

	TAILQ_FOREACH(call, &dialect->calls, link)
	{
		if (call->must_finish)
			return true;
	}
	return false;
}

void dialect_stop_if_done(struct dialect *dialect)
{
	dialect_stopped *stopped = dialect->stopped;

	if (stopped == NULL || must_go_on(dialect))
		return;
	dialect->stopped = NULL;
	stopped(dialect->stopped_context);
}

/* It waits for nobody any more: who would answer is not heard. */
static void detach(struct call *call)
{
	struct dialect *dialect = call->dialect;

	if (call->at_signer != 0)
		signer_cancel(dialect->signer, call->at_signer);
	if (call->at_node != 0)
		upstream_cancel(call_upstream(call), call->at_node);
	call->at_signer = call->at_node = 0;
	call_end_pause(call);
}

/* The answers come in the next round, so that the list stays as it is meanwhile. */
static void end_calls(struct dialect *dialect, bool all)
{
	struct call *call;

	dialect->inside++;
	TAILQ_FOREACH(call, &dialect->calls, link)
	{
		if (call->is_ended || (call->must_finish && !all))
			continue;
		detach(call);
		if (call->must_finish)
			call->on_stop(call);
		else
			call_fail_code(call, DIALECT_ENDING, DIALECT_ENDING_TEXT);
		call->must_finish = false;
	}
	dialect->inside--;
	event_active(dialect->later, EV_TIMEOUT, 0);
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	end_calls(context, true);
}

void dialect_stop(struct dialect *dialect, unsigned limit_ms, dialect_stopped *stopped, void *context)
{
	const struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (suseconds_t)(limit_ms % 1000) * 1000};

	dialect->is_stopping = true;
	dialect->stopped = stopped;
	dialect->stopped_context = context;
	dialect->limit = evtimer_new(dialect->base, on_limit, dialect);
	if (dialect->limit == NULL)
		memory_exhausted();
	event_add(dialect->limit, &limit);
	end_calls(dialect, false);
}
