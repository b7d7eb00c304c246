/* The two threads: order, bound, withdrawal, and what they leave on their stacks. */
#include "../base/testing.h"

#include <event2/event.h>
#include <stdatomic.h>

#include "keys/kdf.h"

#define JOBS 40

static struct event_base *base;
static struct kdf_pool *pool;

struct numbered_job {
	struct kdf_job job;
	unsigned number;
	bool done;
};

static atomic_uint running, most_running, order_count;
static unsigned order[JOBS];
static unsigned done_count;

static int set_up(void **state)
{
	struct error error;

	(void)state;
	base = event_base_new();
	atomic_store(&most_running, 0);
	atomic_store(&order_count, 0);
	done_count = 0;
	alarm(60);
	return !kdf_pool_new(base, &pool, &error);
}

static int tear_down(void **state)
{
	(void)state;
	kdf_pool_free(pool);
	event_base_free(base);
	return 0;
}

static void run_numbered(struct kdf_job *job)
{
	unsigned now = atomic_fetch_add(&running, 1) + 1;

	if (now > atomic_load(&most_running))
		atomic_store(&most_running, now);
	order[atomic_fetch_add(&order_count, 1)] = ((struct numbered_job *)job)->number;
	usleep(2000);
	atomic_fetch_sub(&running, 1);
}

static void done_numbered(struct kdf_job *job)
{
	((struct numbered_job *)job)->done = true;
	done_count++;
}

static void wait_until(unsigned count)
{
	while (done_count < count)
		event_base_loop(base, EVLOOP_ONCE);
}

static void test_at_most_two_in_the_order_they_came(void **state)
{
	static struct numbered_job jobs[JOBS];

	(void)state;
	for (unsigned i = 0; i < JOBS; i++) {
		jobs[i] = (struct numbered_job){.job = {.run = run_numbered, .done = done_numbered}, .number = i};
		kdf_pool_submit(pool, &jobs[i].job);
	}
	wait_until(JOBS);
	assert_int_equal(atomic_load(&most_running), KDF_THREADS);
	/* Two run at once: a job may note its number one place late. */
	for (unsigned i = 0; i < JOBS; i++)
		assert_true(order[i] <= i + 1 && i <= order[i] + 1);
}

static atomic_bool go_on;

static void run_held(struct kdf_job *job)
{
	(void)job;
	while (!atomic_load(&go_on))
		usleep(1000);
}

static void test_withdrawn_jobs_are_not_started(void **state)
{
	static struct numbered_job held[KDF_THREADS], jobs[4];

	(void)state;
	atomic_store(&go_on, false);
	for (unsigned i = 0; i < KDF_THREADS; i++) {
		held[i] = (struct numbered_job){.job = {.run = run_held, .done = done_numbered}};
		kdf_pool_submit(pool, &held[i].job);
	}
	usleep(50000);
	for (unsigned i = 0; i < 4; i++) {
		jobs[i] = (struct numbered_job){.job = {.run = run_numbered, .done = done_numbered}, .number = i};
		kdf_pool_submit(pool, &jobs[i].job);
	}
	/* One under way comes back all the same; the last and one in the middle do not. */
	assert_false(kdf_pool_withdraw(pool, &held[0].job));
	assert_true(kdf_pool_withdraw(pool, &jobs[3].job));
	assert_true(kdf_pool_withdraw(pool, &jobs[1].job));
	assert_false(kdf_pool_withdraw(pool, &jobs[1].job));
	/* The queue still takes more at its end. */
	kdf_pool_submit(pool, &jobs[3].job);
	assert_true(kdf_pool_withdraw(pool, &jobs[3].job));
	atomic_store(&go_on, true);
	wait_until(KDF_THREADS + 2);
	assert_true(jobs[0].done && jobs[2].done);
	assert_false(jobs[1].done || jobs[3].done);
	assert_int_equal(atomic_load(&order_count), 2);
}

static void test_waiting_has_an_end(void **state)
{
	struct numbered_job held = {.job = {.run = run_held, .done = done_numbered}};

	(void)state;
	atomic_store(&go_on, false);
	kdf_pool_submit(pool, &held.job);
	assert_false(kdf_pool_wait(pool, &held.job, 50));
	assert_int_equal(done_count, 0);
	atomic_store(&go_on, true);
	assert_true(kdf_pool_wait(pool, &held.job, 50000));
	/* Its completion still comes the usual way. */
	wait_until(1);
}

struct leaking_job {
	struct kdf_job job;
	uintptr_t place; /* a number, since the array it names is gone when it is used */
};

#define LEAK_SIZE 8192

/* Leaves its local array behind, as cryptography does with what the compiler spilled. */
static void run_leaking(struct kdf_job *job)
{
	volatile uint8_t room[LEAK_SIZE];

	for (size_t i = 0; i < sizeof room; i++)
		room[i] = 0xa5;
	((struct leaking_job *)job)->place = (uintptr_t)&room[0];
}

static void done_leaking(struct kdf_job *job)
{
	(void)job;
	done_count++;
}

static void test_stack_is_wiped_after_each_job(void **state)
{
	struct leaking_job leaking = {.job = {.run = run_leaking, .done = done_leaking}};
	unsigned left = 0;

	(void)state;
#ifdef CLEF_WEAK_SANDBOX_BUILD
	skip(); /* sanitizers and valgrind forbid to look at a stack that is no longer used */
#endif
	kdf_pool_submit(pool, &leaking.job);
	wait_until(1);
	/* The thread lives, and so does its stack: what the job left would still be there. */
	const volatile uint8_t *place = (const volatile uint8_t *)leaking.place;
	for (size_t i = 0; i < LEAK_SIZE; i++)
		left += place[i] == 0xa5;
	assert_int_equal(left, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
	    TEST(test_at_most_two_in_the_order_they_came),
	    TEST(test_withdrawn_jobs_are_not_started),
	    TEST(test_waiting_has_an_end),
	    TEST(test_stack_is_wiped_after_each_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
