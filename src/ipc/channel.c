#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/memory.h"
#include "ipc/schema.h"

/* Read this much at a time at least; one read usually takes everything that is there. */
#define READ_SIZE  ((size_t)65536)
#define READ_LIMIT ((size_t)80 * 1024 * 1024)
/* A peer that leaves this much unread is stuck: the channel is closed. */
#define QUEUE_LIMIT ((size_t)256 * 1024 * 1024)
/* Sent bytes move out of the queue's way only when they are this many and half of it: a long queue is not moved for each write. */
#define SENT_MOST ((size_t)1024 * 1024)
/* Buffers that grew beyond this for one large message are given back as soon as they are empty. */
#define KEEP_SIZE   ((size_t)256 * 1024)
#define IN_FDS_MAX  64
#define OUT_FDS_MAX 1024
#define MESSAGE_MAX 256

struct queued_fd {
	size_t offset; /* of its frame in `out` */
	int fd;
};

struct ipc_channel {
	int fd;
	enum ipc_role self, peer;
	struct ipc_handlers handlers;
	void (*drained)(void *context); /* NULL: nobody asks */
	struct event *readable, *writable, *flush;
	struct buf in, out;
	size_t sent; /* of `out`, wiped already */
	struct queued_fd *out_fds;
	size_t out_fd_count, out_fd_capacity;
	int in_fds[IN_FDS_MAX];
	size_t in_fd_count;
	unsigned busy; /* calls into this file that are under way and will still look at the channel */
	bool paused, broken, dispatching, freed, flush_pending;
};

enum write_result { WRITE_DONE, WRITE_LATER, WRITE_GONE };

static void channel_destroy(struct ipc_channel *channel)
{
	for (size_t i = 0; i < channel->in_fd_count; i++)
		close(channel->in_fds[i]);
	for (size_t i = 0; i < channel->out_fd_count; i++)
		close(channel->out_fds[i].fd);
	free(channel->out_fds);
	buf_free(&channel->in);
	buf_free(&channel->out);
	free(channel);
}

/* Whatever calls a handler does so between these two: the handler may free the channel, which then goes in the last leave(). */
static void enter(struct ipc_channel *channel)
{
	channel->busy++;
}

static void leave(struct ipc_channel *channel)
{
	if (--channel->busy == 0 && channel->freed)
		channel_destroy(channel);
}

static void give_back_memory(struct buf *buf)
{
	if (buf->size == 0 && buf->capacity > KEEP_SIZE)
		buf_free(buf);
}

static void channel_break(struct ipc_channel *channel, const char *why)
{
	if (channel->broken)
		return;
	channel->broken = true;
	event_del(channel->readable);
	event_del(channel->writable);
	event_del(channel->flush);
	channel->handlers.closed(channel->handlers.context, why);
}

/* A caller's connection, and a user interface's pipe for passwords: which messages carry a descriptor is part of the schema. */
static bool type_carries_fd(uint32_t type)
{
	return type == IPC_GATE_OPENED || type == IPC_KEYS_SECRET_PIPE;
}

static int take_fd(struct ipc_channel *channel)
{
	int fd = channel->in_fds[0];

	channel->in_fd_count--;
	memmove(channel->in_fds, channel->in_fds + 1, channel->in_fd_count * sizeof(channel->in_fds[0]));
	return fd;
}

/* Says what is wrong with the frame at the front, NULL when nothing is. *ret_size: of its payload. */
static const char *check_header(const struct ipc_channel *channel, struct bytes stream, uint32_t *ret_type, size_t *ret_size)
{
	struct reader reader = reader_of(stream);
	uint32_t size = reader_u32(&reader);
	uint32_t type = reader_u32(&reader);
	const struct ipc_schema *entry = ipc_schema_of(type);

	*ret_type = type;
	*ret_size = size;
	if (entry == NULL)
		return "a message of unknown type";
	if (entry->from != channel->peer || entry->to != channel->self)
		return "a message that this role may not send";
	if (size > entry->most)
		return "a message over its size limit";
	return NULL;
}

