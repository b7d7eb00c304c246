/* The UI's channel: answers in any order and of any quality, garbage, calls and batches of them. */
#include "ui_talk.h"

/* ---- answers ---- */

static void test_questions_are_numbered_from_one(void **state)
{
	struct talk *talk = *state;

	assert_int_equal(ask(talk), 1);
	assert_int_equal(ask(talk), 2);
	ui_link_notify(talk->link, "ui_showInfo", bytes_text("{}"));
	assert_heard(talk, QUESTION("1") QUESTION("2") "{\"jsonrpc\":\"2.0\",\"method\":\"ui_showInfo\",\"params\":[{}]}\n");
}

static void test_answers_in_any_order(void **state)
{
	struct talk *talk = *state;

	for (int i = 0; i < 4; i++)
		ask(talk);
	say(talk, ANSWER("3", "\"c\"") ANSWER("1",
	              "null") "{\"jsonrpc\":\"2.0\",\"id\":4,\"error\":{\"code\":7,\"message\":\"no\",\"data\":[1]}}" ANSWER("2",
	              "{\"b\":1.0}"));
	assert_seen(talk, "3 result \"c\";1 result null;4 error 7 no [1];2 result {\"b\":1.0};");
}

static void test_an_answer_counts_once(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	say(talk, ANSWER("1", "1") ANSWER("1", "2") ANSWER("2", "3") ANSWER("0", "4"));
	assert_seen(talk, "1 result 1;");
	ask(talk);
	say(talk, ANSWER("1", "5"));
	assert_int_equal(talk->answers, 1);
}

static void test_what_is_no_answer_is_ignored(void **state)
{
	static const char *const lines[] = {"{\"id\":1,\"result\":1}\n", "{\"jsonrpc\":\"1.0\",\"id\":1,\"result\":1}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":\"1\",\"result\":1}\n", "{\"jsonrpc\":\"2.0\",\"id\":1.0,\"result\":1}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":null,\"result\":1}\n", "{\"jsonrpc\":\"2.0\",\"result\":1}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":18446744073709551617,\"result\":1}\n", "{\"jsonrpc\":\"2.0\",\"id\":-1,\"result\":1}\n",
	    "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":1,\"error\":{\"code\":1,\"message\":\"x\"}}\n"};
	struct talk *talk = *state;

	ask(talk);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		say(talk, lines[i]);
	assert_int_equal(talk->answers, 0);
	assert_heard(talk, QUESTION("1"));
	say(talk, ANSWER("1", "true"));
	assert_seen(talk, "1 result true;");
}

