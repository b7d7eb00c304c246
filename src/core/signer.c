#include "core/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "core/signer_ui.h"
#include "core/spawn.h"
#include "sandbox/sandbox.h"

/* How long gates may take to write out the last replies. */
#define END_SECONDS 2

unsigned signer_sandbox_flags(const struct core_options *options)
{
	return (options->allow_weak_sandbox ? IPC_SANDBOX_ALLOW_WEAK : 0u) |
	       (options->require_sandbox ? IPC_SANDBOX_REQUIRE : 0u);
}

/* ---- the end ---- */

/* A role is gone: nothing can be trusted to go on. Fails closed. */
void signer_end_broken(struct signer *signer, const char *role, const char *why)
{
	if (signer->status == 0)
		log_error(&signer->log, "the process '%s' %s; the signer ends, nothing more is signed", role, why);
	signer->status = 1;
	signer->ending = true;
	event_base_loopbreak(signer->base);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct signer *signer = context;

	(void)fd;
	(void)what;
	event_base_loopbreak(signer->base);
}

static void end_orderly(struct signer *signer, const char *text)
{
	const struct timeval limit = {END_SECONDS, 0};

	if (signer->ending)
		return;
	signer->ending = true;
	log_info(&signer->log, "%s", text);
	notify_send(&signer->notify, "STOPPING=1");
	signer_ui_refuse(signer);
	signer_refuse_all(signer, "the signer is ending");
	for (size_t i = 0; i < signer->gate_count; i++)
		gate_link_stop(signer->gates[i]);
	event_add(signer->deadline, &limit);
	if (signer->gate_count == 0)
		event_base_loopbreak(signer->base);
}

static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct signer *signer = context;
	char text[64];

	(void)what;
	/* The second time, somebody is in a hurry. */
	if (signer->ending)
		event_base_loopbreak(signer->base);
	snprintf(text, sizeof(text), "ending on signal %d", (int)number);
	end_orderly(signer, text);
}

/* ---- the other roles ---- */

/* For the log, and for the UI's first page. */
static void warn_of_start(struct signer *signer, const char *code, const char *text)
{
	log_warn(&signer->log, "%s", text);
	validation_add(&signer->start_warnings, VALIDATION_WARNING, code, bytes_text(text));
}

void signer_role_ready(struct signer *signer)
{
	if (++signer->ready < signer->expected_ready)
		return;
	signer->running = true;
	signer_ui_serve(signer);
	notify_send(&signer->notify, "READY=1");
}

static void on_gate_ready(void *context, struct gate_link *gate, unsigned sandbox)
{
	(void)gate;
	(void)sandbox;
	signer_role_ready(context);
}

static void on_gate_call(void *context, struct gate_link *gate, const struct ipc_gate_call *call)
{
	signer_gate_call(context, gate, call);
}

static void on_gate_withdrawn(void *context, struct gate_link *gate, uint64_t call)
{
	struct request *request = signer_find_call(context, gate, call);

	if (request != NULL)
		request_withdraw(request, "caller gone");
}

static void on_gate_closed(void *context, struct gate_link *gate, const char *why)
{
	struct signer *signer = context;

	if (why != NULL) {
		signer_end_broken(signer, gate_link_name(gate), why);
		return;
	}
	if (++signer->gates_stopped == signer->gate_count)
		event_base_loopbreak(signer->base);
}

static void on_keys_ready(void *context, const struct ipc_keys_ready *ready)
{
	struct signer *signer = context;

	if (ready->hidden == 0)
		warn_of_start(
		    signer, "no-memfd-secret", "this kernel has no memfd_secret: keys are kept in locked memory instead");
	signer_role_ready(signer);
}

static void on_keys_closed(void *context, const char *why)
{
	signer_end_broken(context, "keys", why);
}

static void on_proofs_ready(void *context)
{
	signer_role_ready(context);
}

static void on_proofs_closed(void *context, const char *why)
{
	signer_end_broken(context, "proofs", why);
}

/* ---- the start ---- */

