/* The conversation with the person, played without a terminal: what is printed, what is answered, what typed lines count for. */
#include "../base/testing.h"

#include "ui/session.h"

#define MOST ((size_t)8 * 1024 * 1024)

struct play {
	struct session *session;
	struct buf screen; /* everything printed since the last look */
	struct buf sent;
	unsigned timer; /* as set, 0: none */
	unsigned discarded;
	bool yielded;
	bool silent; /* what is typed does not show */
	bool printed_while_yielded;
};

static void play_print(void *context, struct bytes text)
{
	struct play *play = context;

	play->printed_while_yielded = play->printed_while_yielded || play->yielded;
	buf_put_bytes(&play->screen, text);
}

static void play_discard(void *context)
{
	struct play *play = context;

	play->discarded++;
}

static void play_set_echo(void *context, bool on)
{
	struct play *play = context;

	play->silent = !on;
}

static void play_yield(void *context, bool yielded)
{
	struct play *play = context;

	/* From here on keys may be asked for, and the person may type. */
	assert_true(play->silent);
	play->yielded = yielded;
}

static void play_send(void *context, struct bytes json)
{
	struct play *play = context;

	buf_put_bytes(&play->sent, json);
}

static void play_timer(void *context, unsigned milliseconds)
{
	struct play *play = context;

	play->timer = milliseconds;
}

static unsigned play_width(void *context)
{
	(void)context;
	return 80;
}

static uint64_t play_now(void *context)
{
	(void)context;
	return 1700000000;
}

static int setup(void **state)
{
	struct play *play = calloc(1, sizeof(*play));
	struct session_host host = {.print = play_print,
	    .discard_input = play_discard,
	    .set_echo = play_set_echo,
	    .yield_terminal = play_yield,
	    .send = play_send,
	    .set_timer = play_timer,
	    .width = play_width,
	    .now = play_now,
	    .context = play};

	if (play == NULL)
		return -1;
	buf_init(&play->screen, MOST);
	buf_init(&play->sent, MOST);
	play->session = session_new(&host);
	*state = play;
	return 0;
}

static int teardown(void **state)
{
	struct play *play = *state;

	assert_false(play->printed_while_yielded);
	session_free(play->session);
	buf_free(&play->screen);
	buf_free(&play->sent);
	free(play);
	return 0;
}

static void core_says(struct play *play, const char *json)
{
	struct error error;

	if (!session_message(play->session, bytes_text(json), &error))
		fail_msg("%s", error.text);
}

static void ring(struct play *play)
{
	assert_true(play->timer > 0);
	play->timer = 0;
	session_timer(play->session);
}

static void person_types(struct play *play, const char *line)
{
	session_line(play->session, bytes_text(line));
}

/* Looks once: what was printed, what was sent, is forgotten afterwards. */
static void expect_screen(struct play *play, const char *part)
{
	if (strstr(buf_text(&play->screen), part) == NULL)
		fail_msg("expected \"%s\" on screen, found:\n%s", part, buf_text(&play->screen));
	buf_reset(&play->screen);
}

static void expect_blank(struct play *play)
{
	assert_string_equal(buf_text(&play->screen), "");
}

static void expect_sent(struct play *play, const char *json)
{
	assert_string_equal(buf_text(&play->sent), json);
	buf_reset(&play->sent);
}

#define NEW_ACCOUNT(id) \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_approveNewAccount\",\"params\":[{\"meta\":{\"scheme\":\"ipc\"}}]}"
#define LISTING(id)                                                                                                              \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_approveListing\",\"params\":[{\"accounts\":[{\"address\":\"0xaa\"}," \
	"{\"address\":\"0xbb\"},{\"address\":\"0xcc\"}]}]}"
#define TX(id, value)                                                                                                     \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_approveTx\",\"params\":[{\"transaction\":{\"value\":\"" value \
	"\",\"x\":1.50}}]}"
