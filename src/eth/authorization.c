#include "eth/authorization.h"

#include <string.h>

#include "eth/keccak.h"
#include "eth/quantity.h"

/* EIP-7702: MAGIC. */
#define PAYLOAD_TYPE 0x05

void authorization_put_items(const struct authorization *authorization, struct buf *buf)
{
	rlp_put_u64(buf, authorization->chain_id);
	rlp_put_address(buf, &authorization->address);
	rlp_put_u64(buf, authorization->nonce);
}

void authorization_put_payload(const struct authorization *authorization, struct buf *ret_payload)
{
	buf_put_u8(ret_payload, PAYLOAD_TYPE);
	size_t list = rlp_list_begin(ret_payload);
	authorization_put_items(authorization, ret_payload);
	rlp_list_end(ret_payload, list);
}

void authorization_digest(const struct authorization *authorization, uint8_t ret_digest[SIGNATURE_DIGEST_SIZE])
{
	BUF_CLEANUP struct buf payload = BUF_INIT(AUTHORIZATION_PAYLOAD_MAX);

	authorization_put_payload(authorization, &payload);
	keccak256(buf_bytes(&payload), ret_digest);
}

bool authorization_parse_payload(struct bytes untrusted_payload, struct authorization *ret_authorization, struct error *ret_error)
{
	BUF_CLEANUP struct buf again = BUF_INIT(AUTHORIZATION_PAYLOAD_MAX);

	memset(ret_authorization, 0, sizeof(*ret_authorization));
	if (untrusted_payload.size == 0 || untrusted_payload.data[0] != PAYLOAD_TYPE)
		return error_set(ret_error, ERROR_REFUSED, "the payload is no authorization (EIP-7702)");
	struct rlp_reader outer = rlp_reader_of(bytes_of(untrusted_payload.data + 1, untrusted_payload.size - 1));
	struct rlp_reader items = rlp_get_list(&outer);
	ret_authorization->chain_id = rlp_get_u64(&items);
	rlp_get_fixed(&items, ret_authorization->address.bytes, ADDRESS_SIZE);
	ret_authorization->nonce = rlp_get_u64(&items);
	if (!rlp_done(&items) || !rlp_done(&outer) || ret_authorization->nonce == UINT64_MAX)
		return error_set(ret_error, ERROR_REFUSED, "the payload is no well-formed authorization (EIP-7702)");
	authorization_put_payload(ret_authorization, &again);
	return bytes_equal(buf_bytes(&again), untrusted_payload) ||
	       error_set(ret_error, ERROR_REFUSED, "the payload is no well-formed authorization (EIP-7702)");
}

/* ---- JSON ---- */

bool authorization_has_text(yyjson_val *untrusted_value, const char *name, struct error *ret_error)
{
	return !yyjson_is_str(untrusted_value) || yyjson_get_len(untrusted_value) > 0 ||
	       error_set(ret_error, ERROR_PARAMS, "%s: expected a number (zero is \"0x0\"), found an empty text", name);
}

bool authorization_read_u64(yyjson_val *untrusted_value, const char *name, uint64_t *ret_value, struct error *ret_error)
{
	return authorization_has_text(untrusted_value, name, ret_error) &&
	       quantity_get_u64(untrusted_value, name, ret_value, ret_error);
}

bool authorization_read_members(yyjson_val *untrusted_object, struct authorization *ret_authorization, struct error *ret_error)
{
	if (!quantity_get_address(
	        yyjson_obj_get(untrusted_object, "address"), "address", &ret_authorization->address, ret_error) ||
	    !authorization_read_u64(yyjson_obj_get(untrusted_object, "nonce"), "nonce", &ret_authorization->nonce, ret_error))
		return false;
	return ret_authorization->nonce != UINT64_MAX ||
	       error_set(ret_error, ERROR_REFUSED, "nonce: expected less than 2^64 - 1, which no account can use (EIP-7702)");
}

bool authorization_check_chain(const struct authorization *authorization, uint64_t chain_id, struct error *ret_error)
{
	return authorization->chain_id == 0 || authorization->chain_id == chain_id ||
	       error_set(ret_error, ERROR_CHAIN, "chainId: expected %llu, the signer's, or 0 for every chain, found %llu",
	           (unsigned long long)chain_id, (unsigned long long)authorization->chain_id);
}

static bool is_one_of(struct bytes name, const char *const names[])
{
	for (size_t i = 0; names[i] != NULL; i++)
		if (bytes_equal_text(name, names[i]))
			return true;
	return false;
}

bool authorization_check_names(yyjson_val *untrusted_object, const char *const names[], struct error *ret_error)
{
	size_t index, count;
	yyjson_val *untrusted_name, *untrusted_member;
	struct bytes duplicate;

	if (!yyjson_is_obj(untrusted_object))
		return error_set(ret_error, ERROR_PARAMS, "expected an object");
	if (json_has_duplicate(untrusted_object, &duplicate))
		return error_set(ret_error, ERROR_PARAMS, "\"%.*s\" is there twice: which one counts would be a guess",
		    (int)(duplicate.size < 64 ? duplicate.size : 64), (const char *)duplicate.data);
	yyjson_obj_foreach(untrusted_object, index, count, untrusted_name, untrusted_member)
	{
		struct bytes name = json_bytes(untrusted_name);

		if (!is_one_of(name, names))
			return error_set(ret_error, ERROR_PARAMS,
			    "unknown field \"%.*s\": nothing is signed that is not understood",
			    (int)(name.size < 64 ? name.size : 64), (const char *)name.data);
	}
	return true;
}

bool authorization_from_json(
    yyjson_val *untrusted_value, uint64_t chain_id, struct authorization *ret_authorization, struct error *ret_error)
{
	static const char *const names[] = {"chainId", "address", "nonce", NULL};

	memset(ret_authorization, 0, sizeof(*ret_authorization));
	if (!authorization_check_names(untrusted_value, names, ret_error))
		return error_in(ret_error, "authorization");
	yyjson_val *chain = yyjson_obj_get(untrusted_value, "chainId");
	ret_authorization->chain_id = chain_id;
	if (chain && !yyjson_is_null(chain) && !authorization_read_u64(chain, "chainId", &ret_authorization->chain_id, ret_error))
		return false;
	return authorization_read_members(untrusted_value, ret_authorization, ret_error) &&
	       authorization_check_chain(ret_authorization, chain_id, ret_error);
}

static void put_number(struct buf *buf, const char *name, const uint8_t bytes[32])
{
	struct u256 number = U256_ZERO;

	u256_from_bytes(bytes_of(bytes, 32), &number);
	buf_put_text(buf, name);
	quantity_put_u256(buf, &number);
}

void authorization_put_json(const struct authorization *authorization, struct buf *ret_json)
{
	buf_put_text(ret_json, "{\"chainId\":");
	quantity_put_u64(ret_json, authorization->chain_id);
	buf_put_text(ret_json, ",\"address\":");
	quantity_put_data(ret_json, bytes_of(authorization->address.bytes, ADDRESS_SIZE));
	buf_put_text(ret_json, ",\"nonce\":");
	quantity_put_u64(ret_json, authorization->nonce);
	buf_put_text(ret_json, ",\"yParity\":");
	quantity_put_u64(ret_json, authorization->signature.parity);
	put_number(ret_json, ",\"r\":", authorization->signature.r);
	put_number(ret_json, ",\"s\":", authorization->signature.s);
	buf_put_u8(ret_json, '}');
}
