#include "harness.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/memory.h"
#include "gate/gate_main.h"

#define WAITING_MAX 4096

struct harness {
	enum ipc_transport transport;
	pid_t pid;
	struct sockaddr_storage address;
	socklen_t address_size;
	char folder[64];
	pthread_t thread;
	struct event_base *base;
	struct ipc_channel *channel;
	struct event *orders; /* a byte on this pipe: see enum order */
	int order_fds[2];
	atomic_int ready, calls, withdrawn, opened, closed;
	atomic_bool ended;
	uint64_t waiting[WAITING_MAX];
	size_t waiting_count;
};

enum order { RELEASE = 'r', STOP = 's', QUIT = 'q', UI_IS_THERE = '1', NO_UI_IS_THERE = '0' };

struct late {
	struct harness *harness;
	uint64_t call;
};

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- the toy core: all of this runs in its thread ---- */

static void answer(struct harness *harness, uint64_t call, struct bytes result, struct bytes error)
{
	const struct ipc_gate_reply reply = {.call = call, .result = result, .error = error};

	ipc_channel_send(harness->channel, IPC_GATE_REPLY, &reply);
}

static void put_member(struct buf *buf, const char *name, struct bytes value)
{
	buf_printf(buf, "%s\"%s\":", buf->size == 1 ? "" : ",", name);
	json_put_string(buf, value);
}

static void answer_echo(struct harness *harness, const struct ipc_gate_call *call)
{
	struct buf result BUF_CLEANUP = BUF_INIT(64 * 1024 * 1024);

	buf_put_u8(&result, '{');
	put_member(&result, "params", call->params);
	put_member(&result, "remote", call->remote);
	put_member(&result, "qube", call->qube);
	put_member(&result, "local", call->local);
	put_member(&result, "user_agent", call->user_agent);
	put_member(&result, "origin", call->origin);
	buf_printf(&result, ",\"connection\":%llu}", (unsigned long long)call->connection);
	answer(harness, call->call, buf_bytes(&result), BYTES_NONE);
}

static void answer_big(struct harness *harness, const struct ipc_gate_call *call, size_t size)
{
	char *text = malloc(size + 2);

	memset(text, 'x', size + 2);
	text[0] = text[size + 1] = '"';
	answer(harness, call->call, bytes_of(text, size + 2), BYTES_NONE);
	free(text);
}

static void on_late(evutil_socket_t fd, short what, void *context)
{
	struct late *late = context;

	(void)fd;
	(void)what;
	answer(late->harness, late->call, bytes_text("null"), BYTES_NONE);
	free(late);
}

static void answer_late(struct harness *harness, const struct ipc_gate_call *call, long milliseconds)
{
	const struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};
	struct late *late = memory_new(1, sizeof *late);

	*late = (struct late){harness, call->call};
	event_base_once(harness->base, -1, EV_TIMEOUT, on_late, late, &time);
}

static void on_call(struct harness *harness, const struct ipc_gate_call *call)
{
	char *params = memory_text(call->params);
	long argument = params[0] == '[' ? strtol(params + 1, NULL, 10) : 0;
	char count[32];

	snprintf(count, sizeof count, "%d", atomic_fetch_add(&harness->calls, 1));
	if (bytes_equal_text(call->method, "account_version"))
		answer(harness, call->call, bytes_text("\"6.1.0\""), BYTES_NONE);
	else if (bytes_equal_text(call->method, "echo"))
		answer_echo(harness, call);
	else if (bytes_equal_text(call->method, "count"))
		answer(harness, call->call, bytes_text(count), BYTES_NONE);
	else if (bytes_equal_text(call->method, "big"))
		answer_big(harness, call, (size_t)argument);
	else if (bytes_equal_text(call->method, "late"))
		answer_late(harness, call, argument);
	else if (bytes_equal_text(call->method, "wait") && harness->waiting_count < WAITING_MAX)
		harness->waiting[harness->waiting_count++] = call->call;
	else
		answer(harness, call->call, BYTES_NONE, bytes_text("{\"code\":-32601,\"message\":\"no such method\"}"));
	free(params);
}

static bool peer_is_this_process(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid == getpid();
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct harness *harness = context;

	if (type == IPC_GATE_CALL)
		on_call(harness, message);
	else if (type == IPC_GATE_WITHDRAW)
		atomic_fetch_add(&harness->withdrawn, 1);
	else if (type == IPC_GATE_OPENED && peer_is_this_process(fd))
		atomic_fetch_add(&harness->opened, 1);
	else if (type == IPC_GATE_CLOSED)
		atomic_fetch_add(&harness->closed, 1);
	else if (type == IPC_GATE_READY)
		atomic_store(&harness->ready, 1);
	if (fd >= 0)
		close(fd);
}

