#include "cli/attach.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/json.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/attach_connect.h"
#include "cli/attach_secret.h"
#include "cli/attach_watch.h"
#include "cli/terminal_mode.h"
#include "core/spawn.h"
#include "ipc/ipc.h"
#include "sandbox/sandbox.h"
#include "ui/stream.h"

/* A signer that has just been started takes a moment. */
#define GREETING_SECONDS 10

struct attach {
	const struct core_options *options;
	struct log log;
	struct event_base *base;
	int signer_fd; /* until `signer` has it */
	struct stream *signer, *ui;
	struct ipc_channel *role;
	pid_t role_pid;
	int pipe_fd, terminal_fd;
	struct attach_secret *secret;
	struct event *interrupts[4], *patience;
	struct attach_watch watch;
	bool greeted;
	bool done, failed;
	int signal;
	struct error error;
};

/* ---- the end ---- */

static void finish(struct attach *attach)
{
	attach->done = true;
	event_base_loopbreak(attach->base);
}

/* The first failure is the reason. */
static void __attribute__((format(printf, 2, 3))) fail(struct attach *attach, const char *format, ...)
{
	BUF_CLEANUP struct buf text = BUF_INIT((size_t)4 * ERROR_TEXT_SIZE);
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!attach->done)
		error_set(&attach->error, ERROR_REFUSED, "%s", buf_text(&text));
	attach->failed = attach->failed || !attach->done;
	finish(attach);
}

static void on_interrupt(evutil_socket_t number, short what, void *context)
{
	struct attach *attach = context;

	(void)what;
	if (number == SIGINT) {
		finish(attach);
		return;
	}
	attach->signal = (int)number;
	fail(attach, "detached on a signal: %s", strsignal((int)number));
}

static void on_silence(evutil_socket_t fd, short what, void *context)
{
	struct attach *attach = context;

	(void)fd;
	(void)what;
	fail(attach,
	    "what listens on %s has said nothing for %d seconds: is it the path that the signer was started with (--ui-socket), "
	    "and not "
	    "clef.ipc?",
	    attach->options->ui_socket, GREETING_SECONDS);
}

/* ---- between the two ---- */

static void send_line(struct stream *stream, struct bytes json)
{
	stream_send(stream, json);
	stream_send(stream, bytes_text("\n"));
}

static void resume_ui(struct attach *attach)
{
	send_line(attach->ui, bytes_text("{\"jsonrpc\":\"2.0\",\"method\":\"ui_resume\",\"params\":[{}]}"));
}

static void on_secret(void *context, uint64_t question, const struct error *error)
{
	struct attach *attach = context;
	BUF_CLEANUP struct buf answer = BUF_INIT((size_t)16 * ERROR_TEXT_SIZE);

	buf_printf(&answer, "{\"jsonrpc\":\"2.0\",\"id\":%llu,", (unsigned long long)question);
	if (error == NULL) {
		buf_put_text(&answer, "\"result\":{\"text\":\"\",\"secret_fd\":true}}");
	} else if (error->kind == ERROR_DENIED) {
		buf_put_text(&answer, "\"result\":{\"text\":\"\",\"cancelled\":true}}");
	} else {
		log_error(&attach->log, "no password was sent: %s", error->text);
		buf_put_text(&answer, "\"error\":{\"code\":-32000,\"message\":");
		json_put_string(&answer, bytes_text(error->text));
		buf_put_text(&answer, "}}");
	}
	send_line(attach->signer, buf_bytes(&answer));
	resume_ui(attach);
}

static void on_ui_value(void *context, struct bytes json)
{
	struct attach *attach = context;
	uint64_t question;

	if (!attach_watch_lends(json, &question))
		send_line(attach->signer, json);
	else if (!attach_watch_was_withdrawn(
	             &attach->watch, question)) /* else the UI takes the terminal back by itself when it hears so */
		attach_secret_ask(attach->secret, question);
}

static void on_ui_closed(void *context, const char *why)
{
	/* The role's other channel closes with it and tells more. */
	(void)context;
	(void)why;
}

