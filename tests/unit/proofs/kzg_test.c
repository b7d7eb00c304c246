/* c-kzg through our face of it: the public vectors, what is refused, and which blob is named. */
#include "kzg_vectors.h"

#include <sodium.h>

#include "proofs/kzg.h"

#define LIMIT ((size_t)1 << 20)

/* The trusted setup is loaded once for all tests. */
static struct kzg *kzg;

struct sidecar {
	size_t count;
	uint8_t *blobs;
	struct buf commitments, proofs;
};

static void add_point(struct buf *buf, const char *digits)
{
	uint8_t point[BLOB_COMMITMENT_SIZE];

	assert_true(hex_decode_fixed(bytes_text(digits), point, sizeof(point)));
	buf_put(buf, point, sizeof(point));
}

/* A sidecar of so many of the vectors' blobs, the first one given, with what belongs to them. */
static struct sidecar sidecar_of(size_t first, size_t count)
{
	struct sidecar sidecar = {
	    .count = count, .blobs = test_malloc(count * BLOB_SIZE), .commitments = BUF_INIT(LIMIT), .proofs = BUF_INIT(LIMIT)};

	for (size_t i = 0; i < count; i++) {
		vector_fill((enum vector_blob)(first + i), sidecar.blobs + i * BLOB_SIZE);
		add_point(&sidecar.commitments, kzg_vectors[first + i].commitment);
		add_point(&sidecar.proofs, kzg_vectors[first + i].proof);
	}
	return sidecar;
}

static void done(struct sidecar *sidecar)
{
	test_free(sidecar->blobs);
	buf_free(&sidecar->commitments);
	buf_free(&sidecar->proofs);
}

static struct bytes blobs_of(const struct sidecar *sidecar)
{
	return bytes_of(sidecar->blobs, sidecar->count * BLOB_SIZE);
}

static bool is_right(const struct sidecar *sidecar, enum blob_version version, struct error *ret_error)
{
	return kzg_check(
	    kzg, version, blobs_of(sidecar), buf_bytes(&sidecar->commitments), buf_bytes(&sidecar->proofs), ret_error);
}

static void assert_wrong(const struct sidecar *sidecar, enum blob_version version, const char *text)
{
	struct error error = {0};

	assert_false(is_right(sidecar, version, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	if (strncmp(error.text, text, strlen(text)) != 0)
		fail_msg("found \"%s\" instead of \"%s\"", error.text, text);
}

static void set_point(struct buf *buf, size_t index, const char *digits)
{
	assert_true(hex_decode_fixed(bytes_text(digits), buf->data + index * BLOB_PROOF_SIZE, BLOB_PROOF_SIZE));
}

/* ---- the vectors ---- */

static void assert_points(const struct buf *buf, size_t index, const char *digits)
{
	uint8_t point[BLOB_PROOF_SIZE];

	assert_true(hex_decode_fixed(bytes_text(digits), point, sizeof(point)));
	assert_memory_equal(buf->data + index * sizeof(point), point, sizeof(point));
}

static void compute(const struct sidecar *sidecar, enum blob_version version, struct buf *ret_commitments, struct buf *ret_proofs)
{
	struct error error = {0};

	*ret_commitments = BUF_INIT(LIMIT);
	*ret_proofs = BUF_INIT(LIMIT);
	if (!kzg_compute(kzg, version, blobs_of(sidecar), ret_commitments, ret_proofs, &error))
		fail_msg("%s", error.text);
	assert_int_equal(ret_commitments->size, sidecar->count * BLOB_COMMITMENT_SIZE);
	assert_int_equal(ret_proofs->size, blob_proofs_size(version, sidecar->count));
}

static void test_commitments_and_proofs(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct sidecar sidecar = sidecar_of(i, 1);
		struct buf commitments, proofs;

		compute(&sidecar, BLOB_VERSION_PROOFS, &commitments, &proofs);
		assert_points(&commitments, 0, kzg_vectors[i].commitment);
		assert_points(&proofs, 0, kzg_vectors[i].proof);
		buf_free(&commitments);
		buf_free(&proofs);
		done(&sidecar);
	}
}

static void test_cell_proofs(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct sidecar sidecar = sidecar_of(i, 1);
		struct buf commitments, proofs;
		uint8_t digest[32], expected[32];

		compute(&sidecar, BLOB_VERSION_CELLS, &commitments, &proofs);
		assert_points(&commitments, 0, kzg_vectors[i].commitment);
		crypto_hash_sha256(digest, proofs.data, proofs.size);
		assert_true(hex_decode_fixed(bytes_text(kzg_vectors[i].cell_proofs), expected, sizeof(expected)));
		assert_memory_equal(digest, expected, sizeof(digest));
		buf_free(&commitments);
		buf_free(&proofs);
		done(&sidecar);
	}
}

