#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "cli/flags.h"

#define WORDS(...)                \
	(const char *const[])     \
	{                         \
		__VA_ARGS__, NULL \
	}

static size_t count_words(const char *const *words)
{
	size_t count = 0;
	while (words[count] != NULL)
		count++;
	return count;
}

static struct flags parsed(const char *const *words)
{
	struct flags flags;
	struct error error = {0};
	if (!flags_parse(count_words(words), words, &flags, &error))
		fail_msg("refused: %s", error.text);
	return flags;
}

/* Refused with this text. */
static void refused(const char *const *words, const char *text)
{
	struct flags flags;
	struct error error = {0};
	assert_false(flags_parse(count_words(words), words, &flags, &error));
	assert_string_equal(error.text, text);
}

static void test_nothing_given(void **state)
{
	struct flags flags;
	struct error error;
	(void)state;
	assert_true(flags_parse(0, NULL, &flags, &error));
	assert_int_equal(flags.command, COMMAND_SIGNER);
	assert_int_equal(flags_int(&flags, FLAG_CHAINID), 1);
	assert_int_equal(flags_int(&flags, FLAG_HTTP_PORT), 8550);
	assert_int_equal(flags_int(&flags, FLAG_REQUEST_TIMEOUT), 120);
	assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "~/.ethereum/keystore");
	assert_string_equal(flags_text(&flags, FLAG_CONFIGDIR), "~/.clef");
	assert_string_equal(flags_text(&flags, FLAG_HTTP_VHOSTS), "localhost");
	assert_string_equal(flags_text(&flags, FLAG_AUDITLOG), "audit.log");
	assert_null(flags_text(&flags, FLAG_IPCPATH));
	assert_false(flags_bool(&flags, FLAG_HTTP));
	assert_false(flags.values[FLAG_KEYSTORE].set);
	assert_true(flags_check(&flags, &error));
}

static void test_dashes_equals_and_space(void **state)
{
	const char *const *const spellings[] = {WORDS("--keystore", "/k", "list-accounts"),
	    WORDS("-keystore", "/k", "list-accounts"), WORDS("--keystore=/k", "list-accounts"),
	    WORDS("-keystore=/k", "list-accounts"), WORDS("list-accounts", "--keystore", "/k"),
	    WORDS("list-accounts", "-keystore=/k"), WORDS("list-accounts", "--keystore", "/k", "--")};
	(void)state;
	for (size_t i = 0; i < sizeof spellings / sizeof spellings[0]; i++) {
		struct flags flags = parsed(spellings[i]);
		assert_int_equal(flags.command, COMMAND_LIST_ACCOUNTS);
		assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "/k");
		assert_int_equal(flags.argument_count, 0);
	}
	/* A value may look like a flag or hold an equals sign. */
	struct flags flags = parsed(WORDS("--keystore", "--http", "--configdir=a=b", "--ipcpath="));
	assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "--http");
	assert_string_equal(flags_text(&flags, FLAG_CONFIGDIR), "a=b");
	assert_string_equal(flags_text(&flags, FLAG_IPCPATH), "");
	assert_false(flags_bool(&flags, FLAG_HTTP));
}

static void test_version_and_help(void **state)
{
	static const char *const version[] = {"--version", "-version", "-v", "--v"};
	static const char *const help[] = {"--help", "-help", "-h", "--h", "--help=true"};
	(void)state;
	for (size_t i = 0; i < sizeof version / sizeof version[0]; i++) {
		struct flags flags = parsed(WORDS(version[i]));
		assert_true(flags_bool(&flags, FLAG_VERSION));
	}
	for (size_t i = 0; i < sizeof help / sizeof help[0]; i++) {
		struct flags flags = parsed(WORDS(help[i]));
		assert_true(flags_bool(&flags, FLAG_HELP));
		assert_int_equal(flags.command, COMMAND_SIGNER);
		flags = parsed(WORDS("setpw", help[i]));
		assert_true(flags_bool(&flags, FLAG_HELP));
		assert_int_equal(flags.command, COMMAND_SETPW);
	}
	/* Asking for help never ends in an error about a word after it. */
	struct flags flags = parsed(WORDS("--help", "frobnicate"));
	assert_int_equal(flags.command, COMMAND_SIGNER);
}

