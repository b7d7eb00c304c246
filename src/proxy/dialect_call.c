/* One call: its questions to the signer and to the node, and its answer. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "proxy/dialect_private.h"
#include "proxy/fees.h"
#include "proxy/upstream_reply.h"

#define LATE_MAX ((size_t)1024 * 1024)
/* As JSON no more than six times as long. */
#define MESSAGE_MAX ((size_t)65536)

/* A node behind an address may be exchanged for one of another chain at any time; transactions ask anew. */
#define CHAIN_KNOWN_MS 5000

uint64_t dialect_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* ---- life ---- */

struct call *call_new(struct dialect *dialect, const struct signer_claims *claims, dialect_answered *answered, void *context)
{
	struct call *call = memory_new(1, sizeof(*call));

	call->dialect = dialect;
	call->number = ++dialect->last_call;
	call->answered = answered;
	call->context = context;
	call->claims.host = arena_copy(&call->arena, claims->host);
	call->claims.origin = arena_copy(&call->arena, claims->origin);
	call->claims.user_agent = arena_copy(&call->arena, claims->user_agent);
	buf_init(&call->late_result, LATE_MAX);
	buf_init(&call->late_error, LATE_MAX);
	TAILQ_INSERT_TAIL(&dialect->calls, call, link);
	dialect->count++;
	return call;
}

struct upstream *call_upstream(const struct call *call)
{
	return call->has_lane ? call->dialect->lane : call->dialect->upstream;
}

void call_end_pause(struct call *call)
{
	if (call->pause != NULL)
		event_free(call->pause);
	call->pause = NULL;
}

void call_free(struct call *call)
{
	struct dialect *dialect = call->dialect;

	TAILQ_REMOVE(&dialect->calls, call, link);
	dialect->count--;
	call_end_pause(call);
	if (dialect->is_stopping)
		event_active(dialect->later, EV_TIMEOUT, 0);
	if (call->is_soon)
		TAILQ_REMOVE(&dialect->soon, call, soon_link);
	if (call->at_signer != 0)
		signer_cancel(dialect->signer, call->at_signer);
	if (call->at_node != 0)
		upstream_cancel(call_upstream(call), call->at_node);
	if (call->on_end != NULL)
		call->on_end(call);
	json_free(&call->json);
	buf_free(&call->late_result);
	buf_free(&call->late_error);
	arena_free(&call->arena);
	free(call);
}

static void put_soon(struct call *call)
{
	if (call->is_soon)
		return;
	call->is_soon = true;
	TAILQ_INSERT_TAIL(&call->dialect->soon, call, soon_link);
	event_active(call->dialect->later, EV_TIMEOUT, 0);
}

void call_soon(struct call *call, call_then *then)
{
	call->then = then;
	put_soon(call);
}

static void on_pause_over(evutil_socket_t fd, short what, void *context)
{
	struct call *call = context;

	(void)fd;
	(void)what;
	call_end_pause(call);
	call->then(call);
}

void call_later(struct call *call, unsigned wait_ms, call_then *then)
{
	const struct timeval wait = {.tv_sec = wait_ms / 1000, .tv_usec = (suseconds_t)(wait_ms % 1000) * 1000};

	call->then = then;
	call->pause = evtimer_new(call->dialect->base, on_pause_over, call);
	if (call->pause == NULL)
		memory_exhausted();
	event_add(call->pause, &wait);
}

/* ---- answering ---- */

static void deliver(struct call *call, struct bytes result, struct bytes error)
{
	call->number = 0; /* whoever hears the answer cannot call it off any more */
	if (call->answered != NULL)
		call->answered(call->context, result, error);
	call_free(call);
}

/* Whoever called is not answered before it has the call's number. */
static void end(struct call *call, struct bytes result, struct bytes error)
{
	if (call->dialect->inside == 0) {
		deliver(call, result, error);
		return;
	}
	call->is_ended = true;
	buf_put_bytes(&call->late_result, result);
	buf_put_bytes(&call->late_error, error);
	put_soon(call);
}