static bool dispatch_one(struct ipc_channel *channel, struct bytes stream, size_t *ret_used)
{
	_Alignas(16) uint8_t message[MESSAGE_MAX];
	uint32_t type;
	size_t size;
	const char *wrong = check_header(channel, stream, &type, &size);
	int fd = -1;

	if (wrong == NULL && stream.size - IPC_HEADER_SIZE < size)
		return false;
	if (wrong == NULL && !ipc_decode((enum ipc_type)type, bytes_of(stream.data + IPC_HEADER_SIZE, size), message))
		wrong = "a malformed message";
	if (wrong == NULL && type_carries_fd(type)) {
		if (channel->in_fd_count == 0)
			wrong = "a message without the descriptor that belongs to it";
		else
			fd = take_fd(channel);
	}
	if (wrong != NULL) {
		channel_break(channel, wrong);
		return false;
	}
	*ret_used = IPC_HEADER_SIZE + size;
	channel->handlers.message(channel->handlers.context, (enum ipc_type)type, message, fd);
	return true;
}

static void dispatch_all(struct ipc_channel *channel)
{
	size_t done = 0;

	if (channel->dispatching)
		return;
	channel->dispatching = true;
	while (!channel->paused && !channel->broken && !channel->freed && channel->in.size - done >= IPC_HEADER_SIZE) {
		struct bytes stream = bytes_of(channel->in.data + done, channel->in.size - done);
		size_t used = 0;

		if (!dispatch_one(channel, stream, &used))
			break;
		done += used;
	}
	channel->dispatching = false;
	buf_consume(&channel->in, done);
	give_back_memory(&channel->in);
}

static bool keep_fds(struct ipc_channel *channel, struct msghdr *header)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c != NULL; c = CMSG_NXTHDR(header, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (channel->in_fd_count == IN_FDS_MAX) {
				close(fd);
				return false;
			}
			channel->in_fds[channel->in_fd_count++] = fd;
		}
	}
	return (header->msg_flags & MSG_CTRUNC) == 0;
}

/* How much room the frame at the front still needs, at least READ_SIZE. */
static size_t wanted_room(const struct ipc_channel *channel)
{
	uint32_t type;
	size_t size;

	if (channel->in.size < IPC_HEADER_SIZE || check_header(channel, buf_bytes(&channel->in), &type, &size) != NULL)
		return READ_SIZE;
	size_t missing = size + IPC_HEADER_SIZE > channel->in.size ? size + IPC_HEADER_SIZE - channel->in.size : 0;

	return missing > READ_SIZE ? missing : READ_SIZE;
}

static void read_some(struct ipc_channel *channel)
{
	size_t room = wanted_room(channel);
	uint8_t *space = buf_reserve(&channel->in, room);
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(4 * sizeof(int))];
	struct iovec vector = {space, room};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};

	if (space == NULL) {
		channel_break(channel, "too much at once");
		return;
	}
	ssize_t got = recvmsg(channel->fd, &header, MSG_CMSG_CLOEXEC);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		channel_break(channel, "closed");
		return;
	}
	if (!keep_fds(channel, &header)) {
		channel_break(channel, "too many descriptors");
		return;
	}
	buf_commit(&channel->in, (size_t)got);
	dispatch_all(channel);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct ipc_channel *channel = context;

	(void)fd;
	(void)what;
	enter(channel);
	read_some(channel);
	leave(channel);
}

static ssize_t write_with_fd(struct ipc_channel *channel, size_t size, int fd)
{
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof(int))] = {0};
	struct iovec vector = {channel->out.data + channel->sent, size};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof(control)};
	struct cmsghdr *c = CMSG_FIRSTHDR(&header);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(channel->fd, &header, MSG_NOSIGNAL);
}

static void drop_first_fd(struct ipc_channel *channel)
{
	close(channel->out_fds[0].fd);
	channel->out_fd_count--;
	memmove(channel->out_fds, channel->out_fds + 1, channel->out_fd_count * sizeof(channel->out_fds[0]));
}

