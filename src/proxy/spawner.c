#include "proxy/spawner.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"

/* Where the helper keeps its end: all others are closed. */
#define CHANNEL_FD (STDERR_FILENO + 1)
#define RUN_FDS    3

/* ---- messages, both ways ---- */

union control {
	char space[CMSG_SPACE(RUN_FDS * sizeof(int))];
	struct cmsghdr align;
};

bool spawner_send(int fd, const struct spawner_message *message, const int *fds)
{
	struct spawner_message copy = *message;
	struct iovec part = {&copy, sizeof(copy)};
	union control control = {{0}};
	struct msghdr header = {.msg_iov = &part, .msg_iovlen = 1};

	if (fds != NULL) {
		header.msg_control = control.space;
		header.msg_controllen = sizeof(control.space);
		struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
		rights->cmsg_level = SOL_SOCKET;
		rights->cmsg_type = SCM_RIGHTS;
		rights->cmsg_len = CMSG_LEN(RUN_FDS * sizeof(int));
		memcpy(CMSG_DATA(rights), fds, RUN_FDS * sizeof(int));
	}
	ssize_t put;
	do
		put = sendmsg(fd, &header, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	return put == (ssize_t)sizeof(copy);
}

/* As spawner_receive(), with the descriptors of a start; -1 in each place when there are none. */
static int receive(int fd, struct spawner_message *ret_message, int ret_fds[RUN_FDS])
{
	struct iovec part = {ret_message, sizeof(*ret_message)};
	union control control = {{0}};
	struct msghdr header = {
	    .msg_iov = &part, .msg_iovlen = 1, .msg_control = control.space, .msg_controllen = sizeof(control.space)};
	ssize_t got = recvmsg(fd, &header, MSG_CMSG_CLOEXEC);

	ret_fds[0] = ret_fds[1] = ret_fds[2] = -1;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (got != (ssize_t)sizeof(*ret_message))
		return -1;
	const struct cmsghdr *rights = CMSG_FIRSTHDR(&header);
	if (rights != NULL && rights->cmsg_type == SCM_RIGHTS && rights->cmsg_len == CMSG_LEN(RUN_FDS * sizeof(int)))
		memcpy(ret_fds, CMSG_DATA(rights), RUN_FDS * sizeof(int));
	return 1;
}

int spawner_receive(int fd, struct spawner_message *ret_message)
{
	int none[RUN_FDS];

	return receive(fd, ret_message, none);
}

/* ---- the helper ---- */

struct run {
	uint64_t number; /* 0: free */
	pid_t process;
};

struct helper {
	char *const *words;
	char *const *environment;
	struct run runs[SPAWNER_RUNS_MOST];
};

static struct run *find(struct helper *helper, uint64_t number)
{
	for (size_t i = 0; i < SPAWNER_RUNS_MOST; i++)
		if (helper->runs[i].number == number)
			return &helper->runs[i];
	return NULL;
}

/* Signals as if nobody had changed any; a process group of its own, so that Ctrl-C at a terminal reaches clef-proxy alone, which ends its calls in order. */
static int spawn(const struct helper *helper, const int fds[RUN_FDS], pid_t *ret_process)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t all, none;

	sigfillset(&all);
	sigemptyset(&none);
	int failure = posix_spawn_file_actions_init(&actions);
	if (failure != 0)
		return failure;
	failure = posix_spawnattr_init(&attributes);
	if (failure != 0) {
		posix_spawn_file_actions_destroy(&actions);
		return failure;
	}
	for (int i = 0; i < RUN_FDS && failure == 0; i++)
		failure = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (failure == 0)
		failure = posix_spawn_file_actions_addclosefrom_np(&actions, CHANNEL_FD);
	posix_spawnattr_setsigdefault(&attributes, &all);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETPGROUP);
	if (failure == 0)
		failure = posix_spawn(ret_process, helper->words[0], &actions, &attributes, helper->words, helper->environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return failure;
}

