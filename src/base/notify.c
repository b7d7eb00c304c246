#include "base/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>

bool notify_address(const char *name, struct sockaddr_un *ret_address, socklen_t *ret_size, struct error *ret_error)
{
	size_t length = strlen(name);

	if (name[0] != '/' && (name[0] != '@' || length < 2))
		return error_set(ret_error, ERROR_REFUSED,
		    "NOTIFY_SOCKET: expected a path or @ and an abstract name, found another kind of address");
	if (length >= sizeof(ret_address->sun_path))
		return error_set(ret_error, ERROR_REFUSED, "NOTIFY_SOCKET: longer than the %zu bytes that a unix socket may have",
		    sizeof(ret_address->sun_path) - 1);
	*ret_address = (struct sockaddr_un){.sun_family = AF_UNIX};
	memcpy(ret_address->sun_path, name, length);
	*ret_size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length);
	/* An abstract name begins with a zero byte and ends where the address does; a path has its terminator. */
	if (name[0] == '@')
		ret_address->sun_path[0] = 0;
	else
		++*ret_size;
	return true;
}

static bool open_at(const char *name, struct notify *ret_notify, struct error *ret_error)
{
	const struct timeval patience = {1, 0};
	struct sockaddr_un address;
	socklen_t size = 0;

	if (!notify_address(name, &address, &size, ret_error))
		return false;
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "NOTIFY_SOCKET: cannot make a socket");
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	if (connect(fd, (const struct sockaddr *)&address, size) != 0) {
		error_set_errno(ret_error, errno, "NOTIFY_SOCKET: cannot reach the socket");
		close(fd);
		return false;
	}
	ret_notify->fd = fd;
	return true;
}

bool notify_open(struct notify *ret_notify, struct error *ret_error)
{
	const char *name = getenv("NOTIFY_SOCKET");

	*ret_notify = NOTIFY_NONE;
	if (name == NULL || name[0] == 0)
		return true;
	bool ok = open_at(name, ret_notify, ret_error);

	unsetenv("NOTIFY_SOCKET");
	return ok;
}

void notify_send(const struct notify *notify, const char *lines)
{
	if (notify->fd < 0)
		return;
	while (send(notify->fd, lines, strlen(lines), MSG_NOSIGNAL) < 0 && errno == EINTR)
		continue;
}

void notify_close(struct notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	*notify = NOTIFY_NONE;
}
