/* Between a server, which knows its callers by an owner, and the dialect, which knows calls by a number. */
#include <search.h>
#include <stdlib.h>

#include "base/memory.h"
#include "proxy/proxy.h"

struct proxy_call {
	uint64_t number;
	struct proxy_server *server;
	void *owner;
	uint64_t dialect_call; /* 0: it was refused, and waits for being told so */
	size_t size;
	TAILQ_ENTRY(proxy_call) link;
};
TAILQ_HEAD(proxy_refusals, proxy_call);

static int by_number(const void *a, const void *b)
{
	const struct proxy_call *one = a, *other = b;

	return (one->number > other->number) - (one->number < other->number);
}

static struct proxy_call *find(const struct proxy *proxy, uint64_t number)
{
	const struct proxy_call wanted = {.number = number};
	struct proxy_call *const *found = tfind(&wanted, &proxy->calls, by_number);

	return found != NULL ? *found : NULL;
}

static void enter(struct proxy *proxy, struct proxy_call *call)
{
	if (tsearch(call, &proxy->calls, by_number) == NULL)
		memory_exhausted();
	proxy->call_count++;
	proxy->call_bytes += call->size;
}

static void leave(struct proxy_call *call)
{
	struct proxy *proxy = call->server->proxy;

	tdelete(call, &proxy->calls, by_number);
	proxy->call_count--;
	proxy->call_bytes -= call->size;
	if (call->dialect_call == 0)
		TAILQ_REMOVE(proxy->refusals, call, link);
	free(call);
}

/* ---- answers ---- */

static void answer(struct proxy_call *call, struct bytes result, struct bytes error)
{
	struct proxy_server *server = call->server;
	void *owner = call->owner;

	leave(call);
	server_answer(&server->server, owner, result, error);
}

static void on_answered(void *context, struct bytes result, struct bytes error)
{
	answer(context, result, error);
}

/* Not from inside the handler: the server does not expect an answer before it knows the call's number. */
static void on_refusing(evutil_socket_t fd, short what, void *context)
{
	static const char full[] =
	    "{\"code\":-32005,\"message\":\"too many calls are open in clef-proxy; try again when some are answered\"}";
	struct proxy *proxy = context;
	struct proxy_call *call;

	(void)fd;
	(void)what;
	while ((call = TAILQ_FIRST(proxy->refusals)) != NULL)
		answer(call, BYTES_NONE, bytes_of(full, sizeof(full) - 1));
}

/* ---- what servers ask for ---- */

/* On a stream nothing is claimed: there "NA" stands for what is not known. */
static struct signer_claims claims_of(const struct proxy_server *server, const struct server_caller *caller)
{
	if (server->is_stream)
		return (struct signer_claims){0};
	return (struct signer_claims){.host = caller->local, .origin = caller->origin, .user_agent = caller->user_agent};
}

static uint64_t on_call(
    void *context, uint64_t connection, const struct rpc_call *untrusted_call, const struct server_caller *caller, void *owner)
{
	struct proxy_server *server = context;
	struct proxy *proxy = server->proxy;
	const struct signer_claims claims = claims_of(server, caller);
	struct proxy_call *call = memory_new(1, sizeof(*call));

	(void)connection;
	*call = (struct proxy_call){.number = ++proxy->last_call,
	    .server = server,
	    .owner = owner,
	    .size = untrusted_call->method.size + untrusted_call->params.size};
	bool full = proxy->call_count >= PROXY_CALLS_MOST || proxy->call_bytes + call->size > PROXY_BYTES_MOST;
	enter(proxy, call);
	if (full) {
		TAILQ_INSERT_TAIL(proxy->refusals, call, link);
		event_active(proxy->refusing, 0, 0);
	} else {
		call->dialect_call =
		    dialect_call(proxy->dialect, untrusted_call->method, untrusted_call->params, &claims, on_answered, call);
	}
	return call->number;
}

static void on_withdraw(void *context, uint64_t number)
{
	struct proxy_server *server = context;
	struct proxy_call *call = find(server->proxy, number);

	if (call == NULL)
		return;
	uint64_t dialect_call = call->dialect_call;
	leave(call);
	if (dialect_call != 0)
		dialect_cancel(server->proxy->dialect, dialect_call);
}

static void on_idle(void *context)
{
	struct proxy_server *server = context;
	struct proxy *proxy = server->proxy;

	for (size_t i = 0; i < proxy->server_count; i++)
		if (proxy->servers[i].server.peers.count > 0 || !proxy->servers[i].server.stopping)
			return;
	event_base_loopbreak(proxy->base);
}

struct server_handlers proxy_handlers(struct proxy_server *server)
{
	return (struct server_handlers){.call = on_call, .withdraw = on_withdraw, .idle = on_idle, .context = server};
}

void proxy_calls_start(struct proxy *proxy)
{
	proxy->refusals = memory_new(1, sizeof(*proxy->refusals));
	TAILQ_INIT(proxy->refusals);
	proxy->refusing = event_new(proxy->base, -1, 0, on_refusing, proxy);
	if (proxy->refusing == NULL)
		memory_exhausted();
}

void proxy_calls_free(struct proxy *proxy)
{
	if (proxy->refusing != NULL)
		event_free(proxy->refusing);
	free(proxy->refusals);
	proxy->refusing = NULL;
	proxy->refusals = NULL;
}