/* Some JSON-RPC libraries always write both members. */
static void test_error_null_is_no_error(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	say(talk, "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":{\"approved\":true},\"error\":null}\n");
	assert_seen(talk, "1 result {\"approved\":true};");
}

static void test_an_answer_split_at_every_byte(void **state)
{
	struct talk *talk = *state;
	char text[128];
	size_t size = 1;

	for (size_t cut = 0; cut < size; cut++) {
		size = (size_t)snprintf(text, sizeof(text),
		    "\n {\"jsonrpc\":\"2.0\",\"id\":%llu,\r\n\"result\":{\"t\":\"\xc3\xb6\\\"}]\\\\\"}}\n",
		    (unsigned long long)ask(talk));
		assert_int_equal(send(talk->far, text, cut, 0), cut);
		turn(talk);
		assert_int_equal(send(talk->far, text + cut, size - cut, 0), size - cut);
		turn(talk);
		assert_int_equal(talk->answers, cut + 1);
	}
	assert_true(size > 50);
	assert_int_equal(talk->detached, 0);
}

static void test_a_withdrawn_question_gets_no_answer(void **state)
{
	struct talk *talk = *state;
	uint64_t first = ask(talk), second = ask(talk);

	turn(talk);
	assert_true(ui_link_forget(talk->link, first)); /* the UI knows of it */
	say(talk, ANSWER("1", "true") ANSWER("2", "true"));
	assert_seen(talk, "2 result true;");
	ui_link_forget(talk->link, second);
	ui_link_forget(talk->link, 99);
}

static void test_a_question_withdrawn_before_it_was_sent(void **state)
{
	struct talk *talk = *state;
	uint64_t first = ask(talk);

	ask(talk);
	assert_false(ui_link_forget(talk->link, first));
	assert_heard(talk, QUESTION("2"));
}

static void test_handlers_ask_and_forget(void **state)
{
	struct talk *talk = *state;

	talk->ask_again = true;
	ask(talk);
	talk->forget = ask(talk);
	say(talk, "[" ANSWER("1", "1") "," ANSWER("2", "2") "," ANSWER("3", "3") "," ANSWER("4", "4") "]");
	assert_seen(talk, "1 result 1;3 result 3;4 result 4;");
}

/* ---- garbage ---- */

static void test_garbage_is_skipped_to_the_end_of_its_line(void **state)
{
	static const char *const garbage[] = {"hello\n", "hello world, what now?\n", "{{{\n", "}\n", "]]\n", "{\"a\":}\n",
	    "\"never closed\n", "\x80\xff\n", "\"\xed\xa0\x80\"\n", "{\"a\":1,}\n", "\x01\n", "nul\n", "{'a':1}\n", "[1,2\x01\n",
	    "-\n", "\"\\u12\"\n", ",\n", ":\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct talk *talk;

		open_talk((void **)&talk);
		ask(talk);
		assert_heard(talk, QUESTION("1"));
		say(talk, garbage[i]);
		assert_heard(talk, PARSE_ERROR);
		say(talk, ANSWER("1", "\"late\""));
		assert_seen(talk, "1 result \"late\";");
		close_talk((void **)&talk);
	}
}

static void test_garbage_and_an_answer_in_one_write(void **state)
{
	static const char *const garbage[] = {"hello\n", "{{{\n", "[\n", "{\n", "[\n[\n{\n[\n", "\"never closed\n"};

	(void)state;
	for (size_t i = 0; i < sizeof(garbage) / sizeof(garbage[0]); i++) {
		struct talk *talk;
		char text[256];

		open_talk((void **)&talk);
		ask(talk);
		ask(talk);
		snprintf(text, sizeof(text), "%s" ANSWER("1", "1") ANSWER("2", "2"), garbage[i]);
		assert_int_equal(send(talk->far, text, strlen(text), 0), strlen(text));
		turn(talk);
		assert_seen(talk, "1 result 1;2 result 2;");
		close_talk((void **)&talk);
	}
}

static void test_too_deep(void **state)
{
	struct talk *talk = *state;
	size_t size = 20000;
	char *deep = malloc(size + 2);

	assert_non_null(deep);
	memset(deep, '[', size);
	deep[size] = '\n';
	deep[size + 1] = 0;
	ask(talk);
	turn(talk);
	say(talk, deep);
	say(talk, ANSWER("1", "1"));
	assert_seen(talk, "1 result 1;");
	free(deep);
}

static void test_random_garbage_never_makes_it_deaf(void **state)
{
	static const char alphabet[] = "{}[]\",:\\ \n0-9aeu\x80\xff\tnull";
	struct talk *talk = *state;
	uint64_t seed = UINT64_C(0x6761726261676521);

	talk->answer_calls = false;
	for (int i = 0; i < 400; i++) {
		char text[128], line[64];
		size_t size = 1 + random_below(&seed, sizeof(text) - 2);

		for (size_t k = 0; k < size; k++)
			text[k] = alphabet[random_below(&seed, sizeof(alphabet) - 1)];
		text[size] = 0;
		say(talk, text);
		/* A person's program recovers by beginning new lines; a string or a value may take one or two to be given up. */
		say(talk, "\n\x01\n\x01\n");
		uint64_t number = ask(talk);

		snprintf(line, sizeof(line), "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":1}\n", (unsigned long long)number);
		say(talk, line);
		assert_int_equal(talk->answers, i + 1);
		while (recv(talk->far, text, sizeof(text), MSG_DONTWAIT) > 0)
			continue;
	}
	assert_int_equal(talk->detached, 0);
}

static void test_blanks_are_not_gathered(void **state)
{
	struct talk *talk = *state;
	char *blanks = malloc(MIB + 1);

	assert_non_null(blanks);
	memset(blanks, '\n', MIB);
	blanks[MIB] = 0;
	for (int i = 0; i < 80; i++)
		say(talk, blanks);
	assert_int_equal(talk->detached, 0);
	ask(talk);
	say(talk, ANSWER("1", "1"));
	assert_seen(talk, "1 result 1;");
	free(blanks);
}

static void test_a_message_without_end(void **state)
{
	struct talk *talk = *state;
	char *part = malloc(MIB + 1);

	assert_non_null(part);
	memset(part, 'x', MIB);
	part[MIB] = 0;
	ask(talk);
	say(talk, "{\"a\":\"");
	for (int i = 0; i < 2000 && talk->detached == 0; i++) {
		send(talk->far, part, MIB, MSG_DONTWAIT);
		turn(talk);
	}
	assert_seen(talk, "detached: it sent more than 64 MiB without a complete message;1 gone;");
	free(part);
}

/* ---- calls ---- */

static void test_calls(void **state)
{
	struct talk *talk = *state;

	say(talk, "{\"jsonrpc\":\"2.0\",\"id\":\"x\",\"method\":\"clef_new\",\"params\":[]}{\"jsonrpc\":\"2.0\",\"id\":5,"
	          "\"method\":\"clef_chainId\"}");
	assert_seen(talk, "call clef_new [];call clef_chainId;");
	assert_heard(talk, ANSWER("\"x\"", "\"clef_new\"") ANSWER("5", "\"clef_chainId\""));
}

static void test_a_notification_gets_no_reply(void **state)
{
	struct talk *talk = *state;

	say(talk, "{\"jsonrpc\":\"2.0\",\"method\":\"clef_new\"}");
	assert_seen(talk, "call clef_new;");
	assert_heard(talk, "");
}

static void test_malformed_calls(void **state)
{
	static const struct {
		const char *text, *reply;
	} cases[] = {
	    {"{\"id\":1,\"method\":\"a\"}", INVALID("1") "\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1}", INVALID("1") "\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"\"}", INVALID("1") "\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":7}", INVALID("1") "\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":{},\"method\":\"a\"}", INVALID("null") "\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":[1],\"method\":\"a\"}", INVALID("null") "\n"},
	    {"{}", INVALID("null") "\n"},
	    {"\"text\"", INVALID("null") "\n"},
	    {"7 ", INVALID("null") "\n"},
	    {"[]", "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32600,\"message\":\"empty batch\"}}\n"},
	    {"{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":null}", INVALID("1") "\n"},
	};
	struct talk *talk = *state;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		say(talk, cases[i].text);
		assert_heard(talk, cases[i].reply);
	}
	assert_seen(talk, "");
}

