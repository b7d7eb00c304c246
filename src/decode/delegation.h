/*
 * delegation: what a person is told about an EIP-7702 authorization before it is signed, or before a transaction that carries some is.
 *
 * Which code is safe to delegate to nobody here knows, so that every delegation but the one to the zero address, which takes the code away, is critical. These
 * messages are advisory: handing over an account is the whole purpose of such a request, and the person decides.
 */
#ifndef CLEF_DECODE_DELEGATION_H
#define CLEF_DECODE_DELEGATION_H

#include "decode/validation.h"
#include "eth/authorization.h"

/* Warn of one that is to be signed by `account`. */
void delegation_warn(
    const struct authorization *authorization, const struct address *account, struct arena *arena, struct validation *validation);
/*
 * Warn of all that a transaction carries, of those first that its sender signed himself. What several have in common is one warning, which names some of them by place and
 * account.
 */
void delegation_warn_transaction(const struct transaction *transaction, struct arena *arena, struct validation *validation);
/*
 * Append {"kind":"authorization","chain_id":decimal text,"address":checksummed,"nonce":decimal text,"authority":checksummed,"clears":true or false}: the
 * data of UI protocol 7.1's "decoded". `account` is the authority.
 */
void delegation_put_decoded(const struct authorization *authorization, const struct address *account, struct buf *ret_json);

#endif
