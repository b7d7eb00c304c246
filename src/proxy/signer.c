#include "proxy/signer_private.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "base/text.h"
#include "ipc/frame.h"
#include "proxy/signer_reply.h"

/* Calls, and bytes of them, that wait for their turn. Callers beyond it are told so at once. */
#define WAITING_MOST       ((size_t)1024)
#define WAITING_BYTES_MOST ((size_t)64 * 1024 * 1024)
/* Of a text by the signer's side that is passed on. */
#define REASON_MOST ((size_t)400)

enum { CODE_FAILED = -32000, CODE_LIMIT = -32005 };

/* ---- telling the caller ---- */

static void tell(struct signer_call *call, struct bytes result, struct bytes error)
{
	signer_answered *answered = call->answered;

	call->answered = NULL;
	if (answered != NULL)
		answered(call->context, result, error);
}

static void tell_trouble(struct signer_call *call, int code, const char *text)
{
	BUF_CLEANUP struct buf object = BUF_INIT(8 * ERROR_TEXT_SIZE);

	buf_printf(&object, "{\"code\":%d,\"message\":", code);
	json_put_string(&object, bytes_text(text));
	buf_put_u8(&object, '}');
	tell(call, BYTES_NONE, buf_bytes(&object));
}

static void free_call(struct signer_call *call)
{
	buf_free(&call->frame);
	free(call);
}

/* ---- what the way says ---- */

static void wake(struct signer *signer)
{
	event_active(signer->pump, 0, 0);
}

void signer_failed(struct signer_call *call, const struct error *error)
{
	if (call->answered != NULL)
		log_info(&call->signer->log, "call %" PRIu64 ": %s", call->number, error->text);
	tell_trouble(call, CODE_FAILED, error->text);
}

static void refused(struct signer_call *call, struct bytes untrusted_reason)
{
	BUF_CLEANUP struct buf reason = BUF_INIT(2 * REASON_MOST);
	struct error error;

	text_escape(untrusted_reason, REASON_MOST, &reason);
	error_set(&error, ERROR_REFUSED, "the signer's side refused the call: %s", buf_text(&reason));
	signer_failed(call, &error);
}

static void reply(struct signer_call *call, struct bytes untrusted_text)
{
	struct bytes result, object;
	struct error error;

	if (signer_reply_read(untrusted_text, call->number, &result, &object, &error)) {
		tell(call, result, object);
		return;
	}
	error_prefix(&error, "the signer's answer cannot be used");
	signer_failed(call, &error);
}

void signer_received(struct signer_call *call, struct bytes untrusted_payload)
{
	struct frame_answer answer;
	struct error error;

	if (!frame_answer_read(untrusted_payload, &answer, &error)) {
		error_prefix(&error, "the signer's answer cannot be used");
		signer_failed(call, &error);
		return;
	}
	switch (answer.kind) {
	case FRAME_REPLY:
		reply(call, answer.rest);
		return;
	case FRAME_REFUSED:
		refused(call, answer.rest);
		return;
	case FRAME_HELLO:
		break;
	}
	error_set(&error, ERROR_REFUSED, "the signer's answer cannot be used: a greeting in place of a reply");
	signer_failed(call, &error);
}

void signer_over(struct signer_call *call)
{
	struct signer *signer = call->signer;

	TAILQ_REMOVE(&signer->running, call, link);
	signer->running_count--;
	free_call(call);
	wake(signer);
}

/* ---- the queue ---- */

static void take_from_queue(struct signer_call *call)
{
	struct signer *signer = call->signer;

	TAILQ_REMOVE(&signer->waiting, call, link);
	signer->waiting_count--;
	signer->waiting_bytes -= call->frame.size;
}

static void begin(struct signer_call *call)
{
	struct signer *signer = call->signer;
	struct error error;

	take_from_queue(call);
	TAILQ_INSERT_TAIL(&signer->running, call, link);
	signer->running_count++;
	if (signer->way->start(call, &error))
		return;
	signer_failed(call, &error);
	signer_over(call);
}

static void on_pump(evutil_socket_t fd, short what, void *context)
{
	struct signer *signer = context;
	struct signer_call *call;

	(void)fd;
	(void)what;
	while ((call = TAILQ_FIRST(&signer->refused)) != NULL) {
		TAILQ_REMOVE(&signer->refused, call, link);
		tell_trouble(call, call->refusal_code, call->refusal);
		free_call(call);
	}
	while (signer->running_count < signer->running_most && (call = TAILQ_FIRST(&signer->waiting)) != NULL)
		begin(call);
}

/* ---- for callers ---- */

static void refuse(struct signer_call *call, int code, const char *why)
{
	buf_free(&call->frame);
	call->refused = true;
	call->refusal_code = code;
	call->refusal = why;
}

