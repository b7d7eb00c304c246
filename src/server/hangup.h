/*
 * hangup: hears that the other end of a socket is gone without reading from it.
 *
 * libevent reports a hang-up and an error as "readable", which a half-closed connection always is, and reports nothing while no event is wanted. So the
 * sockets are also members of an epoll set of our own that sits in the event loop. With no events asked for, epoll still reports EPOLLHUP and
 * EPOLLERR: on a unix socket the first comes when the other end closed, and not when it only ended its stream.
 */
#ifndef CLEF_SERVER_HANGUP_H
#define CLEF_SERVER_HANGUP_H

#include <event2/event.h>
#include <stdbool.h>

struct hangup {
	int fd; /* the set */
	struct event *event;
	void (*gone)(void *context);
};

/* `gone` is called at most once for a socket; it may free whatever it likes. */
void hangup_start(struct event_base *base, void (*gone)(void *context), struct hangup *ret_hangup);
void hangup_stop(struct hangup *hangup);
/* Watch a socket. With `half_too` the end of the peer's stream (a FIN on TCP) counts, too. False when the system has no room. */
bool hangup_watch(struct hangup *hangup, int fd, bool half_too, void *context);
/* Must come before the socket is closed, which alone ends nothing while another process holds a duplicate. Harmless when not watched. */
void hangup_forget(struct hangup *hangup, int fd);

#endif
