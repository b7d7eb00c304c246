/*
 * Starting a role: this program again, with exactly the descriptors that were promised and nearly no environment; and the words for its end. The
 * program answers to "--role=…" itself.
 */
#include "../base/testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "core/spawn.h"

extern char **environ;

/* ---- the roles ---- */

static void put_descriptors(struct buf *text)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;
	char seen[64] = {0};

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		long number = strtol(entry->d_name, NULL, 10);

		if (entry->d_name[0] == '.' || number == dirfd(folder))
			continue;
		if (number < 64)
			seen[number] = 1;
		else
			buf_printf(text, "far:%ld ", number);
	}
	if (folder != NULL)
		closedir(folder);
	for (int i = 0; i < 64; i++)
		if (seen[i] != 0)
			buf_printf(text, "%d ", i);
}

static void put_state(struct buf *text)
{
	static const int numbers[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM, SIGPIPE, SIGCHLD, SIGUSR1};
	struct sigaction action;
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	buf_put_text(text, "|");
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		sigaction(numbers[i], NULL, &action);
		buf_put_text(text, sigismember(&blocked, numbers[i]) == 1 ? "b" : action.sa_handler == SIG_DFL ? "d" : "?");
	}
	buf_put_text(text, "|");
	for (char **entry = environ; *entry != NULL; entry++)
		buf_printf(text, "%s ", *entry);
	struct stat input, null;

	buf_put_text(
	    text, fstat(0, &input) == 0 && stat("/dev/null", &null) == 0 && input.st_rdev == null.st_rdev ? "|null" : "|kept");
}

static int run_role(const char *name)
{
	struct buf text = BUF_INIT(65536);
	char byte;

	if (strcmp(name, "--role=seven") == 0)
		return 7;
	if (strcmp(name, "--role=abort") == 0)
		raise(SIGABRT);
	if (strcmp(name, "--role=sigsys") == 0)
		raise(SIGSYS);
	if (strcmp(name, "--role=reader") == 0) {
		/* What a broken role would try: to read what is typed, to write without end. */
		bool reads = read(STDERR_FILENO, &byte, 1) >= 0;

		if (write(STDERR_FILENO, reads ? "I read\n" : "I cannot\n", reads ? 7 : 9) < 0)
			return 1;
		for (int i = 0; i < 1000 * 1000; i++)
			if (write(STDERR_FILENO, "more\n", 5) < 0)
				return 8;
		return 9;
	}
	if (strcmp(name, "--role=deaf") == 0)
		for (;;)
			pause();
	if (strcmp(name, "--role=list") == 0) {
		put_descriptors(&text);
		put_state(&text);
		if (write(IPC_FD_CHANNEL, text.data, text.size) != (ssize_t)text.size)
			return 1;
		buf_free(&text);
	}
	/* Till the channel closes. */
	return read(IPC_FD_CHANNEL, &byte, 1) == 0 ? 0 : 2;
}

/* ---- the tests ---- */

static struct spawned start(const char *argument)
{
	struct spawn_options options = {.argument = argument, .fds = SPAWN_NO_FDS};
	struct spawned spawned;
	struct error error;

	assert_true(spawn_role(&options, &spawned, &error));
	return spawned;
}

static void assert_listed(const struct spawn_options *options, const char *expected)
{
	struct spawned spawned;
	struct error error;
	char found[1024] = {0};

	assert_true(spawn_role(options, &spawned, &error));
	assert_true(read(spawned.channel, found, sizeof(found) - 1) > 0);
	close(spawned.channel);
	spawn_end(spawned.pid);
	assert_string_equal(found, expected);
}

static void clear_environment(void)
{
	clearenv();
	setenv("PATH", "/bin", 1);
	setenv("LD_PRELOAD", "", 1);
	setenv("SECRET", "x", 1);
	setenv("TERM", "vt100", 1);
	setenv("LANG", "C.UTF-8", 1);
}

