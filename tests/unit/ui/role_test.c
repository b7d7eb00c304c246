/* The role as core runs it: confined, on a pseudo terminal and on pipes. */
#include "harness.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <termios.h>

#define NEW_ACCOUNT(id) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_approveNewAccount\",\"params\":[{\"meta\":{\"scheme\":\"ipc\"}}]}"
#define PASSWORD(id)                                                                                             \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_onInputRequired\",\"params\":[{\"title\":\"Account " \
	"password\",\"prompt\":\"for 0x12\",\"isPassword\":true}]}"
#define INPUT(id)                         \
	"{\"jsonrpc\":\"2.0\",\"id\":" id \
	",\"method\":\"ui_onInputRequired\",\"params\":[{\"title\":\"A name\",\"prompt\":\"?\",\"isPassword\":false}]}"
#define YES(id)  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"approved\":true}}"
#define NO(id)   "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":{\"approved\":false}}"
#define LEFT(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":-32000,\"message\":\"the approver left\"}}"
#define PROMPT   "Approve? [y/N]: "

static void test_approving_at_a_terminal(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, "NEW ACCOUNT");
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "y\n");
	harness_hears(&ui, YES("1"));
	harness_sees(&ui, "Approved.");
	harness_say(&ui, NEW_ACCOUNT("2"));
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "\n");
	harness_hears(&ui, NO("2"));
	/* Ctrl-D is no yes either, and does not end anything. */
	harness_say(&ui, NEW_ACCOUNT("3"));
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "\x04");
	harness_hears(&ui, NO("3"));
	harness_say(&ui, INPUT("4"));
	harness_sees(&ui, "> ");
	harness_type(&ui, "gr\xc3\xbc\xc3\x9f\n");
	harness_hears(&ui, "{\"jsonrpc\":\"2.0\",\"id\":4,\"result\":{\"text\":\"gr\xc3\xbc\xc3\x9f\"}}");
	assert_int_equal(harness_end(&ui), 0);
}

static void test_stray_keys_approve_nothing(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_type(&ui, "y\ny\ny");
	harness_sees(&ui, "y");
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, "NEW ACCOUNT");
	harness_type(&ui, "y\ny\n");
	harness_sees(&ui, PROMPT);
	harness_hears_nothing(&ui);
	/* All lines at once: one answer, and the next question stays open. */
	harness_say(&ui, NEW_ACCOUNT("2"));
	harness_type(&ui, "y\ny\ny\ny");
	harness_hears(&ui, YES("1"));
	harness_sees(&ui, PROMPT);
	harness_hears_nothing(&ui);
	harness_type(&ui, "\n");
	harness_hears(&ui, NO("2"));
	assert_int_equal(harness_end(&ui), 0);
}

static void test_a_half_typed_yes_dies_with_its_page(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, PROMPT);
	harness_say(&ui, NEW_ACCOUNT("2"));
	harness_type(&ui, "y");
	harness_sees(&ui, "y");
	harness_say(&ui, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_withdraw\",\"params\":[{\"id\":1,\"reason\":\"timeout\"}]}");
	harness_sees(&ui, "was withdrawn");
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "\n");
	harness_hears(&ui, NO("2"));
	assert_int_equal(harness_end(&ui), 0);
}

static void test_keyboard_signals_are_for_core(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "\x03\x1c");
	kill(ui.child, SIGTERM);
	kill(ui.child, SIGHUP);
	kill(ui.child, SIGWINCH);
	harness_type(&ui, "y\n");
	harness_hears(&ui, YES("1"));
	close(ui.channel);
	ui.channel = -1;
	harness_sees(&ui, "The signer has ended.");
	assert_int_equal(harness_end(&ui), 0);
}

static bool shows_what_is_typed(const struct harness *ui)
{
	struct termios now;

	assert_int_equal(tcgetattr(ui->terminal, &now), 0);
	return (now.c_lflag & ECHO) != 0;
}

static void test_the_terminal_is_given_up_for_a_password(void **state)
{
	struct harness ui;
	char typed[64] = "";

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_say(&ui, PASSWORD("1"));
	harness_sees(&ui, "for 0x12");
	harness_hears(&ui, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"\",\"terminal\":true}}");
	harness_sees(&ui, "\n");
	assert_false(shows_what_is_typed(&ui)); /* before keys is even asked */
	harness_say(&ui, NEW_ACCOUNT("2"));
	harness_sees_nothing(&ui);
	/* What is typed now is for whoever else reads the terminal. */
	harness_type(&ui, "secret\n");
	assert_int_equal(read(ui.terminal, typed, sizeof typed), 7);
	assert_string_equal(typed, "secret\n");
	harness_say(&ui, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_resume\",\"params\":[{}]}");
	/* Who still types the password, since they did not see that it is not wanted any more. */
	harness_type(&ui, "y\nword");
	harness_sees(&ui, PROMPT);
	harness_sees_nothing(&ui);
	assert_true(shows_what_is_typed(&ui));
	harness_type(&ui, "y\n");
	harness_hears(&ui, YES("2"));
	assert_int_equal(harness_end(&ui), 0);
}

