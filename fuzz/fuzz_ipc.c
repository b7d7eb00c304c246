/*
 * What a role that was taken over may send: the first byte chooses the receiver, the rest is the stream. Every payload that decodes encodes to the
 * same bytes again, and a channel hands out the same however the stream is cut.
 */
#include "target.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ipc/schema.h"

#define INPUT_MAX 200000

/* What a channel handed out, as a text to compare, and what it ends with. */
struct outcome {
	struct buf seen;
	bool closed;
};

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct outcome *outcome = context;

	fuzz_require(!outcome->closed);
	buf_printf(&outcome->seen, "%d%s", (int)type, fd >= 0 ? "!" : "");
	ipc_encode(type, message, &outcome->seen);
	if (fd >= 0)
		close(fd);
}

static void on_closed(void *context, const char *why)
{
	struct outcome *outcome = context;

	fuzz_require(!outcome->closed);
	outcome->closed = true;
	buf_put_text(&outcome->seen, why);
}

static void turn(struct event_base *base)
{
	event_base_loop(base, EVLOOP_NONBLOCK);
}

static void send_piece(struct event_base *base, const struct outcome *outcome, int fd, struct bytes piece)
{
	while (piece.size > 0 && !outcome->closed) {
		ssize_t put = send(fd, piece.data, piece.size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put > 0)
			piece = bytes_of(piece.data + put, piece.size - (size_t)put);
		turn(base);
	}
	turn(base);
}

/* One message with a descriptor, so that those of its kind can be reached. */
static void send_with_fd(struct event_base *base, int fd)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
	struct buf frame BUF_CLEANUP = BUF_INIT(64);
	const struct ipc_gate_opened opened = {1};

	ipc_encode(IPC_GATE_OPENED, &opened, &frame);
	struct iovec vector = {frame.data, frame.size};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	sendmsg(fd, &header, MSG_NOSIGNAL);
	turn(base);
}

static void run_channel(uint8_t choice, struct bytes stream, size_t cut, struct outcome *outcome)
{
	static const enum ipc_role pairs[][2] = {{IPC_ROLE_CORE, IPC_ROLE_GATE}, {IPC_ROLE_CORE, IPC_ROLE_KEYS},
	    {IPC_ROLE_CORE, IPC_ROLE_UI}, {IPC_ROLE_GATE, IPC_ROLE_CORE}, {IPC_ROLE_KEYS, IPC_ROLE_CORE},
	    {IPC_ROLE_UI, IPC_ROLE_CORE}, {IPC_ROLE_CORE, IPC_ROLE_PROOFS}, {IPC_ROLE_PROOFS, IPC_ROLE_CORE},
	    {IPC_ROLE_CORE, IPC_ROLE_SELECTORS}, {IPC_ROLE_SELECTORS, IPC_ROLE_CORE}};
	const enum ipc_role *roles = pairs[choice % (sizeof(pairs) / sizeof(pairs[0]))];
	struct event_base *base = event_base_new();
	int pair[2];

	fuzz_require(base != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	struct ipc_channel *channel = ipc_channel_new(base, pair[0], roles[0], roles[1],
	    (struct ipc_handlers){.message = on_message, .closed = on_closed, .context = outcome});

	if ((choice & 0x80) != 0)
		send_with_fd(base, pair[1]);
	send_piece(base, outcome, pair[1], bytes_of(stream.data, cut));
	send_piece(base, outcome, pair[1], bytes_of(stream.data + cut, stream.size - cut));
	close(pair[1]);
	turn(base);
	turn(base);
	fuzz_require(outcome->closed);
	ipc_channel_free(channel);
	event_base_free(base);
}

/* The input as one payload of every type. */
static void run_payload(struct bytes payload)
{
	for (uint32_t type = IPC_NONE; type <= IPC_TYPES; type++) {
		_Alignas(16) uint8_t message[512];
		struct buf frame BUF_CLEANUP = BUF_INIT(INPUT_MAX + IPC_HEADER_SIZE);

		if (!ipc_decode((enum ipc_type)type, payload, message) || payload.size > ipc_schema_of(type)->most)
			continue;
		ipc_encode((enum ipc_type)type, message, &frame);
		fuzz_require(frame.size == IPC_HEADER_SIZE + payload.size);
		fuzz_require(payload.size == 0 || memcmp(frame.data + IPC_HEADER_SIZE, payload.data, payload.size) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct outcome whole = {.seen = BUF_INIT((size_t)4 * INPUT_MAX)}, cut = {.seen = BUF_INIT((size_t)4 * INPUT_MAX)};

	if (size == 0 || size > INPUT_MAX)
		return 0;
	struct bytes stream = bytes_of(data + 1, size - 1);

	run_payload(stream);
	run_channel(data[0], stream, 0, &whole);
	run_channel(data[0], stream, stream.size / 2, &cut);
	fuzz_require(bytes_equal(buf_bytes(&whole.seen), buf_bytes(&cut.seen)));
	buf_free(&whole.seen);
	buf_free(&cut.seen);
	return 0;
}
