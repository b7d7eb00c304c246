/* jobs: the requests that wait for their turn, in the order they came. Nothing here knows of channels. */
#ifndef CLEF_PROOFS_JOBS_H
#define CLEF_PROOFS_JOBS_H

#include "ipc/ipc.h"
#include "proofs/kzg.h"

struct job;
struct jobs {
	struct job *first, **end;
};

void jobs_init(struct jobs *jobs);
void jobs_free(struct jobs *jobs);
bool jobs_waiting(const struct jobs *jobs);
/* PROOFS_COMPUTE or PROOFS_CHECK; the message is copied. */
void jobs_add(struct jobs *jobs, enum ipc_type type, const void *message);
/* Unknown numbers are fine: the job is done already. */
void jobs_withdraw(struct jobs *jobs, uint64_t request);
/*
 * Do the first job, which must be there, and hand its answer to `answer`: PROOFS_COMPUTED, PROOFS_RIGHT or PROOFS_FAILED with its struct.
 */
void jobs_run_first(
    struct jobs *jobs, struct kzg *kzg, void (*answer)(void *context, enum ipc_type type, const void *message), void *context);

#endif