#define PASSWORD(id)                                                                                             \
	"{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_onInputRequired\",\"params\":[{\"title\":\"Account " \
	"password\",\"prompt\":\"for 0x12\",\"isPassword\":true}]}"
#define INPUT(id)                         \
	"{\"jsonrpc\":\"2.0\",\"id\":" id \
	",\"method\":\"ui_onInputRequired\",\"params\":[{\"title\":\"A name\",\"prompt\":\"?\",\"isPassword\":false}]}"
#define WITHDRAW(id, reason) \
	"{\"jsonrpc\":\"2.0\",\"method\":\"ui_withdraw\",\"params\":[{\"id\":" id ",\"reason\":\"" reason "\"}]}"
#define RESUME "{\"jsonrpc\":\"2.0\",\"method\":\"ui_resume\",\"params\":[{}]}"

static void test_only_y_approves(void **state)
{
	static const char *const noes[] = {"", "n", "N", "yes", "y ", " y", "yy", "Yes", "1", "v", "\xc3\xbf", "j"};
	struct play *play = *state;

	for (size_t i = 0; i < sizeof noes / sizeof noes[0]; i++) {
		core_says(play, NEW_ACCOUNT("1"));
		ring(play);
		person_types(play, noes[i]);
		expect_screen(play, "Refused.\n");
		expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"approved\":false}}\n");
		ring(play);
	}
	core_says(play, NEW_ACCOUNT("\"a\\\"b\""));
	ring(play);
	person_types(play, "y");
	expect_screen(play, "Approved.\n");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":\"a\\\"b\",\"result\":{\"approved\":true}}\n");
	ring(play);
	core_says(play, NEW_ACCOUNT("3"));
	ring(play);
	person_types(play, "Y");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"approved\":true}}\n");
}

static void test_the_transaction_goes_back_as_it_came(void **state)
{
	struct play *play = *state;

	core_says(play, TX("9", "0x1"));
	ring(play);
	person_types(play, "y");
	expect_sent(play,
	    "{\"jsonrpc\":\"2.0\",\"id\":9,\"result\":{\"transaction\":{\"value\":\"0x1\",\"x\":1.50},\"approved\":true}}\n");
}

static void test_listing_all_some_none(void **state)
{
	struct play *play = *state;
	static const struct {
		const char *line, *accounts;
	} cases[] = {{"y", "[{\"address\":\"0xaa\"},{\"address\":\"0xbb\"},{\"address\":\"0xcc\"}]"},
	    {"3, 1", "[{\"address\":\"0xaa\"},{\"address\":\"0xcc\"}]"}, {"2 2", "[{\"address\":\"0xbb\"}]"}, {"", "null"},
	    {"n", "null"}, {"4", "null"}, {"0", "null"}, {"1 x", "null"}, {"1-3", "null"}, {"18446744073709551617", "null"},
	    {",", "null"}};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char expected[256];

		core_says(play, LISTING("1"));
		ring(play);
		person_types(play, cases[i].line);
		snprintf(expected, sizeof expected, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"accounts\":%s}}\n",
		    cases[i].accounts);
		expect_sent(play, expected);
		ring(play);
	}
}

static void test_what_is_typed_before_the_prompt_does_not_count(void **state)
{
	struct play *play = *state;

	person_types(play, "y");
	core_says(play, NEW_ACCOUNT("1"));
	person_types(play, "y");
	assert_int_equal(play->discarded, 0);
	assert_null(strstr(buf_text(&play->screen), "[y/N]"));
	ring(play);
	assert_int_equal(play->discarded, 1);
	expect_screen(play, "Approve? [y/N]: ");
	expect_sent(play, "");
	/* Three lines at once: the first answers, the others are for nobody. */
	core_says(play, NEW_ACCOUNT("2"));
	person_types(play, "y");
	person_types(play, "y");
	person_types(play, "y");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"approved\":true}}\n");
	ring(play);
	person_types(play, "y");
	expect_sent(play, "");
	ring(play);
	person_types(play, "n");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"approved\":false}}\n");
}

