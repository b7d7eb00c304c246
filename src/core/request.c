#include "core/request.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/password.h"
#include "core/rpc.h"
#include "core/signer.h"
#include "core/signer_ui.h"

#define REPLY_LIMIT ((size_t)48 * 1024 * 1024)
/* The data of a user interface's error are passed on up to here; beside them an error's text has to fit. */
#define REPLY_DATA_LIMIT (REPLY_LIMIT - 65536)
/* Of an answer: it goes to the gate in one message. */
#define RESULT_LIMIT ((size_t)IPC_GATE_REPLY_MOST - 64)
_Static_assert(REPLY_LIMIT <= RESULT_LIMIT, "so do errors");
#define BIT(state) (1u << (state))

/* What may follow each state. From the last three nothing does: the request is gone. */
static const unsigned permitted[] = {
    [REQUEST_RECEIVED] = BIT(REQUEST_JUDGED) | BIT(REQUEST_REFUSED) | BIT(REQUEST_WITHDRAWN),
    /* straight to an answer: what needs nobody's approval; to approved: what the UI itself called for */
    [REQUEST_JUDGED] =
        BIT(REQUEST_ASKED) | BIT(REQUEST_APPROVED) | BIT(REQUEST_ANSWERED) | BIT(REQUEST_REFUSED) | BIT(REQUEST_WITHDRAWN),
    [REQUEST_ASKED] = BIT(REQUEST_APPROVED) | BIT(REQUEST_REFUSED) | BIT(REQUEST_WITHDRAWN),
    [REQUEST_APPROVED] = BIT(REQUEST_SIGNING) | BIT(REQUEST_ANSWERED) | BIT(REQUEST_REFUSED) | BIT(REQUEST_WITHDRAWN),
    /* back to approved: a new password broke the rules, and another is asked for */
    [REQUEST_SIGNING] = BIT(REQUEST_APPROVED) | BIT(REQUEST_ANSWERED) | BIT(REQUEST_REFUSED) | BIT(REQUEST_WITHDRAWN),
    [REQUEST_ANSWERED] = 0,
    [REQUEST_REFUSED] = 0,
    [REQUEST_WITHDRAWN] = 0,
};

void request_advance(struct request *request, enum request_state state)
{
	if ((permitted[request->state] & BIT(state)) == 0)
		log_fatal(&request->signer->log, "bug: a request for %s may not go from state %d to %d", request->method->name,
		    (int)request->state, (int)state);
	request->state = state;
}

struct request *request_new(struct signer *signer, const struct method *method)
{
	struct request *request = memory_new(1, sizeof(*request));

	request->signer = signer;
	request->method = method;
	request->number = ++signer->last_request;
	request->since = time(NULL);
	request->next = signer->requests;
	if (request->next != NULL)
		request->next->previous = request;
	signer->requests = request;
	signer->request_count++;
	return request;
}

static void request_free(struct request *request)
{
	struct signer *signer = request->signer;

	request_return_terminal(request);
	listing_release(request);
	turns_leave(request);
	if (request->client != NULL)
		clients_leave(&signer->callers, request->client, request->held);
	if (request->previous != NULL)
		request->previous->next = request->next;
	else
		signer->requests = request->next;
	if (request->next != NULL)
		request->next->previous = request->previous;
	signer->request_count--;
	signer->held -= request->held;
	if (request->timer != NULL)
		event_free(request->timer);
	json_free(&request->params);
	buf_free(&request->audit_line);
	arena_free(&request->arena);
	free(request);
}

void request_forget_arguments(struct request *request)
{
	json_free(&request->params);
	memset(request->arguments, 0, sizeof(request->arguments));
	request->argument_count = 0;
}

void request_return_terminal(struct request *request)
{
	if (!request->terminal_lent)
		return;
	request->terminal_lent = false;
	ui_link_notify(request->signer->ui, "ui_resume", bytes_text("{}"));
}

/* ---- the end of a request ---- */

static void send_reply(struct request *request, struct bytes result, struct bytes error)
{
	if (request->gate != NULL)
		gate_link_reply(request->gate, request->call, result, error);
	else if (request->ui_id.size > 0)
		ui_link_reply(request->signer->ui, request->ui_id, request->ui_batch, result, error);
}

void request_answer(struct request *request, struct bytes result, struct bytes audit)
{
	if (result.size == 0 || result.size > RESULT_LIMIT) {
		request_refuse_text(request, ERROR_REFUSED, "the answer is larger than the 64 MiB that one may have");
		return;
	}
	if (!request_audit_outcome(request, audit))
		return;
	request_advance(request, REQUEST_ANSWERED);
	send_reply(request, result, BYTES_NONE);
	request_free(request);
}

