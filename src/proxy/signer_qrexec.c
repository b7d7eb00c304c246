/*
 * The signer in another qube: a child "qrexec-client-vm TARGET qubes.Clefsign" for each call, started by the helper process (spawner.h).
 *
 * Its standard input stays open until the answer is there: for the service the end of its input means that the caller is gone. After the answer, or when the caller is
 * gone, both its ends are closed; it then has a moment to end by itself before it is told to. A call counts as running until its child has ended, since
 * qrexec counts it for so long, too.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "ipc/qube_name.h"
#include "proxy/exchange.h"
#include "proxy/qrexec_status.h"
#include "proxy/signer_private.h"
#include "proxy/spawner.h"

#define CLIENT  "qrexec-client-vm"
#define SERVICE "qubes.Clefsign"
/* The child gets nothing of our environment: what it needs are the hypervisor's devices and the agent's socket. */
#define CHILD_PATH "PATH=/usr/local/bin:/usr/bin:/bin"
/* Of what a child says on its standard error, the rest is dropped: a pipe half full at a time, so that one that never stops costs us little. Its pipe is not closed, since that
 * would end a child that talks much and answers well. */
#define ERRORS_KEPT     ((size_t)400)
#define ERRORS_READ     ((size_t)32768)
#define ERRORS_PAUSE_US 25000
/* From closing its input to SIGTERM, and from there to SIGKILL. */
#define MOMENT_S 3

struct qrexec_way {
	char *words[4];
	char *environment[2];
	int channel;
	struct event *said; /* the helper says something */
};

struct qrexec_call {
	struct signer_call *call;
	struct exchange exchange;
	struct event *errors, *more_errors, *impatience;
	int errors_fd;
	struct buf said;
	unsigned signals; /* so many were sent */
	enum { OPEN, TOLD, GONE } state;
};

/* ---- the child's life ---- */

static void release(struct qrexec_call *carried)
{
	exchange_stop(&carried->exchange);
	event_free(carried->errors);
	event_free(carried->more_errors);
	event_free(carried->impatience);
	close(carried->errors_fd);
	buf_free(&carried->said);
	free(carried);
}

static bool tell_helper(struct qrexec_call *carried, enum spawner_kind kind, int value, const int *fds)
{
	const struct qrexec_way *way = carried->call->signer->own;
	const struct spawner_message message = {.kind = kind, .run = carried->call->number, .value = value};

	return spawner_send(way->channel, &message, fds);
}

static void give_it_a_moment(struct qrexec_call *carried)
{
	const struct timeval moment = {.tv_sec = MOMENT_S};

	event_add(carried->impatience, &moment);
}

static void on_impatience(evutil_socket_t fd, short what, void *context)
{
	struct qrexec_call *carried = context;

	(void)fd;
	(void)what;
	if (tell_helper(carried, SPAWNER_END, carried->signals > 0, NULL))
		carried->signals++;
	give_it_a_moment(carried);
}

/* One read. False: there will be no more. */
static bool take_errors(struct qrexec_call *carried)
{
	char text[ERRORS_READ];
	ssize_t got = read(carried->errors_fd, text, sizeof(text));
	size_t room = ERRORS_KEPT - carried->said.size;

	if (got > 0)
		buf_put(&carried->said, text, (size_t)got < room ? (size_t)got : room);
	return got != 0;
}

static void on_errors(evutil_socket_t fd, short what, void *context)
{
	const struct timeval pause = {.tv_usec = ERRORS_PAUSE_US};
	struct qrexec_call *carried = context;

	(void)fd;
	(void)what;
	bool more = take_errors(carried);
	if (more && carried->said.size < ERRORS_KEPT)
		return;
	event_del(carried->errors);
	if (more)
		event_add(carried->more_errors, &pause);
}

static void on_more_errors(evutil_socket_t fd, short what, void *context)
{
	struct qrexec_call *carried = context;

	(void)fd;
	(void)what;
	event_add(carried->errors, NULL);
}

static void on_ended(void *context, enum exchange_end how, struct bytes untrusted_payload, const struct error *error)
{
	struct qrexec_call *carried = context;
	struct error why;

	switch (how) {
	case EXCHANGE_ANSWER:
		carried->state = TOLD;
		signer_received(carried->call, untrusted_payload);
		break;
	case EXCHANGE_CUT:
		break;
	case EXCHANGE_BAD:
		carried->state = TOLD;
		why = *error;
		error_prefix(&why, "the vault's answer cannot be used");
		signer_failed(carried->call, &why);
		break;
	}
	give_it_a_moment(carried);
}

