/* The audit log: nobody forges a line, and a line that cannot be written fails the call that it is about. */
#include "../base/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/text.h"
#include "core/audit.h"

static char folder[] = "/tmp/clef-audit-XXXXXX";
static char path[sizeof(folder) + 16];

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	if (mkdtemp(folder) == NULL)
		return -1;
	snprintf(path, sizeof(path), "%s/audit.log", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static void read_log(struct buf *ret_text)
{
	struct error error;

	assert_true(file_read_at(AT_FDCWD, path, ret_text, &error));
}

static void write_field(const char *key, struct bytes value)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(65536);
	struct audit audit;
	struct error error;

	audit_field(&fields, key, value);
	assert_true(audit_open(path, &audit, &error));
	assert_true(audit_write(&audit, "SignData", buf_bytes(&fields), true, &error));
	audit_close(&audit);
}

static void test_a_line(void **state)
{
	struct buf text BUF_CLEANUP = BUF_INIT(65536), start BUF_CLEANUP = BUF_INIT(1024);
	struct stat info;

	(void)state;
	umask(0);
	write_field("addr", bytes_text("0x12 [chksum ok]"));
	umask(022);
	read_log(&text);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
	buf_printf(&start, "level=INFO msg=Configured api=signer \"audit log\"=%s\n", path);
	assert_non_null(strstr(buf_text(&text), buf_text(&start)));
	const char *second = strchr(buf_text(&text), '\n') + 1;

	assert_int_equal(strncmp(second, "time=20", 7), 0);
	assert_int_equal(strspn(second + 5, "0123456789T:-+."), 28); /* 2026-11-22T13:20:20.123+0000 */
	assert_string_equal(second + 5 + 28, " level=INFO msg=SignData api=signer addr=\"0x12 [chksum ok]\"\n");
}

static void test_it_is_appended_to(void **state)
{
	struct buf text BUF_CLEANUP = BUF_INIT(65536);

	(void)state;
	write_field("a", bytes_text("first"));
	write_field("a", bytes_text("second"));
	read_log(&text);
	assert_non_null(strstr(buf_text(&text), "a=first\n"));
	assert_non_null(strstr(buf_text(&text), "a=second\n"));
}

static void test_none(void **state)
{
	struct audit audit;
	struct error error;

	(void)state;
	assert_true(audit_open(NULL, &audit, &error));
	assert_false(audit_enabled(&audit));
	assert_true(audit_write(&audit, "List", BYTES_NONE, true, &error));
	assert_true(audit_open("", &audit, &error));
	assert_false(audit_enabled(&audit));
	audit_close(&audit);
}

/* ---- forging ---- */

