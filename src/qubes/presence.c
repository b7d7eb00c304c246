#include "qubes/presence.h"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "qubes/clock.h"

/* The end of a socket's data looks like data. What is no pipe or socket does not tell, and is read later. */
static bool is_empty(void)
{
	int size = 0;

	return ioctl(STDIN_FILENO, FIONREAD, &size) == 0 && size == 0;
}

enum presence presence_wait_first(void)
{
	uint64_t deadline = clock_now_ms() + PRESENCE_FIRST_S * 1000;

	for (int left = clock_left_ms(deadline); left > 0; left = clock_left_ms(deadline)) {
		struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = STDOUT_FILENO}};

		if (poll(ends, 2, left) <= 0)
			continue;
		if (ends[0].revents == 0 || is_empty())
			return PRESENCE_GONE;
		return PRESENCE_ASKS;
	}
	return PRESENCE_SILENT;
}

bool presence_wait(int fd, int milliseconds)
{
	struct pollfd ends[] = {{.fd = STDOUT_FILENO}, {.fd = fd, .events = POLLIN}};

	return poll(ends, 2, milliseconds) <= 0 || ends[0].revents == 0;
}
