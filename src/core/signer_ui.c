#include "core/signer_ui.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include "core/signer.h"
#include "core/spawn.h"

/* Whoever asks for a signature may not learn where the socket is: the log says that. */
static const char absent_text[] = "no user interface is attached to the signer, so nobody can approve this";
static const char absent_socket_text[] =
    "no user interface is attached to the signer, so nobody can approve this; attach one with 'clef attach'";

/* ---- what every UI is told first ---- */

static void announce(void *context)
{
	struct signer *signer = context;
	const struct core_options *options = signer->options;
	struct buf json BUF_CLEANUP = BUF_INIT(65536), url BUF_CLEANUP = BUF_INIT(4096);
	bool six = options->http && strchr(options->http_addr, ':') != NULL;

	buf_put_text(&url, options->http ? "" : "n/a");
	if (options->http)
		buf_printf(&url, six ? "http://[%s]:%u/" : "http://%s:%u/", options->http_addr, signer->http_port);
	buf_put_text(&json, "{\"info\":{\"extapi_http\":");
	json_put_string(&json, buf_bytes(&url));
	buf_put_text(&json, ",\"extapi_ipc\":");
	json_put_string(&json, bytes_text(signer->socket.path != NULL ? signer->socket.path : "n/a"));
	if (signer->qrexec_listen.path != NULL) {
		buf_put_text(&json, ",\"extapi_qrexec\":");
		json_put_string(&json, bytes_text(signer->qrexec_listen.path));
	}
	buf_put_text(&json, ",\"extapi_version\":\"" SIGNER_EXTERNAL_API "\",\"intapi_version\":\"" SIGNER_INTERNAL_API
	                    "\",\"ui_protocol\":\"" SIGNER_UI_PROTOCOL "\"");
	if (signer->ui_socket != NULL)
		buf_put_text(&json, ",\"attached\":true");
	buf_printf(&json, ",\"chain_id\":\"0x%llx\"},\"warnings\":", (unsigned long long)signer->chain_id);
	validation_put_warnings(&signer->start_warnings, &json);
	buf_put_u8(&json, '}');
	ui_link_notify(signer->ui, "ui_onSignerStartup", buf_bytes(&json));
	if (signer->own_ui || signer->announced) /* its first page says all this */
		return;
	signer->announced = true;
	if (options->http)
		log_info(&signer->log, "listening on %s", buf_text(&url));
	if (signer->socket.path != NULL)
		log_info(&signer->log, "listening on %s; for geth: --signer %s", signer->socket.path, signer->socket.path);
	if (signer->qrexec_listen.path != NULL)
		log_info(&signer->log, "listening on %s for qubes.Clefsign", signer->qrexec_listen.path);
}

/* Who calls from another qube is told whether somebody is there to be asked. */
static void tell_gates(struct signer *signer, bool attached)
{
	for (size_t i = 0; i < signer->gate_count; i++)
		gate_link_tell_ui(signer->gates[i], attached);
}

/* ---- our own terminal UI, which is a role ---- */

static void on_role_closed(void *context, const char *why)
{
	struct signer *signer = context;
	struct buf text BUF_CLEANUP = BUF_INIT(512);

	if (strcmp(why, "closed") == 0)
		spawn_describe_end(signer->ui_pid, &text);
	else
		buf_printf(&text, "sent %s", why);
	signer_end_broken(signer, "ui", buf_text(&text));
}

static void on_role_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct signer *signer = context;

	(void)type; /* UI_READY is the only one that a UI may send */
	(void)message;
	if (fd >= 0)
		close(fd);
	if (signer->ui_ready) {
		on_role_closed(signer, "UI_READY twice");
		return;
	}
	signer->ui_ready = true;
	signer_role_ready(signer);
}