static void test_unknown_commands(void **state)
{
	(void)state;
	refused(WORDS("version"), "invalid command: \"version\"");
	refused(WORDS("frobnicate"), "invalid command: \"frobnicate\"");
	refused(WORDS("Init"), "invalid command: \"Init\": did you mean init?");
	refused(WORDS("--keystore", "/k", "--suppress-bootwarn", "sign"), "invalid command: \"sign\"");
	refused(WORDS("--suppress-bootwarn", "true", "--keystore", "/k", "list-accounts"), "invalid command: \"true\"");
	refused(WORDS(""), "invalid command: \"\"");
	refused(WORDS("-"), "invalid command: \"-\"");
	refused(WORDS("--", "--http"), "invalid command: \"--http\"");
	refused(WORDS("new"), "invalid command: \"new\"");
	refused(WORDS("list-acounts"), "invalid command: \"list-acounts\": did you mean list-accounts?");
	refused(WORDS("newacocunt"), "invalid command: \"newacocunt\": did you mean newaccount?");
}

static void test_unknown_flags(void **state)
{
	(void)state;
	refused(WORDS("--frobnicate"), "flag provided but not defined: -frobnicate");
	refused(WORDS("-x"), "flag provided but not defined: -x");
	refused(WORDS("init", "--frobnicate"), "flag provided but not defined: -frobnicate");
	refused(WORDS("--suppress-bootwarn", "--stdio-ui", "--frobnicate=1"), "flag provided but not defined: -frobnicate");
	refused(WORDS("importraw", "--password", "/pw", "/raw"), "flag provided but not defined: -password");
	refused(WORDS("--HTTP"), "flag provided but not defined: -HTTP: did you mean --http?");
	refused(WORDS("--htt"), "flag provided but not defined: -htt: did you mean --http?");
	refused(WORDS("--httpx"), "flag provided but not defined: -httpx: did you mean --http?");
	refused(WORDS("--chian-id", "5"), "flag provided but not defined: -chian-id: did you mean --chainid?");
	refused(WORDS("--http-port", "5"), "flag provided but not defined: -http-port: did you mean --http.port?");
	refused(WORDS("-hv"), "flag provided but not defined: -hv");
	refused(WORDS("--role=keys"), "flag provided but not defined: -role");
	refused(WORDS("---http"), "bad flag syntax: ---http");
	refused(WORDS("-=1"), "bad flag syntax: -=1");
	refused(WORDS("--=1"), "bad flag syntax: --=1");
}

/* A flag that a command does not take is unknown after it, and goes unused before it. */
static void test_flags_of_commands(void **state)
{
	(void)state;
	refused(WORDS("init", "--lightkdf"), "flag provided but not defined: -lightkdf: init does not take it");
	refused(WORDS("init", "--suppress-bootwarn"), "flag provided but not defined: -suppress-bootwarn: init does not take it");
	refused(WORDS("list-accounts", "--http"), "flag provided but not defined: -http: list-accounts does not take it");
	refused(WORDS("gendoc", "--version"), "flag provided but not defined: -version: gendoc does not take it");
	struct flags flags = parsed(WORDS("--lightkdf", "--suppress-bootwarn", "init", "--configdir", "/c", "--loglevel", "1"));
	assert_int_equal(flags.command, COMMAND_INIT);
	assert_string_equal(flags_text(&flags, FLAG_CONFIGDIR), "/c");
	assert_int_equal(flags_int(&flags, FLAG_LOGLEVEL), 1);
	flags =
	    parsed(WORDS("--http", "newaccount", "--lightkdf", "--keystore", "/k", "--password-file", "/p", "--require-sandbox"));
	assert_int_equal(flags.command, COMMAND_NEWACCOUNT);
	assert_true(flags_bool(&flags, FLAG_LIGHTKDF));
	assert_string_equal(flags_text(&flags, FLAG_PASSWORD_FILE), "/p");
}

