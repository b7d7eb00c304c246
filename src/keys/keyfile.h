/*
 * keyfile: one account's private key in a file, encrypted under a password.
 *
 * Read: Web3 Secret Storage version 3 with scrypt or PBKDF2-HMAC-SHA256 and AES-128-CTR, and its forerunner version 1 (AES-128-CBC, the text
 * "1" as version). Written: version 3 with scrypt, in the member order of Clef and geth.
 *
 * Names of members count in any case, except inside `kdfparams`; a name that comes twice is refused, unknown ones are ignored. `dklen`
 * must be positive and changes nothing else: the key always uses the first 32 bytes that the KDF gives.
 *
 * Parsing and deriving are separate: a parsed `struct keyfile` holds nothing secret, and the slow part (keyfile_open, keyfile_seal) needs
 * only it and the password, so that it can run on another thread. Errors that a caller may see are those that Clef's clients know.
 */
#ifndef CLEF_KEYS_KEYFILE_H
#define CLEF_KEYS_KEYFILE_H

#include "base/bytes.h"
#include "base/error.h"
#include "eth/address.h"
#include "eth/signature.h"

/* A larger file is no key file; the recorded largest one has 3 MB. */
#define KEYFILE_SIZE_MAX (4u << 20)
/* Limits of what one file may ask for: a file of 2^30 rounds would otherwise stop the signer. */
#define KEYFILE_SCRYPT_MEMORY_MAX (UINT64_C(1) << 30) /* bytes: 128 n r + 128 r p */
#define KEYFILE_SCRYPT_WORK_MAX   (UINT64_C(1) << 32) /* 128 n r p: 16 times a standard file */
#define KEYFILE_PBKDF2_MAX        UINT64_C(20000000)  /* rounds */

#define KEYFILE_DERIVED_SIZE   32
#define KEYFILE_IV_SIZE        16
#define KEYFILE_MAC_SIZE       32
#define KEYFILE_SALT_MAX       256
#define KEYFILE_CIPHERTEXT_MAX 128
#define KEYFILE_ID_SIZE        16
#define KEYFILE_JSON_MAX       1024 /* of what keyfile_write makes */

enum keyfile_kdf { KEYFILE_SCRYPT = 1, KEYFILE_PBKDF2 };

/* Costs of the key derivation, checked against the limits above. */
struct keyfile_cost {
	enum keyfile_kdf kdf;
	uint64_t n;      /* scrypt: a power of two above 1 */
	uint32_t r, p;   /* scrypt */
	uint32_t rounds; /* PBKDF2 */
};

/* What is written: 256 MiB and about half a second, or, light, 4 MiB and a tenth of that. */
#define KEYFILE_COST_STANDARD ((struct keyfile_cost){.kdf = KEYFILE_SCRYPT, .n = 1u << 18, .r = 8, .p = 1})
#define KEYFILE_COST_LIGHT    ((struct keyfile_cost){.kdf = KEYFILE_SCRYPT, .n = 1u << 12, .r = 8, .p = 6})

struct keyfile {
	int version; /* 3 or 1 */
	bool has_address;
	struct address address; /* what the file says; nobody has checked it yet */
	struct keyfile_cost cost;
	uint8_t salt[KEYFILE_SALT_MAX];
	size_t salt_size;
	uint8_t iv[KEYFILE_IV_SIZE];
	uint8_t ciphertext[KEYFILE_CIPHERTEXT_MAX];
	size_t ciphertext_size;
	uint8_t mac[KEYFILE_MAC_SIZE];
	bool has_mac; /* false: absent or of another length, so that no password opens the file */
	uint8_t id[KEYFILE_ID_SIZE];
};

/*
 * For the listing: the account that the file claims. `address` is hex with or without 0x; fewer than 40 digits are taken as the end of an address,
 * of more the last 40 count (as Clef does). False when there is no account: not a JSON object, no or a zero or malformed address. Text
 * after the object is not looked at: such a file is listed and cannot sign.
 */
bool keyfile_read_address(struct bytes untrusted_text, struct address *ret_address, struct error *ret_error);
/* Everything in the file, validated. ERROR_REFUSED. */
bool keyfile_parse(struct bytes untrusted_text, struct keyfile *ret_keyfile, struct error *ret_error);

/* ERROR_REFUSED, naming the limit, when the costs are malformed or too high. */
bool keyfile_check_cost(const struct keyfile_cost *cost, struct error *ret_error);

/*
 * Decrypt. Slow; scrypt takes up to KEYFILE_SCRYPT_MEMORY_MAX, given back before this returns. ERROR_PASSWORD when the MAC says no
 * (compared in constant time). ret_key is written on success only. Whether the key fits the address is the caller's to check.
 */
bool keyfile_open(
    const struct keyfile *keyfile, struct bytes password, uint8_t ret_key[SIGNATURE_KEY_SIZE], struct error *ret_error);
/* Encrypt under fresh random salt, iv and id. Slow as above. */
bool keyfile_seal(const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, struct bytes password,
    const struct keyfile_cost *cost, struct keyfile *ret_keyfile, struct error *ret_error);
/* Append the file's text (at most KEYFILE_JSON_MAX bytes). Only what keyfile_seal made. */
void keyfile_write(const struct keyfile *keyfile, struct buf *ret_text);

#endif
