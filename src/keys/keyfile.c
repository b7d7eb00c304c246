#include "keys/keyfile.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/random.h>

#include "base/hex.h"
#include "base/json.h"
#include "eth/keccak.h"
#include "keys/openssl.h"

#define AES_KEY_SIZE OPENSSL_AES_KEY_SIZE

static const char wrong_password[] = "could not decrypt key with given password";

static bool check_scrypt(const struct keyfile_cost *cost, struct error *ret_error)
{
	uint64_t block, memory, work;

	if (cost->n < 2 || (cost->n & (cost->n - 1)) != 0)
		return error_set(ret_error, ERROR_REFUSED, "scrypt: N must be > 1 and a power of 2");
	if (cost->r == 0 || cost->p == 0)
		return error_set(ret_error, ERROR_REFUSED, "scrypt: r and p must be positive");
	/* 128 r p first: it is a bound of its own in RFC 7914 and keeps the sums below small. */
	if (__builtin_mul_overflow(UINT64_C(128) * cost->r, cost->p, &block) || block > KEYFILE_SCRYPT_MEMORY_MAX ||
	    __builtin_mul_overflow(UINT64_C(128) * cost->r, cost->n, &memory) || memory > KEYFILE_SCRYPT_MEMORY_MAX - block)
		return error_set(ret_error, ERROR_REFUSED,
		    "scrypt: n=%llu r=%u p=%u needs more memory than the limit of %llu MiB for one key file",
		    (unsigned long long)cost->n, cost->r, cost->p, (unsigned long long)(KEYFILE_SCRYPT_MEMORY_MAX >> 20));
	if (__builtin_mul_overflow(memory, cost->p, &work) || work > KEYFILE_SCRYPT_WORK_MAX)
		return error_set(ret_error, ERROR_REFUSED,
		    "scrypt: n=%llu r=%u p=%u is more work than the limit (128 n r p of at most %llu) for one key file",
		    (unsigned long long)cost->n, cost->r, cost->p, (unsigned long long)KEYFILE_SCRYPT_WORK_MAX);
	return true;
}

bool keyfile_check_cost(const struct keyfile_cost *cost, struct error *ret_error)
{
	switch (cost->kdf) {
	case KEYFILE_SCRYPT:
		return check_scrypt(cost, ret_error);
	case KEYFILE_PBKDF2:
		if (cost->rounds == 0 || cost->rounds > KEYFILE_PBKDF2_MAX)
			return error_set(ret_error, ERROR_REFUSED, "PBKDF2: %u rounds, from 1 to %llu were expected",
			    cost->rounds, (unsigned long long)KEYFILE_PBKDF2_MAX);
		return true;
	}
	return error_set(ret_error, ERROR_INTERNAL, "unknown key derivation");
}

static bool derive_scrypt(const struct keyfile *keyfile, struct bytes password, uint8_t *ret_derived, struct error *ret_error)
{
	const struct keyfile_cost *cost = &keyfile->cost;
	static const uint8_t nothing[1] = {0};

	/* Not OpenSSL: it refuses n=2^18 with r=1, which the published test vector has. */
	int result = crypto_pwhash_scryptsalsa208sha256_ll(password.size == 0 ? nothing : password.data, password.size,
	    keyfile->salt, keyfile->salt_size, cost->n, cost->r, cost->p, ret_derived, KEYFILE_DERIVED_SIZE);
	if (result != 0)
		return error_set_errno(ret_error, errno, "scrypt");
	return true;
}

static bool derive_pbkdf2(const struct keyfile *keyfile, struct bytes password, uint8_t *ret_derived, struct error *ret_error)
{
	return openssl_pbkdf2_sha256(password, bytes_of(keyfile->salt, keyfile->salt_size), keyfile->cost.rounds, ret_derived,
	           KEYFILE_DERIVED_SIZE) ||
	       error_set(ret_error, ERROR_INTERNAL, "PBKDF2 failed");
}