static void say(uint32_t kind, uint64_t run, int32_t value)
{
	const struct spawner_message message = {.kind = kind, .run = run, .value = value};

	/* Our end blocks: nothing is lost while the parent is busy. */
	if (!spawner_send(CHANNEL_FD, &message, NULL))
		_exit(1);
}

static void start_run(struct helper *helper, uint64_t number, const int fds[RUN_FDS])
{
	struct run *run = find(helper, 0);
	int failure = run == NULL || fds[0] < 0 ? EAGAIN : spawn(helper, fds, &run->process);

	if (failure == 0)
		run->number = number;
	else
		say(SPAWNER_FAILED, number, failure);
}

static void end_run(struct helper *helper, uint64_t number, int sent)
{
	const struct run *run = find(helper, number);

	/* It may have ended meanwhile; until it was waited for, its process id is nobody else's. */
	if (number != 0 && run != NULL)
		kill(run->process, sent);
}

static void reap(struct helper *helper)
{
	int status;

	for (size_t i = 0; i < SPAWNER_RUNS_MOST; i++) {
		struct run *run = &helper->runs[i];

		if (run->number == 0 || waitpid(run->process, &status, WNOHANG) != run->process)
			continue;
		uint64_t number = run->number;
		run->number = 0;
		say(SPAWNER_ENDED, number, status);
	}
}

static void end_all(struct helper *helper)
{
	for (size_t i = 0; i < SPAWNER_RUNS_MOST; i++)
		if (helper->runs[i].number != 0)
			kill(helper->runs[i].process, SIGTERM);
}

/* False: the parent is gone. */
static bool obey(struct helper *helper)
{
	struct spawner_message message;
	int fds[RUN_FDS];
	int got = receive(CHANNEL_FD, &message, fds);

	if (got <= 0)
		return got == 0;
	if (message.kind == SPAWNER_START)
		start_run(helper, message.run, fds);
	else if (message.kind == SPAWNER_END)
		end_run(helper, message.run, message.value != 0 ? SIGKILL : SIGTERM);
	for (int i = 0; i < RUN_FDS; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return true;
}

/* Nobody looks into it or takes it over: no core files, no debugger. Nothing it starts gains rights by being executed. */
static void protect(void)
{
	const struct rlimit none = {0, 0};

	prctl(PR_SET_NAME, "clef-proxy-run");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	setrlimit(RLIMIT_CORE, &none);
}

static _Noreturn void helper_main(char *const words[], char *const environment[])
{
	static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE};
	struct helper helper = {.words = words, .environment = environment};
	struct signalfd_siginfo siginfo;
	sigset_t children;

	protect();
	/* The parent decides when it ends. */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	int ended = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	struct pollfd watched[] = {{.fd = CHANNEL_FD, .events = POLLIN}, {.fd = ended, .events = POLLIN}};

	if (ended < 0)
		_exit(1);
	for (;;) {
		if (poll(watched, 2, -1) < 0 && errno != EINTR)
			break;
		if (watched[1].revents != 0) {
			while (read(ended, &siginfo, sizeof(siginfo)) > 0)
				continue;
			reap(&helper);
		}
		if (watched[0].revents != 0 && !obey(&helper))
			break;
	}
	end_all(&helper);
	_exit(0);
}

bool spawner_start(char *const words[], char *const environment[], int *ret_fd, struct error *ret_error)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set_errno(ret_error, errno, "cannot make a channel to the helper process");
	pid_t process = fork();

	if (process < 0) {
		error_set_errno(ret_error, errno, "cannot start the helper process");
		close(pair[0]);
		close(pair[1]);
		return false;
	}
	if (process == 0) {
		/* dup2() to itself would keep close-on-exec, which is as good: it is never executed from here. */
		if (dup2(pair[1], CHANNEL_FD) < 0 || close_range(CHANNEL_FD + 1, ~0U, 0) != 0)
			_exit(1);
		helper_main(words, environment);
	}
	close(pair[1]);
	fcntl(pair[0], F_SETFL, O_NONBLOCK);
	*ret_fd = pair[0];
	return true;
}
