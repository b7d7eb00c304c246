/* clef-proxy's command line and settings file, and that help and man page know every flag. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "proxy/options.h"

#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static size_t count_of(const char *const words[])
{
	size_t count = 0;

	while (words[count] != NULL)
		count++;
	return count;
}

static bool read_all(
    const char *const words[], const char *file, struct flags *ret_flags, struct options *ret_options, struct error *ret_error)
{
	*ret_options = (struct options){0};
	return flags_parse(count_of(words), words, ret_flags, ret_error) &&
	       (file == NULL || flags_parse_file(bytes_text(file), "settings", ret_flags, ret_error)) &&
	       options_from_flags(ret_flags, ret_options, ret_error);
}

static void refused_with_file(const char *const words[], const char *file, const char *text)
{
	FLAGS_CLEANUP struct flags flags = {0};
	OPTIONS_CLEANUP struct options options = {0};
	struct error error;

	if (read_all(words, file, &flags, &options, &error))
		fail_msg("taken: %s … %s", words[0], file != NULL ? file : "");
	if (strstr(error.text, text) == NULL)
		fail_msg("said \"%s\", expected \"%s\"", error.text, text);
}

static void refused(const char *const words[], const char *text)
{
	refused_with_file(words, NULL, text);
}

static void test_defaults(void **state)
{
	FLAGS_CLEANUP struct flags flags = {0};
	OPTIONS_CLEANUP struct options options = {0};
	struct error error;

	(void)state;
	assert_true(read_all(WORDS(NULL), NULL, &flags, &options, &error));
	assert_int_equal(options.listen_count, 1);
	assert_int_equal(ntohl(options.listen[0].four.sin_addr.s_addr), 0x7f000001);
	assert_int_equal(ntohs(options.listen[0].four.sin_port), 8550);
	assert_false(options.listen_given);
	assert_string_equal(options.signer, "qrexec");
	assert_string_equal(options.vhosts, "localhost");
	assert_int_equal(options.max_calls, 100);
	assert_int_equal(options.log_level, 3);
	assert_int_equal(options.policy.origins.count, 0);
	assert_null(options.upstream);
	assert_null(options.socket);
	assert_false(options.has_chain_id);
}

static void test_all_flags(void **state)
{
	FLAGS_CLEANUP struct flags flags = {0};
	OPTIONS_CLEANUP struct options options = {0};
	struct error error;

	(void)state;
	assert_true(read_all(
	    WORDS("-listen", "127.0.0.1:1", "--listen=[::1]:2", "--socket", "/s", "--vhosts", "a,b", "--vhosts=c", "--origins",
	        "https://a.example", "--signer", "unix:/x", "--signer=qrexec:vault", "--max-calls", "128", "--upstream",
	        "http://n", "--chainid", "0xaa36a7", "--loglevel", "4", "--require-sandbox", "--allow-remote-callers=false"),
	    NULL, &flags, &options, &error));
	assert_int_equal(options.listen_count, 2);
	assert_int_equal(options.listen[1].any.sa_family, AF_INET6);
	assert_string_equal(options.signer, "qrexec:vault");
	assert_string_equal(options.vhosts, "a,b,c,");
	assert_int_equal(options.max_calls, 128);
	assert_int_equal(options.chain_id, 11155111);
	assert_true(options.require_sandbox);
	assert_false(options.allow_remote);
}

static void test_wrong_flags(void **state)
{
	(void)state;
	refused(WORDS("--sinner", "x"), "there is no flag --sinner: did you mean --signer?");
	refused(WORDS("--xyzzy"), "there is no flag --xyzzy");
	refused(WORDS("stray"), "unexpected argument \"stray\"");
	refused(WORDS("--signer"), "--signer needs a value: expected --signer SIGNER");
	refused(WORDS("--require-sandbox=maybe"), "expected true or false");
	refused(WORDS("--max-calls", "0"), "from 1 to 128");
	refused(WORDS("--max-calls", "129"), "from 1 to 128");
	refused(WORDS("--max-calls", "1e2"), "from 1 to 128");
	refused(WORDS("--chainid", "0"), "--chainid");
	refused(WORDS("--chainid", "99999999999999999999"), "--chainid");
	refused(WORDS("--chainid", "-1"), "--chainid");
	refused(WORDS("--origins", "*"), "--origins: the origin \"*\" would let every web page call");
	refused(WORDS("--origins", "null"), "stands for nobody");
}

static void test_addresses(void **state)
{
	static const char *const wrong[] = {"", "8550", ":8550", "localhost", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536",
	    "127.0.0.1:x", "::1:8550", "[127.0.0.1]:1", "[::1]", "[]:1", "example.org:80", "127.0.0.1:1:2", "http://127.0.0.1:1"};
	static const char *const remote[] = {
	    "0.0.0.0:8550", "10.137.0.5:8550", "[::]:8550", "[::ffff:127.0.0.1]:1", "128.0.0.1:1"};
	union options_address address;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		refused(WORDS("--listen", wrong[i]), "expected an address and a port");
	for (size_t i = 0; i < sizeof(remote) / sizeof(remote[0]); i++) {
		refused(WORDS("--listen", remote[i]), "neither a password nor encryption");
		FLAGS_CLEANUP struct flags flags = {0};
		OPTIONS_CLEANUP struct options options = {0};
		assert_true(read_all(WORDS("--listen", remote[i], "--allow-remote-callers"), NULL, &flags, &options, &error));
	}
	assert_true(options_parse_address("localhost:0", &address, &error));
	assert_true(options_is_loopback(&address));
	assert_true(options_parse_address("127.9.9.9:1", &address, &error));
	assert_true(options_is_loopback(&address));
}

static void test_no_http(void **state)
{
	FLAGS_CLEANUP struct flags flags = {0};
	OPTIONS_CLEANUP struct options options = {0};
	struct error error;

	(void)state;
	assert_true(read_all(WORDS("--listen", "none"), NULL, &flags, &options, &error));
	assert_int_equal(options.listen_count, 0);
	refused(WORDS("--listen", "none", "--listen", "127.0.0.1:1"), "expected an address and a port");
}

static void test_settings(void **state)
{
	static const char file[] =
	    "# a comment that is longer than a line may be, as comments in settings that come with a package sometimes are, "
	    "since they have to "
	    "explain what the setting below does and when it should be changed, and by whom\r\n"
	    "signer = qrexec:vault\n\n  ; another\nmax-calls=7\norigins = https://a.example, https://b.example\n"
	    "origins = http://localhost:3000\nrequire-sandbox = true\nupstream = https://node.example/KEY#x\n";
	FLAGS_CLEANUP struct flags flags = {0};
	OPTIONS_CLEANUP struct options options = {0};
	struct error error;

	(void)state;
	assert_true(read_all(WORDS("--max-calls", "9", "--origins", "https://c.example"), file, &flags, &options, &error));
	assert_string_equal(options.signer, "qrexec:vault");
	assert_true(options.require_sandbox);
	assert_string_equal(options.upstream, "https://node.example/KEY#x");
	/* The command line wins, a list of it replaces that of the file. */
	assert_int_equal(options.max_calls, 9);
	assert_int_equal(options.policy.origins.count, 1);
}

