#include "proofs/jobs.h"

#include <stdlib.h>

#include "base/memory.h"

struct job {
	struct job *next;
	uint64_t request;
	enum blob_version version;
	bool checks;
	struct buf blobs, commitments, proofs;
};

void jobs_init(struct jobs *jobs)
{
	jobs->first = NULL;
	jobs->end = &jobs->first;
}

bool jobs_waiting(const struct jobs *jobs)
{
	return jobs->first != NULL;
}

static void job_free(struct job *job)
{
	buf_free(&job->blobs);
	buf_free(&job->commitments);
	buf_free(&job->proofs);
	free(job);
}

/* Takes the job out of the queue at this place. */
static struct job *take(struct jobs *jobs, struct job **at)
{
	struct job *job = *at;

	*at = job->next;
	if (*at == NULL)
		jobs->end = at;
	return job;
}

void jobs_free(struct jobs *jobs)
{
	while (jobs->first != NULL)
		job_free(take(jobs, &jobs->first));
}

static void keep(struct buf *buf, struct bytes bytes)
{
	*buf = BUF_INIT(bytes.size);
	buf_put_bytes(buf, bytes);
}

static struct job *job_new(struct jobs *jobs, uint64_t request, uint64_t version, struct bytes blobs)
{
	struct job *job = memory_new(1, sizeof(*job));

	job->request = request;
	job->version = version == BLOB_VERSION_CELLS ? BLOB_VERSION_CELLS : BLOB_VERSION_PROOFS;
	keep(&job->blobs, blobs);
	*jobs->end = job;
	jobs->end = &job->next;
	return job;
}

void jobs_add(struct jobs *jobs, enum ipc_type type, const void *message)
{
	if (type == IPC_PROOFS_CHECK) {
		const struct ipc_proofs_check *check = message;
		struct job *job = job_new(jobs, check->request, check->version, check->blobs);

		job->checks = true;
		keep(&job->commitments, check->commitments);
		keep(&job->proofs, check->proofs);
	} else {
		const struct ipc_proofs_compute *compute = message;
		struct job *job = job_new(jobs, compute->request, compute->version, compute->blobs);

		job->commitments = BUF_INIT((size_t)BLOB_COUNT_MAX * BLOB_COMMITMENT_SIZE);
		job->proofs = BUF_INIT(blob_proofs_size(BLOB_VERSION_CELLS, BLOB_COUNT_MAX));
	}
}

void jobs_withdraw(struct jobs *jobs, uint64_t request)
{
	for (struct job **at = &jobs->first; *at != NULL; at = &(*at)->next) {
		if ((*at)->request == request) {
			job_free(take(jobs, at));
			return;
		}
	}
}

static bool run(struct job *job, struct kzg *kzg, struct error *ret_error)
{
	struct bytes blobs = buf_bytes(&job->blobs);

	return job->checks ? kzg_check(kzg, job->version, blobs, buf_bytes(&job->commitments), buf_bytes(&job->proofs), ret_error)
	                   : kzg_compute(kzg, job->version, blobs, &job->commitments, &job->proofs, ret_error);
}

void jobs_run_first(
    struct jobs *jobs, struct kzg *kzg, void (*answer)(void *context, enum ipc_type type, const void *message), void *context)
{
	struct job *job = take(jobs, &jobs->first);
	struct error error;
	bool ok = run(job, kzg, &error);

	if (!ok) {
		struct ipc_proofs_failed failed = {.request = job->request, .kind = error.kind, .text = bytes_text(error.text)};

		answer(context, IPC_PROOFS_FAILED, &failed);
	} else if (job->checks) {
		struct ipc_proofs_right right = {.request = job->request};

		answer(context, IPC_PROOFS_RIGHT, &right);
	} else {
		struct ipc_proofs_computed computed = {
		    .request = job->request, .commitments = buf_bytes(&job->commitments), .proofs = buf_bytes(&job->proofs)};

		answer(context, IPC_PROOFS_COMPUTED, &computed);
	}
	job_free(job);
}
