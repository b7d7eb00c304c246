#include "core/gate_link.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/spawn.h"

/* A gate that claims more open connections than it can have descriptors is broken. */
#define PEERS_MAX 65536
/* All of them fit into GATE_CONFIG. */
#define VHOSTS_MAX ((size_t)32768)

struct peer {
	uint64_t connection;
	uid_t uid;
	pid_t pid;
};

struct gate_link {
	struct ipc_channel *channel;
	enum ipc_transport transport;
	pid_t pid;
	struct log_relay *relay;
	bool ready, stopping;
	struct peer *peers;
	size_t peer_count, peer_capacity;
	struct gate_link_handlers handlers;
	const struct log *log;
};

static void remember_peer(struct gate_link *gate, uint64_t connection, int fd)
{
	struct ucred who;
	socklen_t size = sizeof(who);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 || gate->peer_count == PEERS_MAX)
		return;
	if (gate->peer_count == gate->peer_capacity) {
		void *array = gate->peers;

		memory_grow(&array, &gate->peer_capacity, gate->peer_count + 1, sizeof(gate->peers[0]));
		gate->peers = array;
	}
	gate->peers[gate->peer_count++] = (struct peer){connection, who.uid, who.pid};
}

static struct peer *find_peer(const struct gate_link *gate, uint64_t connection)
{
	for (size_t i = gate->peer_count; i > 0; i--)
		if (gate->peers[i - 1].connection == connection)
			return &gate->peers[i - 1];
	return NULL;
}

static void forget_peer(struct gate_link *gate, uint64_t connection)
{
	struct peer *peer = find_peer(gate, connection);

	if (peer != NULL)
		*peer = gate->peers[--gate->peer_count];
}

static uint64_t first_number(const void *message)
{
	uint64_t number;

	memcpy(&number, message, sizeof(number));
	return number;
}

/* It said more than once that it is ready: whoever counts would take it for another role. */
static void take_ready(struct gate_link *gate, unsigned sandbox)
{
	if (gate->ready) {
		gate->handlers.closed(gate->handlers.context, gate, "sent GATE_READY twice");
		return;
	}
	gate->ready = true;
	gate->handlers.ready(gate->handlers.context, gate, sandbox);
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct gate_link *gate = context;

	if (type == IPC_GATE_CALL)
		gate->handlers.call(gate->handlers.context, gate, message);
	else if (type == IPC_GATE_WITHDRAW)
		gate->handlers.withdrawn(gate->handlers.context, gate, first_number(message));
	else if (type == IPC_GATE_OPENED)
		remember_peer(gate, first_number(message), fd);
	else if (type == IPC_GATE_CLOSED)
		forget_peer(gate, first_number(message));
	else if (type == IPC_GATE_READY)
		take_ready(gate, (unsigned)first_number(message));
	if (fd >= 0)
		close(fd);
}

static void on_closed(void *context, const char *why)
{
	struct gate_link *gate = context;
	struct buf text BUF_CLEANUP = BUF_INIT(512);

	if (gate->stopping && strcmp(why, "closed") == 0) {
		gate->handlers.closed(gate->handlers.context, gate, NULL);
		return;
	}
	if (strcmp(why, "closed") == 0)
		spawn_describe_end(gate->pid, &text);
	else
		buf_printf(&text, "sent %s", why);
	log_relay_drain(gate->relay);
	gate->handlers.closed(gate->handlers.context, gate, buf_text(&text));
}

bool gate_link_start(struct event_base *base, const struct gate_link_options *options, struct gate_link_handlers handlers,
    struct gate_link **ret_gate, struct error *ret_error)
{
	struct spawn_options spawn = {.argument = "--role=gate", .fds = SPAWN_NO_FDS};
	struct bytes vhosts = bytes_text(options->vhosts);
	struct spawned spawned;

	if (vhosts.size > VHOSTS_MAX)
		return error_set(ret_error, ERROR_REFUSED, "--http.vhosts is longer than %zu bytes", VHOSTS_MAX);
	spawn.fds[0] = options->listen_fd;
	if (!log_relay_new(base, "gate", options->log, &spawn.relay, ret_error))
		return false;
	if (!spawn_role(&spawn, &spawned, ret_error)) {
		log_relay_free(spawn.relay);
		return false;
	}
	struct gate_link *gate = memory_new(1, sizeof(*gate));
	struct ipc_gate_config config = {.transport = options->transport,
	    .log_level = (uint64_t)options->log->level,
	    .sandbox_flags = options->sandbox_flags,
	    .vhosts = vhosts};

	gate->transport = options->transport;
	gate->pid = spawned.pid;
	gate->relay = spawn.relay;
	gate->handlers = handlers;
	gate->log = options->log;
	gate->channel = ipc_channel_new(base, spawned.channel, IPC_ROLE_CORE, IPC_ROLE_GATE,
	    (struct ipc_handlers){.message = on_message, .closed = on_closed, .context = gate});
	ipc_channel_send(gate->channel, IPC_GATE_CONFIG, &config);
	*ret_gate = gate;
	return true;
}

void gate_link_free(struct gate_link *gate)
{
	if (gate == NULL)
		return;
	ipc_channel_free(gate->channel);
	spawn_end(gate->pid);
	log_relay_free(gate->relay);
	free(gate->peers);
	free(gate);
}

void gate_link_reply(struct gate_link *gate, uint64_t call, struct bytes result, struct bytes error)
{
	struct ipc_gate_reply reply = {call, result, error};

	ipc_channel_send(gate->channel, IPC_GATE_REPLY, &reply);
}

void gate_link_stop(struct gate_link *gate)
{
	struct ipc_gate_stop stop = {0};

	gate->stopping = true;
	ipc_channel_send(gate->channel, IPC_GATE_STOP, &stop);
}

void gate_link_tell_ui(struct gate_link *gate, bool attached)
{
	struct ipc_gate_ui ui = {attached};

	if (gate->transport == IPC_TRANSPORT_QREXEC)
		ipc_channel_send(gate->channel, IPC_GATE_UI, &ui);
}

const char *gate_link_name(const struct gate_link *gate)
{
	switch (gate->transport) {
	case IPC_TRANSPORT_HTTP:
		return "gate (http)";
	case IPC_TRANSPORT_UNIX:
		return "gate (unix socket)";
	case IPC_TRANSPORT_QREXEC:
		break;
	}
	return "gate (qrexec)";
}

enum ipc_transport gate_link_transport(const struct gate_link *gate)
{
	return gate->transport;
}

bool gate_link_peer(const struct gate_link *gate, uint64_t connection, uid_t *ret_uid, pid_t *ret_pid)
{
	const struct peer *peer = find_peer(gate, connection);

	if (peer == NULL)
		return false;
	*ret_uid = peer->uid;
	*ret_pid = peer->pid;
	return true;
}
