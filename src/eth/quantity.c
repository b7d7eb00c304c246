#include "eth/quantity.h"

#include <string.h>

#include "base/hex.h"

/* Longest part of a wrong value that an error repeats. */
#define SHOWN_MAX 24

static const char *type_name(yyjson_val *value)
{
	if (!value)
		return "nothing";
	if (yyjson_is_raw(value) || yyjson_is_num(value))
		return "a JSON number";
	if (yyjson_is_null(value))
		return "null";
	if (yyjson_is_bool(value))
		return "true or false";
	return yyjson_is_arr(value) ? "a list" : "an object";
}

/* The hex digits of a string value, behind its prefix. Empty digits and no error for "", which every kind takes as nothing. */
static bool get_digits(
    yyjson_val *value, const char *name, const char *wanted, struct bytes *ret_digits, bool *ret_empty, struct error *ret_error)
{
	if (!yyjson_is_str(value))
		return error_set(
		    ret_error, ERROR_PARAMS, "%s: expected %s as a hex string, found %s", name, wanted, type_name(value));
	struct bytes text = bytes_of(yyjson_get_str(value), yyjson_get_len(value));
	*ret_empty = text.size == 0;
	*ret_digits = BYTES_NONE;
	if (*ret_empty)
		return true;
	if (!hex_has_prefix(text))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected %s as a hex string with 0x in front, found \"%.*s\"%s",
		    name, wanted, (int)(text.size < SHOWN_MAX ? text.size : SHOWN_MAX), (const char *)text.data,
		    text.size > SHOWN_MAX ? "…" : "");
	*ret_digits = hex_skip_prefix(text);
	for (size_t i = 0; i < ret_digits->size; i++)
		if (hex_digit(ret_digits->data[i]) < 0)
			return error_set(ret_error, ERROR_PARAMS, "%s: expected hex digits, found another character", name);
	return true;
}

bool quantity_get_u256(yyjson_val *value, const char *name, struct u256 *ret_value, struct error *ret_error)
{
	struct bytes digits;
	bool empty;

	if (!get_digits(value, name, "a number", &digits, &empty, ret_error))
		return false;
	*ret_value = U256_ZERO;
	if (empty)
		return true;
	if (digits.size == 0)
		return error_set(
		    ret_error, ERROR_PARAMS, "%s: expected a number, found \"0x\" without digits (zero is \"0x0\")", name);
	if (digits.size > 1 && digits.data[0] == '0')
		return error_set(ret_error, ERROR_PARAMS, "%s: expected a number without leading zeros", name);
	if (!u256_from_hex_digits(digits, ret_value))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected at most 256 bits, found more", name);
	return true;
}

bool quantity_get_u64(yyjson_val *value, const char *name, uint64_t *ret_value, struct error *ret_error)
{
	struct u256 wide;

	if (!quantity_get_u256(value, name, &wide, ret_error))
		return false;
	if (!u256_fits_u64(&wide, ret_value))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected at most 64 bits, found more", name);
	return true;
}

bool quantity_get_data(yyjson_val *value, const char *name, struct arena *arena, struct bytes *ret_data, struct error *ret_error)
{
	struct bytes digits;
	bool empty;

	if (!get_digits(value, name, "bytes", &digits, &empty, ret_error))
		return false;
	if (digits.size % 2 != 0)
		return error_set(
		    ret_error, ERROR_PARAMS, "%s: expected an even number of hex digits, found %zu", name, digits.size);
	size_t size = digits.size / 2;
	*ret_data = bytes_of("", 0);
	if (size == 0)
		return true;
	uint8_t *data = arena_alloc(arena, size);
	if (!hex_decode_fixed(digits, data, size))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected hex digits", name);
	*ret_data = bytes_of(data, size);
	return true;
}

bool quantity_get_fixed(yyjson_val *value, const char *name, uint8_t *ret_data, size_t size, struct error *ret_error)
{
	struct bytes digits;
	bool empty;

	if (!get_digits(value, name, "bytes", &digits, &empty, ret_error))
		return false;
	if (digits.size != 2 * size || !hex_decode_fixed(digits, ret_data, size))
		return error_set(ret_error, ERROR_PARAMS, "%s: expected %zu hex digits, found %zu", name, 2 * size, digits.size);
	return true;
}

bool quantity_get_address(yyjson_val *value, const char *name, struct address *ret_address, struct error *ret_error)
{
	return quantity_get_fixed(value, name, ret_address->bytes, ADDRESS_SIZE, ret_error);
}

bool quantity_get_address_text(yyjson_val *value, const char *name, struct arena *arena, struct address *ret_address,
    struct bytes *ret_text, struct error *ret_error)
{
	if (!quantity_get_address(value, name, ret_address, ret_error))
		return false;
	char *text = arena_text(arena, bytes_of(yyjson_get_str(value), ADDRESS_TEXT_SIZE - 1));
	text[1] = 'x';
	*ret_text = bytes_text(text);
	return true;
}

void quantity_put_u64(struct buf *buf, uint64_t value)
{
	struct u256 wide = u256_from_u64(value);

	quantity_put_u256(buf, &wide);
}

void quantity_put_u256(struct buf *buf, const struct u256 *value)
{
	char text[U256_HEX_SIZE];

	u256_to_quantity(value, text);
	buf_put_u8(buf, '"');
	buf_put_text(buf, text);
	buf_put_u8(buf, '"');
}

void quantity_put_data(struct buf *buf, struct bytes data)
{
	buf_put_text(buf, "\"0x");
	hex_encode(data, buf);
	buf_put_u8(buf, '"');
}
