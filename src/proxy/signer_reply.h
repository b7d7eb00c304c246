/* signer_reply: reading what the signer replied to one call (JSON-RPC 2.0, section 5), strictly. */
#ifndef CLEF_PROXY_SIGNER_REPLY_H
#define CLEF_PROXY_SIGNER_REPLY_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * One object with "jsonrpc": "2.0", this id, and either a result or an error that has a code and a message; no member of these twice. Exactly one of the two
 * slices, as it was spelt, is not empty; they borrow from the text.
 */
bool signer_reply_read(
    struct bytes untrusted_text, uint64_t id, struct bytes *ret_result, struct bytes *ret_error_object, struct error *ret_error);

#endif
