/* Names of qubes: what Qubes OS may have, and nothing that a shell, a terminal, a file system or a web page would act upon. */
#include "../base/testing.h"

#include "ipc/qube_name.h"

static void test_names_that_exist(void **state)
{
	static const char *const names[] = {"a", "Z", "work", "disp1234", "sys-net", "my_qube", "a.b", "a..b", "A0-_.", "dom0",
	    "abcdefghijklmnopqrstuvwxyz12345"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!qube_name_is_valid(bytes_text(names[i])))
			fail_msg("%s is a name", names[i]);
}

static void test_names_that_are_none(void **state)
{
	static const char *const names[] = {"", ".", "..", "../x", "/", "/etc/passwd", "a/b", "-x", "--help", "_a", "1a",
	    "@default", "$adminvm", "a b", " a", "a ", "a\n", "\na", "a\r", "a\tb", "a\x7f", "\x1b[31ma", "a\x1b", "<b>a</b>",
	    "a&amp;", "a\"b", "a'b", "a:b", "a+b", "a,b", "a;b", "a=b", "a*", "a?", "a%n", "a\\b", "a`b", "w\xc3\xb6rk",
	    "\xd0\xb0",
	    "a\xe2\x80\xae"
	    "b",
	    "a\xff",
	    "\xef\xbb\xbf"
	    "a",
	    "abcdefghijklmnopqrstuvwxyz123456"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (qube_name_is_valid(bytes_text(names[i])))
			fail_msg("%s is no name", names[i]);
	assert_false(qube_name_is_valid(LITERAL("a\0b")));
	assert_false(qube_name_is_valid(LITERAL("a\0")));
	assert_false(qube_name_is_valid(BYTES_NONE));
}

/* Each byte at the front and behind it, by the definition of Qubes' own check. */
static void test_every_byte(void **state)
{
	(void)state;
	for (unsigned byte = 0; byte < 256; byte++) {
		uint8_t first[] = {(uint8_t)byte}, second[] = {'q', (uint8_t)byte};
		bool letter = (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
		bool other = (byte >= '0' && byte <= '9') || byte == '-' || byte == '_' || byte == '.';

		assert_int_equal(qube_name_is_valid(bytes_of(first, 1)), letter);
		assert_int_equal(qube_name_is_valid(bytes_of(second, 2)), letter || other);
	}
}

static void test_disposables(void **state)
{
	(void)state;
	assert_true(qube_name_is_disposable(bytes_text("disp1")));
	assert_true(qube_name_is_disposable(bytes_text("disp9999")));
	assert_false(qube_name_is_disposable(bytes_text("disp")));
	assert_false(qube_name_is_disposable(bytes_text("disp12a")));
	assert_false(qube_name_is_disposable(bytes_text("disp-1")));
	assert_false(qube_name_is_disposable(bytes_text("Disp1")));
	assert_false(qube_name_is_disposable(bytes_text("work1")));
	assert_false(qube_name_is_disposable(BYTES_NONE));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_names_that_exist),
	    cmocka_unit_test(test_names_that_are_none),
	    cmocka_unit_test(test_every_byte),
	    cmocka_unit_test(test_disposables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