static bool begin(struct attach *attach, struct error *ret_error);

/* The first thing that the signer says: a greeting, or why it does not take us. */
static void take_greeting(struct attach *attach, struct bytes json)
{
	JSON_CLEANUP struct json call = {0};
	BUF_CLEANUP struct buf shown = BUF_INIT(ERROR_TEXT_SIZE);
	struct error error;
	bool ok = json_parse(json, &call, &error);
	yyjson_val *method = yyjson_obj_get(call.root, "method");

	if (ok && yyjson_equals_str(method, "ui_onSignerStartup")) {
		attach->greeted = true;
		event_del(attach->patience);
		if (!begin(attach, &error))
			fail(attach, "%s", error.text);
	} else if (ok && yyjson_equals_str(method, "ui_showError")) {
		text_escape(json_bytes(yyjson_obj_get(yyjson_arr_get_first(yyjson_obj_get(call.root, "params")), "text")),
		    ERROR_TEXT_SIZE / 2, &shown);
		fail(attach, "%s", buf_text(&shown));
	} else {
		fail(attach, "what listens on %s does not greet as a signer does", attach->options->ui_socket);
	}
}

static void on_signer_value(void *context, struct bytes json)
{
	struct attach *attach = context;
	uint64_t question;

	if (attach->done)
		return;
	if (!attach->greeted)
		take_greeting(attach, json);
	if (!attach->greeted || attach->done)
		return;
	if (attach_watch_withdraws(&attach->watch, json, &question) && attach_secret_is_asking(attach->secret, question))
		attach_secret_withdraw(attach->secret);
	send_line(attach->ui, json);
}

static void on_signer_closed(void *context, const char *why)
{
	struct attach *attach = context;

	(void)why;
	if (attach->greeted)
		fail(attach, "the signer has ended, or closed the connection");
	else
		fail(attach,
		    "the signer at %s closed the connection at once: it takes its own user only, and nobody while it ends",
		    attach->options->ui_socket);
}

/* ---- the role ---- */

static void on_role_message(void *context, enum ipc_type type, const void *message, int fd)
{
	(void)context;
	(void)type; /* UI_READY: nothing waits for it */
	(void)message;
	if (fd >= 0)
		close(fd);
}

static void on_role_closed(void *context, const char *why)
{
	struct attach *attach = context;
	BUF_CLEANUP struct buf text = BUF_INIT(512);

	if (strcmp(why, "closed") != 0)
		fail(attach, "the process 'ui' sent %s", why);
	else if (spawn_describe_end(attach->role_pid, &text))
		finish(attach);
	else
		fail(attach, "the process 'ui' %s", buf_text(&text));
}

static unsigned sandbox_flags(const struct core_options *options)
{
	return (options->allow_weak_sandbox ? IPC_SANDBOX_ALLOW_WEAK : 0U) |
	       (options->require_sandbox ? IPC_SANDBOX_REQUIRE : 0U);
}

static bool start_role(struct attach *attach, struct error *ret_error)
{
	struct spawn_options spawn = {.argument = "--role=ui", .fds = SPAWN_NO_FDS, .terminal = true};
	const struct ipc_ui_config config = {
	    .log_level = (uint64_t)attach->log.level, .sandbox_flags = sandbox_flags(attach->options), .attached = 1};
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
	attach->role_pid = spawned.pid;
	attach->ui = stream_new(attach->base, pair[0], (struct stream_handlers){on_ui_value, on_ui_closed, attach});
	attach->role = ipc_channel_new(attach->base, spawned.channel, IPC_ROLE_CORE, IPC_ROLE_UI,
	    (struct ipc_handlers){on_role_message, on_role_closed, attach});
	ipc_channel_send(attach->role, IPC_UI_CONFIG, &config);
	return true;
}

/* From here on nothing is opened or started any more. */
static bool confine(const struct attach *attach, struct error *ret_error)
{
	const struct sandbox_options options = {
	    .allow_weak = attach->options->allow_weak_sandbox, .require_all = attach->options->require_sandbox};
	unsigned features = 0;

	return sandbox_enter(SANDBOX_ATTACH, &options, &features, ret_error);
}