static void test_escapes(void **state)
{
	static const struct {
		struct bytes value;
		const char *written;
	} cases[] = {
	    {{(const uint8_t *)"plain-text/1.0,x:y", 18}, " k=plain-text/1.0,x:y"},
	    {{NULL, 0}, " k=\"\""},
	    {{(const uint8_t *)"a b", 3}, " k=\"a b\""},
	    {{(const uint8_t *)"a=b", 3}, " k=\"a=b\""},
	    {{(const uint8_t *)"a\nb", 3}, " k=\"a\\nb\""},
	    {{(const uint8_t *)"a\r\tb", 4}, " k=\"a\\u000d\\u0009b\""},
	    {{(const uint8_t *)"\"\\", 2}, " k=\"\\\"\\\\\""},
	    {{(const uint8_t *)"\\n", 2}, " k=\"\\\\n\""},
	    {{(const uint8_t *)"\0", 1}, " k=\"\\u0000\""},
	    {{(const uint8_t *)"\xff\xc3", 2}, " k=\"\\xff\\xc3\""},
	    {{(const uint8_t *)"\xed\xa0\x80", 3}, " k=\"\\xed\\xa0\\x80\""},
	    {{(const uint8_t *)"\xe2\x80\xae", 3}, " k=\"\\u202e\""},
	    {{(const uint8_t *)"\xf3\xa0\x80\x81", 4}, " k=\"\\U000e0001\""},
	    {{(const uint8_t *)"\xe2\x80\xa8", 3}, " k=\"\\u2028\""},
	    {{(const uint8_t *)"\x7f\xc2\x85", 3}, " k=\"\\u007f\\u0085\""},
	    {{(const uint8_t *)"\xc3\xb6", 2}, " k=\"\xc3\xb6\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf fields BUF_CLEANUP = BUF_INIT(1024);

		audit_field(&fields, "k", cases[i].value);
		assert_string_equal(buf_text(&fields), cases[i].written);
	}
}

/* Where the value of a field ends, as a reader of the format sees it. */
static const char *skip_value(const char *at)
{
	if (*at != '"')
		return at + strcspn(at, " \n");
	for (at++; *at != '"'; at++) {
		assert_true(*at != 0 && *at != '\n');
		if (*at == '\\')
			at++;
	}
	return at + 1;
}

static void test_no_value_makes_a_line_or_a_field(void **state)
{
	static const char *const attempts[] = {
	    "x\ntime=2026-01-01T00:00:00.000+0000 level=INFO msg=SignData api=signer type=response",
	    "x\" type=response data=\"0xdead", "x\\\" type=response data=\\\"", "x\xe2\x80\xa8time=1", "x type=response",
	    "x\r\nLevel"};
	uint64_t seed = 77;

	(void)state;
	for (size_t i = 0; i < sizeof(attempts) / sizeof(attempts[0]) + 300; i++) {
		struct buf fields BUF_CLEANUP = BUF_INIT(65536);
		uint8_t random[40];

		for (size_t k = 0; k < sizeof(random); k++)
			random[k] = (uint8_t)("\n\"\\ =\xe2\x80\xae\xff ab\0\r"[random_below(&seed, 14)]);
		audit_field(&fields, "User-Agent",
		    i < sizeof(attempts) / sizeof(attempts[0]) ? bytes_text(attempts[i]) : bytes_of(random, sizeof(random)));
		audit_field(&fields, "end", bytes_text("1"));
		const char *text = buf_text(&fields);

		assert_int_equal(strlen(text), fields.size);
		assert_null(strchr(text, '\n'));
		assert_int_equal(strncmp(text, " User-Agent=", 12), 0);
		assert_string_equal(skip_value(text + 12), " end=1");
		assert_true(text_is_utf8(buf_bytes(&fields)));
	}
}

/* ---- failures ---- */

static void test_no_space_left(void **state)
{
	struct audit audit = AUDIT_NONE;
	struct error error;

	(void)state;
	assert_false(audit_open("/dev/full", &audit, &error));
	assert_non_null(strstr(error.text, "the audit log cannot be written"));
	assert_false(audit_write(&audit, "List", BYTES_NONE, false, &error));
	audit_close(&audit);
	assert_int_equal(audit.fd, -1);
}

static void test_what_is_no_file(void **state)
{
	char link_path[sizeof(path) + 8];
	struct audit audit;
	struct error error;

	(void)state;
	assert_false(audit_open(folder, &audit, &error));
	assert_false(audit_open("/nowhere/audit.log", &audit, &error));
	assert_non_null(strstr(error.text, "/nowhere/audit.log"));
	snprintf(link_path, sizeof(link_path), "%s.link", path);
	assert_int_equal(symlink(path, link_path), 0);
	assert_false(audit_open(link_path, &audit, &error));
	unlink(link_path);
	/* A FIFO that nobody reads must not hang the start. */
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(audit_open(path, &audit, &error));
}

/* The disk is full in the middle of a line; then there is room again. */
static void write_until_full(void *argument)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(65536);
	struct rlimit limit = {300, RLIM_INFINITY};
	struct audit audit;
	struct error error;
	unsigned failed = 0;

	(void)argument;
	signal(SIGXFSZ, SIG_IGN);
	if (!audit_open(path, &audit, &error) || setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(1);
	for (unsigned i = 0; i < 10; i++) {
		buf_reset(&fields);
		audit_field(&fields, "number", bytes_text("0123456789"));
		failed += !audit_write(&audit, "List", buf_bytes(&fields), true, &error);
	}
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	if (failed == 0 || failed == 10 || !audit_write(&audit, "After", BYTES_NONE, true, &error) ||
	    !audit_write(&audit, "Then", BYTES_NONE, true, &error))
		_exit(2);
	audit_close(&audit);
}

static void test_a_torn_line_stands_alone(void **state)
{
	struct buf text BUF_CLEANUP = BUF_INIT(65536);

	(void)state;
	assert_exits_with(run_in_child(write_until_full, NULL), 0);
	read_log(&text);
	const char *after = strstr(buf_text(&text), "msg=After");

	assert_non_null(after);
	assert_string_equal(
	    strchr(after, '\n') + 1 + strlen("time=2026-11-22T13:20:20.123+0000"), " level=INFO msg=Then api=signer\n");
	/* Its line begins with its own time. */
	while (after[-1] != '\n')
		after--;
	assert_int_equal(strncmp(after, "time=", 5), 0);
	assert_int_equal(strcspn(after, "\n"), strlen("time=2026-11-22T13:20:20.123+0000 level=INFO msg=After api=signer"));
}

#define LOGGED(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    LOGGED(test_a_line),
	    LOGGED(test_it_is_appended_to),
	    cmocka_unit_test(test_none),
	    cmocka_unit_test(test_escapes),
	    cmocka_unit_test(test_no_value_makes_a_line_or_a_field),
	    cmocka_unit_test(test_no_space_left),
	    LOGGED(test_what_is_no_file),
	    LOGGED(test_a_torn_line_stands_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