static void on_closed(void *context, const char *why)
{
	struct harness *harness = context;

	(void)why;
	atomic_store(&harness->ended, true);
	event_base_loopbreak(harness->base);
}

static void on_order(evutil_socket_t fd, short what, void *context)
{
	struct harness *harness = context;
	const struct ipc_gate_stop stop = {0};
	char order = QUIT;

	(void)what;
	if (read(fd, &order, 1) != 1 || order == QUIT)
		event_base_loopbreak(harness->base);
	if (order == STOP)
		ipc_channel_send(harness->channel, IPC_GATE_STOP, &stop);
	if (order == UI_IS_THERE || order == NO_UI_IS_THERE)
		ipc_channel_send(harness->channel, IPC_GATE_UI, &(struct ipc_gate_ui){order == UI_IS_THERE});
	for (size_t i = 0; order == RELEASE && i < harness->waiting_count; i++)
		answer(harness, harness->waiting[i], bytes_text("\"released\""), BYTES_NONE);
	if (order == RELEASE)
		harness->waiting_count = 0;
}

static void *core_thread(void *context)
{
	struct harness *harness = context;

	event_base_dispatch(harness->base);
	ipc_channel_free(harness->channel);
	return NULL;
}

/* ---- start and end ---- */

static int listen_tcp(struct harness *harness)
{
	struct sockaddr_in *address = (struct sockaddr_in *)&harness->address;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address->sin_family = AF_INET;
	address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	harness->address_size = sizeof *address;
	if (bind(fd, (struct sockaddr *)address, sizeof *address) != 0)
		return -1;
	return getsockname(fd, (struct sockaddr *)address, &harness->address_size) == 0 ? fd : -1;
}

static int listen_unix(struct harness *harness)
{
	struct sockaddr_un *address = (struct sockaddr_un *)&harness->address;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	strcpy(harness->folder, "/tmp/clef-gate-test-XXXXXX");
	if (mkdtemp(harness->folder) == NULL)
		return -1;
	address->sun_family = AF_UNIX;
	snprintf(address->sun_path, sizeof address->sun_path, "%s/socket", harness->folder);
	harness->address_size = sizeof *address;
	return bind(fd, (struct sockaddr *)address, sizeof *address) == 0 ? fd : -1;
}

_Noreturn static void become_gate(int channel, int listening)
{
	int high_channel = dup2(channel, 100);
	int high_listening = dup2(listening, 101);

	dup2(high_channel, IPC_FD_CHANNEL);
	dup2(high_listening, IPC_FD_GATE_LISTEN);
	for (int fd = IPC_FD_GATE_LISTEN + 1; fd < 256; fd++)
		close(fd);
	exit(gate_main());
}

struct harness *harness_start(enum ipc_transport transport, const char *vhosts)
{
	const struct ipc_gate_config config = {.transport = transport, .log_level = 2, .vhosts = bytes_text(vhosts)};
	struct harness *harness = memory_new(1, sizeof *harness);
	int pair[2];

	harness->transport = transport;
	int listening = transport == IPC_TRANSPORT_HTTP ? listen_tcp(harness) : listen_unix(harness);
	assert_true(listening >= 0 && listen(listening, 1024) == 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	harness->pid = fork();
	if (harness->pid == 0)
		become_gate(pair[1], listening);
	close(pair[1]);
	close(listening);
	harness->base = event_base_new();
	const struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = harness};
	harness->channel = ipc_channel_new(harness->base, pair[0], IPC_ROLE_CORE, IPC_ROLE_GATE, handlers);
	ipc_channel_send(harness->channel, IPC_GATE_CONFIG, &config);
	assert_int_equal(pipe(harness->order_fds), 0);
	harness->orders = event_new(harness->base, harness->order_fds[0], EV_READ | EV_PERSIST, on_order, harness);
	event_add(harness->orders, NULL);
	assert_int_equal(pthread_create(&harness->thread, NULL, core_thread, harness), 0);
	for (int i = 0; i < 2000 && atomic_load(&harness->ready) == 0; i++)
		usleep(1000);
	assert_int_equal(atomic_load(&harness->ready), 1);
	return harness;
}

