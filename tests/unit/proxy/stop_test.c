/* Transactions when the program is to end, and when too many come. */
#include "bed.h"

#include "proxy/nonces.h"

#define FROM "\"from\":\"" BED_ACCOUNT "\""
#define TO   "\"to\":\"0x70997970c51812dc3a010c7d01b50e0d17dc79c8\""

static int setup(void **state)
{
	*state = bed_new(true, 0);
	return 0;
}

static int teardown(void **state)
{
	bed_free(*state);
	return 0;
}

static void stay_silent(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error)
{
	(void)bed;
	(void)method;
	(void)params;
	(void)ret_result;
	(void)ret_error;
}

static void wait_for(struct bed *bed, const struct buf *lines, const char *begin, size_t count)
{
	while (bed_count(lines, begin) < count)
		event_base_loop(bed->base, EVLOOP_ONCE);
}

/* ---- the program's end ---- */

static bool hold_broadcast(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply)
{
	(void)bed;
	(void)ret_reply;
	return bytes_equal_text(call->method, "eth_sendRawTransaction");
}

static void on_stopped(void *context)
{
	*(bool *)context = true;
}

static void slow_broadcast(struct bed *bed, struct bed_answer *first, struct bed_answer *second)
{
	bed->node_first = hold_broadcast;
	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", first);
	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", second);
	wait_for(bed, &bed->asked, "eth_sendRawTransaction", 1);
}

/* What is signed is brought to its end, and its caller hears how; what is not is not begun any more. */
static void test_stop_waits_for_the_node(void **state)
{
	struct bed *bed = *state;
	struct bed_answer first, second, third;
	bool stopped = false;

	bed->signs = bed_sign;
	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &first);
	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &second);
	wait_for(bed, &bed->signer_asked, "account_signTransaction", 1);
	while (bed->signer_open > 0) /* signed; not yet at the node */
		event_base_loop(bed->base, EVLOOP_ONCE);
	dialect_stop(bed->dialect, 20000, on_stopped, &stopped);
	assert_false(stopped);
	bed_begin(bed, "", "eth_blockNumber", "[]", &third);
	bed_wait(bed, &first);
	bed_wait(bed, &second);
	bed_wait(bed, &third);
	assert_true(first.result.size > 0);
	assert_non_null(strstr(buf_text(&second.error), "clef-proxy is shutting down"));
	assert_non_null(strstr(buf_text(&third.error), "clef-proxy is shutting down"));
	while (!stopped)
		event_base_loop(bed->base, EVLOOP_ONCE);
	assert_int_equal(bed->accounts[0].count, 1);
	assert_int_equal(bed->signer_calls, 1);
	bed_answer_free(&first);
	bed_answer_free(&second);
	bed_answer_free(&third);
}

static void test_stop_does_not_wait_for_ever(void **state)
{
	struct bed *bed = *state;
	struct bed_answer first, second;
	bool stopped = false;

	slow_broadcast(bed, &first, &second);
	dialect_stop(bed->dialect, 50, on_stopped, &stopped);
	bed_wait(bed, &second);
	assert_false(first.done);
	assert_false(stopped);
	bed_wait(bed, &first);
	assert_non_null(strstr(buf_text(&first.error), "\"code\":4900,\"message\":\"the transaction 0x"));
	assert_non_null(strstr(buf_text(&first.error), "it may still be mined"));
	while (!stopped)
		event_base_loop(bed->base, EVLOOP_ONCE);
	bed_answer_free(&first);
	bed_answer_free(&second);
}

static void test_stop_with_nothing_to_do(void **state)
{
	struct bed *bed = *state;
	struct bed_answer asked;
	bool stopped = false;

	bed->signs = stay_silent;
	bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &asked);
	wait_for(bed, &bed->signer_asked, "account_signTransaction", 1);
	dialect_stop(bed->dialect, 20000, on_stopped, &stopped);
	while (!stopped)
		event_base_loop(bed->base, EVLOOP_ONCE);
	assert_true(asked.done);
	assert_non_null(strstr(buf_text(&asked.error), "clef-proxy is shutting down"));
	assert_int_equal(bed->signer_cancelled, 1);
	bed_answer_free(&asked);
}

static void test_full_line(void **state)
{
	struct bed *bed = *state;
	struct bed_answer answers[NONCES_LINE_MAX + 1];

	for (size_t i = 0; i < NONCES_LINE_MAX + 1; i++)
		bed_begin(bed, "", "eth_sendTransaction", "[{" FROM "," TO "}]", &answers[i]);
	for (size_t i = 0; i < NONCES_LINE_MAX + 1; i++)
		bed_wait(bed, &answers[i]);
	for (size_t i = 0; i < NONCES_LINE_MAX + 1; i++) {
		assert_int_equal(answers[i].error.size > 0, i == NONCES_LINE_MAX);
		bed_answer_free(&answers[i]);
	}
	assert_int_equal(bed->accounts[0].count, NONCES_LINE_MAX);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_stop_waits_for_the_node), TEST(test_stop_does_not_wait_for_ever),
	    TEST(test_stop_with_nothing_to_do), TEST(test_full_line)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
