/* The channel between two roles: what a peer that is hostile, slow, or gone can do to it, and handlers that free it. */
#include "../base/testing.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "ipc/schema.h"
#include "memory_search.h"

#define MIB ((size_t)1 << 20)

/* core's end of a channel to a gate; the gate's end is a plain socket. What core got is written down as text. */
struct near {
	struct event_base *base;
	struct ipc_channel *channel;
	int far;
	struct buf seen; /* "NAME number;" for each message, then "closed: why;" */
	struct buf payloads;
	unsigned closed;
	unsigned free_after, pause_after; /* messages, 0: never */
	unsigned messages;
	bool free_when_closed;
};

static uint64_t first_number(const void *message)
{
	uint64_t number;

	memcpy(&number, message, sizeof(number));
	return number;
}

static void free_channel(struct near *near)
{
	ipc_channel_free(near->channel);
	near->channel = NULL;
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct near *near = context;
	uint64_t value = 0;

	buf_printf(&near->seen, "%s %llu", ipc_type_name(type), (unsigned long long)first_number(message));
	if (fd >= 0) {
		assert_int_equal(read(fd, &value, sizeof(value)), sizeof(value));
		buf_printf(&near->seen, " with %llu", (unsigned long long)value);
		close(fd);
	}
	buf_put_text(&near->seen, ";");
	if (type == IPC_GATE_CALL)
		buf_put_bytes(&near->payloads, ((const struct ipc_gate_call *)message)->params);
	near->messages++;
	if (near->messages == near->pause_after)
		ipc_channel_pause(near->channel, true);
	if (near->messages == near->free_after)
		free_channel(near);
}

static void on_closed(void *context, const char *why)
{
	struct near *near = context;

	near->closed++;
	buf_printf(&near->seen, "closed: %s;", why);
	if (near->free_when_closed)
		free_channel(near);
}

static struct ipc_handlers handlers_of(struct near *near)
{
	return (struct ipc_handlers){.message = on_message, .closed = on_closed, .context = near};
}

static int open_near(void **state)
{
	struct near *near = calloc(1, sizeof(*near));
	int pair[2];

	assert_non_null(near);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	buf_init(&near->seen, MIB);
	buf_init(&near->payloads, 64 * MIB);
	near->base = event_base_new();
	near->far = pair[1];
	near->channel = ipc_channel_new(near->base, pair[0], IPC_ROLE_CORE, IPC_ROLE_GATE, handlers_of(near));
	*state = near;
	return 0;
}

static int close_near(void **state)
{
	struct near *near = *state;

	ipc_channel_free(near->channel);
	event_base_free(near->base);
	if (near->far >= 0)
		close(near->far);
	buf_free(&near->seen);
	buf_free(&near->payloads);
	free(near);
	return 0;
}

/* Everything that can be done without waiting. */
static void turn(struct near *near)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(near->base, EVLOOP_NONBLOCK);
}

static void send_raw(const struct near *near, struct bytes bytes)
{
	assert_int_equal(send(near->far, bytes.data, bytes.size, MSG_NOSIGNAL), bytes.size);
}

static void send_raw_with_fds(const struct near *near, struct bytes bytes, const int *fds, size_t count)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(16 * sizeof(int))] = {0};
	struct iovec vector = {(void *)(uintptr_t)bytes.data, bytes.size};
	struct msghdr header = {
	    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = CMSG_SPACE(count * sizeof(int))};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(c), fds, count * sizeof(int));
	assert_int_equal(sendmsg(near->far, &header, MSG_NOSIGNAL), bytes.size);
}

static void assert_seen(struct near *near, const char *expected)
{
	assert_string_equal(buf_text(&near->seen), expected);
	buf_reset(&near->seen);
}

static void put_closed(struct buf *frame, uint64_t number)
{
	const struct ipc_gate_closed message = {number};

	ipc_encode(IPC_GATE_CLOSED, &message, frame);
}