static bool begin(struct attach *attach, struct error *ret_error)
{
	return attach_secret_new(
	           attach->base, attach->terminal_fd, attach->pipe_fd, on_secret, attach, &attach->secret, ret_error) &&
	       start_role(attach, ret_error) && confine(attach, ret_error);
}

/* ---- the whole ---- */

static void add_events(struct attach *attach)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};
	static const struct timeval patience = {GREETING_SECONDS, 0};

	/* From the background we may still put the terminal back; a reader that is gone is seen when writing. */
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
		attach->interrupts[i] = evsignal_new(attach->base, signals[i], on_interrupt, attach);
		if (attach->interrupts[i] == NULL || event_add(attach->interrupts[i], NULL) != 0)
			memory_exhausted();
	}
	attach->patience = evtimer_new(attach->base, on_silence, attach);
	if (attach->patience == NULL)
		memory_exhausted();
	event_add(attach->patience, &patience);
}

static bool serve(struct attach *attach, struct error *ret_error)
{
	attach->base = event_base_new();
	if (attach->base == NULL)
		return error_set(ret_error, ERROR_INTERNAL, "cannot make an event loop");
	add_events(attach);
	attach->signer =
	    stream_new(attach->base, attach->signer_fd, (struct stream_handlers){on_signer_value, on_signer_closed, attach});
	attach->signer_fd = -1;
	if (event_base_dispatch(attach->base) < 0 || !attach->done)
		return error_set(ret_error, ERROR_INTERNAL, "the event loop failed");
	if (!attach->failed)
		return true;
	*ret_error = attach->error;
	return false;
}

/* Programs speak the UI protocol themselves. */
static bool open_terminal(struct attach *attach, struct error *ret_error)
{
	if (isatty(STDIN_FILENO) != 1 || isatty(STDOUT_FILENO) != 1)
		return error_set(ret_error, ERROR_REFUSED,
		    "clef attach needs a terminal to show requests and to take passwords at; over ssh, ask for one with ssh -t");
	attach->terminal_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	if (attach->terminal_fd < 0)
		attach->terminal_fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	return attach->terminal_fd >= 0 || error_set_errno(ret_error, errno, "cannot open the terminal");
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

/* The password prompt first, which knows how the terminal was; then the UI, which does, too. */
static void end(struct attach *attach)
{
	attach_secret_free(attach->secret);
	stream_free(attach->signer);
	ipc_channel_free(attach->role);
	stream_free(attach->ui);
	if (attach->role_pid > 0)
		spawn_end(attach->role_pid);
	for (size_t i = 0; i < sizeof attach->interrupts / sizeof attach->interrupts[0]; i++)
		if (attach->interrupts[i] != NULL)
			event_free(attach->interrupts[i]);
	if (attach->patience != NULL)
		event_free(attach->patience);
	if (attach->base != NULL)
		event_base_free(attach->base);
	close_if_open(attach->signer_fd);
	close_if_open(attach->pipe_fd);
	close_if_open(attach->terminal_fd);
}

bool attach_run(const struct options *options, int *ret_signal, struct error *ret_error)
{
	struct attach attach = {.options = &options->core,
	    .log = {"clef", options->core.log_level, STDERR_FILENO},
	    .signer_fd = -1,
	    .pipe_fd = -1,
	    .terminal_fd = -1};
	struct terminal_mode mode;

	terminal_mode_save(STDIN_FILENO, &mode);
	bool ok = open_terminal(&attach, ret_error) && attach_connect(options->core.ui_socket, &attach.signer_fd, ret_error) &&
	          attach_pass_pipe(attach.signer_fd, &attach.pipe_fd, ret_error) && serve(&attach, ret_error);

	end(&attach);
	terminal_mode_restore(&mode);
	*ret_signal = attach.signal;
	if (ok)
		log_put_line(&attach.log, bytes_text("Detached. The signer goes on.\n"));
	return ok;
}