#define CALL(id, name) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"" name "\"}"
#define NOTIFY(name)   "{\"jsonrpc\":\"2.0\",\"method\":\"" name "\"}"
#define REPLY(id, x)   "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" x "}"

static void test_a_batch(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	turn(talk);
	assert_heard(talk, QUESTION("1"));
	say(talk, "[" CALL("1", "a") "," NOTIFY("b") "," REPLY("1", "\"answer\"") "," CALL("2", "c") "]");
	assert_seen(talk, "call a;call b;1 result \"answer\";call c;");
	assert_heard(talk, "[" REPLY("1", "\"a\"") "," REPLY("2", "\"c\"") "]\n");
}

static void test_a_batch_with_malformed_entries_is_complete(void **state)
{
	struct talk *talk = *state;

	say(talk, "[" CALL("1", "a") ",1," NOTIFY("") ",{\"jsonrpc\":\"1.0\",\"id\":8,\"result\":0}," CALL("[]", "x") "," CALL(
	              "2", "b") "]");
	assert_seen(talk, "call a;call b;");
	assert_heard(talk,
	    "[" REPLY("1", "\"a\"") "," INVALID("null") "," INVALID("null") "," INVALID("null") "," REPLY("2", "\"b\"") "]\n");
}

static void test_a_batch_that_needs_no_reply(void **state)
{
	struct talk *talk = *state;

	ask(talk);
	assert_heard(talk, QUESTION("1"));
	say(talk, "[" NOTIFY("a") "," REPLY("1", "1") "]");
	assert_seen(talk, "call a;1 result 1;");
	assert_heard(talk, "");
}

static void test_a_batch_answered_out_of_order(void **state)
{
	struct talk *talk = *state;

	talk->answer_calls = false;
	say(talk, "[" CALL("1", "a") "," CALL("2", "b") "]");
	say(talk, "[" CALL("3", "c") "]");
	ui_link_reply(talk->link, bytes_text("2"), 1, bytes_text("0"), BYTES_NONE);
	ui_link_reply(talk->link, bytes_text("3"), 2, bytes_text("0"), BYTES_NONE);
	ui_link_reply(talk->link, bytes_text("1"), 1, BYTES_NONE, bytes_text("{}"));
	assert_heard(talk, "[" REPLY("3", "0") "]\n[" REPLY("2", "0") ",{\"jsonrpc\":\"2.0\",\"id\":1,\"error\":{}}]\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TALK(test_questions_are_numbered_from_one),
	    TALK(test_answers_in_any_order),
	    TALK(test_an_answer_counts_once),
	    TALK(test_what_is_no_answer_is_ignored),
	    TALK(test_error_null_is_no_error),
	    TALK(test_an_answer_split_at_every_byte),
	    TALK(test_a_withdrawn_question_gets_no_answer),
	    TALK(test_a_question_withdrawn_before_it_was_sent),
	    TALK(test_handlers_ask_and_forget),
	    cmocka_unit_test(test_garbage_is_skipped_to_the_end_of_its_line),
	    cmocka_unit_test(test_garbage_and_an_answer_in_one_write),
	    TALK(test_too_deep),
	    TALK(test_random_garbage_never_makes_it_deaf),
	    TALK(test_blanks_are_not_gathered),
	    TALK(test_a_message_without_end),
	    TALK(test_calls),
	    TALK(test_a_notification_gets_no_reply),
	    TALK(test_malformed_calls),
	    TALK(test_a_batch),
	    TALK(test_a_batch_with_malformed_entries_is_complete),
	    TALK(test_a_batch_that_needs_no_reply),
	    TALK(test_a_batch_answered_out_of_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