static void put_call(struct buf *frame, uint64_t number, struct bytes params)
{
	const struct ipc_gate_call message = {.call = number, .method = bytes_text("account_list"), .params = params};

	ipc_encode(IPC_GATE_CALL, &message, frame);
}

static void put_header(struct buf *frame, uint32_t size, uint32_t type)
{
	buf_put_u32(frame, size);
	buf_put_u32(frame, type);
}

/* ---- framing ---- */

static void test_a_message_cut_at_every_byte(void **state)
{
	struct near *near = *state;
	struct buf frame BUF_CLEANUP = BUF_INIT(MIB);

	put_call(&frame, 7, bytes_text("[1,2]"));
	for (size_t cut = 1; cut < frame.size; cut++) {
		send_raw(near, bytes_of(frame.data, cut));
		turn(near);
		assert_int_equal(near->seen.size, 0);
		send_raw(near, bytes_of(frame.data + cut, frame.size - cut));
		turn(near);
		assert_seen(near, "GATE_CALL 7;");
		assert_bytes_equal(buf_bytes(&near->payloads), bytes_text("[1,2]"));
		buf_reset(&near->payloads);
	}
}

static void test_byte_by_byte(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(MIB);

	put_call(&frames, 1, bytes_text("[]"));
	put_closed(&frames, 2);
	for (size_t i = 0; i < frames.size; i++) {
		send_raw(near, bytes_of(frames.data + i, 1));
		turn(near);
	}
	assert_seen(near, "GATE_CALL 1;GATE_CLOSED 2;");
}

static void test_many_messages_in_one_write(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(MIB);

	for (uint64_t i = 0; i < 4; i++)
		put_closed(&frames, i);
	send_raw(near, buf_bytes(&frames));
	turn(near);
	assert_seen(near, "GATE_CLOSED 0;GATE_CLOSED 1;GATE_CLOSED 2;GATE_CLOSED 3;");
}

static void test_random_messages_cut_at_random_places(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(4 * MIB), expected BUF_CLEANUP = BUF_INIT(4 * MIB);
	uint8_t params[3000];
	uint64_t seed = UINT64_C(0x6368616e6e656c);

	for (size_t i = 0; i < sizeof(params); i++)
		params[i] = (uint8_t)random_next(&seed);
	for (uint64_t i = 0; i < 500; i++) {
		struct bytes part = bytes_of(params, random_below(&seed, sizeof(params)));

		put_call(&frames, i, part);
		buf_put_bytes(&expected, part);
	}
	for (size_t at = 0; at < frames.size;) {
		size_t size = 1 + random_below(&seed, 5000);

		size = size < frames.size - at ? size : frames.size - at;
		send_raw(near, bytes_of(frames.data + at, size));
		turn(near);
		at += size;
	}
	assert_int_equal(near->messages, 500);
	assert_bytes_equal(buf_bytes(&near->payloads), buf_bytes(&expected));
}

/* ---- breaches ---- */

struct breach {
	const char *name;
	uint32_t size, type;
	const char *why;
};

