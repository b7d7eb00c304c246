/* The file of the person's own signatures: what one writer, several at a time, and a full disk do to it. */
#include "../base/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "decode/selectors_custom.h"
#include "selectors/store.h"

static char scratch[] = "/tmp/clef-store-XXXXXX";
static int folder = -1;

static int make_folder(void **state)
{
	(void)state;
	if (mkdtemp(scratch) == NULL)
		return -1;
	folder = open(scratch, O_RDONLY | O_DIRECTORY);
	return folder < 0 ? -1 : 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlinkat(folder, "file", 0);
	close(folder);
	return rmdir(scratch); /* fails when a temporary file was left */
}

static int open_file(void)
{
	int file = openat(folder, "file", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	assert_true(file >= 0);
	return file;
}

static bool store(const char *signature, bool *ret_known, struct error *ret_error)
{
	int file = open_file();
	bool ok = store_signature(file, bytes_text(signature), ret_known, ret_error);

	close(file);
	return ok;
}

static void write_file(const char *text)
{
	struct error error;

	assert_true(file_replace_at(folder, "file", bytes_text(text), 0644, false, &error));
}

static void assert_file(const char *expected)
{
	BUF_CLEANUP struct buf content = BUF_INIT(65536);
	struct error error;

	assert_true(file_read_at(folder, "file", &content, &error));
	assert_string_equal(buf_text(&content), expected);
}

static void test_one_writer(void **state)
{
	struct error error;
	bool known;

	(void)state;
	unlinkat(folder, "file", 0);
	assert_true(store("transfer(address,uint256)", &known, &error));
	assert_false(known);
	assert_file("{\"a9059cbb\":\"transfer(address,uint256)\"}");
	assert_true(store("transfer(address,uint256)", &known, &error));
	assert_true(known);
	assert_true(store("deposit()", &known, &error));
	assert_file("{\"a9059cbb\":\"transfer(address,uint256)\",\"d0e30db0\":\"deposit()\"}");
}

static void test_what_is_no_signature(void **state)
{
	static const char *const texts[] = {
	    "", "deposit", "deposit(", "deposit()\",\"a9059cbb\":\"x()", "deposit( )", "deposit(uint)", "\xff()", "deposit()\n"};
	struct error error;
	bool known;

	(void)state;
	write_file("{}");
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_false(store(texts[i], &known, &error));
	assert_file("{}");
}

static void test_a_file_that_is_not_in_order_stays(void **state)
{
	static const char *const texts[] = {"{", "[]", "{\"a\":1}", "{} {}"};
	struct error error;
	bool known;

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		write_file(texts[i]);
		assert_false(store("deposit()", &known, &error));
		assert_file(texts[i]);
	}
}

/* Only the end is written; the same file, in whatever form a person gave it. */
static void test_in_place(void **state)
{
	static const struct {
		const char *before, *after;
	} files[] = {
	    {"", "{\"d0e30db0\":\"deposit()\"}"},
	    {"      \n\n                                            ", "{\"d0e30db0\":\"deposit()\"}"},
	    {"{ }", "{\"d0e30db0\":\"deposit()\" }"},
	    {"{\n  \"a\": \"b\"\n}\n\n", "{\n  \"a\": \"b\",\n  \"d0e30db0\": \"deposit()\"\n}\n\n"},
	    {"{\"a\":\"}\"}", "{\"a\":\"}\",\"d0e30db0\":\"deposit()\"}"},
	};
	struct stat before, after;
	struct error error;
	bool known;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		write_file(files[i].before);
		assert_int_equal(fstatat(folder, "file", &before, 0), 0);
		assert_true(store("deposit()", &known, &error));
		assert_false(known);
		assert_file(files[i].after);
		assert_int_equal(fstatat(folder, "file", &after, 0), 0);
		assert_int_equal(after.st_ino, before.st_ino);
		assert_int_equal(after.st_mode, before.st_mode);
	}
}

/* What is written to a file without a name is lost: that is said. */
static void test_a_file_that_was_replaced(void **state)
{
	int file;
	struct error error;
	bool known;

	(void)state;
	write_file("{}");
	file = open_file();
	write_file("{\"a\":\"b\"}");
	assert_false(store_signature(file, bytes_text("deposit()"), &known, &error));
	assert_string_equal(error.text, "the file was removed or replaced since the signer was started");
	assert_file("{\"a\":\"b\"}");
	close(file);
}

/* No room on the disk, for any of it or for the rest of it: the file is whole, as before. */
static void test_no_room(void **state)
{
	static const char content[] = "{\"d0e30db0\":\"deposit()\"}";
	static const char longer[] = "{\"d0e30db0\":\"deposit()\",\"a9059cbb\":\"transfer(address,uint256)\"}";
	struct rlimit limit, none;
	struct error error;
	bool known;

	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none = limit;
	for (size_t room = 10; room < sizeof(longer) + 2; room++) {
		write_file(content);
		none.rlim_cur = room;
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
		bool ok = store("transfer(address,uint256)", &known, &error);

		assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
		if (room < strlen(longer)) {
			assert_false(ok);
			assert_string_equal(error.text, "cannot write: File too large");
			assert_file(content);
		} else {
			assert_true(ok);
			assert_file(longer);
		}
	}
}

#define WRITERS 8
#define EACH    20

static _Noreturn void write_many(unsigned writer)
{
	/* A lock belongs to the opened file: each signer opens its own. */
	int own = open_file();
	char text[64];
	struct error error;
	bool known;

	for (unsigned i = 0; i < EACH; i++) {
		snprintf(text, sizeof(text), "method%u_%u()", writer, i);
		if (!store_signature(own, bytes_text(text), &known, &error) || known)
			_exit(1);
	}
	_exit(0);
}

static void test_several_writers_lose_nothing(void **state)
{
	const struct log silent = {"test", 0, -1};
	struct selectors_custom list = SELECTORS_CUSTOM_EMPTY;
	BUF_CLEANUP struct buf content = BUF_INIT(65536);
	struct error error;
	int status;

	(void)state;
	unlinkat(folder, "file", 0);
	for (unsigned writer = 0; writer < WRITERS; writer++) {
		pid_t pid = fork();

		assert_int_not_equal(pid, -1);
		if (pid == 0)
			write_many(writer);
	}
	for (unsigned writer = 0; writer < WRITERS; writer++) {
		assert_true(wait(&status) > 0);
		assert_true(WIFEXITED(status));
		assert_int_equal(WEXITSTATUS(status), 0);
	}
	assert_true(file_read_at(folder, "file", &content, &error));
	assert_true(selectors_custom_read(buf_bytes(&content), &silent, &list, &error));
	assert_int_equal(list.count, WRITERS * EACH);
	selectors_custom_free(&list);
}

/* Somebody else holds the lock for ever: given up after a while. */
static void test_a_lock_that_stays(void **state)
{
	int other;
	struct error error;
	bool known;

	(void)state;
	write_file("{}");
	other = open_file();
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_false(store("deposit()", &known, &error));
	assert_string_equal(error.text, "another program keeps the file locked");
	close(other);
	assert_true(store("deposit()", &known, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_writer),
	    cmocka_unit_test(test_what_is_no_signature),
	    cmocka_unit_test(test_a_file_that_is_not_in_order_stays),
	    cmocka_unit_test(test_in_place),
	    cmocka_unit_test(test_a_file_that_was_replaced),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_several_writers_lose_nothing),
	    cmocka_unit_test(test_a_lock_that_stays),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
