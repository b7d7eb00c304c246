/* clef_pending and clef_cancel: what waits, and calling it off. */
#include <stdio.h>

#include "core/handlers.h"
#include "core/signer.h"

#define JSON_LIMIT ((size_t)48 * 1024 * 1024)

static const char *state_name(enum request_state state)
{
	switch (state) {
	case REQUEST_RECEIVED:
		return "received";
	case REQUEST_JUDGED:
		return "judged";
	case REQUEST_ASKED:
		return "asked";
	case REQUEST_APPROVED:
		return "approved";
	case REQUEST_SIGNING:
		return "signing";
	case REQUEST_ANSWERED:
		return "answered";
	case REQUEST_REFUSED:
		return "refused";
	case REQUEST_WITHDRAWN:
		return "withdrawn";
	}
	return "received";
}

static void put_pending(const struct request *request, struct buf *json)
{
	buf_put_u8(json, '{');
	request_put_id(request, json);
	buf_printf(json, ",\"method\":\"%s\",\"state\":\"%s\",\"since\":%lld,\"question\":", request->method->name,
	    state_name(request->state), (long long)request->since);
	if (request->question != 0)
		buf_printf(json, "%llu", (unsigned long long)request->question);
	else
		buf_put_text(json, "null");
	buf_put_text(json, ",\"meta\":");
	request_put_meta_object(&request->meta, json);
	buf_put_text(json, ",\"peer\":");
	request_put_peer(&request->meta, json);
	buf_put_u8(json, '}');
}

/* The oldest first; the newest is this very call. */
void handle_clef_pending(struct request *request)
{
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	const struct request *at = request->signer->requests;

	while (at->next != NULL)
		at = at->next;
	buf_put_u8(&json, '[');
	for (; at != NULL; at = at->previous) {
		if (at == request)
			continue;
		if (json.size > 1)
			buf_put_u8(&json, ',');
		put_pending(at, &json);
	}
	buf_put_u8(&json, ']');
	request_advance(request, REQUEST_JUDGED);
	request_answer(request, buf_bytes(&json), BYTES_NONE);
}

static struct request *find(const struct request *caller, struct bytes untrusted_id)
{
	for (struct request *at = caller->signer->requests; at != NULL; at = at->next) {
		char id[REQUEST_ID_SIZE];

		request_id(at, id);
		if (at != caller && bytes_equal_text(untrusted_id, id))
			return at;
	}
	return NULL;
}

void handle_clef_cancel(struct request *request)
{
	yyjson_val *id = request->arguments[0];
	struct request *found;

	if (!yyjson_is_str(id)) {
		request_refuse_text(request, ERROR_PARAMS, "invalid argument 0: expected the request_id of a request, as a text");
		return;
	}
	found = find(request, json_bytes(id));
	if (found == NULL) {
		request_refuse_text(request, ERROR_REFUSED, "no request with this id waits; it may have been answered already");
		return;
	}
	log_info(&request->signer->log, "%s is cancelled by the person", found->method->name);
	request_cancel(found);
	request_advance(request, REQUEST_JUDGED);
	request_answer(request, bytes_text("true"), BYTES_NONE);
}
