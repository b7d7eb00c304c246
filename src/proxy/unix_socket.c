#include "proxy/unix_socket.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"

#define BACKLOG 1024

static bool set_path(const char *path, struct sockaddr_un *ret_address, struct error *ret_error)
{
	size_t size = strlen(path);

	if (size == 0 || size >= sizeof(ret_address->sun_path) || path[size - 1] == '/')
		return error_set(ret_error, ERROR_PARAMS, "--socket %.200s: expected the path of a file, at most %zu bytes", path,
		    sizeof(ret_address->sun_path) - 1);
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, path, size);
	return true;
}

static bool open_folder(const char *path, struct unix_socket *socket, struct error *ret_error)
{
	const char *slash = strrchr(path, '/');
	char *folder = slash == NULL   ? memory_text(bytes_text("."))
	               : slash == path ? memory_text(bytes_text("/"))
	                               : memory_text(bytes_of(path, (size_t)(slash - path)));

	socket->name = memory_text(bytes_text(slash == NULL ? path : slash + 1));
	socket->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (socket->folder < 0)
		error_set_errno(ret_error, errno, "--socket %.200s: cannot open its folder", path);
	free(folder);
	return socket->folder >= 0;
}

/* Connecting is refused exactly when nobody listens. */
static bool is_stale(const struct sockaddr_un *address)
{
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = probe >= 0 && connect(probe, (const struct sockaddr *)address, sizeof(*address)) != 0 &&
	             (errno == ECONNREFUSED || errno == ENOENT);

	if (probe >= 0)
		close(probe);
	return stale;
}

static bool remove_stale(const struct sockaddr_un *address, const struct unix_socket *socket, struct error *ret_error)
{
	struct stat info;

	if (fstatat(socket->folder, socket->name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || error_set_errno(ret_error, errno, "--socket %s", address->sun_path);
	if (!S_ISSOCK(info.st_mode))
		return error_set(ret_error, ERROR_REFUSED,
		    "--socket %s: something else is there; move it away or name another path", address->sun_path);
	if (!is_stale(address))
		return error_set(ret_error, ERROR_REFUSED,
		    "--socket %s: another program listens there; end it or name another path", address->sun_path);
	if (unlinkat(socket->folder, socket->name, 0) != 0 && errno != ENOENT)
		return error_set_errno(ret_error, errno, "--socket %s: cannot remove the old socket", address->sun_path);
	return true;
}

static bool bind_it(const struct sockaddr_un *address, struct unix_socket *ret_socket, struct error *ret_error)
{
	struct stat info;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a unix socket");
	/* The mode counts from bind() on: a chmod afterwards would leave the socket open to others for a moment. */
	mode_t old = umask(0177);
	int failure = bind(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ? 0 : errno;

	umask(old);
	if (failure == 0 && listen(fd, BACKLOG) != 0)
		failure = errno;
	if (failure == 0 && fstatat(ret_socket->folder, ret_socket->name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		failure = errno;
	if (failure != 0) {
		close(fd);
		return error_set_errno(ret_error, failure, "--socket %s: cannot listen there", address->sun_path);
	}
	ret_socket->fd = fd;
	ret_socket->inode = info.st_ino;
	return true;
}

bool unix_socket_open(const char *path, struct unix_socket *ret_socket, struct error *ret_error)
{
	struct sockaddr_un address;

	*ret_socket = UNIX_SOCKET_NONE;
	if (!set_path(path, &address, ret_error))
		return false;
	bool ok = open_folder(path, ret_socket, ret_error);

	if (ok) {
		/* Two that start at once must not both find the old socket stale. A file system without locks is no reason not to serve. */
		(void)flock(ret_socket->folder, LOCK_EX);
		ok = remove_stale(&address, ret_socket, ret_error) && bind_it(&address, ret_socket, ret_error);
		(void)flock(ret_socket->folder, LOCK_UN);
	}
	if (!ok)
		unix_socket_remove(ret_socket);
	return ok;
}

void unix_socket_remove(struct unix_socket *socket)
{
	struct stat info;

	if (socket->fd >= 0 && fstatat(socket->folder, socket->name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	    info.st_ino == socket->inode)
		unlinkat(socket->folder, socket->name, 0);
	if (socket->folder >= 0)
		close(socket->folder);
	free(socket->name);
	*socket = UNIX_SOCKET_NONE;
}
