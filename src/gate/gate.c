#include "gate/gate.h"

#include "base/memory.h"

uint64_t gate_send_call(
    struct gate *gate, uint64_t connection, const struct rpc_call *call, const struct gate_caller *caller, void *owner)
{
	const struct ipc_gate_call message = {
	    .call = calls_add(&gate->calls, owner),
	    .connection = connection,
	    .method = call->method,
	    .params = call->params,
	    .remote = caller->remote,
	    .local = caller->local,
	    .user_agent = caller->user_agent,
	    .origin = caller->origin,
	};

	ipc_channel_send(gate->channel, IPC_GATE_CALL, &message);
	return message.call;
}

void gate_withdraw(struct gate *gate, uint64_t call)
{
	const struct ipc_gate_withdraw message = {.call = call};

	if (calls_take(&gate->calls, call) != NULL)
		ipc_channel_send(gate->channel, IPC_GATE_WITHDRAW, &message);
}

void gate_end_if_idle(struct gate *gate)
{
	if (gate->stopping && gate->peers.count == 0)
		event_base_loopbreak(gate->base);
}