/*
 * What was refused before the person was asked would leave no trace on the terminal, where somebody may wait for it to appear. Not more than a line every
 * other second, whatever a caller sends.
 */
static void tell_refused(const struct request *request, const struct error *error)
{
	struct signer *signer = request->signer;
	struct buf text BUF_CLEANUP = BUF_INIT(4096), params BUF_CLEANUP = BUF_INIT(32768);
	struct timespec now;
	bool unasked = request->state == REQUEST_RECEIVED || request->state == REQUEST_JUDGED;

	if (!signer_ui_tells_refusals(signer) || !unasked || request->gate == NULL || request->method->immediate ||
	    signer->ending)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec - signer->told_at < 2) {
		signer->untold++;
		return;
	}
	buf_printf(&text, "%s ", request->method->name);
	if (request->meta.qube.size > 0)
		buf_printf(&text, "of qube %.*s ", (int)request->meta.qube.size, (const char *)request->meta.qube.data);
	buf_printf(&text, "was refused without asking you: %s", error->text);
	if (signer->untold > 0)
		buf_printf(&text, " (and %u more since the last such line)", signer->untold);
	signer->told_at = now.tv_sec;
	signer->untold = 0;
	buf_put_text(&params, "{\"text\":");
	json_put_string(&params, buf_bytes(&text));
	buf_put_u8(&params, '}');
	ui_link_notify(signer->ui, "ui_showInfo", buf_bytes(&params));
}

void request_refuse_data(struct request *request, const struct error *error, struct bytes data)
{
	struct buf json BUF_CLEANUP = BUF_INIT(REPLY_LIMIT);
	struct error failure;

	if (data.size > REPLY_DATA_LIMIT)
		data = BYTES_NONE;
	tell_refused(request, error);
	request_advance(request, REQUEST_REFUSED);
	if (!request_audit_end(request, error->text, &failure))
		log_error(&request->signer->log, "%s", failure.text);
	/* Each name speaks its own dialect: Clef's codes on Clef's, EIP-1193's on the standard ones. */
	if (request->method->audience == METHOD_ETH)
		rpc_put_eth_error(&json, error, data);
	else
		rpc_put_error(&json, error, data);
	send_reply(request, BYTES_NONE, buf_bytes(&json));
	request_free(request);
}

void request_refuse(struct request *request, const struct error *error)
{
	request_refuse_data(request, error, BYTES_NONE);
}

void request_refuse_text(struct request *request, enum error_kind kind, const char *format, ...)
{
	char text[ERROR_TEXT_SIZE];
	struct error error;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	error_set(&error, kind, "%s", text);
	request_refuse(request, &error);
}

/* The person was at the password: the UI has no question left that it could take back, and is told in words. */
static void say_withdrawn(struct request *request, const char *reason)
{
	struct buf text BUF_CLEANUP = BUF_INIT(4096), params BUF_CLEANUP = BUF_INIT(8192);

	buf_printf(
	    &text, "%s was withdrawn while the password was awaited: %s. Nothing was signed.", request->method->name, reason);
	buf_put_text(&params, "{\"text\":");
	json_put_string(&params, buf_bytes(&text));
	buf_put_text(&params, "}");
	ui_link_notify(request->signer->ui, "ui_showInfo", buf_bytes(&params));
}

void request_recall(struct request *request, const char *reason)
{
	struct signer *signer = request->signer;
	struct buf params BUF_CLEANUP = BUF_INIT(4096);
	uint64_t question = request->question;
	char id[REQUEST_ID_SIZE];

	if (request->keys_request != 0)
		keys_link_withdraw(signer->keys, request->keys_request);
	if (request->proofs_request != 0)
		proofs_link_withdraw(signer->proofs, request->proofs_request);
	request->proofs_request = 0;
	request->question = 0;
	request->keys_request = 0;
	if (question == 0 && request->terminal_lent)
		say_withdrawn(request, reason);
	/* Of a question that never left nobody need be told. */
	if (question == 0 || !ui_link_forget(signer->ui, question))
		return;
	request_id(request, id);
	buf_printf(&params, "{\"id\":%llu,\"request_id\":\"%s\",\"reason\":\"%s\"}", (unsigned long long)question, id, reason);
	ui_link_notify(signer->ui, "ui_withdraw", buf_bytes(&params));
}

