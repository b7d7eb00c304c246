/*
 * Calls to a signer, over both ways. In place of qrexec-client-vm runs this program, by a link of that name: the qube that is called says how it behaves. In place of a
 * signer's socket a process that takes one connection after the other behaves likewise.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "ipc/frame.h"
#include "proxy/signer.h"

static char folder[] = "/tmp/clef-signer-XXXXXX";

/* ---- the other end ---- */

static bool read_exactly(int fd, uint8_t *data, size_t size)
{
	while (size > 0) {
		ssize_t got = read(fd, data, size);

		if (got <= 0)
			return false;
		data += got;
		size -= (size_t)got;
	}
	return true;
}

/* The id of the call in a frame that comes in; 0 when none does. */
static unsigned long read_call(int in, struct frame_request *ret_request, struct buf *buf)
{
	uint8_t head[FRAME_HEAD_SIZE];
	struct error error;
	size_t size;

	if (!read_exactly(in, head, sizeof(head)) ||
	    frame_head_read(bytes_of(head, sizeof(head)), FRAME_REQUEST_MAX, &size, &error) != FRAME_DONE)
		return 0;
	uint8_t *place = buf_reserve(buf, size);
	if (!read_exactly(in, place, size))
		return 0;
	buf_commit(buf, size);
	if (!frame_request_read(buf_bytes(buf), ret_request, &error))
		return 0;
	const char *id = memmem(ret_request->body.data, ret_request->body.size, "\"id\":", 5);
	return id != NULL ? strtoul(id + 5, NULL, 10) : 0;
}

static void put(int out, struct bytes bytes)
{
	struct error ignored;

	(void)file_write_all(out, bytes, &ignored);
}

static void answer(int out, enum frame_answer_kind kind, const char *text)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(100000);

	frame_answer_put(kind, bytes_text(text), &frame);
	put(out, buf_bytes(&frame));
}

static void wait_for_end(int in)
{
	char byte;

	while (read(in, &byte, 1) > 0)
		continue;
}

static void note(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
}

static bool is_noted(const char *name)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return access(path, F_OK) == 0;
}

/* What this process was given: its open descriptors, and its environment. */
static void answer_what_was_given(int out, unsigned long id)
{
	char text[4096], *const *variable = environ;
	int size = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%lu,\"result\":\"", id);
	DIR *fds = opendir("/proc/self/fd");
	struct dirent *entry;

	while ((entry = readdir(fds)) != NULL)
		if (entry->d_name[0] != '.' && atol(entry->d_name) != dirfd(fds))
			size += snprintf(text + size, sizeof(text) - (size_t)size, "%s ", entry->d_name);
	closedir(fds);
	for (; *variable != NULL; variable++)
		size += snprintf(text + size, sizeof(text) - (size_t)size, "%s ", *variable);
	snprintf(text + size, sizeof(text) - (size_t)size, "%d\"}", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	answer(out, FRAME_REPLY, text);
}

