#include "eth/validator.h"

#include <string.h>

#include "base/hex.h"
#include "base/text.h"
#include "eth/base64.h"
#include "eth/quantity.h"

static const uint8_t prefix[] = {0x19, 0x00};

/* Type and account have been read before: what is wrong with the content itself is a refusal, as Clef has it. */
static bool refuse(struct error *ret_error)
{
	ret_error->kind = ERROR_REFUSED;
	return false;
}

static bool check_shape(yyjson_val *untrusted_value, struct error *ret_error)
{
	struct bytes duplicate;
	size_t index, count;
	yyjson_val *untrusted_name, *untrusted_member;

	if (!yyjson_is_obj(untrusted_value))
		return error_set(ret_error, ERROR_REFUSED, "data: expected an object {address, message} for a validator");
	if (json_has_duplicate(untrusted_value, &duplicate))
		return error_set(ret_error, ERROR_REFUSED, "\"%.*s\" is there twice: which one counts would be a guess",
		    (int)(duplicate.size < 64 ? duplicate.size : 64), (const char *)duplicate.data);
	yyjson_obj_foreach(untrusted_value, index, count, untrusted_name, untrusted_member)
	{
		struct bytes name = json_bytes(untrusted_name);
		if (!bytes_equal_text(name, "address") && !bytes_equal_text(name, "message"))
			return error_set(ret_error, ERROR_REFUSED,
			    "unknown field \"%.*s\" in the data for a validator: nothing is signed that is not understood",
			    (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
	}
	return true;
}

bool validator_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct validator_data *ret_data, struct error *ret_error)
{
	if (!check_shape(untrusted_value, ret_error))
		return false;
	if (!quantity_get_address(yyjson_obj_get(untrusted_value, "address"), "address", &ret_data->address, ret_error) ||
	    !quantity_get_data(yyjson_obj_get(untrusted_value, "message"), "message", arena, &ret_data->message, ret_error))
		return refuse(ret_error);
	return ret_data->message.size > 0 ||
	       error_set(ret_error, ERROR_REFUSED, "message: expected at least one byte, found none");
}

void validator_put_content(const struct validator_data *data, struct buf *ret_content)
{
	buf_put(ret_content, data->address.bytes, ADDRESS_SIZE);
	buf_put_bytes(ret_content, data->message);
}

bool validator_parse_content(struct bytes untrusted_content, struct validator_data *ret_data, struct error *ret_error)
{
	if (untrusted_content.size <= ADDRESS_SIZE)
		return error_set(ret_error, ERROR_REFUSED,
		    "data for a validator: expected an address and a message, found %zu bytes", untrusted_content.size);
	memcpy(ret_data->address.bytes, untrusted_content.data, ADDRESS_SIZE);
	ret_data->message = bytes_of(untrusted_content.data + ADDRESS_SIZE, untrusted_content.size - ADDRESS_SIZE);
	return true;
}

void validator_digest(const struct validator_data *data, uint8_t ret_digest[KECCAK256_SIZE])
{
	struct keccak keccak;

	keccak_init(&keccak);
	keccak_update(&keccak, bytes_of(prefix, sizeof(prefix)));
	keccak_update(&keccak, bytes_of(data->address.bytes, ADDRESS_SIZE));
	keccak_update(&keccak, data->message);
	keccak_final(&keccak, ret_digest);
}

bool validator_content_digest(struct bytes untrusted_content, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error)
{
	struct validator_data data = {0};

	if (!validator_parse_content(untrusted_content, &data, ret_error))
		return false;
	validator_digest(&data, ret_digest);
	return true;
}

static void put_digest(const struct validator_data *data, struct buf *ret_json)
{
	uint8_t digest[KECCAK256_SIZE];

	validator_digest(data, digest);
	quantity_put_data(ret_json, bytes_of(digest, sizeof(digest)));
}

static void put_messages(const struct validator_data *data, struct bytes raw, struct buf *ret_json)
{
	char address[ADDRESS_TEXT_SIZE];

	address_to_checksum(&data->address, address);
	buf_put_text(ret_json,
	    "[{\"name\":\"This is a request to sign data intended for a particular validator (see EIP 191 version 0)\","
	    "\"value\":\"\",\"type\":\"description\"},");
	buf_printf(ret_json, "{\"name\":\"Intended validator address\",\"value\":\"%s\",\"type\":\"address\"},", address);
	buf_put_text(ret_json, "{\"name\":\"Application-specific data\",\"value\":");
	quantity_put_data(ret_json, data->message);
	buf_put_text(ret_json, ",\"type\":\"hexdata\"},{\"name\":\"Full message for signing\",\"value\":");
	quantity_put_data(ret_json, raw);
	buf_put_text(ret_json, ",\"type\":\"hexdata\"}]");
}

void validator_put_ui_members(const struct validator_data *data, struct buf *ret_json)
{
	BUF_CLEANUP struct buf raw = BUF_INIT(SIZE_MAX / 2);

	buf_put(&raw, prefix, sizeof(prefix));
	validator_put_content(data, &raw);
	buf_put_text(ret_json, "\"raw_data\":\"");
	base64_put(buf_bytes(&raw), ret_json);
	buf_put_text(ret_json, "\",\"messages\":");
	put_messages(data, buf_bytes(&raw), ret_json);
	buf_put_text(ret_json, ",\"hash\":");
	put_digest(data, ret_json);
}

static bool is_printable(struct bytes text)
{
	while (text.size > 0) {
		uint32_t codepoint;
		size_t size = text_decode(text, &codepoint);
		if (size == 0 || text_is_deceptive(codepoint))
			return false;
		text = bytes_of(text.data + size, text.size - size);
	}
	return true;
}

void validator_put_decoded(const struct validator_data *data, struct buf *ret_json)
{
	char address[ADDRESS_TEXT_SIZE];

	address_to_checksum(&data->address, address);
	buf_printf(ret_json, "{\"kind\":\"validator\",\"validator\":\"%s\",\"data\":", address);
	quantity_put_data(ret_json, data->message);
	buf_put_text(ret_json, ",\"text\":");
	if (is_printable(data->message))
		json_put_string(ret_json, data->message);
	else
		buf_put_text(ret_json, "null");
	buf_put_text(ret_json, ",\"digest\":");
	put_digest(data, ret_json);
	buf_put_u8(ret_json, '}');
}
