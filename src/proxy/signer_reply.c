#include "proxy/signer_reply.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"

struct reply {
	yyjson_val *jsonrpc, *id, *result, *error;
	struct bytes result_text, error_text;
	bool twice;
};

static void set(struct reply *reply, struct bytes name, yyjson_val *value, struct bytes text)
{
	yyjson_val **member = NULL;

	if (bytes_equal_text(name, "jsonrpc"))
		member = &reply->jsonrpc;
	else if (bytes_equal_text(name, "id"))
		member = &reply->id;
	else if (bytes_equal_text(name, "result"))
		member = &reply->result;
	else if (bytes_equal_text(name, "error"))
		member = &reply->error;
	if (member == NULL)
		return;
	reply->twice = reply->twice || *member != NULL;
	*member = value;
	if (member == &reply->result)
		reply->result_text = text;
	else if (member == &reply->error)
		reply->error_text = text;
}

static struct reply members(yyjson_val *object, struct bytes text)
{
	struct reply reply = {0};
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	struct bytes name_text, value_text;
	struct json_walk walk;
	yyjson_val *name;

	/* The walk over the text is in step with the parsed object. */
	json_walk_start(&walk, text);
	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		if (!json_walk_next(&walk, &name_text) || !json_walk_next(&walk, &value_text))
			break;
		set(&reply, json_bytes(name), yyjson_obj_iter_get_val(name), value_text);
	}
	return reply;
}

static bool is_whole_number(struct bytes text)
{
	size_t i = text.size > 0 && text.data[0] == '-' ? 1 : 0;

	if (i == text.size)
		return false;
	for (; i < text.size; i++)
		if (text.data[i] < '0' || text.data[i] > '9')
			return false;
	return true;
}

static bool is_error_object(yyjson_val *error)
{
	yyjson_val *code = yyjson_obj_get(error, "code");

	return yyjson_is_obj(error) && yyjson_is_raw(code) && is_whole_number(json_bytes(code)) &&
	       yyjson_is_str(yyjson_obj_get(error, "message"));
}

static const char *what_is_wrong(const struct reply *reply, uint64_t id)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, id);
	if (reply->twice)
		return "a member of the reply comes twice";
	if (!yyjson_is_str(reply->jsonrpc) || !bytes_equal_text(json_bytes(reply->jsonrpc), "2.0"))
		return "the reply is not of JSON-RPC 2.0";
	if (!yyjson_is_raw(reply->id) || !bytes_equal_text(json_bytes(reply->id), number))
		return "the reply belongs to another call";
	if ((reply->result == NULL) == (reply->error == NULL))
		return "expected either a result or an error";
	if (reply->error != NULL && !is_error_object(reply->error))
		return "its error has no code or no message";
	return NULL;
}

bool signer_reply_read(
    struct bytes untrusted_text, uint64_t id, struct bytes *ret_result, struct bytes *ret_error_object, struct error *ret_error)
{
	struct json json JSON_CLEANUP = {0};

	if (untrusted_text.size == 0)
		return error_set(ret_error, ERROR_REFUSED, "the reply is empty");
	if (!json_parse(untrusted_text, &json, ret_error))
		return error_set(ret_error, ERROR_REFUSED, "the reply is no JSON");
	if (!yyjson_is_obj(json.root))
		return error_set(ret_error, ERROR_REFUSED, "the reply is no JSON object");
	struct reply reply = members(json.root, untrusted_text);
	const char *wrong = what_is_wrong(&reply, id);

	if (wrong != NULL)
		return error_set(ret_error, ERROR_REFUSED, "%s", wrong);
	*ret_result = reply.result_text;
	*ret_error_object = reply.error_text;
	return true;
}
