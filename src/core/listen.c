#include "core/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define BACKLOG     1024
#define SOCKET_NAME "clef.ipc"

static bool bind_tcp(const struct addrinfo *found, int *ret_fd, struct error *ret_error, const char *address, uint16_t port)
{
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	const int on = 1;

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a TCP socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
		int failure = errno;

		close(fd);
		return error_set_errno(ret_error, failure,
		    "cannot listen on %s port %u (choose another with --http.addr and --http.port, or end the program that uses "
		    "it)",
		    address, port);
	}
	*ret_fd = fd;
	return true;
}

static bool real_port(int fd, uint16_t *ret_port, struct error *ret_error)
{
	struct sockaddr_storage name = {0};
	socklen_t size = sizeof(name);

	if (getsockname(fd, (struct sockaddr *)&name, &size) != 0)
		return error_set_errno(ret_error, errno, "cannot ask for the port");
	if (name.ss_family == AF_INET6) {
		struct sockaddr_in6 six;

		memcpy(&six, &name, sizeof(six));
		*ret_port = ntohs(six.sin6_port);
	} else {
		struct sockaddr_in four;

		memcpy(&four, &name, sizeof(four));
		*ret_port = ntohs(four.sin_port);
	}
	return true;
}

bool listen_tcp(const char *address, uint16_t port, int *ret_fd, uint16_t *ret_port, struct error *ret_error)
{
	struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV},
	                *found = NULL;
	char service[8];

	snprintf(service, sizeof(service), "%u", port);
	int failure = getaddrinfo(strcmp(address, "localhost") == 0 ? "127.0.0.1" : address, service, &hints, &found);

	if (failure == EAI_NONAME) { /* a name: the only case in which anything is looked up */
		hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
		failure = getaddrinfo(address, service, &hints, &found);
	}
	if (failure != 0)
		return error_set(
		    ret_error, ERROR_REFUSED, "--http.addr %s is no address of this machine: %s", address, gai_strerror(failure));
	bool ok = bind_tcp(found, ret_fd, ret_error, address, port) && real_port(*ret_fd, ret_port, ret_error);

	freeaddrinfo(found);
	return ok;
}

static bool make_folders(const char *path, struct error *ret_error)
{
	char *copy = memory_text(bytes_text(path));
	bool ok = true;

	for (char *at = copy + 1; ok; at++) {
		char c = *at;

		if (c != '/' && c != 0)
			continue;
		*at = 0;
		if (mkdir(copy, 0751) != 0 && errno != EEXIST)
			ok = error_set_errno(ret_error, errno, "cannot make the folder %s for the socket", copy);
		*at = c;
		if (c == 0)
			break;
	}
	free(copy);
	return ok;
}

/* Nobody listens on a socket file exactly when connecting is refused. A full queue, another kind of socket or no permission: it is somebody's. */
static bool is_stale(const struct sockaddr_un *name)
{
	/* Not blocking: a listener that hangs must not hang us. */
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = probe >= 0 && connect(probe, (const struct sockaddr *)name, sizeof(*name)) != 0 &&
	             (errno == ECONNREFUSED || errno == ENOENT);

	if (probe >= 0)
		close(probe);
	return stale;
}

/* False with an error when somebody listens there, or when it is no socket at all. */
static bool remove_stale(const struct sockaddr_un *name, int folder, struct error *ret_error)
{
	struct stat info;

	if (fstatat(folder, SOCKET_NAME, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || error_set_errno(ret_error, errno, "cannot look at %s", name->sun_path);
	if (!S_ISSOCK(info.st_mode))
		return error_set(ret_error, ERROR_REFUSED,
		    "%s is there and is no socket; move it away or choose a folder with --ipcpath", name->sun_path);
	if (!is_stale(name))
		return error_set(ret_error, ERROR_REFUSED,
		    "another signer listens on %s already; end it, or choose another folder with --ipcpath", name->sun_path);
	if (unlinkat(folder, SOCKET_NAME, 0) != 0 && errno != ENOENT)
		return error_set_errno(ret_error, errno, "cannot remove the stale socket %s", name->sun_path);
	return true;
}

static bool bind_unix(const struct sockaddr_un *name, int *ret_fd, struct error *ret_error)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a unix socket");
	/* The mode counts from bind() on: a chmod afterwards would leave the socket open to others for a moment. */
	mode_t old = umask(0177);
	int failure = bind(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 ? 0 : errno;

	umask(old);
	if (failure == 0 && listen(fd, BACKLOG) != 0)
		failure = errno;
	if (failure != 0) {
		close(fd);
		return error_set_errno(ret_error, failure, "cannot listen on %s", name->sun_path);
	}
	*ret_fd = fd;
	return true;
}

/* Nobody holds it for longer than it takes to bind, unless in order to keep us waiting. */
static bool lock_folder(int folder)
{
	const struct timespec moment = {0, 20 * 1000 * 1000};

	for (int i = 0; i < 100; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		nanosleep(&moment, NULL);
	}
	return false;
}

static bool open_locked(const char *folder, const struct sockaddr_un *name, struct listen_unix *socket, struct error *ret_error)
{
	struct stat info;

	socket->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (socket->folder < 0)
		return error_set_errno(ret_error, errno, "cannot open the folder %s", folder);
	/* Two signers that start at once must not both find the old socket stale: one looks, removes and binds at a time. */
	if (!lock_folder(socket->folder))
		return error_set_errno(ret_error, errno, "another program holds the folder %s locked", folder);
	bool ok = remove_stale(name, socket->folder, ret_error) && bind_unix(name, &socket->fd, ret_error);

	if (ok && fstatat(socket->folder, SOCKET_NAME, &info, AT_SYMLINK_NOFOLLOW) != 0)
		ok = error_set_errno(ret_error, errno, "cannot look at %s", name->sun_path);
	if (ok)
		socket->inode = info.st_ino;
	flock(socket->folder, LOCK_UN);
	return ok;
}

bool listen_unix_open(const char *folder, struct listen_unix *ret_socket, struct error *ret_error)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	size_t length = strlen(folder);
	const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";

	*ret_socket = LISTEN_UNIX_NONE;
	if (length == 0)
		return error_set(ret_error, ERROR_REFUSED, "the folder of the socket (--ipcpath) is empty text; expected a path");
	if (length + strlen(slash) + sizeof(SOCKET_NAME) > sizeof(name.sun_path))
		return error_set(ret_error, ERROR_REFUSED,
		    "the path %s%s" SOCKET_NAME
		    " is longer than the %zu bytes that a unix socket may have; choose a folder with --ipcpath",
		    folder, slash, sizeof(name.sun_path) - 1);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s%s" SOCKET_NAME, folder, slash);
	if (!make_folders(folder, ret_error) || !open_locked(folder, &name, ret_socket, ret_error)) {
		listen_unix_close(ret_socket);
		return false;
	}
	ret_socket->path = memory_text(bytes_text(name.sun_path));
	return true;
}

void listen_unix_close(struct listen_unix *socket)
{
	struct stat info;

	if (socket->fd >= 0) {
		if (fstatat(socket->folder, SOCKET_NAME, &info, AT_SYMLINK_NOFOLLOW) == 0 && info.st_ino == socket->inode)
			unlinkat(socket->folder, SOCKET_NAME, 0);
		close(socket->fd);
	}
	if (socket->folder >= 0)
		close(socket->folder);
	free(socket->path);
	*socket = LISTEN_UNIX_NONE;
}
