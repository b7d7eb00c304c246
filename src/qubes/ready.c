#include "qubes/ready.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/notify.h"
#include "qubes/child.h"
#include "qubes/clock.h"

/* A notification is a few lines. */
#define NOTE_MAX ((size_t)4096)
#define LOOK_MS  50

bool ready_open(const struct places *places, struct ready *ret_ready, struct error *ret_error)
{
	struct sockaddr_un address;
	socklen_t size = 0;
	int length = snprintf(ret_ready->path, sizeof(ret_ready->path), "%s/ready.sock", places->own);

	if (length < 0 || (size_t)length >= sizeof(ret_ready->path))
		return error_set(
		    ret_error, ERROR_REFUSED, "the path %s/ready.sock is longer than that of a unix socket may be", places->own);
	if (!notify_address(ret_ready->path, &address, &size, ret_error))
		return false;
	ret_ready->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (ret_ready->fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a socket");
	/* Of one whose turn ended before its time. */
	unlink(ret_ready->path);
	if (bind(ret_ready->fd, (const struct sockaddr *)&address, size) == 0)
		return true;
	error_set_errno(ret_error, errno, "cannot listen on %s", ret_ready->path);
	close(ret_ready->fd);
	return false;
}

/* What has come, taken off; true when a line of it says READY=1. */
static bool is_ready(int fd)
{
	char note[NOTE_MAX];
	ssize_t size;

	while ((size = recv(fd, note, sizeof(note) - 1, 0)) >= 0) {
		note[size] = 0;
		for (const char *line = note; line != NULL; line = strchr(line, '\n')) {
			line += *line == '\n';
			if (strncmp(line, "READY=1", 7) == 0 && (line[7] == '\n' || line[7] == 0))
				return true;
		}
	}
	return false;
}

static bool refuse_end(int status, struct error *ret_error)
{
	if (WIFSIGNALED(status))
		return error_set(
		    ret_error, ERROR_REFUSED, "the signer was killed by signal %d while it started", WTERMSIG(status));
	return error_set(ret_error, ERROR_REFUSED, "the signer ended with status %d while it started; the log has its reason",
	    WEXITSTATUS(status));
}

bool ready_wait(const struct ready *ready, pid_t pid, unsigned seconds, struct error *ret_error)
{
	struct pollfd ends[] = {{.fd = ready->fd, .events = POLLIN}, {.fd = child_watch(pid), .events = POLLIN}};
	uint64_t deadline = clock_now_ms() + (uint64_t)seconds * 1000;
	bool ready_now = false, ended = false;
	int status = 0;

	for (int left = clock_left_ms(deadline); !ready_now && !ended && left > 0; left = clock_left_ms(deadline)) {
		poll(ends, 2, ends[1].fd < 0 && left > LOOK_MS ? LOOK_MS : left);
		ready_now = is_ready(ready->fd);
		ended = !ready_now && child_has_ended(pid, &status);
	}
	if (ends[1].fd >= 0)
		close(ends[1].fd);
	if (ended)
		return refuse_end(status, ret_error);
	if (ready_now)
		return true;
	child_stop(pid);
	return error_set(ret_error, ERROR_TIMEOUT, "the signer did not serve within %u seconds", seconds);
}

void ready_close(struct ready *ready)
{
	unlink(ready->path);
	close(ready->fd);
}
