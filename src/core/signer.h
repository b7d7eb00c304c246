/* signer: the one context of the role core. */
#ifndef CLEF_CORE_SIGNER_H
#define CLEF_CORE_SIGNER_H

#include <event2/event.h>
#include <termios.h>

#include "base/notify.h"
#include "core/audit.h"
#include "core/clients_live.h"
#include "core/core.h"
#include "core/custom_selectors.h"
#include "core/gate_link.h"
#include "core/keys_link.h"
#include "core/listen.h"
#include "core/proofs_link.h"
#include "core/refusals.h"
#include "core/request.h"
#include "core/ui_link.h"
#include "core/ui_socket.h"
#include "decode/validation.h"
#include "eth/signature.h"

/* What the UI protocol adds to SIGNER_INTERNAL_API: docs/ui-protocol.md. */
#define SIGNER_UI_PROTOCOL "7.1"
/* Versions that clients compare: those of Clef 1.17.3. */
#define SIGNER_EXTERNAL_API "6.1.0"
#define SIGNER_INTERNAL_API "7.0.1"

#define SIGNER_GATES 3
/*
 * Requests of one gate, and of one connection, that wait for a person or for keys; more are refused. Fewer than a gate has connections, so that whoever needs no
 * person is always served.
 */
#define SIGNER_GATE_MAX       1024
#define SIGNER_CONNECTION_MAX 128
/* Bytes of arguments that callers' waiting requests may have together: each takes several times as much here and in the UI. */
#define SIGNER_HELD_MAX ((size_t)32 * 1024 * 1024)

/* Who is attached over --ui-socket. */
struct signer_attached {
	int fd; /* -1: nobody */
	uid_t uid;
	pid_t pid;
	bool has_pipe; /* it passed a descriptor for passwords, which keys has */
};
#define SIGNER_NOBODY_ATTACHED ((struct signer_attached){.fd = -1})

struct signer {
	const struct core_options *options;
	struct log log;
	struct event_base *base;
	struct ui_link *ui;
	struct ui_socket *ui_socket; /* NULL without --ui-socket, and when the signer ends */
	struct listen_unix ui_listen;
	struct signer_attached attached;
	uint64_t ui_era; /* how many UIs have been attached over ui_socket and left */
	bool announced;  /* the log says where we listen */
	bool missed_ui;  /* the log says that nobody is there; until somebody attaches */
	struct keys_link *keys;
	struct proofs_link *proofs;
	struct gate_link *gates[SIGNER_GATES]; /* in the order they were started; NULL from gate_count on */
	size_t gate_count, gates_stopped;
	struct listen_unix socket, qrexec_listen;
	uint16_t http_port;
	int http_fd;
	struct audit audit;
	struct notify notify; /* who started us: a service manager, or qubes.Clefsign */
	struct custom_selectors *selectors;
	struct clients *clients;
	struct clients_live callers;
	struct turns turns;
	struct refusals refusals;
	struct signature_context *curve; /* recovery only */
	uint64_t chain_id;
	unsigned run;          /* random: part of every request's id, so that those of two runs differ */
	uint64_t last_request; /* the number of the newest one */
	struct request *requests;
	struct listing_line listing;
	time_t told_at;  /* the terminal UI was last told of a request that was refused unasked */
	unsigned untold; /* such requests since */
	size_t request_count;
	size_t held; /* of SIGNER_HELD_MAX */
	size_t ready, expected_ready;
	struct validation start_warnings; /* what the first page of the UI warns of */
	bool own_ui;                      /* the terminal UI: may lend the terminal to keys */
	pid_t ui_pid;
	bool ui_ready;
	struct ipc_channel *ui_channel;
	int ui_fd; /* the UI protocol's socket, with own_ui */
	bool has_terminal_state;
	struct termios terminal_state;
	pid_t group; /* our process group */
	bool running, ending;
	int status; /* of the process */
	struct event *signals[3], *deadline;
};

/* A role says that it serves; the last one starts the signer's work. */
void signer_role_ready(struct signer *signer);
/* A role is gone: nothing can be trusted to go on. Fails closed. */
void signer_end_broken(struct signer *signer, const char *role, const char *why);
unsigned signer_sandbox_flags(const struct core_options *options);
/* A call came in: from a gate, or from the UI. */
void signer_gate_call(struct signer *signer, struct gate_link *gate, const struct ipc_gate_call *call);
void signer_ui_call(struct signer *signer, const struct ui_call *call);
/* The pending request of this gate's call, or NULL. */
struct request *signer_find_call(struct signer *signer, const struct gate_link *gate, uint64_t call);
/* Refuse everything that is pending. */
void signer_refuse_all(struct signer *signer, const char *text);

#endif