static void test_a_new_request_does_not_touch_the_screen(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	ring(play);
	expect_screen(play, "NEW ACCOUNT");
	core_says(play, TX("2", "0x5"));
	core_says(play, LISTING("3"));
	core_says(play, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_showError\",\"params\":[{\"text\":\"late news\"}]}");
	core_says(play, PASSWORD("4"));
	expect_blank(play);
	assert_int_equal(play->timer, 0);
	assert_false(play->yielded);
	person_types(play, "y");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"approved\":true}}\n");
}

static void test_number_waiting_is_shown(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	core_says(play, TX("2", "0x5"));
	ring(play);
	expect_screen(play, "(1 more waiting) Approve? [y/N]: ");
	core_says(play, TX("3", "0x6"));
	core_says(play, TX("4", "0x7"));
	person_types(play, "n");
	ring(play);
	expect_screen(play, "SIGN A TRANSACTION (2 more waiting)");
}

static void test_withdrawn_from_the_screen(void **state)
{
	struct play *play = *state;
	unsigned before;

	core_says(play, NEW_ACCOUNT("1"));
	ring(play);
	core_says(play, TX("2", "0x5"));
	before = play->discarded;
	core_says(play, WITHDRAW("1", "timeout"));
	expect_screen(play, "\n--- A request for a new account was withdrawn: its time is up. Nothing was approved. ---\n");
	assert_int_equal(play->discarded, before + 1);
	/* The yes that was on its way is for nobody. */
	person_types(play, "y");
	expect_sent(play, "");
	ring(play);
	expect_screen(play, "SIGN A TRANSACTION");
	person_types(play, "y");
	expect_sent(play, "");
	ring(play);
	person_types(play, "y");
	expect_sent(play,
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"transaction\":{\"value\":\"0x5\",\"x\":1.50},\"approved\":true}}\n");
}

static void test_withdrawn_before_the_prompt(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	core_says(play, WITHDRAW("1", "cancelled"));
	expect_screen(play, "it was cancelled");
	ring(play);
	expect_blank(play);
	assert_int_equal(play->timer, 0);
	person_types(play, "y");
	expect_sent(play, "");
}

static void test_withdrawn_while_waiting(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	ring(play);
	core_says(play, TX("2", "0x5"));
	buf_reset(&play->screen);
	core_says(play, WITHDRAW("2", "caller gone"));
	core_says(play, WITHDRAW("77", "caller gone"));
	expect_blank(play);
	person_types(play, "n");
	expect_screen(play, "Refused.");
	ring(play);
	expect_screen(
	    play, "--- A request to sign a transaction was withdrawn: its caller has left. Nothing was approved. ---\n");
	assert_int_equal(play->timer, 0);
}

static void test_a_reason_from_outside_is_escaped(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	core_says(play, WITHDRAW("1", "\\u001b[2J\\n"));
	expect_screen(play, "withdrawn: \\x1b[2J\\n.");
}

static void test_changed_content_is_asked_again(void **state)
{
	struct play *play = *state;

	core_says(play, TX("1", "0xde0b6b3a7640000"));
	ring(play);
	expect_screen(play, "1 ETH");
	core_says(play, TX("1", "0x1bc16d674ec80000"));
	person_types(play, "y");
	expect_sent(play, "");
	expect_screen(play, "2 ETH");
	ring(play);
	person_types(play, "y");
	expect_sent(play,
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"transaction\":{\"value\":\"0x1bc16d674ec80000\",\"x\":1.50},"
	    "\"approved\":true}}\n");
}