static void count_sent(struct ipc_channel *channel, size_t size)
{
	bytes_wipe(channel->out.data + channel->sent, size);
	channel->sent += size;
	if (channel->sent < channel->out.size && (channel->sent < SENT_MOST || channel->sent < channel->out.size / 2))
		return;
	for (size_t i = 0; i < channel->out_fd_count; i++)
		channel->out_fds[i].offset -= channel->sent;
	buf_consume(&channel->out, channel->sent);
	channel->sent = 0;
	give_back_memory(&channel->out);
}

/* The kernel will not pass a descriptor now. As when it cannot be kept (ipc_channel_send_fd): the frame, none of which was sent, is left out. */
static void leave_out_first_fd(struct ipc_channel *channel)
{
	struct reader reader = reader_of(bytes_of(channel->out.data + channel->sent, channel->out.size - channel->sent));

	drop_first_fd(channel);
	count_sent(channel, IPC_HEADER_SIZE + (size_t)reader_u32(&reader));
}

/* One write: up to the next frame with a descriptor, since a descriptor travels with the first byte of its frame. */
static enum write_result write_some(struct ipc_channel *channel)
{
	bool with_fd = channel->out_fd_count > 0 && channel->out_fds[0].offset == channel->sent;
	size_t next = with_fd ? 1 : 0;
	size_t end = channel->out_fd_count > next ? channel->out_fds[next].offset : channel->out.size;
	size_t size = end - channel->sent;
	ssize_t put = with_fd ? write_with_fd(channel, size, channel->out_fds[0].fd)
	                      : send(channel->fd, channel->out.data + channel->sent, size, MSG_NOSIGNAL);

	if (put < 0 && with_fd && (errno == ETOOMANYREFS || errno == EMFILE || errno == ENFILE)) {
		leave_out_first_fd(channel);
		return WRITE_DONE;
	}
	if (put < 0)
		return errno == EAGAIN || errno == EINTR ? WRITE_LATER : WRITE_GONE;
	if (with_fd)
		drop_first_fd(channel);
	count_sent(channel, (size_t)put);
	return WRITE_DONE;
}

/* As much as goes without waiting. */
static enum write_result write_all(struct ipc_channel *channel)
{
	enum write_result result = WRITE_DONE;

	while (result == WRITE_DONE && channel->out.size > 0)
		result = write_some(channel);
	return result;
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct ipc_channel *channel = context;

	(void)fd;
	(void)what;
	channel->flush_pending = false;
	switch (write_all(channel)) {
	case WRITE_DONE:
		if (channel->drained != NULL) {
			enter(channel);
			channel->drained(channel->handlers.context);
			leave(channel);
		}
		break;
	case WRITE_LATER:
		event_add(channel->writable, NULL);
		break;
	case WRITE_GONE:
		enter(channel);
		channel_break(channel, "closed");
		leave(channel);
		break;
	}
}

struct ipc_channel *ipc_channel_new(
    struct event_base *base, int fd, enum ipc_role self, enum ipc_role peer, struct ipc_handlers handlers)
{
	struct ipc_channel *channel = memory_new(1, sizeof(*channel));

	evutil_make_socket_nonblocking(fd);
	evutil_make_socket_closeonexec(fd);
	channel->fd = fd;
	channel->self = self;
	channel->peer = peer;
	channel->handlers = handlers;
	buf_init(&channel->in, READ_LIMIT);
	buf_init(&channel->out, QUEUE_LIMIT);
	channel->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable, channel);
	channel->writable = event_new(base, fd, EV_WRITE, on_writable, channel);
	channel->flush = event_new(base, -1, 0, on_writable, channel);
	if (channel->readable == NULL || channel->writable == NULL || channel->flush == NULL ||
	    ipc_schema_message_max() > MESSAGE_MAX)
		abort();
	event_add(channel->readable, NULL);
	return channel;
}

