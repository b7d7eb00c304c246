#include "selectors/selectors_main.h"

#include <event2/event.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "ipc/ipc.h"
#include "sandbox/sandbox.h"
#include "selectors/store.h"

struct selectors {
	struct log log;
	struct event_base *base;
	char *name; /* of the file */
	int status;
};

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct selectors *selectors = context;
	const struct ipc_selectors_add *added = message;
	struct error error;
	bool known;

	(void)fd; /* no message to this role carries one */
	if (type != IPC_SELECTORS_ADD) {
		log_error(&selectors->log, "core sent %s, which is not expected here", ipc_type_name(type));
		selectors->status = 1;
		event_base_loopbreak(selectors->base);
		return;
	}
	if (!store_signature(IPC_FD_SELECTORS_FILE, added->signature, &known, &error))
		log_warn(&selectors->log, "the method %.*s, known until the signer ends, was not written down: %s",
		    (int)added->signature.size, (const char *)added->signature.data, error.text);
	else if (!known)
		log_info(&selectors->log, "the method %.*s was added to %s", (int)added->signature.size,
		    (const char *)added->signature.data, selectors->name);
}

static void on_closed(void *context, const char *why)
{
	struct selectors *selectors = context;

	if (strcmp(why, "closed") != 0) {
		log_error(&selectors->log, "the channel to core ended: %s", why);
		selectors->status = 1;
	}
	event_base_loopbreak(selectors->base);
}

static bool confine(uint64_t flags, unsigned *ret_features, struct error *ret_error)
{
	const struct sandbox_options options = {
	    .allow_weak = (flags & IPC_SANDBOX_ALLOW_WEAK) != 0,
	    .require_all = (flags & IPC_SANDBOX_REQUIRE) != 0,
	};

	return sandbox_enter(SANDBOX_SELECTORS, &options, ret_features, ret_error);
}

static void serve(struct selectors *selectors, unsigned features)
{
	const struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = selectors};
	const struct ipc_selectors_ready ready = {.sandbox = features};
	struct ipc_channel *channel =
	    ipc_channel_new(selectors->base, IPC_FD_CHANNEL, IPC_ROLE_SELECTORS, IPC_ROLE_CORE, handlers);

	ipc_channel_send(channel, IPC_SELECTORS_READY, &ready);
	event_base_dispatch(selectors->base);
	ipc_channel_free(channel);
}

int selectors_main(void)
{
	BUF_CLEANUP struct buf payload = BUF_INIT(4096);
	struct selectors selectors = {.log = {.role = "selectors", .level = LOG_LEVEL_INFO, .fd = STDERR_FILENO}};
	struct ipc_selectors_config config;
	unsigned features = 0;
	struct error error;

	signal(SIGPIPE, SIG_IGN);
	signal(SIGXFSZ, SIG_IGN); /* a file that may not grow is an error like a full disk */
	if (!ipc_receive_first(
	        IPC_FD_CHANNEL, IPC_ROLE_SELECTORS, IPC_ROLE_CORE, IPC_SELECTORS_CONFIG, &payload, &config, &error)) {
		log_error(&selectors.log, "%s", error.text);
		return 1;
	}
	selectors.log.level = (int)config.log_level;
	selectors.name = memory_text(config.name);
	selectors.base = event_base_new();
	if (selectors.base == NULL)
		memory_exhausted();
	if (confine(config.sandbox_flags, &features, &error)) {
		serve(&selectors, features);
	} else {
		log_error(&selectors.log, "%s", error.text);
		selectors.status = 1;
	}
	event_base_free(selectors.base);
	free(selectors.name);
	return selectors.status;
}
