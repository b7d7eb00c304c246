/* What a role says, brought to core's log: each test is the role and reads core's log. */
#include "../base/testing.h"

#include <fcntl.h>
#include <time.h>

#include "core/log_relay.h"

#define OWN "INFO [11-22|13:20:20.123] gate: "

struct stage {
	struct event_base *base;
	struct log_relay *relay;
	int log;  /* what core's log wrote is read from here */
	int role; /* a copy of the role's end */
};

static int setup(void **state)
{
	struct stage *stage = calloc(1, sizeof(*stage));
	struct log log = {"core", LOG_LEVEL_WARN, -1};
	struct error error;
	int ends[2];

	assert_int_equal(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	assert_true(fcntl(ends[1], F_SETPIPE_SZ, 1 << 20) > 0);
	log.fd = ends[1];
	stage->log = ends[0];
	stage->base = event_base_new();
	assert_true(log_relay_new(stage->base, "gate", &log, &stage->relay, &error));
	stage->role = fcntl(log_relay_writer(stage->relay), F_DUPFD_CLOEXEC, 0);
	log_relay_close_writer(stage->relay);
	*state = stage;
	return 0;
}

static int teardown(void **state)
{
	struct stage *stage = *state;

	log_relay_free(stage->relay);
	event_base_free(stage->base);
	close(stage->log);
	close(stage->role);
	free(stage);
	return 0;
}

static void role_says_bytes(struct stage *stage, const void *data, size_t size)
{
	assert_int_equal(write(stage->role, data, size), size);
}

static void role_says(struct stage *stage, const char *text)
{
	role_says_bytes(stage, text, strlen(text));
}

static void run(struct stage *stage)
{
	event_base_loop(stage->base, EVLOOP_NONBLOCK);
}

static void read_log(struct stage *stage, struct buf *ret_text)
{
	char chunk[4096];
	ssize_t got;

	while ((got = read(stage->log, chunk, sizeof(chunk))) > 0)
		buf_put_bytes(ret_text, bytes_of(chunk, (size_t)got));
}

static void expect_log(struct stage *stage, const char *expected)
{
	struct buf text BUF_CLEANUP = BUF_INIT((size_t)1 << 21);

	read_log(stage, &text);
	assert_string_equal(buf_text(&text), expected);
}

/* "ERROR [now] gate: …": everything from the role's name on. */
static void expect_error(struct stage *stage, const char *expected)
{
	struct buf text BUF_CLEANUP = BUF_INIT((size_t)1 << 21);

	read_log(stage, &text);
	assert_true(strncmp(buf_text(&text), "ERROR [", 7) == 0);
	assert_string_equal(strstr(buf_text(&text), "] ") + 2, expected);
}

static void test_lines_in_form_pass_as_they_are(void **state)
{
	struct stage *stage = *state;

	role_says(stage, OWN "one\n");
	role_says(stage, "CRIT [01-02|00:00:00.000] gate: two\\n\n");
	run(stage);
	expect_log(stage, OWN "one\nCRIT [01-02|00:00:00.000] gate: two\\n\n");
}

static void test_a_line_in_pieces_is_one_line(void **state)
{
	struct stage *stage = *state;

	role_says(stage, OWN "on");
	run(stage);
	expect_log(stage, "");
	role_says(stage, "e\n" OWN "tw");
	run(stage);
	expect_log(stage, OWN "one\n");
}

static void test_a_line_in_anothers_name_is_told_as_the_roles_own(void **state)
{
	struct stage *stage = *state;

	role_says(stage, "INFO [11-22|13:20:20.123] core: all is well\n");
	run(stage);
	expect_error(stage, "gate: INFO [11-22|13:20:20.123] core: all is well\n");
	role_says(stage, "INFO [11-22|13:20:20.x23] gate: not a time\n");
	run(stage);
	expect_error(stage, "gate: INFO [11-22|13:20:20.x23] gate: not a time\n");
	role_says(stage, "free(): invalid pointer\n");
	run(stage);
	expect_error(stage, "gate: free(): invalid pointer\n");
}

static void test_nothing_acts_on_the_terminal(void **state)
{
	struct stage *stage = *state;

	role_says_bytes(stage, OWN "\x1b[2J\r\0\xff\xe2\x80\xae\n", sizeof(OWN "\x1b[2J\r\0\xff\xe2\x80\xae\n") - 1);
	run(stage);
	struct buf text BUF_CLEANUP = BUF_INIT(4096);

	read_log(stage, &text);
	assert_int_equal(strlen(buf_text(&text)), text.size);
	for (size_t i = 0; i + 1 < text.size; i++)
		assert_in_range(text.data[i], ' ', '~');
	assert_non_null(strstr(buf_text(&text), "\\x1b[2J\\r"));
}

static void test_a_line_without_end_is_cut(void **state)
{
	struct stage *stage = *state;
	char flood[3 * 4095];

	memset(flood, 'x', sizeof(flood));
	memcpy(flood, OWN, strlen(OWN));
	role_says_bytes(stage, flood, sizeof(flood));
	for (int i = 0; i < 10; i++)
		run(stage);
	role_says(stage, "\n" OWN "next\n");
	for (int i = 0; i < 10; i++)
		run(stage);
	struct buf text BUF_CLEANUP = BUF_INIT((size_t)1 << 20);

	read_log(stage, &text);
	const char *end = strchr(buf_text(&text), '\n');

	assert_in_range(end - buf_text(&text), 3900, 4095);
	assert_string_equal(end + 1, OWN "next\n");
}

static void test_last_words_are_not_lost(void **state)
{
	struct stage *stage = *state;

	role_says(stage, OWN "first\n" OWN "without an end");
	log_relay_drain(stage->relay);
	expect_log(stage, OWN "first\n" OWN "without an end\n");
	log_relay_drain(stage->relay); /* nothing is said twice */
	expect_log(stage, "");
}

static size_t count_lines(struct stage *stage)
{
	struct buf text BUF_CLEANUP = BUF_INIT((size_t)1 << 21);
	size_t count = 0;

	read_log(stage, &text);
	for (size_t i = 0; i < text.size; i++)
		count += text.data[i] == '\n';
	return count;
}

/* The role's writes fail rather than wait. Returns how many lines went in. */
static size_t flood(struct stage *stage)
{
	size_t said = 0;

	while (write(stage->role, OWN "x\n", sizeof(OWN "x\n") - 1) > 0)
		said++;
	return said;
}

static void test_a_flood_neither_fills_the_log_nor_keeps_core_busy(void **state)
{
	struct stage *stage = *state;
	struct timespec before, after;

	assert_true(flood(stage) > LOG_RELAY_LINES);
	clock_gettime(CLOCK_MONOTONIC, &before);
	for (int i = 0; i < 1000; i++)
		run(stage);
	clock_gettime(CLOCK_MONOTONIC, &after);
	size_t seconds = (size_t)(after.tv_sec - before.tv_sec) + 1;

	assert_in_range(count_lines(stage), LOG_RELAY_LINES, seconds * LOG_RELAY_LINES);
	/* Later, it goes on. */
	const struct timeval later = {1, 300 * 1000};

	event_base_loopexit(stage->base, &later);
	event_base_dispatch(stage->base);
	assert_true(count_lines(stage) >= LOG_RELAY_LINES);
}

static void test_a_flood_at_the_end_is_limited(void **state)
{
	struct stage *stage = *state;

	flood(stage);
	log_relay_drain(stage->relay);
	assert_in_range(count_lines(stage), LOG_RELAY_LAST_LINES, LOG_RELAY_LAST_LINES + 1);
}

static void test_the_role_goes_away(void **state)
{
	struct stage *stage = *state;

	role_says(stage, OWN "bye\n");
	close(stage->role);
	stage->role = -1;
	/* Ends by itself: nothing is waited for any more. */
	event_base_dispatch(stage->base);
	expect_log(stage, OWN "bye\n");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    TEST(test_lines_in_form_pass_as_they_are),
	    TEST(test_a_line_in_pieces_is_one_line),
	    TEST(test_a_line_in_anothers_name_is_told_as_the_roles_own),
	    TEST(test_nothing_acts_on_the_terminal),
	    TEST(test_a_line_without_end_is_cut),
	    TEST(test_last_words_are_not_lost),
	    TEST(test_a_flood_neither_fills_the_log_nor_keeps_core_busy),
	    TEST(test_a_flood_at_the_end_is_limited),
	    TEST(test_the_role_goes_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
