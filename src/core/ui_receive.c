#include "core/ui_receive.h"

#include <errno.h>
#include <stdalign.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The first is kept as long as it is the only one. */
static void take_all(const struct cmsghdr *part, struct ui_received_fd *passed)
{
	size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);

	for (size_t i = 0; i < count; i++) {
		int fd;

		memcpy(&fd, CMSG_DATA(part) + i * sizeof(fd), sizeof(fd));
		if (passed->fd < 0 && !passed->too_many) {
			passed->fd = fd;
			continue;
		}
		close(fd);
		passed->too_many = true;
	}
}

ssize_t ui_receive(int fd, void *ret_data, size_t size, struct ui_received_fd *ret_passed)
{
	alignas(struct cmsghdr) unsigned char control[CMSG_SPACE(UI_RECEIVE_FDS_MOST * sizeof(int))];
	struct iovec vector = {ret_data, size};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

	*ret_passed = (struct ui_received_fd){.fd = -1};
	ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);

	if (got < 0)
		return got;
	for (struct cmsghdr *part = CMSG_FIRSTHDR(&header); part != NULL; part = CMSG_NXTHDR(&header, part))
		if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SCM_RIGHTS)
			take_all(part, ret_passed);
	/* What the kernel could not hand over, because no descriptor is left, it has closed. */
	if ((header.msg_flags & MSG_CTRUNC) != 0)
		ret_passed->too_many = true;
	if (ret_passed->too_many && ret_passed->fd >= 0) {
		close(ret_passed->fd);
		ret_passed->fd = -1;
	}
	return got;
}