static bool derive(const struct keyfile *keyfile, struct bytes password, uint8_t *ret_derived, struct error *ret_error)
{
	if (password.size > INT32_MAX)
		return error_set(ret_error, ERROR_PASSWORD, "%s", wrong_password);
	switch (keyfile->cost.kdf) {
	case KEYFILE_SCRYPT:
		return derive_scrypt(keyfile, password, ret_derived, ret_error);
	case KEYFILE_PBKDF2:
		return derive_pbkdf2(keyfile, password, ret_derived, ret_error);
	}
	return error_set(ret_error, ERROR_INTERNAL, "unknown key derivation");
}

/* Keccak-256 of the second half of the derived key and the ciphertext. */
static void compute_mac(const struct keyfile *keyfile, const uint8_t *derived, uint8_t ret_mac[KEYFILE_MAC_SIZE])
{
	struct keccak keccak;

	keccak_init(&keccak);
	keccak_update(&keccak, bytes_of(derived + AES_KEY_SIZE, KEYFILE_DERIVED_SIZE - AES_KEY_SIZE));
	keccak_update(&keccak, bytes_of(keyfile->ciphertext, keyfile->ciphertext_size));
	keccak_final(&keccak, ret_mac);
}

/* Version 3 takes the first half of the derived key as it is, version 1 hashes it once more. */
static void aes_key(const struct keyfile *keyfile, const uint8_t *derived, uint8_t ret_key[KECCAK256_SIZE])
{
	if (keyfile->version == 1)
		keccak256(bytes_of(derived, AES_KEY_SIZE), ret_key);
	else
		memcpy(ret_key, derived, AES_KEY_SIZE);
}

/* One AES run. CTR is its own inverse; CBC is only ever decrypted, with PKCS #7 padding. False for bad padding. */
static bool run_aes(const struct keyfile *keyfile, const uint8_t *key, struct bytes in, uint8_t *ret_out, size_t *ret_size)
{
	enum openssl_aes mode = keyfile->version == 1 ? OPENSSL_AES_128_CBC : OPENSSL_AES_128_CTR;

	return openssl_aes_128(mode, key, keyfile->iv, in, ret_out, ret_size);
}

static bool decrypt(
    const struct keyfile *keyfile, const uint8_t *derived, uint8_t *ret_plain, size_t *ret_size, struct error *ret_error)
{
	uint8_t mac[KEYFILE_MAC_SIZE], key[KECCAK256_SIZE];

	compute_mac(keyfile, derived, mac);
	if (!keyfile->has_mac || sodium_memcmp(mac, keyfile->mac, sizeof mac) != 0)
		return error_set(ret_error, ERROR_PASSWORD, "%s", wrong_password);
	aes_key(keyfile, derived, key);
	bool ok = run_aes(keyfile, key, bytes_of(keyfile->ciphertext, keyfile->ciphertext_size), ret_plain, ret_size);
	bytes_wipe(key, sizeof key);
	return ok || error_set(ret_error, ERROR_PASSWORD, "%s", wrong_password);
}

bool keyfile_open(
    const struct keyfile *keyfile, struct bytes password, uint8_t ret_key[SIGNATURE_KEY_SIZE], struct error *ret_error)
{
	uint8_t derived[KEYFILE_DERIVED_SIZE];
	uint8_t plain[KEYFILE_CIPHERTEXT_MAX + OPENSSL_AES_BLOCK_SIZE];
	size_t size = 0;

	bool ok = keyfile_check_cost(&keyfile->cost, ret_error) && derive(keyfile, password, derived, ret_error) &&
	          decrypt(keyfile, derived, plain, &size, ret_error);
	if (ok && size != SIGNATURE_KEY_SIZE)
		ok = error_set(ret_error, ERROR_REFUSED, "invalid key: invalid length, need 256 bits");
	if (ok)
		memcpy(ret_key, plain, SIGNATURE_KEY_SIZE);
	bytes_wipe(derived, sizeof derived);
	bytes_wipe(plain, sizeof plain);
	return ok;
}