static void test_a_breach_is_seen_in_the_header_alone(void **state)
{
	static const struct breach breaches[] = {
	    {"no such type", 0, 0, "closed: a message of unknown type;"},
	    {"type beyond the last", 8, IPC_TYPES, "closed: a message of unknown type;"},
	    {"type with its high bit set", 8, 0x80000000u | IPC_GATE_CLOSED, "closed: a message of unknown type;"},
	    {"from core itself", 8, IPC_GATE_STOP, "closed: a message that this role may not send;"},
	    {"from another role", 8, IPC_KEYS_SIGNED, "closed: a message that this role may not send;"},
	    {"to another role", 8, IPC_KEYS_SIGN, "closed: a message that this role may not send;"},
	    {"over its limit", 65, IPC_GATE_CLOSED, "closed: a message over its size limit;"},
	    {"largest size", 0xffffffff, IPC_GATE_CALL, "closed: a message over its size limit;"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(breaches) / sizeof(breaches[0]); i++) {
		struct buf frame BUF_CLEANUP = BUF_INIT(64);
		struct near *near;

		open_near((void **)&near);
		put_closed(&frame, 1); /* what came before a breach still counts */
		put_header(&frame, breaches[i].size, breaches[i].type);
		send_raw(near, buf_bytes(&frame));
		turn(near);
		buf_reset(&frame);
		buf_printf(&frame, "GATE_CLOSED 1;%s", breaches[i].why);
		assert_seen(near, buf_text(&frame));
		send_raw(near, LITERAL("\0\0\0\x08"));
		turn(near);
		assert_int_equal(near->closed, 1);
		close_near((void **)&near);
	}
}

static void test_a_malformed_payload(void **state)
{
	static const struct {
		uint32_t size;
		struct bytes payload;
	} cases[] = {
	    {0, {NULL, 0}},
	    {7, {(const uint8_t *)"\0\0\0\0\0\0\0", 7}},
	    {9, {(const uint8_t *)"\0\0\0\0\0\0\0\0\0", 9}},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf frame BUF_CLEANUP = BUF_INIT(64);
		struct near *near;

		open_near((void **)&near);
		put_header(&frame, cases[i].size, IPC_GATE_CLOSED);
		buf_put_bytes(&frame, cases[i].payload);
		send_raw(near, buf_bytes(&frame));
		turn(near);
		assert_seen(near, "closed: a malformed message;");
		close_near((void **)&near);
	}
}

static void test_nothing_is_handed_out_after_a_breach(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(64);

	put_header(&frames, 8, IPC_TYPES);
	put_closed(&frames, 1);
	send_raw(near, buf_bytes(&frames));
	turn(near);
	send_raw(near, buf_bytes(&frames));
	turn(near);
	ipc_channel_pause(near->channel, true);
	ipc_channel_pause(near->channel, false);
	assert_seen(near, "closed: a message of unknown type;");
	assert_int_equal(near->messages, 0);
}

static void test_the_peer_leaves_in_the_middle_of_a_message(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(64);

	put_closed(&frames, 1);
	put_closed(&frames, 2);
	send_raw(near, bytes_of(frames.data, frames.size - 1));
	close(near->far);
	near->far = -1;
	turn(near);
	assert_seen(near, "GATE_CLOSED 1;closed: closed;");
}

/* ---- descriptors ---- */

static size_t count_fds(void)
{
	DIR *folder = opendir("/proc/self/fd");
	size_t count = 0;

	assert_non_null(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

/* The gate's end as a channel of its own. */
static struct ipc_channel *far_channel(struct near *near, struct near *far)
{
	*far = (struct near){.base = near->base, .far = -1};
	buf_init(&far->seen, MIB);
	far->channel = ipc_channel_new(near->base, near->far, IPC_ROLE_GATE, IPC_ROLE_CORE, handlers_of(far));
	near->far = -1;
	return far->channel;
}

static bool send_opened(struct ipc_channel *channel, uint64_t number)
{
	const struct ipc_gate_opened message = {number};
	int fd = eventfd((unsigned)number, EFD_CLOEXEC | EFD_NONBLOCK);

	assert_true(fd >= 0);
	bool sent = ipc_channel_send_fd(channel, IPC_GATE_OPENED, &message, fd);

	close(fd);
	return sent;
}

/* A burst of connections while core is busy: far more than one write takes, between calls of all sizes. Each comes with its own descriptor. */
static void test_each_descriptor_stays_with_its_message(void **state)
{
	struct near *near = *state, far;
	struct buf expected BUF_CLEANUP = BUF_INIT(MIB);
	struct ipc_channel *channel = far_channel(near, &far);
	size_t before = count_fds();
	static const char blank[20000];

	for (uint64_t i = 1; i <= 300; i++) {
		struct ipc_gate_call call = {.call = i, .params = bytes_of(blank, (size_t)(i * 67 % sizeof(blank)))};

		assert_true(send_opened(channel, i));
		buf_printf(&expected, "GATE_OPENED %llu with %llu;", (unsigned long long)i, (unsigned long long)i);
		if (i % 3 == 0)
			continue;
		ipc_channel_send(channel, IPC_GATE_CALL, &call);
		buf_printf(&expected, "GATE_CALL %llu;", (unsigned long long)i);
	}
	for (int i = 0; i < 2000 && near->messages < 500; i++)
		event_base_loop(near->base, EVLOOP_NONBLOCK);
	assert_string_equal(buf_text(&near->seen), buf_text(&expected));
	assert_int_equal(ipc_channel_queued(channel), 0);
	assert_int_equal(count_fds(), before);
	ipc_channel_free(channel);
	buf_free(&far.seen);
}

static void test_queued_descriptors_are_closed_with_the_channel(void **state)
{
	struct near *near = *state, far;
	size_t before = count_fds();
	struct ipc_channel *channel = far_channel(near, &far);
	static const char blank[600000];
	struct ipc_gate_call call = {.params = bytes_of(blank, sizeof(blank))};

	ipc_channel_send(channel, IPC_GATE_CALL, &call); /* so much that the rest has to wait */
	for (uint64_t i = 1; i <= 100; i++)
		assert_true(send_opened(channel, i));
	ipc_channel_free(channel);
	buf_free(&far.seen);
	assert_int_equal(count_fds(), before - 1);
}

static void send_without_descriptors_left(void *argument)
{
	struct near *near = argument, far;
	struct ipc_channel *channel = far_channel(near, &far);
	const struct ipc_gate_opened message = {5};
	const struct rlimit few = {64, 64};

	if (setrlimit(RLIMIT_NOFILE, &few) != 0)
		_exit(3);
	while (dup(0) >= 0)
		continue;
	if (ipc_channel_send_fd(channel, IPC_GATE_OPENED, &message, 0))
		_exit(1);
	struct ipc_gate_closed closed = {6};

	ipc_channel_send(channel, IPC_GATE_CLOSED, &closed);
	turn(near);
	_exit(far.closed == 0 && strcmp(buf_text(&near->seen), "GATE_CLOSED 6;") == 0 ? 0 : 2);
}

/* The kernel counts what a user has on its way: more than he may have open, and it passes no more (ETOOMANYREFS). root may. */
static void send_with_too_many_on_their_way(void *argument)
{
	struct near *near = argument, far;
	struct ipc_channel *channel = far_channel(near, &far);
	const struct rlimit few = {64, 64};
	int pair[2];
	union {
		struct cmsghdr header;
		uint8_t room[CMSG_SPACE(sizeof(int))];
	} control = {.header = {.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))}};
	char byte = 0;
	struct iovec vector = {&byte, 1};
	struct msghdr header = {
	    .msg_iov = &vector, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof(control.room)};

	memset(CMSG_DATA(&control.header), 0, sizeof(int));
	if (setrlimit(RLIMIT_NOFILE, &few) != 0 || (getuid() == 0 && setresuid(65534, 65534, 65534) != 0) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) != 0)
		_exit(3);
	for (unsigned i = 0; i < 200 && sendmsg(pair[0], &header, MSG_NOSIGNAL) > 0; i++)
		continue;
	if (errno != ETOOMANYREFS)
		_exit(4);
	struct ipc_gate_closed closed = {6};

	send_opened(channel, 5);
	send_opened(channel, 7);
	ipc_channel_send(channel, IPC_GATE_CLOSED, &closed);
	turn(near);
	_exit(far.closed == 0 && strcmp(buf_text(&near->seen), "GATE_CLOSED 6;") == 0 ? 0 : 2);
}