void ipc_channel_free(struct ipc_channel *channel)
{
	if (channel == NULL)
		return;
	/* Whoever frees the channel wants to hear nothing more of it. */
	if (!channel->broken)
		write_all(channel);
	channel->broken = true;
	event_free(channel->readable);
	event_free(channel->writable);
	event_free(channel->flush);
	close(channel->fd);
	channel->freed = true;
	if (channel->busy == 0)
		channel_destroy(channel);
}

void ipc_channel_send(struct ipc_channel *channel, enum ipc_type type, const void *message)
{
	if (channel->broken)
		return;
	ipc_encode(type, message, &channel->out);
	if (!buf_ok(&channel->out)) {
		enter(channel);
		channel_break(channel, "the peer does not read");
		leave(channel);
		return;
	}
	if (!channel->flush_pending && !event_pending(channel->writable, EV_WRITE, NULL)) {
		channel->flush_pending = true;
		event_active(channel->flush, EV_TIMEOUT, 0);
	}
}

bool ipc_channel_send_fd(struct ipc_channel *channel, enum ipc_type type, const void *message, int fd)
{
	if (channel->broken)
		return true;
	if (channel->out_fd_count == OUT_FDS_MAX)
		return false;
	int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);

	if (copy < 0)
		return false;
	if (channel->out_fd_count == channel->out_fd_capacity) {
		void *array = channel->out_fds;

		memory_grow(&array, &channel->out_fd_capacity, channel->out_fd_count + 1, sizeof(channel->out_fds[0]));
		channel->out_fds = array;
	}
	channel->out_fds[channel->out_fd_count++] = (struct queued_fd){channel->out.size, copy};
	ipc_channel_send(channel, type, message);
	return true;
}

void ipc_channel_tell_drained(struct ipc_channel *channel, void (*drained)(void *context))
{
	channel->drained = drained;
}

size_t ipc_channel_queued(const struct ipc_channel *channel)
{
	return channel->out.size - channel->sent;
}

void ipc_channel_pause(struct ipc_channel *channel, bool paused)
{
	channel->paused = paused;
	if (channel->broken)
		return;
	if (paused) {
		event_del(channel->readable);
		return;
	}
	event_add(channel->readable, NULL);
	enter(channel);
	dispatch_all(channel);
	leave(channel);
}

static bool receive_exactly(int fd, struct buf *buf, size_t size, struct error *ret_error)
{
	uint8_t *space = buf_reserve(buf, size);
	size_t got = 0;

	while (space != NULL && got < size) {
		ssize_t n = read(fd, space + got, size - got);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_set(ret_error, ERROR_INTERNAL, "the signer ended before it said what to do");
		got += (size_t)n;
	}
	if (space == NULL)
		return error_set(ret_error, ERROR_INTERNAL, "the first message is too large");
	buf_commit(buf, size);
	return true;
}

bool ipc_receive_first(int fd, enum ipc_role self, enum ipc_role peer, enum ipc_type type, struct buf *ret_payload,
    void *ret_message, struct error *ret_error)
{
	const struct ipc_schema *entry = ipc_schema_of((uint32_t)type);
	struct reader reader;

	buf_init(ret_payload, READ_LIMIT);
	if (entry == NULL || entry->from != peer || entry->to != self)
		return error_set(ret_error, ERROR_INTERNAL, "%s is no first message for this role", ipc_type_name(type));
	if (!receive_exactly(fd, ret_payload, IPC_HEADER_SIZE, ret_error))
		return false;
	reader = reader_of(buf_bytes(ret_payload));
	uint32_t size = reader_u32(&reader);
	uint32_t found = reader_u32(&reader);

	if (found != (uint32_t)type || size > entry->most)
		return error_set(
		    ret_error, ERROR_INTERNAL, "expected %s as the first message, found type %u", entry->name, found);
	buf_reset(ret_payload);
	if (!receive_exactly(fd, ret_payload, size, ret_error))
		return false;
	if (!ipc_decode(type, buf_bytes(ret_payload), ret_message))
		return error_set(ret_error, ERROR_INTERNAL, "the first message %s is malformed", entry->name);
	return true;
}
