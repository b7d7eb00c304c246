#include "decode/call.h"

#include <string.h>

#include "base/hex.h"
#include "base/json.h"

#define SELECTOR_SIZE 4

static void put_value(const struct abi_value *value, struct buf *json);

static void put_values(const struct abi_value *value, struct buf *json)
{
	buf_put_u8(json, '[');
	for (size_t i = 0; i < value->count; i++) {
		if (i > 0)
			buf_put_u8(json, ',');
		put_value(&value->items[i], json);
	}
	buf_put_u8(json, ']');
}

/* As deep as types may be: ABI_DEPTH_MAX. */
static void put_value(const struct abi_value *value, struct buf *json)
{
	switch (value->type->kind) {
	case ABI_ARRAY:
	case ABI_FIXED_ARRAY:
	case ABI_TUPLE:
		put_values(value, json);
		return;
	case ABI_STRING:
		json_put_string(json, value->bytes);
		return;
	case ABI_UINT:
	case ABI_INT:
	case ABI_ADDRESS:
	case ABI_BOOL:
	case ABI_FIXED_BYTES:
	case ABI_BYTES:
	case ABI_FUNCTION:
		/* Nothing in these needs an escape. */
		buf_put_u8(json, '"');
		abi_put_value(value, json);
		buf_put_u8(json, '"');
		return;
	}
}

/* Takes the next of the comma-separated names off the front. */
static struct bytes next_name(struct bytes *names)
{
	const uint8_t *comma = names->size > 0 ? memchr(names->data, ',', names->size) : NULL;
	size_t size = comma != NULL ? (size_t)(comma - names->data) : names->size;
	struct bytes name = bytes_of(names->data, size);

	*names = comma != NULL ? bytes_of(comma + 1, names->size - size - 1) : BYTES_NONE;
	return name;
}

static void put_arguments(const struct call *call, struct buf *json)
{
	struct buf list BUF_CLEANUP = BUF_INIT(CALL_ARGUMENTS_MAX);
	struct bytes names = call->names;

	buf_put_u8(&list, '[');
	for (size_t i = 0; i < call->arguments.count; i++) {
		const struct abi_value *value = &call->arguments.items[i];
		struct bytes name = next_name(&names);

		buf_put_text(&list, i > 0 ? ",{\"name\":" : "{\"name\":");
		if (name.size > 0)
			json_put_string(&list, name);
		else
			buf_put_text(&list, "null");
		buf_put_text(&list, ",\"type\":");
		json_put_string(&list, value->type->text);
		buf_put_text(&list, ",\"value\":");
		put_value(value, &list);
		buf_put_u8(&list, '}');
	}
	buf_put_u8(&list, ']');
	buf_put_bytes(json, buf_ok(&list) ? buf_bytes(&list) : bytes_text("null"));
}

static void put_meaning(const struct call *call, struct buf *json)
{
	if (call == NULL) {
		buf_put_text(json, ",\"signature\":null,\"arguments\":null,\"other_signatures\":[]}");
		return;
	}
	buf_put_text(json, ",\"signature\":");
	json_put_string(json, call->method.signature);
	buf_put_text(json, ",\"arguments\":");
	put_arguments(call, json);
	buf_put_text(json, ",\"other_signatures\":[");
	for (const struct call *other = call->next; other != NULL; other = other->next) {
		if (other != call->next)
			buf_put_u8(json, ',');
		json_put_string(json, other->method.signature);
	}
	buf_put_text(json, "]}");
}

void call_put_json(const struct call *call, struct bytes untrusted_data, struct buf *ret_json)
{
	if (untrusted_data.size < SELECTOR_SIZE) {
		buf_put_text(ret_json, "null");
		return;
	}
	buf_put_text(ret_json, "{\"selector\":\"0x");
	hex_encode(bytes_of(untrusted_data.data, SELECTOR_SIZE), ret_json);
	buf_put_u8(ret_json, '"');
	put_meaning(call, ret_json);
}
