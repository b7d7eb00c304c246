#include "keys/kdf.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "keys/wipe_stack.h"

/* Room for the deepest job and for the wipe below it; sanitizers need more. */
#define STACK_SIZE ((size_t)256 * 1024)
#define GUARD_SIZE ((size_t)64 * 1024) /* at least a page, whatever the page size */

struct kdf_pool {
	pthread_mutex_t lock;
	pthread_cond_t wake, ran;                 /* something to do; something was done */
	struct kdf_job *waiting, **waiting_end;   /* in the order they came */
	struct kdf_job *finished, **finished_end; /* run, their `done` not called yet */
	bool ending;
	int finished_fd; /* eventfd: something is in `finished` */
	struct event *finished_event;
	pthread_t threads[KDF_THREADS];
	unsigned thread_count;
	uint8_t *stacks[KDF_THREADS];
};

static void put(struct kdf_job ***end, struct kdf_job *job)
{
	job->next = NULL;
	**end = job;
	*end = &job->next;
}

static void tell_finished(int fd)
{
	const uint64_t one = 1;

	while (write(fd, &one, sizeof one) < 0 && errno == EINTR)
		;
}

/* NULL: the pool ends. */
static struct kdf_job *next_job(struct kdf_pool *pool)
{
	while (pool->waiting == NULL && !pool->ending)
		pthread_cond_wait(&pool->wake, &pool->lock);
	if (pool->ending)
		return NULL;
	struct kdf_job *job = pool->waiting;
	pool->waiting = job->next;
	if (pool->waiting == NULL)
		pool->waiting_end = &pool->waiting;
	return job;
}

static void *work(void *context)
{
	struct kdf_pool *pool = context;
	struct kdf_job *job;

	pthread_mutex_lock(&pool->lock);
	while ((job = next_job(pool)) != NULL) {
		pthread_mutex_unlock(&pool->lock);
		job->run(job);
		wipe_stack();
		pthread_mutex_lock(&pool->lock);
		put(&pool->finished_end, job);
		pthread_cond_broadcast(&pool->ran);
		tell_finished(pool->finished_fd);
	}
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static void on_finished(evutil_socket_t fd, short what, void *context)
{
	struct kdf_pool *pool = context;
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof count) < 0)
		return;
	pthread_mutex_lock(&pool->lock);
	struct kdf_job *job = pool->finished;
	pool->finished = NULL;
	pool->finished_end = &pool->finished;
	pthread_mutex_unlock(&pool->lock);
	while (job != NULL) {
		struct kdf_job *next = job->next;
		job->done(job);
		job = next;
	}
}

