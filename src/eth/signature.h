/*
 * signature: ECDSA over secp256k1 with public-key recovery, and what Ethereum derives from a key.
 *
 * A thin face over libsecp256k1: signatures are deterministic (RFC 6979) and have low s. The context holds nothing secret but its
 * blinding; it may be used by several threads once made.
 */
#ifndef CLEF_ETH_SIGNATURE_H
#define CLEF_ETH_SIGNATURE_H

#include "base/error.h"
#include "eth/address.h"

#define SIGNATURE_KEY_SIZE    32
#define SIGNATURE_DIGEST_SIZE 32
#define SIGNATURE_SIZE        65 /* r, s, v */

struct signature {
	uint8_t r[32]; /* big-endian */
	uint8_t s[32];
	uint8_t parity; /* 0 or 1: parity of the nonce point's y; 27 and 35 + 2 chain are added by whoever needs them */
};

struct signature_context;

/* `seed` is 32 random bytes for the blinding of secret operations, or NULL where only recovery is done. Never NULL. */
struct signature_context *signature_context_new(const uint8_t seed[32]);
void signature_context_free(struct signature_context *context);

/* 0 < key < group order, big-endian. */
bool signature_key_is_valid(const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE]);
/* The account that a private key owns. False for an invalid key. */
bool signature_key_address(
    const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE], struct address *ret_address);
/* False for an invalid key. */
bool signature_sign(const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE],
    const uint8_t digest[SIGNATURE_DIGEST_SIZE], struct signature *ret_signature);
/* Who signed. High s is accepted: low s is a rule for making signatures. False when no point fits. */
bool signature_recover(const struct signature_context *context, const uint8_t digest[SIGNATURE_DIGEST_SIZE],
    const struct signature *signature, struct address *ret_address);
/* s is in the lower half of the curve's order: of the two signatures that anybody can make of one, the only one that networks take (EIP-2). */
bool signature_has_low_s(const struct signature *signature);

/* r, s, and v = 27 + parity: the 65 bytes that account_signData answers. */
void signature_to_bytes(const struct signature *signature, uint8_t ret_bytes[SIGNATURE_SIZE]);
/* The reverse. v must be 27 or 28 and the size 65; the errors (ERROR_REFUSED) are Clef's. */
bool signature_from_bytes(struct bytes untrusted_bytes, struct signature *ret_signature, struct error *ret_error);

#endif
