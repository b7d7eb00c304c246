/*
 * proxy: the running clef-proxy: servers for callers in front, the dialect behind them.
 *
 * What a caller sent besides its JSON-RPC message goes no further, but for Host, Origin and User-Agent, which are handed on as claims. Its address is not.
 */
#ifndef CLEF_PROXY_PROXY_H
#define CLEF_PROXY_PROXY_H

#include "base/notify.h"
#include "proxy/activation.h"
#include "proxy/dialect.h"
#include "proxy/options.h"
#include "proxy/signer.h"
#include "proxy/unix_socket.h"
#include "server/server.h"

/* Calls, and bytes of them, that callers may have open; beyond it they are told to wait. */
#define PROXY_CALLS_MOST ((size_t)2048)
#define PROXY_BYTES_MOST ((size_t)128 * 1024 * 1024)
#define PROXY_SERVERS    (FLAG_VALUES_MOST + ACTIVATION_MOST + 1)

struct proxy;

/* A listening socket and those who came by it. */
struct proxy_server {
	struct server server;
	struct proxy *proxy;
	int fd; /* until it is served */
	bool is_stream;
};

struct proxy {
	struct event_base *base;
	struct log log;
	struct options options;
	struct signer *signer;
	struct dialect *dialect;
	struct proxy_server servers[PROXY_SERVERS];
	size_t server_count;
	struct unix_socket socket;
	struct notify notify;
	struct event *ends[2]; /* SIGTERM, SIGINT */
	struct event *refusing;
	void *calls; /* tree of those that callers wait for, by number */
	size_t call_count, call_bytes;
	uint64_t last_call;
	struct proxy_refusals *refusals;
	bool stopping;
};

/* The handlers of one server (calls.c). */
struct server_handlers proxy_handlers(struct proxy_server *server);
/* Memory of the above. Every server is free already. */
void proxy_calls_start(struct proxy *proxy);
void proxy_calls_free(struct proxy *proxy);

/* Open every socket: those that were handed over, those that the options name. (listeners.c) */
bool proxy_listen(struct proxy *proxy, struct error *ret_error);
/* Make a server of each, before confinement; connections are taken from proxy_serve() on. */
void proxy_open_servers(struct proxy *proxy, size_t connections);
void proxy_serve(struct proxy *proxy);

#endif