void request_withdraw(struct request *request, const char *reason)
{
	struct error error;
	char text[128];

	request_recall(request, reason);
	snprintf(text, sizeof(text), "withdrawn: %s", reason);
	if (!request_audit_end(request, text, &error))
		log_error(&request->signer->log, "%s", error.text);
	/* The terminal UI says so itself, at a moment when it does not run into a page. Qubes come and go as they please: their lines are for who looks for them. */
	if (!request->signer->own_ui && request->meta.qube.size > 0)
		log_debug(&request->signer->log, "%s is withdrawn: %s", request->method->name, reason);
	else if (!request->signer->own_ui)
		log_info(&request->signer->log, "%s is withdrawn: %s", request->method->name, reason);
	request_advance(request, REQUEST_WITHDRAWN);
	request_free(request);
}

/* Answer the caller and withdraw the question in one step, so that a late yes signs nothing. */
static void on_timeout(evutil_socket_t fd, short what, void *context)
{
	struct request *request = context;

	(void)fd;
	(void)what;
	request_recall(request, "timeout");
	request_refuse_text(request, ERROR_TIMEOUT, "%s",
	    request->turn.waits ? "request timed out: others were before it, and nobody was asked" : "request timed out");
}

void request_cancel(struct request *request)
{
	request_recall(request, "cancelled");
	request_refuse_text(request, ERROR_DENIED, "cancelled by the person");
}

void request_wait(struct request *request)
{
	struct signer *signer = request->signer;
	bool own = request->rights != NULL && request->rights->has_timeout;
	struct timeval limit = {(time_t)(own ? request->rights->timeout_s : signer->options->request_timeout_s), 0};

	if (request->timer != NULL || request->gate == NULL || limit.tv_sec == 0)
		return;
	/* One queue for all requests that have the same time; libevent has few of them, not one for each client. */
	const struct timeval *time_limit = own ? &limit : event_base_init_common_timeout(signer->base, &limit);

	request->timer = event_new(signer->base, -1, 0, on_timeout, request);
	if (request->timer == NULL || event_add(request->timer, time_limit) != 0)
		log_fatal(&signer->log, "cannot set a timer");
	request->expires_at = time(NULL) + limit.tv_sec;
}

static void wait_anew(struct request *request)
{
	if (request->timer != NULL)
		event_free(request->timer);
	request->timer = NULL;
	request_wait(request);
}

/* ---- arguments ---- */

static bool take_arguments(struct request *request, yyjson_val *params, struct error *ret_error)
{
	const struct method *method = request->method;
	size_t count = 0;

	if (params != NULL && !yyjson_is_null(params)) {
		if (!yyjson_is_arr(params))
			return error_set(ret_error, ERROR_PARAMS, "non-array args");
		count = yyjson_arr_size(params);
	}
	if (count > method->most)
		return error_set(ret_error, ERROR_PARAMS, "too many arguments, want at most %zu", method->most);
	if (count < method->required)
		return error_set(ret_error, ERROR_PARAMS, "missing value for required argument %zu", count);
	for (size_t i = 0; i < count; i++)
		request->arguments[i] = yyjson_arr_get(params, i);
	request->argument_count = count;
	return true;
}

void request_start(struct request *request, yyjson_val *params)
{
	struct error error;

	if (!take_arguments(request, params, &error)) {
		request_refuse(request, &error);
		return;
	}
	request->method->start(request);
}

/* ---- asking ---- */

static const char too_much_text[] = "too much waits for the person already; try again later";

void request_ask(struct request *request, const char *method, struct bytes params, ui_answered *answered)
{
	struct signer *signer = request->signer;

	/* Whoever answered once has left, or is about to: nobody else is asked for the rest, without having seen what it belongs to. */
	if (request->answered && (request->ui_era != signer->ui_era || ui_link_is_leaving(signer->ui))) {
		request_refuse_text(request, ERROR_REFUSED, "the user interface was detached before it answered");
		return;
	}
	request_wait(request);
	signer_ui_missed(signer);
	if (turns_take(request))
		request_ask_now(request, method, params, answered);
	else if (!turns_wait(request, method, params, answered))
		request_refuse_text(request, ERROR_REFUSED, "%s", too_much_text);
}

/* Where a question says when it expires: what comes behind that holds no text of a caller's, so it is the last such member. */
static size_t find_expiry(struct bytes params)
{
	static const char name[] = "\"expires_at\":";
	size_t size = sizeof(name) - 1;

	for (size_t at = params.size; at >= size; at--)
		if (memcmp(params.data + at - size, name, size) == 0)
			return at;
	return 0;
}

