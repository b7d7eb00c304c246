#include "core/spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Sources are moved above every target first, so that no dup2 overwrites one that is still needed. */
#define SAFE_FD  64
#define FD_COUNT (IPC_FD_END - IPC_FD_CHANNEL)

static const char *const kept_environment[] = {"TERM", "NO_COLOR", "LANG", "LC_ALL", "LC_CTYPE", "TZ"};
#define KEPT (sizeof(kept_environment) / sizeof(kept_environment[0]))

static void fill_environment(bool terminal, char *values[KEPT + 1])
{
	size_t count = 0;

	for (size_t i = 0; terminal && i < KEPT; i++) {
		const char *value = getenv(kept_environment[i]);

		if (value == NULL)
			continue;
		/* getenv points behind "NAME=" of the very text that execve wants. */
		union {
			const char *text;
			char *entry;
		} where = {.text = value - strlen(kept_environment[i]) - 1};

		values[count++] = where.entry;
	}
	values[count] = NULL;
}

static int plan_descriptors(posix_spawn_file_actions_t *actions, const int high[FD_COUNT], const struct spawn_options *options)
{
	int failure = 0;

	if (options->relay != NULL)
		failure = posix_spawn_file_actions_adddup2(actions, log_relay_writer(options->relay), STDERR_FILENO);
	if (failure == 0 && !options->terminal) {
		failure = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
		if (failure == 0)
			failure = posix_spawn_file_actions_addopen(actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	}
	for (int i = 0; i < FD_COUNT && failure == 0; i++) {
		int target = IPC_FD_CHANNEL + i;

		failure = high[i] >= 0 ? posix_spawn_file_actions_adddup2(actions, high[i], target)
		                       : posix_spawn_file_actions_addclose(actions, target);
	}
	if (failure == 0)
		failure = posix_spawn_file_actions_addclosefrom_np(actions, IPC_FD_END);
	return failure;
}

/*
 * What a terminal or a service manager sends to the whole process group. Only core acts on it; a role that died of it would take the signer down
 * in disorder. Blocked, not ignored: the mask survives exec, so there is no moment in which a role, or core while it starts one, is open to them.
 */
static const int group_signals[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM};

static int set_signals(posix_spawnattr_t *attributes)
{
	sigset_t blocked, defaults;

	sigemptyset(&blocked);
	for (size_t i = 0; i < sizeof(group_signals) / sizeof(group_signals[0]); i++)
		sigaddset(&blocked, group_signals[i]);
	sigfillset(&defaults);
	posix_spawnattr_setsigmask(attributes, &blocked);
	posix_spawnattr_setsigdefault(attributes, &defaults);
	return posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
}

static int start(const struct spawn_options *options, const int high[FD_COUNT], pid_t *ret_pid)
{
	char name[] = "clef";
	char *argument = strdup(options->argument);
	char *arguments[] = {name, argument, NULL};
	char *environment[KEPT + 1];
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int failure = posix_spawn_file_actions_init(&actions);

	if (failure != 0 || argument == NULL)
		abort();
	failure = posix_spawnattr_init(&attributes);
	if (failure != 0)
		abort();
	fill_environment(options->terminal, environment);
	failure = plan_descriptors(&actions, high, options);
	if (failure == 0)
		failure = set_signals(&attributes);
	if (failure == 0)
		failure = posix_spawn(ret_pid, "/proc/self/exe", &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	free(argument);
	return failure;
}

bool spawn_role(const struct spawn_options *options, struct spawned *ret_spawned, struct error *ret_error)
{
	int pair[2], high[FD_COUNT];
	int failure = 0;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set_errno(ret_error, errno, "cannot make a socket pair");
	for (int i = 0; i < FD_COUNT; i++) {
		int fd = i == 0 ? pair[1] : options->fds[i - 1];

		high[i] = fd >= 0 ? fcntl(fd, F_DUPFD_CLOEXEC, SAFE_FD) : -1;
		if (fd >= 0 && high[i] < 0)
			failure = errno == EINVAL ? EMFILE : errno; /* EINVAL: the limit is below SAFE_FD */
	}
	if (failure == 0)
		failure = start(options, high, &ret_spawned->pid);
	for (int i = 0; i < FD_COUNT; i++)
		if (high[i] >= 0)
			close(high[i]);
	close(pair[1]);
	if (options->relay != NULL)
		log_relay_close_writer(options->relay);
	if (failure != 0) {
		close(pair[0]);
		return error_set_errno(ret_error, failure, "cannot start the process %s", options->argument);
	}
	ret_spawned->channel = pair[0];
	return true;
}

enum reaped {
	REAPED_NOW,
	REAPED_BEFORE, /* its number may be another process's by now */
	STILL_RUNNING
};

/* Waits a second at most. */
static enum reaped reap(pid_t pid, int *ret_status)
{
	const struct timespec moment = {0, 5 * 1000 * 1000};

	for (int i = 0; i < 200; i++) {
		pid_t found = waitpid(pid, ret_status, WNOHANG);

		if (found == pid)
			return REAPED_NOW;
		if (found < 0 && errno != EINTR)
			return REAPED_BEFORE;
		nanosleep(&moment, NULL);
	}
	return STILL_RUNNING;
}

bool spawn_describe_end(pid_t pid, struct buf *ret_text)
{
	int status = 0;

	if (reap(pid, &status) != REAPED_NOW) {
		buf_put_text(ret_text, "closed its channel");
		return false;
	}
	if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		buf_put_text(ret_text, "was killed by a forbidden system call (SIGSYS)");
	else if (WIFSIGNALED(status))
		buf_printf(ret_text, "was killed by signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
	else
		buf_printf(ret_text, "ended with status %d", WEXITSTATUS(status));
	return status == 0;
}

void spawn_end(pid_t pid)
{
	int status;

	if (reap(pid, &status) != STILL_RUNNING)
		return;
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		continue;
}
