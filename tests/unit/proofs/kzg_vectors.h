/*
 * kzg_vectors: the public test vectors of KZG for Ethereum, as c-kzg-4844 and the consensus specification publish them (tests/blob_to_kzg_commitment,
 * compute_blob_kzg_proof, compute_cells_and_kzg_proofs, verify_blob_kzg_proof, kzg-mainnet). Their blobs follow rules, so the rules stand here; of 128
 * cell proofs, the SHA-256 of all of them.
 */
#ifndef CLEF_KZG_VECTORS_H
#define CLEF_KZG_VECTORS_H

#include "../base/testing.h"

#include "base/hex.h"
#include "base/u256.h"
#include "eth/blob.h"

enum vector_blob {
	BLOB_ZEROS,
	BLOB_TWOS,
	BLOB_POWERS_OF_2, /* element n is 2^(n + 256) */
	BLOB_POWERS_OF_3,
	BLOB_POWERS_OF_5,
	BLOB_MODULUS_MINUS_ONE,
	BLOB_ONE_AT_3211
};
#define VECTORS 7

#define INFINITY_POINT "c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define GENERATOR      "97f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb"
/* Not on the curve, and on it but not in the group. */
#define NO_POINT      "8123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define NOT_IN_GROUP  "8123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcde0"
#define MODULUS       "73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001"
#define CELLS_OF_ZERO "6344e6aa419ed4ef15f7bf2d0cd777bee3bbb83174a612c527f4e956b7c87f95"

static const struct kzg_vector {
	const char *commitment, *proof, *cell_proofs; /* the last: SHA-256 */
	const char *wrong_proof;                      /* a point, but not the proof */
} kzg_vectors[VECTORS] = {
    [BLOB_ZEROS] = {INFINITY_POINT, INFINITY_POINT, CELLS_OF_ZERO, GENERATOR},
    [BLOB_TWOS] = {"a572cbea904d67468808c8eb50a9450c9721db309128012543902d0ac358a62ae28f75bb8f1c7c42c39a8c5529bf0f4e",
        INFINITY_POINT, CELLS_OF_ZERO, GENERATOR},
    [BLOB_POWERS_OF_2] = {"a421e229565952cfff4ef3517100a97da1d4fe57956fa50a442f92af03b1bf37adacc8ad4ed209b31287ea5bb94d9d06",
        "a2aeea08a9cd37fb0b089b1938bbe7eedd4ea6120dc70f45d59ad077008d08be115b858350b1eff645148fe4470b65c8",
        "31ce3f54e2d13c983875dc3daf33888ee4d51bbf4c19dc32e02a32928cf5ea6c",
        "b5827fbcac59cbaeaa0ee48cb34da706c7a6071924f6737481c6ced03e5ad4b7fe5cdb0a782e2308f1c1e7d4d457b4cb"},
    [BLOB_POWERS_OF_3] = {"b49d88afcd7f6c61a8ea69eff5f609d2432b47e7e4cd50b02cdddb4e0c1460517e8df02e4e64dc55e3d8ca192d57193a",
        "99075a77ae270bb59bef56d89e633040b4e5c3e9b8b4f0a4b0a9b25bc6f55c8c81fe89b91b0fd6537adbaf7889a7bfdf",
        "30bd16b0df9b4376ca652c644b04094a099743fdc186322e461da3564db53e3f",
        "a1a942a03df2f0101c813bcd7ec3a8719d4c7c533a26c1c30e22891522d87c0a550a74faa2e6b5598c6743c9772676de"},
    [BLOB_POWERS_OF_5] = {"8f59a8d2a1a625a17f3fea0fe5eb8c896db3764f3185481bc22f91b4aaffcca25f26936857bc3a7c2539ea8ec3a952b7",
        "8a9953b9de21f91395b66705990d222ce4e6a692f94a32b0ed0648df735e87d686dfe608a7acbdc605180540b55f7272",
        "b546cf70b5f10926ffa9649fd967e7ab6b14f7dfc28a8f240442a8e482753517",
        "b9835587624df625c35cc242f2163124921aa608e948c2ae2f0906df622bfd054ef4e49a1d87e7aa220ac408d95133a1"},
    [BLOB_MODULUS_MINUS_ONE] =
        {"b7f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb", INFINITY_POINT,
            CELLS_OF_ZERO, GENERATOR},
    [BLOB_ONE_AT_3211] = {"93efc82d2017e9c57834a1246463e64774e56183bb247c8fc9dd98c56817e878d97b05f5c8d900acf1fbbbca6f146556",
        "9720099d507280aba6a9c9e8c31187336d10dc6a4b04646d1aa42c8d38f891de36f939313cb99e9e7953606555db269a",
        "4abe0277af836b5ac6ee00f60ed684ba140b9d6a494800512d6a780d3954bc4e",
        "8e5995b8136efc6e4a6d915ecfbeef542a44c1749afef58cac423e24e8dc2d03387faea0adc29ad454cdeae0be44d139"},
};

static inline struct u256 vector_modulus(void)
{
	struct u256 modulus;

	assert_true(u256_from_hex_digits(bytes_text(MODULUS), &modulus));
	return modulus;
}

static inline void fill_powers(uint8_t *blob, unsigned base)
{
	const struct u256 modulus = vector_modulus();
	struct u256 power = u256_from_u64(1);

	for (size_t n = 0; n < 256 + BLOB_SIZE / BLOB_ELEMENT_SIZE; n++) {
		struct u256 next = U256_ZERO;

		if (n >= 256)
			u256_to_bytes32(&power, blob + (n - 256) * BLOB_ELEMENT_SIZE);
		for (unsigned i = 0; i < base; i++) {
			assert_true(u256_add(&next, &power, &next));
			if (u256_compare(&next, &modulus) >= 0)
				assert_true(u256_sub(&next, &modulus, &next));
		}
		power = next;
	}
}

static inline void fill_all(uint8_t *blob, const struct u256 *value)
{
	for (size_t n = 0; n < BLOB_SIZE / BLOB_ELEMENT_SIZE; n++)
		u256_to_bytes32(value, blob + n * BLOB_ELEMENT_SIZE);
}

static inline void vector_fill(enum vector_blob which, uint8_t *ret_blob)
{
	const struct u256 one = u256_from_u64(1), two = u256_from_u64(2);
	struct u256 last = vector_modulus();

	memset(ret_blob, 0, BLOB_SIZE);
	switch (which) {
	case BLOB_ZEROS:
		break;
	case BLOB_TWOS:
		fill_all(ret_blob, &two);
		break;
	case BLOB_POWERS_OF_2:
		fill_powers(ret_blob, 2);
		break;
	case BLOB_POWERS_OF_3:
		fill_powers(ret_blob, 3);
		break;
	case BLOB_POWERS_OF_5:
		fill_powers(ret_blob, 5);
		break;
	case BLOB_MODULUS_MINUS_ONE:
		assert_true(u256_sub(&last, &one, &last));
		fill_all(ret_blob, &last);
		break;
	case BLOB_ONE_AT_3211:
		ret_blob[3211 * BLOB_ELEMENT_SIZE + BLOB_ELEMENT_SIZE - 1] = 1;
		break;
	}
}

#endif
