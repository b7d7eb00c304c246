/* The sockets that clef-proxy listens on, and a server for each. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "proxy/proxy.h"

#define BACKLOG 1024

static void add(struct proxy *proxy, int fd, bool is_stream)
{
	proxy->servers[proxy->server_count++] = (struct proxy_server){.proxy = proxy, .fd = fd, .is_stream = is_stream};
}

static void log_address(const struct proxy *proxy, const union options_address *address)
{
	char host[INET6_ADDRSTRLEN] = "";

	if (address->any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &address->six.sin6_addr, host, sizeof(host));
		log_info(&proxy->log, "HTTP at http://[%s]:%u", host, ntohs(address->six.sin6_port));
	} else {
		inet_ntop(AF_INET, &address->four.sin_addr, host, sizeof(host));
		log_info(&proxy->log, "HTTP at http://%s:%u", host, ntohs(address->four.sin_port));
	}
	if (!options_is_loopback(address))
		log_warn(
		    &proxy->log, "whoever reaches %s can ask for signatures: there is neither a password nor encryption", host);
}

static bool listen_tcp(struct proxy *proxy, const union options_address *wanted, struct error *ret_error)
{
	union options_address address = *wanted;
	socklen_t size = wanted->any.sa_family == AF_INET6 ? sizeof(wanted->six) : sizeof(wanted->four);
	int fd = socket(wanted->any.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a TCP socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, &wanted->any, size) != 0 || listen(fd, BACKLOG) != 0 || getsockname(fd, &address.any, &size) != 0) {
		int failure = errno;

		close(fd);
		return error_set_errno(ret_error, failure,
		    "cannot listen on port %u (name another with --listen, or end the program that uses it)",
		    ntohs(wanted->four.sin_port));
	}
	log_address(proxy, &address);
	add(proxy, fd, false);
	return true;
}

static bool take_inherited(struct proxy *proxy, struct error *ret_error)
{
	struct activation_socket sockets[ACTIVATION_MOST];
	size_t count;

	if (!activation_take(sockets, &count, ret_error))
		return false;
	activation_close_others(count);
	for (size_t i = 0; i < count; i++) {
		if (sockets[i].is_remote && !proxy->options.allow_remote)
			return error_set(ret_error, ERROR_REFUSED,
			    "the service manager handed over a socket (%s) that other machines may reach; listen on 127.0.0.1, "
			    "or add "
			    "--allow-remote-callers if that is meant",
			    sockets[i].name);
		add(proxy, sockets[i].fd, sockets[i].is_unix);
		log_info(&proxy->log, "%s at the socket that the service manager calls %s",
		    sockets[i].is_unix ? "JSON-RPC" : "HTTP", sockets[i].name);
	}
	return true;
}

bool proxy_listen(struct proxy *proxy, struct error *ret_error)
{
	const struct options *options = &proxy->options;

	if (!take_inherited(proxy, ret_error))
		return false;
	if (proxy->server_count == 0 || options->listen_given)
		for (size_t i = 0; i < options->listen_count; i++)
			if (!listen_tcp(proxy, &options->listen[i], ret_error))
				return false;
	if (options->socket != NULL) {
		if (!unix_socket_open(options->socket, &proxy->socket, ret_error))
			return false;
		log_info(&proxy->log, "JSON-RPC at %s", options->socket);
		add(proxy, proxy->socket.fd, true);
	}
	return proxy->server_count > 0 ||
	       error_set(ret_error, ERROR_PARAMS, "--listen none, and no --socket: there is nowhere to serve");
}

void proxy_open_servers(struct proxy *proxy, size_t connections)
{
	for (size_t i = 0; i < proxy->server_count; i++) {
		struct proxy_server *server = &proxy->servers[i];
		const struct server_options options = {
		    .carrier = server->is_stream ? RPC_STREAM : RPC_HTTP,
		    .streams = SERVER_JSON,
		    .vhosts = bytes_text(proxy->options.vhosts),
		    .policy = &proxy->options.policy,
		    .connections = connections / proxy->server_count,
		    .log_level = proxy->options.log_level,
		    .role = "proxy",
		    .subscriptions = true,
		    .ending = "clef-proxy is shutting down",
		};

		server_init(&server->server, proxy->base, &options, proxy_handlers(server));
	}
}

void proxy_serve(struct proxy *proxy)
{
	for (size_t i = 0; i < proxy->server_count; i++) {
		server_start(&proxy->servers[i].server, proxy->servers[i].fd);
		proxy->servers[i].fd = -1;
	}
}
