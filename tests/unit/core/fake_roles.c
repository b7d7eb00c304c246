#include "fake_roles.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/file.h"
#include "ipc/schema.h"

#define SECONDS  10
#define IN_LIMIT ((size_t)128 << 20)

/* ---- the roles, as processes ---- */

static void cut_last_name(char *path)
{
	char *slash = strrchr(path, '/');

	if (slash != NULL)
		*slash = 0;
}

/* TOP/keys is keys' folder, TOP/conf/clef.ipc the gate's socket. */
static bool find_top(const char *role, char *path, size_t size)
{
	struct sockaddr_un name = {0};
	socklen_t name_size = sizeof(name);

	if (strcmp(role, "--role=ui") == 0) {
		snprintf(path, size, "%s", getenv("TERM"));
		return true;
	}
	/* It has no descriptor that names TOP either; core, and so every role, runs there. */
	if (strcmp(role, "--role=proofs") == 0)
		return getcwd(path, size) != NULL;
	if (strcmp(role, "--role=keys") == 0) {
		ssize_t length = readlink("/proc/self/fd/4", path, size - 1);

		if (length < 0)
			return false;
		path[length] = 0;
		cut_last_name(path);
		return true;
	}
	if (getsockname(IPC_FD_GATE_LISTEN, (struct sockaddr *)&name, &name_size) != 0)
		return false;
	snprintf(path, size, "%s", name.sun_path);
	cut_last_name(path);
	cut_last_name(path);
	return true;
}

static bool pass_fd_with(int control, struct bytes bytes, int fd)
{
	_Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec vector = {(void *)(uintptr_t)bytes.data, bytes.size};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(control, &header, 0) == (ssize_t)bytes.size;
}

static bool pass_fd(int control, char name, int fd)
{
	return pass_fd_with(control, bytes_of(&name, 1), fd);
}

bool fake_role_main(int count, char *words[], int *ret_status)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	char top[sizeof(name.sun_path)];

	*ret_status = 1;
	if (count != 2 || strcmp(words[0], "clef") != 0)
		return false;
	char role = words[1][sizeof("--role=") - 1];
	int control = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!find_top(words[1], top, sizeof(top)))
		return true;
	if (snprintf(name.sun_path, sizeof(name.sun_path), "%s/control", top) >= (int)sizeof(name.sun_path))
		return true;
	if (connect(control, (struct sockaddr *)&name, sizeof(name)) != 0 || !pass_fd(control, role, IPC_FD_CHANNEL) ||
	    (role == 'u' && !pass_fd(control, 'p', IPC_FD_UI_PROTOCOL)))
		return true;
	if (role == 'u')
		close(IPC_FD_UI_PROTOCOL); /* the test's alone now */
	struct pollfd ends[2] = {{.fd = IPC_FD_CHANNEL}, {.fd = control, .events = POLLIN}};

	while (poll(ends, 2, -1) <= 0)
		continue;
	*ret_status = 0;
	return true;
}

/* ---- the frame of a test ---- */