static void test_a_descriptor_that_the_kernel_does_not_pass_is_not_the_end(void **state)
{
#ifdef CLEF_WEAK_SANDBOX_BUILD
	skip(); /* valgrind keeps descriptors back for itself */
#endif
	assert_exits_with(run_in_child(send_with_too_many_on_their_way, *state), 0);
}

static void test_no_descriptor_left_is_not_the_end(void **state)
{
#ifdef CLEF_WEAK_SANDBOX_BUILD
	skip(); /* valgrind keeps descriptors back for itself */
#endif
	assert_exits_with(run_in_child(send_without_descriptors_left, *state), 0);
}

static void test_so_many_descriptors_that_more_are_refused(void **state)
{
	struct near *near = *state, far;
	struct ipc_channel *channel = far_channel(near, &far);
	struct rlimit many;
	uint64_t sent = 0;

	assert_int_equal(getrlimit(RLIMIT_NOFILE, &many), 0);
	many.rlim_cur = many.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &many), 0);
	assert_true(many.rlim_cur > 2500);
	while (sent < 2000 && send_opened(channel, sent + 1))
		sent++;
	assert_in_range(sent, 512, 1999); /* the connections that a gate has at once, and no end of them */
	assert_int_equal(far.closed, 0);
	for (int i = 0; i < 5000 && near->messages < sent; i++)
		event_base_loop(near->base, EVLOOP_NONBLOCK);
	assert_int_equal(near->messages, sent);
	assert_true(send_opened(channel, 1));
	ipc_channel_free(channel);
	buf_free(&far.seen);
}