static void test_right_proofs(void **state)
{
	struct error error = {0};

	(void)state;
	for (size_t first = 0; first < VECTORS; first++) {
		for (size_t count = 1; count <= BLOB_COUNT_MAX && first + count <= VECTORS; count++) {
			struct sidecar sidecar = sidecar_of(first, count);

			assert_true(is_right(&sidecar, BLOB_VERSION_PROOFS, &error));
			done(&sidecar);
		}
	}
}

static void test_wrong_proofs(void **state)
{
	(void)state;
	for (size_t i = 0; i < VECTORS; i++) {
		struct sidecar sidecar = sidecar_of(i, 1);

		set_point(&sidecar.proofs, 0, kzg_vectors[i].wrong_proof);
		assert_wrong(&sidecar, BLOB_VERSION_PROOFS,
		    "proofs[0]: failed to verify blob proof: can't verify opening proof of blobs[0] with commitments[0]");
		done(&sidecar);
	}
	struct sidecar sidecar = sidecar_of(BLOB_POWERS_OF_2, 1);

	set_point(&sidecar.proofs, 0, INFINITY_POINT);
	assert_wrong(&sidecar, BLOB_VERSION_PROOFS, "proofs[0]: ");
	done(&sidecar);
}

static void test_what_is_no_point(void **state)
{
	static const char *const points[] = {NO_POINT, NOT_IN_GROUP};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct sidecar sidecar = sidecar_of(BLOB_TWOS, 1);

		set_point(&sidecar.commitments, 0, points[i]);
		assert_wrong(
		    &sidecar, BLOB_VERSION_PROOFS, "proofs[0]: failed to verify blob proof: no points of the curve are given");
		set_point(&sidecar.commitments, 0, kzg_vectors[BLOB_TWOS].commitment);
		set_point(&sidecar.proofs, 0, points[i]);
		assert_wrong(
		    &sidecar, BLOB_VERSION_PROOFS, "proofs[0]: failed to verify blob proof: no points of the curve are given");
		done(&sidecar);
	}
}

/* ---- several ---- */

static void test_the_wrong_one_is_named(void **state)
{
	(void)state;
	for (size_t wrong = 0; wrong < 4; wrong++) {
		struct sidecar sidecar = sidecar_of(BLOB_TWOS, 4);
		char text[64];

		snprintf(text, sizeof(text), "proofs[%zu]: failed to verify blob proof", wrong);
		set_point(&sidecar.proofs, wrong, kzg_vectors[BLOB_TWOS + wrong].wrong_proof);
		assert_wrong(&sidecar, BLOB_VERSION_PROOFS, text);
		done(&sidecar);
	}
	/* Each is right for another blob. */
	struct sidecar sidecar = sidecar_of(BLOB_POWERS_OF_2, 2);

	set_point(&sidecar.commitments, 0, kzg_vectors[BLOB_POWERS_OF_3].commitment);
	set_point(&sidecar.commitments, 1, kzg_vectors[BLOB_POWERS_OF_2].commitment);
	set_point(&sidecar.proofs, 0, kzg_vectors[BLOB_POWERS_OF_3].proof);
	set_point(&sidecar.proofs, 1, kzg_vectors[BLOB_POWERS_OF_2].proof);
	assert_wrong(&sidecar, BLOB_VERSION_PROOFS, "proofs[0]: ");
	done(&sidecar);
}

