/* The states of a request: what may follow what is what core may do, and anything else ends the process. */
#include "../base/testing.h"

#include "core/request.h"
#include "core/signer.h"

#define STATES 8

/* Row: from; column: to. R received, J judged, A asked, Y approved, S signing, + answered, - refused, W withdrawn. */
static const char *const permitted[STATES] = {
    /*               RJAYS+-W */
    /* received  */ ".J....-W",
    /* judged    */ "..AY.+-W",
    /* asked     */ "...Y..-W",
    /* approved  */ "....S+-W",
    /* signing   */ "...Y.+-W",
    /* answered  */ "........",
    /* refused   */ "........",
    /* withdrawn */ "........",
};

static const struct core_options options = {.keystore = ""};

struct step {
	enum request_state from, to;
};

static void advance(void *argument)
{
	const struct step *step = argument;
	struct signer signer = {.options = &options, .log = {.role = "core", .level = 0, .fd = -1}};
	struct request *request = request_new(&signer, method_at(0));

	request->state = step->from;
	request_advance(request, step->to);
	_exit(request->state == step->to ? 0 : 3);
}

static void test_only_permitted_transitions(void **state)
{
	(void)state;
	for (int from = 0; from < STATES; from++) {
		for (int to = 0; to < STATES; to++) {
			struct step step = {(enum request_state)from, (enum request_state)to};
			int status = run_in_child(advance, &step);
			int expected = permitted[from][to] == '.' ? 1 : 0;

			if (!WIFEXITED(status) || WEXITSTATUS(status) != expected)
				print_error("from %d to %d\n", from, to);
			assert_exits_with(status, expected);
		}
	}
}

/* Nothing is signed that was not approved, and nothing is approved that was not judged. */
static void test_there_is_no_short_way_to_a_signature(void **state)
{
	(void)state;
	for (int from = 0; from < STATES; from++) {
		if (from != REQUEST_APPROVED)
			assert_int_equal(permitted[from][REQUEST_SIGNING], '.');
		if (from != REQUEST_RECEIVED)
			assert_int_equal(permitted[from][REQUEST_JUDGED], '.');
	}
	assert_int_equal(permitted[REQUEST_RECEIVED][REQUEST_APPROVED], '.');
	assert_int_equal(permitted[REQUEST_RECEIVED][REQUEST_ANSWERED], '.');
	assert_int_equal(permitted[REQUEST_ASKED][REQUEST_ANSWERED], '.');
}

/* ---- the list of pending requests ---- */

static void test_requests_end_in_any_order(void **state)
{
	struct signer signer = {.options = &options, .audit = AUDIT_NONE, .log = {.role = "core", .level = 0, .fd = -1}};
	struct request *requests[5];
	static const size_t order[5] = {2, 0, 4, 1, 3};

	(void)state;
	for (size_t i = 0; i < 5; i++)
		requests[i] = request_new(&signer, method_at(i));
	assert_int_equal(signer.request_count, 5);
	for (size_t i = 0; i < 5; i++) {
		/* Neither a gate nor a UI waits for it. */
		request_refuse_text(requests[order[i]], ERROR_REFUSED, "no");
		assert_int_equal(signer.request_count, 4 - i);
	}
	assert_null(signer.requests);
}

static void test_what_keys_says_went_wrong(void **state)
{
	struct ipc_keys_failed failed = {.kind = ERROR_PASSWORD, .text = bytes_text("no")};
	struct error error;

	(void)state;
	request_keys_error(&failed, &error);
	assert_int_equal(error.kind, ERROR_PASSWORD);
	assert_string_equal(error.text, "no");
	static const uint64_t others[] = {ERROR_NONE, ERROR_CUSTOM, 99, UINT64_MAX, (uint64_t)1 << 32};

	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		failed.kind = others[i];
		request_keys_error(&failed, &error);
		assert_int_equal(error.kind, ERROR_INTERNAL);
	}
	failed = (struct ipc_keys_failed){.kind = ERROR_REFUSED};
	request_keys_error(&failed, &error);
	assert_string_equal(error.text, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_only_permitted_transitions),
	    cmocka_unit_test(test_there_is_no_short_way_to_a_signature),
	    cmocka_unit_test(test_requests_end_in_any_order),
	    cmocka_unit_test(test_what_keys_says_went_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
