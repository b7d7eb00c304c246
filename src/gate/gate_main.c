#include "gate/gate_main.h"

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"
#include "gate/gate.h"
#include "sandbox/sandbox.h"

/* Connections at once. Descriptors for them are asked for at the start; fewer descriptors mean fewer connections. */
#define HTTP_CONNECTIONS   2048
#define STREAM_CONNECTIONS 512
/* Descriptors for everything else. */
#define OTHER_DESCRIPTORS 32
/* How long replies may take to get out once core said stop. */
#define STOP_US 900000

static size_t connections_possible(size_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted / 4;
	rlim_t needed = wanted + OTHER_DESCRIPTORS;
	if (limit.rlim_cur < needed) {
		limit.rlim_cur = limit.rlim_max < needed ? limit.rlim_max : needed;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur <= 2 * OTHER_DESCRIPTORS)
		return OTHER_DESCRIPTORS;
	return limit.rlim_cur < needed ? (size_t)limit.rlim_cur - OTHER_DESCRIPTORS : wanted;
}

static void on_stop_is_over(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(context);
}

static void stop(struct gate *gate)
{
	const struct timeval time = {.tv_usec = STOP_US};

	if (gate->stopping)
		return;
	gate->stopping = true;
	event_base_once(gate->base, -1, EV_TIMEOUT, on_stop_is_over, gate->base, &time);
	server_stop(&gate->server);
}

static void on_reply(struct gate *gate, const struct ipc_gate_reply *reply)
{
	/* Withdrawn while the answer was on its way. */
	void *owner = calls_take(&gate->calls, reply->call);

	if (owner != NULL)
		server_answer(&gate->server, owner, reply->result, reply->error);
}

static void start_listening(struct gate *gate)
{
	if (gate->listening || gate->stopping)
		return;
	gate->listening = true;
	server_start(&gate->server, IPC_FD_GATE_LISTEN);
}

/* Nobody is greeted before we know with what. */
static void on_ui(struct gate *gate, const struct ipc_gate_ui *ui)
{
	gate->server.has_ui = ui->attached != 0;
	start_listening(gate);
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct gate *gate = context;

	(void)fd; /* no message to a gate carries one */
	if (type == IPC_GATE_REPLY) {
		on_reply(gate, message);
	} else if (type == IPC_GATE_UI && gate->transport == IPC_TRANSPORT_QREXEC) {
		on_ui(gate, message);
	} else if (type == IPC_GATE_STOP) {
		stop(gate);
	} else {
		log_error(&gate->log, "core sent %s, which no running gate expects", ipc_type_name(type));
		gate->failed = true;
		event_base_loopbreak(gate->base);
	}
}

static void on_closed(void *context, const char *why)
{
	struct gate *gate = context;

	if (strcmp(why, "closed") != 0) {
		log_error(&gate->log, "the channel to core ended: %s", why);
		gate->failed = true;
	}
	event_base_loopbreak(gate->base);
}

static bool confine(const struct ipc_gate_config *config, unsigned *ret_features, struct error *ret_error)
{
	const struct sandbox_options options = {
	    .allow_weak = (config->sandbox_flags & IPC_SANDBOX_ALLOW_WEAK) != 0,
	    .require_all = (config->sandbox_flags & IPC_SANDBOX_REQUIRE) != 0,
	};

	return sandbox_enter(SANDBOX_GATE, &options, ret_features, ret_error);
}

/* Everything that needs more than the sandbox allows happens here, before it. */
static void gate_open(struct gate *gate, const struct ipc_gate_config *config)
{
	bool http = config->transport == IPC_TRANSPORT_HTTP;
	bool qrexec = config->transport == IPC_TRANSPORT_QREXEC;
	const struct server_options options = {
	    .carrier = http ? RPC_HTTP : RPC_STREAM,
	    .streams = qrexec ? SERVER_FRAMES_OF_QUBES : SERVER_JSON_AND_FRAMES,
	    .vhosts = config->vhosts,
	    .connections = connections_possible(http ? HTTP_CONNECTIONS : STREAM_CONNECTIONS),
	    .log_level = (int)config->log_level,
	    .role = "gate",
	};

	gate->transport = (enum ipc_transport)config->transport;
	gate->log.level = (int)config->log_level;
	gate->base = event_base_new();
	if (gate->base == NULL)
		memory_exhausted();
	server_init(&gate->server, gate->base, &options, gate_handlers(gate));
}

static void gate_close(struct gate *gate)
{
	server_free(&gate->server);
	ipc_channel_free(gate->channel);
	calls_free(&gate->calls);
	event_base_free(gate->base);
}

static void serve(struct gate *gate, unsigned features)
{
	const struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = gate};
	const struct ipc_gate_ready ready = {.sandbox = features};

	gate->channel = ipc_channel_new(gate->base, IPC_FD_CHANNEL, IPC_ROLE_GATE, IPC_ROLE_CORE, handlers);
	ipc_channel_send(gate->channel, IPC_GATE_READY, &ready);
	if (gate->transport != IPC_TRANSPORT_QREXEC)
		start_listening(gate);
	event_base_dispatch(gate->base);
}

/* Ctrl-C and a service manager's SIGTERM reach every process of the signer: core decides what they mean, and says GATE_STOP. */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE};

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
}

int gate_main(void)
{
	struct gate gate = {.log = {.role = "gate", .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO}};
	struct buf payload BUF_CLEANUP = {0};
	struct ipc_gate_config config;
	struct error error;
	unsigned features = 0;

	ignore_signals();
	if (!ipc_receive_first(IPC_FD_CHANNEL, IPC_ROLE_GATE, IPC_ROLE_CORE, IPC_GATE_CONFIG, &payload, &config, &error)) {
		log_error(&gate.log, "%s", error.text);
		return 1;
	}
	gate_open(&gate, &config);
	if (!confine(&config, &features, &error)) {
		log_error(&gate.log, "%s", error.text);
		gate.failed = true;
	} else {
		serve(&gate, features);
	}
	gate_close(&gate);
	return gate.failed ? 1 : 0;
}
