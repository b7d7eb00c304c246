#include "server/jsonrpc.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "server/jsonrpc_envelope.h"

/* A reply of core is at most 64 MiB; a batch's reply may have one behind RPC_REPLY_MAX. */
#define REPLY_ROOM ((size_t)96 * 1024 * 1024)
/* Buffers up to this size are kept for the next message of the connection. */
#define KEEP_MAX ((size_t)16384)

static const struct bytes null_id = {(const uint8_t *)"null", 4};

bool rpc_is_blank(struct bytes text)
{
	for (size_t i = 0; i < text.size; i++) {
		if (memchr(" \t\r\n", text.data[i], 4) == NULL)
			return false;
	}
	return true;
}

void rpc_init(struct rpc_message *message)
{
	*message = (struct rpc_message){0};
	/* An escape of two characters may be written again with six, so that a text grows by three times at most. */
	buf_init(&message->entries, 4 * RPC_MESSAGE_MAX);
	buf_init(&message->id, 4 * RPC_MESSAGE_MAX);
	buf_init(&message->reply, REPLY_ROOM);
}

void rpc_free(struct rpc_message *message)
{
	buf_free(&message->entries);
	buf_free(&message->id);
	buf_free(&message->reply);
}

static void forget(struct buf *buf)
{
	if (buf->capacity > KEEP_MAX)
		buf_free(buf);
	else
		buf_reset(buf);
}

void jsonrpc_put_error(struct bytes id, int code, struct bytes text, struct buf *ret_reply)
{
	buf_put_text(ret_reply, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_put_bytes(ret_reply, id);
	buf_printf(ret_reply, ",\"error\":{\"code\":%d,\"message\":", code);
	json_put_string(ret_reply, text);
	buf_put_text(ret_reply, "}}");
}

/* The whole answer to a message that is refused as a whole. */
static void refuse_whole(struct rpc_message *message, struct bytes id, int code, const char *text)
{
	message->answers = 1;
	jsonrpc_put_error(id, code, bytes_text(text), &message->reply);
}

/* The id of the first call that wants an answer. */
static void first_id(yyjson_val *batch, struct buf *ret_id)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(batch);
	yyjson_val *value;

	while ((value = yyjson_arr_iter_next(&iter)) != NULL) {
		if (envelope_call_id(value, ret_id))
			return;
	}
	buf_put_bytes(ret_id, null_id);
}

static void read_batch(struct rpc_message *message, enum rpc_carrier carrier, yyjson_val *batch, struct bytes untrusted_text)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(batch);
	struct bytes text = BYTES_NONE;
	struct json_walk walk;
	yyjson_val *value;

	if (yyjson_arr_size(batch) == 0) {
		refuse_whole(message, null_id, RPC_INVALID_REQUEST, "empty batch");
		return;
	}
	message->batch = true;
	if (yyjson_arr_size(batch) > RPC_BATCH_MAX) {
		buf_put_u8(&message->reply, '[');
		first_id(batch, &message->id);
		refuse_whole(message, buf_bytes(&message->id), RPC_INVALID_REQUEST, "batch too large");
		return;
	}
	json_walk_start(&walk, untrusted_text);
	while ((value = yyjson_arr_iter_next(&iter)) != NULL && json_walk_next(&walk, &text))
		envelope_read(value, text, carrier, message->subscriptions, &message->entries);
}

void rpc_read(struct rpc_message *message, enum rpc_carrier carrier, struct bytes untrusted_text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error;

	forget(&message->entries);
	forget(&message->reply);
	forget(&message->id);
	message->done = message->answers = 0;
	message->batch = message->notification = false;
	message->broken = !json_parse(untrusted_text, &json, &error);
	if (message->broken)
		refuse_whole(message, null_id, RPC_PARSE_ERROR, "parse error");
	else if (yyjson_is_arr(json.root))
		read_batch(message, carrier, json.root, untrusted_text);
	else
		envelope_read(json.root, untrusted_text, carrier, message->subscriptions, &message->entries);
}

/* Before each answer, in a batch. */
static void separate(struct rpc_message *message)
{
	if (message->batch)
		buf_put_u8(&message->reply, message->answers == 0 ? '[' : ',');
	message->answers++;
}

static void finish(struct rpc_message *message)
{
	forget(&message->entries);
	message->done = 0;
	if (message->answers == 0)
		return;
	buf_put_text(&message->reply, message->batch ? "]\n" : "\n");
	/* A reply that fits nowhere is our own fault, not the caller's; it must still hear something. */
	if (!buf_ok(&message->reply)) {
		buf_free(&message->reply);
		jsonrpc_put_error(null_id, RPC_REPLY_TOO_LARGE, bytes_text("response too large"), &message->reply);
		buf_put_u8(&message->reply, '\n');
	}
}

bool rpc_next(struct rpc_message *message, struct rpc_call *ret_call)
{
	while (message->done < message->entries.size) {
		struct bytes left = bytes_of(message->entries.data + message->done, message->entries.size - message->done);
		struct envelope_entry entry;
		size_t used = envelope_entry_read(left, &entry);

		message->done += used;
		if (entry.kind == ENVELOPE_ANSWERED) {
			separate(message);
			buf_put_bytes(&message->reply, entry.text);
			continue;
		}
		buf_reset(&message->id);
		buf_put_bytes(&message->id, entry.id);
		message->notification = entry.kind == ENVELOPE_NOTIFICATION;
		if (message->batch && message->reply.size > RPC_REPLY_MAX) {
			rpc_answer_error(message, RPC_REPLY_TOO_LARGE, "response too large");
			continue;
		}
		*ret_call = (struct rpc_call){.method = entry.text, .params = entry.params};
		return true;
	}
	finish(message);
	return false;
}

void rpc_sent(struct rpc_message *message)
{
	if (message->done == message->entries.size) {
		forget(&message->entries);
		message->done = 0;
	}
}

void rpc_answer(struct rpc_message *message, struct bytes result, struct bytes error)
{
	if (message->notification)
		return;
	separate(message);
	buf_put_text(&message->reply, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_put_bytes(&message->reply, buf_bytes(&message->id));
	buf_put_text(&message->reply, error.size > 0 ? ",\"error\":" : ",\"result\":");
	buf_put_bytes(&message->reply, error.size > 0 ? error : result);
	buf_put_u8(&message->reply, '}');
}

void rpc_answer_error(struct rpc_message *message, int code, const char *text)
{
	if (message->notification)
		return;
	separate(message);
	jsonrpc_put_error(buf_bytes(&message->id), code, bytes_text(text), &message->reply);
}

void rpc_abandon(struct rpc_message *message, int code, const char *text)
{
	struct rpc_call ignored;

	do {
		rpc_answer_error(message, code, text);
	} while (rpc_next(message, &ignored));
}

struct bytes rpc_reply(const struct rpc_message *message)
{
	return message->answers == 0 ? BYTES_NONE : buf_bytes(&message->reply);
}

size_t rpc_held(const struct rpc_message *message)
{
	return message->entries.size + message->id.size + message->reply.size;
}
