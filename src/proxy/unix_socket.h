/* unix_socket: clef-proxy's own unix socket (--socket): mode 0600, an old one that nobody listens on is replaced, removed at the end. */
#ifndef CLEF_PROXY_UNIX_SOCKET_H
#define CLEF_PROXY_UNIX_SOCKET_H

#include <sys/types.h>

#include "base/error.h"

struct unix_socket {
	int fd;     /* listening; whoever serves it closes it */
	int folder; /* open, for removing the socket once no path can be used any more */
	char *name; /* in the folder */
	ino_t inode;
};
#define UNIX_SOCKET_NONE ((struct unix_socket){.fd = -1, .folder = -1})

/* The folder must be there. ERROR_REFUSED when somebody listens on the path, or when something else than a socket is there. */
bool unix_socket_open(const char *path, struct unix_socket *ret_socket, struct error *ret_error);
/* Remove the file, if it is still ours, and forget it. Safe on UNIX_SOCKET_NONE. Does not close `fd`. */
void unix_socket_remove(struct unix_socket *socket);

#endif