static int open_control(const struct fake *fake)
{
	const struct timeval limit = {SECONDS, 0};
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s/control", fake->top);
	if (bind(fd, (struct sockaddr *)&name, sizeof(name)) != 0 || listen(fd, 4) != 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	return fd;
}

int fake_open(void **state)
{
	struct fake *fake = calloc(1, sizeof(*fake));

	assert_non_null(fake);
	signal(SIGPIPE, SIG_IGN);
	snprintf(fake->top, sizeof(fake->top), "/tmp/clef-core-XXXXXX");
	if (mkdtemp(fake->top) == NULL)
		return -1;
	snprintf(fake->configdir, sizeof(fake->configdir), "%s/conf", fake->top);
	snprintf(fake->keystore, sizeof(fake->keystore), "%s/keys", fake->top);
	snprintf(fake->audit, sizeof(fake->audit), "%s/audit.log", fake->top);
	fake->listener = open_control(fake);
	fake->options = (struct core_options){.keystore = fake->keystore,
	    .configdir = fake->configdir,
	    .chain_id = 1,
	    .log_level = 4,
	    .stdio_ui = true,
	    .secret_fd = -1,
	    .request_timeout_s = 120};
	fake->gate = fake->keys = fake->own_ui = fake->proofs =
	    (struct fake_role){.channel = -1, .control = -1, .in = BUF_INIT(IN_LIMIT)};
	fake->ui = -1;
	fake->connection = 1;
	buf_init(&fake->ui_in, IN_LIMIT);
	*state = fake;
	return fake->listener >= 0 ? 0 : -1;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void fake_die(struct fake_role *role)
{
	close_fd(&role->channel);
	close_fd(&role->control);
}

static void remove_name(const struct fake *fake, const char *name)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", fake->top, name);
	if (unlink(path) != 0)
		rmdir(path);
}

int fake_close(void **state)
{
	static const char *const names[] = {
	    "conf/clef.ipc", "conf", "keys", "qrexec/qrexec.sock", "qrexec", "control", "audit.log", "stderr", "password", "."};
	struct fake *fake = *state;

	if (fake->core > 0) {
		kill(fake->core, SIGKILL);
		waitpid(fake->core, NULL, 0);
	}
	fake_die(&fake->gate);
	fake_die(&fake->keys);
	fake_die(&fake->own_ui);
	fake_die(&fake->proofs);
	close_fd(&fake->ui);
	close_fd(&fake->listener);
	for (size_t i = 0; i + 1 < sizeof(names) / sizeof(names[0]); i++)
		remove_name(fake, names[i]);
	rmdir(fake->top);
	buf_free(&fake->gate.in);
	buf_free(&fake->keys.in);
	buf_free(&fake->own_ui.in);
	buf_free(&fake->proofs.in);
	buf_free(&fake->ui_in);
	free(fake);
	return 0;
}

static _Noreturn void run_core(struct fake *fake, int ui)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/stderr", fake->top);
	int log_fd = open(path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	dup2(ui, STDIN_FILENO);
	dup2(ui, STDOUT_FILENO);
	dup2(log_fd, STDERR_FILENO);
	setenv("TERM", fake->top, 1);
	closefrom(3);
	if (chdir(fake->top) != 0)
		_exit(1);
	_exit(core_main(&fake->options));
}

static int receive_channel(int control, char *ret_name)
{
	_Alignas(struct cmsghdr) uint8_t space[CMSG_SPACE(sizeof(int))];
	struct iovec vector = {ret_name, 1};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof(space)};
	int fd = -1;

	if (recvmsg(control, &header, MSG_CMSG_CLOEXEC) == 1 && CMSG_FIRSTHDR(&header) != NULL)
		memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof(fd));
	return fd;
}

