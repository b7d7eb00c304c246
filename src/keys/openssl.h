/*
 * openssl: the little of OpenSSL's libcrypto that key files need: AES-128 and PBKDF2.
 *
 * libcrypto is loaded by keys alone, while it starts, instead of being linked into the one binary: linked, it would cost each of the other roles
 * 0.8 ms of CPU and a tenth of a megabyte at every start, for code that they must never run.
 */
#ifndef CLEF_KEYS_OPENSSL_H
#define CLEF_KEYS_OPENSSL_H

#include "base/bytes.h"
#include "base/error.h"

#define OPENSSL_AES_KEY_SIZE   16
#define OPENSSL_AES_BLOCK_SIZE 16

enum openssl_aes {
	OPENSSL_AES_128_CTR, /* its own inverse */
	OPENSSL_AES_128_CBC  /* decryption, with PKCS #7 padding */
};

/* Load it; to be called once, before the process is confined. ERROR_INTERNAL when it is not installed. */
bool openssl_load(struct error *ret_error);
/* At most in.size bytes plus one block come out. False for bad padding. The key schedule is wiped. */
bool openssl_aes_128(enum openssl_aes mode, const uint8_t key[OPENSSL_AES_KEY_SIZE], const uint8_t iv[OPENSSL_AES_BLOCK_SIZE],
    struct bytes in, uint8_t *ret_out, size_t *ret_size);
/* PBKDF2 with HMAC-SHA-256 (RFC 8018). password and salt of at most INT32_MAX bytes. */
bool openssl_pbkdf2_sha256(struct bytes password, struct bytes salt, uint32_t rounds, uint8_t *ret_derived, size_t size);

#endif
