#include "core/sidecar.h"

#include "core/signer.h"
#include "eth/blob.h"

/* Six blobs, six commitments and the larger form of proofs, with their lengths. */
_Static_assert(
    BLOB_COUNT_MAX *(BLOB_SIZE + BLOB_COMMITMENT_SIZE + BLOB_CELLS * BLOB_PROOF_SIZE) + 1024 <= IPC_PROOFS_CHECK_MOST &&
        IPC_PROOFS_CHECK_MOST <= IPC_PROOFS_COMPUTE_MOST,
    "every sidecar goes to proofs in one message");

struct settling {
	struct request *request;
	struct transaction *transaction;
	void (*done)(struct request *request);
};

static void on_answer(void *context, enum ipc_type type, const void *message)
{
	struct settling *settling = context;
	struct request *request = settling->request;
	struct error error;
	bool ok = true;

	request->proofs_request = 0;
	if (type == IPC_PROOFS_FAILED) {
		const struct ipc_proofs_failed *failed = message;
		const struct ipc_keys_failed same = {.kind = failed->kind, .text = failed->text};

		request_keys_error(&same, &error);
		ok = false;
	} else if (type == IPC_PROOFS_COMPUTED) {
		const struct ipc_proofs_computed *computed = message;

		ok = blob_sidecar_complete(
		    settling->transaction, computed->commitments, computed->proofs, &request->arena, &error);
	}
	if (ok)
		settling->done(request);
	else
		request_refuse(request, &error);
}

static void ask_proofs(struct settling *settling)
{
	struct request *request = settling->request;
	struct proofs_link *proofs = request->signer->proofs;
	const struct blob_sidecar *sidecar = settling->transaction->sidecar;
	struct ipc_proofs_check check = {
	    .version = sidecar->version, .blobs = sidecar->blobs, .commitments = sidecar->commitments, .proofs = sidecar->proofs};
	struct ipc_proofs_compute compute = {.version = sidecar->version, .blobs = sidecar->blobs};

	request->proofs_request = blob_sidecar_is_complete(sidecar)
	                              ? proofs_link_request(proofs, IPC_PROOFS_CHECK, &check, on_answer, settling)
	                              : proofs_link_request(proofs, IPC_PROOFS_COMPUTE, &compute, on_answer, settling);
}

void sidecar_settle(struct request *request, struct transaction *transaction, void (*done)(struct request *request))
{
	if (transaction->sidecar == NULL) {
		done(request);
		return;
	}
	struct settling *settling = arena_alloc(&request->arena, sizeof(*settling));

	*settling = (struct settling){request, transaction, done};
	request_wait(request);
	ask_proofs(settling);
}
