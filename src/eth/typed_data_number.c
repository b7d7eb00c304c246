/* Integers of a document: exact, or refused. */
#include <stdio.h>

#include "base/hex.h"
#include "eth/typed_data_parts.h"

/* What yyjson took as a number may stand for more than any program can hold; Clef, which reads doubles, calls that no document. */
#define DOUBLE_DIGITS_MAX 309
/* Digits that 64 bits always hold. */
#define GROUP_DIGITS 19

struct number {
	bool negative;
	struct u256 magnitude;
};

static struct bytes skip(struct bytes text, size_t size)
{
	return bytes_of(text.data + size, text.size - size);
}

static struct bytes skip_zeros(struct bytes digits)
{
	while (digits.size > 0 && digits.data[0] == '0')
		digits = skip(digits, 1);
	return digits;
}

static struct bytes read_sign(struct bytes text, bool *ret_negative)
{
	bool is_sign = text.size > 0 && (text.data[0] == '+' || text.data[0] == '-');

	*ret_negative = is_sign && text.data[0] == '-';
	return is_sign ? skip(text, 1) : text;
}

static bool all_decimal(struct bytes digits)
{
	for (size_t i = 0; i < digits.size; i++)
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
	return true;
}

/* value * 10^digits.size + digits, a group at a time. */
static bool append_decimal(struct u256 *value, struct bytes digits)
{
	while (digits.size > 0) {
		size_t size = digits.size < GROUP_DIGITS ? digits.size : GROUP_DIGITS;
		uint64_t group = 0, scale = 1;
		for (size_t i = 0; i < size; i++) {
			group = group * 10 + (uint64_t)(digits.data[i] - '0');
			scale *= 10;
		}
		struct u256 factor = u256_from_u64(scale), addend = u256_from_u64(group);
		if (!u256_mul(value, &factor, value) || !u256_add(value, &addend, value))
			return false;
		digits = skip(digits, size);
	}
	return true;
}

static bool append_zeros(struct u256 *value, size_t count)
{
	static const uint8_t zeros[GROUP_DIGITS] = "0000000000000000000";

	while (count > 0) {
		size_t size = count < GROUP_DIGITS ? count : GROUP_DIGITS;
		if (!append_decimal(value, bytes_of(zeros, size)))
			return false;
		count -= size;
	}
	return true;
}

enum outcome { NUMBER_FINE, NUMBER_MALFORMED, NUMBER_FRACTION, NUMBER_TOO_LARGE, NUMBER_BEYOND_DOUBLE };

/* As Clef reads text: "" is nothing, decimal or behind 0x hex digits, with a sign before the digits. */
static enum outcome read_text(struct bytes text, struct number *ret_number)
{
	bool is_hex = hex_has_prefix(text);
	struct bytes digits = read_sign(is_hex ? skip(text, 2) : text, &ret_number->negative);

	ret_number->magnitude = U256_ZERO;
	if (text.size == 0)
		return NUMBER_FINE;
	if (digits.size == 0)
		return NUMBER_MALFORMED;
	struct bytes significant = skip_zeros(digits);
	if (!is_hex) {
		if (!all_decimal(significant))
			return NUMBER_MALFORMED;
		return append_decimal(&ret_number->magnitude, significant) ? NUMBER_FINE : NUMBER_TOO_LARGE;
	}
	for (size_t i = 0; i < significant.size; i++)
		if (hex_digit(significant.data[i]) < 0)
			return NUMBER_MALFORMED;
	if (significant.size > 0 && !u256_from_hex_digits(significant, &ret_number->magnitude))
		return NUMBER_TOO_LARGE;
	return NUMBER_FINE;
}

/* The pieces of a JSON number (RFC 8259 section 6); yyjson has checked its form. */
struct pieces {
	struct bytes whole, fraction;
	bool exponent_negative;
	uint64_t exponent; /* at most EXPONENT_MOST: enough to be far beyond everything */
};

#define EXPONENT_MOST 1000000000

static void split(struct bytes text, struct pieces *ret_pieces)
{
	size_t at = 0;
	struct pieces pieces = {.whole = text};

	while (at < text.size && text.data[at] != '.' && (text.data[at] | 0x20) != 'e')
		at++;
	pieces.whole.size = at;
	if (at < text.size && text.data[at] == '.') {
		size_t start = ++at;
		while (at < text.size && (text.data[at] | 0x20) != 'e')
			at++;
		pieces.fraction = bytes_of(text.data + start, at - start);
	}
	if (at < text.size) {
		struct bytes digits = read_sign(skip(text, at + 1), &pieces.exponent_negative);
		for (size_t i = 0; i < digits.size; i++)
			if (pieces.exponent < EXPONENT_MOST)
				pieces.exponent = pieces.exponent * 10 + (uint64_t)(digits.data[i] - '0');
	}
	*ret_pieces = pieces;
}

static void drop_trailing_zeros(struct bytes *digits)
{
	while (digits->size > 0 && digits->data[digits->size - 1] == '0')
		digits->size--;
}

