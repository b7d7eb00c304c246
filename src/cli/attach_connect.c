#include "cli/attach_connect.h"

#include <errno.h>
#include <stdalign.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static bool refuse_connection(const char *path, int failure, struct error *ret_error)
{
	if (failure == ENOENT || failure == ENOTDIR)
		return error_set(ret_error, ERROR_REFUSED,
		    "no signer is at %s: there is no such socket; start one with: clef --ui-socket %s", path, path);
	if (failure == ECONNREFUSED)
		return error_set(ret_error, ERROR_REFUSED,
		    "no signer is at %s (any more): nobody listens there; start one with: clef --ui-socket %s", path, path);
	if (failure == EACCES || failure == EPERM)
		return error_set(ret_error, ERROR_REFUSED,
		    "the socket %s is not yours: only the user who started the signer may attach", path);
	if (failure == EAGAIN)
		return error_set(ret_error, ERROR_REFUSED, "too many wait to be attached at %s already", path);
	return error_set_errno(ret_error, failure, "cannot connect to %s", path);
}

/* Whoever listens there is asked by the kernel, not by its name. */
static bool check_owner(int fd, const char *path, struct error *ret_error)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return error_set_errno(ret_error, errno, "cannot ask who listens on %s", path);
	return peer.uid == geteuid() ||
	       error_set(ret_error, ERROR_REFUSED,
	           "who listens on %s is another user (uid %u), and you are uid %u: your passwords are not for them", path,
	           (unsigned)peer.uid, (unsigned)geteuid());
}

bool attach_connect(const char *path, int *ret_fd, struct error *ret_error)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};

	if (strlen(path) >= sizeof(name.sun_path))
		return error_set(ret_error, ERROR_PARAMS, "the path %s is longer than the %zu bytes that a unix socket may have",
		    path, sizeof(name.sun_path) - 1);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a unix socket");
	bool ok = connect(fd, (const struct sockaddr *)&name, sizeof(name)) == 0 ? check_owner(fd, path, ret_error)
	                                                                         : refuse_connection(path, errno, ret_error);
	if (ok)
		*ret_fd = fd;
	else
		close(fd);
	return ok;
}

/* A descriptor travels with a byte; a line end means nothing between messages. */
static bool send_descriptor(int signer, int fd)
{
	alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(sizeof(fd))] = {0};
	char blank[] = "\n";
	struct iovec vector = {blank, 1};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *part = CMSG_FIRSTHDR(&header);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(part), &fd, sizeof(fd));
	return sendmsg(signer, &header, MSG_NOSIGNAL) == 1;
}

bool attach_pass_pipe(int signer, int *ret_fd, struct error *ret_error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set_errno(ret_error, errno, "cannot make a socket pair");
	/* Passwords go one way only. */
	shutdown(pair[0], SHUT_RD);
	bool ok = send_descriptor(signer, pair[1]);

	/* One that refuses us may have closed already: what it said can still be read. */
	if (!ok && (errno == EPIPE || errno == ECONNRESET))
		ok = true;
	close(pair[1]);
	if (ok) {
		*ret_fd = pair[0];
		return true;
	}
	error_set_errno(ret_error, errno, "cannot pass a descriptor to the signer");
	close(pair[0]);
	return false;
}
