#include "eth/message.h"

#include <stdio.h>

#include "base/hex.h"
#include "base/json.h"
#include "eth/base64.h"
#include "eth/quantity.h"

bool message_from_json(yyjson_val *untrusted_value, struct arena *arena, struct bytes *ret_message, struct error *ret_error)
{
	if (yyjson_is_str(untrusted_value) && yyjson_get_len(untrusted_value) == 0)
		return error_set(ret_error, ERROR_REFUSED, "data: expected bytes as a hex string (none are \"0x\"), found \"\"");
	if (quantity_get_data(untrusted_value, "data", arena, ret_message, ret_error))
		return true;
	ret_error->kind = ERROR_REFUSED;
	return false;
}

/* Writes the prefix and returns its size. */
static size_t prefix_build(size_t message_size, char ret_prefix[MESSAGE_PREFIX_MAX])
{
	int size = snprintf(ret_prefix, MESSAGE_PREFIX_MAX,
	    "\x19"
	    "Ethereum Signed Message:\n%zu",
	    message_size);

	return (size_t)size;
}

void message_put_prefixed(struct bytes message, struct buf *ret_raw)
{
	char prefix[MESSAGE_PREFIX_MAX];

	buf_put(ret_raw, prefix, prefix_build(message.size, prefix));
	buf_put_bytes(ret_raw, message);
}

void message_digest(struct bytes message, uint8_t ret_digest[KECCAK256_SIZE])
{
	char prefix[MESSAGE_PREFIX_MAX];
	struct keccak keccak;

	keccak_init(&keccak);
	keccak_update(&keccak, bytes_of(prefix, prefix_build(message.size, prefix)));
	keccak_update(&keccak, message);
	keccak_final(&keccak, ret_digest);
}

void message_put_ui_members(struct bytes message, struct buf *ret_json)
{
	uint8_t digest[KECCAK256_SIZE];
	BUF_CLEANUP struct buf raw = BUF_INIT(SIZE_MAX / 2);

	message_put_prefixed(message, &raw);
	keccak256(buf_bytes(&raw), digest);
	buf_put_text(ret_json, "\"raw_data\":\"");
	base64_put(buf_bytes(&raw), ret_json);
	buf_put_text(ret_json, "\",\"messages\":[{\"name\":\"message\",\"value\":");
	json_put_string(ret_json, buf_bytes(&raw));
	buf_put_text(ret_json, ",\"type\":\"text/plain\"}],\"hash\":\"0x");
	hex_encode(bytes_of(digest, sizeof(digest)), ret_json);
	buf_put_u8(ret_json, '"');
}

bool message_recover(const struct signature_context *context, struct bytes message, struct bytes untrusted_signature,
    struct address *ret_address, struct error *ret_error)
{
	struct signature signature;
	uint8_t digest[KECCAK256_SIZE];

	if (!signature_from_bytes(untrusted_signature, &signature, ret_error))
		return false;
	message_digest(message, digest);
	if (!signature_recover(context, digest, &signature, ret_address))
		return error_set(ret_error, ERROR_REFUSED, "recovery failed");
	return true;
}