static void test_a_message_without_its_descriptor(void **state)
{
	struct near *near = *state;
	struct buf frame BUF_CLEANUP = BUF_INIT(64);
	const struct ipc_gate_opened message = {1};

	ipc_encode(IPC_GATE_OPENED, &message, &frame);
	send_raw(near, buf_bytes(&frame));
	turn(near);
	assert_seen(near, "closed: a message without the descriptor that belongs to it;");
}

static void test_descriptors_that_nobody_asked_for(void **state)
{
	struct near *near = *state;
	const int fds[4] = {0, 1, 2, 0};
	size_t before = count_fds();

	for (uint64_t i = 0; i < 16; i++) {
		struct buf frame BUF_CLEANUP = BUF_INIT(64);

		put_closed(&frame, i);
		send_raw_with_fds(near, buf_bytes(&frame), fds, 4);
		turn(near);
	}
	assert_int_equal(near->messages, 16);
	struct buf frame BUF_CLEANUP = BUF_INIT(64);

	put_closed(&frame, 16);
	send_raw_with_fds(near, buf_bytes(&frame), fds, 1);
	for (int i = 0; i < 4; i++)
		turn(near);
	assert_int_equal(near->closed, 1);
	assert_int_equal(near->messages, 16);
	free_channel(near);
	assert_int_equal(count_fds(), before - 1);
}

static void test_more_descriptors_than_one_message_may_have(void **state)
{
	struct near *near = *state;
	const int fds[8] = {0};
	size_t before = count_fds();
	struct buf frame BUF_CLEANUP = BUF_INIT(64);

	put_closed(&frame, 1);
	send_raw_with_fds(near, buf_bytes(&frame), fds, 8);
	turn(near);
	assert_seen(near, "closed: too many descriptors;");
	free_channel(near);
	assert_int_equal(count_fds(), before - 1);
}

/* ---- slow peers ---- */

static void test_a_paused_channel_hands_out_nothing(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(MIB);

	for (uint64_t i = 1; i <= 5; i++)
		put_closed(&frames, i);
	near->pause_after = 2;
	send_raw(near, buf_bytes(&frames));
	turn(near);
	assert_seen(near, "GATE_CLOSED 1;GATE_CLOSED 2;");
	send_raw(near, buf_bytes(&frames));
	turn(near);
	assert_int_equal(near->seen.size, 0);
	ipc_channel_pause(near->channel, false);
	assert_seen(near, "GATE_CLOSED 3;GATE_CLOSED 4;GATE_CLOSED 5;");
	turn(near);
	assert_int_equal(near->messages, 10);
}

static void test_freed_while_resuming(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(MIB);

	for (uint64_t i = 1; i <= 3; i++)
		put_closed(&frames, i);
	near->pause_after = 1;
	near->free_after = 2;
	send_raw(near, buf_bytes(&frames));
	turn(near);
	ipc_channel_pause(near->channel, false);
	assert_null(near->channel);
	assert_seen(near, "GATE_CLOSED 1;GATE_CLOSED 2;");
}