/* Not the C library's stack: that one is neither locked nor kept out of core files. */
static bool stack_new(uint8_t **ret_stack, struct error *ret_error)
{
	void *memory = mmap(NULL, GUARD_SIZE + STACK_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (memory == MAP_FAILED)
		return error_set_errno(ret_error, errno, "cannot map a stack");
	uint8_t *stack = (uint8_t *)memory + GUARD_SIZE;
	*ret_stack = stack;
	if (mprotect(stack, STACK_SIZE, PROT_READ | PROT_WRITE) != 0)
		return error_set_errno(ret_error, errno, "cannot map a stack");
	/* Best effort: what lies here is wiped after every job, and swap is the only thing that locking keeps away. */
	(void)mlock2(stack + STACK_SIZE - 2 * WIPE_STACK_SIZE, 2 * (size_t)WIPE_STACK_SIZE, MLOCK_ONFAULT);
	if (madvise(stack, STACK_SIZE, MADV_DONTDUMP) != 0)
		return error_set_errno(ret_error, errno, "cannot keep a stack out of core files");
	return true;
}

static bool thread_start(struct kdf_pool *pool, struct error *ret_error)
{
	uint8_t **stack = &pool->stacks[pool->thread_count];
	pthread_attr_t attributes;
	sigset_t all, before;

	if (!stack_new(stack, ret_error))
		return false;
	pthread_attr_init(&attributes);
	int failure = pthread_attr_setstack(&attributes, *stack, STACK_SIZE);
	/* Signals are the event loop's. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (failure == 0)
		failure = pthread_create(&pool->threads[pool->thread_count], &attributes, work, pool);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (failure != 0)
		return error_set_errno(ret_error, failure, "cannot start a thread");
	pool->thread_count++;
	return true;
}

bool kdf_pool_new(struct event_base *base, struct kdf_pool **ret_pool, struct error *ret_error)
{
	struct kdf_pool *pool = memory_new(1, sizeof *pool);

	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->wake, NULL);
	pthread_cond_init(&pool->ran, NULL);
	pool->waiting_end = &pool->waiting;
	pool->finished_end = &pool->finished;
	pool->finished_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	bool ok = pool->finished_fd >= 0 || error_set_errno(ret_error, errno, "cannot make an event descriptor");
	if (ok) {
		pool->finished_event = event_new(base, pool->finished_fd, EV_READ | EV_PERSIST, on_finished, pool);
		if (pool->finished_event == NULL || event_add(pool->finished_event, NULL) != 0)
			ok = error_set(ret_error, ERROR_INTERNAL, "cannot watch an event descriptor");
	}
	while (ok && pool->thread_count < KDF_THREADS)
		ok = thread_start(pool, ret_error);
	if (!ok) {
		kdf_pool_free(pool);
		pool = NULL;
	}
	*ret_pool = pool;
	return ok;
}

void kdf_pool_free(struct kdf_pool *pool)
{
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	pool->ending = true;
	pthread_cond_broadcast(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
	for (unsigned i = 0; i < pool->thread_count; i++)
		pthread_join(pool->threads[i], NULL);
	for (unsigned i = 0; i < KDF_THREADS; i++) {
		if (pool->stacks[i] != NULL)
			munmap(pool->stacks[i] - GUARD_SIZE, GUARD_SIZE + STACK_SIZE);
	}
	if (pool->finished_event != NULL)
		event_free(pool->finished_event);
	if (pool->finished_fd >= 0)
		close(pool->finished_fd);
	pthread_cond_destroy(&pool->wake);
	pthread_cond_destroy(&pool->ran);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void kdf_pool_submit(struct kdf_pool *pool, struct kdf_job *job)
{
	pthread_mutex_lock(&pool->lock);
	put(&pool->waiting_end, job);
	pthread_cond_signal(&pool->wake);
	pthread_mutex_unlock(&pool->lock);
}

bool kdf_pool_withdraw(struct kdf_pool *pool, struct kdf_job *job)
{
	bool found = false;

	pthread_mutex_lock(&pool->lock);
	for (struct kdf_job **at = &pool->waiting; *at != NULL && !found; at = &(*at)->next) {
		if (*at != job)
			continue;
		found = true;
		*at = job->next;
		if (pool->waiting_end == &job->next)
			pool->waiting_end = at;
		break;
	}
	pthread_mutex_unlock(&pool->lock);
	return found;
}

static bool has_run(const struct kdf_pool *pool, const struct kdf_job *job)
{
	const struct kdf_job *at = pool->finished;

	while (at != NULL && at != job)
		at = at->next;
	return at != NULL;
}

bool kdf_pool_wait(struct kdf_pool *pool, const struct kdf_job *job, unsigned milliseconds)
{
	struct timespec end;
	int failure = 0;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += milliseconds / 1000;
	end.tv_nsec += (long)(milliseconds % 1000) * 1000000;
	if (end.tv_nsec >= 1000000000) {
		end.tv_sec++;
		end.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&pool->lock);
	while (failure == 0 && !has_run(pool, job))
		failure = pthread_cond_timedwait(&pool->ran, &pool->lock, &end);
	bool ran = has_run(pool, job);
	pthread_mutex_unlock(&pool->lock);
	return ran;
}
