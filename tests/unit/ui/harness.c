#include "harness.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "ipc/ipc.h"
#include "ui/ui_main.h"

#define PATIENCE_MS 20000
#define QUIET_MS    150
#define MOST        ((size_t)4 * 1024 * 1024)

struct ends {
	int in, out, channel, protocol;
	bool terminal;
};

static _Noreturn void run_child(const struct ends *ends)
{
	int fds[5] = {ends->in, ends->out, ends->out, ends->channel, ends->protocol};

	if (ends->terminal) {
		setsid();
		ioctl(ends->in, TIOCSCTTY, 0);
	}
	for (int i = 0; i < 5; i++)
		fds[i] = fcntl(fds[i], F_DUPFD, 64);
	for (int i = 0; i < 5; i++)
		dup2(fds[i], i);
	close_range(5, 1000, 0);
	setenv("TERM", "dumb", 1);
	_exit(ui_main());
}

static void open_terminal(struct harness *harness, struct ends *ends)
{
	struct winsize size = {.ws_row = 24, .ws_col = 60};
	char name[128];

	harness->screen = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(harness->screen >= 0);
	assert_int_equal(grantpt(harness->screen), 0);
	assert_int_equal(unlockpt(harness->screen), 0);
	assert_int_equal(ptsname_r(harness->screen, name, sizeof name), 0);
	harness->terminal = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	assert_true(harness->terminal >= 0);
	assert_int_equal(ioctl(harness->screen, TIOCSWINSZ, &size), 0);
	harness->keyboard = harness->screen;
	*ends = (struct ends){.in = harness->terminal, .out = harness->terminal, .terminal = true};
}

static void open_pipes(struct harness *harness, struct ends *ends, bool null_input)
{
	int in[2], out[2];

	harness->terminal = -1;
	assert_int_equal(pipe2(out, O_CLOEXEC), 0);
	harness->screen = out[0];
	if (null_input) {
		harness->keyboard = -1;
		*ends = (struct ends){.in = open("/dev/null", O_RDONLY | O_CLOEXEC), .out = out[1]};
		return;
	}
	assert_int_equal(pipe2(in, O_CLOEXEC), 0);
	harness->keyboard = in[1];
	*ends = (struct ends){.in = in[0], .out = out[1]};
}

static void send_config(int fd)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(1024);
	struct ipc_ui_config config = {.log_level = 1, .sandbox_flags = IPC_SANDBOX_ALLOW_WEAK};

	ipc_encode(IPC_UI_CONFIG, &config, &frame);
	assert_int_equal(write(fd, frame.data, frame.size), (ssize_t)frame.size);
}

void harness_start(struct harness *ret_harness, enum harness_input input)
{
	int channel[2], protocol[2];
	struct ends ends;
	struct buf payload BUF_CLEANUP = {0};
	struct ipc_ui_ready ready;
	struct error error;

	*ret_harness = (struct harness){0};
	buf_init(&ret_harness->shown, MOST);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, protocol), 0);
	if (input == HARNESS_TERMINAL)
		open_terminal(ret_harness, &ends);
	else
		open_pipes(ret_harness, &ends, input == HARNESS_NULL);
	ends.channel = channel[1];
	ends.protocol = protocol[1];
	ret_harness->channel = channel[0];
	ret_harness->protocol = protocol[0];
	fflush(NULL);
	ret_harness->child = fork();
	assert_true(ret_harness->child >= 0);
	if (ret_harness->child == 0)
		run_child(&ends);
	close(channel[1]);
	close(protocol[1]);
	if (input != HARNESS_TERMINAL) {
		close(ends.in);
		close(ends.out);
	}
	send_config(channel[0]);
	if (!ipc_receive_first(channel[0], IPC_ROLE_CORE, IPC_ROLE_UI, IPC_UI_READY, &payload, &ready, &error))
		fail_msg("%s", error.text);
}

int harness_end(struct harness *harness)
{
	int status = -1;

	if (harness->channel >= 0)
		close(harness->channel);
	for (int waited = 0; waited < PATIENCE_MS && waitpid(harness->child, &status, WNOHANG) == 0; waited += 10)
		usleep(10000);
	if (!WIFEXITED(status))
		kill(harness->child, SIGKILL);
	close(harness->protocol);
	close(harness->screen);
	if (harness->keyboard >= 0 && harness->keyboard != harness->screen)
		close(harness->keyboard);
	if (harness->terminal >= 0)
		close(harness->terminal);
	buf_free(&harness->shown);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

void harness_type(struct harness *harness, const char *text)
{
	assert_int_equal(write(harness->keyboard, text, strlen(text)), (ssize_t)strlen(text));
}

/* Reads what is there, waiting so long for it; false when nothing came. */
static bool read_more(int fd, int patience_ms, struct buf *buf)
{
	struct pollfd pollfd = {fd, POLLIN, 0};
	uint8_t *space = buf_reserve(buf, 65536);
	ssize_t got;

	assert_non_null(space);
	if (poll(&pollfd, 1, patience_ms) <= 0)
		return false;
	got = read(fd, space, 65536);
	if (got <= 0)
		return false;
	buf_commit(buf, (size_t)got);
	return true;
}

void harness_sees(struct harness *harness, const char *text)
{
	const char *found;

	while ((found = strstr(buf_text(&harness->shown), text)) == NULL)
		if (!read_more(harness->screen, PATIENCE_MS, &harness->shown))
			fail_msg("expected \"%s\" on the terminal, found:\n%s", text, buf_text(&harness->shown));
	buf_consume(&harness->shown, (size_t)(found - (const char *)harness->shown.data) + strlen(text));
}

void harness_sees_nothing(struct harness *harness)
{
	if (read_more(harness->screen, QUIET_MS, &harness->shown))
		fail_msg("expected silence, found:\n%s", buf_text(&harness->shown));
}

void harness_say(struct harness *harness, const char *json)
{
	assert_int_equal(write(harness->protocol, json, strlen(json)), (ssize_t)strlen(json));
}

void harness_hears(struct harness *harness, const char *json)
{
	struct buf heard BUF_CLEANUP = BUF_INIT(MOST);

	while (heard.size == 0 || heard.data[heard.size - 1] != '\n')
		if (!read_more(harness->protocol, PATIENCE_MS, &heard))
			fail_msg("expected the answer %s, found %s", json, buf_text(&heard));
	heard.size--;
	assert_string_equal(buf_text(&heard), json);
}

void harness_hears_nothing(struct harness *harness)
{
	struct buf heard BUF_CLEANUP = BUF_INIT(MOST);

	if (read_more(harness->protocol, QUIET_MS, &heard))
		fail_msg("expected no answer, found %s", buf_text(&heard));
}