static size_t read_all(struct near *near, struct buf *ret_content)
{
	uint8_t *block = malloc(MIB);
	size_t total = 0;

	assert_non_null(block);
	for (;;) {
		ssize_t got = recv(near->far, block, MIB, MSG_DONTWAIT);

		if (got <= 0)
			break;
		total += (size_t)got;
		if (ret_content != NULL)
			buf_put(ret_content, block, (size_t)got);
		turn(near);
	}
	free(block);
	return total;
}

static void test_a_peer_that_reads_late_gets_everything(void **state)
{
	struct near *near = *state;
	struct buf expected BUF_CLEANUP = BUF_INIT(64 * MIB), found BUF_CLEANUP = BUF_INIT(64 * MIB);
	uint8_t *large = malloc(3 * MIB);
	uint64_t seed = 99;

	assert_non_null(large);
	for (size_t i = 0; i < 3 * MIB; i++)
		large[i] = (uint8_t)random_next(&seed);
	for (uint64_t i = 0; i < 5; i++) {
		struct ipc_gate_reply reply = {.call = i, .result = bytes_of(large, 3 * MIB - (size_t)i)};

		ipc_encode(IPC_GATE_REPLY, &reply, &expected);
		ipc_channel_send(near->channel, IPC_GATE_REPLY, &reply);
		turn(near);
	}
	assert_in_range(ipc_channel_queued(near->channel), 14 * MIB, expected.size);
	read_all(near, &found);
	assert_bytes_equal(buf_bytes(&found), buf_bytes(&expected));
	assert_int_equal(ipc_channel_queued(near->channel), 0);
	free(large);
}

static void test_a_peer_that_never_reads(void **state)
{
	struct near *near = *state;
	size_t size = 60 * MIB;
	void *large = calloc(1, size);
	struct ipc_gate_reply reply = {.result = bytes_of(large, size)};

	assert_non_null(large);
	near->free_when_closed = true;
	for (int i = 0; i < 6 && near->channel != NULL; i++)
		ipc_channel_send(near->channel, IPC_GATE_REPLY, &reply);
	assert_seen(near, "closed: the peer does not read;");
	free(large);
}

/* ---- freeing ---- */

static void test_freed_in_its_message_handler(void **state)
{
	struct near *near = *state;
	struct buf frames BUF_CLEANUP = BUF_INIT(MIB);

	for (uint64_t i = 1; i <= 3; i++)
		put_closed(&frames, i);
	near->free_after = 2;
	send_raw(near, buf_bytes(&frames));
	turn(near);
	assert_seen(near, "GATE_CLOSED 1;GATE_CLOSED 2;");
	assert_int_equal(near->closed, 0);
}

static void test_freed_in_its_closed_handler(void **state)
{
	struct near *near = *state;
	struct buf frame BUF_CLEANUP = BUF_INIT(64);

	near->free_when_closed = true;
	put_header(&frame, 0, 0);
	send_raw(near, buf_bytes(&frame));
	turn(near);
	assert_null(near->channel);
	assert_seen(near, "closed: a message of unknown type;");
}

static void test_freed_when_the_peer_is_gone(void **state)
{
	struct near *near = *state;

	near->free_when_closed = true;
	close(near->far);
	near->far = -1;
	turn(near);
	assert_null(near->channel);
	assert_seen(near, "closed: closed;");
}

/* The write fails before anything is read. */
static void test_freed_when_a_write_fails(void **state)
{
	struct near *near = *state;
	const struct ipc_gate_stop stop = {0};

	near->free_when_closed = true;
	ipc_channel_pause(near->channel, true);
	ipc_channel_send(near->channel, IPC_GATE_STOP, &stop);
	close(near->far);
	near->far = -1;
	turn(near);
	assert_null(near->channel);
	assert_seen(near, "closed: closed;");
}

