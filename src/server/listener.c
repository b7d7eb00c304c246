#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "server/server.h"

/* Taken in one go before the loop has other events to look at. */
#define ACCEPTS_AT_ONCE 16
/* Core is busy, or descriptors have run out: try again after so many microseconds. */
#define PAUSE_US 10000
/* With more than this on its way to core no connection is added. */
#define QUEUED_MAX ((size_t)4096)

static struct bytes address_text(const struct sockaddr_storage *address, char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "";

	if (address->ss_family == AF_INET6) {
		const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
		snprintf(text, size, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else if (address->ss_family == AF_INET) {
		const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
		snprintf(text, size, "%s:%u", host, ntohs(v4->sin_port));
	} else {
		snprintf(text, size, "NA");
	}
	return bytes_text(text);
}

static void open_stream(struct server *server, int fd)
{
	struct peer *peer = stream_conn_new(server, fd);
	const struct server_handlers *handlers = &server->handlers;

	if (handlers->opened != NULL && !handlers->opened(handlers->context, peer->number, fd))
		peer_fail(peer);
	else if (server->streams == SERVER_FRAMES_OF_QUBES)
		frame_conn_greet(peer);
	peer_settle(peer);
}

/* A pause, since the reason goes away by itself; a level-triggered listening socket would keep the loop turning. */
static void pause_accepting(struct server *server)
{
	const struct timeval time = {.tv_usec = PAUSE_US};

	event_del(server->listening);
	event_add(server->later, &time);
}

static bool accept_one(struct server *server, int listening)
{
	struct sockaddr_storage address = {0};
	socklen_t size = sizeof address;
	char text[INET6_ADDRSTRLEN + 10];

	if (server->carrier == RPC_STREAM && server_queued(server) > QUEUED_MAX) {
		pause_accepting(server);
		return false;
	}
	int fd = accept4(listening, (struct sockaddr *)&address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0 && (errno == EMFILE || errno == ENFILE) && peers_evict(server))
		return true;
	if (fd < 0 && (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM))
		pause_accepting(server);
	if (fd < 0)
		return errno == ECONNABORTED || errno == EINTR;
	if (server->peers.count >= server->peers.most && !peers_evict(server)) {
		log_debug(&server->log, "a connection was refused: all %zu are in use", server->peers.most);
		close(fd);
	} else if (server->carrier == RPC_HTTP) {
		http_conn_new(server, fd, address_text(&address, text, sizeof text));
	} else {
		open_stream(server, fd);
	}
	return true;
}

static void on_listening(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)what;
	for (unsigned i = 0; i < ACCEPTS_AT_ONCE && accept_one(server, fd); i++)
		continue;
}

static void on_later(evutil_socket_t fd, short what, void *context)
{
	struct server *server = context;

	(void)fd;
	(void)what;
	if (server->listening != NULL)
		event_add(server->listening, NULL);
}

void listener_start(struct server *server, int fd)
{
	int on = 1;

	evutil_make_socket_nonblocking(fd);
	/* Connections inherit it: replies go out in one write each, and nothing is gained by waiting for more. */
	if (server->carrier == RPC_HTTP)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	server->listening = event_new(server->base, fd, EV_READ | EV_PERSIST, on_listening, server);
	server->later = evtimer_new(server->base, on_later, server);
	if (server->listening == NULL || server->later == NULL || event_add(server->listening, NULL) != 0)
		memory_exhausted();
}

void listener_stop(struct server *server)
{
	if (server->listening == NULL)
		return;
	int fd = event_get_fd(server->listening);
	event_free(server->listening);
	event_free(server->later);
	server->listening = server->later = NULL;
	close(fd);
}
