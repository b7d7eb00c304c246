/*
 * jsonrpc: from the text of one JSON-RPC 2.0 message (a call or a batch) to its calls, and from their answers to the reply. No sockets.
 *
 * A message is read whole at once; what is left of it until the answers come is plain text, never more than what the caller sent. The entries
 * of a batch run one after the other. What needs no core is answered here: text that is no JSON (-32700), requests that are none (-32600), names that are too
 * long, subscriptions, which do not exist, unless the owner answers for these. Stricter than Clef: names of members are exact, a member of the envelope that comes twice makes the
 * request invalid, text after the value is a parse error, a batch has a limit on the socket, too.
 */
#ifndef CLEF_SERVER_JSONRPC_H
#define CLEF_SERVER_JSONRPC_H

#include "base/bytes.h"

/* Most bytes of a message; entries of a batch; bytes of a method's name. */
#define RPC_MESSAGE_MAX ((size_t)5242880)
#define RPC_BATCH_MAX   1000
#define RPC_METHOD_MAX  2048
/* A batch whose reply has grown beyond this runs no further entry: they get -32003. */
#define RPC_REPLY_MAX ((size_t)25 * 1024 * 1024)

/* How messages come. */
enum rpc_carrier { RPC_HTTP = 1, RPC_STREAM };

/* JSON-RPC error codes that the server gives by itself. */
enum {
	RPC_PARSE_ERROR = -32700,
	RPC_INVALID_REQUEST = -32600,
	RPC_NO_METHOD = -32601,
	RPC_INVALID_PARAMS = -32602,
	RPC_FAILED = -32000,
	RPC_REPLY_TOO_LARGE = -32003
};

/* A well-formed call. Both borrow from the message until its next change. */
struct rpc_call {
	struct bytes method; /* text, escapes resolved */
	struct bytes params; /* one JSON value, as it was spelt; empty when the member is absent */
};

struct rpc_message {
	struct buf entries; /* what is still to be done */
	size_t done;        /* bytes of entries that were dealt with */
	struct buf id;      /* JSON text: of the call that runs */
	struct buf reply;
	size_t answers; /* in the reply so far */
	bool batch;
	bool notification; /* the call that runs wants no answer */
	bool broken;       /* the text was no JSON */
	/* The owner's to set after rpc_init(): calls for subscriptions, which do not exist here, are its own to answer. */
	bool subscriptions;
};

/* Nothing but white space: no message at all. */
bool rpc_is_blank(struct bytes text);
void rpc_init(struct rpc_message *message);
void rpc_free(struct rpc_message *message);
/* Read a message. Anything at all is accepted; what is wrong with it becomes part of the reply. */
void rpc_read(struct rpc_message *message, enum rpc_carrier carrier, struct bytes untrusted_text);
/* The next call to run. False: there is none left, and rpc_reply() is complete. */
bool rpc_next(struct rpc_message *message, struct rpc_call *ret_call);
/* The call was handed on: what only served that goes. */
void rpc_sent(struct rpc_message *message);
/* The answer to the call that runs: exactly one of the two, JSON text, is not empty. */
void rpc_answer(struct rpc_message *message, struct bytes result, struct bytes error);
/* The same with an error of our own. */
void rpc_answer_error(struct rpc_message *message, int code, const char *text);
/* Answer the call that runs, and all that were still to come, with this error; rpc_reply() is complete. */
void rpc_abandon(struct rpc_message *message, int code, const char *text);
/* The whole reply with a newline behind it; empty when nothing is to be said. */
struct bytes rpc_reply(const struct rpc_message *message);
/* Bytes that wait in this message. */
size_t rpc_held(const struct rpc_message *message);

/* Append a whole error reply; `id` is JSON text. */
void jsonrpc_put_error(struct bytes id, int code, struct bytes text, struct buf *ret_reply);

#endif
