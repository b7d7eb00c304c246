#include "keys/secret_pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"
#include "keys/secret_early.h"

#define HEADER_SIZE  12
#define MESSAGE_MOST (HEADER_SIZE + PASSWORD_MOST)
/* Then the event loop gets its turn: what core has to say is heard whatever comes here. */
#define READS_AT_ONCE 16

_Static_assert(MESSAGE_MOST < SECRET_SLOT_SIZE, "a message and one byte too many fit into a slot");

struct waiter {
	uint64_t request, question;
	password_done *done;
	void *context;
	struct waiter *next;
};

struct secret_pipe {
	int fd;
	bool socket;
	bool packets; /* a read gives one whole message */
	bool adopted; /* others have the same descriptor, and may change what is set on it */
	bool ended;
	struct secret_arena *arena;
	const struct log *log;
	struct event *event, *expiry;
	struct secret in; /* the message that is coming in */
	struct waiter *waiters;
	struct secret_early early;
	unsigned unasked; /* messages in a row that nobody waited for and nobody has asked for since */
};

static void on_readable(evutil_socket_t fd, short what, void *context);
static void on_expiry(evutil_socket_t fd, short what, void *context);

/* What tells when there is something to read. */
static bool check_kind(int fd, bool *ret_socket, struct error *ret_error)
{
	struct stat status;

	if (fstat(fd, &status) != 0)
		return error_set_errno(ret_error, errno, "the descriptor for passwords");
	*ret_socket = S_ISSOCK(status.st_mode);
	if (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))
		return true;
	return error_set(ret_error, ERROR_PARAMS, "expected a pipe or a socket, found %s",
	    S_ISREG(status.st_mode) ? "a regular file" : "something else");
}

static bool make(struct event_base *base, int fd, bool packets, struct secret_arena *arena, const struct log *log,
    struct secret_pipe **ret_pipe, struct error *ret_error)
{
	bool is_socket = false;

	if (!check_kind(fd, &is_socket, ret_error))
		return false;
	struct secret_pipe *pipe = memory_new(1, sizeof *pipe);
	pipe->fd = fd;
	pipe->socket = is_socket;
	pipe->arena = arena;
	pipe->log = log;
	pipe->packets = packets;
	pipe->event = event_new(base, fd, EV_READ, on_readable, pipe);
	pipe->expiry = evtimer_new(base, on_expiry, pipe);
	if (pipe->event == NULL || pipe->expiry == NULL)
		memory_exhausted();
	if (!secret_take(arena, &pipe->in, ret_error)) {
		secret_pipe_free(pipe);
		return false;
	}
	*ret_pipe = pipe;
	return true;
}

bool secret_pipe_new(struct event_base *base, int fd, struct secret_arena *arena, const struct log *log,
    struct secret_pipe **ret_pipe, struct error *ret_error)
{
	int type = 0;
	socklen_t size = sizeof type;
	bool packets = getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && (type == SOCK_SEQPACKET || type == SOCK_DGRAM);

	return make(base, fd, packets, arena, log, ret_pipe, ret_error) || error_prefix(ret_error, "--secret-fd");
}

bool secret_pipe_adopt(struct event_base *base, int fd, bool packets, struct secret_arena *arena, const struct log *log,
    struct secret_pipe **ret_pipe, struct error *ret_error)
{
	int flags = fcntl(fd, F_GETFL);

	if ((flags & O_ACCMODE) == O_WRONLY)
		return error_set(ret_error, ERROR_PARAMS, "expected the end of a pipe that can be read, found the other one");
	/*
	 * Whoever passed it may read from it, too, so that what was there is gone when we come. Whatever else they set (O_ASYNC, which the sandbox forbids) goes.
	 */
	if (flags < 0 || fcntl(fd, F_SETFL, O_NONBLOCK) != 0)
		return error_set_errno(ret_error, errno, "the descriptor for passwords");
	if (!make(base, fd, packets, arena, log, ret_pipe, ret_error))
		return false;
	(*ret_pipe)->adopted = true;
	return true;
}

void secret_pipe_free(struct secret_pipe *pipe)
{
	if (pipe == NULL)
		return;
	while (pipe->waiters != NULL)
		secret_pipe_withdraw(pipe, pipe->waiters->request);
	secret_early_wipe(&pipe->early);
	secret_release(&pipe->in);
	event_free(pipe->event);
	event_free(pipe->expiry);
	free(pipe);
}

void secret_pipe_end(struct secret_pipe *pipe, const char *why)
{
	struct error error;

	pipe->ended = true;
	event_del(pipe->event);
	bytes_wipe(pipe->in.data, SECRET_SLOT_SIZE);
	pipe->in.size = 0;
	error_set(&error, ERROR_REFUSED, "no password from the UI: %s", why);
	while (pipe->waiters != NULL) {
		struct waiter *waiter = pipe->waiters;
		pipe->waiters = waiter->next;
		waiter->done(waiter->context, (struct secret){0}, &error);
		free(waiter);
	}
}

static void end_pipe(struct secret_pipe *pipe, const char *why)
{
	log_warn(pipe->log, "no more passwords from the UI: %s", why);
	secret_pipe_end(pipe, why);
}

/* The first with this number; NULL when nobody waits for it. */
static struct waiter *take_waiter(struct secret_pipe *pipe, uint64_t number, bool by_question)
{
	for (struct waiter **at = &pipe->waiters; *at != NULL; at = &(*at)->next) {
		if ((by_question ? (*at)->question : (*at)->request) != number)
			continue;
		struct waiter *waiter = *at;
		*at = waiter->next;
		return waiter;
	}
	return NULL;
}

