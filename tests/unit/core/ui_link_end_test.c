/* The UI's channel: a UI that leaves, does not read, sends too much, or sends a password. */
#include "ui_talk.h"

/* ---- the end ---- */

static void test_a_ui_that_leaves(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	ask(talk);
	turn(talk);
	leave(talk);
	assert_false(ui_link_attached(talk->link));
	assert_seen(talk, "detached: it closed its end;2 gone;1 gone;");
	/* Later questions are answered in the same way, but never from inside the call. */
	ask(talk);
	assert_seen(talk, "");
	turn(talk);
	assert_seen(talk, "3 gone;");
	ui_link_notify(talk->link, "ui_showInfo", bytes_text("{}"));
	ui_link_reply(talk->link, bytes_text("1"), 0, bytes_text("1"), BYTES_NONE);
	turn(talk);
	assert_int_equal(talk->detached, 1);
}

static void test_handlers_ask_again_when_the_ui_left(void **state)
{
	struct talk *talk = *state;

	talk->ask_again = true;
	ask(talk);
	turn(talk);
	leave(talk);
	assert_seen(talk, "detached: it closed its end;1 gone;2 gone;3 gone;4 gone;5 gone;");
}

static void test_half_a_message_and_the_end(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	say(talk, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"approved\":true}");
	leave(talk);
	assert_seen(talk, "detached: it closed its end;1 gone;");
}

/* An answer and the end of file in one go: the answer counts. */
static void test_the_last_answer_counts(void **state)
{
	struct talk *talk = *state;
	const char *text = ANSWER("1", "1");

	ask(talk);
	turn(talk);
	assert_int_equal(send(talk->far, text, strlen(text), 0), strlen(text));
	shutdown(talk->far, SHUT_WR);
	turn(talk);
	assert_seen(talk, "1 result 1;detached: it closed its end;");
}

static void test_an_input_that_nobody_can_write_to(void **state)
{
	struct talk *talk = *state, other = {.base = talk->base, .log = talk->log};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	buf_init(&other.seen, 1024);
	other.link = new_link(&other, null, null);
	ui_link_ask(other.link, "x", bytes_text("{}"), on_answer, &other);
	turn(talk);
	assert_false(ui_link_attached(other.link));
	assert_string_equal(buf_text(&other.seen), "detached: its input is neither a pipe, a socket nor a terminal;1 gone;");
	ui_link_free(other.link);
	buf_free(&other.seen);
	close(null);
}

/* It closes what it reads from and goes on writing. */
static void test_a_ui_that_does_not_read_any_more(void **state)
{
	struct talk *talk = *state, other = {.base = talk->base, .log = talk->log};
	int input[2], output[2];

	assert_int_equal(pipe2(input, O_CLOEXEC), 0);
	assert_int_equal(pipe2(output, O_CLOEXEC), 0);
	buf_init(&other.seen, 1024);
	other.link = new_link(&other, input[0], output[1]);
	close(output[0]);
	ui_link_ask(other.link, "x", bytes_text("{}"), on_answer, &other);
	turn(talk);
	assert_string_equal(buf_text(&other.seen), "detached: it does not read any more;1 gone;");
	ui_link_free(other.link);
	buf_free(&other.seen);
	close(input[0]);
	close(input[1]);
	close(output[1]);
}

static void test_freeing_calls_nobody(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	leave(talk);
	buf_reset(&talk->seen);
	ask(talk);
	ui_link_free(talk->link);
	talk->link = NULL;
	turn(talk);
	assert_seen(talk, "");
}

static void test_freeing_writes_what_is_queued(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	ui_link_free(talk->link);
	talk->link = NULL;
	assert_heard(talk, QUESTION("1"));
	assert_seen(talk, "");
}

/* ---- sizes ---- */

/* Callers whose time is up while a person is away must not fill the queue for ever. */
static void test_withdrawn_questions_take_no_room(void **state)
{
	struct talk *talk = *state;
	struct buf params BUF_CLEANUP = BUF_INIT(4 * MIB);

	buf_put_text(&params, "{\"data\":\"");
	memset(buf_reserve(&params, 3 * MIB), 'a', 3 * MIB);
	buf_commit(&params, 3 * MIB);
	buf_put_text(&params, "\"}");
	for (int i = 0; i < 300; i++) {
		uint64_t number = ui_link_ask(talk->link, "ui_approveTx", buf_bytes(&params), on_answer, talk);

		turn(talk);
		ui_link_forget(talk->link, number);
	}
	assert_true(ui_link_attached(talk->link));
	assert_seen(talk, "");
}

/* What is open at once is bounded, whoever asks; an answer or a withdrawal makes room. */
static void test_open_questions_share_their_room(void **state)
{
	struct talk *talk = *state;
	struct buf params BUF_CLEANUP = BUF_INIT(48 * MIB);

	buf_put_text(&params, "{\"data\":\"");
	memset(buf_reserve(&params, 40 * MIB), 'a', 40 * MIB);
	buf_commit(&params, 40 * MIB);
	buf_put_text(&params, "\"}");
	uint64_t first = ui_link_ask(talk->link, "ui_approveTx", buf_bytes(&params), on_answer, talk);

	assert_int_not_equal(first, 0);
	assert_int_equal(ui_link_ask(talk->link, "ui_approveTx", buf_bytes(&params), on_answer, talk), 0);
	assert_int_not_equal(ask(talk), 0); /* a small one */
	ui_link_forget(talk->link, first);
	assert_int_not_equal(ui_link_ask(talk->link, "ui_approveTx", buf_bytes(&params), on_answer, talk), 0);
	assert_seen(talk, "");
}

