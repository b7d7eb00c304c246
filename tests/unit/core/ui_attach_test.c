/* The UI's channel: UIs that come and go, questions that wait for one, descriptors that one passes. */
#include "ui_talk.h"

#include <dirent.h>

#define HELLO     "{\"jsonrpc\":\"2.0\",\"method\":\"hello\",\"params\":[{}]}\n"
#define ASKED(id) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_approveTx\",\"params\":[{\"a\":1}]}\n"
#define YES(id)   "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":true}\n"

/* A link to which nobody is attached; questions wait for so many seconds. */
static struct talk *open_free(unsigned wait_s)
{
	struct talk *talk;

	open_talk((void **)&talk);
	ui_link_free(talk->link);
	talk->wait_s = wait_s;
	talk->replaceable = talk->greet = true;
	new_link(talk, -1, -1);
	return talk;
}

static void attach(struct talk *talk)
{
	int pair[2];

	close(talk->near);
	if (talk->far >= 0)
		close(talk->far);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	talk->near = pair[0];
	talk->far = pair[1];
	ui_link_attach(talk->link, &(struct ui_peer){.in = talk->near, .out = talk->near, .replaceable = talk->replaceable});
}

static void finish(struct talk *talk)
{
	close(talk->descriptor);
	close_talk((void **)&talk);
}

static void run_for(struct talk *talk, unsigned milliseconds)
{
	const struct timeval moment = {milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000};

	event_base_loopexit(talk->base, &moment);
	event_base_dispatch(talk->base);
}

/* ---- one that does not read ---- */

static void test_more_to_write_does_not_make_the_wait_begin_anew(void **state)
{
	struct talk *talk = open_free(0);
	static char large[300000];
	int pair[2];

	(void)state;
	memset(large, ' ', sizeof(large) - 1);
	large[0] = '1';
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ui_link_attach(talk->link, &(struct ui_peer){.in = pair[0], .out = pair[0], .replaceable = true, .patience_s = 1});
	for (unsigned i = 0; i < 8; i++) {
		ui_link_notify(talk->link, "large", bytes_text(large));
		run_for(talk, 300);
	}
	assert_int_equal(talk->detached, 1);
	close(pair[0]);
	close(pair[1]);
	finish(talk);
}

/* Slow is not stuck: whatever it reads is progress. */
static void test_who_reads_slowly_stays(void **state)
{
	struct talk *talk = open_free(0);
	static char large[300000];
	ssize_t got = 1;
	int pair[2];

	(void)state;
	memset(large, ' ', sizeof(large) - 1);
	large[0] = '1';
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ui_link_attach(talk->link, &(struct ui_peer){.in = pair[0], .out = pair[0], .replaceable = true, .patience_s = 1});
	for (unsigned i = 0; i < 6; i++) {
		ui_link_notify(talk->link, "large", bytes_text(large));
		run_for(talk, 300);
		got = recv(pair[1], large, 250000, MSG_DONTWAIT);
		assert_true(got > 0);
		memset(large, ' ', sizeof(large) - 1);
		large[0] = '1';
	}
	assert_int_equal(talk->detached, 0);
	ui_link_detach(talk->link, "test");
	turn(talk);
	close(pair[0]);
	close(pair[1]);
	finish(talk);
}

/* ---- asking while nobody is there ---- */

static void test_nobody_and_no_time(void **state)
{
	struct talk *talk = open_free(0);

	(void)state;
	assert_true(ui_link_is_free(talk->link));
	assert_false(ui_link_attached(talk->link));
	assert_int_equal(ask(talk), 1);
	assert_seen(talk, ""); /* never from inside the call */
	turn(talk);
	assert_seen(talk, "1 gone;");
	ui_link_notify(talk->link, "lost", bytes_text("{}"));
	ui_link_reply(talk->link, bytes_text("1"), 0, bytes_text("1"), BYTES_NONE);
	attach(talk);
	assert_heard(talk, HELLO);
	assert_int_equal(talk->detached, 0);
	finish(talk);
}

static void test_questions_wait_and_come_in_order_behind_the_greeting(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	ask(talk);
	ask(talk);
	ask(talk);
	turn(talk);
	assert_seen(talk, "");
	attach(talk);
	assert_heard(talk, HELLO ASKED("1") ASKED("2") ASKED("3"));
	say(talk, YES("2") YES("1"));
	assert_seen(talk, "2 result true;1 result true;");
	finish(talk);
}

