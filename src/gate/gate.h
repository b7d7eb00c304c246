/* gate: what all connections of this process share. Only src/gate includes this; gate_main.h is the way in. */
#ifndef CLEF_GATE_GATE_H
#define CLEF_GATE_GATE_H

#include <event2/event.h>

#include "base/log.h"
#include "gate/calls.h"
#include "gate/hangup.h"
#include "gate/http.h"
#include "gate/jsonrpc.h"
#include "gate/peers.h"
#include "gate/vhosts.h"
#include "ipc/ipc.h"

/* One read takes this much at most. */
#define GATE_READ_SIZE ((size_t)65536)

struct gate {
	struct event_base *base;
	struct ipc_channel *channel;
	struct log log;
	enum ipc_transport transport;
	struct vhosts vhosts;
	struct calls calls;
	struct peers peers;
	struct hangup hangup;
	struct http_gzip gzip;
	struct event *listening;  /* NULL once stopped */
	struct event *later;      /* accept again after a pause */
	uint8_t *read_space;      /* GATE_READ_SIZE bytes: what a read brings is looked at here */
	struct buf reply;         /* an HTTP reply while it is put together */
	uint64_t last_connection; /* number of the latest */
	bool stopping;
	bool failed; /* the exit status says so */
};

/* What is known and claimed of the caller of one call. All UTF-8. */
struct gate_caller {
	struct bytes remote, local, user_agent, origin;
};

/* Hand a call to core; returns its number. The answer goes to peer->ops->answered with `owner`. */
uint64_t gate_send_call(
    struct gate *gate, uint64_t connection, const struct rpc_call *call, const struct gate_caller *caller, void *owner);
/* Nobody waits for this call any more. 0 is fine. */
void gate_withdraw(struct gate *gate, uint64_t call);

/* Make the connection's object for a descriptor that was accepted; it is entered in gate->peers. */
struct peer *http_conn_new(struct gate *gate, int fd, struct bytes remote);
struct peer *stream_conn_new(struct gate *gate, int fd);
/* The answer to a call whose owner these are. */
void http_conn_answered(void *owner, struct bytes result, struct bytes error);
void stream_conn_answered(void *owner, struct bytes result, struct bytes error);

/* Take connections from the listening socket, which becomes non-blocking. */
void listener_start(struct gate *gate, int fd);
void listener_stop(struct gate *gate);

/* After GATE_STOP: end the loop when nobody is connected any more. */
void gate_end_if_idle(struct gate *gate);

#endif
