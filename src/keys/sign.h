/*
 * sign: from what is to be signed to a signature that was checked. There is no way in for a bare hash.
 *
 * The content is parsed again here, strictly, and the digest is computed from it: the Keccak-256 of a transaction's unsigned payload (which
 * transaction_parse_payload accepts only byte for byte as it would write it) or of an EIP-191 message. After signing, the address is
 * recovered from the signature and compared, so that a flipped bit never leaves the process.
 */
#ifndef CLEF_KEYS_SIGN_H
#define CLEF_KEYS_SIGN_H

#include "eth/address.h"
#include "eth/signature.h"
#include "ipc/ipc.h"

/* r, s and parity, as in KEYS_SIGNED. */
#define SIGN_RESULT_SIZE 65

struct signer;

/* The curve context, blinded with random bytes. */
bool signer_new(struct signer **ret_signer, struct error *ret_error);
void signer_free(struct signer *signer);
/* For checking keys and deriving addresses. Borrowed until the next signer_refresh. */
const struct signature_context *signer_context(const struct signer *signer);
/* Blind the context anew; after each signature, once its answer is under way. */
bool signer_refresh(struct signer *signer, struct error *ret_error);

/* The digest of the content; ERROR_REFUSED when it is not well-formed. Also tells before a password is asked whether signing makes sense. */
bool sign_digest(
    enum ipc_sign_kind kind, struct bytes untrusted_content, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE], struct error *ret_error);
/*
 * Sign with the key of `address`. ERROR_REFUSED with Clef's text when the key belongs to another account; ERROR_INTERNAL when the signature does
 * not recover to it. The stack below is wiped on every path; the key stays the caller's to wipe.
 */
bool sign_content(const struct signer *signer, enum ipc_sign_kind kind, struct bytes untrusted_content,
    const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, uint8_t ret_signature[SIGN_RESULT_SIZE],
    struct error *ret_error);
/* The key is valid and belongs to `address` (NULL: to anybody); the errors are those of a decrypted key file. */
bool sign_check_key(
    const struct signer *signer, const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, struct error *ret_error);

#endif
