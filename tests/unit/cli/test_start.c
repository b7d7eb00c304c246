/* Everything around a start that needs no role: the help, the acknowledgement, lines from a pipe, what flags come to mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/bootwarn.h"
#include "cli/flags.h"
#include "cli/help.h"
#include "cli/line.h"
#include "cli/options.h"
#include "cli/start_checks.h"
#include "base/wrap.h"

#define WORDS(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

/* A pipe that holds this text and has ended. */
static int piped(const char *text)
{
	struct error error;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_true(file_write_all(ends[1], bytes_text(text), &error));
	assert_int_equal(close(ends[1]), 0);
	return ends[0];
}

static void check_line(int fd, const char *wanted)
{
	BUF_CLEANUP struct buf line = BUF_INIT(LINE_MOST);
	struct error error;
	bool end;
	assert_true(line_read(fd, &line, &end, &error));
	assert_int_equal(end, wanted == NULL);
	if (wanted != NULL)
		assert_string_equal(buf_text(&line), wanted);
}

static void test_lines(void **state)
{
	int fd = piped("one\r\n\ntwo \r words\nlast");
	(void)state;
	check_line(fd, "one");
	check_line(fd, "");
	check_line(fd, "two \r words");
	check_line(fd, "last");
	check_line(fd, NULL);
	(void)close(fd);
	check_line(fd, NULL); /* a closed descriptor has ended, too */
}

/* A line that is too long must not be cut into a password and the next answer. */
static void test_long_line(void **state)
{
	BUF_CLEANUP struct buf line = BUF_INIT(4);
	struct error error;
	bool end;
	int fd = piped("123456\nok\n");
	(void)state;
	assert_false(line_read(fd, &line, &end, &error));
	assert_non_null(strstr(error.text, "too long"));
	check_line(fd, "ok");
	(void)close(fd);
}

static bool confirms(const char *input, struct error *ret_error, int *ret_in)
{
	int out = open("/dev/null", O_WRONLY | O_CLOEXEC);
	*ret_in = piped(input);
	bool confirmed = bootwarn_confirm(*ret_in, out, ret_error);
	(void)close(out);
	return confirmed;
}

static void test_acknowledgement(void **state)
{
	static const char *const yes[] = {"ok\n", "  ok \t\r\n", "ok"};
	static const char *const no[] = {"no\n", "\n", "OK\n", "okay\n", "o k\n", "y\n", "ok\xc2\xa0\n", "\xff\n", "\x1b[Aok\n"};
	struct error error;
	int in;
	(void)state;
	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		assert_true(confirms(yes[i], &error, &in));
		(void)close(in);
	}
	for (size_t i = 0; i < sizeof no / sizeof no[0]; i++) {
		assert_false(confirms(no[i], &error, &in));
		assert_non_null(strstr(error.text, "the first line of standard input is not 'ok'"));
		(void)close(in);
	}
	assert_false(confirms("", &error, &in));
	assert_non_null(strstr(error.text, "standard input ended where 'ok' was expected"));
	(void)close(in);
}

static void test_one_pipe_for_acknowledgement_and_password(void **state)
{
	struct error error;
	int in;
	(void)state;
	assert_true(confirms("ok\nlongenough1\n", &error, &in));
	check_line(in, "longenough1");
	(void)close(in);
}

static void check_wrapped(const char *text, size_t column, size_t indent, const char *wanted)
{
	BUF_CLEANUP struct buf out = BUF_INIT(4096);
	wrap_put(text, column, indent, 10, &out);
	assert_string_equal(buf_text(&out), wanted);
}

static void test_lines_fit(void **state)
{
	(void)state;
	check_wrapped("", 0, 0, "\n");
	check_wrapped("one two six", 0, 0, "one two\nsix\n");
	check_wrapped("aaaa bbbbb", 0, 0, "aaaa bbbbb\n");
	check_wrapped("aaaa bbbbbb", 2, 2, "aaaa\n  bbbbbb\n");
	check_wrapped("longer-than-a-line is fine", 0, 1, " longer-than-a-line\n is fine\n");
}