void request_ask_late(struct request *request, const char *method, struct bytes params, ui_answered *answered)
{
	struct buf anew BUF_CLEANUP = BUF_INIT(params.size + 32);
	size_t at = find_expiry(params), end = at;

	wait_anew(request);
	if (at == 0 || request->expires_at == 0) {
		request_ask_now(request, method, params, answered);
		return;
	}
	while (end < params.size && params.data[end] >= '0' && params.data[end] <= '9')
		end++;
	buf_put_bytes(&anew, bytes_of(params.data, at));
	buf_printf(&anew, "%lld", (long long)request->expires_at);
	buf_put_bytes(&anew, bytes_of(params.data + end, params.size - end));
	request_ask_now(request, method, buf_bytes(&anew), answered);
}

void request_ask_now(struct request *request, const char *method, struct bytes params, ui_answered *answered)
{
	request->question = ui_link_ask(request->signer->ui, method, params, answered, request);
	if (request->question == 0)
		request_refuse_text(request, ERROR_REFUSED, "%s", too_much_text);
}

void request_keys(struct request *request, enum ipc_type type, void *message, keys_answer *answer)
{
	request_wait(request);
	request->keys_request = keys_link_request(request->signer->keys, type, message, answer, request);
}

struct request *request_answered_by_ui(void *context)
{
	struct request *request = context;

	request->question = 0;
	request->answered = true;
	request->ui_era = request->signer->ui_era;
	return request;
}

struct request *request_answered_by_keys(void *context)
{
	struct request *request = context;

	request->keys_request = 0;
	request_return_terminal(request);
	return request;
}

void request_keys_error(const struct ipc_keys_failed *failed, struct error *ret_error)
{
	bool known = failed->kind > ERROR_NONE && failed->kind < ERROR_CUSTOM;

	error_set(ret_error, known ? (enum error_kind)failed->kind : ERROR_INTERNAL, "%.*s", (int)failed->text.size,
	    (const char *)failed->text.data);
}

void request_show_error(struct request *request, const char *text)
{
	struct buf params BUF_CLEANUP = BUF_INIT(8192);

	buf_put_text(&params, "{\"text\":");
	json_put_string(&params, bytes_text(text));
	buf_put_u8(&params, '}');
	ui_link_notify(request->signer->ui, "ui_showError", buf_bytes(&params));
}

static void put_member(struct buf *buf, const char *name, struct bytes value)
{
	buf_printf(buf, "\"%s\":", name);
	json_put_string(buf, value);
}

void request_put_meta_object(const struct request_meta *meta, struct buf *buf)
{
	buf_put_u8(buf, '{');
	put_member(buf, "remote", meta->remote);
	buf_put_u8(buf, ',');
	put_member(buf, "local", meta->local);
	buf_put_u8(buf, ',');
	put_member(buf, "scheme", bytes_text(meta->scheme));
	buf_put_u8(buf, ',');
	put_member(buf, "User-Agent", meta->user_agent);
	buf_put_u8(buf, ',');
	put_member(buf, "Origin", meta->origin);
	buf_put_u8(buf, '}');
}

void request_put_peer(const struct request_meta *meta, struct buf *buf)
{
	if (meta->has_peer)
		buf_printf(buf, "{\"uid\":%llu,\"pid\":%lld", (unsigned long long)meta->peer_uid, (long long)meta->peer_pid);
	/* Its letters need no escapes. */
	if (meta->has_peer && meta->qube.size > 0)
		buf_printf(buf, ",\"qube\":\"%.*s\"", (int)meta->qube.size, (const char *)meta->qube.data);
	buf_put_text(buf, meta->has_peer ? "}" : "null");
}

void request_id(const struct request *request, char ret_id[REQUEST_ID_SIZE])
{
	snprintf(ret_id, REQUEST_ID_SIZE, "r-%08x-%llu", request->signer->run, (unsigned long long)request->number);
}

void request_put_id(const struct request *request, struct buf *buf)
{
	char id[REQUEST_ID_SIZE];

	request_id(request, id);
	buf_printf(buf, "\"request_id\":\"%s\",\"expires_at\":", id);
	if (request->expires_at != 0)
		buf_printf(buf, "%lld", (long long)request->expires_at);
	else
		buf_put_text(buf, "null");
}

void request_put_meta(struct request *request, struct buf *buf)
{
	request_wait(request);
	buf_put_text(buf, "\"meta\":");
	request_put_meta_object(&request->meta, buf);
	buf_put_u8(buf, ',');
	request_put_id(request, buf);
	buf_printf(buf, ",\"chain_id\":\"0x%llx\",\"peer\":", (unsigned long long)request->signer->chain_id);
	request_put_peer(&request->meta, buf);
}
