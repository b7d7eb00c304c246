#include "server/server.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"

/* Three times the largest answer: headers, escapes and the room that a growing buffer takes. */
#define REPLY_MAX (3 * (size_t)64 * 1024 * 1024)

uint64_t server_send_call(
    struct server *server, uint64_t connection, const struct rpc_call *call, const struct server_caller *caller, void *owner)
{
	return server->handlers.call(server->handlers.context, connection, call, caller, owner);
}

void server_withdraw(struct server *server, uint64_t call)
{
	if (call != 0)
		server->handlers.withdraw(server->handlers.context, call);
}

size_t server_queued(const struct server *server)
{
	return server->handlers.queued != NULL ? server->handlers.queued(server->handlers.context) : 0;
}

void server_end_if_idle(struct server *server)
{
	if (server->stopping && server->peers.count == 0)
		server->handlers.idle(server->handlers.context);
}

void server_answer(struct server *server, void *owner, struct bytes result, struct bytes error)
{
	switch (server->carrier) {
	case RPC_HTTP:
		http_conn_answered(owner, result, error);
		break;
	case RPC_STREAM:
		stream_conn_answered(owner, result, error);
		break;
	}
}

void server_init(
    struct server *server, struct event_base *base, const struct server_options *options, struct server_handlers handlers)
{
	*server = (struct server){.base = base,
	    .log = {.role = options->role, .level = options->log_level, .fd = STDERR_FILENO},
	    .carrier = options->carrier,
	    .streams = options->streams,
	    .handlers = handlers,
	    .ending = options->ending != NULL ? options->ending : "the signer is shutting down",
	    .policy = options->policy,
	    .subscriptions = options->subscriptions};
	server->read_space = memory_new(SERVER_READ_SIZE, 1);
	buf_init(&server->reply, REPLY_MAX);
	vhosts_parse(options->vhosts, &server->vhosts);
	/* On a stream of JSON clients stay for days. */
	bool timed = options->carrier == RPC_HTTP || options->streams == SERVER_FRAMES_OF_QUBES;

	peers_start(server, options->connections, timed);
}

void server_start(struct server *server, int fd)
{
	listener_start(server, fd);
}

void server_stop(struct server *server)
{
	if (server->stopping)
		return;
	server->stopping = true;
	listener_stop(server);
	peers_stop(server);
	server_end_if_idle(server);
}

void server_free(struct server *server)
{
	if (server->base == NULL)
		return;
	listener_stop(server);
	server->stopping = false; /* server_end_if_idle() has nothing to end any more */
	peers_free(server);
	vhosts_free(&server->vhosts);
	http_gzip_free(&server->gzip);
	buf_free(&server->reply);
	free(server->read_space);
	*server = (struct server){0};
}
