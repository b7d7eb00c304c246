#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/listen.h"

#define BACKLOG 1024

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
