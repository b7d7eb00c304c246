/* Keccak-256 against the Keccak team's known answers and an implementation that shares no code with ours. */
#include "eth_testing.h"

#include "eth/keccak.h"

static void assert_digest(struct bytes message, const char *expected)
{
	uint8_t digest[KECCAK256_SIZE];

	keccak256(message, digest);
	assert_hex(bytes_of(digest, sizeof(digest)), expected);
}

static void test_known_answers(void **state)
{
	static const uint8_t zeros[137];

	(void)state;
	assert_digest(BYTES_NONE, "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470");
	/* ShortMsgKAT_256 of the Keccak submission, Len = 8 */
	assert_digest(LITERAL("\xcc"), "eead6dbfc7340a56caedc044696a168870549a6a7f6f56961e84a54bd9970b8a");
	assert_digest(bytes_text("abc"), "4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45");
	/* Around one block, where the padding has one byte, none, and a block of its own */
	assert_digest(bytes_of(zeros, 135), "29e3704feeca7fb9ba229f0fa04d9b36449cf3ad6e1d85d9cfff3a10df9abc3e");
	assert_digest(bytes_of(zeros, 136), "3a5912a7c5faa06ee4fe906253e339467a9ce87d533c65be3c15cb231cdb25f9");
	assert_digest(bytes_of(zeros, 137), "bee7fbb405cb0d91a8775e338c4a5e4b5d6b2d051f687fa942043cffdc73bd28");
}

/* Every length from 0 to 300, each digest going into the next message; the last one comes from tests/recordings/clefcrypt.py. */
static void test_every_length(void **state)
{
	uint8_t message[KECCAK256_SIZE + 300];
	uint8_t digest[KECCAK256_SIZE];

	(void)state;
	for (size_t n = 0; n <= 300; n++) {
		size_t begin = n == 0 ? 0 : KECCAK256_SIZE;
		if (n > 0)
			memcpy(message, digest, KECCAK256_SIZE);
		for (size_t i = 0; i < n; i++)
			message[begin + i] = (uint8_t)(i * 7 + n);
		keccak256(bytes_of(message, begin + n), digest);
	}
	assert_hex(bytes_of(digest, sizeof(digest)), "8ba45ecc53c2a7fe18b6f0b713c5593f8849d339341b5eabf5bcc8af9b2197a0");
}

static void test_in_pieces(void **state)
{
	uint8_t message[1000], whole[KECCAK256_SIZE], pieces[KECCAK256_SIZE];
	uint64_t seed = 7;

	(void)state;
	for (size_t i = 0; i < sizeof(message); i++)
		message[i] = (uint8_t)random_next(&seed);
	keccak256(bytes_of(message, sizeof(message)), whole);
	for (unsigned round = 0; round < 200; round++) {
		struct keccak keccak;
		keccak_init(&keccak);
		for (size_t at = 0; at < sizeof(message);) {
			size_t size = random_below(&seed, 300);
			if (size > sizeof(message) - at)
				size = sizeof(message) - at;
			keccak_update(&keccak, bytes_of(message + at, size));
			at += size;
		}
		keccak_final(&keccak, pieces);
		assert_memory_equal(pieces, whole, sizeof(whole));
	}
}

static void test_state_is_wiped(void **state)
{
	struct keccak keccak;
	uint8_t digest[KECCAK256_SIZE];
	static const struct keccak wiped;

	(void)state;
	keccak_init(&keccak);
	keccak_update(&keccak, bytes_text("a secret"));
	keccak_final(&keccak, digest);
	assert_memory_equal(&keccak, &wiped, sizeof(wiped));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_known_answers), cmocka_unit_test(test_every_length),
	    cmocka_unit_test(test_in_pieces), cmocka_unit_test(test_state_is_wiped)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
