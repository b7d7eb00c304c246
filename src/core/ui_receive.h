/* ui_receive: reading from a unix socket whose peer may pass a descriptor (SCM_RIGHTS). Not one is ever leaked. */
#ifndef CLEF_CORE_UI_RECEIVE_H
#define CLEF_CORE_UI_RECEIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* So many come in one message at most: the kernel's limit. */
#define UI_RECEIVE_FDS_MOST 253

struct ui_received_fd {
	int fd;        /* close-on-exec, the caller's now; -1: none came, or not exactly one */
	bool too_many; /* several came in one message: all of them are closed */
};

/* As read(2): bytes read, 0 at the end, -1 with errno. *ret_passed is set in every case. */
ssize_t ui_receive(int fd, void *ret_data, size_t size, struct ui_received_fd *ret_passed);

#endif
