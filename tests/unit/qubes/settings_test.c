/* Settings of the vault's service, and the words of commands in them. */
#include "../base/testing.h"

#include "qubes/settings.h"

static struct arena arena;

static int free_arena(void **state)
{
	(void)state;
	arena_free(&arena);
	return 0;
}

/* The words, each in brackets; or the error. */
static void assert_words(const char *text, const char *expected)
{
	struct buf found BUF_CLEANUP = BUF_INIT(4096);
	struct words words = {0};
	struct error error;

	if (words_split(&words, &arena, bytes_text(text), &error))
		for (size_t i = 0; i < words.count; i++)
			buf_printf(&found, "[%s]", words.list[i]);
	else
		buf_put_text(&found, error.text);
	assert_string_equal(buf_text(&found), expected);
	assert_null(words.list[words.count]);
}

static void test_words(void **state)
{
	(void)state;
	assert_words("", "");
	assert_words(" \t ", "");
	assert_words("a", "[a]");
	assert_words("  a\tb  c ", "[a][b][c]");
	assert_words("'a b' \"c d\"", "[a b][c d]");
	assert_words("a'b c'd", "[ab cd]");
	assert_words("'' \"\"", "[][]");
	assert_words("'a\"b' \"c'd\"", "[a\"b][c'd]");
	/* Nothing else is special: no shell looks at it. */
	assert_words("$HOME *.c a;b `x` \\n #x", "[$HOME][*.c][a;b][`x`][\\n][#x]");
	assert_words("'a", "a quote (') that does not end");
	assert_words("a \"", "a quote (\") that does not end");
}

static void test_too_many_words(void **state)
{
	struct buf text BUF_CLEANUP = BUF_INIT(65536);
	struct words words = {0};
	struct error error;

	(void)state;
	for (size_t i = 0; i < WORDS_MAX; i++)
		buf_put_text(&text, "x ");
	assert_true(words_split(&words, &arena, buf_bytes(&text), &error));
	assert_int_equal(words.count, WORDS_MAX);
	assert_null(words.list[WORDS_MAX]);
	assert_false(words_add(&words, &arena, bytes_text("x"), &error));
	buf_reset(&text);
	for (size_t i = 0; i < 10000; i++)
		buf_put_u8(&text, 'x');
	words = (struct words){0};
	assert_false(words_split(&words, &arena, buf_bytes(&text), &error));
}

static void test_places_are_filled_in(void **state)
{
	struct words words = {0};
	struct error error;

	(void)state;
	assert_true(words_split(&words, &arena, bytes_text("%s a%sb%s plain %d %%s"), &error));
	words_fill_in(&words, &arena, "<%s>");
	assert_string_equal(words.list[0], "<%s>"); /* once: what is put in is not looked at again */
	assert_string_equal(words.list[1], "a<%s>b<%s>");
	assert_string_equal(words.list[2], "plain");
	assert_string_equal(words.list[3], "%d");
	assert_string_equal(words.list[4], "%<%s>");
}

static void test_no_settings(void **state)
{
	struct settings settings;
	struct error error;

	(void)state;
	assert_true(settings_parse(&arena, bytes_text("# a comment\n; another\n\n"), &settings, &error));
	assert_string_equal(settings.signer, CLEF_PROGRAM);
	assert_int_equal(settings.signer_options.count, 0);
	assert_int_equal(settings.start_timeout_s, 30);
	assert_int_equal(settings.wait_for_ui_s, 60);
	assert_false(settings.has_ui_command); /* a terminal is looked for */
}

static void test_all_settings(void **state)
{
	struct settings settings;
	struct error error;

	(void)state;
	assert_true(settings_parse(&arena,
	    bytes_text("signer = /opt/clef\nsigner-options=--chainid 5\nsigner-options = --keystore '/a b'\n"
	               "start-timeout = 120\nwait-for-ui = 600\nui-command = xterm -e clef attach %s ; a comment\n"),
	    &settings, &error));
	assert_string_equal(settings.signer, "/opt/clef");
	assert_int_equal(settings.signer_options.count, 4);
	assert_string_equal(settings.signer_options.list[3], "/a b");
	assert_int_equal(settings.start_timeout_s, 120);
	assert_int_equal(settings.wait_for_ui_s, 600);
	assert_int_equal(settings.ui_command.count, 5);
	/* Without a user interface: by an empty value. */
	assert_true(settings_parse(&arena, bytes_text("ui-command =\n"), &settings, &error));
	assert_int_equal(settings.ui_command.count, 0);
}

static void test_settings_that_are_wrong(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {{"x = 1", "line 1: x: no such setting"}, {"\nsigner = a", "line 2: signer: expected an absolute path"},
	    {"signer = /a\nsigner = /b", "line 2: signer: stands twice"}, {"[a]\nsigner = /a", "no sections"},
	    {"start-timeout = 0", "expected seconds"}, {"start-timeout = -1", "expected seconds"},
	    {"start-timeout = 1x", "expected seconds"}, {"start-timeout =", "expected seconds"},
	    {"wait-for-ui = 601", "expected seconds"}, {"wait-for-ui = 99999999999999999999", "expected seconds"},
	    {"signer-options = 'a", "does not end"}, {"words", "expected \"key"},
	    {"ui-command = a\nui-command = b", "stands twice"}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct settings settings;
		struct error error = {0};

		assert_false(settings_parse(&arena, bytes_text(cases[i].text), &settings, &error));
		if (strstr(error.text, cases[i].says) == NULL)
			fail_msg("%s: %s", cases[i].text, error.text);
	}
}

/* libinih would take what is beyond its buffer for another line. */
static void test_long_lines(void **state)
{
	struct buf text BUF_CLEANUP = BUF_INIT(4096);
	struct settings settings;
	struct error error;

	(void)state;
	buf_put_text(&text, "signer-options = ");
	while (text.size < 198)
		buf_put_u8(&text, 'x');
	assert_true(settings_parse(&arena, buf_bytes(&text), &settings, &error));
	assert_int_equal(strlen(settings.signer_options.list[0]), 198 - 17);
	buf_put_u8(&text, 'x');
	assert_false(settings_parse(&arena, buf_bytes(&text), &settings, &error));
	assert_non_null(strstr(error.text, "line 1: longer"));
	assert_false(settings_parse(&arena, LITERAL("signer = /a\0b\n"), &settings, &error));
	assert_non_null(strstr(error.text, "zero byte"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_teardown(test_words, free_arena),
	    cmocka_unit_test_teardown(test_too_many_words, free_arena),
	    cmocka_unit_test_teardown(test_places_are_filled_in, free_arena),
	    cmocka_unit_test_teardown(test_no_settings, free_arena),
	    cmocka_unit_test_teardown(test_all_settings, free_arena),
	    cmocka_unit_test_teardown(test_settings_that_are_wrong, free_arena),
	    cmocka_unit_test_teardown(test_long_lines, free_arena),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