static bool start_role(struct signer *signer, struct error *ret_error)
{
	struct spawn_options spawn = {.argument = "--role=ui", .fds = SPAWN_NO_FDS, .terminal = true};
	struct ipc_ui_config config = {
	    .log_level = (uint64_t)signer->log.level, .sandbox_flags = signer_sandbox_flags(signer->options)};
	struct spawned spawned;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0)
		return error_set_errno(ret_error, errno, "cannot make a socket pair");
	spawn.fds[0] = pair[1];
	bool ok = spawn_role(&spawn, &spawned, ret_error);

	close(pair[1]);
	if (!ok) {
		close(pair[0]);
		return false;
	}
	signer->own_ui = true;
	signer->ui_pid = spawned.pid;
	signer->ui_channel = ipc_channel_new(signer->base, spawned.channel, IPC_ROLE_CORE, IPC_ROLE_UI,
	    (struct ipc_handlers){.message = on_role_message, .closed = on_role_closed, .context = signer});
	ipc_channel_send(signer->ui_channel, IPC_UI_CONFIG, &config);
	signer->expected_ready++;
	signer->ui_fd = pair[0];
	return true;
}

static bool start_own_ui(struct signer *signer, struct error *ret_error)
{
	if (tcgetattr(STDIN_FILENO, &signer->terminal_state) == 0)
		signer->has_terminal_state = true;
	signer->group = getpgrp(); /* not to be asked for once confined */
	return start_role(signer, ret_error);
}

/* ---- UIs that come to --ui-socket and leave again ---- */

static bool is_free(void *context)
{
	const struct signer *signer = context;

	return ui_link_is_free(signer->ui);
}

static pid_t attached_pid(void *context)
{
	const struct signer *signer = context;

	return signer->attached.pid;
}

/* One line each for its coming and its going. */
static bool audit_attached(struct signer *signer, const char *type, const char *why, struct error *ret_error)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(65536);
	char number[32];

	audit_field(&fields, "type", bytes_text(type));
	snprintf(number, sizeof(number), "%u", (unsigned)signer->attached.uid);
	audit_field(&fields, "uid", bytes_text(number));
	snprintf(number, sizeof(number), "%lld", (long long)signer->attached.pid);
	audit_field(&fields, "pid", bytes_text(number));
	if (why != NULL)
		audit_field(&fields, "reason", bytes_text(why));
	return audit_write(&signer->audit, "UserInterface", buf_bytes(&fields), false, ret_error);
}

static void on_connected(void *context, int fd, uid_t uid, pid_t pid)
{
	struct signer *signer = context;
	struct error error;

	signer->attached = (struct signer_attached){.fd = fd, .uid = uid, .pid = pid};
	if (!audit_attached(signer, "attached", NULL, &error)) {
		log_error(&signer->log, "a user interface is not attached: %s", error.text);
		close(fd);
		signer->attached = SIGNER_NOBODY_ATTACHED;
		return;
	}
	log_info(&signer->log, "a user interface is attached: process %lld of user %u", (long long)pid, (unsigned)uid);
	signer->missed_ui = false;
	ui_link_attach(signer->ui, &(struct ui_peer){.in = fd, .out = fd, .replaceable = true});
	tell_gates(signer, true);
	turns_ui_came(signer);
}

/* What it called for, nobody waits for any more. */
static void withdraw_its_calls(struct signer *signer)
{
	struct request *request = signer->requests;

	while (request != NULL) {
		if (request->gate != NULL) {
			request = request->next;
			continue;
		}
		/* The withdrawal may end others, too. */
		request_withdraw(request, "the user interface was detached");
		request = signer->requests;
	}
}

static void on_attached_left(struct signer *signer, const char *why)
{
	struct error error;

	log_info(&signer->log, "the user interface (process %lld) is detached: %s", (long long)signer->attached.pid, why);
	if (!audit_attached(signer, "detached", why, &error))
		log_error(&signer->log, "%s", error.text);
	if (signer->attached.has_pipe)
		keys_link_drop_pipe(signer->keys);
	close(signer->attached.fd);
	signer->attached = SIGNER_NOBODY_ATTACHED;
	signer->ui_era++;
	turns_ui_left(signer);
	withdraw_its_calls(signer);
}

static void on_descriptor(void *context, int fd)
{
	struct signer *signer = context;

	bool passed = keys_link_pass_pipe(signer->keys, fd);

	if (!passed) {
		log_error(&signer->log, "the UI's descriptor for passwords could not be passed on");
		/* An earlier one was to be replaced: keys must not go on with it, nor keep it when the UI has left. */
		if (signer->attached.has_pipe)
			keys_link_drop_pipe(signer->keys);
	}
	signer->attached.has_pipe = passed;
}

