/* upstream_reply: what a node answered to one call, read strictly. No sockets. */
#ifndef CLEF_PROXY_UPSTREAM_REPLY_H
#define CLEF_PROXY_UPSTREAM_REPLY_H

#include "proxy/upstream.h"

/*
 * One JSON-RPC 2.0 response object, strict JSON, with this number as its id and exactly one of result and error (the other may be null). The text of
 * the value as it was spelt, borrowed. ERROR_INTERNAL, "the node's answer …", for all else: several answers, another id, an error that is none.
 */
bool upstream_reply_read(struct bytes untrusted_text, uint64_t id, enum upstream_outcome *ret_outcome, struct bytes *ret_answer,
    struct error *ret_error);
/* Append an error object. */
void upstream_put_error(struct buf *ret_json, int code, const char *text);

#endif
