/*
 * kdf: at most two threads for what takes long, the derivation of keys from passwords; more jobs wait in the order they came.
 *
 * A job runs on a thread whose stack is private (locked where possible, never in a core file) and wiped below the job's frame when it ends. The
 * completion comes back through the event loop. Only the thread of the event loop may call this interface and take or release secret
 * slots; `run` gets slots that are already there.
 */
#ifndef CLEF_KEYS_KDF_H
#define CLEF_KEYS_KDF_H

#include <event2/event.h>

#include "base/error.h"

#define KDF_THREADS 2

struct kdf_pool;
struct kdf_job {
	void (*run)(struct kdf_job *job);  /* on a worker thread */
	void (*done)(struct kdf_job *job); /* on the event loop; may free the job */
	struct kdf_job *next;              /* the pool's own */
};

/* Starts the threads: call between sandbox_prepare and sandbox_seal. */
bool kdf_pool_new(struct event_base *base, struct kdf_pool **ret_pool, struct error *ret_error);
/* Waits for jobs under way; none that waits is started or gets its `done`. NULL is fine. */
void kdf_pool_free(struct kdf_pool *pool);
/* The job stays its owner's and must live until `done` was called or kdf_pool_withdraw returned true. */
void kdf_pool_submit(struct kdf_pool *pool, struct kdf_job *job);
/* True: the job had not begun and is the caller's again, without `done`. False: it is under way and `done` will come. */
bool kdf_pool_withdraw(struct kdf_pool *pool, struct kdf_job *job);
/* Wait until the job has run, whose `done` then is still to come. False after so many milliseconds: it goes on, or has not begun. */
bool kdf_pool_wait(struct kdf_pool *pool, const struct kdf_job *job, unsigned milliseconds);

#endif
