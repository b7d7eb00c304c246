#include "ui/ui_main.h"

#include <signal.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"
#include "ipc/ipc.h"
#include "sandbox/sandbox.h"
#include "ui/page.h"
#include "ui/session.h"
#include "ui/stream.h"
#include "ui/terminal.h"

struct ui {
	struct log log;
	struct event_base *base;
	struct terminal terminal;
	struct session *session;
	struct ipc_channel *channel;
	struct stream *stream;
	struct event *input, *timer;
	struct event *again; /* the terminal is another's for now: look later */
	bool attached;       /* to a signer that goes on without us */
	int status;
};

/* ---- what the session needs ---- */

/* What went wrong with the terminal is told to the session from the event loop, never from within one of its own calls. */
static void note_losses(struct ui *ui)
{
	if (ui->terminal.output_lost || ui->terminal.input_ended)
		event_active(ui->input, EV_TIMEOUT, 0);
}

static void host_print(void *context, struct bytes text)
{
	struct ui *ui = context;

	terminal_print(&ui->terminal, text);
	note_losses(ui);
}

static void host_discard_input(void *context)
{
	struct ui *ui = context;

	terminal_discard(&ui->terminal);
	note_losses(ui);
}

static void host_set_echo(void *context, bool on)
{
	struct ui *ui = context;

	/* A half line stays half a line in the driver when the echo comes back. */
	if (on)
		terminal_discard(&ui->terminal);
	terminal_take(&ui->terminal, on);
	note_losses(ui);
}

static void host_yield_terminal(void *context, bool yielded)
{
	struct ui *ui = context;

	if (yielded) {
		event_del(ui->input);
		event_del(ui->again);
		return;
	}
	if (ui->terminal.input_ended)
		note_losses(ui);
	else
		event_add(ui->input, NULL);
}

static void host_send(void *context, struct bytes json)
{
	struct ui *ui = context;

	stream_send(ui->stream, json);
}

static void host_set_timer(void *context, unsigned milliseconds)
{
	struct ui *ui = context;
	struct timeval delay = {milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000};

	event_del(ui->timer);
	if (milliseconds > 0)
		event_add(ui->timer, &delay);
}

static unsigned host_width(void *context)
{
	struct page_options options;

	(void)context;
	page_options_of_terminal(&options);
	return options.width;
}

static uint64_t host_now(void *context)
{
	time_t now = time(NULL);

	(void)context;
	return now < 0 ? 0 : (uint64_t)now;
}

/* ---- events ---- */

#define BACKGROUND_MS 300

static void look_again_later(struct ui *ui)
{
	static const struct timeval later = {0, (suseconds_t)BACKGROUND_MS * 1000};

	event_add(ui->again, &later);
}

static void on_line(void *context, struct bytes line)
{
	struct ui *ui = context;

	session_line(ui->session, line);
}

/* The terminal is left as it was found, whoever ended and why. */
static void ui_end(struct ui *ui, const char *line, int status)
{
	terminal_restore(&ui->terminal);
	terminal_print(&ui->terminal, bytes_text(line));
	ui->status = status;
	event_base_loopbreak(ui->base);
}

/* Nobody types any more. Our own signer goes on and refuses; one that we are attached to is left. */
static void leave(struct ui *ui)
{
	if (ui->attached)
		ui_end(ui, "\n", 0);
	else
		session_leave(ui->session);
}

static void on_input(evutil_socket_t fd, short what, void *context)
{
	struct ui *ui = context;

	(void)fd;
	if ((what & EV_READ) != 0 && !session_is_yielded(ui->session))
		terminal_read(&ui->terminal, on_line, ui);
	if (ui->terminal.output_lost || ui->terminal.input_ended) {
		event_del(ui->input);
		leave(ui);
	} else if (ui->terminal.in_background && !session_is_yielded(ui->session)) {
		event_del(ui->input);
		look_again_later(ui);
	}
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	struct ui *ui = context;

	(void)fd;
	(void)what;
	if (terminal_is_in_background(&ui->terminal)) {
		look_again_later(ui);
		return;
	}
	/* What the shell left was typed for the shell. */
	host_discard_input(ui);
	event_add(ui->input, NULL);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct ui *ui = context;

	(void)fd;
	(void)what;
	session_timer(ui->session);
}

static void on_channel_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct ui *ui = context;

	(void)message;
	if (fd >= 0)
		close(fd);
	log_error(&ui->log, "%s came, which is only for the start", ipc_type_name(type));
	ui_end(ui, "\n", 1);
}

/* Whoever attached us says what happened. */
static void end_with_signer(struct ui *ui)
{
	ui_end(ui, ui->attached ? "\n" : "\nThe signer has ended.\n", 0);
}