/* Where keys reads passwords. Without a controlling terminal (su -c, setsid) it is the one that the approver sits at. */
static int open_terminal(void)
{
	int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);

	return fd >= 0 ? fd : open("/proc/self/fd/0", O_RDWR | O_CLOEXEC | O_NOCTTY);
}

static bool start_keys(struct signer *signer, struct error *ret_error)
{
	const struct core_options *options = signer->options;
	struct keys_link_options keys = {.keystore = options->keystore,
	    .configdir = options->configdir,
	    .light = options->light_kdf,
	    .create_folders = true,
	    .terminal_fd = -1,
	    .secret_fd = options->secret_fd,
	    .password_fd = -1,
	    .import_fd = -1,
	    .sandbox_flags = signer_sandbox_flags(options),
	    .log = &signer->log};
	const struct keys_link_handlers handlers = {.ready = on_keys_ready, .closed = on_keys_closed, .context = signer};

	if (!options->stdio_ui && options->ui_socket == NULL && isatty(STDIN_FILENO))
		keys.terminal_fd = open_terminal();
	if (options->password_file != NULL) {
		/* A pipe whose other end nobody has open must not keep the signer from starting. */
		keys.password_fd = open(options->password_file, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
		if (keys.password_fd < 0)
			return error_set_errno(ret_error, errno, "cannot open --password-file %s", options->password_file);
		fcntl(keys.password_fd, F_SETFL, fcntl(keys.password_fd, F_GETFL) & ~O_NONBLOCK);
	}
	bool ok = keys_link_start(signer->base, &keys, handlers, &signer->keys, ret_error);

	if (keys.terminal_fd >= 0)
		close(keys.terminal_fd);
	if (keys.password_fd >= 0)
		close(keys.password_fd);
	if (options->secret_fd >= 0)
		close(options->secret_fd);
	signer->expected_ready++;
	return ok;
}

static bool start_proofs(struct signer *signer, struct error *ret_error)
{
	const struct proofs_link_handlers handlers = {.ready = on_proofs_ready, .closed = on_proofs_closed, .context = signer};

	signer->expected_ready++;
	return proofs_link_start(
	    signer->base, signer_sandbox_flags(signer->options), &signer->log, handlers, &signer->proofs, ret_error);
}

static void on_selectors_ready(void *context)
{
	signer_role_ready(context);
}

static void on_selectors_closed(void *context, const char *why)
{
	signer_end_broken(context, "selectors", why);
}

static bool start_selectors(struct signer *signer, struct error *ret_error)
{
	const struct custom_selectors_options options = {.path = signer->options->selectors,
	    .given = signer->options->selectors_given,
	    .sandbox_flags = signer_sandbox_flags(signer->options),
	    .log = &signer->log};
	const struct custom_selectors_handlers handlers = {
	    .ready = on_selectors_ready, .closed = on_selectors_closed, .context = signer};

	if (!custom_selectors_open(signer->base, &options, handlers, &signer->selectors, ret_error))
		return false;
	if (custom_selectors_has_role(signer->selectors))
		signer->expected_ready++;
	return true;
}

static bool start_gate(struct signer *signer, enum ipc_transport transport, int fd, const char *vhosts, struct error *ret_error)
{
	const struct gate_link_options options = {.transport = transport,
	    .listen_fd = fd,
	    .vhosts = vhosts,
	    .sandbox_flags = signer_sandbox_flags(signer->options),
	    .log = &signer->log};
	const struct gate_link_handlers handlers = {.ready = on_gate_ready,
	    .call = on_gate_call,
	    .withdrawn = on_gate_withdrawn,
	    .closed = on_gate_closed,
	    .context = signer};

	signer->expected_ready++;
	return gate_link_start(signer->base, &options, handlers, &signer->gates[signer->gate_count++], ret_error);
}

static bool make_configdir(const char *path, struct error *ret_error)
{
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	return error_set_errno(ret_error, errno, "cannot make the folder %s (--configdir)", path);
}

/* Whoever can connect to it could pose as any qube: neither programs that only ask nor user interfaces share its folder. */
static bool listen_qrexec(struct signer *signer, struct error *ret_error)
{
	const struct core_options *options = signer->options;
	const char *others[5] = {options->configdir, options->keystore};
	char *of_ui = NULL;
	size_t count = 2;

	if (options->qrexec_socket == NULL)
		return true;
	if (options->ui_socket != NULL)
		others[count++] = of_ui =
		    memory_text(bytes_of(options->ui_socket, (size_t)(strrchr(options->ui_socket, '/') - options->ui_socket)));
	if (options->ipc_path != NULL)
		others[count++] = options->ipc_path;
	bool ok = listen_qrexec_open(options->qrexec_socket, others, &signer->qrexec_listen, ret_error);

	free(of_ui);
	return ok;
}

static bool listen_all(struct signer *signer, struct error *ret_error)
{
	const struct core_options *options = signer->options;

	if (!options->ipc_disable &&
	    !listen_unix_open(options->ipc_path != NULL ? options->ipc_path : options->configdir, &signer->socket, ret_error))
		return false;
	if (!signer_ui_listen(signer, ret_error) || !listen_qrexec(signer, ret_error))
		return false;
	return !options->http ||
	       listen_tcp(options->http_addr, options->http_port, &signer->http_fd, &signer->http_port, ret_error);
}

static bool start_gates(struct signer *signer, struct error *ret_error)
{
	if (signer->socket.fd >= 0 && !start_gate(signer, IPC_TRANSPORT_UNIX, signer->socket.fd, NULL, ret_error))
		return false;
	if (signer->qrexec_listen.fd >= 0 && !start_gate(signer, IPC_TRANSPORT_QREXEC, signer->qrexec_listen.fd, NULL, ret_error))
		return false;
	if (signer->http_fd < 0)
		return true;
	bool ok = start_gate(signer, IPC_TRANSPORT_HTTP, signer->http_fd, signer->options->http_vhosts, ret_error);

	close(signer->http_fd);
	signer->http_fd = -1;
	return ok;
}

/* nohup said so, and nobody at that terminal approves anything. */
static bool outlives_terminal(const struct signer *signer)
{
	struct sigaction action;

	return signer->options->ui_socket != NULL && sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void add_signals(struct signer *signer)
{
	static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};

	signal(SIGPIPE, SIG_IGN);
	/* In the background we must still be able to end, which sets the terminal's state back. */
	signal(SIGTTOU, SIG_IGN);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		if (numbers[i] == SIGHUP && outlives_terminal(signer))
			continue;
		signer->signals[i] = evsignal_new(signer->base, numbers[i], on_signal, signer);
		if (signer->signals[i] != NULL)
			event_add(signer->signals[i], NULL);
	}
	signer->deadline = evtimer_new(signer->base, on_deadline, signer);
	if (signer->deadline == NULL)
		abort();
}