static void test_who_wins(void **state)
{
	(void)state;
	struct flags flags = parsed(WORDS("--keystore", "/a", "--keystore", "/b", "list-accounts"));
	assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "/b");
	flags = parsed(WORDS("list-accounts", "--keystore", "/a", "--keystore", "/b"));
	assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "/b");
	flags = parsed(WORDS("--keystore", "/a", "list-accounts", "--keystore", "/b"));
	assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "/a");
	flags = parsed(WORDS("--suppress-bootwarn=false", "list-accounts", "--suppress-bootwarn"));
	assert_false(flags_bool(&flags, FLAG_SUPPRESS_BOOTWARN));
	flags = parsed(WORDS("--http", "--http=false"));
	assert_false(flags_bool(&flags, FLAG_HTTP));
}

static void test_missing_and_wrong_values(void **state)
{
	(void)state;
	refused(WORDS("--chainid"), "flag needs an argument: -chainid: expected --chainid N");
	refused(WORDS("--suppress-bootwarn", "--keystore"), "flag needs an argument: -keystore: expected --keystore DIR");
	refused(WORDS("setpw", "--configdir"), "flag needs an argument: -configdir: expected --configdir DIR");
	refused(WORDS("--suppress-bootwarn=maybe", "list-accounts"),
	    "invalid boolean value \"maybe\" for -suppress-bootwarn: parse error: expected true or false");
	refused(WORDS("--suppress-bootwarn=", "list-accounts"),
	    "invalid boolean value \"\" for -suppress-bootwarn: parse error: expected true or false");
	refused(WORDS("--request-timeout", "500ms"),
	    "invalid value \"500ms\" for flag -request-timeout: expected whole seconds such as 90, 90s, 2m or 1h30m, at most 30 "
	    "days");
	refused(WORDS("--http.port", "http"),
	    "invalid value \"http\" for flag -http.port: parse error: expected a whole number such as 1 or 0xaa36a7");
}

static void test_chainid(void **state)
{
	static const char *const bad[][2] = {{"abc", "parse error: expected a whole number such as 1 or 0xaa36a7"},
	    {"", "parse error: expected a whole number such as 1 or 0xaa36a7"},
	    {"1.5", "parse error: expected a whole number such as 1 or 0xaa36a7"},
	    {"9223372036854775808", "value out of range: expected a number of at most 64 bits"},
	    {"99999999999999999999", "value out of range: expected a number of at most 64 bits"}};
	static const char *const good[] = {"0x5", "0b11", "0o17", "017", "-1", "9223372036854775807", "1_000"};
	char text[256];
	(void)state;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		(void)snprintf(text, sizeof text, "invalid value \"%s\" for flag -chainid: %s", bad[i][0], bad[i][1]);
		refused(WORDS("--chainid", bad[i][0], "nocommand"), text);
	}
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		refused(WORDS("--chainid", good[i], "nocommand"), "invalid command: \"nocommand\"");
}

/* What is typed must not break the error's line or buffer. */
static void test_hostile_words(void **state)
{
	static char huge[100000];
	struct flags flags;
	struct error error = {0};
	(void)state;
	memset(huge, 'x', sizeof huge - 1);
	assert_false(flags_parse(1, WORDS(huge), &flags, &error));
	assert_true(strlen(error.text) < sizeof error.text);
	huge[0] = huge[1] = '-';
	assert_false(flags_parse(1, WORDS(huge), &flags, &error));
	assert_true(strlen(error.text) < sizeof error.text);
	huge[0] = huge[1] = '9';
	assert_false(flags_parse(2, WORDS("--chainid", huge), &flags, &error));
	assert_false(flags_parse(1, WORDS("--\x1b[31m\n"), &flags, &error));
	assert_false(flags_parse(1, WORDS("\xff\xfe"), &flags, &error));
	/* Thousands of words are no problem, and the last counts. */
	static const char *many[20001];
	for (size_t i = 0; i < 20000; i += 2) {
		many[i] = "--chainid";
		many[i + 1] = i == 19998 ? "7" : "3";
	}
	assert_true(flags_parse(20000, many, &flags, &error));
	assert_int_equal(flags_int(&flags, FLAG_CHAINID), 7);
}

static void check(const char *const *words, const char *text)
{
	struct flags flags = parsed(words);
	struct error error = {0};
	bool good = flags_check(&flags, &error);
	if (good != (text == NULL) || (!good && strstr(error.text, text) == NULL))
		fail_msg("%s: %s", words[0], good ? "accepted" : error.text);
}