static bool random_bytes(uint8_t *ret_data, size_t size, struct error *ret_error)
{
	if (getrandom(ret_data, size, 0) != (ssize_t)size)
		return error_set_errno(ret_error, errno, "no random bytes");
	return true;
}

static bool choose_random(struct keyfile *keyfile, struct error *ret_error)
{
	keyfile->salt_size = 32;
	if (!random_bytes(keyfile->salt, keyfile->salt_size, ret_error) ||
	    !random_bytes(keyfile->iv, KEYFILE_IV_SIZE, ret_error) || !random_bytes(keyfile->id, KEYFILE_ID_SIZE, ret_error))
		return false;
	keyfile->id[6] = (uint8_t)((keyfile->id[6] & 0x0f) | 0x40); /* RFC 9562: version 4, */
	keyfile->id[8] = (uint8_t)((keyfile->id[8] & 0x3f) | 0x80); /* variant 10 */
	return true;
}

bool keyfile_seal(const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, struct bytes password,
    const struct keyfile_cost *cost, struct keyfile *ret_keyfile, struct error *ret_error)
{
	uint8_t derived[KEYFILE_DERIVED_SIZE];

	*ret_keyfile = (struct keyfile){.version = 3, .has_address = true, .address = *address, .cost = *cost, .has_mac = true};
	bool ok = keyfile_check_cost(cost, ret_error) && choose_random(ret_keyfile, ret_error) &&
	          derive(ret_keyfile, password, derived, ret_error);
	if (ok && !run_aes(ret_keyfile, derived, bytes_of(key, SIGNATURE_KEY_SIZE), ret_keyfile->ciphertext,
	              &ret_keyfile->ciphertext_size))
		ok = error_set(ret_error, ERROR_INTERNAL, "AES failed");
	if (ok)
		compute_mac(ret_keyfile, derived, ret_keyfile->mac);
	bytes_wipe(derived, sizeof derived);
	return ok;
}

static void put_hex_member(struct buf *buf, const char *before, const uint8_t *data, size_t size, const char *after)
{
	buf_put_text(buf, before);
	hex_encode(bytes_of(data, size), buf);
	buf_put_text(buf, after);
}

static void put_id(struct buf *buf, const uint8_t id[KEYFILE_ID_SIZE])
{
	static const uint8_t ends[] = {4, 6, 8, 10, 16};
	size_t at = 0;

	for (size_t i = 0; i < sizeof ends; i++) {
		hex_encode(bytes_of(id + at, ends[i] - at), buf);
		buf_put_text(buf, ends[i] < KEYFILE_ID_SIZE ? "-" : "");
		at = ends[i];
	}
}

void keyfile_write(const struct keyfile *keyfile, struct buf *ret_text)
{
	const struct keyfile_cost *cost = &keyfile->cost;

	put_hex_member(ret_text, "{\"address\":\"", keyfile->address.bytes, ADDRESS_SIZE, "\",");
	put_hex_member(ret_text, "\"crypto\":{\"cipher\":\"aes-128-ctr\",\"ciphertext\":\"", keyfile->ciphertext,
	    keyfile->ciphertext_size, "\",");
	put_hex_member(ret_text, "\"cipherparams\":{\"iv\":\"", keyfile->iv, KEYFILE_IV_SIZE, "\"},");
	buf_printf(ret_text, "\"kdf\":\"scrypt\",\"kdfparams\":{\"dklen\":%d,\"n\":%llu,\"p\":%u,\"r\":%u,", KEYFILE_DERIVED_SIZE,
	    (unsigned long long)cost->n, cost->p, cost->r);
	put_hex_member(ret_text, "\"salt\":\"", keyfile->salt, keyfile->salt_size, "\"},");
	put_hex_member(ret_text, "\"mac\":\"", keyfile->mac, KEYFILE_MAC_SIZE, "\"},\"id\":\"");
	put_id(ret_text, keyfile->id);
	buf_put_text(ret_text, "\",\"version\":3}");
}
