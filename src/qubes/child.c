#include "qubes/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memory.h"
#include "qubes/clock.h"

/* Without a descriptor to watch the child by, so often it is looked at. */
#define LOOK_MS 50
/* For those that are asked to end. */
#define STOP_MS 2000

static bool is_ours_to_set(const char *entry)
{
	return strncmp(entry, "QREXEC_", 7) == 0 || strncmp(entry, "NOTIFY_SOCKET=", 14) == 0 ||
	       strncmp(entry, "XDG_RUNTIME_DIR=", 16) == 0;
}

static char **make_environment(struct arena *arena, const struct places *places, const char *notify)
{
	size_t count = 0, kept = 0;

	while (environ[count] != NULL)
		count++;
	char **list = arena_array(arena, count + 3, sizeof(*list));

	for (size_t i = 0; i < count; i++)
		if (!is_ours_to_set(environ[i]))
			list[kept++] = environ[i];
	list[kept++] = arena_printf(arena, "XDG_RUNTIME_DIR=%s", places->runtime);
	if (notify != NULL)
		list[kept++] = arena_printf(arena, "NOTIFY_SOCKET=%s", notify);
	list[kept] = NULL;
	return list;
}

static int plan_descriptors(posix_spawn_file_actions_t *actions, int log_fd)
{
	int failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO && failure == 0; fd++)
		failure = log_fd >= 0 ? posix_spawn_file_actions_adddup2(actions, log_fd, fd)
		                      : posix_spawn_file_actions_addopen(actions, fd, "/dev/null", O_WRONLY, 0);
	return failure != 0 ? failure : posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
}

static int plan_signals(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	return posix_spawnattr_setflags(attributes, (short)(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID));
}

bool child_start(
    char *const words[], const struct places *places, const char *notify, int log_fd, pid_t *ret_pid, int *ret_failure)
{
	struct arena arena ARENA_CLEANUP = {0};
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	if (posix_spawn_file_actions_init(&actions) != 0 || posix_spawnattr_init(&attributes) != 0)
		abort();
	int failure = plan_descriptors(&actions, log_fd);

	if (failure == 0)
		failure = plan_signals(&attributes);
	if (failure == 0)
		failure = posix_spawnp(ret_pid, words[0], &actions, &attributes, words, make_environment(&arena, places, notify));
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	*ret_failure = failure;
	return failure == 0;
}

int child_watch(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

bool child_has_ended(pid_t pid, int *ret_status)
{
	return waitpid(pid, ret_status, WNOHANG) == pid;
}

bool child_wait(pid_t pid, uint64_t deadline, int *ret_status)
{
	struct pollfd end = {.fd = child_watch(pid), .events = POLLIN};
	bool ended = child_has_ended(pid, ret_status);

	for (int left = clock_left_ms(deadline); !ended && left > 0; left = clock_left_ms(deadline)) {
		poll(&end, 1, end.fd < 0 && left > LOOK_MS ? LOOK_MS : left);
		ended = child_has_ended(pid, ret_status);
	}
	if (end.fd >= 0)
		close(end.fd);
	return ended;
}

void child_stop(pid_t pid)
{
	int status;

	kill(pid, SIGTERM);
	if (child_wait(pid, clock_now_ms() + STOP_MS, &status))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
}
