#include "keys/sign.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/memory.h"
#include "eth/authorization.h"
#include "eth/blob.h"
#include "eth/clique.h"
#include "eth/keccak.h"
#include "eth/message.h"
#include "eth/safe.h"
#include "eth/transaction.h"
#include "eth/typed_data.h"
#include "eth/validator.h"
#include "keys/wipe_stack.h"

#define SEED_SIZE 32

struct signer {
	struct signature_context *context;
};

bool signer_refresh(struct signer *signer, struct error *ret_error)
{
	uint8_t seed[SEED_SIZE];

	if (getrandom(seed, sizeof seed, 0) != (ssize_t)sizeof seed)
		return error_set_errno(ret_error, errno, "no random bytes");
	struct signature_context *fresh = signature_context_new(seed);
	bytes_wipe(seed, sizeof seed);
	signature_context_free(signer->context);
	signer->context = fresh;
	return true;
}

bool signer_new(struct signer **ret_signer, struct error *ret_error)
{
	struct signer *signer = memory_new(1, sizeof *signer);

	if (!signer_refresh(signer, ret_error)) {
		free(signer);
		signer = NULL;
	}
	*ret_signer = signer;
	return signer != NULL;
}

void signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	signature_context_free(signer->context);
	free(signer);
}

const struct signature_context *signer_context(const struct signer *signer)
{
	return signer->context;
}

static bool transaction_digest(struct bytes untrusted_content, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE], struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct transaction transaction;

	if (!transaction_parse_payload(untrusted_content, &arena, &transaction, ret_error))
		return false;
	/* Exactly these bytes are what the transaction encodes to: the parser compared them. */
	keccak256(untrusted_content, ret_digest);
	return true;
}

bool sign_digest(
    enum ipc_sign_kind kind, struct bytes untrusted_content, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE], struct error *ret_error)
{
	struct authorization authorization;

	switch (kind) {
	case IPC_SIGN_TRANSACTION:
		return transaction_digest(untrusted_content, ret_digest, ret_error);
	case IPC_SIGN_MESSAGE:
		message_digest(untrusted_content, ret_digest);
		return true;
	case IPC_SIGN_AUTHORIZATION:
		if (!authorization_parse_payload(untrusted_content, &authorization, ret_error))
			return false;
		authorization_digest(&authorization, ret_digest);
		return true;
	case IPC_SIGN_VALIDATOR:
		return validator_content_digest(untrusted_content, ret_digest, ret_error);
	case IPC_SIGN_CLIQUE_HEADER:
		return clique_content_digest(untrusted_content, ret_digest, ret_error);
	case IPC_SIGN_SAFE:
		return safe_content_digest(untrusted_content, ret_digest, ret_error);
	case IPC_SIGN_BLOB_TRANSACTION:
		return blob_content_digest(untrusted_content, ret_digest, ret_error);
	case IPC_SIGN_TYPED_DATA:
		return typed_data_digest(untrusted_content, ret_digest, ret_error);
	case IPC_SIGN_TRANSACTIONS: /* split up before (sign_batch.h) */
		break;
	}
	return error_set(ret_error, ERROR_REFUSED, "unknown kind of content to sign");
}

static bool is_zero_key(const uint8_t key[SIGNATURE_KEY_SIZE])
{
	uint8_t any = 0;

	for (size_t i = 0; i < SIGNATURE_KEY_SIZE; i++)
		any |= key[i];
	return any == 0;
}

static bool check_key(const struct signature_context *context, const uint8_t key[SIGNATURE_KEY_SIZE],
    const struct address *address, struct error *ret_error)
{
	struct address own;

	if (!signature_key_is_valid(context, key))
		return error_set(ret_error, ERROR_REFUSED, "invalid key: %s",
		    is_zero_key(key) ? "invalid private key, zero or negative" : "invalid private key, >=N");
	if (!signature_key_address(context, key, &own))
		return error_set(ret_error, ERROR_INTERNAL, "no address for the key");
	if (address == NULL || address_equal(&own, address))
		return true;
	char have[ADDRESS_TEXT_SIZE], want[ADDRESS_TEXT_SIZE];
	address_to_lower(&own, have);
	address_to_lower(address, want);
	return error_set(ret_error, ERROR_REFUSED, "key content mismatch: have account %s, want %s", have + 2, want + 2);
}

static bool sign_digest_with(const struct signature_context *context, const uint8_t *digest, const uint8_t *key,
    const struct address *address, struct signature *ret_signature, struct error *ret_error)
{
	struct address signer;

	if (!signature_key_is_valid(context, key))
		return check_key(context, key, address, ret_error);
	if (signature_sign(context, key, digest, ret_signature) && signature_recover(context, digest, ret_signature, &signer) &&
	    address_equal(&signer, address))
		return true;
	/* The recovered address proves key and signature at once; only when it is wrong the reason is worth another multiplication. */
	if (check_key(context, key, address, ret_error))
		error_set(ret_error, ERROR_INTERNAL, "the signature does not recover to the account: it was thrown away");
	return false;
}

bool sign_check_key(
    const struct signer *signer, const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, struct error *ret_error)
{
	bool ok = check_key(signer->context, key, address, ret_error);

	wipe_stack();
	return ok;
}

bool sign_content(const struct signer *signer, enum ipc_sign_kind kind, struct bytes untrusted_content,
    const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, uint8_t ret_signature[SIGN_RESULT_SIZE],
    struct error *ret_error)
{
	uint8_t digest[SIGNATURE_DIGEST_SIZE];
	struct signature signature = {0};

	bool ok = sign_digest(kind, untrusted_content, digest, ret_error) &&
	          sign_digest_with(signer->context, digest, key, address, &signature, ret_error);
	wipe_stack();
	if (ok) {
		memcpy(ret_signature, signature.r, sizeof signature.r);
		memcpy(ret_signature + sizeof signature.r, signature.s, sizeof signature.s);
		ret_signature[SIGN_RESULT_SIZE - 1] = signature.parity;
	}
	bytes_wipe(&signature, sizeof signature);
	return ok;
}
