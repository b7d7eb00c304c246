#include "qubes/aside.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

pid_t aside_begin(int kept)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	setsid();
	signal(SIGCHLD, SIG_DFL);
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (nothing < 0 || dup2(nothing, fd) < 0)
			_exit(1);
	if (kept > STDERR_FILENO + 1)
		close_range(STDERR_FILENO + 1, (unsigned)kept - 1, 0);
	close_range((unsigned)kept + 1, ~0U, 0);
	return 0;
}
