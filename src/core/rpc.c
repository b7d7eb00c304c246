#include "core/rpc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void rpc_put_reply(struct buf *buf, struct bytes id, struct bytes result, struct bytes error)
{
	buf_put_text(buf, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_put_bytes(buf, id);
	buf_put_text(buf, error.size > 0 ? ",\"error\":" : ",\"result\":");
	buf_put_bytes(buf, error.size > 0 ? error : result);
	buf_put_u8(buf, '}');
}

static void put_error(struct buf *buf, int code, const struct error *error, struct bytes data)
{
	buf_printf(buf, "{\"code\":%d,\"message\":", code);
	json_put_string(buf, bytes_text(error->text));
	if (data.size > 0) {
		buf_put_text(buf, ",\"data\":");
		buf_put_bytes(buf, data);
	}
	buf_put_u8(buf, '}');
}

void rpc_put_error(struct buf *buf, const struct error *error, struct bytes data)
{
	put_error(buf, error_rpc_code(error), error, data);
}

void rpc_put_eth_error(struct buf *buf, const struct error *error, struct bytes data)
{
	put_error(buf, error_eth_code(error), error, data);
}

/* Numbers are raw text. */
static bool read_int(yyjson_val *value, int *ret_int)
{
	char *end;

	if (!yyjson_is_raw(value))
		return false;
	errno = 0;
	long number = strtol(yyjson_get_raw(value), &end, 10);

	if (errno != 0 || *end != 0 || number < -2147483647L || number > 2147483647L)
		return false;
	*ret_int = (int)number;
	return true;
}

void rpc_read_error(yyjson_val *value, struct error *ret_error, struct buf *ret_data)
{
	yyjson_val *message = yyjson_is_obj(value) ? yyjson_obj_get(value, "message") : NULL;
	yyjson_val *data = yyjson_is_obj(value) ? yyjson_obj_get(value, "data") : NULL;
	int code = 0;

	if (!yyjson_is_str(message) || !read_int(yyjson_obj_get(value, "code"), &code)) {
		error_set(ret_error, ERROR_REFUSED, "the user interface answered with an error that has no code and message");
		return;
	}
	error_set(ret_error, ERROR_CUSTOM, "%s", yyjson_get_str(message));
	ret_error->custom_code = code;
	if (data != NULL)
		json_write(data, ret_data);
}

bool rpc_is_version_2(yyjson_val *message)
{
	yyjson_val *version = yyjson_is_obj(message) ? yyjson_obj_get(message, "jsonrpc") : NULL;

	return yyjson_is_str(version) && bytes_equal_text(json_bytes(version), "2.0");
}

bool rpc_number_id(yyjson_val *id, uint64_t *ret_number)
{
	char *end;

	if (!yyjson_is_raw(id) || yyjson_get_raw(id)[0] < '0' || yyjson_get_raw(id)[0] > '9')
		return false;
	errno = 0;
	*ret_number = strtoull(yyjson_get_raw(id), &end, 10);
	return errno == 0 && *end == 0;
}
