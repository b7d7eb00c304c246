/* The signer's socket clef.ipc: a connection for each call. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/memory.h"
#include "proxy/exchange.h"
#include "proxy/signer_private.h"

/* The signer's queue of new connections is full: tried again so often, after so many microseconds. */
#define ATTEMPTS 50
#define PAUSE_US 20000

struct unix_way {
	struct sockaddr_un address;
};

struct unix_call {
	struct signer_call *call;
	struct exchange exchange;
	struct event *again;
	int fd; /* while it is not connected; else -1 */
	unsigned attempts;
};

static void release(struct unix_call *carried)
{
	exchange_stop(&carried->exchange);
	event_free(carried->again);
	if (carried->fd >= 0)
		close(carried->fd);
	free(carried);
}

static void end(struct unix_call *carried)
{
	struct signer_call *call = carried->call;

	release(carried);
	signer_over(call);
}

static void on_ended(void *context, enum exchange_end how, struct bytes untrusted_payload, const struct error *error)
{
	struct unix_call *carried = context;
	struct error why;

	switch (how) {
	case EXCHANGE_ANSWER:
		signer_received(carried->call, untrusted_payload);
		break;
	case EXCHANGE_CUT:
		error_set(&why, ERROR_REFUSED, "the signer ended the connection without an answer");
		signer_failed(carried->call, &why);
		break;
	case EXCHANGE_BAD:
		why = *error;
		error_prefix(&why, "the signer's answer cannot be used");
		signer_failed(carried->call, &why);
		break;
	}
	end(carried);
}

/* The text goes to callers, web pages among them: which path it is, and with it who the user is, stands in the log only. */
static bool refuse_connection(const struct signer *signer, int failure, struct error *ret_error)
{
	const struct unix_way *way = signer->own;

	log_info(&signer->log, "the signer's socket %s: %s", way->address.sun_path, strerror(failure));
	switch (failure) {
	case ENOENT:
		return error_set(ret_error, ERROR_REFUSED, "no signer is there: its socket does not exist; start clef");
	case ECONNREFUSED:
		return error_set(ret_error, ERROR_REFUSED, "no signer listens on its socket; start clef");
	case EACCES:
		return error_set(ret_error, ERROR_REFUSED,
		    "the signer's socket is closed to the user who runs clef-proxy; run it as the user who runs clef");
	case EAGAIN:
		return error_set(ret_error, ERROR_REFUSED, "the signer is too busy to take the call; try again");
	default:
		return error_set_errno(ret_error, failure, "cannot reach the signer");
	}
}

/* 0, EAGAIN when it is to be tried again, or an errno. */
static int try_once(struct unix_call *carried)
{
	const struct unix_way *way = carried->call->signer->own;

	if (connect(carried->fd, (const struct sockaddr *)&way->address, sizeof(way->address)) != 0)
		return errno;
	int fd = carried->fd;
	carried->fd = -1;
	exchange_start(&carried->exchange, carried->call->signer->base, fd, fd, &carried->call->frame,
	    &carried->call->signer->receiving, on_ended, carried);
	return 0;
}

static void wait_a_moment(struct unix_call *carried)
{
	const struct timeval pause = {.tv_usec = PAUSE_US};

	event_add(carried->again, &pause);
}

static void on_again(evutil_socket_t fd, short what, void *context)
{
	struct unix_call *carried = context;
	struct error error;

	(void)fd;
	(void)what;
	int failure = try_once(carried);
	if (failure == EAGAIN && ++carried->attempts < ATTEMPTS) {
		wait_a_moment(carried);
	} else if (failure != 0) {
		refuse_connection(carried->call->signer, failure, &error);
		signer_failed(carried->call, &error);
		end(carried);
	}
}

static bool unix_start(struct signer_call *call, struct error *ret_error)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a socket to the signer");
	struct unix_call *carried = memory_new(1, sizeof(*carried));

	carried->call = call;
	carried->fd = fd;
	carried->again = evtimer_new(call->signer->base, on_again, carried);
	if (carried->again == NULL)
		memory_exhausted();
	call->carried = carried;
	int failure = try_once(carried);
	if (failure == EAGAIN)
		wait_a_moment(carried);
	if (failure == 0 || failure == EAGAIN)
		return true;
	release(carried);
	return refuse_connection(call->signer, failure, ret_error);
}

/* Closing is all that tells the signer; the rest of the call goes in the next turn of the loop. */
static void on_stopped(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	end(context);
}

static void unix_stop(struct signer_call *call)
{
	struct unix_call *carried = call->carried;

	exchange_stop(&carried->exchange);
	event_free(carried->again);
	carried->again = event_new(call->signer->base, -1, 0, on_stopped, carried);
	if (carried->again == NULL)
		memory_exhausted();
	event_active(carried->again, 0, 0);
}

static void unix_drop(struct signer_call *call)
{
	release(call->carried);
}

static void unix_free(struct signer *signer)
{
	free(signer->own);
}

bool signer_unix_open(struct signer *signer, const char *path, struct error *ret_error)
{
	static const struct signer_way way = {
	    .start = unix_start, .stop = unix_stop, .drop = unix_drop, .free = unix_free, .connects = true};
	BUF_CLEANUP struct buf whole = BUF_INIT(8192);
	struct unix_way *own;

	if (path[0] == '~' && path[1] == '/' && getenv("HOME") != NULL)
		buf_printf(&whole, "%s%s", getenv("HOME"), path + 1);
	else
		buf_put_text(&whole, path);
	if (!buf_ok(&whole) || whole.size == 0 || whole.size >= sizeof(own->address.sun_path))
		return error_set(ret_error, ERROR_PARAMS,
		    "--signer unix:%.200s: expected the path of the signer's socket, at most %zu bytes, as in --signer "
		    "unix:~/.clef/clef.ipc",
		    path, sizeof(own->address.sun_path) - 1);
	own = memory_new(1, sizeof(*own));
	own->address.sun_family = AF_UNIX;
	memcpy(own->address.sun_path, buf_text(&whole), whole.size);
	signer->way = &way;
	signer->own = own;
	return true;
}