static void test_a_huge_answer(void **state)
{
	struct talk *talk = *state;
	struct buf text BUF_CLEANUP = BUF_INIT(64 * MIB);

	/* A hundred thousand accounts, all chosen. */
	buf_put_text(&text, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"accounts\":[");
	for (unsigned i = 0; i < 100000; i++)
		buf_printf(&text,
		    "%s{\"address\":\"0x%040x\",\"url\":\"keystore:///home/somebody/.ethereum/keystore/"
		    "UTC--2026-11-22T13-20-20.123456789Z--%040x\"}",
		    i > 0 ? "," : "", i, i);
	buf_put_text(&text, "]}}\n");
	talk->keep_values = false;
	ask(talk);
	say(talk, buf_text(&text));
	assert_seen(talk, "1 result;");
}

static void test_a_huge_question_to_a_slow_reader(void **state)
{
	struct talk *talk = *state;
	struct buf params BUF_CLEANUP = BUF_INIT(16 * MIB), found BUF_CLEANUP = BUF_INIT(64 * MIB);
	static char block[65536];

	buf_put_text(&params, "{\"data\":\"");
	for (unsigned i = 0; i < MIB; i++)
		buf_printf(&params, "%08x", i);
	buf_put_text(&params, "\"}");
	ui_link_ask(talk->link, "ui_approveTx", buf_bytes(&params), on_answer, talk);
	ui_link_notify(talk->link, "after", bytes_text("{}"));
	for (int i = 0; i < 100000; i++) {
		turn(talk);
		ssize_t got = recv(talk->far, block, sizeof(block), MSG_DONTWAIT);

		if (got <= 0)
			break;
		buf_put(&found, block, (size_t)got);
	}
	const char *after = "]}\n{\"jsonrpc\":\"2.0\",\"method\":\"after\",\"params\":[{}]}\n";
	size_t head = strlen("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ui_approveTx\",\"params\":[");

	assert_int_equal(found.size, head + params.size + strlen(after));
	assert_memory_equal(found.data + head, params.data, params.size);
	assert_memory_equal(found.data + head + params.size, after, strlen(after));
}

/* ---- passwords ---- */

static void send_needle(struct talk *talk, const struct needle *needle, const char *before, const char *after)
{
	assert_int_equal(send(talk->far, before, strlen(before), MSG_MORE), strlen(before));
	assert_int_equal(send(talk->far, needle->page, NEEDLE_SIZE, MSG_MORE), NEEDLE_SIZE);
	assert_int_equal(send(talk->far, after, strlen(after), 0), strlen(after));
	turn(talk);
}

static void test_a_password_is_wiped_when_its_handler_returns(void **state)
{
	static const struct {
		const char *before, *after;
	} cases[] = {
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"", "\"}}\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"text\":\"", "\"}} {\"half\":"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{\"code\":1,\"message\":\"x\",\"data\":\"", "\"}}\n"},
	    {"[{\"jsonrpc\":\"2.0\",\"id\":4,\"method\":\"clef_importRawKey\",\"params\":[\"", "\"]}]\n"},
	    {"{\"password\" ", "}\n"}, /* garbage */
	};
	struct needle needle = needle_new();

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct talk *talk;

		open_talk((void **)&talk);
		talk->keep_values = false;
		ask(talk);
		turn(talk);
		send_needle(talk, &needle, cases[i].before, cases[i].after);
		assert_int_equal(needle_count(&needle), 0);
		close_talk((void **)&talk);
	}
	needle_free(&needle);
}

/* A message that comes in lines: what was looked at on the way is wiped, too. */
static void test_a_password_in_an_unfinished_message(void **state)
{
	struct talk *talk = *state;
	struct needle needle = needle_new();

	talk->keep_values = false;
	ask(talk);
	turn(talk);
	send_needle(talk, &needle, "{\"jsonrpc\":\"2.0\",\n\"id\":1,\n\"result\":{\n\"text\":\"", "\"\n");
	assert_int_equal(needle_count(&needle), 1); /* in the buffer, where it waits for its end */
	say(talk, "}}\n");
	assert_seen(talk, "1 result;");
	assert_int_equal(needle_count(&needle), 0);
	needle_free(&needle);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TALK(test_a_ui_that_leaves),
	    TALK(test_handlers_ask_again_when_the_ui_left),
	    TALK(test_half_a_message_and_the_end),
	    TALK(test_the_last_answer_counts),
	    TALK(test_an_input_that_nobody_can_write_to),
	    TALK(test_a_ui_that_does_not_read_any_more),
	    TALK(test_freeing_calls_nobody),
	    TALK(test_freeing_writes_what_is_queued),
	    TALK(test_withdrawn_questions_take_no_room),
	    TALK(test_open_questions_share_their_room),
	    TALK(test_a_huge_answer),
	    TALK(test_a_huge_question_to_a_slow_reader),
	    cmocka_unit_test(test_a_password_is_wiped_when_its_handler_returns),
	    TALK(test_a_password_in_an_unfinished_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