static void test_freeing_sends_what_is_queued(void **state)
{
	struct near *near = *state;
	const struct ipc_gate_stop stop = {3};
	struct buf expected BUF_CLEANUP = BUF_INIT(64), found BUF_CLEANUP = BUF_INIT(64);

	ipc_channel_send(near->channel, IPC_GATE_STOP, &stop);
	free_channel(near);
	ipc_encode(IPC_GATE_STOP, &stop, &expected);
	read_all(near, &found);
	assert_bytes_equal(buf_bytes(&found), buf_bytes(&expected));
	assert_int_equal(near->closed, 0);
}

static void test_freeing_is_quiet_when_the_peer_is_gone(void **state)
{
	struct near *near = *state;
	const struct ipc_gate_stop stop = {3};

	ipc_channel_send(near->channel, IPC_GATE_STOP, &stop);
	close(near->far);
	near->far = -1;
	free_channel(near);
	assert_int_equal(near->closed, 0);
}

static void test_sending_on_a_broken_channel(void **state)
{
	struct near *near = *state;
	const struct ipc_gate_stop stop = {3};

	close(near->far);
	near->far = -1;
	turn(near);
	for (int i = 0; i < 3; i++) {
		ipc_channel_send(near->channel, IPC_GATE_STOP, &stop);
		turn(near);
	}
	assert_int_equal(near->closed, 1);
	assert_int_equal(ipc_channel_queued(near->channel), 0);
}

/* ---- secrets ---- */

/* core hands a password to keys, which reads part of it at a time. */
static void test_a_secret_is_gone_once_it_is_sent(void **state)
{
	struct near *near = *state;
	struct needle needle = needle_new();
	static const char blank[2000000];
	struct ipc_gate_reply filler = {.result = bytes_of(blank, sizeof(blank))};
	struct ipc_gate_reply secret = {.result = needle_bytes(&needle)};

	ipc_channel_send(near->channel, IPC_GATE_REPLY, &filler);
	ipc_channel_send(near->channel, IPC_GATE_REPLY, &secret);
	ipc_channel_send(near->channel, IPC_GATE_REPLY, &filler);
	turn(near);
	assert_int_equal(needle_count(&needle), 1);
	while (ipc_channel_queued(near->channel) > 1500000) {
		uint8_t block[4096];

		assert_true(recv(near->far, block, sizeof(block), 0) > 0);
		bytes_wipe(block, sizeof(block));
		turn(near);
	}
	assert_int_equal(needle_count(&needle), 0);
	needle_free(&needle);
}

static void test_a_secret_is_gone_once_it_is_handed_out(void **state)
{
	struct near *near = *state;
	struct needle needle = needle_new();
	struct buf frame BUF_CLEANUP = BUF_INIT(4096);

	near->payloads.limit = 0; /* keeps none of it */
	put_call(&frame, 1, needle_bytes(&needle));
	put_closed(&frame, 2);
	send_raw(near, bytes_of(frame.data, frame.size - 1)); /* the end of the second message is missing */
	buf_free(&frame);
	assert_int_equal(needle_count(&needle), 0);
	turn(near);
	assert_seen(near, "GATE_CALL 1;");
	assert_int_equal(needle_count(&needle), 0);
	needle_free(&needle);
}

/* ---- the first message of a role ---- */

static bool receive_first(
    struct near *near, struct bytes stream, struct ipc_gate_config *ret_config, struct buf *ret_payload, struct error *ret_error)
{
	int pair[2];

	(void)near;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(write(pair[0], stream.data, stream.size), stream.size);
	close(pair[0]);
	bool ok = ipc_receive_first(pair[1], IPC_ROLE_GATE, IPC_ROLE_CORE, IPC_GATE_CONFIG, ret_payload, ret_config, ret_error);

	close(pair[1]);
	return ok;
}

