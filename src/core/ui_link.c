#include "core/ui_link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/rpc.h"
#include "core/ui_batch.h"
#include "core/ui_queue.h"

/* A UI's reply repeats what it was asked about: a large transaction, or a hundred thousand accounts. */
#define IN_LIMIT ((size_t)64 * 1024 * 1024)
/* Questions that are open at once, all their arguments together; a single one may be larger. */
#define OPEN_MOST ((size_t)64 * 1024 * 1024)
#define OUT_LIMIT ((size_t)256 * 1024 * 1024)
#define READ_SIZE ((size_t)65536)
/* The buffer is given back when it grew beyond this for one large message. */
#define KEEP_SIZE ((size_t)1024 * 1024)
/* Unfinished values larger than this are not tried for garbage at each line's end. */
#define PROBE_SIZE ((size_t)1024 * 1024)

struct question {
	uint64_t number;
	ui_answered *answered;
	void *context;
	size_t size; /* of its arguments */
	struct question *next;
};

struct ui_link {
	int in, out;
	bool attached;
	struct event *readable, *writable, *gone;
	struct buf received;
	struct ui_queue queue;
	struct json_scan scan;
	uint64_t last_question;
	size_t open_size; /* of all questions that are open */
	struct question *questions;
	struct ui_batches batches;
	struct ui_link_handlers handlers;
	const struct log *log;
};

/* ---- writing ---- */

static void detach(struct ui_link *ui, const char *why);

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct ui_link *ui = context;

	(void)fd;
	(void)what;
	switch (ui_queue_write(&ui->queue, ui->out)) {
	case UI_QUEUE_EMPTY:
		break;
	case UI_QUEUE_LATER:
		event_add(ui->writable, NULL);
		break;
	case UI_QUEUE_GONE:
		detach(ui, "it does not read any more");
		break;
	}
}

/* One message a line. Written when the loop comes round, so that several go out together. */
static void queue_line(struct ui_link *ui, struct bytes line, uint64_t question)
{
	if (!ui->attached)
		return;
	if (ui_queue_add(&ui->queue, line, question))
		event_active(ui->writable, EV_WRITE, 0);
	else
		detach(ui, "it does not read any more");
}

static void queue_request(struct ui_link *ui, const char *method, struct bytes params, uint64_t number)
{
	struct buf line BUF_CLEANUP = BUF_INIT(OUT_LIMIT);

	buf_put_text(&line, "{\"jsonrpc\":\"2.0\",");
	if (number != 0)
		buf_printf(&line, "\"id\":%llu,", (unsigned long long)number);
	buf_printf(&line, "\"method\":\"%s\",\"params\":[", method);
	buf_put_bytes(&line, params);
	buf_put_text(&line, "]}");
	queue_line(ui, buf_bytes(&line), number);
}

/* ---- questions ---- */

static struct question *take_question(struct ui_link *ui, uint64_t number)
{
	for (struct question **at = &ui->questions; *at != NULL; at = &(*at)->next) {
		if ((*at)->number == number) {
			struct question *found = *at;

			*at = found->next;
			ui->open_size -= found->size;
			return found;
		}
	}
	return NULL;
}

static void answer_gone(struct ui_link *ui)
{
	struct ui_answer answer = {.kind = UI_ANSWER_GONE};

	error_set(&answer.error, ERROR_REFUSED, "no user interface is attached to the signer, so nobody can approve this");
	while (ui->questions != NULL) {
		struct question *question = take_question(ui, ui->questions->number);

		question->answered(question->context, question->number, &answer);
		free(question);
	}
}

static void on_gone(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	answer_gone(context);
}

static void detach(struct ui_link *ui, const char *why)
{
	if (!ui->attached)
		return;
	ui->attached = false;
	event_del(ui->readable);
	event_del(ui->writable);
	buf_free(&ui->received);
	ui_queue_free(&ui->queue);
	ui->handlers.detached(ui->handlers.context, why);
	event_active(ui->gone, EV_TIMEOUT, 0);
}

bool ui_link_has_room(const struct ui_link *ui, size_t size)
{
	return ui->open_size == 0 || (ui->open_size <= OPEN_MOST && size <= OPEN_MOST - ui->open_size);
}

uint64_t ui_link_ask(struct ui_link *ui, const char *method, struct bytes params, ui_answered *answered, void *context)
{
	if (!ui_link_has_room(ui, params.size))
		return 0;
	struct question *question = memory_new(1, sizeof(*question));

	*question = (struct question){++ui->last_question, answered, context, params.size, ui->questions};
	ui->open_size += params.size;
	ui->questions = question;
	if (ui->attached)
		queue_request(ui, method, params, question->number);
	else
		event_active(ui->gone, EV_TIMEOUT, 0);
	return question->number;
}

bool ui_link_forget(struct ui_link *ui, uint64_t number)
{
	free(take_question(ui, number));
	return !ui_queue_drop(&ui->queue, number);
}

void ui_link_notify(struct ui_link *ui, const char *method, struct bytes params)
{
	queue_request(ui, method, params, 0);
}