static void test_lists_in_settings_add_up(void **state)
{
	FLAGS_CLEANUP struct flags flags = {0};
	OPTIONS_CLEANUP struct options options = {0};
	struct error error;

	(void)state;
	assert_true(
	    read_all(WORDS(NULL), "origins = https://a.example\norigins = https://b.example\n", &flags, &options, &error));
	assert_int_equal(options.policy.origins.count, 2);
}

static void test_wrong_settings(void **state)
{
	char text[600];

	(void)state;
	refused_with_file(WORDS(NULL), "sgner = x\n", "settings: there is no setting \"sgner\": did you mean \"signer\"?");
	refused_with_file(WORDS(NULL), "--signer = x\n", "there is no setting");
	refused_with_file(WORDS(NULL), "config = x\n", "there is no setting \"config\"");
	refused_with_file(WORDS(NULL), "[proxy]\nsigner = x\n", "found a section, [proxy]");
	refused_with_file(WORDS(NULL), "signer\n", "line 1 is no setting");
	refused_with_file(WORDS(NULL), "signer = a\nsigner = b\n", "\"signer\" is there twice");
	refused_with_file(WORDS(NULL), "signer = a\x01\n", "line 1 has a control character");
	refused_with_file(WORDS(NULL), "require-sandbox = yes\n", "expected true or false");
	snprintf(text, sizeof(text), "\nupstream = http://%0300d\n", 1);
	refused_with_file(WORDS(NULL), text, "line 2 is longer than 190 bytes");
}

/* What a file has behind a 0 must not be left out without a word. */
static void test_settings_with_a_zero(void **state)
{
	static const uint8_t text[] = "signer = qrexec\n\0allow-remote-callers = true\n";
	FLAGS_CLEANUP struct flags flags = {0};
	struct error error;

	(void)state;
	assert_false(flags_parse_file(bytes_of(text, sizeof(text) - 1), "settings", &flags, &error));
	assert_non_null(strstr(error.text, "control character"));
}

static void test_help_and_man_page_name_all(void **state)
{
	struct buf page BUF_CLEANUP = BUF_INIT(1000000), help BUF_CLEANUP = BUF_INIT(100000);
	struct error error;
	char line[128];
	int fd = open(MAN_PAGE, O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0 && file_read_fd(fd, &page, &error));
	close(fd);
	flags_put_help(&help);
	for (unsigned id = 0; id < FLAG_COUNT; id++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)id);

		snprintf(line, sizeof(line), "\n.It Fl -%s%s", spec->name, spec->value_name != NULL ? " Ar " : "");
		const char *entry = strstr(buf_text(&page), line);
		if (entry == NULL)
			fail_msg("--%s is not in the man page", spec->name);
		const char *next = strstr(entry + 1, "\n.It Fl "), *shown = strstr(entry, "default");
		if (spec->default_text != NULL && (shown == NULL || (next != NULL && shown > next)))
			fail_msg("the default of --%s is not in the man page", spec->name);
		snprintf(line, sizeof(line), "\n  --%s%s", spec->name, spec->value_name != NULL ? " " : "");
		if (strstr(buf_text(&help), line) == NULL)
			fail_msg("--%s is not in the help", spec->name);
	}
	/* Nothing that is no flag. */
	for (const char *at = buf_text(&page); (at = strstr(at, "\n.It Fl -")) != NULL; at++) {
		bool known = false;

		for (unsigned id = 0; id < FLAG_COUNT; id++) {
			const char *name = flags_spec((enum flag_id)id)->name;
			known = known || strncmp(at + 9, name, strlen(name)) == 0;
		}
		if (!known)
			fail_msg("the man page has a flag that is none: %.40s", at + 1);
	}
	assert_non_null(strstr(buf_text(&help), "Examples"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_defaults),
	    cmocka_unit_test(test_all_flags),
	    cmocka_unit_test(test_wrong_flags),
	    cmocka_unit_test(test_addresses),
	    cmocka_unit_test(test_no_http),
	    cmocka_unit_test(test_settings),
	    cmocka_unit_test(test_lists_in_settings_add_up),
	    cmocka_unit_test(test_wrong_settings),
	    cmocka_unit_test(test_settings_with_a_zero),
	    cmocka_unit_test(test_help_and_man_page_name_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
