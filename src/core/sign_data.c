#include "core/sign_data.h"

#include <stdio.h>

#include "base/hex.h"
#include "core/account_list.h"
#include "core/signer.h"

bool sign_data_read_address(struct request *request, size_t argument, struct sign_data *work, struct error *ret_error)
{
	struct bytes text = json_bytes(request->arguments[argument]);

	if (!account_read_address(text, argument, &work->signing.address, ret_error))
		return false;
	work->address_text =
	    bytes_text(arena_printf(&request->arena, "0x%.*s", 2 * ADDRESS_SIZE, (const char *)hex_skip_prefix(text).data));
	return true;
}

void sign_data_audit_address(struct request *request, const struct sign_data *work, struct buf *ret_fields)
{
	const char *state = address_is_checksummed(work->address_text) ? "ok" : "INVALID";

	audit_field(ret_fields, "addr",
	    bytes_text(arena_printf(&request->arena, "%s [chksum %s]", (const char *)work->address_text.data, state)));
}

bool sign_data_audit(struct request *request, const struct sign_data *work, yyjson_val *data)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), json BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	if (!audit_enabled(&request->signer->audit))
		return true;
	sign_data_audit_address(request, work, &fields);
	json_write(data, &json);
	audit_field(&fields, "data", buf_bytes(&json));
	audit_field(&fields, "content-type", work->content_type);
	return request_audit(request, buf_bytes(&fields));
}

void sign_data_fail(struct request *request, const struct error *error)
{
	request_show_error(request, error->text);
	request_refuse(request, error);
}

static void on_failed(struct request *request, const struct error *error, bool password_declined)
{
	(void)password_declined;
	sign_data_fail(request, error);
}

static void answer_bytes(struct request *request, const uint8_t signature[SIGNATURE_SIZE])
{
	struct buf json BUF_CLEANUP = BUF_INIT(1024), fields BUF_CLEANUP = BUF_INIT(1024), hex BUF_CLEANUP = BUF_INIT(1024);

	hex_encode(bytes_of(signature, SIGNATURE_SIZE), &hex);
	buf_printf(&json, "\"0x%s\"", buf_text(&hex));
	if (request->audited)
		audit_field(&fields, "data", buf_bytes(&hex));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

void sign_data_answer_bytes(struct request *request, const struct signature *signature)
{
	uint8_t bytes[SIGNATURE_SIZE];

	signature_to_bytes(signature, bytes);
	answer_bytes(request, bytes);
}

void sign_data_answer_parity(struct request *request, const struct signature *signature)
{
	uint8_t bytes[SIGNATURE_SIZE];

	signature_to_bytes(signature, bytes);
	bytes[SIGNATURE_SIZE - 1] = signature->parity;
	answer_bytes(request, bytes);
}

static void fail(struct request *request, enum error_kind kind, const char *text)
{
	struct error error;

	error_set(&error, kind, "%s", text);
	sign_data_fail(request, &error);
}

static void go_on(struct request *request)
{
	const struct sign_data *work = request->work;

	if (work->approved != NULL && !work->approved(request))
		return;
	request_advance(request, REQUEST_APPROVED);
	signing_start(request);
}

static void on_approval(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct request *request = request_answered_by_ui(context);

	(void)question;
	if (answer->kind != UI_ANSWER_RESULT) {
		request_show_error(request, answer->error.text);
		request_refuse_data(request, &answer->error, answer->data);
	} else if (!yyjson_is_obj(answer->result) && !yyjson_is_null(answer->result)) {
		fail(request, ERROR_REFUSED, "the user interface answered with something that is no approval");
	} else if (!yyjson_is_true(yyjson_obj_get(answer->result, "approved"))) {
		fail(request, ERROR_DENIED, "request denied");
	} else {
		go_on(request);
	}
}

static void ask(struct request *request)
{
	const struct sign_data *work = request->work;
	struct buf params BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	buf_put_text(&params, "{\"content_type\":");
	json_put_string(&params, work->content_type);
	buf_put_text(&params, ",\"address\":");
	json_put_string(&params, work->address_text);
	buf_put_u8(&params, ',');
	buf_put_bytes(&params, work->members);
	buf_put_text(&params, ",\"call_info\":");
	validation_put_json(&work->validation, &params);
	buf_put_text(&params, ",\"warnings\":");
	validation_put_warnings(&work->validation, &params);
	buf_put_text(&params, ",\"decoded\":");
	buf_put_bytes(&params, work->decoded.size > 0 ? work->decoded : bytes_text("null"));
	buf_put_u8(&params, ',');
	request_put_meta(request, &params);
	buf_put_u8(&params, '}');
	request_advance(request, REQUEST_ASKED);
	request_ask(request, "ui_approveSignData", buf_bytes(&params), on_approval);
}

void sign_data_begin(struct request *request)
{
	struct sign_data *work = request->work;
	char checksummed[ADDRESS_TEXT_SIZE];
	struct error error;

	if (!validation_permits(&work->validation, request->signer->options->advanced, &error)) {
		request_refuse(request, &error);
		return;
	}
	address_to_checksum(&work->signing.address, checksummed);
	work->signing.title = "Password for signing";
	work->signing.prompt =
	    arena_printf(&request->arena, "Please enter password for signing data with account %s", checksummed);
	work->signing.found = ask;
	work->signing.signed_ = work->answer != NULL ? work->answer : sign_data_answer_bytes;
	work->signing.failed = on_failed;
	request_advance(request, REQUEST_JUDGED);
	signing_find(request);
}
