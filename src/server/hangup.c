#include "server/hangup.h"

#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/memory.h"

/* Handled in one go before the loop has other events to look at. */
#define HANGUPS_AT_ONCE 64

/* One at a time: a handler may free what a second event of the same read would point to. */
static void on_ready(evutil_socket_t fd, short what, void *context)
{
	struct hangup *hangup = context;
	struct epoll_event event;

	(void)what;
	for (unsigned i = 0; i < HANGUPS_AT_ONCE && epoll_wait(fd, &event, 1, 0) == 1; i++)
		hangup->gone(event.data.ptr);
}

void hangup_start(struct event_base *base, void (*gone)(void *context), struct hangup *ret_hangup)
{
	*ret_hangup = (struct hangup){.fd = epoll_create1(EPOLL_CLOEXEC), .gone = gone};
	if (ret_hangup->fd >= 0)
		ret_hangup->event = event_new(base, ret_hangup->fd, EV_READ | EV_PERSIST, on_ready, ret_hangup);
	if (ret_hangup->event == NULL || event_add(ret_hangup->event, NULL) != 0)
		memory_exhausted();
}

void hangup_stop(struct hangup *hangup)
{
	if (hangup->event != NULL)
		event_free(hangup->event);
	if (hangup->event != NULL)
		close(hangup->fd);
	hangup->event = NULL;
}

bool hangup_watch(struct hangup *hangup, int fd, bool half_too, void *context)
{
	/* One shot: level-triggered, it would otherwise be reported for ever. */
	struct epoll_event event = {.events = EPOLLONESHOT | (half_too ? (uint32_t)EPOLLRDHUP : 0), .data.ptr = context};

	return epoll_ctl(hangup->fd, EPOLL_CTL_ADD, fd, &event) == 0;
}

void hangup_forget(struct hangup *hangup, int fd)
{
	epoll_ctl(hangup->fd, EPOLL_CTL_DEL, fd, NULL);
}