static uint64_t seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec;
}

static void expire(struct secret_pipe *pipe)
{
	uint64_t now = seconds_now();
	uint64_t next = secret_early_expire(&pipe->early, now);

	if (next != 0)
		evtimer_add(pipe->expiry, &(struct timeval){.tv_sec = (time_t)(next - now)});
}

static void on_expiry(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	expire(context);
}

static void deliver(struct secret_pipe *pipe, uint64_t question, struct bytes text)
{
	struct waiter *waiter = take_waiter(pipe, question, true);
	struct secret password = {0};
	struct error error;

	pipe->unasked = waiter == NULL ? pipe->unasked + 1 : 0;
	if (waiter == NULL) {
		if (secret_early_put(&pipe->early, pipe->arena, question, text, seconds_now()))
			expire(pipe);
		else
			log_warn(pipe->log, "a password for question %llu of the UI, which nobody asks any more, was thrown away",
			    (unsigned long long)question);
		return;
	}
	secret_early_done(&pipe->early, question);
	bool ok = secret_take(pipe->arena, &password, &error) && secret_set(&password, text);
	waiter->done(waiter->context, password, ok ? NULL : &error);
	free(waiter);
}

/* Size of the message that begins in the slot: so much is to be read; 0 when it is malformed. */
static size_t message_size(const struct secret *in)
{
	struct reader reader = reader_of(secret_bytes(in));

	if (in->size < HEADER_SIZE)
		return HEADER_SIZE;
	reader_u64(&reader);
	size_t size = reader_u32(&reader);
	return size <= PASSWORD_MOST ? HEADER_SIZE + size : 0;
}

/* One whole message lies in the slot. */
static void take_message(struct secret_pipe *pipe)
{
	struct reader reader = reader_of(secret_bytes(&pipe->in));
	uint64_t question = reader_u64(&reader);
	size_t size = reader_u32(&reader);

	deliver(pipe, question, reader_bytes(&reader, size));
	bytes_wipe(pipe->in.data, SECRET_SLOT_SIZE);
	pipe->in.size = 0;
}

static bool is_ready(int fd)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};

	return poll(&poll_fd, 1, 0) > 0;
}

/* Must never wait: whoever passed the descriptor can make it blocking again, and read what was there before we do. */
static ssize_t read_now(const struct secret_pipe *pipe, uint8_t *ret_data, size_t size)
{
	if (pipe->socket)
		return recv(pipe->fd, ret_data, size, MSG_DONTWAIT);
	if (pipe->adopted && fcntl(pipe->fd, F_SETFL, O_NONBLOCK) != 0)
		return -1;
	return read(pipe->fd, ret_data, size);
}

/* One read. False: the pipe ended. */
static bool read_some(struct secret_pipe *pipe)
{
	struct secret *in = &pipe->in;
	/* Of a packet one byte more than allowed, so that a longer one shows; of a stream never more than this message. */
	size_t want = pipe->packets ? MESSAGE_MOST + 1 : message_size(in) - in->size;
	ssize_t got = read_now(pipe, in->data + in->size, want);

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	if (got <= 0) {
		end_pipe(pipe, got == 0 ? "it closed the descriptor" : strerror(errno));
		return false;
	}
	in->size += (size_t)got;
	size_t whole = message_size(in);
	if (whole == 0 || (pipe->packets && in->size != whole)) {
		end_pipe(pipe, "a malformed message came");
		return false;
	}
	if (in->size >= HEADER_SIZE && in->size == whole)
		take_message(pipe);
	if (pipe->unasked >= SECRET_PIPE_UNASKED_MOST) {
		end_pipe(pipe, "it sent too many that nobody asked for");
		return false;
	}
	return true;
}

static void wait_for_message(struct secret_pipe *pipe)
{
	if (pipe->waiters != NULL && !pipe->ended && event_add(pipe->event, NULL) != 0)
		end_pipe(pipe, "its descriptor cannot be watched");
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct secret_pipe *pipe = context;

	(void)what;
	/* What was sent for later questions stays in the kernel until somebody asks. */
	for (unsigned i = 0; i < READS_AT_ONCE && pipe->waiters != NULL && is_ready(fd); i++) {
		if (!read_some(pipe))
			return;
	}
	wait_for_message(pipe);
}

void secret_pipe_ask(struct secret_pipe *pipe, uint64_t request, uint64_t question, password_done *done, void *context)
{
	struct secret password;
	struct error error;

	if (secret_early_take(&pipe->early, question, &password)) {
		secret_early_done(&pipe->early, question);
		pipe->unasked = 0;
		done(context, password, NULL);
		return;
	}
	if (pipe->ended) {
		error_set(&error, ERROR_REFUSED, "no password from the UI: it closed the descriptor");
		done(context, (struct secret){0}, &error);
		return;
	}
	struct waiter *waiter = memory_new(1, sizeof *waiter);
	*waiter =
	    (struct waiter){.request = request, .question = question, .done = done, .context = context, .next = pipe->waiters};
	pipe->waiters = waiter;
	wait_for_message(pipe);
}

void secret_pipe_withdraw(struct secret_pipe *pipe, uint64_t request)
{
	struct waiter *waiter = take_waiter(pipe, request, false);

	if (waiter != NULL)
		secret_early_done(&pipe->early, waiter->question);
	free(waiter);
	if (pipe->waiters == NULL)
		event_del(pipe->event);
}
