#include "qubes/share.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ipc/qube_name.h"
#include "qubes/places.h"

#define FOLDER "calls"

/* The name was checked: it is that of no other file. The folder is of our own. */
static int open_counter(struct bytes qube)
{
	char path[sizeof(FOLDER "/") + QUBE_NAME_MAX];
	struct places places;
	struct error ignored;
	int folder = places_find(&places, &ignored) ? places_open_own(&places, &ignored) : -1;

	if (folder < 0)
		return -1;
	snprintf(path, sizeof(path), FOLDER "/%.*s", (int)qube.size, (const char *)qube.data);
	/* Another call may make it at the same time. */
	mkdirat(folder, FOLDER, 0700);
	int fd = openat(folder, path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	close(folder);
	return fd;
}

bool share_take(struct bytes qube, int *ret_fd, struct error *ret_error)
{
	int fd = open_counter(qube);

	*ret_fd = fd;
	/* Of the folder's troubles hears whoever must start something. A signer that serves goes on. */
	if (fd < 0)
		return true;
	for (off_t place = 0; place < SHARE_MAX; place++) {
		struct flock range = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = place, .l_len = 1};

		if (fcntl(fd, F_OFD_SETLK, &range) == 0)
			return true;
		if (errno != EAGAIN && errno != EACCES)
			break;
		if (place + 1 < SHARE_MAX)
			continue;
		close(fd);
		*ret_fd = -1;
		return error_set(
		    ret_error, ERROR_REFUSED, "too many calls of this qube are under way, %d; try again later", SHARE_MAX);
	}
	return true;
}