static void make_frame(struct signer_call *call, const char *method, struct bytes params, const struct signer_claims *claims)
{
	BUF_CLEANUP struct buf body = BUF_INIT(FRAME_BODY_MAX);

	buf_printf(&body, "{\"jsonrpc\":\"2.0\",\"id\":%" PRIu64 ",\"method\":", call->number);
	json_put_string(&body, bytes_text(method));
	if (params.size > 0) {
		buf_put_text(&body, ",\"params\":");
		buf_put_bytes(&body, params);
	}
	buf_put_u8(&body, '}');
	const struct frame_request request = {
	    .host = claims->host, .origin = claims->origin, .user_agent = claims->user_agent, .body = buf_bytes(&body)};

	buf_init(&call->frame, FRAME_HEAD_SIZE + FRAME_REQUEST_MAX);
	if (buf_ok(&body))
		frame_request_put(&request, &call->frame);
	if (!buf_ok(&body) || !buf_ok(&call->frame))
		refuse(call, CODE_FAILED, "the call is larger than the 5242880 bytes that the signer takes");
}

static void enqueue(struct signer_call *call)
{
	struct signer *signer = call->signer;

	if (call->refused) {
		TAILQ_INSERT_TAIL(&signer->refused, call, link);
		return;
	}
	TAILQ_INSERT_TAIL(&signer->waiting, call, link);
	signer->waiting_count++;
	signer->waiting_bytes += call->frame.size;
}

uint64_t signer_call(struct signer *signer, const char *method, struct bytes params, const struct signer_claims *claims,
    signer_answered *answered, void *context)
{
	struct signer_call *call = memory_new(1, sizeof(*call));

	call->signer = signer;
	call->number = ++signer->last;
	call->answered = answered;
	call->context = context;
	make_frame(call, method, params, claims);
	if (!call->refused &&
	    (signer->waiting_count >= WAITING_MOST || signer->waiting_bytes + call->frame.size > WAITING_BYTES_MOST))
		refuse(call, CODE_LIMIT, "too many calls wait for the signer already; try again when some are answered");
	enqueue(call);
	wake(signer);
	return call->number;
}

static struct signer_call *find(struct signer_calls *calls, uint64_t number)
{
	struct signer_call *call;

	TAILQ_FOREACH(call, calls, link)
	if (call->number == number)
		return call;
	return NULL;
}

void signer_cancel(struct signer *signer, uint64_t number)
{
	struct signer_call *call = find(&signer->waiting, number);

	if (call != NULL) {
		take_from_queue(call);
		free_call(call);
		return;
	}
	call = find(&signer->refused, number);
	if (call != NULL)
		call->answered = NULL;
	call = find(&signer->running, number);
	if (call == NULL || call->answered == NULL)
		return;
	log_debug(&signer->log, "call %" PRIu64 ": its caller is gone", call->number);
	call->answered = NULL;
	signer->way->stop(call);
}

/* ---- beginning and end ---- */

static bool open_way(struct signer *signer, const char *target, struct error *ret_error)
{
	static const char qrexec[] = "qrexec:", unix_socket[] = "unix:", tls[] = "https:";

	if (strcmp(target, "qrexec") == 0)
		return signer_qrexec_open(signer, NULL, ret_error);
	if (strncmp(target, qrexec, sizeof(qrexec) - 1) == 0)
		return signer_qrexec_open(signer, target + sizeof(qrexec) - 1, ret_error);
	if (strncmp(target, unix_socket, sizeof(unix_socket) - 1) == 0)
		return signer_unix_open(signer, target + sizeof(unix_socket) - 1, ret_error);
	if (strncmp(target, tls, sizeof(tls) - 1) == 0)
		return error_set(ret_error, ERROR_REFUSED,
		    "--signer %.200s: signers behind https come with TLS support in a later version; reach this one through "
		    "qrexec or "
		    "its "
		    "unix socket",
		    target);
	return error_set(ret_error, ERROR_PARAMS,
	    "--signer %.200s: expected qrexec, qrexec:QUBE or unix:PATH, as in --signer unix:~/.clef/clef.ipc", target);
}

bool signer_new(struct event_base *base, const char *target, size_t calls_most, const struct log *log, struct signer **ret_signer,
    struct error *ret_error)
{
	struct signer *signer = memory_new(1, sizeof(*signer));

	signer->base = base;
	signer->log = *log;
	signer->running_most = calls_most;
	TAILQ_INIT(&signer->refused);
	TAILQ_INIT(&signer->waiting);
	TAILQ_INIT(&signer->running);
	signer->pump = event_new(base, -1, 0, on_pump, signer);
	if (signer->pump == NULL)
		memory_exhausted();
	if (open_way(signer, target, ret_error)) {
		*ret_signer = signer;
		return true;
	}
	event_free(signer->pump);
	free(signer);
	return false;
}

bool signer_connects(const struct signer *signer)
{
	return signer->way->connects;
}

static void drop_all(struct signer *signer, struct signer_calls *calls, bool running)
{
	struct signer_call *call;

	while ((call = TAILQ_FIRST(calls)) != NULL) {
		TAILQ_REMOVE(calls, call, link);
		if (running)
			signer->way->drop(call);
		free_call(call);
	}
}

void signer_free(struct signer *signer)
{
	if (signer == NULL)
		return;
	drop_all(signer, &signer->running, true);
	drop_all(signer, &signer->waiting, false);
	drop_all(signer, &signer->refused, false);
	signer->way->free(signer);
	event_free(signer->pump);
	free(signer);
}
