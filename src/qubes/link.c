#include "qubes/link.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "ipc/frame.h"
#include "qubes/clock.h"

#define CONNECT_S     5
#define GREETING_MS   10000
#define GREETING_SIZE (FRAME_HEAD_SIZE + 2)

static enum link_outcome refuse_connection(const char *path, int failure, struct error *ret_error)
{
	if (failure == ENOENT || failure == ENOTDIR || failure == ECONNREFUSED)
		return LINK_NOBODY;
	if (failure == EAGAIN)
		error_set(ret_error, ERROR_REFUSED, "the signer at %s takes no connection: it hangs, or too many wait", path);
	else
		error_set_errno(ret_error, failure, "cannot connect to %s", path);
	return LINK_TROUBLE;
}

static bool check_owner(int fd, const char *path, struct error *ret_error)
{
	struct ucred peer = {0};
	socklen_t size = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return error_set_errno(ret_error, errno, "cannot ask who listens on %s", path);
	return peer.uid == geteuid() ||
	       error_set(ret_error, ERROR_REFUSED, "who listens on %s is user %u, and this service is user %u", path,
	           (unsigned)peer.uid, (unsigned)geteuid());
}

enum link_outcome link_open(const char *path, int *ret_fd, struct error *ret_error)
{
	const struct timeval patience = {CONNECT_S, 0};
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0) {
		error_set_errno(ret_error, errno, "cannot make a unix socket");
		return LINK_TROUBLE;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	enum link_outcome outcome = LINK_OPEN;

	if (connect(fd, (const struct sockaddr *)&name, sizeof(name)) != 0)
		outcome = refuse_connection(path, errno, ret_error);
	else if (!check_owner(fd, path, ret_error))
		outcome = LINK_TROUBLE;
	if (outcome == LINK_OPEN)
		*ret_fd = fd;
	else
		close(fd);
	return outcome;
}

/* Everything of the greeting and nothing behind it. */
static bool receive_greeting(int fd, uint8_t untrusted_greeting[GREETING_SIZE])
{
	uint64_t deadline = clock_now_ms() + GREETING_MS;
	size_t have = 0;

	while (have < GREETING_SIZE) {
		struct pollfd end = {.fd = fd, .events = POLLIN};
		int ready = poll(&end, 1, clock_left_ms(deadline));

		if (ready == 0 || (ready < 0 && errno != EINTR))
			return false;
		if (ready < 0)
			continue;
		ssize_t got = read(fd, untrusted_greeting + have, GREETING_SIZE - have);

		if (got == 0 || (got < 0 && errno != EINTR))
			return false;
		have += got > 0 ? (size_t)got : 0;
	}
	return true;
}

bool link_greeting(int fd, bool *ret_has_ui, struct error *ret_error)
{
	uint8_t untrusted_greeting[GREETING_SIZE];
	struct frame_answer answer;
	size_t size;

	if (!receive_greeting(fd, untrusted_greeting))
		return error_set(ret_error, ERROR_TIMEOUT, "the signer takes connections and says nothing");
	if (frame_head_read(bytes_of(untrusted_greeting, GREETING_SIZE), GREETING_SIZE - FRAME_HEAD_SIZE, &size, ret_error) !=
	        FRAME_DONE ||
	    !frame_answer_read(bytes_of(untrusted_greeting + FRAME_HEAD_SIZE, size), &answer, ret_error) ||
	    answer.kind != FRAME_HELLO)
		return error_set(ret_error, ERROR_REFUSED, "the signer's greeting is none that this service understands");
	*ret_has_ui = answer.rest.data[0] == 1;
	return true;
}
