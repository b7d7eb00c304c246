#include "server/jsonrpc_envelope.h"

#include <stdio.h>
#include <string.h>

#include "base/json.h"
#include "server/jsonrpc.h"

struct envelope {
	yyjson_val *jsonrpc, *id, *method, *params;
	bool twice;               /* one of them came twice */
	bool id_twice;            /* it was the id, so that none can be echoed */
	struct bytes name;        /* of the method; empty unless it is a string */
	struct bytes params_text; /* as it was spelt */
};

/* An answer that the server gives by itself, while it is being made. */
struct refusal {
	int code;
	struct buf *text;
};

/* An id: as json_write, without its allocations for what nearly every call has. */
static void put_value(yyjson_val *value, struct buf *ret_text)
{
	if (yyjson_is_raw(value))
		buf_put_bytes(ret_text, json_bytes(value));
	else if (yyjson_is_str(value))
		json_put_string(ret_text, json_bytes(value));
	else
		json_write(value, ret_text);
}

static void set_member(struct envelope *envelope, struct bytes name, yyjson_val *value)
{
	yyjson_val **member = NULL;

	if (bytes_equal_text(name, "jsonrpc"))
		member = &envelope->jsonrpc;
	else if (bytes_equal_text(name, "id"))
		member = &envelope->id;
	else if (bytes_equal_text(name, "method"))
		member = &envelope->method;
	else if (bytes_equal_text(name, "params"))
		member = &envelope->params;
	if (member == NULL)
		return;
	envelope->twice = envelope->twice || *member != NULL;
	envelope->id_twice = envelope->id_twice || (member == &envelope->id && *member != NULL);
	*member = value;
}

/* False: not a request. The envelope then still says which id can be echoed. */
static bool open_envelope(yyjson_val *value, struct bytes text, struct envelope *ret_envelope)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(value);
	struct bytes name_text, value_text;
	struct json_walk walk;
	yyjson_val *name;

	*ret_envelope = (struct envelope){0};
	json_walk_start(&walk, text);
	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		set_member(ret_envelope, json_bytes(name), yyjson_obj_iter_get_val(name));
		if (json_walk_next(&walk, &name_text) && json_walk_next(&walk, &value_text) &&
		    ret_envelope->params == yyjson_obj_iter_get_val(name))
			ret_envelope->params_text = value_text;
	}
	bool id_is_good = !yyjson_is_ctn(ret_envelope->id);
	if (ret_envelope->id_twice || !id_is_good)
		ret_envelope->id = NULL;
	if (yyjson_is_str(ret_envelope->method))
		ret_envelope->name = json_bytes(ret_envelope->method);
	return id_is_good && !ret_envelope->twice && yyjson_is_str(ret_envelope->jsonrpc) &&
	       bytes_equal_text(json_bytes(ret_envelope->jsonrpc), "2.0") && ret_envelope->name.size > 0;
}

static void put_sized(struct bytes text, struct buf *ret_entries)
{
	buf_put_u32(ret_entries, (uint32_t)text.size);
	buf_put_bytes(ret_entries, text);
}

static void put_sized_value(yyjson_val *value, struct buf *ret_entries)
{
	size_t at = ret_entries->size;

	buf_put_u32(ret_entries, 0);
	if (value == NULL)
		return;
	put_value(value, ret_entries);
	if (!buf_ok(ret_entries))
		return;
	uint32_t size = (uint32_t)(ret_entries->size - at - 4);
	for (unsigned i = 0; i < 4; i++)
		ret_entries->data[at + i] = (uint8_t)(size >> (24 - 8 * i));
}

static void put_call(const struct envelope *envelope, struct buf *ret_entries)
{
	buf_put_u8(ret_entries, envelope->id == NULL ? ENVELOPE_NOTIFICATION : ENVELOPE_CALL);
	put_sized_value(envelope->id, ret_entries);
	put_sized(envelope->name, ret_entries);
	put_sized(envelope->params_text, ret_entries);
}

static void put_answered(const struct envelope *envelope, int code, struct bytes text, struct buf *ret_entries)
{
	struct buf id BUF_CLEANUP = BUF_INIT(4 * RPC_MESSAGE_MAX);
	struct buf answer BUF_CLEANUP = BUF_INIT(4 * RPC_MESSAGE_MAX);

	if (envelope->id == NULL)
		buf_put_text(&id, "null");
	else
		put_value(envelope->id, &id);
	jsonrpc_put_error(buf_bytes(&id), code, text, &answer);
	buf_put_u8(ret_entries, ENVELOPE_ANSWERED);
	put_sized(BYTES_NONE, ret_entries);
	put_sized(buf_bytes(&answer), ret_entries);
	put_sized(BYTES_NONE, ret_entries);
}