static bool confine(struct signer *signer, struct error *ret_error)
{
	int folders[3];
	struct sandbox_options options = {.allow_weak = signer->options->allow_weak_sandbox,
	    .require_all = signer->options->require_sandbox,
	    .folders = folders};
	unsigned features = 0;

	if (signer->socket.folder >= 0)
		folders[options.folder_count++] = signer->socket.folder;
	if (signer->ui_listen.folder >= 0)
		folders[options.folder_count++] = signer->ui_listen.folder;
	if (signer->qrexec_listen.folder >= 0)
		folders[options.folder_count++] = signer->qrexec_listen.folder;
	tzset(); /* the audit log's local time; the zone's file cannot be read later */
	if (!sandbox_enter(SANDBOX_CORE, &options, &features, ret_error))
		return error_prefix(ret_error, "core");
	if ((features & SANDBOX_LANDLOCK) == 0)
		warn_of_start(
		    signer, "no-landlock", "this kernel has no Landlock: the signer's processes are confined by seccomp alone");
	if ((features & SANDBOX_SECCOMP) == 0)
		warn_of_start(signer, "no-seccomp", "the signer runs without seccomp filters");
	return true;
}

/* Who wants to hear that we serve and cannot be reached waits in vain, and will end us: the log says why. */
static void open_notify(struct signer *signer)
{
	struct error error;

	if (!notify_open(&signer->notify, &error))
		log_warn(&signer->log, "%s; nobody is told when the signer is ready", error.text);
}