static void test_nothing_is_inherited_but_what_was_promised(void **state)
{
	struct spawn_options options = {.argument = "--role=list", .fds = SPAWN_NO_FDS};
	int leaks[40];

	(void)state;
	clear_environment();
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++) /* without close-on-exec, as somebody's library might */
		leaks[i] = open("/dev/null", O_RDONLY);
	int far = fcntl(0, F_DUPFD, 500);

	assert_listed(&options, "0 1 2 3 |bbbbddd||null");
	for (size_t i = 0; i < sizeof(leaks) / sizeof(leaks[0]); i++)
		close(leaks[i]);
	close(far);
	signal(SIGPIPE, SIG_DFL);
	signal(SIGUSR1, SIG_DFL);
}

static void test_each_descriptor_gets_its_number(void **state)
{
	struct spawn_options options = {.argument = "--role=list", .fds = SPAWN_NO_FDS};
	int pair[2];

	(void)state;
	clear_environment();
	/* Low numbers, in an order in which moving one would overwrite the next. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	options.fds[0] = pair[1];
	options.fds[1] = pair[0];
	options.fds[4] = pair[1];
	assert_listed(&options, "0 1 2 3 4 5 8 |bbbbddd||null");
	assert_true(fcntl(pair[0], F_GETFD) >= 0 && fcntl(pair[1], F_GETFD) >= 0); /* they stay the caller's */
	close(pair[0]);
	close(pair[1]);
}

static void test_a_role_with_a_terminal(void **state)
{
	struct spawn_options options = {.argument = "--role=list", .fds = SPAWN_NO_FDS, .terminal = true};
	int pair[2], kept = fcntl(0, F_DUPFD_CLOEXEC, 10);

	(void)state;
	clear_environment();
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	dup2(pair[0], 0);
	assert_listed(&options, "0 1 2 3 |bbbbddd|TERM=vt100 LANG=C.UTF-8 |kept");
	dup2(kept, 0);
	close(kept);
	close(pair[0]);
	close(pair[1]);
}

static size_t count_fds(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_the_caller_keeps_one_end_only(void **state)
{
	size_t before = count_fds();
	struct spawned spawned = start("--role=wait");

	(void)state;
	assert_int_equal(count_fds(), before + 1);
	assert_int_equal(fcntl(spawned.channel, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	close(spawned.channel);
	spawn_end(spawned.pid);
}

static void test_a_descriptor_that_is_closed(void **state)
{
	struct spawn_options options = {.argument = "--role=wait", .fds = SPAWN_NO_FDS};
	size_t before = count_fds();
	struct spawned spawned;
	struct error error;

	(void)state;
	options.fds[2] = 999;
	assert_false(spawn_role(&options, &spawned, &error));
	assert_non_null(strstr(error.text, "cannot start the process --role=wait"));
	assert_int_equal(count_fds(), before);
}

static void test_a_role_cannot_read_our_standard_error(void **state)
{
	struct spawn_options options = {.argument = "--role=reader", .fds = SPAWN_NO_FDS};
	size_t before = count_fds();
	struct event_base *base = event_base_new();
	int ends[2], kept = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 10);
	struct buf text BUF_CLEANUP = BUF_INIT(512);
	char said[256] = {0};
	struct spawned spawned;
	struct error error;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
	assert_int_equal(write(ends[0], "typed", 5), 5);
	dup2(ends[1], STDERR_FILENO);
	assert_true(log_relay_new(base, "reader", &(struct log){"core", LOG_LEVEL_WARN, STDERR_FILENO}, &options.relay, &error));
	bool ok = spawn_role(&options, &spawned, &error);

	dup2(kept, STDERR_FILENO);
	assert_true(ok);
	/* Nobody reads what it says, and it ends nevertheless. */
	spawn_describe_end(spawned.pid, &text);
	assert_string_equal(buf_text(&text), "ended with status 8");
	dup2(ends[1], STDERR_FILENO);
	log_relay_free(options.relay);
	dup2(kept, STDERR_FILENO);
	assert_true(read(ends[0], said, sizeof(said) - 1) > 0);
	assert_non_null(strstr(said, "] reader: I cannot\n"));
	close(spawned.channel);
	close(ends[0]);
	close(ends[1]);
	event_base_free(base);
	close(kept);
	assert_int_equal(count_fds(), before);
}

static void assert_described(const char *role, const char *expected)
{
	struct spawned spawned = start(role);
	struct buf text BUF_CLEANUP = BUF_INIT(512);

	spawn_describe_end(spawned.pid, &text);
	assert_non_null(strstr(buf_text(&text), expected));
	close(spawned.channel);
	spawn_end(spawned.pid);
}

static void test_how_a_role_ended(void **state)
{
	(void)state;
	assert_described("--role=seven", "ended with status 7");
	assert_described("--role=abort", "was killed by signal 6");
	assert_described("--role=sigsys", "was killed by a forbidden system call (SIGSYS)");
	assert_described("--role=deaf", "closed its channel");
}

static double seconds_since(const struct timespec *start_time)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)(now.tv_sec - start_time->tv_sec) + (double)(now.tv_nsec - start_time->tv_nsec) / 1e9;
}