static bool ends_with(struct bytes text, const char *end)
{
	size_t size = strlen(end);

	return text.size >= size && memcmp(text.data + text.size - size, end, size) == 0;
}

/* Clef knows subscriptions and has none: what it says when one is asked for. */
static void refuse_subscribe(const struct envelope *envelope, enum rpc_carrier carrier, struct refusal *refusal)
{
	yyjson_val *first = yyjson_arr_get_first(envelope->params);
	const uint8_t *mark = memchr(envelope->name.data, '_', envelope->name.size);
	size_t namespace_size = (size_t)(mark - envelope->name.data);

	refusal->code = RPC_NO_METHOD;
	if (carrier == RPC_HTTP) {
		buf_put_text(refusal->text, "notifications not supported");
		return;
	}
	if (!yyjson_is_str(first)) {
		refusal->code = RPC_INVALID_PARAMS;
		buf_put_text(refusal->text, "expected subscription name as first argument");
		return;
	}
	if (yyjson_get_len(first) > RPC_METHOD_MAX) {
		refusal->code = RPC_INVALID_REQUEST;
		buf_printf(refusal->text, "subscription name too long: %zu > %d", yyjson_get_len(first), RPC_METHOD_MAX);
		return;
	}
	buf_put_text(refusal->text, "no \"");
	buf_put_bytes(refusal->text, json_bytes(first));
	buf_put_text(refusal->text, "\" subscription in ");
	buf_put(refusal->text, envelope->name.data, namespace_size);
	buf_put_text(refusal->text, " namespace");
}

static void refuse_unsubscribe(const struct envelope *envelope, struct refusal *refusal)
{
	yyjson_val *params = envelope->params;
	const char *text = "subscription not found";

	refusal->code = RPC_INVALID_PARAMS;
	if (params != NULL && !yyjson_is_arr(params) && !yyjson_is_null(params))
		text = "non-array args";
	else if (yyjson_arr_size(params) == 0)
		text = "missing value for required argument 0";
	else if (yyjson_arr_size(params) > 1)
		text = "too many arguments, want at most 1";
	else if (!yyjson_is_str(yyjson_arr_get_first(params)))
		text = "invalid argument 0: expected a string";
	else
		refusal->code = RPC_FAILED;
	buf_put_text(refusal->text, text);
}

/* What needs no core; false when the call is to be run. */
static bool refuse_here(const struct envelope *envelope, enum rpc_carrier carrier, bool subscriptions, struct refusal *refusal)
{
	if (envelope->name.size > RPC_METHOD_MAX) {
		refusal->code = RPC_INVALID_REQUEST;
		buf_printf(refusal->text, "method name too long: %zu > %d", envelope->name.size, RPC_METHOD_MAX);
	} else if (!subscriptions && ends_with(envelope->name, "_subscribe")) {
		refuse_subscribe(envelope, carrier, refusal);
	} else if (!subscriptions && ends_with(envelope->name, "_unsubscribe")) {
		refuse_unsubscribe(envelope, refusal);
	} else {
		return false;
	}
	return true;
}

void envelope_read(yyjson_val *untrusted_value, struct bytes untrusted_text, enum rpc_carrier carrier, bool subscriptions,
    struct buf *ret_entries)
{
	struct buf text BUF_CLEANUP = BUF_INIT(4 * RPC_METHOD_MAX);
	struct refusal refusal = {.text = &text};
	struct envelope envelope;

	if (!open_envelope(untrusted_value, untrusted_text, &envelope)) {
		put_answered(&envelope, RPC_INVALID_REQUEST, bytes_text("invalid request"), ret_entries);
		return;
	}
	if (!refuse_here(&envelope, carrier, subscriptions, &refusal))
		put_call(&envelope, ret_entries);
	else if (envelope.id != NULL)
		put_answered(&envelope, refusal.code, buf_bytes(&text), ret_entries);
}

size_t envelope_entry_read(struct bytes entries, struct envelope_entry *ret_entry)
{
	struct reader reader = reader_of(entries);

	ret_entry->kind = (enum envelope_kind)reader_u8(&reader);
	ret_entry->id = reader_bytes(&reader, reader_u32(&reader));
	ret_entry->text = reader_bytes(&reader, reader_u32(&reader));
	ret_entry->params = reader_bytes(&reader, reader_u32(&reader));
	return entries.size - reader.left;
}

bool envelope_call_id(yyjson_val *untrusted_value, struct buf *ret_id)
{
	struct envelope envelope;

	if (!open_envelope(untrusted_value, BYTES_NONE, &envelope) || envelope.id == NULL)
		return false;
	put_value(envelope.id, ret_id);
	return true;
}