bool signer_ui_listen(struct signer *signer, struct error *ret_error)
{
	const struct core_options *options = signer->options;
	const char *others[4] = {options->configdir, options->keystore};

	if (options->ui_socket == NULL)
		return true;
	others[2] = options->ipc_path;
	return listen_ui_open(options->ui_socket, others, &signer->ui_listen, ret_error);
}

static void start_ui_socket(struct signer *signer)
{
	const struct ui_socket_handlers handlers = {
	    .is_free = is_free, .connected = on_connected, .holder = attached_pid, .context = signer};

	signer->ui_socket = ui_socket_new(signer->base, signer->ui_listen.fd, &signer->log, handlers);
}

/* ---- all of them ---- */

static void on_ui_call(void *context, const struct ui_call *call)
{
	signer_ui_call(context, call);
}

static void on_ui_detached(void *context, const char *why)
{
	struct signer *signer = context;

	tell_gates(signer, false);
	/* Our own UI is a role: without it the signer ends. */
	if (signer->own_ui)
		on_role_closed(signer, "closed");
	else if (signer->attached.fd >= 0)
		on_attached_left(signer, why);
	else
		log_error(&signer->log, "the user interface is gone (%s): what needs a person is refused from now on", why);
}

const char *signer_ui_absent(const struct signer *signer)
{
	return signer->options->ui_socket != NULL ? absent_socket_text : absent_text;
}

static struct ui_link *new_link(struct signer *signer)
{
	const struct core_options *options = signer->options;
	bool comes_and_goes = options->ui_socket != NULL;
	const struct ui_link_options link = {
	    .log = &signer->log, .wait_s = options->wait_for_ui_s, .absent = signer_ui_absent(signer)};

	return ui_link_new(signer->base, &link,
	    (struct ui_link_handlers){.call = on_ui_call,
	        .attached = comes_and_goes ? announce : NULL,
	        .detached = on_ui_detached,
	        .descriptor = comes_and_goes ? on_descriptor : NULL,
	        .context = signer});
}

bool signer_ui_start(struct signer *signer, struct error *ret_error)
{
	signer->ui = new_link(signer);
	if (signer->options->ui_socket != NULL) {
		start_ui_socket(signer);
		return true;
	}
	if (signer->options->stdio_ui) {
		ui_link_attach(signer->ui, &(struct ui_peer){.in = STDIN_FILENO, .out = STDOUT_FILENO});
		return true;
	}
	if (!start_own_ui(signer, ret_error))
		return false;
	ui_link_attach(signer->ui, &(struct ui_peer){.in = signer->ui_fd, .out = signer->ui_fd});
	return true;
}

void signer_ui_serve(struct signer *signer)
{
	announce(signer);
	tell_gates(signer, ui_link_attached(signer->ui));
	if (signer->ui_socket == NULL)
		return;
	log_info(
	    &signer->log, "user interfaces can attach on %s: clef attach %s", signer->ui_listen.path, signer->ui_listen.path);
	ui_socket_serve(signer->ui_socket);
}

void signer_ui_refuse(struct signer *signer)
{
	ui_socket_free(signer->ui_socket);
	signer->ui_socket = NULL;
}

bool signer_ui_tells_refusals(const struct signer *signer)
{
	return signer->own_ui || signer->ui_socket != NULL;
}

bool signer_ui_has_pipe(const struct signer *signer)
{
	return signer->options->secret_fd >= 0 || signer->attached.has_pipe;
}

void signer_ui_missed(struct signer *signer)
{
	if (signer->ui_socket == NULL || signer->missed_ui || ui_link_attached(signer->ui))
		return;
	signer->missed_ui = true;
	log_warn(
	    &signer->log, "a request needs a person, and no user interface is attached: clef attach %s", signer->ui_listen.path);
}

void signer_ui_stop(struct signer *signer)
{
	struct error error;

	signer_ui_refuse(signer);
	ui_link_free(signer->ui);
	if (signer->attached.fd >= 0 && !audit_attached(signer, "detached", "the signer ends", &error))
		log_error(&signer->log, "%s", error.text);
	if (signer->ui_channel != NULL) {
		ipc_channel_free(signer->ui_channel);
		close(signer->ui_fd);
		spawn_end(signer->ui_pid);
	}
	if (signer->attached.fd >= 0)
		close(signer->attached.fd);
	listen_unix_close(&signer->ui_listen);
}