static void test_what_is_not_available_yet(void **state)
{
	(void)state;
	check(WORDS("--rules", "r.js"), "--rules is not available yet");
	check(WORDS("--signersecret=s"), "--signersecret is not available yet");
	check(WORDS("--pcscdpath", "/run/pcscd/pcscd.comm"), "--pcscdpath is not available yet");
	check(WORDS("init"), "init is not available yet");
	check(WORDS("attest", "00"), "attest is not available yet");
	check(WORDS("setpw", "0x00"), "setpw is not available yet");
	check(WORDS("delpw"), "delpw is not available yet");
	/* Said to be off is fine. */
	check(WORDS("--rules", "", "--pcscdpath=", "--signersecret=", "--nousb", "--auditlog", "a"), NULL);
}

static void test_arguments(void **state)
{
	(void)state;
	check(WORDS("importraw"), "expected a file that holds the key");
	check(WORDS("importraw", "a", "b"), "found 2 (\"a\", \"b\")");
	check(WORDS("importraw", "a", "b", "c", "d", "e"), "found 5 (\"a\", \"b\")");
	check(WORDS("importraw", "a"), NULL);
	check(WORDS("help", "setpw"), NULL);
	check(WORDS("newaccount", "a"), "unexpected argument \"a\"");
	check(WORDS("newaccount", "a", "--keystore", "/k"), "unexpected argument \"a\"");
	struct flags flags = parsed(WORDS("importraw", "--keystore", "/k", "--", "--odd"));
	assert_int_equal(flags.argument_count, 1);
	assert_string_equal(flags.arguments[0], "--odd");
	/* What a person types last counts, too: else the key would land in the wrong keystore. */
	flags = parsed(WORDS("importraw", "a", "--keystore", "/k", "--lightkdf"));
	assert_int_equal(flags.argument_count, 1);
	assert_string_equal(flags.arguments[0], "a");
	assert_string_equal(flags_text(&flags, FLAG_KEYSTORE), "/k");
	assert_true(flags_bool(&flags, FLAG_LIGHTKDF));
	flags = parsed(WORDS("importraw", "--", "a", "--lightkdf"));
	assert_int_equal(flags.argument_count, 2);
	refused(WORDS("importraw", "a", "--frobnicate"), "flag provided but not defined: -frobnicate");
}

/* The tables themselves: every default can be read, names are unique. */
static void test_tables(void **state)
{
	struct flags flags;
	struct error error;
	enum command_id found;
	(void)state;
	for (unsigned i = 0; i < FLAG_COUNT; i++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)i);
		char word[64];
		assert_non_null(spec->name);
		assert_non_null(spec->help);
		assert_int_equal(spec->kind == FLAG_KIND_BOOL, spec->value_name == NULL);
		for (unsigned j = 0; j < i; j++)
			assert_string_not_equal(spec->name, flags_spec((enum flag_id)j)->name);
		if (spec->default_text == NULL)
			continue;
		(void)snprintf(word, sizeof word, "--%s=%s", spec->name, spec->default_text);
		assert_true(flags_parse(1, WORDS(word), &flags, &error));
	}
	for (unsigned i = COMMAND_SIGNER + 1; i < COMMAND_COUNT; i++) {
		assert_true(flags_find_command(flags_command((enum command_id)i)->name, &found));
		assert_int_equal(found, i);
	}
	assert_false(flags_find_command("", &found));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_given),
	    cmocka_unit_test(test_dashes_equals_and_space),
	    cmocka_unit_test(test_version_and_help),
	    cmocka_unit_test(test_unknown_commands),
	    cmocka_unit_test(test_unknown_flags),
	    cmocka_unit_test(test_flags_of_commands),
	    cmocka_unit_test(test_who_wins),
	    cmocka_unit_test(test_missing_and_wrong_values),
	    cmocka_unit_test(test_chainid),
	    cmocka_unit_test(test_hostile_words),
	    cmocka_unit_test(test_what_is_not_available_yet),
	    cmocka_unit_test(test_arguments),
	    cmocka_unit_test(test_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