static void test_a_password_is_left_to_keys(void **state)
{
	struct play *play = *state;

	core_says(play, TX("1", "0x1"));
	core_says(play, TX("2", "0x2"));
	ring(play);
	assert_false(play->silent);
	person_types(play, "y");
	assert_true(play->silent); /* who knows that the password is next may begin */
	buf_reset(&play->sent);
	/* It comes before the transaction that waits. */
	core_says(play, PASSWORD("3"));
	assert_true(play->yielded);
	assert_true(session_is_yielded(play->session));
	expect_screen(play, "for 0x12");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":3,\"result\":{\"text\":\"\",\"terminal\":true}}\n");
	/* Until it is over, nothing is printed or read. */
	core_says(play, NEW_ACCOUNT("4"));
	core_says(play, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_showInfo\",\"params\":[{\"text\":\"news\"}]}");
	person_types(play, "y");
	assert_int_equal(play->timer, 0);
	expect_sent(play, "");
	core_says(play, RESUME);
	assert_false(play->yielded);
	assert_true(play->silent);
	ring(play);
	expect_screen(play, "SIGN A TRANSACTION (1 more waiting)");
	assert_false(play->silent);
	ring(play);
	person_types(play, "n");
	expect_sent(play,
	    "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"transaction\":{\"value\":\"0x2\",\"x\":1.50},\"approved\":false}}\n");
}

static void test_whatever_may_be_a_password_is_left_to_keys(void **state)
{
	struct play *play = *state;

	core_says(play, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ui_onInputRequired\",\"params\":[{\"title\":\"t\"}]}");
	assert_true(play->yielded);
	core_says(play, RESUME);
	assert_false(play->yielded);
}

/* Withdrawn before core heard of the lent terminal: nobody will send ui_resume. */
static void test_a_withdrawn_password_gives_the_terminal_back(void **state)
{
	struct play *play = *state;

	core_says(play, PASSWORD("3"));
	buf_reset(&play->screen);
	core_says(play, WITHDRAW("2", "timeout"));
	assert_true(play->yielded);
	core_says(play, WITHDRAW("3", "timeout"));
	assert_false(play->yielded);
	assert_true(play->silent); /* the rest of the password must not show */
	ring(play);
	assert_false(play->silent);
	expect_screen(play, "--- A question for input was withdrawn: its time is up.");
	core_says(play, RESUME);
	core_says(play, NEW_ACCOUNT("4"));
	ring(play);
	expect_screen(play, "NEW ACCOUNT");
}

static void test_input_with_echo(void **state)
{
	struct play *play = *state;

	core_says(play, INPUT("5"));
	person_types(play, "too early");
	expect_sent(play, "");
	ring(play);
	expect_screen(play, "> ");
	person_types(play, "my \"name\" \xff");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":5,\"result\":{\"text\":\"my \\\"name\\\" \xef\xbf\xbd\"}}\n");
}

static void test_view_all_asks_again(void **state)
{
	struct play *play = *state;
	struct buf json BUF_CLEANUP = BUF_INIT(65536);

	buf_put_text(
	    &json, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ui_approveTx\",\"params\":[{\"transaction\":{\"data\":\"0x");
	for (int i = 0; i < 1000; i++)
		buf_put_text(&json, "ab");
	buf_put_text(&json, "\"}}]}");
	core_says(play, buf_text(&json));
	ring(play);
	expect_screen(play, "v = view all");
	person_types(play, "v");
	person_types(play, "y");
	expect_sent(play, "");
	assert_null(strstr(buf_text(&play->screen), "not shown"));
	ring(play);
	expect_screen(play, "Approve? [y/N]: ");
	/* Nothing is left out any more: v is no answer. */
	person_types(play, "v");
	assert_non_null(strstr(buf_text(&play->sent), "\"approved\":false"));
}

static void test_the_approver_leaves(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	ring(play);
	core_says(play, TX("2", "0x1"));
	session_leave(play->session);
	session_leave(play->session);
	expect_screen(play, "every request is refused");
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":-32000,\"message\":\"the approver left\"}}\n"
	                  "{\"jsonrpc\":\"2.0\",\"id\":2,\"error\":{\"code\":-32000,\"message\":\"the approver left\"}}\n");
	core_says(play, PASSWORD("3"));
	core_says(play, LISTING("4"));
	person_types(play, "y");
	assert_false(play->yielded);
	expect_blank(play);
	expect_sent(play, "{\"jsonrpc\":\"2.0\",\"id\":3,\"error\":{\"code\":-32000,\"message\":\"the approver left\"}}\n"
	                  "{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":-32000,\"message\":\"the approver left\"}}\n");
	core_says(play, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_showInfo\",\"params\":[{\"text\":\"still told\"}]}");
	expect_screen(play, "still told");
}

