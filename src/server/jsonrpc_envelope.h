/*
 * jsonrpc_envelope: one request object, judged and turned into an entry: a call to run, a notification to run, or an answer that is ready already. Only
 * jsonrpc.c includes this.
 *
 * An entry is 1 byte of kind and three texts (4-byte big-endian length, bytes): id, text, params.
 */
#ifndef CLEF_SERVER_JSONRPC_ENVELOPE_H
#define CLEF_SERVER_JSONRPC_ENVELOPE_H

#include <yyjson.h>

#include "base/bytes.h"
#include "server/jsonrpc.h"

enum envelope_kind { ENVELOPE_CALL = 1, ENVELOPE_NOTIFICATION, ENVELOPE_ANSWERED };

struct envelope_entry {
	enum envelope_kind kind;
	struct bytes id;     /* JSON text; empty for a notification */
	struct bytes text;   /* the method's name, or the whole answer */
	struct bytes params; /* JSON text, maybe empty */
};

/*
 * Judge a value and append its entry. `untrusted_text` is the value's own text: arguments are handed on as they were spelt. `subscriptions`: calls for
 * them are handed on, too.
 */
void envelope_read(yyjson_val *untrusted_value, struct bytes untrusted_text, enum rpc_carrier carrier, bool subscriptions,
    struct buf *ret_entries);
/* The first entry, borrowed from the slice; returns its size. */
size_t envelope_entry_read(struct bytes entries, struct envelope_entry *ret_entry);
/* Append the id of a value that is a good call; false when it is none, or a notification. */
bool envelope_call_id(yyjson_val *untrusted_value, struct buf *ret_id);

#endif
