/* From calldata to values. */
#include <string.h>

#include "decode/abi.h"

#define WORD 32

struct decoder {
	struct bytes data;
	struct arena *arena;
	size_t values_left;
	struct error *ret_error;
};

static bool decode_items(
    struct decoder *decoder, const struct abi_type *type, size_t base, size_t count, struct abi_value *ret_value);

static bool refuse(struct decoder *decoder, const struct abi_type *type, const char *problem)
{
	error_set(decoder->ret_error, ERROR_REFUSED, "the arguments do not fit: %s in a value of type %.*s", problem,
	    (int)(type->text.size < 60 ? type->text.size : 60), (const char *)type->text.data);
	return false;
}

/* The 32 bytes at `at`. */
static bool get_word(struct decoder *decoder, const struct abi_type *type, size_t at, const uint8_t **ret_word)
{
	if (at > decoder->data.size || decoder->data.size - at < WORD)
		return refuse(decoder, type, "the data ends");
	*ret_word = decoder->data.data + at;
	return true;
}

/* A word that is an offset or a length: it cannot be more than there is data. */
static bool get_size(struct decoder *decoder, const struct abi_type *type, size_t at, size_t *ret_size)
{
	struct u256 number;
	uint64_t size = 0;
	const uint8_t *word = NULL;

	if (!get_word(decoder, type, at, &word))
		return false;
	if (!u256_from_bytes(bytes_of(word, WORD), &number) || !u256_fits_u64(&number, &size) || size > decoder->data.size)
		return refuse(decoder, type, "an offset or a length beyond the data");
	*ret_size = (size_t)size;
	return true;
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t any = 0;

	for (size_t i = 0; i < size; i++)
		any |= bytes[i];
	return any == 0;
}

/* Two's complement: all bits above the value's own are copies of its sign. */
static bool fits_signed(const struct u256 *number, unsigned bits)
{
	struct u256 flipped = *number;

	if (number->limb[3] >> 63)
		for (size_t i = 0; i < 4; i++)
			flipped.limb[i] = ~flipped.limb[i];
	return u256_bits(&flipped) < bits;
}

static bool check_number(struct decoder *decoder, const struct abi_type *type, const struct u256 *number)
{
	bool fits = true;

	if (type->kind == ABI_UINT)
		fits = u256_bits(number) <= type->bits;
	else if (type->kind == ABI_INT)
		fits = fits_signed(number, type->bits);
	else if (type->kind == ABI_BOOL)
		fits = u256_bits(number) <= 1;
	return fits || refuse(decoder, type, "a number out of range");
}

static bool decode_number(struct decoder *decoder, const struct abi_type *type, size_t at, struct abi_value *ret_value)
{
	const uint8_t *word = NULL;

	return get_word(decoder, type, at, &word) && u256_from_bytes(bytes_of(word, WORD), &ret_value->number) &&
	       check_number(decoder, type, &ret_value->number);
}

/* `size` bytes of the word are the value, at its end or its beginning; the others must be 0. */
static bool decode_short_bytes(
    struct decoder *decoder, const struct abi_type *type, size_t at, size_t size, bool at_end, struct abi_value *ret_value)
{
	const uint8_t *word = NULL;

	if (!get_word(decoder, type, at, &word))
		return false;
	if (!is_zero(at_end ? word : word + size, WORD - size))
		return refuse(decoder, type, "stray bytes beside the value");
	ret_value->bytes = bytes_of(at_end ? word + WORD - size : word, size);
	return true;
}

static bool decode_long_bytes(struct decoder *decoder, const struct abi_type *type, size_t at, struct abi_value *ret_value)
{
	size_t size;

	if (!get_size(decoder, type, at, &size))
		return false;
	if (size > decoder->data.size - at - WORD)
		return refuse(decoder, type, "the data ends");
	ret_value->bytes = bytes_of(decoder->data.data + at + WORD, size);
	return true;
}

static bool decode_array(struct decoder *decoder, const struct abi_type *type, size_t at, struct abi_value *ret_value)
{
	size_t count;

	if (!get_size(decoder, type, at, &count))
		return false;
	if (count > (decoder->data.size - at - WORD) / type->items->head_size)
		return refuse(decoder, type, "more elements than data");
	return decode_items(decoder, type, at + WORD, count, ret_value);
}

/* The value itself, at `at`; its offset, if it has one, was followed. */
static bool decode_content(struct decoder *decoder, const struct abi_type *type, size_t at, struct abi_value *ret_value)
{
	if (decoder->values_left-- == 0) {
		decoder->values_left = 0;
		return refuse(decoder, type, "too many values");
	}
	ret_value->type = type;
	switch (type->kind) {
	case ABI_UINT:
	case ABI_INT:
	case ABI_BOOL:
		return decode_number(decoder, type, at, ret_value);
	case ABI_ADDRESS:
		return decode_short_bytes(decoder, type, at, ADDRESS_SIZE, true, ret_value);
	case ABI_FIXED_BYTES:
		return decode_short_bytes(decoder, type, at, type->count, false, ret_value);
	case ABI_FUNCTION:
		return decode_short_bytes(decoder, type, at, ADDRESS_SIZE + 4, false, ret_value);
	case ABI_BYTES:
	case ABI_STRING:
		return decode_long_bytes(decoder, type, at, ret_value);
	case ABI_ARRAY:
		return decode_array(decoder, type, at, ret_value);
	case ABI_FIXED_ARRAY:
	case ABI_TUPLE:
		return decode_items(decoder, type, at, type->count, ret_value);
	}
	return refuse(decoder, type, "an unknown kind");
}

/* Elements or members whose heads begin at `base`, from which their offsets count. */
static bool decode_items(
    struct decoder *decoder, const struct abi_type *type, size_t base, size_t count, struct abi_value *ret_value)
{
	size_t at = base;

	if (count > decoder->values_left)
		return refuse(decoder, type, "too many values");
	ret_value->count = count;
	ret_value->items = arena_array(decoder->arena, count, sizeof(*ret_value->items));
	for (size_t i = 0; i < count; i++) {
		const struct abi_type *item = type->kind == ABI_TUPLE ? &type->items[i] : type->items;
		size_t offset = 0;
		if (item->dynamic && !get_size(decoder, item, at, &offset))
			return false;
		if (!decode_content(decoder, item, item->dynamic ? base + offset : at, &ret_value->items[i]))
			return false;
		at += item->head_size;
	}
	return true;
}

bool abi_decode(const struct abi_type *inputs, struct bytes untrusted_arguments, struct arena *arena,
    struct abi_value *ret_arguments, struct error *ret_error)
{
	struct decoder decoder = {
	    .data = untrusted_arguments, .arena = arena, .values_left = ABI_VALUES_MAX, .ret_error = ret_error};

	memset(ret_arguments, 0, sizeof(*ret_arguments));
	if (!decode_content(&decoder, inputs, 0, ret_arguments))
		return false;
	BUF_CLEANUP struct buf again = BUF_INIT(untrusted_arguments.size);
	abi_encode(ret_arguments, &again);
	if (!buf_ok(&again) || !bytes_equal(buf_bytes(&again), untrusted_arguments))
		return error_set(ret_error, ERROR_REFUSED,
		    "the arguments are not encoded the one way they should be: there is extra data in them (%zu bytes, expected "
		    "%zu)",
		    untrusted_arguments.size, again.size);
	return true;
}