static void test_cells_of_two_blobs(void **state)
{
	struct sidecar sidecar = sidecar_of(BLOB_POWERS_OF_2, 2);
	struct error error = {0};
	struct buf commitments;

	(void)state;
	buf_free(&sidecar.proofs);
	compute(&sidecar, BLOB_VERSION_CELLS, &commitments, &sidecar.proofs);
	buf_free(&commitments);
	assert_true(is_right(&sidecar, BLOB_VERSION_CELLS, &error));
	uint8_t *last = sidecar.proofs.data + sidecar.proofs.size - BLOB_PROOF_SIZE;

	memcpy(last, sidecar.proofs.data, BLOB_PROOF_SIZE);
	assert_wrong(&sidecar, BLOB_VERSION_CELLS,
	    "proofs[128] to proofs[255]: failed to verify blob proof: can't verify opening proof of blobs[1] with "
	    "commitments[1]");
	set_point(&sidecar.proofs, 255, NO_POINT);
	assert_wrong(&sidecar, BLOB_VERSION_CELLS, "proofs[128] to proofs[255]: failed to verify blob proof: no points");
	set_point(&sidecar.proofs, 0, NO_POINT);
	assert_wrong(&sidecar, BLOB_VERSION_CELLS, "proofs[0] to proofs[127]: ");
	done(&sidecar);
}

/* ---- sizes and elements ---- */

static void test_elements_at_the_modulus(void **state)
{
	struct sidecar sidecar = sidecar_of(BLOB_ZEROS, 2);
	struct buf commitments = BUF_INIT(LIMIT), proofs = BUF_INIT(LIMIT);
	struct error error = {0};

	(void)state;
	assert_true(hex_decode_fixed(bytes_text(MODULUS), sidecar.blobs + BLOB_SIZE + 32, 32));
	assert_false(kzg_compute(kzg, BLOB_VERSION_PROOFS, blobs_of(&sidecar), &commitments, &proofs, &error));
	assert_string_equal(error.text, "blobs[1]: a field element is not below the modulus");
	assert_wrong(&sidecar, BLOB_VERSION_PROOFS, "proofs[1]: ");
	buf_free(&commitments);
	buf_free(&proofs);
	done(&sidecar);
}

static void test_sizes(void **state)
{
	static const size_t sizes[] = {0, 1, BLOB_SIZE - 1, BLOB_SIZE + 1, 7 * BLOB_SIZE};
	uint8_t *blobs = test_calloc(7, BLOB_SIZE);
	struct buf commitments = BUF_INIT(LIMIT), proofs = BUF_INIT(LIMIT);
	struct error error = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		assert_false(kzg_compute(kzg, BLOB_VERSION_PROOFS, bytes_of(blobs, sizes[i]), &commitments, &proofs, &error));
	struct sidecar sidecar = sidecar_of(BLOB_ZEROS, 1);

	add_point(&sidecar.proofs, INFINITY_POINT);
	assert_wrong(&sidecar, BLOB_VERSION_PROOFS, "blobs: their number does not fit");
	assert_wrong(&sidecar, BLOB_VERSION_CELLS, "blobs: their number does not fit");
	test_free(blobs);
	done(&sidecar);
	buf_free(&commitments);
	buf_free(&proofs);
}

static int open_kzg(void **state)
{
	struct error error;

	(void)state;
	kzg = kzg_new();
	return kzg_load(kzg, &error) ? 0 : -1;
}

static int close_kzg(void **state)
{
	(void)state;
	kzg_free(kzg);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_commitments_and_proofs),
	    cmocka_unit_test(test_cell_proofs),
	    cmocka_unit_test(test_right_proofs),
	    cmocka_unit_test(test_wrong_proofs),
	    cmocka_unit_test(test_what_is_no_point),
	    cmocka_unit_test(test_the_wrong_one_is_named),
	    cmocka_unit_test(test_cells_of_two_blobs),
	    cmocka_unit_test(test_elements_at_the_modulus),
	    cmocka_unit_test(test_sizes),
	};

	return cmocka_run_group_tests(tests, open_kzg, close_kzg);
}
