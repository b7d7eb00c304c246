/* listen: the sockets that callers connect to, made before the gates are confined. */
#ifndef CLEF_CORE_LISTEN_H
#define CLEF_CORE_LISTEN_H

#include <stdint.h>

#include "base/bytes.h"
#include "base/error.h"

/* A TCP socket on an address or name and port; *ret_port is the real one (port 0: the system chooses). */
bool listen_tcp(const char *address, uint16_t port, int *ret_fd, uint16_t *ret_port, struct error *ret_error);

/* A unix socket, mode 0600 from its first moment on. */
struct listen_unix {
	int fd;
	int folder;     /* open, for the removal at the end */
	char *path;     /* malloc'ed; absolute when the folder was */
	char *name;     /* malloc'ed; of the file in its folder */
	uint64_t inode; /* so that only our own file is removed */
};

/*
 * FOLDER/clef.ipc, for callers. Makes the folder (0751, as Clef does) when it is not there. A socket file on which nobody listens is replaced; one on which
 * somebody does, or a file of another kind, is an error and stays.
 */
bool listen_unix_open(const char *folder, struct listen_unix *ret_socket, struct error *ret_error);
/*
 * PATH, for user interfaces: whoever connects there approves. Its folder is made (0700) when it is not there; it is refused when it is not ours, has another
 * mode, or is one of the `others` (folders, ending in NULL; one that does not exist does not matter). An old file is dealt with as above.
 */
bool listen_ui_open(const char *path, const char *const *others, struct listen_unix *ret_socket, struct error *ret_error);
/* The same for qubes.Clefsign: whoever connects there says which qube a call comes from. */
bool listen_qrexec_open(const char *path, const char *const *others, struct listen_unix *ret_socket, struct error *ret_error);
/* Remove the file if it is still ours, close everything. Safe on a zeroed struct with fd and folder -1. */
void listen_unix_close(struct listen_unix *socket);
#define LISTEN_UNIX_NONE ((struct listen_unix){.fd = -1, .folder = -1})

#endif