static void test_settings_are_restored(void **state)
{
	struct harness ui;
	struct termios before, now;

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	assert_int_equal(tcgetattr(ui.terminal, &before), 0);
	harness_say(&ui, PASSWORD("1"));
	harness_hears(&ui, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"\",\"terminal\":true}}");
	/* keys turns the echo off, and dies before it turns it on again: the signer ends. */
	now = before;
	now.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	assert_int_equal(tcsetattr(ui.terminal, TCSANOW, &now), 0);
	close(ui.channel);
	ui.channel = -1;
	harness_sees(&ui, "The signer has ended.");
	assert_int_equal(tcgetattr(ui.terminal, &now), 0);
	assert_int_equal(now.c_lflag, before.c_lflag);
	assert_int_equal(harness_end(&ui), 0);
}

/* The protocol's channel may break first, or carry nonsense: the terminal is restored as well. */
static void test_nonsense_from_core_ends_it(void **state)
{
	static const char *const nonsense[] = {"] ", "{\"jsonrpc\":\"2.0\"}", "17 "};

	(void)state;
	for (size_t i = 0; i < sizeof nonsense / sizeof nonsense[0]; i++) {
		struct harness ui;

		harness_start(&ui, HARNESS_TERMINAL);
		harness_say(&ui, nonsense[i]);
		harness_sees(&ui, "from the signer");
		assert_int_equal(harness_end(&ui), 1);
	}
}

static void test_the_width_of_the_terminal(void **state)
{
	struct harness ui;
	struct winsize size = {.ws_row = 24, .ws_col = 30};

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, "============================================================\r\nNEW");
	harness_sees(&ui, PROMPT);
	assert_int_equal(ioctl(ui.screen, TIOCSWINSZ, &size), 0);
	harness_type(&ui, "n\n");
	harness_say(&ui, NEW_ACCOUNT("2"));
	harness_sees(&ui, "\n==============================\r\nNEW");
	assert_int_equal(harness_end(&ui), 0);
}

/* Many values at once, in pieces that end anywhere. */
static void test_requests_in_pieces(void **state)
{
	struct harness ui;
	static const char stream[] = NEW_ACCOUNT("1") NEW_ACCOUNT("2") "\n\n " NEW_ACCOUNT("3");

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	for (size_t i = 0; i < sizeof stream - 1; i += 50) {
		char piece[51] = "";

		memcpy(piece, stream + i, sizeof stream - 1 - i < 50 ? sizeof stream - 1 - i : 50);
		harness_say(&ui, piece);
		usleep(1000);
	}
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "y\n");
	harness_hears(&ui, YES("1"));
	harness_sees(&ui, "(1 more waiting) " PROMPT);
	harness_type(&ui, "n\n");
	harness_hears(&ui, NO("2"));
	harness_sees(&ui, PROMPT);
	harness_type(&ui, "y\n");
	harness_hears(&ui, YES("3"));
	assert_int_equal(harness_end(&ui), 0);
}

static void test_a_pipe_instead_of_a_terminal(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_PIPE);
	harness_type(&ui, "y\ny");
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, PROMPT);
	harness_hears_nothing(&ui);
	harness_type(&ui, "y\r\n");
	harness_hears(&ui, YES("1"));
	harness_say(&ui, NEW_ACCOUNT("2"));
	harness_say(&ui, NEW_ACCOUNT("3"));
	harness_sees(&ui, PROMPT);
	/* End of file, with an unfinished line before it. */
	harness_type(&ui, "y");
	close(ui.keyboard);
	ui.keyboard = -1;
	harness_hears(&ui, LEFT("2") "\n" LEFT("3"));
	harness_sees(&ui, "every request is refused");
	harness_say(&ui, NEW_ACCOUNT("4"));
	harness_hears(&ui, LEFT("4"));
	assert_int_equal(harness_end(&ui), 0);
}

static void test_without_any_input(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_NULL);
	harness_sees(&ui, "every request is refused");
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_hears(&ui, LEFT("1"));
	assert_int_equal(harness_end(&ui), 0);
}

/* Nobody can read the page: nobody can approve it. */
static void test_without_output(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_PIPE);
	close(ui.screen);
	ui.screen = -1;
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_type(&ui, "y\n");
	harness_hears(&ui, LEFT("1"));
	assert_int_equal(harness_end(&ui), 0);
}

static void test_the_terminal_hangs_up(void **state)
{
	struct harness ui;

	(void)state;
	harness_start(&ui, HARNESS_TERMINAL);
	harness_say(&ui, NEW_ACCOUNT("1"));
	harness_sees(&ui, PROMPT);
	close(ui.screen);
	ui.screen = ui.keyboard = -1;
	harness_hears(&ui, LEFT("1"));
	assert_int_equal(harness_end(&ui), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_approving_at_a_terminal),
	    cmocka_unit_test(test_stray_keys_approve_nothing), cmocka_unit_test(test_a_half_typed_yes_dies_with_its_page),
	    cmocka_unit_test(test_keyboard_signals_are_for_core), cmocka_unit_test(test_the_terminal_is_given_up_for_a_password),
	    cmocka_unit_test(test_settings_are_restored), cmocka_unit_test(test_nonsense_from_core_ends_it),
	    cmocka_unit_test(test_the_width_of_the_terminal), cmocka_unit_test(test_requests_in_pieces),
	    cmocka_unit_test(test_a_pipe_instead_of_a_terminal), cmocka_unit_test(test_without_any_input),
	    cmocka_unit_test(test_without_output), cmocka_unit_test(test_the_terminal_hangs_up)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