/* Returns the exit status. `out` may be `in`. */
static int behave(const char *how, int in, int out)
{
	static const char lies[] = {0, 1, 0, 0, 0, 100, 0, '{'}, huge[] = {0, 1, '\xff', '\xff', '\xff', '\xff', 0};
	struct buf buf BUF_CLEANUP = BUF_INIT(FRAME_REQUEST_MAX);
	struct frame_request request = {0};
	char text[200];

	if (strncmp(how, "exit", 4) == 0)
		return (int)strtol(how + 4, NULL, 10);
	unsigned long id = read_call(in, &request, &buf);
	if (strcmp(how, "silent") == 0 || strcmp(how, "stubborn") == 0) {
		note("asked");
		wait_for_end(in);
		note("gone");
		while (strcmp(how, "stubborn") == 0)
			pause();
		return 1;
	}
	if (strcmp(how, "crash") == 0)
		raise(SIGKILL);
	if (strcmp(how, "cut") == 0)
		put(out, bytes_of(lies, 3));
	if (strcmp(how, "lies") == 0)
		put(out, bytes_of(lies, sizeof(lies)));
	if (strcmp(how, "huge") == 0)
		put(out, bytes_of(huge, sizeof(huge)));
	if (strcmp(how, "garbage") == 0)
		put(out, bytes_text("{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1}"));
	if (strcmp(how, "refused") == 0) {
		answer(out, FRAME_REFUSED, "not \x1b[31mtoday");
		return 126;
	}
	if (strcmp(how, "hello") == 0)
		answer(out, FRAME_HELLO, "\x01");
	if (strcmp(how, "wrong-id") == 0)
		id += 1;
	if (strcmp(how, "noise") == 0)
		for (int i = 0; i < 20000; i++)
			put(STDERR_FILENO,
			    bytes_text("a line of a hundred and some bytes that nobody ever reads, so that a pipe is full\n"));
	if (strcmp(how, "flood") == 0) {
		static const uint8_t nothing[65536];

		note("asked");
		for (;;)
			put(STDERR_FILENO, bytes_of(nothing, sizeof(nothing)));
	}
	if (strcmp(how, "given") == 0)
		answer_what_was_given(out, id);
	snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%lu,\"result\":[ %zu,\"%.*s\"]}", id, request.body.size,
	    (int)request.origin.size, request.origin.size > 0 ? (const char *)request.origin.data : "");
	if (strcmp(how, "answer") == 0 || strcmp(how, "noise") == 0 || strcmp(how, "fails-later") == 0 ||
	    strcmp(how, "wrong-id") == 0)
		answer(out, FRAME_REPLY, text);
	wait_for_end(in);
	return strcmp(how, "fails-later") == 0 ? 125 : 0;
}

static int stand_in(const char *path, const char *target)
{
	/* The folder is where the link lies. */
	snprintf(folder, sizeof(folder), "%.*s", (int)(strrchr(path, '/') - path), path);
	return behave(target, STDIN_FILENO, STDOUT_FILENO);
}

/* ---- this end ---- */

struct got {
	unsigned answers;
	char result[4096], error[2048];
	unsigned order[2000]; /* which call was answered as the n-th */
};

static struct event_base *base;
static struct got got;
static unsigned wanted;

static void on_answered(void *context, struct bytes result, struct bytes error)
{
	got.order[got.answers++] = (unsigned)(uintptr_t)context;
	snprintf(got.result, sizeof(got.result), "%.*s", (int)result.size, result.size > 0 ? (const char *)result.data : "");
	snprintf(got.error, sizeof(got.error), "%.*s", (int)error.size, error.size > 0 ? (const char *)error.data : "");
	assert_true((result.size == 0) != (error.size == 0));
	if (got.answers == wanted)
		event_base_loopbreak(base);
}

/* Until so many answers are there, or the time is over. */
static void run(unsigned answers, unsigned milliseconds)
{
	const struct timeval time = {milliseconds / 1000, (milliseconds % 1000) * 1000};

	wanted = answers;
	if (answers != 0 && got.answers >= answers)
		return;
	event_base_loopexit(base, &time);
	event_base_dispatch(base);
	assert_true(answers == 0 || got.answers >= answers);
}

static void run_until_noted(const char *name)
{
	for (unsigned i = 0; !is_noted(name); i++) {
		assert_true(i < 500);
		run(0, 20);
	}
}

static struct signer *open_signer(const char *target, size_t most)
{
	const struct log log = {.role = "test", .level = 0, .fd = STDERR_FILENO};
	struct signer *signer;
	struct error error;

	got = (struct got){0};
	base = event_base_new();
	if (!signer_new(base, target, most, &log, &signer, &error))
		fail_msg("%s: %s", target, error.text);
	return signer;
}

static void close_signer(struct signer *signer)
{
	signer_free(signer);
	event_base_free(base);
}

static uint64_t call(struct signer *signer, unsigned index)
{
	const struct signer_claims claims = {.origin = bytes_text("https://a.example")};

	return signer_call(signer, "account_list", bytes_text("[]"), &claims, on_answered, (void *)(uintptr_t)index);
}

/* ---- a signer's socket ---- */

static pid_t listener;
static char socket_target[120];

