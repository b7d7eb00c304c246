/* The queue of proofs: one at a time, in order, without those that were withdrawn. Blobs of a wrong size are answered without any curve arithmetic. */
#include "../base/testing.h"

#include "proofs/jobs.h"

struct answers {
	size_t count;
	uint64_t requests[8];
	enum ipc_type types[8];
};

static void on_answer(void *context, enum ipc_type type, const void *message)
{
	struct answers *answers = context;

	assert_true(answers->count < 8);
	answers->types[answers->count] = type;
	memcpy(&answers->requests[answers->count++], message, sizeof(uint64_t));
}

static void add(struct jobs *jobs, uint64_t request)
{
	struct ipc_proofs_compute compute = {.request = request, .blobs = LITERAL("no blob")};
	struct ipc_proofs_check check = {.request = request, .version = 1, .blobs = LITERAL("no blob"), .proofs = LITERAL("x")};

	if (request % 2 == 0)
		jobs_add(jobs, IPC_PROOFS_COMPUTE, &compute);
	else
		jobs_add(jobs, IPC_PROOFS_CHECK, &check);
}

static void run_all(struct jobs *jobs, struct answers *answers)
{
	struct kzg *kzg = kzg_new();

	while (jobs_waiting(jobs))
		jobs_run_first(jobs, kzg, on_answer, answers);
	kzg_free(kzg);
}

static void test_order(void **state)
{
	struct answers answers = {0};
	struct jobs jobs;

	(void)state;
	jobs_init(&jobs);
	assert_false(jobs_waiting(&jobs));
	for (uint64_t request = 5; request > 0; request--)
		add(&jobs, request);
	run_all(&jobs, &answers);
	assert_int_equal(answers.count, 5);
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(answers.requests[i], 5 - i);
		assert_int_equal(answers.types[i], IPC_PROOFS_FAILED);
	}
	jobs_free(&jobs);
}

/* First, last, in the middle, unknown: the rest is done. */
static void test_withdrawn_jobs_are_not_begun(void **state)
{
	struct answers answers = {0};
	struct jobs jobs;

	(void)state;
	jobs_init(&jobs);
	for (uint64_t request = 1; request <= 5; request++)
		add(&jobs, request);
	jobs_withdraw(&jobs, 1);
	jobs_withdraw(&jobs, 3);
	jobs_withdraw(&jobs, 5);
	jobs_withdraw(&jobs, 5);
	jobs_withdraw(&jobs, 77);
	add(&jobs, 6);
	run_all(&jobs, &answers);
	assert_int_equal(answers.count, 3);
	assert_int_equal(answers.requests[0], 2);
	assert_int_equal(answers.requests[1], 4);
	assert_int_equal(answers.requests[2], 6);
	jobs_withdraw(&jobs, 2);
	jobs_free(&jobs);
}

static void test_what_waits_is_freed(void **state)
{
	struct jobs jobs;

	(void)state;
	jobs_init(&jobs);
	add(&jobs, 1);
	add(&jobs, 2);
	jobs_withdraw(&jobs, 1);
	jobs_withdraw(&jobs, 2);
	assert_false(jobs_waiting(&jobs));
	add(&jobs, 3);
	assert_true(jobs_waiting(&jobs));
	jobs_free(&jobs);
	assert_false(jobs_waiting(&jobs));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_order),
	    cmocka_unit_test(test_withdrawn_jobs_are_not_begun),
	    cmocka_unit_test(test_what_waits_is_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
