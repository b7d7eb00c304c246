/* rpc: the pieces of JSON-RPC 2.0 messages that core reads and writes. */
#ifndef CLEF_CORE_RPC_H
#define CLEF_CORE_RPC_H

#include "base/error.h"
#include "base/json.h"

/* {"jsonrpc":"2.0","id":ID,"result":…} or with "error". */
void rpc_put_reply(struct buf *buf, struct bytes id, struct bytes result, struct bytes error);
/* An error object: code, message and, when `data` is not empty, data (JSON text). */
void rpc_put_error(struct buf *buf, const struct error *error, struct bytes data);
/* The same with the codes of the standard names. */
void rpc_put_eth_error(struct buf *buf, const struct error *error, struct bytes data);
/* Read an error object of the UI: its code, message and data go to the caller as they are. An object that is none becomes a plain refusal. */
void rpc_read_error(yyjson_val *value, struct error *ret_error, struct buf *ret_data);
bool rpc_is_version_2(yyjson_val *message);
/* An id that is a whole number without sign, as we number our questions. */
bool rpc_number_id(yyjson_val *id, uint64_t *ret_number);

#endif
