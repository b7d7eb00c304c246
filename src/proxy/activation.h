/*
 * activation: listening sockets that a service manager opened for us (sd_listen_fds(3)): LISTEN_PID is our process id, LISTEN_FDS says how many descriptors from
 * number 3 on are ours, LISTEN_FDNAMES what they are called.
 *
 * Own lines instead of libsystemd, as in base/notify.h: it would bring compressors and a D-Bus client into a program that talks to the network.
 */
#ifndef CLEF_PROXY_ACTIVATION_H
#define CLEF_PROXY_ACTIVATION_H

#include <stddef.h>

#include "base/error.h"

#define ACTIVATION_FIRST 3
#define ACTIVATION_MOST  16

struct activation_socket {
	int fd;
	bool is_unix;
	bool is_remote; /* TCP, and other machines may reach its address */
	char name[64];  /* of the unit's FileDescriptorName, or where it listens: for the log */
};

/*
 * Find them; each becomes close-on-exec, and the variables go, so that no child takes them for its own. Variables meant for another process count as none. False for what
 * cannot be served: no listening stream socket, a connection (Accept=yes), another family, more than ACTIVATION_MOST.
 */
bool activation_take(struct activation_socket ret_sockets[ACTIVATION_MOST], size_t *ret_count, struct error *ret_error);
/* Close every other descriptor above standard error: nobody meant it for us. */
void activation_close_others(size_t count);

#endif