static void test_what_cannot_be_shown_is_refused(void **state)
{
	struct play *play = *state;

	core_says(play, "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ui_approveTx\",\"params\":[]}");
	assert_non_null(strstr(buf_text(&play->sent), "\"id\":1,\"error\":{\"code\":-32602"));
	buf_reset(&play->sent);
	core_says(play, "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"ui_makeCoffee\",\"params\":[{}]}");
	assert_non_null(strstr(buf_text(&play->sent), "\"id\":2,\"error\":{\"code\":-32601"));
	buf_reset(&play->sent);
	core_says(play, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_approveTx\",\"params\":[{}]}");
	expect_sent(play, "");
}

static void test_what_is_no_call_ends_it(void **state)
{
	static const char *const wrong[] = {"", "{", "[]", "17", "{\"jsonrpc\":\"2.0\"}", "{\"method\":\"ui_resume\"}",
	    "{\"jsonrpc\":\"1.0\",\"method\":\"ui_resume\"}", "{\"jsonrpc\":\"2.0\",\"method\":7}"};
	struct play *play = *state;

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		struct error error = {0};

		assert_false(session_message(play->session, bytes_text(wrong[i]), &error));
		assert_true(strlen(error.text) > 0);
	}
}

static void test_too_many_questions(void **state)
{
	struct play *play = *state;
	char json[256];

	for (int i = 1; i <= 4096; i++) {
		snprintf(
		    json, sizeof json, "{\"jsonrpc\":\"2.0\",\"id\":%d,\"method\":\"ui_approveNewAccount\",\"params\":[{}]}", i);
		core_says(play, json);
	}
	expect_sent(play, "");
	core_says(play, NEW_ACCOUNT("5000"));
	assert_non_null(strstr(buf_text(&play->sent), "\"id\":5000,\"error\":{\"code\":-32000"));
}

static void test_news_are_kept_within_bounds(void **state)
{
	struct play *play = *state;

	core_says(play, NEW_ACCOUNT("1"));
	ring(play);
	for (int i = 0; i < 60000; i++)
		core_says(
		    play, "{\"jsonrpc\":\"2.0\",\"method\":\"ui_showInfo\",\"params\":[{\"text\":\"news and more news\"}]}");
	person_types(play, "n");
	buf_reset(&play->screen);
	ring(play);
	assert_non_null(strstr(buf_text(&play->screen), "news and more news"));
	assert_non_null(strstr(buf_text(&play->screen), "the rest was dropped"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_only_y_approves), TEST(test_the_transaction_goes_back_as_it_came),
	    TEST(test_listing_all_some_none), TEST(test_what_is_typed_before_the_prompt_does_not_count),
	    TEST(test_a_new_request_does_not_touch_the_screen), TEST(test_number_waiting_is_shown),
	    TEST(test_withdrawn_from_the_screen), TEST(test_withdrawn_before_the_prompt), TEST(test_withdrawn_while_waiting),
	    TEST(test_a_reason_from_outside_is_escaped), TEST(test_changed_content_is_asked_again),
	    TEST(test_a_password_is_left_to_keys), TEST(test_whatever_may_be_a_password_is_left_to_keys),
	    TEST(test_a_withdrawn_password_gives_the_terminal_back), TEST(test_input_with_echo), TEST(test_view_all_asks_again),
	    TEST(test_the_approver_leaves), TEST(test_what_cannot_be_shown_is_refused), TEST(test_what_is_no_call_ends_it),
	    TEST(test_too_many_questions), TEST(test_news_are_kept_within_bounds)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
