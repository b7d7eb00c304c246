#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <regex.h>
#include <sys/ioctl.h>
#include <time.h>

#include "base/log.h"

static int pipe_fds[2];

static int open_pipe(void **state)
{
	(void)state;
	return pipe2(pipe_fds, O_NONBLOCK | O_CLOEXEC);
}

static int close_pipe(void **state)
{
	(void)state;
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	return 0;
}

static struct log log_to_pipe(int level)
{
	return (struct log){.role = "keys", .level = level, .fd = pipe_fds[1]};
}

/* Everything logged so far, as text. */
static const char *logged(void)
{
	static char text[16384];
	ssize_t size = read(pipe_fds[0], text, sizeof text - 1);

	text[size < 0 ? 0 : size] = 0;
	return text;
}

static void assert_matches(const char *text, const char *pattern)
{
	regex_t regex;

	assert_int_equal(regcomp(&regex, pattern, REG_EXTENDED | REG_NOSUB), 0);
	int result = regexec(&regex, text, 0, NULL, 0);
	regfree(&regex);
	if (result != 0)
		print_error("<%s> does not match <%s>\n", text, pattern);
	assert_int_equal(result, 0);
}

#define TIME "\\[[01][0-9]-[0-3][0-9]\\|[0-2][0-9]:[0-5][0-9]:[0-5][0-9]\\.[0-9]{3}\\]"

static void test_line_has_level_time_and_role(void **state)
{
	(void)state;
	struct log log = log_to_pipe(LOG_LEVEL_DEBUG);

	log_warn(&log, "key %s: %d", "x", 7);
	assert_matches(logged(), "^WARN " TIME " keys: key x: 7\n$");
	log_error(&log, "e");
	assert_matches(logged(), "^ERROR " TIME " keys: e\n$");
	log_info(&log, "i");
	assert_matches(logged(), "^INFO " TIME " keys: i\n$");
	log_debug(&log, "d");
	assert_matches(logged(), "^DEBUG " TIME " keys: d\n$");
}

static void test_time_is_now_in_utc(void **state)
{
	(void)state;
	struct log log = log_to_pipe(LOG_LEVEL_INFO);
	char before[32], after[32];
	struct timespec now; /* time() lags behind the clock that lines are stamped with */

	clock_gettime(CLOCK_REALTIME, &now);
	strftime(before, sizeof before, "INFO [%m-%d|%H:%M:%S.", gmtime(&now.tv_sec));
	log_info(&log, "i");
	clock_gettime(CLOCK_REALTIME, &now);
	strftime(after, sizeof after, "INFO [%m-%d|%H:%M:%S.", gmtime(&now.tv_sec));
	const char *line = logged();
	assert_true(strncmp(line, before, strlen(before)) >= 0);
	assert_true(strncmp(line, after, strlen(after)) <= 0);
}

static void test_level_silences(void **state)
{
	(void)state;
	struct log log = log_to_pipe(LOG_LEVEL_WARN);

	log_info(&log, "no");
	log_debug(&log, "no");
	assert_string_equal(logged(), "");
	log_warn(&log, "yes");
	assert_matches(logged(), "yes\n$");
	log.level = 0;
	log_error(&log, "no");
	assert_string_equal(logged(), "");
}

static void test_bytes_from_outside_cannot_forge_a_line(void **state)
{
	(void)state;
	struct log log = log_to_pipe(LOG_LEVEL_INFO);

	log_info(&log, "origin %s", "x\nERROR [01-01|00:00:00.000] core: forged\x1b[2J\u202e\xff");
	const char *line = logged();
	assert_matches(line, "^INFO .*\\\\nERROR .*forged\\\\x1b\\[2J\\\\u\\{202e\\}\\\\xff\n$");
	assert_ptr_equal(strchr(line, '\n'), line + strlen(line) - 1);
}

static void test_long_messages_are_cut_below_pipe_buf(void **state)
{
	(void)state;
	struct log log = log_to_pipe(LOG_LEVEL_INFO);
	static char text[200000];

	memset(text, '\x01', 20000);
	log_info(&log, "%s", text);
	const char *line = logged();
	assert_true(strlen(line) < 4096);
	assert_matches(line, "… \\([0-9]+ more bytes\\)\n$");
	memset(text, 'a', sizeof text - 1);
	log_info(&log, "%s", text);
	assert_matches(logged(), "too long to log\\)\n$");
}

static void test_errno_survives(void **state)
{
	(void)state;
	struct log log = log_to_pipe(LOG_LEVEL_INFO);

	log.fd = -1;
	errno = ENOTTY;
	log_info(&log, "nobody listens");
	assert_int_equal(errno, ENOTTY);
}

/* A front-end that does not read standard error must not be able to stop the signer: the lines are lost, nothing waits. */
static void test_nobody_reads(void **state)
{
	struct log log = log_to_pipe(LOG_LEVEL_ERROR);
	char room[65536];
	int in_pipe = 0;

	(void)state;
	fcntl(pipe_fds[1], F_SETFL, fcntl(pipe_fds[1], F_GETFL) & ~O_NONBLOCK);
	alarm(20);
	for (int i = 0; i < 5000; i++)
		log_error(&log, "line %d, of about sixty bytes, to a pipe that nobody empties", i);
	alarm(0);
	assert_int_equal(ioctl(pipe_fds[0], FIONREAD, &in_pipe), 0);
	assert_in_range(in_pipe, 32768, sizeof room);
	assert_int_equal(read(pipe_fds[0], room, sizeof room), in_pipe);
	/* What was taken is whole lines, and once there is room it goes on. */
	assert_int_equal(room[in_pipe - 1], '\n');
	log_error(&log, "room again");
	assert_true(read(pipe_fds[0], room, sizeof room) > 0);
}

static void die(void *argument)
{
	log_fatal(argument, "cannot go on: %d", 3);
}

static void test_fatal_ends_the_process(void **state)
{
	(void)state;
	/* Even a silenced log says why the process ends. */
	struct log log = log_to_pipe(0);

	assert_exits_with(run_in_child(die, &log), 1);
	assert_matches(logged(), "^CRIT " TIME " keys: cannot go on: 3\n$");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_line_has_level_time_and_role, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_time_is_now_in_utc, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_level_silences, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_bytes_from_outside_cannot_forge_a_line, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_long_messages_are_cut_below_pipe_buf, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_errno_survives, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_nobody_reads, open_pipe, close_pipe),
	    cmocka_unit_test_setup_teardown(test_fatal_ends_the_process, open_pipe, close_pipe),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
