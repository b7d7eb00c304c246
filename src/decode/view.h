/* view: decoded views of UI protocol 7.1: what a UI needs to show a request in words of its own, as data. docs/ui-protocol.md describes them. */
#ifndef CLEF_DECODE_VIEW_H
#define CLEF_DECODE_VIEW_H

#include "decode/call.h"
#include "eth/transaction.h"

/*
 * Append {"kind":"transaction",…}. `call` is what validation_transaction found in the calldata (validation.h). Numbers are decimal texts, in wei where they
 * are amounts; what does not fit in 256 bits or is not known is null.
 */
void view_put_transaction(
    const struct transaction *transaction, uint64_t chain_id, const struct call *call, struct buf *ret_json);
/* Append {"kind":"message","text":TEXT|null,"bytes":SIZE}. The text is null unless the message is UTF-8 that a person can read whole. */
void view_put_message(struct bytes untrusted_message, struct buf *ret_json);

#endif
