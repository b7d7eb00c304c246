#include "keys/rawkey.h"

#include <string.h>

#include "base/hex.h"

#define DIGITS (2 * (size_t)SIGNATURE_KEY_SIZE)

/* A character that is safe in an error text. */
static bool is_shown(uint8_t c)
{
	return c > ' ' && c <= '~';
}

static bool wrong_digit(uint8_t c, struct error *ret_error)
{
	if (is_shown(c))
		return error_set(ret_error, ERROR_REFUSED, "invalid hex character '%c' in private key", c);
	return error_set(ret_error, ERROR_REFUSED, "invalid hex character (byte 0x%02x) in private key", c);
}

static bool all_zero(const uint8_t *data, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++)
		any |= data[i];
	return any == 0;
}

bool rawkey_parse(
    const struct signature_context *context, struct bytes untrusted_text, struct secret *ret_key, struct error *ret_error)
{
	for (size_t i = 0; i < untrusted_text.size; i++) {
		if (hex_digit(untrusted_text.data[i]) < 0)
			return wrong_digit(untrusted_text.data[i], ret_error);
	}
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
	for (size_t i = DIGITS; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (c == '\r' || c == '\n')
			continue;
		/* The character itself only when it can be shown; it is no digit of the key. */
		if (is_shown(c))
			return error_set(ret_error, ERROR_REFUSED, "invalid character '%c' at end of key file", c);
		return error_set(ret_error, ERROR_REFUSED, "invalid character (byte 0x%02x) at end of key file", c);
	}
	return rawkey_parse(context, bytes_of(text.data, DIGITS), ret_key, ret_error);
}
