#include "core/ui_socket.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/memory.h"

/* Long enough for the end of the last connection to be seen, short enough for a person who waits. */
#define LOOK_AGAIN_MS 100
/* Connections that are refused in one go; the others wait for the next. */
#define AT_ONCE 16

struct ui_socket {
	int fd;
	const struct log *log;
	struct ui_socket_handlers handlers;
	struct event *readable, *again;
};

static void look_again_later(struct ui_socket *socket)
{
	static const struct timeval moment = {0, (suseconds_t)LOOK_AGAIN_MS * 1000};

	event_del(socket->readable);
	event_add(socket->again, &moment);
}

static void refuse(const struct ui_socket *socket, int fd)
{
	struct buf line BUF_CLEANUP = BUF_INIT(512);
	pid_t holder = socket->handlers.holder(socket->handlers.context);

	buf_printf(&line,
	    "{\"jsonrpc\":\"2.0\",\"method\":\"ui_showError\",\"params\":[{\"text\":\"another user interface is attached to the "
	    "signer (process %lld); it must leave first\"}]}\n",
	    (long long)holder);
	/* A fresh connection has room for a line. */
	(void)send(fd, line.data, line.size, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
	log_warn(socket->log, "another user interface wanted to be attached and was refused: process %lld is", (long long)holder);
}

static void take(struct ui_socket *listening, int fd)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 || peer.uid != geteuid()) {
		log_warn(listening->log,
		    "a process of another user (uid %u, process %lld) connected to the UI's socket and was refused",
		    (unsigned)peer.uid, (long long)peer.pid);
		close(fd);
	} else if (listening->handlers.is_free(listening->handlers.context)) {
		listening->handlers.connected(listening->handlers.context, fd, peer.uid, peer.pid);
	} else {
		refuse(listening, fd);
	}
}

/* False when nobody (more) is there to be taken. */
static bool accept_one(struct ui_socket *socket)
{
	int fd = accept4(socket->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0) {
		take(socket, fd);
		return true;
	}
	if (errno == EINTR || errno == ECONNABORTED)
		return true;
	if (errno != EAGAIN) {
		log_error(socket->log, "a user interface could not be attached: no descriptor is left");
		look_again_later(socket);
	}
	return false;
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct ui_socket *socket = context;

	(void)fd;
	(void)what;
	if (socket->handlers.is_free(socket->handlers.context))
		accept_one(socket);
	else
		look_again_later(socket);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	struct ui_socket *socket = context;

	(void)fd;
	(void)what;
	event_add(socket->readable, NULL);
	for (int i = 0; i < AT_ONCE && accept_one(socket); i++)
		continue;
}

struct ui_socket *ui_socket_new(struct event_base *base, int listen_fd, const struct log *log, struct ui_socket_handlers handlers)
{
	struct ui_socket *socket = memory_new(1, sizeof(*socket));

	socket->fd = listen_fd;
	socket->log = log;
	socket->handlers = handlers;
	socket->readable = event_new(base, listen_fd, EV_READ | EV_PERSIST, on_readable, socket);
	socket->again = evtimer_new(base, on_again, socket);
	if (socket->readable == NULL || socket->again == NULL)
		memory_exhausted();
	return socket;
}

void ui_socket_serve(struct ui_socket *socket)
{
	event_add(socket->readable, NULL);
}

void ui_socket_free(struct ui_socket *socket)
{
	if (socket == NULL)
		return;
	event_free(socket->readable);
	event_free(socket->again);
	free(socket);
}