/* On a narrow terminal no word of the warning is cut in two. */
static void test_warning_fits_the_terminal(void **state)
{
	BUF_CLEANUP struct buf text = BUF_INIT(8192);
	struct winsize size = {.ws_row = 24, .ws_col = 40};
	struct error error;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY);
	(void)state;
	assert_true(terminal >= 0 && grantpt(terminal) == 0 && unlockpt(terminal) == 0);
	int fd = open(ptsname(terminal), O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(fd >= 0 && ioctl(fd, TIOCSWINSZ, &size) == 0);
	assert_true(bootwarn_print(fd, &error));
	uint8_t bytes[4096];
	ssize_t got = read(terminal, bytes, sizeof bytes);
	assert_true(got > 0);
	buf_put(&text, bytes, (size_t)got);
	assert_non_null(strstr(buf_text(&text), "WARNING"));
	for (const char *line = buf_text(&text); *line != 0; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\r\n"), 0, 40);
	(void)close(fd);
	(void)close(terminal);
}

static bool names(const char *text, const char *prefix, const char *name)
{
	size_t size = strlen(prefix) + strlen(name);
	BUF_CLEANUP struct buf wanted = BUF_INIT(256);
	buf_printf(&wanted, "%s%s", prefix, name);
	for (const char *at = strstr(text, buf_text(&wanted)); at != NULL; at = strstr(at + 1, buf_text(&wanted)))
		if (strchr(" ,\n", at[size]) != NULL)
			return true;
	return false;
}

static void test_help_names_all(void **state)
{
	BUF_CLEANUP struct buf help = BUF_INIT(65536);
	(void)state;
	help_put(COMMAND_SIGNER, &help);
	for (unsigned i = 0; i < FLAG_COUNT; i++)
		if (!names(buf_text(&help), "  --", flags_spec((enum flag_id)i)->name))
			fail_msg("--%s is not in the help", flags_spec((enum flag_id)i)->name);
	for (unsigned i = COMMAND_SIGNER + 1; i < COMMAND_COUNT; i++)
		assert_true(names(buf_text(&help), "\n  ", flags_command((enum command_id)i)->name));
}

static void test_help_of_a_command(void **state)
{
	BUF_CLEANUP struct buf help = BUF_INIT(65536);
	(void)state;
	help_put(COMMAND_SETPW, &help);
	const char *text = buf_text(&help);
	assert_non_null(strstr(text, "not available yet"));
	assert_true(names(text, "--", "signersecret") && names(text, "--", "configdir") && names(text, "--", "loglevel"));
	assert_false(names(text, "--", "http"));
	assert_non_null(strstr(text, "Examples:\n  clef setpw "));
	for (const char *line = text; *line != 0; line += strcspn(line, "\n") + 1)
		assert_in_range(strcspn(line, "\n"), 0, 80);
}

static void check_path(const char *path, const char *wanted)
{
	struct error error;
	char *resolved = NULL;
	assert_true(options_resolve_path(path, "/users/me/", "/work/here", &resolved, &error));
	assert_string_equal(resolved, wanted);
	free(resolved);
}

static void test_paths(void **state)
{
	static char huge[8192];
	struct error error;
	char *resolved = NULL;
	(void)state;
	check_path("/a/b", "/a/b");
	check_path("/a//b/./c/", "/a/b/c");
	check_path("/a/../b/..", "/");
	check_path("/../../x", "/x");
	check_path("keys", "/work/here/keys");
	check_path("../keys", "/work/keys");
	check_path(".", "/work/here");
	check_path("~", "/users/me");
	check_path("~/.clef", "/users/me/.clef");
	check_path("~other/x", "/work/here/~other/x");
	check_path("/a/..b/...", "/a/..b/...");
	assert_false(options_resolve_path("~/x", NULL, "/", &resolved, &error));
	memset(huge, 'x', sizeof huge - 1);
	assert_false(options_resolve_path(huge, "/users/me", "/", &resolved, &error));
	assert_null(resolved);
}

static bool converts(const char *const *words, struct options *ret_options, struct error *ret_error)
{
	struct flags flags;
	size_t count = 0;
	while (words[count] != NULL)
		count++;
	assert_true(flags_parse(count, words, &flags, ret_error));
	return options_from_flags(&flags, ret_options, ret_error);
}

static void test_options(void **state)
{
	OPTIONS_CLEANUP struct options options;
	struct error error;
	(void)state;
	assert_true(converts(WORDS("--keystore", "/k/", "--configdir=/c", "--chainid", "0x5", "--http", "--http.port", "0",
	                         "--loglevel", "0", "--request-timeout", "2m", "--auditlog", ""),
	    &options, &error));
	assert_string_equal(options.core.keystore, "/k");
	assert_string_equal(options.core.configdir, "/c");
	assert_int_equal(options.core.chain_id, 5);
	assert_int_equal(options.core.http_port, 0);
	assert_true(options.core.http);
	assert_int_equal(options.core.log_level, 1);
	assert_int_equal(options.core.request_timeout_s, 120);
	assert_int_equal(options.core.secret_fd, -1);
	assert_null(options.core.ipc_path);
	assert_null(options.core.password_file);
	assert_string_equal(options.core.audit_log, "");
}

static void test_empty_keystore_stays_empty(void **state)
{
	OPTIONS_CLEANUP struct options options;
	struct error error;
	(void)state;
	assert_true(converts(WORDS("--keystore", "", "--ipcpath="), &options, &error));
	assert_string_equal(options.core.keystore, "");
	assert_null(options.core.ipc_path);
}

static void test_options_refused(void **state)
{
	const char *const *const wrong[] = {WORDS("--chainid", "0"), WORDS("--chainid", "-1"), WORDS("--http.port", "65536"),
	    WORDS("--http.port", "-1"), WORDS("--loglevel", "6"), WORDS("--loglevel", "-1"), WORDS("--configdir", ""),
	    WORDS("--password-file", ""), WORDS("--secret-fd", "0", "--stdio-ui"), WORDS("--secret-fd", "900", "--stdio-ui"),
	    WORDS("--secret-fd", "99999999999", "--stdio-ui"), WORDS("--ipcpath", "/r/clef.ipc"), WORDS("--ipcpath", "clef.ipc/"),
	    WORDS("--ipcpath", "/clef.ipc"), WORDS("--allow-weak-sandbox", "--require-sandbox")};
	struct options options;
	struct error error;
	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
		if (converts(wrong[i], &options, &error))
			fail_msg("%s %s is accepted", wrong[i][0], wrong[i][1]);
	/* The chain is the signer's concern alone. */
	assert_true(converts(WORDS("--chainid", "0", "list-accounts"), &options, &error));
	options_free(&options);
}

static void test_ipc_path_is_a_folder(void **state)
{
	struct options options;
	struct error error;
	(void)state;
	assert_false(converts(WORDS("--ipcpath", "/users/me/.clef/clef.ipc"), &options, &error));
	assert_non_null(strstr(error.text, "give the folder that gets the socket clef.ipc, here /users/me/.clef"));
	assert_true(converts(WORDS("--ipcpath", "/users/clef.ipc.d"), &options, &error));
	options_free(&options);
	assert_true(converts(WORDS("--ipcpath", "/users/clef.ipc/sub"), &options, &error));
	options_free(&options);
}

static void test_who_can_ask(void **state)
{
	static const char *const near[] = {"127.0.0.1", "127.255.0.3", "::1", "localhost", "::ffff:127.0.0.1"};
	static const char *const far[] = {"0.0.0.0", "::", "192.168.1.2", "128.0.0.1", "example.org", "", "127.0.0.1.example.org",
	    "::ffff:10.0.0.1", "fe80::1"};
	(void)state;
	for (size_t i = 0; i < sizeof near / sizeof near[0]; i++)
		if (!start_is_loopback(near[i]))
			fail_msg("%s", near[i]);
	for (size_t i = 0; i < sizeof far / sizeof far[0]; i++)
		if (start_is_loopback(far[i]))
			fail_msg("%s", far[i]);
	assert_true(start_allows_all_hosts("*"));
	assert_true(start_allows_all_hosts("localhost, *"));
	assert_false(start_allows_all_hosts("localhost,*.example.org"));
	assert_false(start_allows_all_hosts(""));
}

static void test_secret_fd(void **state)
{
	struct options options;
	struct error error;
	int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	char number[16];
	(void)state;
	BUF_CLEANUP struct buf text = BUF_INIT(16);
	buf_printf(&text, "%d", fd);
	memcpy(number, buf_text(&text), text.size + 1);
	assert_false(converts(WORDS("--secret-fd", number), &options, &error));
	assert_true(converts(WORDS("--secret-fd", number, "--stdio-ui"), &options, &error));
	assert_int_equal(options.core.secret_fd, fd);
	options_free(&options);
	(void)close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines),
	    cmocka_unit_test(test_long_line),
	    cmocka_unit_test(test_acknowledgement),
	    cmocka_unit_test(test_one_pipe_for_acknowledgement_and_password),
	    cmocka_unit_test(test_lines_fit),
	    cmocka_unit_test(test_warning_fits_the_terminal),
	    cmocka_unit_test(test_help_names_all),
	    cmocka_unit_test(test_help_of_a_command),
	    cmocka_unit_test(test_paths),
	    cmocka_unit_test(test_options),
	    cmocka_unit_test(test_empty_keystore_stays_empty),
	    cmocka_unit_test(test_options_refused),
	    cmocka_unit_test(test_ipc_path_is_a_folder),
	    cmocka_unit_test(test_who_can_ask),
	    cmocka_unit_test(test_secret_fd),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
