/* node: an Ethereum node for tests: HTTP on a port of its own in the test's event loop, whose answers the test decides. */
#ifndef CLEF_TESTS_PROXY_NODE_H
#define CLEF_TESTS_PROXY_NODE_H

#include <event2/event.h>

#include "base/bytes.h"
#include "base/json.h"

struct node_call {
	struct bytes head; /* of the HTTP request, with its last empty line */
	struct bytes method, id;
	yyjson_val *params;
	struct bytes body;
};

/* What is sent back. Nothing: the connection stays open and silent. */
struct node_reply {
	struct buf raw; /* HTTP, or whatever */
	bool close;     /* after that */
};

typedef void node_answers(void *context, const struct node_call *call, struct node_reply *ret_reply);

struct node;

struct node *node_new(struct event_base *base, node_answers *answers, void *context);
void node_free(struct node *node);
/* "http://127.0.0.1:PORT" */
const char *node_url(const struct node *node);
size_t node_connections(const struct node *node); /* made so far */
size_t node_calls(const struct node *node);       /* answered or not */

/* From now on nobody can connect. */
void node_refuse(struct node *node);

/* HTTP with this body. */
void node_put_body(struct node_reply *reply, int status, struct bytes body);
/* {"jsonrpc":"2.0","id":ID,"result":RESULT}, and with "error". */
void node_put_result(struct node_reply *reply, const struct node_call *call, const char *result);
void node_put_error(struct node_reply *reply, const struct node_call *call, const char *error);

#endif
