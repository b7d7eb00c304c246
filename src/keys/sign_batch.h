/*
 * sign_batch: what one KEYS_SIGN asks for, be it one content or several transactions under one password (IPC_SIGN_TRANSACTIONS). All is signed, each
 * signature checked as sign_content does, or nothing is.
 */
#ifndef CLEF_KEYS_SIGN_BATCH_H
#define CLEF_KEYS_SIGN_BATCH_H

#include "keys/sign.h"

/* Bytes of the signatures that one request gets at most. */
#define SIGN_BATCH_RESULT_MAX ((size_t)IPC_SIGN_TRANSACTIONS_MAX * SIGN_RESULT_SIZE)

/* Everything that is to be signed is well-formed; ERROR_REFUSED, naming a transaction by its place: "[3]: …". */
bool sign_batch_check(enum ipc_sign_kind kind, struct bytes untrusted_content, struct error *ret_error);
/*
 * Append SIGN_RESULT_SIZE bytes for each part, in order. On failure *ret_signatures is what it was. The curve context is blinded anew between two signatures. Errors
 * as sign_content's.
 */
bool sign_batch(struct signer *signer, enum ipc_sign_kind kind, struct bytes untrusted_content,
    const uint8_t key[SIGNATURE_KEY_SIZE], const struct address *address, struct buf *ret_signatures, struct error *ret_error);

#endif