static void serve_socket(const char *how)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/clef.ipc", folder);
	snprintf(socket_target, sizeof(socket_target), "unix:%s", address.sun_path);
	unlink(address.sun_path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(fd, 16), 0);
	listener = fork();
	if (listener == 0) {
		signal(SIGPIPE, SIG_IGN);
		for (;;) {
			int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC);

			if (connection < 0)
				_exit(0);
			(void)behave(how, connection, connection);
			close(connection);
		}
	}
	close(fd);
}

static void end_socket(void)
{
	kill(listener, SIGKILL);
	waitpid(listener, NULL, 0);
}

/* ---- both ways ---- */

struct row {
	const char *how;
	const char *result; /* NULL: an error with these words */
	const char *words;
};

static void expect_answer(const struct row *row)
{
	if (row->result != NULL && strcmp(got.result, row->result) != 0)
		fail_msg("%s: result %s, error %s", row->how, got.result, got.error);
	if (row->result == NULL && strstr(got.error, row->words) == NULL)
		fail_msg("%s: error %s, expected \"%s\"", row->how, got.error, row->words);
	if (row->result == NULL)
		assert_ptr_equal(strstr(got.error, "{\"code\":-32000,\"message\":\""), got.error);
}

#define BODY_AND_ORIGIN "[ 60,\"https://a.example\"]"

