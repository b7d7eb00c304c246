/* The keystore in the event loop: reads in slices, so that other requests are served in between, and keeps the index. */
#include <stdlib.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "keys/keys.h"

#define INDEX_MOST    ((size_t)256 << 20)
#define SLICE_NS      UINT64_C(5000000) /* of reading while somebody may wait */
#define CARE_SLICE_NS UINT64_C(2000000) /* of comparing in the background */
#define NOTICE_DELAY  20000             /* us: changes come in swarms */
#define CARE_DELAY    1000000           /* us after the last change, and between looks */
#define CARE_PAUSE    20000             /* us between two slices in the background */
#define SWEEP_DELAY   2000000           /* us after the start */
#define SWEEP_NAMES   1000              /* in a slice */
/* At the end, for the index: core waits for a second. */
#define END_MS 700

static void after(struct event *event, long microseconds)
{
	const struct timeval delay = {microseconds / 1000000, microseconds % 1000000};

	evtimer_add(event, &delay);
}

/* True: the keystore is current; false: on_work comes. */
static bool go_on(struct keys *keys)
{
	bool more = keystore_work(keys->keystore, SLICE_NS);

	if (!more && keys->notice_again) {
		keys->notice_again = false;
		keystore_notice(keys->keystore);
		more = keystore_work(keys->keystore, SLICE_NS);
	}
	if (more) {
		after(keys->work, 0);
		return false;
	}
	if (keys->watch != NULL)
		event_add(keys->watch, NULL);
	if (keystore_needs_care(keys->keystore) && !evtimer_pending(keys->care, NULL))
		after(keys->care, CARE_DELAY);
	return true;
}

bool keystore_service_settle(struct keys *keys)
{
	if (keystore_is_current(keys->keystore))
		keystore_notice(keys->keystore);
	else
		/* What is being read was noticed before this moment: what has changed since is still to come. */
		keys->notice_again = true;
	return go_on(keys);
}

static void on_work(evutil_socket_t fd, short what, void *context)
{
	struct keys *keys = context;

	(void)fd;
	(void)what;
	if (keystore_is_current(keys->keystore))
		keystore_notice(keys->keystore);
	if (go_on(keys))
		keys_requests_keystore_ready(keys);
}

static void on_watch(evutil_socket_t fd, short what, void *context)
{
	struct keys *keys = context;

	(void)fd;
	(void)what;
	/* Not again until this change was read: the descriptor stays readable until then. */
	after(keys->work, NOTICE_DELAY);
}

/* The keystore's folder, then that of the index; once more a minute later when something was too young. */
static void on_sweep(evutil_socket_t fd, short what, void *context)
{
	struct keys *keys = context;

	(void)fd;
	(void)what;
	if (leftovers_work(&keys->leftovers, SWEEP_NAMES, (uint64_t)time(NULL))) {
		after(keys->sweep, CARE_PAUSE);
		return;
	}
	keys->sweep_again |= keys->leftovers.young;
	keys->sweeping_index = !keys->sweeping_index;
	leftovers_open(&keys->leftovers, keys->sweeping_index ? keys->index_fd : keys->keystore_fd);
	if (keys->sweeping_index) {
		after(keys->sweep, CARE_PAUSE);
	} else if (keys->sweep_again) {
		keys->sweep_again = false;
		after(keys->sweep, (LEFTOVERS_AGE_S + 1) * 1000000L);
	}
}

struct index_job {
	struct kdf_job job;
	struct keys *keys;
	struct buf content;
	char name[KEYSTORE_INDEX_NAME_MAX];
	bool ok;
	struct error error;
};

static void index_job_run(struct kdf_job *job)
{
	struct index_job *index = (struct index_job *)job;

	index->ok = file_replace_at(index->keys->index_fd, index->name, buf_bytes(&index->content), 0600, false, &index->error);
}

static void index_job_done(struct kdf_job *job)
{
	struct index_job *index = (struct index_job *)job;

	if (!index->ok)
		log_warn(&index->keys->log, "the index of the keystore cannot be written, starts will be slower: %s",
		    index->error.text);
	index->keys->index_writing = false;
	buf_free(&index->content);
	free(index);
}

/* The job with what is to be written; NULL when nothing is. */
static struct index_job *index_job_if_due(struct keys *keys)
{
	struct index_job *index = memory_new(1, sizeof *index);

	*index = (struct index_job){
	    .job = {.run = index_job_run, .done = index_job_done}, .keys = keys, .content = BUF_INIT(INDEX_MOST)};
	if (keystore_index_due(keys->keystore, index->name, &index->content))
		return index;
	buf_free(&index->content);
	free(index);
	return NULL;
}

/* On a worker: writing megabytes to disk would hold up the loop. */
static void write_index_if_due(struct keys *keys)
{
	struct index_job *index = keys->index_writing ? NULL : index_job_if_due(keys);

	if (index == NULL)
		return;
	keys->index_writing = true;
	keys->index_job = index;
	kdf_pool_submit(keys->pool, &index->job);
}

static void on_care(evutil_socket_t fd, short what, void *context)
{
	struct keys *keys = context;

	(void)fd;
	(void)what;
	if (!keystore_is_current(keys->keystore))
		return;
	if (keystore_verify(keys->keystore, CARE_SLICE_NS)) {
		after(keys->care, CARE_PAUSE);
		return;
	}
	write_index_if_due(keys);
	if (!keystore_is_current(keys->keystore))
		after(keys->work, 0);
	else if (keystore_needs_care(keys->keystore))
		after(keys->care, CARE_DELAY);
}

void keystore_service_start(struct keys *keys)
{
	int fd = keystore_watch_fd(keys->keystore);

	keys->work = evtimer_new(keys->base, on_work, keys);
	keys->care = evtimer_new(keys->base, on_care, keys);
	keys->sweep = evtimer_new(keys->base, on_sweep, keys);
	keys->watch = fd < 0 ? NULL : event_new(keys->base, fd, EV_READ, on_watch, keys);
	if (keys->work == NULL || keys->care == NULL || keys->sweep == NULL || (fd >= 0 && keys->watch == NULL))
		memory_exhausted();
	after(keys->work, 0);
	leftovers_open(&keys->leftovers, keys->keystore_fd);
	after(keys->sweep, SWEEP_DELAY);
}

void keystore_service_end(struct keys *keys)
{
	/* A command that only lists ends before the background ever runs, and the next one should not read it all again. */
	write_index_if_due(keys);
	/* What takes longer, or waits behind a derivation, is given up: the next start reads the files, and takes away the half of one. */
	if (keys->index_writing)
		kdf_pool_wait(keys->pool, &keys->index_job->job, END_MS);
}
