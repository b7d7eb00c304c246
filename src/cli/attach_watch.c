#include "cli/attach_watch.h"

#include "base/json.h"
#include "core/rpc.h"

/* Both kinds are shorter. */
#define LOOKED_AT_MOST ((size_t)4096)

bool attach_watch_lends(struct bytes untrusted_json, uint64_t *ret_question)
{
	JSON_CLEANUP struct json answer = {0};
	struct error error;

	return untrusted_json.size <= LOOKED_AT_MOST && json_parse(untrusted_json, &answer, &error) &&
	       yyjson_is_true(yyjson_obj_get(yyjson_obj_get(answer.root, "result"), "terminal")) &&
	       rpc_number_id(yyjson_obj_get(answer.root, "id"), ret_question);
}

bool attach_watch_withdraws(struct attach_watch *watch, struct bytes untrusted_json, uint64_t *ret_question)
{
	JSON_CLEANUP struct json call = {0};
	struct error error;

	if (untrusted_json.size > LOOKED_AT_MOST || !json_parse(untrusted_json, &call, &error) ||
	    !yyjson_equals_str(yyjson_obj_get(call.root, "method"), "ui_withdraw"))
		return false;
	yyjson_val *params = yyjson_arr_get_first(yyjson_obj_get(call.root, "params"));

	if (!rpc_number_id(yyjson_obj_get(params, "id"), ret_question))
		return false;
	watch->withdrawn[watch->count++ % ATTACH_WATCH_KEPT] = *ret_question;
	return true;
}

bool attach_watch_was_withdrawn(const struct attach_watch *watch, uint64_t question)
{
	size_t count = watch->count < ATTACH_WATCH_KEPT ? watch->count : ATTACH_WATCH_KEPT;

	for (size_t i = 0; i < count; i++)
		if (watch->withdrawn[i] == question)
			return true;
	return false;
}
