#include "testing.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "base/file.h"

static char folder[64];
static int folder_fd = -1;

static int make_folder(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/clef-file-test.XXXXXX");
	if (mkdtemp(folder) == NULL)
		return -1;
	folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A test that opens what it should not must not hang for ever. */
	alarm(60);
	return folder_fd < 0;
}

/* The number of names in the folder; removes them when told to. */
static size_t count_names(bool remove_them)
{
	DIR *dir = opendir(folder);
	size_t count = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		count++;
		if (remove_them)
			unlinkat(folder_fd, entry->d_name, 0);
	}
	closedir(dir);
	return count;
}

static int remove_folder(void **state)
{
	(void)state;
	count_names(true);
	close(folder_fd);
	return rmdir(folder);
}

static void assert_content(const char *name, struct bytes expected)
{
	struct buf content BUF_CLEANUP = BUF_INIT(1 << 20);
	struct error error = {0};

	assert_true(file_read_at(folder_fd, name, &content, &error));
	assert_bytes_equal(buf_bytes(&content), expected);
}

static bool replace(const char *name, const char *content, bool exclusive, struct error *ret_error)
{
	return file_replace_at(folder_fd, name, bytes_text(content), 0600, exclusive, ret_error);
}

static void test_create_and_replace(void **state)
{
	(void)state;
	struct error error = {0};

	assert_true(replace("key", "one", false, &error));
	assert_content("key", bytes_text("one"));
	assert_true(replace("key", "", false, &error));
	assert_content("key", BYTES_NONE);
	assert_true(file_replace_at(folder_fd, "key", LITERAL("t\0wo"), 0600, false, &error));
	assert_content("key", LITERAL("t\0wo"));
	assert_int_equal(count_names(false), 1);
}

static void test_mode_does_not_depend_on_umask(void **state)
{
	(void)state;
	struct error error = {0};
	struct stat status;
	mode_t before = umask(0077);

	assert_true(file_replace_at(folder_fd, "shared", bytes_text("x"), 0644, false, &error));
	umask(0);
	assert_true(replace("private", "x", false, &error));
	umask(before);
	assert_int_equal(fstatat(folder_fd, "shared", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0644);
	assert_int_equal(fstatat(folder_fd, "private", &status, 0), 0);
	assert_int_equal(status.st_mode & 07777, 0600);
}

static void test_exclusive_keeps_what_exists(void **state)
{
	(void)state;
	struct error error = {0};

	assert_true(replace("key", "first", true, &error));
	assert_false(replace("key", "second", true, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	assert_string_equal(error.text, "key: exists already");
	assert_content("key", bytes_text("first"));
	assert_int_equal(count_names(false), 1);
	/* A link that leads nowhere is something that exists, too. */
	assert_int_equal(symlinkat("nowhere", folder_fd, "link"), 0);
	assert_false(replace("link", "x", true, &error));
	assert_int_equal(count_names(false), 2);
}

static void create_exclusively(void *argument)
{
	const int *start = argument;
	struct error error = {0};
	char byte;
	char content[32];

	/* All wait here until the parent lets go. */
	if (read(*start, &byte, 1) < 0)
		_exit(3);
	snprintf(content, sizeof content, "%d", (int)getpid());
	_exit(replace("contested", content, true, &error) ? 0 : 1);
}

static void assert_one_winner(void)
{
	int start[2];
	pid_t children[6];
	unsigned winners = 0;
	char winner[32] = "";

	assert_int_equal(pipe(start), 0);
	for (size_t i = 0; i < 6; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i] == 0) {
			close(start[1]);
			create_exclusively(&start[0]);
		}
	}
	close(start[0]);
	close(start[1]);
	for (size_t i = 0; i < 6; i++) {
		int status;
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_true(WIFEXITED(status) && WEXITSTATUS(status) <= 1);
		if (WEXITSTATUS(status) == 0) {
			winners++;
			snprintf(winner, sizeof winner, "%d", (int)children[i]);
		}
	}
	assert_int_equal(winners, 1);
	assert_content("contested", bytes_text(winner));
	assert_int_equal(count_names(true), 1);
}

static void test_one_of_several_creators_wins(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 15; round++)
		assert_one_winner();
}

static void replace_beyond_the_size_limit(void *argument)
{
	const struct rlimit limit = {1000, 1000};
	static char content[5000];
	struct error error = {0};

	(void)argument;
	memset(content, 'x', sizeof content - 1);
	signal(SIGXFSZ, SIG_IGN);
	if (setrlimit(RLIMIT_FSIZE, &limit) != 0)
		_exit(2);
	bool ok = replace("key", content, false, &error);
	_exit(ok || strncmp(error.text, "key: cannot write: ", 19) != 0);
}

static void test_failed_write_leaves_the_old_file(void **state)
{
	(void)state;
	struct error error = {0};

	assert_true(replace("key", "old", false, &error));
	assert_exits_with(run_in_child(replace_beyond_the_size_limit, NULL), 0);
	assert_content("key", bytes_text("old"));
	assert_int_equal(count_names(false), 1);
}

static void test_failed_rename_leaves_nothing(void **state)
{
	(void)state;
	struct error error = {0};

	assert_int_equal(mkdirat(folder_fd, "taken", 0700), 0);
	assert_false(replace("taken", "x", false, &error));
	assert_int_equal(count_names(false), 1);
	assert_int_equal(unlinkat(folder_fd, "taken", AT_REMOVEDIR), 0);
}

static void test_only_plain_names_are_written(void **state)
{
	(void)state;
	static const char *const bad[] = {"", ".", "..", "a/b", "../x", "/tmp/x"};
	struct error error = {0};

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(replace(bad[i], "x", false, &error));
	assert_int_equal(count_names(false), 0);
}