static void test_the_first_message(void **state)
{
	const struct ipc_gate_config config = {1, 3, 0, bytes_text("a,b")};
	struct buf frame BUF_CLEANUP = BUF_INIT(1024), payload BUF_CLEANUP = {0};
	struct ipc_gate_config found;
	struct error error;

	ipc_encode(IPC_GATE_CONFIG, &config, &frame);
	assert_true(receive_first(*state, buf_bytes(&frame), &found, &payload, &error));
	assert_int_equal(found.log_level, 3);
	assert_bytes_equal(found.vhosts, bytes_text("a,b"));
	for (size_t size = 0; size < frame.size; size++) {
		struct buf rest BUF_CLEANUP = {0};

		assert_false(receive_first(*state, bytes_of(frame.data, size), &found, &rest, &error));
		assert_string_equal(error.text, "the signer ended before it said what to do");
	}
}

static void test_another_first_message(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(1024), payload BUF_CLEANUP = {0};
	const struct ipc_gate_stop stop = {0};
	struct ipc_gate_config found;
	struct error error;

	ipc_encode(IPC_GATE_STOP, &stop, &frame);
	assert_false(receive_first(*state, buf_bytes(&frame), &found, &payload, &error));
	assert_non_null(strstr(error.text, "expected GATE_CONFIG as the first message"));
	buf_reset(&frame);
	buf_free(&payload);
	put_header(&frame, 70000, IPC_GATE_CONFIG);
	assert_false(receive_first(*state, buf_bytes(&frame), &found, &payload, &error));
	buf_reset(&frame);
	buf_free(&payload);
	put_header(&frame, 4, IPC_GATE_CONFIG);
	buf_put_u32(&frame, 1);
	assert_false(receive_first(*state, buf_bytes(&frame), &found, &payload, &error));
	assert_string_equal(error.text, "the first message GATE_CONFIG is malformed");
	buf_free(&payload);
	/* A role that waits for what nobody sends to it. */
	assert_false(ipc_receive_first(-1, IPC_ROLE_UI, IPC_ROLE_CORE, IPC_GATE_CONFIG, &payload, &found, &error));
	assert_non_null(strstr(error.text, "is no first message for this role"));
}

#define NEAR(test) cmocka_unit_test_setup_teardown(test, open_near, close_near)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    NEAR(test_a_message_cut_at_every_byte),
	    NEAR(test_byte_by_byte),
	    NEAR(test_many_messages_in_one_write),
	    NEAR(test_random_messages_cut_at_random_places),
	    cmocka_unit_test(test_a_breach_is_seen_in_the_header_alone),
	    cmocka_unit_test(test_a_malformed_payload),
	    NEAR(test_nothing_is_handed_out_after_a_breach),
	    NEAR(test_the_peer_leaves_in_the_middle_of_a_message),
	    NEAR(test_each_descriptor_stays_with_its_message),
	    NEAR(test_queued_descriptors_are_closed_with_the_channel),
	    NEAR(test_a_descriptor_that_the_kernel_does_not_pass_is_not_the_end),
	    NEAR(test_no_descriptor_left_is_not_the_end),
	    NEAR(test_so_many_descriptors_that_more_are_refused),
	    NEAR(test_a_message_without_its_descriptor),
	    NEAR(test_descriptors_that_nobody_asked_for),
	    NEAR(test_more_descriptors_than_one_message_may_have),
	    NEAR(test_a_paused_channel_hands_out_nothing),
	    NEAR(test_freed_while_resuming),
	    NEAR(test_a_peer_that_reads_late_gets_everything),
	    NEAR(test_a_peer_that_never_reads),
	    NEAR(test_freed_in_its_message_handler),
	    NEAR(test_freed_in_its_closed_handler),
	    NEAR(test_freed_when_the_peer_is_gone),
	    NEAR(test_freed_when_a_write_fails),
	    NEAR(test_freeing_sends_what_is_queued),
	    NEAR(test_freeing_is_quiet_when_the_peer_is_gone),
	    NEAR(test_sending_on_a_broken_channel),
	    NEAR(test_a_secret_is_gone_once_it_is_sent),
	    NEAR(test_a_secret_is_gone_once_it_is_handed_out),
	    NEAR(test_the_first_message),
	    NEAR(test_another_first_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
