/* What the UI sends: answers, calls, batches of them, garbage, and descriptors. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/rpc.h"
#include "core/ui_link_private.h"
#include "core/ui_receive.h"

#define READ_SIZE ((size_t)65536)
/* The buffer is given back when it grew beyond this for one large message. */
#define KEEP_SIZE ((size_t)1024 * 1024)
/* Unfinished values larger than this are not tried for garbage at each line's end. */
#define PROBE_SIZE ((size_t)1024 * 1024)

static void take_answer(struct ui_link *ui, yyjson_val *message, yyjson_val *result, yyjson_val *error)
{
	uint64_t number;
	struct ui_answer answer = {.kind = UI_ANSWER_RESULT, .result = result};
	struct buf data BUF_CLEANUP = BUF_INIT(UI_LINK_IN_LIMIT);

	if (!rpc_is_version_2(message) || !rpc_number_id(yyjson_obj_get(message, "id"), &number) ||
	    (result != NULL && error != NULL))
		return;
	struct ui_question *question = ui_link_take_question(ui, number);

	if (question == NULL) {
		log_debug(ui->options.log, "the UI answered question %llu, which is not open", (unsigned long long)number);
		return;
	}
	if (error != NULL) {
		answer.kind = UI_ANSWER_ERROR;
		rpc_read_error(error, &answer.error, &data);
		answer.data = buf_bytes(&data);
	}
	ui_link_answer(question, &answer);
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
	struct buf id BUF_CLEANUP = BUF_INIT(UI_LINK_IN_LIMIT);
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

	log_error(ui->options.log, "the UI sent %zu bytes that are no JSON; they are skipped", end - from);
	buf_consume(&ui->received, end);
	json_scan_start(&ui->scan);
	refuse_call(ui, BYTES_NONE, 0, ERROR_PARSE, "parse error");
	if (ui->peer.replaceable && ++ui->garbage >= UI_LINK_GARBAGE_MOST)
		ui_link_detach(ui, "it sent too much that is no JSON");
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
	while (ui->state == UI_LINK_ATTACHED && ui->received.size > 0) {
		enum json_scan_result found = json_scan_feed(&ui->scan, buf_bytes(&ui->received));
		size_t start = ui->scan.start, end = ui->scan.offset;

		if (found == JSON_SCAN_MORE) {
			if (!is_hopeless(ui))
				return;
			skip_garbage(ui, 0);
			continue;
		}
		if (found == JSON_SCAN_TOO_DEEP || !take_value(ui, bytes_of(ui->received.data + start, end - start))) {
			if (ui->state == UI_LINK_ATTACHED)
				skip_garbage(ui, start);
			continue;
		}
		if (ui->state != UI_LINK_ATTACHED)
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

/* Reads like read(2), and takes a descriptor that came along. */
static ssize_t receive(struct ui_link *ui, uint8_t *space)
{
	struct ui_received_fd passed;
	ssize_t got;

	if (!ui->peer.replaceable || ui->handlers.descriptor == NULL)
		return read(ui->peer.in, space, READ_SIZE);
	got = ui_receive(ui->peer.in, space, READ_SIZE, &passed);
	if (passed.too_many)
		log_warn(ui->options.log, "the UI passed several descriptors at once; none was taken");
	if (passed.fd < 0)
		return got;
	if (++ui->descriptors > UI_LINK_DESCRIPTORS_MOST) {
		close(passed.fd);
		ui_link_detach(ui, "it passed too many descriptors");
	} else {
		ui->handlers.descriptor(ui->handlers.context, passed.fd);
	}
	return got;
}

void ui_link_read(struct ui_link *ui)
{
	uint8_t *space = buf_reserve(&ui->received, READ_SIZE);

	if (space == NULL) {
		ui_link_detach(ui, "it sent more than 64 MiB without a complete message");
		return;
	}
	ssize_t got = receive(ui, space);

	if ((got < 0 && (errno == EAGAIN || errno == EINTR)) || ui->state != UI_LINK_ATTACHED)
		return;
	if (got <= 0) {
		ui_link_detach(ui, "it closed its end");
		return;
	}
	buf_commit(&ui->received, (size_t)got);
	take_received(ui);
	drop_blanks(ui);
}