/* ---- its end ---- */

/* The first line of what it said: for the log alone, callers need not know what goes on in the vault. */
static void log_errors(const struct qrexec_call *carried, bool good)
{
	const struct log *log = &carried->call->signer->log;
	struct bytes said = buf_bytes(&carried->said);
	const uint8_t *newline = said.size > 0 ? memchr(said.data, '\n', said.size) : NULL;
	int size = newline != NULL ? (int)(newline - said.data) : (int)said.size;

	if (size == 0)
		return;
	if (good)
		log_debug(log, CLIENT " said: %.*s", size, (const char *)said.data);
	else
		log_warn(log, CLIENT " said: %.*s", size, (const char *)said.data);
}

static void on_child_ended(struct qrexec_call *carried, int status)
{
	struct signer_call *call = carried->call;
	struct error error;

	/* What it wrote before it ended may not have been read. */
	if (!exchange_is_over(&carried->exchange))
		exchange_drain(&carried->exchange);
	(void)take_errors(carried);
	if (carried->state == OPEN) {
		qrexec_status_error(status, carried->signals > 0, &error);
		signer_failed(call, &error);
	} else if (carried->state == TOLD && status != 0) {
		/* The answer counted all the same: what was signed must not be lost. */
		log_info(&call->signer->log, "call %" PRIu64 " was answered, then " CLIENT " ended with status 0x%x",
		    call->number, (unsigned)status);
	}
	log_errors(carried, status == 0 || carried->state == GONE);
	release(carried);
	signer_over(call);
}

static void on_start_failed(struct qrexec_call *carried, int failure)
{
	struct signer_call *call = carried->call;
	struct error error;

	error_set_errno(&error, failure, "cannot start " CLIENT);
	signer_failed(call, &error);
	release(carried);
	signer_over(call);
}

static struct qrexec_call *find(const struct signer *signer, uint64_t number)
{
	struct signer_call *call;

	TAILQ_FOREACH(call, &signer->running, link)
	if (call->number == number)
		return call->carried;
	return NULL;
}

static void on_said(evutil_socket_t fd, short what, void *context)
{
	struct signer *signer = context;
	struct spawner_message message;
	int got;

	(void)what;
	while ((got = spawner_receive(fd, &message)) > 0) {
		struct qrexec_call *carried = find(signer, message.run);

		if (carried != NULL && message.kind == SPAWNER_FAILED)
			on_start_failed(carried, message.value);
		else if (carried != NULL)
			on_child_ended(carried, message.value);
	}
	if (got < 0)
		log_fatal(&signer->log, "the helper process that starts " CLIENT " has ended");
}

/* ---- its beginning ---- */

struct pipes {
	int ours[3], its[3]; /* standard input, output, error */
};

static void close_all(const int *fds)
{
	for (int i = 0; i < 3; i++)
		if (fds[i] >= 0)
			close(fds[i]);
}

/* Only our ends do not block: each end of a pipe has flags of its own. */
static bool make_pipes(struct pipes *ret_pipes, struct error *ret_error)
{
	*ret_pipes = (struct pipes){{-1, -1, -1}, {-1, -1, -1}};
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (pipe2(ends, O_CLOEXEC) != 0) {
			error_set_errno(ret_error, errno, "cannot make pipes to " CLIENT);
			close_all(ret_pipes->ours);
			close_all(ret_pipes->its);
			return false;
		}
		ret_pipes->ours[i] = ends[i == 0 ? 1 : 0];
		ret_pipes->its[i] = ends[i == 0 ? 0 : 1];
		fcntl(ret_pipes->ours[i], F_SETFL, O_NONBLOCK);
	}
	return true;
}

