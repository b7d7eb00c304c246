/* wallet_sign (ERC-7871): any version of EIP-191's signed data by one method. */
#include <string.h>

#include "base/hex.h"
#include "core/handlers.h"
#include "core/sign_message.h"
#include "core/sign_typed_data.h"
#include "eth/quantity.h"

/* Exactly these members may be there (of the first `required` all must), and none twice. */
static bool check_members(yyjson_val *untrusted_object, const char *path, const char *const *names, size_t required, size_t count,
    struct error *ret_error)
{
	size_t index, size;
	yyjson_val *untrusted_name, *untrusted_member;

	if (!yyjson_is_obj(untrusted_object))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected an object", path);
	yyjson_obj_foreach(untrusted_object, index, size, untrusted_name, untrusted_member)
	{
		struct bytes name = json_bytes(untrusted_name);
		size_t at = 0;

		while (at < count && !bytes_equal_text(name, names[at]))
			at++;
		if (at == count)
			return error_set(ret_error, ERROR_PARAMS, "%s: unknown member \"%.*s\"", path,
			    (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
	}
	for (size_t i = 0; i < required; i++)
		if (yyjson_obj_get(untrusted_object, names[i]) == NULL)
			return error_set(ret_error, ERROR_PARAMS, "%s.%s: missing", path, names[i]);
	return true;
}

/* EIP-5792: what an application cannot do without has to be refused, what is optional may be ignored. None is known here. */
static bool check_capabilities(yyjson_val *untrusted_capabilities, struct error *ret_error)
{
	size_t index, size;
	yyjson_val *untrusted_name, *untrusted_capability;

	if (untrusted_capabilities == NULL || yyjson_is_null(untrusted_capabilities))
		return true;
	if (!yyjson_is_obj(untrusted_capabilities))
		return error_set(ret_error, ERROR_PARAMS, "capabilities: expected an object");
	yyjson_obj_foreach(untrusted_capabilities, index, size, untrusted_name, untrusted_capability)
	{
		struct bytes name = json_bytes(untrusted_name);

		if (!yyjson_is_true(yyjson_obj_get(untrusted_capability, "optional")))
			return error_set(ret_error, ERROR_CAPABILITY,
			    "capabilities.%.*s: not supported, and not marked as optional",
			    (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
	}
	return true;
}

static bool read_message(struct request *request, yyjson_val *untrusted_data, struct sign_data *work, struct error *ret_error)
{
	static const char *const names[] = {"message"};
	yyjson_val *message = yyjson_obj_get(untrusted_data, "message");

	if (!check_members(untrusted_data, "request.data", names, 1, 1, ret_error))
		return false;
	if (!yyjson_is_str(message))
		return error_set(ret_error, ERROR_PARAMS, "request.data.message: expected a text");
	sign_message_fill(request, arena_copy(&request->arena, json_bytes(message)), work);
	return true;
}

static bool read_validator(struct request *request, yyjson_val *untrusted_data, struct sign_data *work, struct error *ret_error)
{
	static const char *const names[] = {"validator", "data"};
	struct validator_data data;

	if (!check_members(untrusted_data, "request.data", names, 2, 2, ret_error) ||
	    !quantity_get_address(
	        yyjson_obj_get(untrusted_data, "validator"), "request.data.validator", &data.address, ret_error) ||
	    !quantity_get_data(
	        yyjson_obj_get(untrusted_data, "data"), "request.data.data", &request->arena, &data.message, ret_error))
		return false;
	if (data.message.size == 0)
		return error_set(ret_error, ERROR_PARAMS, "request.data.data: empty; there is nothing to sign");
	sign_validator_fill(request, &data, work);
	return true;
}

static bool read_typed_data(struct request *request, yyjson_val *untrusted_data, struct sign_data *work, struct error *ret_error)
{
	if (!yyjson_is_obj(untrusted_data))
		return error_set(ret_error, ERROR_PARAMS, "request.data: expected typed data as an object");
	return sign_typed_data_fill(request, untrusted_data, work, ret_error) || error_prefix(ret_error, "request.data");
}

/* The versions of EIP-191, by the byte that they are called by. */
static const struct signed_data {
	const char *type;
	const char *content_type; /* as the UI and the audit log see it */
	bool (*read)(struct request *request, yyjson_val *untrusted_data, struct sign_data *work, struct error *ret_error);
} versions[] = {
    {"0x45", "text/plain", read_message},
    {"0x01", SIGN_TYPED_DATA_CONTENT_TYPE, read_typed_data},
    {"0x00", "data/validator", read_validator},
};

/* Everything but the data itself. */
static bool read_envelope(
    struct request *request, struct sign_data *work, const struct signed_data **ret_version, struct error *ret_error)
{
	static const char *const names[] = {"version", "request", "address", "capabilities"};
	static const char *const request_names[] = {"type", "data"};
	yyjson_val *untrusted = request->arguments[0], *inner = yyjson_obj_get(untrusted, "request");
	yyjson_val *version = yyjson_obj_get(untrusted, "version");
	struct bytes duplicate;

	if (json_has_duplicate(untrusted, &duplicate))
		return error_set(ret_error, ERROR_PARAMS, "\"%.*s\" is there twice: which one counts would be a guess",
		    (int)(duplicate.size < 64 ? duplicate.size : 64), (const char *)duplicate.data);
	if (!check_members(untrusted, "invalid argument 0", names, 2, 4, ret_error) ||
	    !check_members(inner, "request", request_names, 2, 2, ret_error) ||
	    !check_capabilities(yyjson_obj_get(untrusted, "capabilities"), ret_error))
		return false;
	if (!yyjson_is_str(version) ||
	    (!bytes_equal_text(json_bytes(version), "1.0") && !bytes_equal_text(json_bytes(version), "1")))
		return error_set(ret_error, ERROR_PARAMS, "version: expected \"1.0\"");
	if (yyjson_obj_get(untrusted, "address") == NULL)
		return error_set(ret_error, ERROR_PARAMS, "address: missing; this signer has no account of its own choice");
	for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (bytes_equal_text(json_bytes(yyjson_obj_get(inner, "type")), versions[i].type)) {
			*ret_version = &versions[i];
			work->content_type = bytes_text(versions[i].content_type);
			return quantity_get_address_text(yyjson_obj_get(untrusted, "address"), "address", &request->arena,
			    &work->signing.address, &work->address_text, ret_error);
		}
	return error_set(
	    ret_error, ERROR_PARAMS, "request.type: expected 0x45 (a message), 0x01 (typed data) or 0x00 (for a validator)");
}

static void answer(struct request *request, const struct signature *signature)
{
	struct buf json BUF_CLEANUP = BUF_INIT(1024), fields BUF_CLEANUP = BUF_INIT(1024), hex BUF_CLEANUP = BUF_INIT(1024);
	uint8_t bytes[SIGNATURE_SIZE];

	signature_to_bytes(signature, bytes);
	hex_encode(bytes_of(bytes, sizeof(bytes)), &hex);
	buf_printf(&json, "{\"signature\":\"0x%s\"}", buf_text(&hex));
	if (request->audited)
		audit_field(&fields, "data", buf_bytes(&hex));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

void handle_wallet_sign(struct request *request)
{
	struct sign_data *work = arena_alloc(&request->arena, sizeof(*work));
	const struct signed_data *version = NULL;
	struct error error;

	request->work = work;
	work->answer = answer;
	if (!read_envelope(request, work, &version, &error)) {
		request_refuse(request, &error);
		return;
	}
	yyjson_val *untrusted_data = yyjson_obj_get(yyjson_obj_get(request->arguments[0], "request"), "data");

	if (!sign_data_audit(request, work, untrusted_data))
		return;
	if (version->read(request, untrusted_data, work, &error))
		sign_data_begin(request);
	else
		request_refuse(request, &error);
}
