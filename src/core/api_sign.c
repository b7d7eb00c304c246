/* account_signData and account_ecRecover. */
#include "base/hex.h"
#include "core/handlers.h"
#include "core/sign_message.h"
#include "core/sign_typed_data.h"
#include "core/signer.h"
#include "eth/clique.h"
#include "eth/media_type.h"
#include "eth/message.h"
#include "eth/quantity.h"

/* Arguments of the wrong JSON type are -32602; a content type or message that cannot be signed is -32000, as recorded. */
static bool read_arguments(struct request *request, struct sign_data *work, enum media_type *ret_type, struct error *ret_error)
{
	yyjson_val *const *arguments = request->arguments;

	/* null is an empty text here, and no content type either */
	if (!yyjson_is_str(arguments[0]) && !yyjson_is_null(arguments[0]))
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 0: expected a content type as a text");
	if (!sign_data_read_address(request, 1, work, ret_error) ||
	    !media_type_parse(json_bytes(arguments[0]), ret_type, ret_error))
		return false;
	work->content_type = bytes_text(media_type_text(*ret_type));
	return true;
}

/* The data argument as bytes: a text of hex digits, of which "" is none. */
static bool read_hex(struct request *request, struct bytes *ret_data, struct error *ret_error)
{
	if (!yyjson_is_str(request->arguments[2]))
		return error_set(ret_error, ERROR_REFUSED, "expected the data as a text of hex digits after 0x");
	if (json_bytes(request->arguments[2]).size == 0)
		return error_set(ret_error, ERROR_REFUSED, "empty hex string");
	if (quantity_get_data(request->arguments[2], "data", &request->arena, ret_data, ret_error))
		return true;
	ret_error->kind = ERROR_REFUSED;
	return false;
}

/* EIP-191 version 0x45. */
static bool read_message(struct request *request, struct sign_data *work, struct error *ret_error)
{
	struct bytes message = BYTES_NONE;

	if (!read_hex(request, &message, ret_error))
		return false;
	sign_message_fill(request, message, work);
	return true;
}

/* EIP-712, the JSON of the document as hex. Whatever is wrong with it is -32000 here. */
static bool read_typed_data(struct request *request, struct sign_data *work, struct error *ret_error)
{
	struct bytes document = BYTES_NONE;

	if (!read_hex(request, &document, ret_error))
		return false;
	if (sign_typed_data_fill_text(request, document, work, ret_error))
		return true;
	ret_error->kind = ERROR_REFUSED;
	return false;
}

/* EIP-191 version 0x00. */
static bool read_validator(struct request *request, struct sign_data *work, struct error *ret_error)
{
	struct validator_data data;

	if (!validator_from_json(request->arguments[2], &request->arena, &data, ret_error))
		return false;
	sign_validator_fill(request, &data, work);
	return true;
}

/* EIP-225. */
static bool read_clique_header(struct request *request, struct sign_data *work, struct error *ret_error)
{
	struct buf json BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);
	struct clique_header header;

	if (!read_hex(request, &work->signing.content, ret_error) ||
	    !clique_parse_header(work->signing.content, &header, ret_error))
		return false;
	work->signing.kind = IPC_SIGN_CLIQUE_HEADER;
	work->answer = sign_data_answer_parity;
	clique_put_ui_members(&header, &json);
	work->members = arena_copy(&request->arena, buf_bytes(&json));
	buf_reset(&json);
	clique_put_decoded(&header, &json);
	work->decoded = arena_copy(&request->arena, buf_bytes(&json));
	return true;
}

static bool read_content(struct request *request, struct sign_data *work, enum media_type type, struct error *ret_error)
{
	switch (type) {
	case MEDIA_TYPE_TEXT_PLAIN:
	case MEDIA_TYPE_DATA_PLAIN:
		return read_message(request, work, ret_error);
	case MEDIA_TYPE_TYPED_DATA:
		return read_typed_data(request, work, ret_error);
	case MEDIA_TYPE_VALIDATOR:
		return read_validator(request, work, ret_error);
	case MEDIA_TYPE_CLIQUE_HEADER:
		return read_clique_header(request, work, ret_error);
	}
	return error_set(ret_error, ERROR_INTERNAL, "unknown kind of content");
}

void handle_sign_data(struct request *request)
{
	struct sign_data *work = arena_alloc(&request->arena, sizeof(*work));
	enum media_type type;
	struct error error;

	request->work = work;
	if (!read_arguments(request, work, &type, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!sign_data_audit(request, work, request->arguments[2]))
		return;
	if (read_content(request, work, type, &error))
		sign_data_begin(request);
	else
		request_refuse(request, &error);
}

/* ---- account_ecRecover ---- */

static bool audit_recover(struct request *request, struct bytes data, struct bytes signature)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), hex BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

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