static void accept_role(struct fake *fake)
{
	const struct timeval limit = {SECONDS, 0};
	int control = accept4(fake->listener, NULL, NULL, SOCK_CLOEXEC);
	char name = 0;

	assert_true(control >= 0);
	int channel = receive_channel(control, &name);

	assert_true(channel >= 0);
	setsockopt(channel, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	struct fake_role *role = name == 'g'   ? &fake->gate
	                         : name == 'u' ? &fake->own_ui
	                         : name == 'p' ? &fake->proofs
	                                       : &fake->keys;

	role->channel = channel;
	role->control = control;
	if (name != 'u')
		return;
	close(fake->ui);
	fake->ui = receive_channel(control, &name);
	assert_true(fake->ui >= 0);
	setsockopt(fake->ui, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

void fake_run(struct fake *fake)
{
	const struct timeval limit = {SECONDS, 0};
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fflush(NULL);
	fake->core = fork();
	assert_true(fake->core >= 0);
	if (fake->core == 0)
		run_core(fake, pair[1]);
	close(pair[1]);
	fake->ui = pair[0];
	setsockopt(fake->ui, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
}

void fake_start_unready(struct fake *fake)
{
	const struct ipc_proofs_ready ready = {7};

	fake_run(fake);
	for (int i = fake->options.stdio_ui ? 1 : 0; i < 4; i++)
		accept_role(fake);
	fake_expect(&fake->proofs, IPC_PROOFS_CONFIG);
	fake_send(&fake->proofs, IPC_PROOFS_READY, &ready);
	fake_expect(&fake->keys, IPC_KEYS_CONFIG);
	fake_expect(&fake->gate, IPC_GATE_CONFIG);
}

void fake_start(struct fake *fake)
{
	const struct ipc_gate_ready gate_ready = {7};
	const struct ipc_keys_ready keys_ready = {7, 1};

	fake_start_unready(fake);
	fake_send(&fake->gate, IPC_GATE_READY, &gate_ready);
	fake_send(&fake->keys, IPC_KEYS_READY, &keys_ready);
	if (!fake->options.stdio_ui) {
		const struct ipc_ui_ready ui_ready = {7};

		fake_expect(&fake->own_ui, IPC_UI_CONFIG);
		fake_send(&fake->own_ui, IPC_UI_READY, &ui_ready);
	}
	fake_ui_expect(fake, "ui_onSignerStartup");
}

int fake_wait(struct fake *fake)
{
	int status = -1;

	alarm(2 * SECONDS);
	assert_int_equal(waitpid(fake->core, &status, 0), fake->core);
	alarm(0);
	fake->core = 0;
	if (!WIFEXITED(status))
		print_error("core was ended by signal %d\n", WTERMSIG(status));
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

bool fake_logged(const struct fake *fake, const char *part)
{
	struct buf text BUF_CLEANUP = BUF_INIT(IN_LIMIT);
	char path[96];
	struct error error;

	snprintf(path, sizeof(path), "%s/stderr", fake->top);
	assert_true(file_read_at(AT_FDCWD, path, &text, &error));
	bool found = strstr(buf_text(&text), part) != NULL;

	if (!found)
		print_error("not in the log: %s\n%s\n", part, buf_text(&text));
	return found;
}

/* ---- frames ---- */

static void send_all(int fd, struct bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t put = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);

		assert_true(put > 0);
		bytes = bytes_of(bytes.data + put, bytes.size - (size_t)put);
	}
}

void fake_send(struct fake_role *role, enum ipc_type type, const void *message)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(IN_LIMIT);

	ipc_encode(type, message, &frame);
	if (type != IPC_GATE_OPENED) {
		send_all(role->channel, buf_bytes(&frame));
		return;
	}
	fail_msg("fake_send passes no descriptors");
}

static void read_until(int fd, struct buf *in, size_t size)
{
	while (in->size < size) {
		uint8_t *space = buf_reserve(in, 65536);

		assert_non_null(space);
		ssize_t got = recv(fd, space, 65536, 0);

		if (got <= 0)
			print_error("nothing came\n");
		assert_true(got > 0);
		buf_commit(in, (size_t)got);
	}
}

enum ipc_type fake_receive(struct fake_role *role)
{
	buf_consume(&role->in, role->used);
	role->used = 0;
	read_until(role->channel, &role->in, IPC_HEADER_SIZE);
	struct reader reader = reader_of(buf_bytes(&role->in));
	size_t size = reader_u32(&reader);
	enum ipc_type type = (enum ipc_type)reader_u32(&reader);

	read_until(role->channel, &role->in, IPC_HEADER_SIZE + size);
	role->used = IPC_HEADER_SIZE + size;
	assert_true(ipc_decode(type, bytes_of(role->in.data + IPC_HEADER_SIZE, size), role->message));
	return type;
}

const void *fake_expect(struct fake_role *role, enum ipc_type type)
{
	assert_string_equal(ipc_type_name(fake_receive(role)), ipc_type_name(type));
	return role->message;
}

void fake_call(struct fake *fake, uint64_t number, const char *method, const char *params)
{
	const struct ipc_gate_call call = {.call = number,
	    .connection = fake->connection,
	    .method = bytes_text(method),
	    .params = bytes_text(params),
	    .remote = bytes_text("NA"),
	    .qube = bytes_text(fake->qube != NULL ? fake->qube : ""),
	    .local = bytes_text("NA")};

	fake_send(&fake->gate, IPC_GATE_CALL, &call);
}

void fake_open_connection(struct fake *fake, int fd)
{
	const struct ipc_gate_opened opened = {.connection = fake->connection};
	struct buf frame BUF_CLEANUP = BUF_INIT(64);

	ipc_encode(IPC_GATE_OPENED, &opened, &frame);
	assert_true(pass_fd_with(fake->gate.channel, buf_bytes(&frame), fd));
}

void fake_expect_result(struct fake *fake, uint64_t number, const char *result)
{
	const struct ipc_gate_reply *reply = fake_expect(&fake->gate, IPC_GATE_REPLY);

	assert_int_equal(reply->call, number);
	assert_bytes_equal(reply->error, BYTES_NONE);
	assert_bytes_equal(reply->result, bytes_text(result));
}

void fake_expect_error(struct fake *fake, uint64_t number, int code, const char *part)
{
	const struct ipc_gate_reply *reply = fake_expect(&fake->gate, IPC_GATE_REPLY);
	char text[1024], start[32];

	assert_int_equal(reply->call, number);
	assert_int_equal(reply->result.size, 0);
	snprintf(text, sizeof(text), "%.*s", (int)reply->error.size, (const char *)reply->error.data);
	snprintf(start, sizeof(start), "{\"code\":%d,", code);
	if (strncmp(text, start, strlen(start)) != 0 || strstr(text, part) == NULL)
		print_error("found %s instead of %d %s\n", text, code, part);
	assert_int_equal(strncmp(text, start, strlen(start)), 0);
	assert_non_null(strstr(text, part));
}

void fake_settle(struct fake *fake)
{
	/* core looks at all its channels in each turn: what was there before the first reply was dealt with before the second. */
	for (uint64_t i = 0; i < 2; i++) {
		fake_call(fake, UINT64_MAX - i, "rpc_modules", "[]");
		fake_expect_result(fake, UINT64_MAX - i, "{\"account\":\"1.0\",\"rpc\":\"1.0\"}");
	}
}

void fake_assert_quiet(int fd)
{
	uint8_t byte;

	assert_true(recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) <= 0);
}

/* ---- the UI ---- */

const char *fake_ui_expect(struct fake *fake, const char *method)
{
	char part[64];
	const uint8_t *end;

	buf_consume(&fake->ui_in, fake->ui_used);
	fake->ui_used = 0;
	while (fake->ui_in.size == 0 || (end = memchr(fake->ui_in.data, '\n', fake->ui_in.size)) == NULL)
		read_until(fake->ui, &fake->ui_in, fake->ui_in.size + 1);
	size_t size = (size_t)(end - fake->ui_in.data);

	fake->ui_in.data[size] = 0;
	fake->ui_used = size + 1;
	const char *line = (const char *)fake->ui_in.data;

	snprintf(part, sizeof(part), "\"method\":\"%s\"", method != NULL ? method : "");
	if (method == NULL)
		assert_null(strstr(line, "\"method\":"));
	else if (strstr(line, part) == NULL)
		print_error("found %.200s instead of %s\n", line, method);
	assert_true(method == NULL || strstr(line, part) != NULL);
	return line;
}

unsigned long long fake_ui_id(const char *line)
{
	const char *id = strstr(line, "\"id\":");

	assert_non_null(id);
	return strtoull(id + 5, NULL, 10);
}

void fake_ui_say(struct fake *fake, const char *format, ...)
{
	struct buf text BUF_CLEANUP = BUF_INIT(IN_LIMIT);
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	send_all(fake->ui, buf_bytes(&text));
}

void fake_ui_answer(struct fake *fake, const char *line, const char *result)
{
	fake_ui_say(fake, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":%s}\n", fake_ui_id(line), result);
}
