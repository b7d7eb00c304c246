/*
 * ui_socket: takes the connections that come to --ui-socket. Only peers of our own user get further, and one at a time.
 *
 * A connection that comes while a UI is attached may be that of a person who has just left and returns: it is looked at again after a moment, then refused
 * with a line that says why. Nothing is read here.
 */
#ifndef CLEF_CORE_UI_SOCKET_H
#define CLEF_CORE_UI_SOCKET_H

#include <event2/event.h>
#include <sys/types.h>

#include "base/log.h"

struct ui_socket;

struct ui_socket_handlers {
	/* May a UI be attached now? */
	bool (*is_free)(void *context);
	/* One may, and this is it; the connection is the handler's. pid: of the process that connected, as the kernel says. */
	void (*connected)(void *context, int fd, uid_t uid, pid_t pid);
	/* The process that is attached, for the refusal. */
	pid_t (*holder)(void *context);
	void *context;
};

/* listen_fd stays the caller's. Nothing is taken before ui_socket_serve. */
struct ui_socket *ui_socket_new(
    struct event_base *base, int listen_fd, const struct log *log, struct ui_socket_handlers handlers);
void ui_socket_serve(struct ui_socket *socket);
/* NULL is fine. */
void ui_socket_free(struct ui_socket *socket);

#endif