void ui_link_reply(struct ui_link *ui, struct bytes id, uint64_t batch, struct bytes result, struct bytes error)
{
	struct buf line BUF_CLEANUP = BUF_INIT(OUT_LIMIT);
	struct buf whole BUF_CLEANUP = BUF_INIT(OUT_LIMIT);

	rpc_put_reply(&line, id, result, error);
	if (batch == 0)
		queue_line(ui, buf_bytes(&line), 0);
	else if (ui_batches_add(&ui->batches, batch, buf_bytes(&line), &whole))
		queue_line(ui, buf_bytes(&whole), 0);
}

/* ---- reading ---- */

static void take_answer(struct ui_link *ui, yyjson_val *message, yyjson_val *result, yyjson_val *error)
{
	uint64_t number;
	struct ui_answer answer = {.kind = UI_ANSWER_RESULT, .result = result};
	struct buf data BUF_CLEANUP = BUF_INIT(IN_LIMIT);

	if (!rpc_is_version_2(message) || !rpc_number_id(yyjson_obj_get(message, "id"), &number) ||
	    (result != NULL && error != NULL))
		return;
	struct question *question = take_question(ui, number);

	if (question == NULL) {
		log_debug(ui->log, "the UI answered question %llu, which is not open", (unsigned long long)number);
		return;
	}
	if (error != NULL) {
		answer.kind = UI_ANSWER_ERROR;
		rpc_read_error(error, &answer.error, &data);
		answer.data = buf_bytes(&data);
	}
	question->answered(question->context, number, &answer);
	free(question);
}

static void refuse_call(struct ui_link *ui, struct bytes id, uint64_t batch, enum error_kind kind, const char *text)
{
	struct buf json BUF_CLEANUP = BUF_INIT(4096);
	struct error error;

	error_set(&error, kind, "%s", text);
	rpc_put_error(&json, &error, BYTES_NONE);
	ui_link_reply(ui, id.size > 0 ? id : bytes_text("null"), batch, BYTES_NONE, buf_bytes(&json));
}

static bool is_well_formed_call(yyjson_val *message)
{
	return rpc_is_version_2(message) && !yyjson_is_ctn(yyjson_obj_get(message, "id")) &&
	       yyjson_get_len(yyjson_obj_get(message, "method")) > 0 && yyjson_is_str(yyjson_obj_get(message, "method"));
}

static void take_call(struct ui_link *ui, yyjson_val *message, uint64_t batch)
{
	struct buf id BUF_CLEANUP = BUF_INIT(IN_LIMIT);
	yyjson_val *id_value = yyjson_is_obj(message) ? yyjson_obj_get(message, "id") : NULL;

	if (id_value != NULL && !yyjson_is_ctn(id_value))
		json_write(id_value, &id);
	if (!is_well_formed_call(message)) {
		refuse_call(ui, buf_bytes(&id), batch, ERROR_REQUEST, "invalid request");
		return;
	}
	struct ui_call call = {.method = json_bytes(yyjson_obj_get(message, "method")),
	    .params = yyjson_obj_get(message, "params"),
	    .id = buf_bytes(&id),
	    .batch = batch};

	ui->handlers.call(ui->handlers.context, &call);
}

/* A message that names a method or arguments is no answer, whatever else it holds. */
static bool is_answer(yyjson_val *message, yyjson_val **ret_result, yyjson_val **ret_error)
{
	if (yyjson_obj_get(message, "method") != NULL || yyjson_obj_get(message, "params") != NULL)
		return false;
	*ret_result = yyjson_is_obj(message) ? yyjson_obj_get(message, "result") : NULL;
	*ret_error = yyjson_is_obj(message) ? yyjson_obj_get(message, "error") : NULL;
	/* Some libraries always write both members. */
	if (yyjson_is_null(*ret_error))
		*ret_error = NULL;
	return *ret_result != NULL || *ret_error != NULL;
}

static void take_message(struct ui_link *ui, yyjson_val *message, uint64_t batch)
{
	yyjson_val *result, *error;

	if (is_answer(message, &result, &error))
		take_answer(ui, message, result, error);
	else
		take_call(ui, message, batch);
}

/* Only entries that will be answered count towards a batch: calls with an id, and those that are malformed. */
static bool is_answered_call(yyjson_val *entry)
{
	yyjson_val *result, *error;

	if (is_answer(entry, &result, &error))
		return false;
	return !is_well_formed_call(entry) || yyjson_obj_get(entry, "id") != NULL;
}

static void take_batch(struct ui_link *ui, yyjson_val *array)
{
	yyjson_val *entry;
	yyjson_arr_iter iter = yyjson_arr_iter_with(array);
	size_t answers = 0;

	if (yyjson_arr_size(array) == 0) {
		refuse_call(ui, BYTES_NONE, 0, ERROR_REQUEST, "empty batch");
		return;
	}
	while ((entry = yyjson_arr_iter_next(&iter)) != NULL)
		answers += is_answered_call(entry);
	uint64_t batch = answers > 0 ? ui_batches_begin(&ui->batches, answers) : 0;

	iter = yyjson_arr_iter_with(array);
	while ((entry = yyjson_arr_iter_next(&iter)) != NULL)
		take_message(ui, entry, batch);
}

