#include "proofs/proofs_main.h"

#include <signal.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"
#include "proofs/jobs.h"
#include "sandbox/sandbox.h"

/* What is there to be read comes first: a withdrawal that has arrived keeps its job from being begun. */
#define PRIORITIES    3
#define PRIORITY_WORK 2

struct proofs {
	struct log log;
	struct event_base *base;
	struct ipc_channel *channel;
	struct event *work;
	struct jobs jobs;
	struct kzg *kzg;
	bool failed;
};

static void work_soon(struct proofs *proofs)
{
	static const struct timeval now = {0, 0};

	if (jobs_waiting(&proofs->jobs))
		evtimer_add(proofs->work, &now);
}

static void on_answer(void *context, enum ipc_type type, const void *message)
{
	struct proofs *proofs = context;

	ipc_channel_send(proofs->channel, type, message);
}

/* A timer, not an event made active: between two jobs the loop looks at the channel. */
static void on_work(evutil_socket_t fd, short what, void *context)
{
	struct proofs *proofs = context;

	(void)fd;
	(void)what;
	if (jobs_waiting(&proofs->jobs))
		jobs_run_first(&proofs->jobs, proofs->kzg, on_answer, proofs);
	work_soon(proofs);
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct proofs *proofs = context;

	(void)fd; /* no message to proofs carries one */
	if (type == IPC_PROOFS_WITHDRAW) {
		jobs_withdraw(&proofs->jobs, ((const struct ipc_proofs_withdraw *)message)->request);
	} else if (type == IPC_PROOFS_COMPUTE || type == IPC_PROOFS_CHECK) {
		jobs_add(&proofs->jobs, type, message);
		work_soon(proofs);
	} else {
		log_error(&proofs->log, "core sent %s, which has no place here", ipc_type_name(type));
		proofs->failed = true;
		event_base_loopbreak(proofs->base);
	}
}

static void on_closed(void *context, const char *why)
{
	struct proofs *proofs = context;

	if (strcmp(why, "closed") != 0) {
		log_error(&proofs->log, "the channel to core ended: %s", why);
		proofs->failed = true;
	}
	event_base_loopbreak(proofs->base);
}

static void proofs_open(struct proofs *proofs, const struct ipc_proofs_config *config)
{
	proofs->log.level = (int)config->log_level;
	jobs_init(&proofs->jobs);
	proofs->kzg = kzg_new();
	proofs->base = event_base_new();
	if (proofs->base == NULL || event_base_priority_init(proofs->base, PRIORITIES) != 0)
		memory_exhausted();
	proofs->work = evtimer_new(proofs->base, on_work, proofs);
	if (proofs->work == NULL || event_priority_set(proofs->work, PRIORITY_WORK) != 0)
		memory_exhausted();
}

static void proofs_close(struct proofs *proofs)
{
	ipc_channel_free(proofs->channel);
	event_free(proofs->work);
	event_base_free(proofs->base);
	jobs_free(&proofs->jobs);
	kzg_free(proofs->kzg);
}

static bool confine(const struct ipc_proofs_config *config, unsigned *ret_features, struct error *ret_error)
{
	const struct sandbox_options options = {
	    .allow_weak = (config->sandbox_flags & IPC_SANDBOX_ALLOW_WEAK) != 0,
	    .require_all = (config->sandbox_flags & IPC_SANDBOX_REQUIRE) != 0,
	};

	return sandbox_enter(SANDBOX_PROOFS, &options, ret_features, ret_error);
}

static void serve(struct proofs *proofs, unsigned features)
{
	const struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = proofs};
	const struct ipc_proofs_ready ready = {.sandbox = features};

	proofs->channel = ipc_channel_new(proofs->base, IPC_FD_CHANNEL, IPC_ROLE_PROOFS, IPC_ROLE_CORE, handlers);
	ipc_channel_send(proofs->channel, IPC_PROOFS_READY, &ready);
	event_base_dispatch(proofs->base);
}

int proofs_main(void)
{
	struct proofs proofs = {.log = {.role = "proofs", .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO}};
	struct buf payload BUF_CLEANUP = {0};
	struct ipc_proofs_config config;
	struct error error;
	unsigned features = 0;

	/* SIGINT and what else reaches the whole process group is blocked from before the start (core's spawn_role). */
	signal(SIGPIPE, SIG_IGN);
	if (!ipc_receive_first(IPC_FD_CHANNEL, IPC_ROLE_PROOFS, IPC_ROLE_CORE, IPC_PROOFS_CONFIG, &payload, &config, &error)) {
		log_error(&proofs.log, "%s", error.text);
		return 1;
	}
	proofs_open(&proofs, &config);
	if (!confine(&config, &features, &error)) {
		log_error(&proofs.log, "%s", error.text);
		proofs.failed = true;
	} else {
		serve(&proofs, features);
	}
	proofs_close(&proofs);
	return proofs.failed ? 1 : 0;
}