static void on_channel_closed(void *context, const char *why)
{
	(void)why;
	end_with_signer(context);
}

static void on_value(void *context, struct bytes json)
{
	struct ui *ui = context;
	struct error error;

	if (session_message(ui->session, json, &error))
		return;
	log_error(&ui->log, "%s", error.text);
	ui_end(ui, "\n", 1);
}

/* The signer closes both channels; whichever is seen first, the end is the same. */
static void on_stream_closed(void *context, const char *why)
{
	struct ui *ui = context;

	log_debug(&ui->log, "the signer %s", why);
	end_with_signer(ui);
}

/* ---- start ---- */

/*
 * The keyboard's signals go to the whole process group: core ends the signer, we follow when the channel closes. In the background we go on:
 * a UI that is stopped would take the whole group with it.
 */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGPIPE, SIGWINCH, SIGTTOU, SIGTTIN};
	struct sigaction action = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		sigaction(ignored[i], &action, NULL);
}

static void start_events(struct ui *ui)
{
	struct event_config *config = event_config_new();
	struct session_host host = {.print = host_print,
	    .discard_input = host_discard_input,
	    .set_echo = host_set_echo,
	    .yield_terminal = host_yield_terminal,
	    .send = host_send,
	    .set_timer = host_set_timer,
	    .width = host_width,
	    .now = host_now,
	    .context = ui};
	struct page_options options;

	/* Standard input may be a file or /dev/null, which epoll does not take. */
	if (config == NULL || event_config_require_features(config, EV_FEATURE_FDS) != 0)
		memory_exhausted();
	ui->base = event_base_new_with_config(config);
	event_config_free(config);
	if (ui->base == NULL)
		log_fatal(&ui->log, "cannot make an event loop");
	page_options_of_terminal(&options);
	host.colour = options.colour;
	ui->session = session_new(&host);
	ui->input = event_new(ui->base, STDIN_FILENO, EV_READ | EV_PERSIST, on_input, ui);
	ui->timer = event_new(ui->base, -1, 0, on_timer, ui);
	ui->again = event_new(ui->base, -1, 0, on_again, ui);
	if (ui->input == NULL || ui->timer == NULL || ui->again == NULL)
		memory_exhausted();
}

static void confine(struct ui *ui, const struct ipc_ui_config *config, unsigned *ret_features)
{
	struct sandbox_options options = {.allow_weak = (config->sandbox_flags & IPC_SANDBOX_ALLOW_WEAK) != 0,
	    .require_all = (config->sandbox_flags & IPC_SANDBOX_REQUIRE) != 0};
	struct error error;

	if (!sandbox_enter(SANDBOX_UI, &options, ret_features, &error))
		log_fatal(&ui->log, "%s", error.text);
}

static void serve(struct ui *ui, unsigned features)
{
	struct ipc_ui_ready ready = {.sandbox = features};

	ui->channel = ipc_channel_new(ui->base, IPC_FD_CHANNEL, IPC_ROLE_UI, IPC_ROLE_CORE,
	    (struct ipc_handlers){on_channel_message, on_channel_closed, ui});
	ui->stream = stream_new(ui->base, IPC_FD_UI_PROTOCOL, (struct stream_handlers){on_value, on_stream_closed, ui});
	ipc_channel_send(ui->channel, IPC_UI_READY, &ready);
	event_add(ui->input, NULL);
	event_base_dispatch(ui->base);
}

static void ui_free(struct ui *ui)
{
	stream_free(ui->stream);
	ipc_channel_free(ui->channel);
	session_free(ui->session);
	event_free(ui->input);
	event_free(ui->timer);
	event_free(ui->again);
	event_base_free(ui->base);
	terminal_close(&ui->terminal);
}

int ui_main(void)
{
	struct ui ui = {.log = {"ui", LOG_LEVEL_WARN, STDERR_FILENO}};
	struct buf payload BUF_CLEANUP = {0};
	struct ipc_ui_config config;
	struct error error;
	unsigned features = 0;

	ignore_signals();
	if (!ipc_receive_first(IPC_FD_CHANNEL, IPC_ROLE_UI, IPC_ROLE_CORE, IPC_UI_CONFIG, &payload, &config, &error))
		log_fatal(&ui.log, "%s", error.text);
	ui.log.level = config.log_level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (int)config.log_level;
	ui.attached = config.attached != 0;
	terminal_open(&ui.terminal);
	ui.terminal.ctrl_d_ends = ui.attached;
	start_events(&ui);
	confine(&ui, &config, &features);
	terminal_take(&ui.terminal, true);
	serve(&ui, features);
	ui_free(&ui);
	return ui.status;
}
