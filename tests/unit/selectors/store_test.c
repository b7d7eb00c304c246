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
	unlinkat(folder, "link", 0);
	close(folder);
	return rmdir(scratch); /* fails when a temporary file was left */
}

static bool store(const char *signature, bool *ret_known, struct error *ret_error)
{
	return store_signature(folder, "file", bytes_text(signature), ret_known, ret_error);
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
	struct stat info;
	struct error error;
	bool known;

	(void)state;
	umask(0);
	unlinkat(folder, "file", 0);
	assert_true(store("transfer(address,uint256)", &known, &error));
	assert_false(known);
	assert_file("{\"a9059cbb\":\"transfer(address,uint256)\"}");
	assert_int_equal(fstatat(folder, "file", &info, 0), 0);
	assert_int_equal(info.st_mode & 07777, 0600);
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

static void test_a_link_is_not_followed(void **state)
{
	struct error error;
	bool known;

	(void)state;
	write_file("{}");
	assert_int_equal(symlinkat("file", folder, "link"), 0);
	assert_false(store_signature(folder, "link", bytes_text("deposit()"), &known, &error));
	assert_file("{}");
}

/* Nothing fits on the disk: the old file stays, and nothing else. */
static void test_no_room(void **state)
{
	struct rlimit limit, none = {10, 10};
	struct error error;
	bool known;

	(void)state;
	write_file("{\"d0e30db0\":\"deposit()\"}");
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	none.rlim_max = limit.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	bool ok = store("transfer(address,uint256)", &known, &error);

	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
	assert_false(ok);
	assert_file("{\"d0e30db0\":\"deposit()\"}");
}

#define WRITERS 8
#define EACH    20

static _Noreturn void write_many(unsigned writer)
{
	/* A lock belongs to the opened folder: each signer opens its own. */
	int own = open(scratch, O_RDONLY | O_DIRECTORY);
	char text[64];
	struct error error;
	bool known;

	for (unsigned i = 0; i < EACH; i++) {
		snprintf(text, sizeof(text), "method%u_%u()", writer, i);
		if (!store_signature(own, "file", bytes_text(text), &known, &error) || known)
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

/* Somebody else holds the folder's lock for ever: given up after a while. */
static void test_a_lock_that_stays(void **state)
{
	int other = open(scratch, O_RDONLY | O_DIRECTORY);
	struct error error;
	bool known;

	(void)state;
	write_file("{}");
	assert_int_equal(flock(other, LOCK_EX), 0);
	assert_false(store("deposit()", &known, &error));
	assert_string_equal(error.text, "another program keeps the folder locked");
	close(other);
	assert_true(store("deposit()", &known, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_writer),
	    cmocka_unit_test(test_what_is_no_signature),
	    cmocka_unit_test(test_a_file_that_is_not_in_order_stays),
	    cmocka_unit_test(test_a_link_is_not_followed),
	    cmocka_unit_test(test_no_room),
	    cmocka_unit_test(test_several_writers_lose_nothing),
	    cmocka_unit_test(test_a_lock_that_stays),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
