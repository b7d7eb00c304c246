#include "gate/gate.h"

static uint64_t on_call(
    void *context, uint64_t connection, const struct rpc_call *call, const struct server_caller *caller, void *owner)
{
	struct gate *gate = context;
	const struct ipc_gate_call message = {
	    .call = calls_add(&gate->calls, owner),
	    .connection = connection,
	    .method = call->method,
	    .params = call->params,
	    .remote = caller->remote,
	    .qube = caller->qube,
	    .local = caller->local,
	    .user_agent = caller->user_agent,
	    .origin = caller->origin,
	};

	ipc_channel_send(gate->channel, IPC_GATE_CALL, &message);
	return message.call;
}

static void on_withdraw(void *context, uint64_t call)
{
	struct gate *gate = context;
	const struct ipc_gate_withdraw message = {.call = call};

	if (calls_take(&gate->calls, call) != NULL)
		ipc_channel_send(gate->channel, IPC_GATE_WITHDRAW, &message);
}

/* Core takes no call of a qube from a process that it could not look at. On clef.ipc that process is only shown, and may stay unknown. */
static bool on_opened(void *context, uint64_t connection, int fd)
{
	struct gate *gate = context;
	const struct ipc_gate_opened message = {.connection = connection};
	bool sent = ipc_channel_send_fd(gate->channel, IPC_GATE_OPENED, &message, fd);

	return sent || gate->transport != IPC_TRANSPORT_QREXEC;
}

static void on_connection_closed(void *context, uint64_t connection)
{
	struct gate *gate = context;
	const struct ipc_gate_closed message = {.connection = connection};

	ipc_channel_send(gate->channel, IPC_GATE_CLOSED, &message);
}

static size_t on_queued(void *context)
{
	const struct gate *gate = context;

	return ipc_channel_queued(gate->channel);
}

static void on_idle(void *context)
{
	const struct gate *gate = context;

	event_base_loopbreak(gate->base);
}

struct server_handlers gate_handlers(struct gate *gate)
{
	return (struct server_handlers){
	    .call = on_call,
	    .withdraw = on_withdraw,
	    .opened = on_opened,
	    .closed = on_connection_closed,
	    .queued = on_queued,
	    .idle = on_idle,
	    .context = gate,
	};
}
