#include "proxy/upstream_reply.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/json.h"

/* The members of a response that count; empty: not there. */
struct members {
	struct bytes id, result, error;
	const char *twice;
};

/* Names are compared as they are spelt: no node escapes them, and whoever does is not understood. */
static void read_members(struct bytes object, struct members *ret_members)
{
	struct {
		const char *name;
		struct bytes *place;
	} wanted[] = {{"\"id\"", &ret_members->id}, {"\"result\"", &ret_members->result}, {"\"error\"", &ret_members->error}};
	struct json_walk walk;
	struct bytes name, value;

	json_walk_start(&walk, object);
	while (json_walk_next(&walk, &name) && json_walk_next(&walk, &value)) {
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++) {
			if (!bytes_equal_text(name, wanted[i].name))
				continue;
			if (wanted[i].place->size > 0)
				ret_members->twice = wanted[i].name;
			*wanted[i].place = value;
		}
	}
}

static bool is_error(yyjson_val *error)
{
	return yyjson_is_obj(error) && yyjson_is_raw(yyjson_obj_get(error, "code")) &&
	       yyjson_is_str(yyjson_obj_get(error, "message"));
}

static bool is_there(struct bytes member)
{
	return member.size > 0 && !bytes_equal_text(member, "null");
}

static bool judge(const struct members *members, yyjson_val *root, uint64_t id, struct error *ret_error)
{
	char number[24];

	snprintf(number, sizeof(number), "%" PRIu64, id);
	if (members->twice != NULL)
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer has %s twice", members->twice);
	if (!bytes_equal_text(members->id, number))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer is to another call (its id is not the call's)");
	if (is_there(members->error) && is_there(members->result))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer has both a result and an error");
	if (members->result.size == 0 && !is_there(members->error))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer has neither a result nor an error");
	if (is_there(members->error) && !is_error(yyjson_obj_get(root, "error")))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer is an error without code and message");
	return true;
}

bool upstream_reply_read(struct bytes untrusted_text, uint64_t id, enum upstream_outcome *ret_outcome, struct bytes *ret_answer,
    struct error *ret_error)
{
	JSON_CLEANUP struct json json = {0};
	struct members members = {0};

	if (!json_parse(untrusted_text, &json, ret_error))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer is not JSON");
	if (!yyjson_is_obj(json.root))
		return error_set(ret_error, ERROR_INTERNAL, "the node's answer is no JSON-RPC response object");
	read_members(untrusted_text, &members);
	if (!judge(&members, json.root, id, ret_error))
		return false;
	*ret_outcome = is_there(members.error) ? UPSTREAM_ERROR : UPSTREAM_RESULT;
	*ret_answer = is_there(members.error) ? members.error : members.result;
	return true;
}

void upstream_put_error(struct buf *ret_json, int code, const char *text)
{
	buf_printf(ret_json, "{\"code\":%d,\"message\":", code);
	json_put_string(ret_json, bytes_text(text));
	buf_put_u8(ret_json, '}');
}
