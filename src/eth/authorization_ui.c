/* What user interfaces that know nothing of EIP-7702 show of an authorization. */
#include "base/hex.h"
#include "eth/authorization.h"
#include "eth/base64.h"

static void put_message(struct buf *json, const char *name, const char *value, const char *type, char end)
{
	buf_printf(json, "{\"name\":\"%s\",\"value\":\"%s\",\"type\":\"%s\"}%c", name, value, type, end);
}

void authorization_put_ui_members(const struct authorization *authorization, struct buf *ret_json)
{
	BUF_CLEANUP struct buf payload = BUF_INIT(AUTHORIZATION_PAYLOAD_MAX), number = BUF_INIT(64);
	uint8_t digest[SIGNATURE_DIGEST_SIZE];
	char text[ADDRESS_TEXT_SIZE];

	authorization_put_payload(authorization, &payload);
	authorization_digest(authorization, digest);
	buf_put_text(ret_json, "\"raw_data\":\"");
	base64_put(buf_bytes(&payload), ret_json);
	buf_put_text(ret_json, "\",\"messages\":[");
	buf_printf(
	    &number, "%llu%s", (unsigned long long)authorization->chain_id, authorization->chain_id == 0 ? " (every chain)" : "");
	put_message(ret_json, "chainId", buf_text(&number), "uint256", ',');
	address_to_checksum(&authorization->address, text);
	put_message(ret_json, "address", text, "address", ',');
	buf_reset(&number);
	buf_printf(&number, "%llu", (unsigned long long)authorization->nonce);
	put_message(ret_json, "nonce", buf_text(&number), "uint64", ']');
	buf_put_text(ret_json, ",\"hash\":\"0x");
	hex_encode(bytes_of(digest, sizeof(digest)), ret_json);
	buf_put_u8(ret_json, '"');
}
