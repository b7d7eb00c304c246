#include "base/text.h"
#include "ui/answer.h"
#include "ui/session_private.h"

/* Longest id that is repeated in an answer. */
#define ID_MOST ((size_t)4096)

static void on_question(struct session *session, struct json *json, enum page_kind kind)
{
	struct buf id BUF_CLEANUP = BUF_INIT(ID_MOST);

	json_write(yyjson_obj_get(json->root, "id"), &id);
	if (session->left) {
		session_send_error(session, buf_bytes(&id), SESSION_LEFT_CODE, SESSION_LEFT_TEXT);
		return;
	}
	switch (queue_add(&session->queue, json, kind)) {
	case QUEUE_ADDED:
	case QUEUE_REPLACED:
		/* A question for input belongs to what was just approved: it need not wait until things have settled. */
		if (kind == PAGE_INPUT && session->state == SESSION_SETTLING)
			session_timer(session);
		else
			session_advance(session);
		return;
	case QUEUE_REPLACED_CURRENT:
		session->host.discard_input(session->host.context);
		session_print_text(session, "\n--- The request has changed. Read it again: ---\n");
		queue_front(&session->queue)->full = false;
		session_show(session, queue_front(&session->queue));
		return;
	case QUEUE_FULL:
		session_send_error(session, buf_bytes(&id), SESSION_LEFT_CODE, "too many requests wait for the approver");
		return;
	}
}

static void on_notice(struct session *session, const struct json *json, enum page_kind kind)
{
	struct buf page BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	struct page_options options = session_page_options(session);
	struct page_summary summary;

	options.waiting = 0;
	options.full = false;
	if (page_render(kind, yyjson_obj_get(json->root, "params"), &options, &page, &summary))
		session_add_notice(session, buf_bytes(&page));
	session_advance(session);
}

static const char *kind_name(enum page_kind kind)
{
	switch (kind) {
	case PAGE_TRANSACTION:
		return "request to sign a transaction";
	case PAGE_BULK:
		return "request to sign several transactions";
	case PAGE_SIGN_DATA:
		return "request to sign data";
	case PAGE_LISTING:
		return "request to list accounts";
	case PAGE_NEW_ACCOUNT:
		return "request for a new account";
	case PAGE_INPUT:
		return "question for input";
	case PAGE_UNKNOWN:
	case PAGE_STARTUP:
	case PAGE_APPROVED:
	case PAGE_INFO:
	case PAGE_ERROR:
		return "request";
	}
	return "request";
}

static void put_reason(yyjson_val *reason, struct buf *ret_text)
{
	struct bytes text = json_bytes(reason);

	if (bytes_equal_text(text, "timeout"))
		buf_put_text(ret_text, "its time is up");
	else if (bytes_equal_text(text, "caller gone"))
		buf_put_text(ret_text, "its caller has left");
	else if (bytes_equal_text(text, "cancelled"))
		buf_put_text(ret_text, "it was cancelled");
	else if (bytes_equal_text(text, "signer ending"))
		buf_put_text(ret_text, "the signer ends");
	else
		text_escape(text, 200, ret_text);
}

static void take_back(struct session *session)
{
	session->host.yield_terminal(session->host.context, false);
	session_settle(session);
}

static void put_withdrawn(enum page_kind kind, yyjson_val *reason, struct buf *ret_line)
{
	buf_printf(ret_line, "--- A %s was withdrawn: ", kind_name(kind));
	put_reason(reason, ret_line);
	buf_put_text(ret_line, ". Nothing was approved. ---\n");
}

static void withdraw_question(struct session *session, struct question *question, yyjson_val *reason)
{
	struct buf line BUF_CLEANUP = BUF_INIT(ID_MOST);
	bool on_screen = question->on_screen;

	if (on_screen)
		buf_put_u8(&line, '\n');
	put_withdrawn(question->kind, reason, &line);
	queue_remove(&session->queue, question);
	if (!on_screen) {
		session_add_notice(session, buf_bytes(&line));
		session_advance(session);
		return;
	}
	session->host.discard_input(session->host.context);
	session->host.print(session->host.context, buf_bytes(&line));
	session_settle(session);
}

static void on_withdraw(struct session *session, yyjson_val *request)
{
	struct buf id BUF_CLEANUP = BUF_INIT(ID_MOST);
	struct buf line BUF_CLEANUP = BUF_INIT(ID_MOST);
	yyjson_val *reason = yyjson_obj_get(request, "reason");
	struct question *question;

	json_write(yyjson_obj_get(request, "id"), &id);
	question = queue_find(&session->queue, buf_bytes(&id));
	if (question != NULL) {
		withdraw_question(session, question, reason);
		return;
	}
	if (session->state != SESSION_YIELDED || !bytes_equal(buf_bytes(&id), buf_bytes(&session->yielded_id)))
		return;
	/* Core withdrew before it heard that the terminal is free: `keys` was never told to read, and no ui_resume will come. */
	put_withdrawn(PAGE_INPUT, reason, &line);
	session_add_notice(session, buf_bytes(&line));
	take_back(session);
}

static void on_resume(struct session *session)
{
	if (session->state == SESSION_YIELDED)
		take_back(session);
}

/* The additions to Clef's protocol, which come as notifications. False: none of them. */
static bool on_addition(struct session *session, struct bytes method, yyjson_val *params)
{
	if (bytes_equal_text(method, "ui_withdraw"))
		on_withdraw(session, yyjson_is_arr(params) ? yyjson_arr_get_first(params) : params);
	else if (bytes_equal_text(method, "ui_resume"))
		on_resume(session);
	else
		return false;
	return true;
}

static void on_call(struct session *session, struct json *json, struct bytes method)
{
	enum page_kind kind = page_kind_of(method);
	yyjson_val *id = yyjson_obj_get(json->root, "id");
	struct buf id_text BUF_CLEANUP = BUF_INIT(ID_MOST);

	if (page_is_question(kind) && id != NULL) {
		on_question(session, json, kind);
		return;
	}
	if (kind != PAGE_UNKNOWN && !page_is_question(kind))
		on_notice(session, json, kind);
	if (id == NULL)
		return;
	json_write(id, &id_text);
	session_send_error(session, buf_bytes(&id_text), -32601, "this UI does not know the method, or only as a notification");
}

bool session_message(struct session *session, struct bytes json_text, struct error *ret_error)
{
	struct json json JSON_CLEANUP = {0};
	yyjson_val *method;

	if (!json_parse(json_text, &json, ret_error))
		return error_prefix(ret_error, "from the signer");
	method = yyjson_obj_get(json.root, "method");
	if (!yyjson_is_str(method) || !yyjson_equals_str(yyjson_obj_get(json.root, "jsonrpc"), "2.0"))
		return error_set(ret_error, ERROR_REQUEST, "from the signer: expected a JSON-RPC 2.0 call, found something else");
	if (!on_addition(session, json_bytes(method), yyjson_obj_get(json.root, "params")))
		on_call(session, &json, json_bytes(method));
	return true;
}