static void give_order(struct harness *harness, enum order order)
{
	char c = (char)order;

	assert_int_equal(write(harness->order_fds[1], &c, 1), 1);
}

void harness_end(struct harness *harness, int expected_status)
{
	int status = 0;

	give_order(harness, QUIT);
	pthread_join(harness->thread, NULL);
	assert_int_equal(waitpid(harness->pid, &status, 0), harness->pid);
	event_free(harness->orders);
	event_base_free(harness->base);
	close(harness->order_fds[0]);
	close(harness->order_fds[1]);
	if (harness->transport != IPC_TRANSPORT_HTTP) {
		unlink(((struct sockaddr_un *)&harness->address)->sun_path);
		rmdir(harness->folder);
	}
	free(harness);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected_status)
		fail_msg("the gate ended with wait status %x", (unsigned)status);
}

int harness_calls(struct harness *harness)
{
	return atomic_load(&harness->calls);
}

int harness_withdrawn(struct harness *harness)
{
	return atomic_load(&harness->withdrawn);
}

int harness_opened(struct harness *harness)
{
	return atomic_load(&harness->opened);
}

int harness_closed(struct harness *harness)
{
	return atomic_load(&harness->closed);
}

int harness_pid(struct harness *harness)
{
	return harness->pid;
}

void harness_await(struct harness *harness, int (*counter)(struct harness *), int value)
{
	for (int i = 0; i < 2000 && counter(harness) < value; i++)
		usleep(1000);
	assert_int_equal(counter(harness), value);
}

void harness_release(struct harness *harness)
{
	give_order(harness, RELEASE);
}

void harness_stop(struct harness *harness)
{
	give_order(harness, STOP);
}

void harness_tell_ui(struct harness *harness, bool attached)
{
	give_order(harness, attached ? UI_IS_THERE : NO_UI_IS_THERE);
}

long harness_gone(struct harness *harness)
{
	long start = now_ms();

	while (!atomic_load(&harness->ended) && now_ms() - start < 20000)
		usleep(1000);
	return now_ms() - start;
}

/* ---- clients ---- */

int client_connect(struct harness *harness)
{
	int fd = socket(harness->address.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&harness->address, harness->address_size) != 0)
		fail_msg("no connection");
	return fd;
}

void client_send_bytes(int fd, struct bytes bytes)
{
	while (bytes.size > 0) {
		ssize_t put = send(fd, bytes.data, bytes.size, MSG_NOSIGNAL);

		if (put <= 0)
			return;
		bytes = bytes_of(bytes.data + put, bytes.size - (size_t)put);
	}
}

void client_send(int fd, const char *text)
{
	client_send_bytes(fd, bytes_text(text));
}

void client_finish(int fd)
{
	shutdown(fd, SHUT_WR);
}

/* One read, at most until `end`; 0: closed. */
static ssize_t read_some(int fd, char *space, size_t size, long end)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	long left = end - now_ms();

	if (left <= 0 || poll(&readable, 1, (int)left) == 0)
		fail_msg("nothing came in time");
	ssize_t got = recv(fd, space, size, 0);
	return got < 0 ? 0 : got;
}

static int count_of(const char *text, const char *part)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part))
		count++;
	return count;
}

static char *read_until(int fd, const char *part, int times, long end)
{
	size_t size = 0, capacity = 65536;
	char *text = calloc(1, capacity + 1);

	while (part == NULL || count_of(text, part) < times) {
		if (size == capacity) {
			capacity *= 4;
			text = realloc(text, capacity + 1);
		}
		ssize_t got = read_some(fd, text + size, capacity - size, end);
		if (got == 0 && part == NULL)
			return text;
		if (got == 0)
			fail_msg("closed after: %s", text);
		size += (size_t)got;
		text[size] = 0;
	}
	return text;
}

char *client_read(int fd, const char *part, int times)
{
	return read_until(fd, part, times, now_ms() + 5000);
}

char *client_read_all(int fd)
{
	return read_until(fd, NULL, 0, now_ms() + 5000);
}

void client_expect_silence(int fd, int milliseconds)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};

	assert_int_equal(poll(&readable, 1, milliseconds), 0);
}

void client_expect(struct harness *harness, const char *text, const char *part)
{
	int fd = client_connect(harness);

	client_send(fd, text);
	char *reply = client_read_all(fd);
	if (strstr(reply, part) == NULL)
		fail_msg("sent: %s\nexpected: %s\ngot: %s", text, part, reply);
	free(reply);
	close(fd);
}
