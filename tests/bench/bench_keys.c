/*
 * bench_keys: what the role `keys` adds to the two libraries that it is made of. Prints ratios; ends with 1 when one misses its limit.
 *
 *   warm: parse a payload, hash it, sign, recover, compare (the key is open) against secp256k1_ecdsa_sign_recoverable and _recover alone,
 *         as speed: 1.00 would be no overhead at all; the limit is 0.70;
 *   cold: open a standard key file and sign against one plain libsodium scrypt of the same cost, as time: the limit is 1.05.
 *
 * Both sides run interleaved, and the medians are compared, so that other load on the machine meets both.
 */
#include <secp256k1.h>
#include <secp256k1_recovery.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hex.h"
#include "keys/keyfile.h"
#include "keys/sign.h"

#define WARM_ROUNDS 200
#define WARM_BATCH  50
#define COLD_ROUNDS 9
#define WARM_LEAST  0.70
#define COLD_MOST   1.05

/* EIP-155's example; an EIP-1559 transfer of a token with its calldata would be a little longer. */
static const char payload_hex[] = "ec098504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080";

static double cpu_seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static int compare(const void *left, const void *right)
{
	double a = *(const double *)left, b = *(const double *)right;

	return (a > b) - (a < b);
}

static double median(double *values, size_t count)
{
	qsort(values, count, sizeof *values, compare);
	return values[count / 2];
}

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "bench_keys: %s\n", why);
	exit(1);
}

struct warm {
	struct signer *signer;
	secp256k1_context *curve;
	uint8_t key[32], payload[64];
	size_t payload_size;
	struct address address;
};

static double ours(const struct warm *warm)
{
	uint8_t signature[SIGN_RESULT_SIZE];
	struct error error;
	double start = cpu_seconds();

	for (int i = 0; i < WARM_BATCH; i++) {
		if (!sign_content(warm->signer, IPC_SIGN_TRANSACTION, bytes_of(warm->payload, warm->payload_size), warm->key,
		        &warm->address, signature, &error))
			give_up(error.text);
	}
	return (cpu_seconds() - start) / WARM_BATCH;
}

static double theirs(const struct warm *warm)
{
	secp256k1_ecdsa_recoverable_signature signature;
	secp256k1_pubkey public_key;
	static const uint8_t digest[32] = {1, 2, 3};
	double start = cpu_seconds();

	for (int i = 0; i < WARM_BATCH; i++) {
		if (!secp256k1_ecdsa_sign_recoverable(warm->curve, &signature, digest, warm->key, NULL, NULL) ||
		    !secp256k1_ecdsa_recover(warm->curve, &public_key, &signature, digest))
			give_up("libsecp256k1 failed");
	}
	return (cpu_seconds() - start) / WARM_BATCH;
}

static double blinding(const struct warm *warm)
{
	struct error error;
	double start = cpu_seconds();

	for (int i = 0; i < WARM_BATCH; i++) {
		if (!signer_refresh(warm->signer, &error))
			give_up(error.text);
	}
	return (cpu_seconds() - start) / WARM_BATCH;
}

static bool bench_warm(const struct warm *warm)
{
	double us[WARM_ROUNDS], them[WARM_ROUNDS], blind[WARM_ROUNDS];

	for (int i = 0; i < WARM_ROUNDS; i++) {
		us[i] = ours(warm);
		them[i] = theirs(warm);
		blind[i] = blinding(warm);
	}
	double a = median(us, WARM_ROUNDS), b = median(them, WARM_ROUNDS), c = median(blind, WARM_ROUNDS);
	printf(
	    "warm: keys %.1f us, libsecp256k1 %.1f us: ratio of speeds %.3f (limit %.2f)\n", a * 1e6, b * 1e6, b / a, WARM_LEAST);
	printf("      with the blinding that follows once the answer is out (%.1f us): %.3f\n", c * 1e6, b / (a + c));
	return b / a >= WARM_LEAST;
}

static double plain_scrypt(const struct keyfile *keyfile)
{
	uint8_t derived[32];
	double start = cpu_seconds();

	if (crypto_pwhash_scryptsalsa208sha256_ll((const uint8_t *)"password", 8, keyfile->salt, keyfile->salt_size,
	        keyfile->cost.n, keyfile->cost.r, keyfile->cost.p, derived, sizeof derived) != 0)
		give_up("libsodium failed");
	return cpu_seconds() - start;
}

static double cold_signature(const struct warm *warm, struct bytes file)
{
	struct keyfile keyfile;
	uint8_t key[32], signature[SIGN_RESULT_SIZE];
	struct error error;
	double start = cpu_seconds();

	if (!keyfile_parse(file, &keyfile, &error) || !keyfile_open(&keyfile, bytes_text("password"), key, &error) ||
	    !sign_content(warm->signer, IPC_SIGN_TRANSACTION, bytes_of(warm->payload, warm->payload_size), key, &warm->address,
	        signature, &error))
		give_up(error.text);
	return cpu_seconds() - start;
}

static bool bench_cold(const struct warm *warm)
{
	struct buf file BUF_CLEANUP = BUF_INIT(KEYFILE_JSON_MAX);
	double us[COLD_ROUNDS], them[COLD_ROUNDS];
	struct keyfile keyfile;
	struct error error;

	if (!keyfile_seal(warm->key, &warm->address, bytes_text("password"), &KEYFILE_COST_STANDARD, &keyfile, &error))
		give_up(error.text);
	keyfile_write(&keyfile, &file);
	for (int i = 0; i < COLD_ROUNDS; i++) {
		them[i] = plain_scrypt(&keyfile);
		us[i] = cold_signature(warm, buf_bytes(&file));
	}
	double a = median(us, COLD_ROUNDS), b = median(them, COLD_ROUNDS);
	printf("cold: keys %.1f ms, libsodium's scrypt %.1f ms: ratio of times %.3f (limit %.2f)\n", a * 1e3, b * 1e3, a / b,
	    COLD_MOST);
	return a / b <= COLD_MOST;
}

int main(void)
{
	struct warm warm = {.payload_size = strlen(payload_hex) / 2};
	struct error error;
	uint8_t seed[32];

	memset(warm.key, 0x46, sizeof warm.key);
	if (sodium_init() < 0 || !signer_new(&warm.signer, &error) ||
	    !hex_decode_fixed(bytes_text(payload_hex), warm.payload, warm.payload_size) ||
	    !signature_key_address(signer_context(warm.signer), warm.key, &warm.address))
		give_up("cannot start");
	warm.curve = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	randombytes_buf(seed, sizeof seed);
	if (warm.curve == NULL || !secp256k1_context_randomize(warm.curve, seed))
		give_up("cannot start");
	bool ok = bench_warm(&warm);
	ok &= bench_cold(&warm);
	secp256k1_context_destroy(warm.curve);
	signer_free(warm.signer);
	return ok ? 0 : 1;
}
