/* What the commands print, and that the man page and the help say the same. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/file.h"
#include "base/json.h"
#include "cli/accounts_list.h"
#include "cli/accounts_text.h"
#include "cli/flags.h"
#include "cli/gendoc.h"
#include "cli/keystore_look.h"

static void put_account(struct buf *accounts, uint8_t fill, const char *path)
{
	for (int i = 0; i < 20; i++)
		buf_put_u8(accounts, fill);
	buf_put_u32(accounts, (uint32_t)strlen(path));
	buf_put_text(accounts, path);
}

/* What is printed of these accounts; false when they are refused. */
static bool printed(struct bytes accounts, bool as_wallets, struct buf *ret_text)
{
	struct error error;
	int fd = memfd_create("printed", MFD_CLOEXEC);
	bool good = accounts_list_print(fd, accounts, as_wallets, &error);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_true(file_read_fd(fd, ret_text, &error));
	(void)close(fd);
	return good;
}

static void test_accounts(void **state)
{
	BUF_CLEANUP struct buf accounts = BUF_INIT(4096);
	BUF_CLEANUP struct buf text = BUF_INIT(65536);
	(void)state;
	put_account(&accounts, 0x11, "/k/one");
	put_account(&accounts, 0xab, "/k/two");
	assert_true(printed(buf_bytes(&accounts), false, &text));
	assert_string_equal(buf_text(&text), "0x1111111111111111111111111111111111111111 (keystore:///k/one)\n"
	                                     "0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB (keystore:///k/two)\n");
	buf_reset(&text);
	assert_true(printed(buf_bytes(&accounts), true, &text));
	assert_non_null(
	    strstr(buf_text(&text), "- Wallet 1 at keystore:///k/two (Locked )\n"
	                            "  -Account 0: 0xABaBaBaBABabABabAbAbABAbABabababaBaBABaB (keystore:///k/two)\n\n"));
}

static void test_no_accounts(void **state)
{
	BUF_CLEANUP struct buf text = BUF_INIT(4096);
	(void)state;
	assert_true(printed(BYTES_NONE, false, &text));
	assert_non_null(strstr(buf_text(&text), "empty"));
	buf_reset(&text);
	assert_true(printed(BYTES_NONE, true, &text));
	assert_non_null(strstr(buf_text(&text), "no wallets"));
}

static void test_texts_escape_paths(void **state)
{
	static const char hostile[] = "/k/\x1b[2J\xe2\x80\xae\xff";
	BUF_CLEANUP struct buf text = BUF_INIT(ACCOUNTS_TEXT_MOST);
	struct address address = {{0x11}};
	(void)state;
	accounts_text_created(&address, bytes_text(hostile), true, &text);
	accounts_text_created(&address, bytes_text(hostile), false, &text);
	accounts_text_plain_key(hostile, &text);
	accounts_text_no_keystore(hostile, &text);
	assert_true(buf_ok(&text));
	assert_null(strchr(buf_text(&text), 0x1b));
	assert_null(strstr(buf_text(&text), "\xe2\x80\xae"));
	assert_non_null(
	    strstr(buf_text(&text), "Generated account 0x1100000000000000000000000000000000000000\nKeystore file: /k/"));
}

/* Empty, missing, closed, and full of what is no key file: only the third is an error, and only key files are counted. */
static void test_looking_at_a_keystore(void **state)
{
	char folder[] = "/tmp/clef-look-XXXXXX", path[64];
	struct error error;
	bool missing;
	(void)state;
	assert_non_null(mkdtemp(folder));
	assert_true(keystore_look(folder, &missing, &error));
	assert_false(missing);
	(void)snprintf(path, sizeof path, "%s/none", folder);
	assert_true(keystore_look(path, &missing, &error));
	assert_true(missing);
	(void)snprintf(path, sizeof path, "%s/UTC--file", folder);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
	assert_false(keystore_look(path, &missing, &error));
	assert_non_null(strstr(error.text, "cannot be read"));
	assert_int_equal(keystore_count_unreadable(folder), 0);
	assert_int_equal(keystore_count_unreadable(path), 0);
	(void)unlink(path);
	(void)rmdir(folder);
}

/* A file's name must not move the cursor or pretend to be another line. */
static void test_hostile_path(void **state)
{
	BUF_CLEANUP struct buf accounts = BUF_INIT(4096);
	BUF_CLEANUP struct buf text = BUF_INIT(65536);
	(void)state;
	put_account(&accounts, 0x11, "/k/\x1b[2J\n0x00 (x)\xe2\x80\xae\xff");
	assert_true(printed(buf_bytes(&accounts), false, &text));
	assert_null(strchr(buf_text(&text), 0x1b));
	assert_null(strstr(buf_text(&text), "\xe2\x80\xae"));
	assert_ptr_equal(strchr(buf_text(&text), '\n'), buf_text(&text) + text.size - 1);
}

