/*
 * A sidecar of six blobs checked by the signer's role (its message written, read, queued, checked, answered) against c-kzg's own function on the
 * same bytes in the same run; both forms of proofs. Then what the first use costs: the trusted setup.
 */
#include <ckzg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proofs/jobs.h"
#include "proofs/kzg.h"
#include "proofs/trusted_setup.h"

#define COUNT  BLOB_COUNT_MAX
#define ROUNDS 15
/* As much as our way may cost beside c-kzg itself. */
#define WANTED 1.10
#define LIMIT  ((size_t)4 << 20)

static double now_ms(void)
{
	struct timespec time;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

static _Noreturn void fail(const char *text)
{
	fprintf(stderr, "bench-blobs: %s\n", text);
	exit(1);
}

struct bench {
	struct kzg *ours;
	KZGSettings theirs;
	struct buf blobs, commitments, proofs[2]; /* by version */
};

static void load_theirs(struct bench *bench)
{
	struct bytes lagrange = trusted_setup_g1_lagrange(), monomial = trusted_setup_g1_monomial(),
	             g2 = trusted_setup_g2_monomial();

	if (load_trusted_setup(&bench->theirs, monomial.data, monomial.size, lagrange.data, lagrange.size, g2.data, g2.size, 0) !=
	    C_KZG_OK)
		fail("c-kzg does not load the trusted setup");
}

static void fill(struct bench *bench)
{
	struct error error;

	bench->blobs = bench->commitments = bench->proofs[0] = bench->proofs[1] = BUF_INIT(LIMIT);
	srandom(1);
	for (size_t i = 0; i < (size_t)COUNT * BLOB_SIZE; i++)
		buf_put_u8(&bench->blobs, i % BLOB_ELEMENT_SIZE == 0 ? 0 : (uint8_t)random());
	struct buf again = BUF_INIT(LIMIT);

	if (!kzg_compute(
	        bench->ours, BLOB_VERSION_PROOFS, buf_bytes(&bench->blobs), &bench->commitments, &bench->proofs[0], &error) ||
	    !kzg_compute(bench->ours, BLOB_VERSION_CELLS, buf_bytes(&bench->blobs), &again, &bench->proofs[1], &error))
		fail(error.text);
	buf_free(&again);
}

static void on_answer(void *context, enum ipc_type type, const void *message)
{
	(void)message;
	*(enum ipc_type *)context = type;
}

/* What core writes and proofs reads, its queue, the check. */
static double time_ours(struct bench *bench, enum blob_version version)
{
	double begin = now_ms();
	struct ipc_proofs_check check = {.request = 1,
	    .version = version,
	    .blobs = buf_bytes(&bench->blobs),
	    .commitments = buf_bytes(&bench->commitments),
	    .proofs = buf_bytes(&bench->proofs[version])};
	struct buf frame BUF_CLEANUP = BUF_INIT(LIMIT);
	struct ipc_proofs_check read;
	enum ipc_type answer = IPC_NONE;
	struct jobs jobs;

	jobs_init(&jobs);
	ipc_encode(IPC_PROOFS_CHECK, &check, &frame);
	if (!ipc_decode(IPC_PROOFS_CHECK, bytes_of(frame.data + 8, frame.size - 8), &read))
		fail("the message does not come back");
	jobs_add(&jobs, IPC_PROOFS_CHECK, &read);
	jobs_run_first(&jobs, bench->ours, on_answer, &answer);
	if (answer != IPC_PROOFS_RIGHT)
		fail("right proofs are taken for wrong ones");
	return now_ms() - begin;
}

/* What a program that has the blobs would call: for version 1 the cells come from the blobs first. */
static double time_theirs(const struct bench *bench, enum blob_version version)
{
	static Cell cells[COUNT * BLOB_CELLS];
	static Bytes48 commitments[COUNT * BLOB_CELLS];
	static uint64_t indices[COUNT * BLOB_CELLS];
	const Blob *blobs = (const Blob *)bench->blobs.data;
	const Bytes48 *own = (const Bytes48 *)bench->commitments.data, *proofs = (const Bytes48 *)bench->proofs[version].data;
	double begin = now_ms();
	C_KZG_RET result = C_KZG_OK;
	bool right = false;

	if (version == BLOB_VERSION_PROOFS) {
		result = verify_blob_kzg_proof_batch(&right, blobs, own, proofs, COUNT, &bench->theirs);
	} else {
		for (size_t i = 0; i < COUNT * BLOB_CELLS && result == C_KZG_OK; i++) {
			if (i % BLOB_CELLS == 0)
				result = compute_cells_and_kzg_proofs(&cells[i], NULL, &blobs[i / BLOB_CELLS], &bench->theirs);
			indices[i] = i % BLOB_CELLS;
			commitments[i] = own[i / BLOB_CELLS];
		}
		if (result == C_KZG_OK)
			result = verify_cell_kzg_proof_batch(
			    &right, commitments, indices, cells, proofs, COUNT * BLOB_CELLS, &bench->theirs);
	}
	if (result != C_KZG_OK || !right)
		fail("c-kzg takes right proofs for wrong ones");
	return now_ms() - begin;
}

/* The best of many, taken in turn: the machine's other work hits both. */
static bool compare(struct bench *bench, enum blob_version version, const char *name)
{
	double ours = 1e9, theirs = 1e9;

	for (int i = 0; i < ROUNDS; i++) {
		double one = time_ours(bench, version), other = time_theirs(bench, version);

		ours = one < ours ? one : ours;
		theirs = other < theirs ? other : theirs;
	}
	bool ok = ours / theirs <= WANTED;

	printf("%s check of %d blobs, %s: %.2f ms, c-kzg's own function %.2f ms, ratio %.3f (wanted: at most %.2f)\n",
	    ok ? "ok  " : "MISS", COUNT, name, ours, theirs, ours / theirs, WANTED);
	return ok;
}

int main(void)
{
	struct bench bench = {.ours = kzg_new()};
	struct error error;
	double begin = now_ms();

	if (!kzg_load(bench.ours, &error))
		fail(error.text);
	printf("     trusted setup, once at the first use: %.0f ms\n", now_ms() - begin);
	load_theirs(&bench);
	begin = now_ms();
	fill(&bench);
	printf("     commitments, proofs and cell proofs of %d blobs made: %.0f ms\n", COUNT, now_ms() - begin);
	bool ok = compare(&bench, BLOB_VERSION_PROOFS, "one proof each");

	ok &= compare(&bench, BLOB_VERSION_CELLS, "128 cell proofs each");
	free_trusted_setup(&bench.theirs);
	kzg_free(bench.ours);
	buf_free(&bench.blobs);
	buf_free(&bench.commitments);
	buf_free(&bench.proofs[0]);
	buf_free(&bench.proofs[1]);
	return ok ? 0 : 1;
}