static void test_they_wait_no_longer_than_they_may(void **state)
{
	struct talk *talk = open_free(1);

	(void)state;
	ask(talk);
	run_for(talk, 700);
	assert_seen(talk, "");
	ask(talk);
	run_for(talk, 600);
	assert_seen(talk, "1 gone;");
	attach(talk);
	assert_heard(talk, HELLO ASKED("2"));
	run_for(talk, 1500); /* who was asked has all the time */
	assert_seen(talk, "");
	finish(talk);
}

static void test_what_is_forgotten_while_it_waits_is_never_asked(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	uint64_t first = ask(talk);

	ask(talk);
	assert_false(ui_link_forget(talk->link, first));
	attach(talk);
	assert_heard(talk, HELLO ASKED("2"));
	assert_true(ui_link_forget(talk->link, 2));
	finish(talk);
}

/* ---- one after the other ---- */

static void test_leaving_answers_what_was_asked(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	ask(talk);
	ask(talk);
	turn(talk);
	leave(talk);
	assert_seen(talk, "detached: it closed its end;2 gone;1 gone;");
	assert_true(ui_link_is_free(talk->link));
	ask(talk); /* this one waits for the next */
	turn(talk);
	assert_seen(talk, "");
	attach(talk);
	assert_heard(talk, HELLO ASKED("3"));
	say(talk, YES("1") YES("3"));
	assert_seen(talk, "3 result true;");
	finish(talk);
}

/* The end is told from the loop: until then nobody else may come. */
static void test_not_free_before_all_are_told(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	ask(talk);
	turn(talk);
	ui_link_detach(talk->link, "for the test");
	assert_false(ui_link_attached(talk->link));
	assert_false(ui_link_is_free(talk->link));
	ask(talk); /* waits already, though the others are not told yet */
	assert_seen(talk, "");
	ui_link_detach(talk->link, "twice");
	turn(talk);
	assert_seen(talk, "detached: for the test;1 gone;");
	attach(talk);
	assert_heard(talk, HELLO ASKED("2"));
	finish(talk);
}

static void test_half_a_message_is_not_continued_by_the_next(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	ask(talk);
	say(talk, "{\"jsonrpc\":\"2.0\",\"id\":2,\"resu");
	leave(talk);
	assert_seen(talk, "detached: it closed its end;1 gone;");
	attach(talk);
	ask(talk);
	say(talk, "lt\":true}\n");
	assert_seen(talk, "");
	say(talk, YES("2"));
	assert_seen(talk, "2 result true;");
	finish(talk);
}

/* A batch whose answers are not complete is not completed for somebody else. */
static void test_replies_do_not_go_to_the_next(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	talk->answer_calls = false;
	say(talk, "[{\"jsonrpc\":\"2.0\",\"id\":5,\"method\":\"a\"},{\"jsonrpc\":\"2.0\",\"id\":6,\"method\":\"b\"}]\n");
	ui_link_reply(talk->link, bytes_text("5"), 1, bytes_text("1"), BYTES_NONE);
	leave(talk);
	ui_link_reply(talk->link, bytes_text("6"), 1, bytes_text("1"), BYTES_NONE);
	attach(talk);
	ui_link_reply(talk->link, bytes_text("6"), 1, bytes_text("1"), BYTES_NONE);
	assert_heard(talk, HELLO);
	finish(talk);
}

static void test_many_times(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		attach(talk);
		ask(talk);
		turn(talk);
		leave(talk);
		buf_reset(&talk->seen);
	}
	assert_int_equal(talk->detached, 300);
	assert_int_equal(talk->answers, 300);
	finish(talk);
}

/* ---- who behaves badly ---- */

static void test_garbage_is_borne_for_a_while(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	for (unsigned i = 1; i < UI_LINK_GARBAGE_MOST; i++)
		say(talk, "garbage}\n");
	assert_true(ui_link_attached(talk->link));
	say(talk, "garbage}\n");
	assert_seen(talk, "detached: it sent too much that is no JSON;");
	attach(talk); /* the next one begins with none */
	say(talk, "garbage}\n");
	assert_true(ui_link_attached(talk->link));
	talk->replaceable = false;
	leave(talk);
	attach(talk); /* one that no other can replace is borne for ever */
	for (unsigned i = 0; i < 3 * UI_LINK_GARBAGE_MOST; i++)
		say(talk, "garbage}\n");
	assert_true(ui_link_attached(talk->link));
	finish(talk);
}