void dialect_run_soon(struct dialect *dialect)
{
	struct call *call;
	size_t count = 0;

	/* Only as many as there are by now: what they bring about comes in the next round. */
	TAILQ_FOREACH(call, &dialect->soon, soon_link)
	{
		count++;
	}
	for (; count > 0 && (call = TAILQ_FIRST(&dialect->soon)) != NULL; count--) {
		TAILQ_REMOVE(&dialect->soon, call, soon_link);
		call->is_soon = false;
		if (call->is_ended)
			deliver(call, buf_bytes(&call->late_result), buf_bytes(&call->late_error));
		else
			call->then(call);
	}
	if (!TAILQ_EMPTY(&dialect->soon))
		event_active(dialect->later, EV_TIMEOUT, 0);
}

void call_answer(struct call *call, struct bytes result)
{
	end(call, result, BYTES_NONE);
}

void call_fail_with(struct call *call, struct bytes error)
{
	end(call, BYTES_NONE, error);
}

void call_fail_code(struct call *call, int code, const char *format, ...)
{
	struct buf json BUF_CLEANUP = BUF_INIT(LATE_MAX);
	char text[2 * ERROR_TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	upstream_put_error(&json, code, text);
	call_fail_with(call, buf_bytes(&json));
}

void call_fail(struct call *call, const struct error *error)
{
	call_fail_code(call, error_eth_code(error), "%s", error->text);
}

/* ---- the signer's errors ---- */

/* What the signer (and Clef before it) says by its own names, and EIP-1193's code for it. */
static const struct translation {
	const char *code; /* as JSON spells it */
	const char *text; /* what its message is or, with is_part, has in it */
	bool is_part;
	enum error_kind kind;
} translations[] = {
    {"-32000", "request denied", false, ERROR_DENIED},
    {"-32000", "cancelled by the person", false, ERROR_DENIED},
    {"-32000", "unknown account", false, ERROR_ACCOUNT},
    {"-32000", "requested chainid ", true, ERROR_CHAIN},
    {"-32601", "is not among the methods that this client may use", true, ERROR_ACCOUNT},
};

static const struct translation *find_translation(yyjson_val *untrusted_error)
{
	struct bytes code = json_bytes(yyjson_obj_get(untrusted_error, "code"));
	struct bytes message = json_bytes(yyjson_obj_get(untrusted_error, "message"));

	for (size_t i = 0; i < sizeof(translations) / sizeof(translations[0]); i++) {
		const struct translation *row = &translations[i];

		if (!bytes_equal_text(code, row->code))
			continue;
		if (row->is_part ? memmem(message.data, message.size, row->text, bytes_text(row->text).size) != NULL
		                 : bytes_equal_text(message, row->text))
			return row;
	}
	return NULL;
}

void call_fail_by_signer(struct call *call, const struct call_answer *answer)
{
	const struct translation *row = find_translation(answer->untrusted_value);
	struct buf json BUF_CLEANUP = BUF_INIT(LATE_MAX);

	if (row == NULL) {
		call_fail_with(call, answer->error);
		return;
	}
	struct error error = {.kind = row->kind};
	struct bytes message = json_bytes(yyjson_obj_get(answer->untrusted_value, "message"));
	buf_printf(&json, "{\"code\":%d,\"message\":", error_eth_code(&error));
	/* Only what has a part of it can be too long for an error: then what the row says is told. */
	json_put_string(&json, message.size <= MESSAGE_MAX ? message : bytes_text(row->text));
	buf_put_u8(&json, '}');
	call_fail_with(call, buf_bytes(&json));
}

/* ---- asking ---- */

static bool is_error(yyjson_val *error)
{
	return yyjson_is_obj(error) && yyjson_is_raw(yyjson_obj_get(error, "code")) &&
	       yyjson_is_str(yyjson_obj_get(error, "message"));
}

static void on_signer(void *context, struct bytes result, struct bytes error)
{
	struct call *call = context;
	struct json json JSON_CLEANUP = {0};
	struct error ignored;

	call->at_signer = 0;
	if (!json_parse(result.size > 0 ? result : error, &json, &ignored) || (result.size == 0 && !is_error(json.root))) {
		call_fail_code(
		    call, -32603, "the signer's answer is none: neither a JSON value nor an error with code and message");
		return;
	}
	struct call_answer answer = {.result = result, .untrusted_value = json.root};
	if (result.size == 0)
		answer.error = error;
	call->step(call, &answer);
}

void call_ask_signer(struct call *call, const char *method, struct bytes params, call_step *step)
{
	call->step = step;
	call->at_signer = signer_call(call->dialect->signer, method, params, &call->claims, on_signer, call);
}

static void on_node(void *context, enum upstream_outcome outcome, struct bytes untrusted_answer)
{
	struct call *call = context;
	struct call_answer answer = {
	    .trouble = outcome == UPSTREAM_TROUBLE || outcome == UPSTREAM_UNSENT, .unsent = outcome == UPSTREAM_UNSENT};

	call->at_node = 0;
	if (outcome == UPSTREAM_RESULT)
		answer.result = untrusted_answer;
	else
		answer.error = untrusted_answer;
	/* Whatever comes back may be another node. */
	if (answer.trouble)
		call->dialect->knows_chain = false;
	call->step(call, &answer);
}

void call_ask_node(struct call *call, struct bytes method, struct bytes params, call_step *step)
{
	call->step = step;
	call->at_node = upstream_call(call_upstream(call), method, params, on_node, call);
	if (call->at_node == 0)
		call_fail_code(call, DIALECT_BUSY, "the call is too large, or too many wait for the node already");
}

/* ---- the chain ---- */

static void on_chain(struct call *call, const struct call_answer *answer)
{
	struct dialect *dialect = call->dialect;
	struct error error;
	uint64_t chain_id;

	if (answer->error.size > 0) {
		call_fail_with(call, answer->error);
		return;
	}
	if (!fees_read_u64(answer->result, "eth_chainId", &chain_id, &error)) {
		call_fail(call, &error);
		return;
	}
	if (dialect->has_chain_id && chain_id != dialect->chain_id) {
		log_error(&dialect->log, "the node %s is on chain %llu, --chainid says %llu: nothing is handed to it",
		    upstream_name(dialect->upstream), (unsigned long long)chain_id, (unsigned long long)dialect->chain_id);
		error_set(&error, ERROR_CHAIN,
		    "the node of clef-proxy is on chain %llu, but --chainid says %llu: one of the two is wrong",
		    (unsigned long long)chain_id, (unsigned long long)dialect->chain_id);
		call_fail(call, &error);
		return;
	}
	dialect->knows_chain = true;
	dialect->node_chain_id = chain_id;
	dialect->chain_since_ms = dialect_now_ms();
	call->then(call);
}

bool dialect_knows_chain(const struct dialect *dialect)
{
	return dialect->knows_chain && dialect_now_ms() - dialect->chain_since_ms < CHAIN_KNOWN_MS;
}

void call_ask_chain(struct call *call, call_then *then)
{
	call->then = then;
	call_ask_node(call, bytes_text("eth_chainId"), BYTES_NONE, on_chain);
}

void call_need_chain(struct call *call, call_then *then)
{
	struct dialect *dialect = call->dialect;

	if (dialect->upstream == NULL && !dialect->has_chain_id) {
		call_fail_code(call, UPSTREAM_DISCONNECTED,
		    "clef-proxy does not know the chain: it runs without --upstream URL, which would say it, and without "
		    "--chainid");
	} else if (dialect->upstream == NULL || dialect_knows_chain(dialect)) {
		then(call);
	} else {
		call_ask_chain(call, then);
	}
}

uint64_t dialect_chain(const struct dialect *dialect)
{
	return dialect->upstream != NULL ? dialect->node_chain_id : dialect->chain_id;
}

struct bytes call_argument_text(const struct call *call, size_t index)
{
	struct json_walk walk;
	struct bytes text = BYTES_NONE;

	json_walk_start(&walk, call->params);
	for (size_t i = 0; i <= index; i++)
		if (!json_walk_next(&walk, &text))
			return BYTES_NONE;
	return text;
}