/* 1e19, 1.0 and 12.5e1 are whole numbers, 1.5 is none. */
static enum outcome read_json(struct bytes text, struct number *ret_number)
{
	struct pieces pieces;

	ret_number->magnitude = U256_ZERO;
	split(read_sign(text, &ret_number->negative), &pieces);
	pieces.whole = skip_zeros(pieces.whole);
	drop_trailing_zeros(&pieces.fraction);
	if (pieces.whole.size == 0 && skip_zeros(pieces.fraction).size == 0)
		return NUMBER_FINE;
	if (!pieces.exponent_negative && pieces.whole.size + pieces.exponent > DOUBLE_DIGITS_MAX)
		return NUMBER_BEYOND_DOUBLE;
	if (pieces.exponent_negative) {
		/* only zeros at the end of the whole part can be divided away */
		size_t kept = pieces.whole.size;
		drop_trailing_zeros(&pieces.whole);
		if (pieces.fraction.size > 0 || kept - pieces.whole.size < pieces.exponent)
			return NUMBER_FRACTION;
		pieces.whole.size = kept - (size_t)pieces.exponent;
		pieces.exponent = 0;
	}
	if (pieces.fraction.size > pieces.exponent)
		return NUMBER_FRACTION;
	return append_decimal(&ret_number->magnitude, pieces.whole) && append_decimal(&ret_number->magnitude, pieces.fraction) &&
	               append_zeros(&ret_number->magnitude, (size_t)pieces.exponent - pieces.fraction.size)
	           ? NUMBER_FINE
	           : NUMBER_TOO_LARGE;
}

/* Two's complement of 256 bits. */
static struct u256 negate(const struct u256 *value)
{
	struct u256 result;
	uint64_t carry = 1;

	for (size_t i = 0; i < 4; i++)
		carry = __builtin_add_overflow(~value->limb[i], carry, &result.limb[i]) ? 1 : 0;
	return result;
}

static bool is_in_range(const struct typed_type *type, const struct number *number)
{
	unsigned bits = u256_bits(&number->magnitude), width = type->width;

	if (type->kind == TYPED_UINT)
		return bits <= width && (!number->negative || bits == 0);
	if (!number->negative || bits < width)
		return bits < width;
	/* the lowest one of an int, -2^(width-1), has one bit more than the highest */
	struct u256 one = u256_from_u64(1), below = U256_ZERO;
	return u256_sub(&number->magnitude, &one, &below) && u256_bits(&below) < width;
}

static bool refuse_range(
    const struct typed_type *type, const struct typed_path *path, yyjson_val *untrusted_value, struct error *ret_error)
{
	char expected[64];

	if (type->kind == TYPED_UINT)
		snprintf(expected, sizeof(expected), "a number from 0 to 2^%u - 1", type->width);
	else
		snprintf(expected, sizeof(expected), "a number from -2^%u to 2^%u - 1", type->width - 1u, type->width - 1u);
	return typed_refuse_found(ret_error, path, ERROR_REFUSED, untrusted_value, expected);
}

static enum outcome read_any(yyjson_val *untrusted_value, struct number *ret_number)
{
	if (yyjson_is_str(untrusted_value))
		return read_text(json_bytes(untrusted_value), ret_number);
	return yyjson_is_raw(untrusted_value) ? read_json(json_bytes(untrusted_value), ret_number) : NUMBER_MALFORMED;
}

bool typed_number_is_one(yyjson_val *untrusted_value)
{
	struct number ignored = {0};

	return read_any(untrusted_value, &ignored) != NUMBER_MALFORMED;
}

bool typed_number_read(const struct typed_type *type, const struct typed_path *path, yyjson_val *untrusted_value,
    uint8_t ret_word[32], struct error *ret_error)
{
	struct number number = {0};

	switch (read_any(untrusted_value, &number)) {
	case NUMBER_FINE:
		break;
	case NUMBER_MALFORMED:
		return typed_refuse_found(ret_error, path, ERROR_REFUSED, untrusted_value,
		    "a whole number, or its decimal digits or hex digits behind 0x as text");
	case NUMBER_FRACTION:
		return typed_refuse_found(ret_error, path, ERROR_REFUSED, untrusted_value, "a whole number");
	case NUMBER_TOO_LARGE:
		return refuse_range(type, path, untrusted_value, ret_error);
	case NUMBER_BEYOND_DOUBLE:
		return typed_refuse_found(ret_error, path, ERROR_PARAMS, untrusted_value, "a number that JSON programs can hold");
	}
	if (!is_in_range(type, &number))
		return refuse_range(type, path, untrusted_value, ret_error);
	if (number.negative)
		number.magnitude = negate(&number.magnitude);
	u256_to_bytes32(&number.magnitude, ret_word);
	return true;
}

bool typed_number_split(const struct typed_type *type, const uint8_t word[32], struct u256 *ret_magnitude)
{
	bool negative = type->kind == TYPED_INT && word[0] >= 0x80;

	u256_from_bytes(bytes_of(word, 32), ret_magnitude);
	if (negative)
		*ret_magnitude = negate(ret_magnitude);
	return negative;
}
