/* validation_safe: what a person is told about a Safe transaction before it is signed. */
#ifndef CLEF_DECODE_VALIDATION_SAFE_H
#define CLEF_DECODE_VALIDATION_SAFE_H

#include "decode/validation.h"
#include "eth/safe.h"

/*
 * The recipient and the calldata are judged as those of a transaction. On top of that, in the structured warnings only (Clef had none of it and signed), come
 * a delegate call, a refund of gas that the Safe pays, a hash that is good on every chain, and a request without a hash to compare with.
 * The transaction is settled (safe_settle). Texts live in the arena.
 */
bool validation_safe(const struct safe_transaction *transaction, struct bytes untrusted_hint,
    const struct selectors_custom *custom, struct arena *arena, struct validation *ret_validation, struct error *ret_error);

#endif
