/* spawn: starts a role: the same program again, with exactly the descriptors it was promised and nearly no environment. */
#ifndef CLEF_CORE_SPAWN_H
#define CLEF_CORE_SPAWN_H

#include <sys/types.h>

#include "base/log.h"
#include "core/log_relay.h"
#include "ipc/ipc.h"

/* What the role inherits at the numbers of ipc.h; -1 leaves a number closed. */
struct spawn_options {
	const char *argument;                     /* "--role=keys" */
	int fds[IPC_FD_END - IPC_FD_GATE_LISTEN]; /* from descriptor 4 on */
	bool terminal;                            /* keep stdin and stdout, and the environment that a terminal program needs */
	struct log_relay *relay;                  /* its standard error; NULL: it keeps ours, which may be a terminal */
};

struct spawned {
	pid_t pid;
	int channel; /* our end of the socket pair whose other end is the role's descriptor 3 */
};

#define SPAWN_NO_FDS                   \
	{                              \
		-1, -1, -1, -1, -1, -1 \
	}

/* The descriptors stay the caller's; the relay's writer is closed. The role starts with SIGINT, SIGQUIT, SIGHUP and SIGTERM blocked: it ends when its channel closes. */
bool spawn_role(const struct spawn_options *options, struct spawned *ret_spawned, struct error *ret_error);
/*
 * Why a role ended, in words for a person: waits a moment for it to be dead, and reaps it. "was killed by a forbidden system call (SIGSYS)". True when it
 * ended by itself, with status 0.
 */
bool spawn_describe_end(pid_t pid, struct buf *ret_text);
/* End a role that should end by itself: wait a moment, then kill and reap it. Nothing happens to one that was reaped before. */
void spawn_end(pid_t pid);

#endif