static void test_a_role_that_does_not_end_is_killed(void **state)
{
	struct spawned spawned = start("--role=deaf");
	struct timespec now;

	(void)state;
	clock_gettime(CLOCK_MONOTONIC, &now);
	close(spawned.channel);
	spawn_end(spawned.pid);
	assert_true(seconds_since(&now) < 5);
	assert_int_equal(waitpid(spawned.pid, NULL, WNOHANG), -1);
}

/* Ctrl-C and the like go to the whole group: only core acts on them. */
static void test_signals_of_the_group_do_not_end_a_role(void **state)
{
	static const int numbers[] = {SIGINT, SIGQUIT, SIGHUP, SIGTERM};
	struct spawned spawned = start("--role=wait");

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(kill(spawned.pid, numbers[i]), 0);
	usleep(50000);
	assert_int_equal(waitpid(spawned.pid, NULL, WNOHANG), 0);
	close(spawned.channel);
	spawn_end(spawned.pid);
}

/* A process that was reaped already may have given its number to another: it is not killed. */
static void test_a_reaped_role_is_not_killed_again(void **state)
{
	pid_t parent = getpid();
	pid_t other = fork();

	(void)state;
	if (other == 0) { /* not a child of the one that calls spawn_end below */
		while (getppid() == parent)
			usleep(1000);
		_exit(0);
	}
	pid_t caller = fork();

	if (caller == 0) {
		spawn_end(other);
		_exit(0);
	}
	int status;

	assert_int_equal(waitpid(caller, &status, 0), caller);
	assert_exits_with(status, 0);
	assert_int_equal(waitpid(other, &status, WNOHANG), 0);
	kill(other, SIGKILL);
	waitpid(other, &status, 0);
}

int main(int count, char *words[])
{
	if (count == 2 && strcmp(words[0], "clef") == 0)
		return run_role(words[1]);
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_is_inherited_but_what_was_promised),
	    cmocka_unit_test(test_each_descriptor_gets_its_number),
	    cmocka_unit_test(test_a_role_with_a_terminal),
	    cmocka_unit_test(test_the_caller_keeps_one_end_only),
	    cmocka_unit_test(test_a_descriptor_that_is_closed),
	    cmocka_unit_test(test_a_role_cannot_read_our_standard_error),
	    cmocka_unit_test(test_how_a_role_ended),
	    cmocka_unit_test(test_a_role_that_does_not_end_is_killed),
	    cmocka_unit_test(test_signals_of_the_group_do_not_end_a_role),
	    cmocka_unit_test(test_a_reaped_role_is_not_killed_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
