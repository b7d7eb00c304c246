#include "core/proofs_link.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/spawn.h"
#include "core/waiting.h"

struct proofs_link {
	struct ipc_channel *channel;
	pid_t pid;
	struct log_relay *relay;
	struct waiting_list waiting;
	bool ready, gone;
	struct proofs_link_handlers handlers;
	const struct log *log;
};

static void take_ready(struct proofs_link *link)
{
	if (link->ready) {
		link->handlers.closed(link->handlers.context, "sent PROOFS_READY twice");
		return;
	}
	link->ready = true;
	link->handlers.ready(link->handlers.context);
}

static void take_answer(struct proofs_link *link, uint64_t request, enum ipc_type type, const void *message)
{
	struct waiting *found = waiting_take(&link->waiting, request);

	if (found == NULL) {
		log_debug(
		    link->log, "%s for request %llu of proofs comes too late", ipc_type_name(type), (unsigned long long)request);
		return;
	}
	/* A handler would take one struct for another. */
	if (type == found->expected || type == IPC_PROOFS_FAILED)
		found->answer(found->context, type, message);
	else
		link->handlers.closed(link->handlers.context, "sent an answer to another question");
	free(found);
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct proofs_link *link = context;
	uint64_t request;

	if (fd >= 0)
		close(fd);
	if (type == IPC_PROOFS_READY) {
		take_ready(link);
		return;
	}
	/* Every answer begins with the number of its request. */
	memcpy(&request, message, sizeof(request));
	take_answer(link, request, type, message);
}

static void on_closed(void *context, const char *why)
{
	struct proofs_link *link = context;
	struct buf text BUF_CLEANUP = BUF_INIT(512);

	link->gone = true;
	if (strcmp(why, "closed") == 0)
		spawn_describe_end(link->pid, &text);
	else
		buf_printf(&text, "sent %s", why);
	log_relay_drain(link->relay);
	link->handlers.closed(link->handlers.context, buf_text(&text));
}

bool proofs_link_start(struct event_base *base, unsigned sandbox_flags, const struct log *log,
    struct proofs_link_handlers handlers, struct proofs_link **ret_link, struct error *ret_error)
{
	const struct ipc_proofs_config config = {.log_level = (uint64_t)log->level, .sandbox_flags = sandbox_flags};
	struct spawn_options spawn = {.argument = "--role=proofs", .fds = SPAWN_NO_FDS};
	struct spawned spawned;

	if (!log_relay_new(base, "proofs", log, &spawn.relay, ret_error))
		return false;
	if (!spawn_role(&spawn, &spawned, ret_error)) {
		log_relay_free(spawn.relay);
		return false;
	}
	struct proofs_link *link = memory_new(1, sizeof(*link));

	link->pid = spawned.pid;
	link->relay = spawn.relay;
	link->handlers = handlers;
	link->log = log;
	link->channel = ipc_channel_new(base, spawned.channel, IPC_ROLE_CORE, IPC_ROLE_PROOFS,
	    (struct ipc_handlers){.message = on_message, .closed = on_closed, .context = link});
	ipc_channel_send(link->channel, IPC_PROOFS_CONFIG, &config);
	*ret_link = link;
	return true;
}

void proofs_link_free(struct proofs_link *link)
{
	if (link == NULL)
		return;
	ipc_channel_free(link->channel);
	/* It has nothing to bring in order, and may be in the middle of a long computation. */
	if (!link->gone)
		kill(link->pid, SIGKILL);
	spawn_end(link->pid);
	log_relay_free(link->relay);
	waiting_free(&link->waiting);
	free(link);
}

uint64_t proofs_link_request(struct proofs_link *link, enum ipc_type type, void *message, waiting_answer *answer, void *context)
{
	enum ipc_type expected = type == IPC_PROOFS_COMPUTE ? IPC_PROOFS_COMPUTED : IPC_PROOFS_RIGHT;
	uint64_t request = waiting_add(&link->waiting, expected, answer, context);

	memcpy(message, &request, sizeof(request));
	ipc_channel_send(link->channel, type, message);
	return request;
}

void proofs_link_withdraw(struct proofs_link *link, uint64_t request)
{
	struct waiting *found = waiting_take(&link->waiting, request);
	struct ipc_proofs_withdraw message = {request};

	if (found == NULL)
		return;
	free(found);
	ipc_channel_send(link->channel, IPC_PROOFS_WITHDRAW, &message);
}