/* False for what is no JSON. */
static bool take_value(struct ui_link *ui, struct bytes text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error;

	if (!json_parse(text, &json, &error))
		return false;
	if (yyjson_is_arr(json.root))
		take_batch(ui, json.root);
	else
		take_message(ui, json.root, 0);
	return true;
}

/* Throw away what cannot be understood, up to the end of its line, and say so. */
static void skip_garbage(struct ui_link *ui, size_t from)
{
	const uint8_t *rest = ui->received.data + from;
	const uint8_t *line = memchr(rest, '\n', ui->received.size - from);
	size_t end = line != NULL ? (size_t)(line - ui->received.data) + 1 : ui->received.size;

	log_error(ui->log, "the UI sent %zu bytes that are no JSON; they are skipped", end - from);
	buf_consume(&ui->received, end);
	json_scan_start(&ui->scan);
	refuse_call(ui, BYTES_NONE, 0, ERROR_PARSE, "parse error");
}

/* An unfinished value at the end of a line may be garbage that never ends, which must not make the signer deaf. */
static bool is_hopeless(const struct ui_link *ui)
{
	size_t size = ui->received.size;

	if (size == 0 || ui->received.data[size - 1] != '\n' || size > PROBE_SIZE || !ui->scan.begun)
		return false;
	return json_is_garbage(buf_bytes(&ui->received));
}

static void take_received(struct ui_link *ui)
{
	while (ui->attached && ui->received.size > 0) {
		enum json_scan_result found = json_scan_feed(&ui->scan, buf_bytes(&ui->received));
		size_t start = ui->scan.start, end = ui->scan.offset;

		if (found == JSON_SCAN_MORE) {
			if (!is_hopeless(ui))
				return;
			skip_garbage(ui, 0);
			continue;
		}
		if (found == JSON_SCAN_TOO_DEEP || !take_value(ui, bytes_of(ui->received.data + start, end - start))) {
			if (ui->attached)
				skip_garbage(ui, start);
			continue;
		}
		if (!ui->attached)
			return;
		buf_consume(&ui->received, end);
		json_scan_start(&ui->scan);
	}
}

/* Blanks between messages are not gathered; memory that a large message took is given back. */
static void drop_blanks(struct ui_link *ui)
{
	if (ui->scan.begun)
		return;
	buf_consume(&ui->received, ui->received.size);
	json_scan_start(&ui->scan);
	if (ui->received.capacity > KEEP_SIZE)
		buf_free(&ui->received);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct ui_link *ui = context;
	uint8_t *space = buf_reserve(&ui->received, READ_SIZE);

	(void)what;
	if (space == NULL) {
		detach(ui, "it sent more than 64 MiB without a complete message");
		return;
	}
	ssize_t got = read(fd, space, READ_SIZE);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		detach(ui, "it closed its end");
		return;
	}
	buf_commit(&ui->received, (size_t)got);
	take_received(ui);
	drop_blanks(ui);
}

/* Files and /dev/null cannot be waited for; libevent would complain on stderr. */
static bool can_be_watched(int fd)
{
	int probe = epoll_create1(EPOLL_CLOEXEC);
	struct epoll_event nothing = {0};
	bool ok = probe < 0 || epoll_ctl(probe, EPOLL_CTL_ADD, fd, &nothing) == 0;

	if (probe >= 0)
		close(probe);
	return ok;
}

struct ui_link *ui_link_new(struct event_base *base, int in, int out, const struct log *log, struct ui_link_handlers handlers)
{
	struct ui_link *ui = memory_new(1, sizeof(*ui));

	ui->in = in;
	ui->out = out;
	ui->attached = true;
	ui->log = log;
	ui->handlers = handlers;
	buf_init(&ui->received, IN_LIMIT);
	json_scan_start(&ui->scan);
	evutil_make_socket_nonblocking(in);
	evutil_make_socket_nonblocking(out);
	ui->readable = event_new(base, in, EV_READ | EV_PERSIST, on_readable, ui);
	ui->writable = event_new(base, out, EV_WRITE, on_writable, ui);
	ui->gone = event_new(base, -1, 0, on_gone, ui);
	if (ui->readable == NULL || ui->writable == NULL || ui->gone == NULL)
		abort();
	/* Nobody will ever answer there. */
	if (!can_be_watched(in) || event_add(ui->readable, NULL) != 0)
		detach(ui, "its input is neither a pipe, a socket nor a terminal");
	return ui;
}

void ui_link_free(struct ui_link *ui)
{
	if (ui == NULL)
		return;
	if (ui->attached)
		ui_queue_write(&ui->queue, ui->out);
	event_free(ui->readable);
	event_free(ui->writable);
	event_free(ui->gone);
	while (ui->questions != NULL)
		free(take_question(ui, ui->questions->number));
	ui_batches_free(&ui->batches);
	buf_free(&ui->received);
	ui_queue_free(&ui->queue);
	free(ui);
}

bool ui_link_attached(const struct ui_link *ui)
{
	return ui->attached;
}