static void test_qrexec(void **state)
{
	static const struct row rows[] = {
	    {"answer", BODY_AND_ORIGIN, NULL},
	    {"noise", BODY_AND_ORIGIN, NULL},
	    {"fails-later", BODY_AND_ORIGIN, NULL},
	    {"refused", NULL, "the signer's side refused the call: not \\\\x1b[31mtoday"},
	    {"hello", NULL, "a greeting in place of a reply"},
	    {"wrong-id", NULL, "belongs to another call"},
	    {"garbage", NULL, "this is no frame"},
	    {"huge", NULL, "a frame of 4294967295 bytes"},
	    {"crash", NULL, "ended by signal 9"},
	    {"exit0", NULL, "ended the call without an answer"},
	    {"exit1", NULL, "(exit code 1)"},
	    {"exit125", NULL, "(125)"},
	    {"exit126", NULL, "refused by qrexec (126)"},
	    {"exit127", NULL, "no service qubes.Clefsign (127)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char target[64];

		snprintf(target, sizeof(target), "qrexec:%s", rows[i].how);
		struct signer *signer = open_signer(target, 4);
		call(signer, 1);
		run(1, 20000);
		expect_answer(&rows[i]);
		close_signer(signer);
	}
}

static void test_socket(void **state)
{
	static const struct row rows[] = {
	    {"answer", BODY_AND_ORIGIN, NULL},
	    {"refused", NULL, "the signer's side refused the call: not \\\\x1b[31mtoday"},
	    {"hello", NULL, "a greeting in place of a reply"},
	    {"wrong-id", NULL, "belongs to another call"},
	    {"garbage", NULL, "this is no frame"},
	    {"huge", NULL, "a frame of 4294967295 bytes"},
	    {"exit0", NULL, "ended the connection without an answer"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		serve_socket(rows[i].how);
		struct signer *signer = open_signer(socket_target, 4);
		call(signer, 1);
		run(1, 20000);
		expect_answer(&rows[i]);
		close_signer(signer);
		end_socket();
	}
}

/* The child has nothing of ours: three descriptors, one variable, no way to new privileges. */
static void test_what_a_child_is_given(void **state)
{
	struct signer *signer;

	(void)state;
	setenv("SECRET_OF_OURS", "x", 1);
	int leak = open("/dev/null", O_RDONLY); /* not close-on-exec */
	signer = open_signer("qrexec:given", 4);
	call(signer, 1);
	run(1, 20000);
	assert_string_equal(got.result, "\"0 1 2 PATH=/usr/local/bin:/usr/bin:/bin 1\"");
	close_signer(signer);
	close(leak);
}

static void test_cancel(const char *target)
{
	struct signer *signer = open_signer(target, 4);
	char path[200];

	uint64_t number = call(signer, 1);
	run_until_noted("asked");
	assert_false(is_noted("gone"));
	signer_cancel(signer, number);
	signer_cancel(signer, number);
	signer_cancel(signer, 0);
	signer_cancel(signer, 12345);
	run_until_noted("gone");
	run(0, 100);
	assert_int_equal(got.answers, 0);
	for (int i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", folder, i == 0 ? "asked" : "gone");
		unlink(path);
	}
	close_signer(signer);
}

static void test_cancelled_calls_are_told_to_the_other_end(void **state)
{
	(void)state;
	test_cancel("qrexec:silent");
	serve_socket("silent");
	test_cancel(socket_target);
	end_socket();
}

/* A child that goes on without its caller is ended after a moment; until then it counts. */
static void test_a_stubborn_child(void **state)
{
	struct signer *signer = open_signer("qrexec:stubborn", 1);
	char path[200];

	(void)state;
	uint64_t number = call(signer, 1);
	run_until_noted("asked");
	signer_cancel(signer, number);
	run_until_noted("gone");
	snprintf(path, sizeof(path), "%s/asked", folder);
	unlink(path);
	call(signer, 2);
	run(0, 1000);
	assert_false(is_noted("asked"));
	/* SIGTERM after three seconds makes room. */
	run_until_noted("asked");
	close_signer(signer);
	unlink(path);
	snprintf(path, sizeof(path), "%s/gone", folder);
	unlink(path);
}

static double processor_seconds(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* A vault that writes to its standard error without end costs next to nothing here. */
static void test_a_child_that_floods(void **state)
{
	struct signer *signer = open_signer("qrexec:flood", 1);
	char path[200];

	(void)state;
	call(signer, 1);
	run_until_noted("asked");
	double before = processor_seconds();
	run(0, 1500);
	double used = processor_seconds() - before;
	close_signer(signer);
	snprintf(path, sizeof(path), "%s/asked", folder);
	unlink(path);
	if (used > 0.15)
		fail_msg("%.3f seconds of 1.5", used);
}

static void test_order_and_limits(void **state)
{
	struct signer *signer = open_signer("qrexec:answer", 1);

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		call(signer, i);
	run(6, 20000);
	for (unsigned i = 0; i < 6; i++)
		assert_int_equal(got.order[i], i);
	close_signer(signer);

	signer = open_signer("qrexec:silent", 2);
	for (unsigned i = 0; i < 1030; i++)
		call(signer, i);
	assert_int_equal(got.answers, 0);
	/* None has begun: 1024 wait, the others are told so at once. */
	run(6, 20000);
	assert_int_equal(got.order[0], 1024);
	assert_ptr_equal(strstr(got.error, "{\"code\":-32005,"), got.error);
	close_signer(signer);
}

/* A call as large as the signer takes goes through the pipe in pieces; a larger one is refused here. */
static void test_sizes(void **state)
{
	static const char closing[] = "\"]";
	struct buf params BUF_CLEANUP = BUF_INIT(2 * FRAME_BODY_MAX);
	const struct signer_claims claims = {0};
	struct signer *signer = open_signer("qrexec:answer", 4);

	(void)state;
	buf_put_text(&params, "[\"");
	while (params.size < FRAME_BODY_MAX - 60)
		buf_put_u8(&params, 'a');
	buf_put(&params, closing, sizeof(closing) - 1);
	signer_call(signer, "account_list", buf_bytes(&params), &claims, on_answered, NULL);
	run(1, 30000);
	assert_string_equal(got.result, "[ 5242880,\"\"]");
	buf_put_u8(&params, ' ');
	signer_call(signer, "account_list", buf_bytes(&params), &claims, on_answered, NULL);
	run(2, 30000);
	assert_non_null(strstr(got.error, "larger than the 5242880 bytes"));
	close_signer(signer);
}

static void expect_no_signer(const char *target, const char *words)
{
	const struct log log = {.role = "test", .level = 0, .fd = STDERR_FILENO};
	struct signer *signer;
	struct error error;

	base = event_base_new();
	if (signer_new(base, target, 4, &log, &signer, &error))
		fail_msg("%s: taken", target);
	if (strstr(error.text, words) == NULL)
		fail_msg("%s: said \"%s\"", target, error.text);
	event_base_free(base);
}

static void test_targets(void **state)
{
	char long_path[200];

	(void)state;
	expect_no_signer("https://vault.example", "TLS support in a later version");
	expect_no_signer("vault", "expected qrexec, qrexec:QUBE or unix:PATH");
	expect_no_signer("qrexec:", "expected the name of a qube");
	expect_no_signer("qrexec:-x", "expected the name of a qube");
	expect_no_signer("qrexec:../x", "expected the name of a qube");
	expect_no_signer("qrexec:@dispvm", "expected the name of a qube");
	expect_no_signer("unix:", "expected the path");
	snprintf(long_path, sizeof(long_path), "unix:/%0150d", 1);
	expect_no_signer(long_path, "at most 107 bytes");
	/* Neither a folder of that name nor a relative place in PATH counts. */
	char *before = strdup(getenv("PATH"));
	setenv("PATH", ".:/nowhere", 1);
	expect_no_signer("qrexec", "found no qrexec-client-vm in PATH");
	setenv("PATH", before, 1);
	free(before);
}

static void test_no_socket(void **state)
{
	struct row row = {"missing", NULL, "does not exist; start clef"};
	char target[120];

	(void)state;
	snprintf(target, sizeof(target), "unix:%s/missing.ipc", folder);
	struct signer *signer = open_signer(target, 4);
	call(signer, 1);
	assert_int_equal(got.answers, 0);
	run(1, 5000);
	expect_answer(&row);
	assert_null(strstr(got.error, "missing.ipc"));
	assert_null(strstr(got.error, folder));
	close_signer(signer);

	serve_socket("silent");
	end_socket();
	row = (struct row){"nobody", NULL, "no signer listens on"};
	signer = open_signer(socket_target, 4);
	call(signer, 1);
	run(1, 5000);
	expect_answer(&row);
	assert_null(strstr(got.error, folder));
	close_signer(signer);
}

/* Ending with calls at every stage leaves nothing behind, and tells nobody. */
static void test_end_with_open_calls(void **state)
{
	struct signer *signer = open_signer("qrexec:silent", 2);

	(void)state;
	for (unsigned i = 0; i < 5; i++)
		call(signer, i);
	run_until_noted("asked");
	close_signer(signer);
	assert_int_equal(got.answers, 0);
}

static int set_up(void **state)
{
	char program[4096], path[4200];

	(void)state;
	ssize_t size = readlink("/proc/self/exe", program, sizeof(program) - 1);
	if (size < 0 || mkdtemp(folder) == NULL)
		return -1;
	program[size] = 0;
	snprintf(path, sizeof(path), "%s/qrexec-client-vm", folder);
	if (symlink(program, path) != 0)
		return -1;
	snprintf(path, sizeof(path), "%s:%s", folder, getenv("PATH"));
	signal(SIGPIPE, SIG_IGN);
	return setenv("PATH", path, 1);
}

static int tear_down(void **state)
{
	DIR *open_folder = opendir(folder);
	struct dirent *entry;

	(void)state;
	while (open_folder != NULL && (entry = readdir(open_folder)) != NULL)
		unlinkat(dirfd(open_folder), entry->d_name, 0);
	closedir(open_folder);
	return rmdir(folder);
}

int main(int count, char *words[])
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_qrexec),
	    cmocka_unit_test(test_socket),
	    cmocka_unit_test(test_what_a_child_is_given),
	    cmocka_unit_test(test_cancelled_calls_are_told_to_the_other_end),
	    cmocka_unit_test(test_a_stubborn_child),
	    cmocka_unit_test(test_a_child_that_floods),
	    cmocka_unit_test(test_order_and_limits),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_targets),
	    cmocka_unit_test(test_no_socket),
	    cmocka_unit_test(test_end_with_open_calls),
	};

	if (count == 3 && strcmp(words[2], "qubes.Clefsign") == 0)
		return stand_in(words[0], words[1]);
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