static void test_longest_name_works(void **state)
{
	(void)state;
	char name[257];
	struct error error = {0};

	memset(name, 'n', sizeof name);
	name[256] = 0;
	assert_false(replace(name, "x", false, &error));
	name[255] = 0;
	assert_true(replace(name, "x", false, &error));
	assert_content(name, bytes_text("x"));
	assert_int_equal(count_names(false), 1);
}

static void test_replacing_a_link_leaves_its_target(void **state)
{
	(void)state;
	struct error error = {0};

	assert_true(replace("target", "old", false, &error));
	assert_int_equal(symlinkat("target", folder_fd, "link"), 0);
	assert_true(replace("link", "new", false, &error));
	assert_content("target", bytes_text("old"));
	assert_content("link", bytes_text("new"));
}

static void assert_unreadable(const char *name, size_t limit, const char *expected)
{
	struct buf content BUF_CLEANUP = BUF_INIT(limit);
	struct error error = {0};

	assert_false(file_read_at(folder_fd, name, &content, &error));
	assert_string_equal(error.text, expected);
	assert_int_equal(content.size, 0);
}

static void test_only_regular_files_are_read(void **state)
{
	(void)state;
	struct error error = {0};

	assert_true(replace("file", "x", false, &error));
	assert_int_equal(symlinkat("file", folder_fd, "link"), 0);
	assert_int_equal(mkfifoat(folder_fd, "fifo", 0600), 0);
	assert_unreadable("missing", 10, "missing: No such file or directory");
	assert_unreadable("link", 10, "link: is a symbolic link, a regular file was expected");
	assert_unreadable("fifo", 10, "fifo: is not a regular file");
	assert_unreadable(".", 10, ".: is not a regular file");
}

static void test_read_respects_the_limit(void **state)
{
	(void)state;
	struct error error = {0};
	struct buf exact BUF_CLEANUP = BUF_INIT(10);

	assert_true(replace("file", "0123456789", false, &error));
	assert_true(file_read_at(folder_fd, "file", &exact, &error));
	assert_string_equal(buf_text(&exact), "0123456789");
	assert_unreadable("file", 9, "file: larger than the 9 bytes allowed");
	assert_unreadable("file", 0, "file: larger than the 0 bytes allowed");
}

static void test_failed_read_keeps_what_was_there(void **state)
{
	(void)state;
	struct error error = {0};
	struct buf content BUF_CLEANUP = BUF_INIT(8);

	buf_put_text(&content, "head");
	assert_true(replace("file", "0123456789", false, &error));
	assert_false(file_read_at(folder_fd, "file", &content, &error));
	assert_string_equal(buf_text(&content), "head");
	assert_true(replace("file", "tail", false, &error));
	assert_true(file_read_at(folder_fd, "file", &content, &error));
	assert_string_equal(buf_text(&content), "headtail");
}

static void on_alarm(int number)
{
	(void)number;
}

/* A child that writes slowly through a pipe, and signals that interrupt both sides. */
static void test_descriptors_through_signals_and_short_writes(void **state)
{
	(void)state;
	struct sigaction action = {.sa_handler = on_alarm};
	struct buf sent BUF_CLEANUP = BUF_INIT(1 << 20);
	struct buf got BUF_CLEANUP = BUF_INIT(1 << 20);
	struct error error = {0};
	int fds[2];

	for (unsigned i = 0; i < 100000; i++)
		buf_put_u32(&sent, i);
	assert_int_equal(pipe(fds), 0);
	assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
	pid_t child = fork();
	if (child == 0) {
		close(fds[0]);
		for (unsigned i = 0; i < 20; i++)
			kill(getppid(), SIGUSR1);
		_exit(file_write_all(fds[1], buf_bytes(&sent), &error) ? 0 : 1);
	}
	close(fds[1]);
	/* Time for the child to fill the pipe: from then on a signal finds it in a write of which nothing was done yet. */
	for (unsigned i = 0; i < 20; i++) {
		usleep(10000);
		kill(child, SIGUSR1);
	}
	assert_true(file_read_fd(fds[0], &got, &error));
	assert_bytes_equal(buf_bytes(&got), buf_bytes(&sent));
	close(fds[0]);
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_exits_with(status, 0);
}

static void test_write_to_nowhere_is_an_error(void **state)
{
	(void)state;
	struct error error = {0};
	int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);

	assert_false(file_write_all(fd, bytes_text("x"), &error));
	assert_string_equal(error.text, "cannot write: No space left on device");
	assert_true(file_write_all(fd, BYTES_NONE, &error));
	close(fd);
}

#define FILE_TEST(name) cmocka_unit_test_setup_teardown(name, make_folder, remove_folder)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    FILE_TEST(test_create_and_replace),
	    FILE_TEST(test_mode_does_not_depend_on_umask),
	    FILE_TEST(test_exclusive_keeps_what_exists),
	    FILE_TEST(test_one_of_several_creators_wins),
	    FILE_TEST(test_failed_write_leaves_the_old_file),
	    FILE_TEST(test_failed_rename_leaves_nothing),
	    FILE_TEST(test_only_plain_names_are_written),
	    FILE_TEST(test_longest_name_works),
	    FILE_TEST(test_replacing_a_link_leaves_its_target),
	    FILE_TEST(test_only_regular_files_are_read),
	    FILE_TEST(test_read_respects_the_limit),
	    FILE_TEST(test_failed_read_keeps_what_was_there),
	    FILE_TEST(test_descriptors_through_signals_and_short_writes),
	    FILE_TEST(test_write_to_nowhere_is_an_error),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