static bool open_clients(struct signer *signer, struct error *ret_error)
{
	const struct clients_options options = {
	    .path = signer->options->clients, .given = signer->options->clients_given, .log = &signer->log};

	return clients_open(&options, &signer->clients, ret_error);
}

static bool start_all(struct signer *signer, struct error *ret_error)
{
	return make_configdir(signer->options->configdir, ret_error) && open_clients(signer, ret_error) &&
	       listen_all(signer, ret_error) && audit_open(signer->options->audit_log, &signer->audit, ret_error) &&
	       start_selectors(signer, ret_error) && start_keys(signer, ret_error) && start_proofs(signer, ret_error) &&
	       start_gates(signer, ret_error) && signer_ui_start(signer, ret_error) && confine(signer, ret_error);
}

/* In the background the terminal's mode is another program's; the shell sets its own when it takes the terminal back. */
static bool is_in_foreground(const struct signer *signer)
{
	pid_t front = tcgetpgrp(STDIN_FILENO);

	return front < 0 || front == signer->group;
}

static void stop_all(struct signer *signer)
{
	for (size_t i = 0; i < signer->gate_count; i++)
		gate_link_free(signer->gates[i]);
	signer_ui_stop(signer);
	keys_link_free(signer->keys);
	proofs_link_free(signer->proofs);
	custom_selectors_free(signer->selectors);
	turns_free(&signer->turns);
	clients_live_free(&signer->callers);
	clients_free(signer->clients);
	/* Whoever died with the terminal in another mode, the shell gets it as it was. */
	if (signer->has_terminal_state && is_in_foreground(signer))
		tcsetattr(STDIN_FILENO, TCSANOW, &signer->terminal_state);
	listen_unix_close(&signer->socket);
	listen_unix_close(&signer->qrexec_listen);
	audit_close(&signer->audit);
	notify_close(&signer->notify);
	signature_context_free(signer->curve);
}

/* libevent's own warnings (an input that cannot be waited for) tell a person nothing that we do not say better. */
static void ignore_warning(int severity, const char *text)
{
	(void)severity;
	(void)text;
}

static struct event_base *new_base(void)
{
	struct event_config *config = event_config_new();

	event_set_log_callback(ignore_warning);

	/* Waiting without a timeout of its own, and time from the vDSO: fewer system calls for each request. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	struct event_base *base = event_base_new_with_config(config);

	event_config_free(config);
	if (base == NULL)
		abort();
	return base;
}

int core_main(const struct core_options *options)
{
	struct signer signer = {.options = options,
	    .log = {.role = "core", .level = options->log_level, .fd = STDERR_FILENO},
	    .socket = LISTEN_UNIX_NONE,
	    .ui_listen = LISTEN_UNIX_NONE,
	    .qrexec_listen = LISTEN_UNIX_NONE,
	    .attached = SIGNER_NOBODY_ATTACHED,
	    .audit = AUDIT_NONE,
	    .notify = NOTIFY_NONE,
	    .http_fd = -1,
	    .ui_fd = -1,
	    .chain_id = options->chain_id};
	struct error error;

	if (getrandom(&signer.run, sizeof(signer.run), 0) != (ssize_t)sizeof(signer.run))
		log_fatal(&signer.log, "cannot get random bytes");
	signer.base = new_base();
	signer.curve = signature_context_new(NULL);
	add_signals(&signer);
	open_notify(&signer);
	if (start_all(&signer, &error)) {
		event_base_dispatch(signer.base);
	} else {
		log_error(&signer.log, "%s", error.text);
		signer.status = 1;
	}
	if (signer.requests != NULL)
		signer_refuse_all(&signer, "the signer is ending");
	stop_all(&signer);
	for (size_t i = 0; i < sizeof(signer.signals) / sizeof(signer.signals[0]); i++)
		if (signer.signals[i] != NULL)
			event_free(signer.signals[i]);
	event_free(signer.deadline);
	event_base_free(signer.base);
	return signer.status;
}
