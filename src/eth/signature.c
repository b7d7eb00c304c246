#include "eth/signature.h"

#include <stdlib.h>
#include <string.h>

#include <secp256k1.h>
#include <secp256k1_recovery.h>

#include "base/memory.h"
#include "eth/keccak.h"

/* v of a signature in 65 bytes; the yellow paper's appendix F. */
#define V_BASE            27
#define PUBLIC_KEY_SIZE   65 /* uncompressed, with its leading 4 */
#define COMPACT_SIZE      64
#define ADDRESS_IN_DIGEST (KECCAK256_SIZE - ADDRESS_SIZE)

struct signature_context {
	secp256k1_context *curve;
};

struct signature_context *signature_context_new(const uint8_t seed[32])
{
	struct signature_context *context = memory_new(1, sizeof(*context));

	context->curve = secp256k1_context_create(SECP256K1_CONTEXT_NONE);
	if (!context->curve)
		abort();
	/* Only fails for a context that cannot be blinded, which ours is not; going on unblinded would be silent weakness. */
	if (seed && !secp256k1_context_randomize(context->curve, seed))
		abort();
	return context;
}

void signature_context_free(struct signature_context *context)
{
	if (!context)
		return;
	secp256k1_context_destroy(context->curve);
	free(context);
}

bool signature_key_is_valid(const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE])
{
	return secp256k1_ec_seckey_verify(context->curve, key) == 1;
}

/* Yellow paper, appendix F: the last 20 bytes of the Keccak-256 of x and y. */
static void public_key_address(
    const struct signature_context *context, const secp256k1_pubkey *public_key, struct address *ret_address)
{
	uint8_t point[PUBLIC_KEY_SIZE];
	uint8_t digest[KECCAK256_SIZE];
	size_t size = sizeof(point);

	secp256k1_ec_pubkey_serialize(context->curve, point, &size, public_key, SECP256K1_EC_UNCOMPRESSED);
	keccak256(bytes_of(point + 1, PUBLIC_KEY_SIZE - 1), digest);
	memcpy(ret_address->bytes, digest + ADDRESS_IN_DIGEST, ADDRESS_SIZE);
}

bool signature_key_address(
    const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE], struct address *ret_address)
{
	secp256k1_pubkey public_key;

	if (!secp256k1_ec_pubkey_create(context->curve, &public_key, key))
		return false;
	public_key_address(context, &public_key, ret_address);
	return true;
}

bool signature_sign(const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE],
    const uint8_t digest[SIGNATURE_DIGEST_SIZE], struct signature *ret_signature)
{
	secp256k1_ecdsa_recoverable_signature recoverable;
	uint8_t compact[COMPACT_SIZE];
	int recovery_id = 0;

	if (!secp256k1_ecdsa_sign_recoverable(context->curve, &recoverable, digest, key, NULL, NULL))
		return false;
	secp256k1_ecdsa_recoverable_signature_serialize_compact(context->curve, compact, &recovery_id, &recoverable);
	/* 2 and 3 say that r overflowed the group order: nobody has ever seen one, and Ethereum cannot express it. */
	if (recovery_id > 1)
		return false;
	memcpy(ret_signature->r, compact, 32);
	memcpy(ret_signature->s, compact + 32, 32);
	ret_signature->parity = (uint8_t)recovery_id;
	return true;
}

bool signature_recover(const struct signature_context *context, const uint8_t digest[SIGNATURE_DIGEST_SIZE],
    const struct signature *signature, struct address *ret_address)
{
	secp256k1_ecdsa_recoverable_signature recoverable;
	secp256k1_pubkey public_key;
	uint8_t compact[COMPACT_SIZE];

	if (signature->parity > 1)
		return false;
	memcpy(compact, signature->r, 32);
	memcpy(compact + 32, signature->s, 32);
	if (!secp256k1_ecdsa_recoverable_signature_parse_compact(context->curve, &recoverable, compact, signature->parity))
		return false;
	if (!secp256k1_ecdsa_recover(context->curve, &public_key, &recoverable, digest))
		return false;
	public_key_address(context, &public_key, ret_address);
	return true;
}

bool signature_has_low_s(const struct signature *signature)
{
	/* Of secp256k1, big-endian. */
	static const uint8_t half_order[32] = {0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	    0xff, 0xff, 0x5d, 0x57, 0x6e, 0x73, 0x57, 0xa4, 0x50, 0x1d, 0xdf, 0xe9, 0x2f, 0x46, 0x68, 0x1b, 0x20, 0xa0};

	return memcmp(signature->s, half_order, sizeof(half_order)) <= 0;
}

void signature_to_bytes(const struct signature *signature, uint8_t ret_bytes[SIGNATURE_SIZE])
{
	memcpy(ret_bytes, signature->r, 32);
	memcpy(ret_bytes + 32, signature->s, 32);
	ret_bytes[64] = (uint8_t)(V_BASE + signature->parity);
}

bool signature_from_bytes(struct bytes untrusted_bytes, struct signature *ret_signature, struct error *ret_error)
{
	if (untrusted_bytes.size != SIGNATURE_SIZE)
		return error_set(ret_error, ERROR_REFUSED, "signature must be 65 bytes long");
	uint8_t v = untrusted_bytes.data[64];
	if (v != V_BASE && v != V_BASE + 1)
		return error_set(ret_error, ERROR_REFUSED, "invalid Ethereum signature (V is not 27 or 28)");
	memcpy(ret_signature->r, untrusted_bytes.data, 32);
	memcpy(ret_signature->s, untrusted_bytes.data + 32, 32);
	ret_signature->parity = (uint8_t)(v - V_BASE);
	return true;
}
