#include "keys/rawkey.h"

#include <string.h>

#include "base/hex.h"

#define DIGITS (2 * (size_t)SIGNATURE_KEY_SIZE)

static bool all_zero(const uint8_t *data, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++)
		any |= data[i];
	return any == 0;
}

/* Only where it is: a character of a key, even one that is mistyped, has no place in an error. before: characters in front of the text. */
static bool check_digits(struct bytes untrusted_text, size_t before, struct error *ret_error)
{
	for (size_t i = 0; i < untrusted_text.size; i++) {
		if (hex_digit(untrusted_text.data[i]) < 0)
			return error_set(
			    ret_error, ERROR_REFUSED, "invalid hex character at position %zu in private key", before + i + 1);
	}
	return true;
}

bool rawkey_parse(
    const struct signature_context *context, struct bytes untrusted_text, struct secret *ret_key, struct error *ret_error)
{
	if (!check_digits(untrusted_text, 0, ret_error))
		return false;
	if (untrusted_text.size % 2 != 0)
		return error_set(ret_error, ERROR_REFUSED, "invalid hex data for private key");
	if (untrusted_text.size != DIGITS)
		return error_set(ret_error, ERROR_REFUSED, "invalid length, need 256 bits");
	hex_decode_fixed(untrusted_text, ret_key->data, SIGNATURE_KEY_SIZE);
	ret_key->size = SIGNATURE_KEY_SIZE;
	if (signature_key_is_valid(context, ret_key->data))
		return true;
	if (all_zero(ret_key->data, SIGNATURE_KEY_SIZE))
		return error_set(ret_error, ERROR_REFUSED, "invalid private key, zero or negative");
	return error_set(ret_error, ERROR_REFUSED, "invalid private key, >=N");
}

bool rawkey_parse_file(
    const struct signature_context *context, struct bytes untrusted_content, struct secret *ret_key, struct error *ret_error)
{
	struct bytes text = hex_skip_prefix(untrusted_content);

	if (text.size < DIGITS)
		return error_set(ret_error, ERROR_REFUSED, "key file too short, want 64 hex characters");
	size_t before = untrusted_content.size - text.size;
	for (size_t i = DIGITS; i < text.size; i++) {
		if (text.data[i] != '\r' && text.data[i] != '\n')
			return error_set(
			    ret_error, ERROR_REFUSED, "invalid character at position %zu, at end of key file", before + i + 1);
	}
	if (!check_digits(bytes_of(text.data, DIGITS), before, ret_error))
		return false;
	return rawkey_parse(context, bytes_of(text.data, DIGITS), ret_key, ret_error);
}