static void test_damaged_list(void **state)
{
	BUF_CLEANUP struct buf accounts = BUF_INIT(4096);
	BUF_CLEANUP struct buf text = BUF_INIT(65536);
	(void)state;
	put_account(&accounts, 0x11, "/k/one");
	for (size_t size = 1; size < accounts.size; size++) {
		buf_reset(&text);
		assert_false(printed(bytes_of(accounts.data, size), false, &text));
		assert_int_equal(text.size, 0);
	}
}

/* More than is written in one go. */
static void test_many_accounts(void **state)
{
	BUF_CLEANUP struct buf accounts = BUF_INIT((size_t)1024 * 1024);
	BUF_CLEANUP struct buf text = BUF_INIT((size_t)4 * 1024 * 1024);
	size_t lines = 0;
	(void)state;
	for (int i = 0; i < 5000; i++)
		put_account(&accounts, 0x11, "/k/one");
	assert_true(printed(buf_bytes(&accounts), false, &text));
	for (size_t i = 0; i < text.size; i++)
		lines += text.data[i] == '\n';
	assert_int_equal(lines, 5000);
}

/* Every example of the documentation can be parsed, and the recorded headings are there. */
static void test_documented_types(void **state)
{
	static const char *const headings[] = {"SignDataRequest", "SignDataResponse - approve", "SignDataResponse - deny",
	    "SignTxRequest", "SignTxResponse - approve", "SignTxResponse - deny", "OnApproved - SignTransactionResult",
	    "UserInputRequest", "UserInputResponse", "ListRequest", "ListResponse"};
	BUF_CLEANUP struct buf text = BUF_INIT(65536);
	size_t examples = 0;
	(void)state;
	gendoc_put_types(&text);
	assert_true(buf_ok(&text));
	for (size_t i = 0; i < sizeof headings / sizeof headings[0]; i++) {
		char line[80];
		(void)snprintf(line, sizeof line, "\n### %s\n", headings[i]);
		if (strstr(buf_text(&text), line) == NULL)
			fail_msg("no %s", headings[i]);
	}
	for (const char *at = strstr(buf_text(&text), "```json\n"); at != NULL; at = strstr(at, "```json\n")) {
		const char *end = strstr(at += strlen("```json\n"), "```");
		struct json json;
		struct error error;
		assert_non_null(end);
		if (!json_parse(bytes_of(at, (size_t)(end - at)), &json, &error))
			fail_msg("%s in %.80s", error.text, at);
		json_free(&json);
		examples++;
	}
	assert_true(examples >= sizeof headings / sizeof headings[0]);
}

static void test_man_page_names_all(void **state)
{
	BUF_CLEANUP struct buf page = BUF_INIT(65536);
	struct error error;
	char line[80];
	int fd = open(MAN_PAGE, O_RDONLY | O_CLOEXEC);
	(void)state;
	assert_true(fd >= 0 && file_read_fd(fd, &page, &error));
	(void)close(fd);
	for (unsigned i = 0; i < FLAG_COUNT; i++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)i);
		(void)snprintf(line, sizeof line, "\n.It Fl -%s%s", spec->name, spec->value_name != NULL ? " Ar " : "");
		const char *entry = strstr(buf_text(&page), line);
		if (entry == NULL)
			fail_msg("--%s is not in the man page", spec->name);
		const char *next = strstr(entry + 1, "\n.It ");
		const char *shown = strstr(entry, "default");
		if (spec->default_text != NULL && (shown == NULL || (next != NULL && shown > next)))
			fail_msg("the default of --%s is not in the man page", spec->name);
	}
	for (unsigned i = COMMAND_SIGNER + 1; i < COMMAND_COUNT; i++)
		assert_non_null(strstr(buf_text(&page), flags_command((enum command_id)i)->name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_accounts),
	    cmocka_unit_test(test_no_accounts),
	    cmocka_unit_test(test_texts_escape_paths),
	    cmocka_unit_test(test_looking_at_a_keystore),
	    cmocka_unit_test(test_hostile_path),
	    cmocka_unit_test(test_damaged_list),
	    cmocka_unit_test(test_many_accounts),
	    cmocka_unit_test(test_documented_types),
	    cmocka_unit_test(test_man_page_names_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
