/*
 * notify: tells who started us that we serve, and that we end (sd_notify(3), "Notification Protocol": datagrams of NAME=VALUE lines to the unix socket that
 * NOTIFY_SOCKET names, a path or "@" and an abstract name).
 *
 * Own lines instead of libsystemd: the protocol is one datagram, and the library would bring a D-Bus client, compressors and some 900 KB of code into the
 * process that decides what is signed.
 */
#ifndef CLEF_BASE_NOTIFY_H
#define CLEF_BASE_NOTIFY_H

#include <sys/socket.h>
#include <sys/un.h>

#include "base/error.h"

struct notify {
	int fd; /* a connected datagram socket; -1: nobody wants to know */
};
#define NOTIFY_NONE ((struct notify){.fd = -1})

/*
 * Connects to NOTIFY_SOCKET and takes it out of the environment, so that no child speaks for us. To be called before confinement, which permits no connecting. Without
 * the variable there is nothing to do and that is no error; a name that cannot be used is one, and ret_notify is NOTIFY_NONE.
 */
bool notify_open(struct notify *ret_notify, struct error *ret_error);
/* The socket's address for a name as NOTIFY_SOCKET has it. */
bool notify_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_size, struct error *ret_error);
/* Sends the lines ("READY=1"). Waits a second at most for a listener that is busy; one that is gone is no matter. */
void notify_send(const struct notify *notify, const char *lines);
void notify_close(struct notify *notify);

#endif
