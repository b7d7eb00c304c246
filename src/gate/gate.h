/* gate: the one context of the role gate. Only src/gate includes this; gate_main.h is the way in. */
#ifndef CLEF_GATE_GATE_H
#define CLEF_GATE_GATE_H

#include "base/log.h"
#include "gate/calls.h"
#include "ipc/ipc.h"
#include "server/server.h"

struct gate {
	struct event_base *base;
	struct ipc_channel *channel;
	struct log log;
	enum ipc_transport transport;
	struct server server;
	struct calls calls; /* that core has and has not answered yet */
	bool listening;     /* callers are taken */
	bool stopping;
	bool failed; /* the exit status says so */
};

/* What the server asks of its owner: calls go to core. */
struct server_handlers gate_handlers(struct gate *gate);

#endif
