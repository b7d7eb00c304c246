/*
 * sign_transaction: the one way of a transaction that a person is asked about (ui_approveTx), whichever method it came by.
 *
 * A handler reads its arguments into a struct sign_transaction and calls sign_transaction_begin(): the request is written to the audit log, the transaction judged,
 * the account looked for, the proofs of blobs made or checked, the person asked; what the UI returns is judged again from the start; the password is
 * fetched, keys signs, and {raw, tx} is answered, or raw alone.
 */
#ifndef CLEF_CORE_SIGN_TRANSACTION_H
#define CLEF_CORE_SIGN_TRANSACTION_H

#include "core/signing.h"
#include "decode/validation.h"
#include "eth/transaction.h"

/* Most bytes of JSON in a question, an answer or an audit line. */
#define SIGN_TRANSACTION_JSON_LIMIT ((size_t)48 * 1024 * 1024)

struct sign_transaction {
	struct signing signing;         /* first: see signing.h. Filled in by sign_transaction_begin */
	struct transaction transaction; /* as asked for; after the approval, as the UI returned it */
	struct transaction *approved;   /* what the UI returned, while its sidecar is checked */
	struct bytes hint;              /* the method signature that the caller gave; data NULL: none */
	bool raw_only;                  /* answer the signed transaction alone, as one hex text, instead of {raw, tx} */
	bool hint_fits;                 /* what was approved is a call of the hint's method */
	uint64_t chain_id;              /* of the signer when the request came */
};

/* request->work is the struct, zeroed but for transaction, hint and raw_only. The request is JUDGED from here on, or has ended. */
void sign_transaction_begin(struct request *request);

#endif
