#include "proxy/activation.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proxy/options.h"

static const char *const variables[] = {"LISTEN_PID", "LISTEN_PIDFDID", "LISTEN_FDS", "LISTEN_FDNAMES"};

/* A number as the protocol writes it; -1 for anything else. */
static long number_of(const char *name)
{
	const char *text = getenv(name);
	char *end;

	if (text == NULL || text[0] < '0' || text[0] > '9')
		return -1;
	errno = 0;
	long number = strtol(text, &end, 10);
	return errno == 0 && *end == 0 ? number : -1;
}

static bool refuse(int fd, const char *what, struct error *ret_error)
{
	return error_set(ret_error, ERROR_REFUSED,
	    "the service manager handed over descriptor %d, %s; expected a listening stream socket", fd, what);
}

static bool option(int fd, int name, int *ret_value)
{
	socklen_t size = sizeof(*ret_value);

	return getsockopt(fd, SOL_SOCKET, name, ret_value, &size) == 0;
}

static bool examine(struct activation_socket *place, struct error *ret_error)
{
	struct sockaddr_storage storage = {0};
	union options_address address = {0};
	socklen_t size = sizeof(storage);
	int type, listening;

	if (!option(place->fd, SO_TYPE, &type) || getsockname(place->fd, (struct sockaddr *)&storage, &size) != 0)
		return refuse(place->fd, "which is no socket", ret_error);
	if (type != SOCK_STREAM)
		return refuse(place->fd, "which is a socket of another kind", ret_error);
	if (!option(place->fd, SO_ACCEPTCONN, &listening) || listening == 0)
		return refuse(place->fd, "which does not listen (its unit needs Accept=no)", ret_error);
	place->is_unix = storage.ss_family == AF_UNIX;
	if (place->is_unix)
		return true;
	if (storage.ss_family != AF_INET && storage.ss_family != AF_INET6)
		return refuse(place->fd, "which is neither TCP nor a unix socket", ret_error);
	memcpy(&address, &storage, sizeof(address));
	place->is_remote = !options_is_loopback(&address);
	return true;
}

/* The text between colons number `index`, of LISTEN_FDNAMES. */
static void set_name(struct activation_socket *place, size_t index)
{
	const char *names = getenv("LISTEN_FDNAMES");

	snprintf(place->name, sizeof(place->name), "descriptor %d", place->fd);
	for (; names != NULL && index > 0; index--) {
		names = strchr(names, ':');
		names = names != NULL ? names + 1 : NULL;
	}
	size_t size = names != NULL ? strcspn(names, ":") : 0;
	if (size > 0 && size < sizeof(place->name))
		snprintf(place->name, sizeof(place->name), "%.*s", (int)size, names);
}

static bool take_all(long count, struct activation_socket *sockets, struct error *ret_error)
{
	for (long i = 0; i < count; i++) {
		struct activation_socket *place = &sockets[i];

		*place = (struct activation_socket){.fd = ACTIVATION_FIRST + (int)i};
		if (fcntl(place->fd, F_SETFD, FD_CLOEXEC) != 0)
			return refuse(place->fd, "which is not open", ret_error);
		set_name(place, (size_t)i);
		if (!examine(place, ret_error))
			return false;
	}
	return true;
}

bool activation_take(struct activation_socket ret_sockets[ACTIVATION_MOST], size_t *ret_count, struct error *ret_error)
{
	long count = number_of("LISTEN_PID") == (long)getpid() ? number_of("LISTEN_FDS") : 0;
	bool ok = true;

	*ret_count = 0;
	if (count > ACTIVATION_MOST)
		ok = error_set(ret_error, ERROR_REFUSED, "the service manager handed over %ld sockets; at most %d are taken",
		    count, ACTIVATION_MOST);
	else if (count > 0)
		ok = take_all(count, ret_sockets, ret_error);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
	if (ok && count > 0)
		*ret_count = (size_t)count;
	return ok;
}

void activation_close_others(size_t count)
{
	close_range(ACTIVATION_FIRST + (unsigned)count, ~0U, 0);
}
