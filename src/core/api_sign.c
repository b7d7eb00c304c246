/* account_signData and account_ecRecover. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "core/account_list.h"
#include "core/handlers.h"
#include "core/signer.h"
#include "core/signing.h"
#include "eth/media_type.h"
#include "eth/message.h"
#include "eth/quantity.h"

#define JSON_LIMIT ((size_t)48 * 1024 * 1024)

struct sign_data {
	struct signing signing; /* first: see signing.h */
	struct bytes content_type;
	struct bytes address_text; /* as the caller spelt it */
};

static void on_failed(struct request *request, const struct error *error, bool password_declined)
{
	(void)password_declined;
	request_show_error(request, error->text);
	request_refuse(request, error);
}

static void on_signed(struct request *request, const struct signature *signature)
{
	struct buf json BUF_CLEANUP = BUF_INIT(1024), fields BUF_CLEANUP = BUF_INIT(1024), hex BUF_CLEANUP = BUF_INIT(1024);
	uint8_t bytes[SIGNATURE_SIZE];

	signature_to_bytes(signature, bytes);
	hex_encode(bytes_of(bytes, sizeof(bytes)), &hex);
	buf_printf(&json, "\"0x%s\"", buf_text(&hex));
	if (request->audited)
		audit_field(&fields, "data", buf_bytes(&hex));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

static void fail(struct request *request, enum error_kind kind, const char *text)
{
	struct error error;

	error_set(&error, kind, "%s", text);
	on_failed(request, &error, false);
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
		request_advance(request, REQUEST_APPROVED);
		signing_start(request);
	}
}

static void ask(struct request *request)
{
	const struct sign_data *work = request->work;
	struct buf params BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	buf_put_text(&params, "{\"content_type\":");
	json_put_string(&params, work->content_type);
	buf_put_text(&params, ",\"address\":");
	json_put_string(&params, work->address_text);
	buf_put_u8(&params, ',');
	message_put_ui_members(work->signing.content, &params);
	buf_put_u8(&params, ',');
	request_put_meta(request, &params);
	buf_put_u8(&params, '}');
	request_advance(request, REQUEST_ASKED);
	request_ask(request, "ui_approveSignData", buf_bytes(&params), on_approval);
}

/* Arguments of the wrong JSON type are -32602; a content type or message that cannot be signed is -32000, as recorded. */
static bool read_arguments(struct request *request, struct sign_data *work, enum media_type *ret_type, struct error *ret_error)
{
	yyjson_val *const *arguments = request->arguments;

	/* null is an empty text here, and no content type either */
	if (!yyjson_is_str(arguments[0]) && !yyjson_is_null(arguments[0]))
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 0: expected a content type as a text");
	if (!account_read_address(json_bytes(arguments[1]), 1, &work->signing.address, ret_error))
		return false;
	work->address_text = bytes_text(arena_printf(
	    &request->arena, "0x%.*s", 2 * ADDRESS_SIZE, (const char *)hex_skip_prefix(json_bytes(arguments[1])).data));
	if (!media_type_parse(json_bytes(arguments[0]), ret_type, ret_error))
		return false;
	work->content_type = bytes_text(media_type_text(*ret_type));
	return true;
}

static bool read_message(struct request *request, struct sign_data *work, struct error *ret_error)
{
	if (!yyjson_is_str(request->arguments[2]))
		return error_set(ret_error, ERROR_REFUSED, "expected the data as a text of hex digits after 0x");
	if (json_bytes(request->arguments[2]).size == 0)
		return error_set(ret_error, ERROR_REFUSED, "empty hex string");
	if (quantity_get_data(request->arguments[2], "data", &request->arena, &work->signing.content, ret_error))
		return true;
	ret_error->kind = ERROR_REFUSED;
	return false;
}

static bool audit_request(struct request *request, const struct sign_data *work)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT), data BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	const char *state = address_is_checksummed(work->address_text) ? "ok" : "INVALID";

	if (!audit_enabled(&request->signer->audit))
		return true;
	audit_field(&fields, "addr",
	    bytes_text(arena_printf(&request->arena, "%s [chksum %s]", (const char *)work->address_text.data, state)));
	json_write(request->arguments[2], &data);
	audit_field(&fields, "data", buf_bytes(&data));
	audit_field(&fields, "content-type", work->content_type);
	return request_audit(request, buf_bytes(&fields));
}

void handle_sign_data(struct request *request)
{
	struct sign_data *work = arena_alloc(&request->arena, sizeof(*work));
	char checksummed[ADDRESS_TEXT_SIZE];
	enum media_type type;
	struct error error;

	request->work = work;
	if (!read_arguments(request, work, &type, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!audit_request(request, work))
		return;
	switch (type) {
	case MEDIA_TYPE_TEXT_PLAIN:
	case MEDIA_TYPE_DATA_PLAIN:
		work->signing.kind = IPC_SIGN_MESSAGE;
		break;
	}
	if (!read_message(request, work, &error)) {
		request_refuse(request, &error);
		return;
	}
	address_to_checksum(&work->signing.address, checksummed);
	work->signing.title = "Password for signing";
	work->signing.prompt =
	    arena_printf(&request->arena, "Please enter password for signing data with account %s", checksummed);
	work->signing.found = ask;
	work->signing.signed_ = on_signed;
	work->signing.failed = on_failed;
	request_advance(request, REQUEST_JUDGED);
	signing_find(request);
}

/* ---- account_ecRecover ---- */

static bool audit_recover(struct request *request, struct bytes data, struct bytes signature)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT), hex BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	if (!audit_enabled(&request->signer->audit))
		return true;
	hex_encode(data, &hex);
	audit_field(&fields, "data", buf_bytes(&hex));
	buf_reset(&hex);
	hex_encode(signature, &hex);
	audit_field(&fields, "sig", buf_bytes(&hex));
	return request_audit(request, buf_bytes(&fields));
}

void handle_ec_recover(struct request *request)
{
	struct buf json BUF_CLEANUP = BUF_INIT(1024), fields BUF_CLEANUP = BUF_INIT(1024);
	char text[ADDRESS_TEXT_SIZE];
	struct bytes data, signature;
	struct address address;
	struct error error;

	if (!quantity_get_data(request->arguments[0], "invalid argument 0", &request->arena, &data, &error) ||
	    !quantity_get_data(request->arguments[1], "invalid argument 1", &request->arena, &signature, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!audit_recover(request, data, signature))
		return;
	request_advance(request, REQUEST_JUDGED);
	if (!message_recover(request->signer->curve, data, signature, &address, &error)) {
		request_refuse(request, &error);
		return;
	}
	address_to_lower(&address, text);
	buf_printf(&json, "\"%s\"", text);
	address_to_checksum(&address, text);
	if (request->audited)
		audit_field(&fields, "address", bytes_text(text));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

/* ---- known, and not available yet: the arguments are counted all the same ---- */

void handle_later(struct request *request)
{
	request_refuse_text(request, ERROR_REFUSED, "%s is not available yet", request->method->name);
}
