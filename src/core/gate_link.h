/* gate_link: core's end of the channel to one gate: starts the role, and knows what core itself knows of the callers behind it. */
#ifndef CLEF_CORE_GATE_LINK_H
#define CLEF_CORE_GATE_LINK_H

#include <sys/types.h>

#include "base/log.h"
#include "ipc/ipc.h"

struct gate_link;

struct gate_link_options {
	enum ipc_transport transport;
	int listen_fd;      /* stays the caller's; the role gets a duplicate */
	const char *vhosts; /* names separated by commas; NULL for the unix sockets */
	unsigned sandbox_flags;
	const struct log *log;
};

struct gate_link_handlers {
	void (*ready)(void *context, struct gate_link *gate, unsigned sandbox);
	void (*call)(void *context, struct gate_link *gate, const struct ipc_gate_call *call);
	void (*withdrawn)(void *context, struct gate_link *gate, uint64_t call);
	/* After gate_link_stop: it ended as asked (why NULL). Else: it died or broke the protocol. */
	void (*closed)(void *context, struct gate_link *gate, const char *why);
	void *context;
};

bool gate_link_start(struct event_base *base, const struct gate_link_options *options, struct gate_link_handlers handlers,
    struct gate_link **ret_gate, struct error *ret_error);
/* Ends the role and waits for it. NULL is fine. */
void gate_link_free(struct gate_link *gate);
/* Exactly one of result and error is not empty. */
void gate_link_reply(struct gate_link *gate, uint64_t call, struct bytes result, struct bytes error);
/* No new connections; what was answered is still written. */
void gate_link_stop(struct gate_link *gate);
/* Whether a user interface is there: for the gate of qrexec.sock, which takes nobody before it knows; others are not told. */
void gate_link_tell_ui(struct gate_link *gate, bool attached);
enum ipc_transport gate_link_transport(const struct gate_link *gate);
/* For people: "gate (http)". */
const char *gate_link_name(const struct gate_link *gate);
/* The uid at the other end of a connection of a unix socket, from core's own look at its descriptor. False when it is not known. */
bool gate_link_peer(const struct gate_link *gate, uint64_t connection, uid_t *ret_uid, pid_t *ret_pid);

#endif