/* ---- descriptors ---- */

static unsigned open_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static void pass(struct talk *talk, const char *text, int fd, size_t count)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(253 * sizeof(int))] = {0};
	union {
		const char *text;
		void *data;
	} words = {.text = text};
	struct iovec vector = {words.data, strlen(text)};
	struct msghdr header = {
	    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *part = CMSG_FIRSTHDR(&header);

	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(count * sizeof(int));
	for (size_t i = 0; i < count; i++)
		memcpy(CMSG_DATA(part) + i * sizeof(int), &fd, sizeof(int));
	assert_int_equal(sendmsg(talk->far, &header, MSG_NOSIGNAL), (ssize_t)strlen(text));
	turn(talk);
}

static void test_a_descriptor_is_handed_on(void **state)
{
	struct talk *talk = open_free(60);
	int ends[2];
	char text[4] = {0};

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	attach(talk);
	ask(talk);
	turn(talk);
	pass(talk, YES("1"), ends[0], 1);
	assert_seen(talk, "descriptor;1 result true;");
	assert_int_equal(fcntl(talk->descriptor, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(write(ends[1], "abc", 3), 3);
	assert_int_equal(read(talk->descriptor, text, 3), 3);
	assert_string_equal(text, "abc");
	close(ends[0]);
	close(ends[1]);
	finish(talk);
}

static void test_several_at_once_are_closed(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	unsigned before = open_descriptors();

	pass(talk, "\n", STDERR_FILENO, 2);
	pass(talk, "\n", STDERR_FILENO, 253);
	assert_seen(talk, "");
	assert_int_equal(open_descriptors(), before);
	assert_true(ui_link_attached(talk->link));
	finish(talk);
}

static void test_too_many_of_them_detach(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	attach(talk);
	for (unsigned i = 0; i < UI_LINK_DESCRIPTORS_MOST; i++)
		pass(talk, "\n", STDERR_FILENO, 1);
	assert_true(ui_link_attached(talk->link));
	unsigned before = open_descriptors();

	buf_reset(&talk->seen);
	pass(talk, YES("1"), STDERR_FILENO, 1);
	assert_seen(talk, "detached: it passed too many descriptors;");
	assert_int_equal(open_descriptors(), before);
	finish(talk);
}

/* Over stdin they are nobody's: read(2) leaves them to the kernel, which closes them. */
static void test_who_cannot_be_replaced_passes_none(void **state)
{
	struct talk *talk = open_free(60);

	(void)state;
	talk->replaceable = false;
	attach(talk);
	unsigned before = open_descriptors();

	pass(talk, "\n", STDERR_FILENO, 1);
	assert_seen(talk, "");
	assert_int_equal(open_descriptors(), before);
	finish(talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_more_to_write_does_not_make_the_wait_begin_anew),
	    cmocka_unit_test(test_who_reads_slowly_stays),
	    cmocka_unit_test(test_nobody_and_no_time),
	    cmocka_unit_test(test_questions_wait_and_come_in_order_behind_the_greeting),
	    cmocka_unit_test(test_they_wait_no_longer_than_they_may),
	    cmocka_unit_test(test_what_is_forgotten_while_it_waits_is_never_asked),
	    cmocka_unit_test(test_leaving_answers_what_was_asked),
	    cmocka_unit_test(test_not_free_before_all_are_told),
	    cmocka_unit_test(test_half_a_message_is_not_continued_by_the_next),
	    cmocka_unit_test(test_replies_do_not_go_to_the_next),
	    cmocka_unit_test(test_many_times),
	    cmocka_unit_test(test_garbage_is_borne_for_a_while),
	    cmocka_unit_test(test_a_descriptor_is_handed_on),
	    cmocka_unit_test(test_several_at_once_are_closed),
	    cmocka_unit_test(test_too_many_of_them_detach),
	    cmocka_unit_test(test_who_cannot_be_replaced_passes_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