static bool qrexec_start(struct signer_call *call, struct error *ret_error)
{
	const struct qrexec_way *way = call->signer->own;
	const struct spawner_message message = {.kind = SPAWNER_START, .run = call->number};
	struct pipes pipes;

	if (!make_pipes(&pipes, ret_error))
		return false;
	bool sent = spawner_send(way->channel, &message, pipes.its);
	close_all(pipes.its);
	if (!sent) {
		close_all(pipes.ours);
		return error_set(ret_error, ERROR_REFUSED, "cannot start " CLIENT " now; try again");
	}
	struct qrexec_call *carried = memory_new(1, sizeof(*carried));

	carried->call = call;
	carried->errors_fd = pipes.ours[2];
	buf_init(&carried->said, ERRORS_KEPT);
	carried->errors = event_new(call->signer->base, carried->errors_fd, EV_READ | EV_PERSIST, on_errors, carried);
	carried->more_errors = evtimer_new(call->signer->base, on_more_errors, carried);
	carried->impatience = evtimer_new(call->signer->base, on_impatience, carried);
	if (carried->errors == NULL || carried->more_errors == NULL || carried->impatience == NULL ||
	    event_add(carried->errors, NULL) != 0)
		memory_exhausted();
	call->carried = carried;
	exchange_start(&carried->exchange, call->signer->base, pipes.ours[1], pipes.ours[0], &call->frame,
	    &call->signer->receiving, on_ended, carried);
	return true;
}

static void qrexec_stop(struct signer_call *call)
{
	struct qrexec_call *carried = call->carried;

	carried->state = GONE;
	exchange_stop(&carried->exchange);
	give_it_a_moment(carried);
}

static void qrexec_drop(struct signer_call *call)
{
	struct qrexec_call *carried = call->carried;

	(void)tell_helper(carried, SPAWNER_END, 0, NULL);
	release(carried);
}

/* ---- once for all calls ---- */

static void qrexec_free(struct signer *signer)
{
	struct qrexec_way *way = signer->own;

	event_free(way->said);
	close(way->channel);
	free(way->words[0]);
	free(way->words[1]);
	free(way);
}

static bool is_program(const char *path)
{
	struct stat info;

	return stat(path, &info) == 0 && S_ISREG(info.st_mode) && access(path, X_OK) == 0;
}

/* Looked up once: a PATH that changes, or a file put into an earlier folder, changes nothing for a proxy that runs. Relative folders do not count. */
static bool find_client(char **ret_path, struct error *ret_error)
{
	const char *folders = getenv("PATH");

	for (const char *at = folders != NULL ? folders : "/usr/bin"; *at != 0;) {
		BUF_CLEANUP struct buf path = BUF_INIT(8192);
		size_t size = strcspn(at, ":");

		buf_put(&path, at, size);
		buf_put_text(&path, "/" CLIENT);
		if (at[0] == '/' && buf_ok(&path) && is_program(buf_text(&path))) {
			*ret_path = memory_text(buf_bytes(&path));
			return true;
		}
		at += size + (at[size] == ':');
	}
	return error_set(ret_error, ERROR_REFUSED,
	    "--signer qrexec: found no " CLIENT
	    " in PATH, so this is no qube of Qubes OS; name the signer's socket with --signer unix:PATH, as in --signer "
	    "unix:~/.clef/clef.ipc");
}

bool signer_qrexec_open(struct signer *signer, const char *target, struct error *ret_error)
{
	static const struct signer_way operations = {
	    .start = qrexec_start, .stop = qrexec_stop, .drop = qrexec_drop, .free = qrexec_free};
	static char service[] = SERVICE, path[] = CHILD_PATH;
	struct qrexec_way *way;
	char *client = NULL;

	if (target != NULL && strcmp(target, "@default") != 0 && !qube_name_is_valid(bytes_text(target)))
		return error_set(ret_error, ERROR_PARAMS,
		    "--signer qrexec:%.100s: expected the name of a qube (a letter, then letters, digits, _, - and ., at most %d "
		    "in all)",
		    target, QUBE_NAME_MAX);
	if (!find_client(&client, ret_error))
		return false;
	way = memory_new(1, sizeof(*way));
	*way =
	    (struct qrexec_way){.words = {client, memory_text(bytes_text(target != NULL ? target : "@default")), service, NULL},
	        .environment = {path, NULL}};
	if (!spawner_start(way->words, way->environment, &way->channel, ret_error)) {
		free(way->words[0]);
		free(way->words[1]);
		free(way);
		return false;
	}
	way->said = event_new(signer->base, way->channel, EV_READ | EV_PERSIST, on_said, signer);
	if (way->said == NULL || event_add(way->said, NULL) != 0)
		memory_exhausted();
	signer->way = &operations;
	signer->own = way;
	return true;
}
