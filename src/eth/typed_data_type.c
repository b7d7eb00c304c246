/* The text of a type: an elementary type or a struct's name, and brackets. */
#include <string.h>

#include "eth/typed_data_parts.h"

#define LENGTH_DIGITS_MAX 9

/* A number without sign and leading zeros. */
static bool read_digits(struct bytes digits, uint32_t *ret_number)
{
	uint32_t number = 0;

	if (digits.size == 0 || digits.size > LENGTH_DIGITS_MAX || (digits.size > 1 && digits.data[0] == '0'))
		return false;
	for (size_t i = 0; i < digits.size; i++) {
		if (digits.data[i] < '0' || digits.data[i] > '9')
			return false;
		number = number * 10 + (uint32_t)(digits.data[i] - '0');
	}
	*ret_number = number;
	return true;
}

static bool begins_with(struct bytes text, const char *with, struct bytes *ret_rest)
{
	struct bytes prefix = bytes_text(with);

	if (text.size < prefix.size || !bytes_equal(bytes_of(text.data, prefix.size), prefix))
		return false;
	*ret_rest = bytes_of(text.data + prefix.size, text.size - prefix.size);
	return true;
}

static const struct elementary {
	const char *name;
	enum typed_kind kind;
	uint16_t width; /* when nothing is behind the name */
} plain[] =
    {
        {"address", TYPED_ADDRESS, 0},
        {"bool", TYPED_BOOL, 0},
        {"string", TYPED_STRING, 0},
        {"bytes", TYPED_BYTES, 0},
        {"uint", TYPED_UINT, 256},
        {"int", TYPED_INT, 256},
},
  sized[] = {
      {"bytes", TYPED_FIXED_BYTES, 0},
      {"uint", TYPED_UINT, 0},
      {"int", TYPED_INT, 0},
};

static bool width_is_valid(enum typed_kind kind, uint32_t width)
{
	if (kind == TYPED_FIXED_BYTES)
		return width >= 1 && width <= 32;
	return width >= 8 && width <= 256 && width % 8 == 0;
}

static bool find_elementary(struct bytes name, struct typed_type *ret_type)
{
	struct bytes digits;
	uint32_t width;

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		if (!bytes_equal_text(name, plain[i].name))
			continue;
		ret_type->kind = plain[i].kind;
		ret_type->width = plain[i].width;
		return true;
	}
	for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
		if (!begins_with(name, sized[i].name, &digits) || !read_digits(digits, &width) ||
		    !width_is_valid(sized[i].kind, width))
			continue;
		ret_type->kind = sized[i].kind;
		ret_type->width = (uint16_t)width;
		return true;
	}
	return false;
}

/* uint7 and bytes33, too: libraries differ about what a struct of such a name is. */
bool typed_type_is_reserved(struct bytes name)
{
	struct typed_type ignored;
	struct bytes digits;

	if (find_elementary(name, &ignored))
		return true;
	for (size_t i = 0; i < sizeof(sized) / sizeof(sized[0]); i++) {
		if (!begins_with(name, sized[i].name, &digits))
			continue;
		size_t count = 0;
		while (count < digits.size && digits.data[count] >= '0' && digits.data[count] <= '9')
			count++;
		if (count == digits.size)
			return true;
	}
	return false;
}

static struct bytes base_of(struct bytes text)
{
	size_t size = 0;

	while (size < text.size && text.data[size] != '[')
		size++;
	return bytes_of(text.data, size);
}

/* "[]" or "[5]" at the place given; moves it behind. */
static bool read_dimension(struct bytes text, size_t *place, struct typed_dimension *ret_dimension)
{
	size_t start = *place + 1, end = start;

	while (end < text.size && text.data[end] != ']')
		end++;
	if (text.data[*place] != '[' || end >= text.size)
		return false;
	*ret_dimension = (struct typed_dimension){.prefix = (uint32_t)*place, .is_fixed = end > start};
	*place = end + 1;
	return end == start || read_digits(bytes_of(text.data + start, end - start), &ret_dimension->length);
}

static bool read_dimensions(
    yyjson_val *untrusted_type, size_t place, const struct typed_path *path, struct typed_type *ret_type, struct error *ret_error)
{
	struct bytes text = ret_type->text;

	while (place < text.size) {
		if (ret_type->dimension_count == TYPED_DATA_DIMENSIONS_MAX)
			return typed_refuse(ret_error, path, ERROR_REFUSED,
			    "expected at most %d brackets behind a type, found more", TYPED_DATA_DIMENSIONS_MAX);
		if (!read_dimension(text, &place, &ret_type->dimensions[ret_type->dimension_count++]))
			return typed_refuse_found(
			    ret_error, path, ERROR_REFUSED, untrusted_type, "a type with [] or a length such as [3] behind it");
	}
	return true;
}

bool typed_type_parse(const struct typed_types *types, yyjson_val *untrusted_type, const struct typed_path *path,
    struct typed_type *ret_type, struct error *ret_error)
{
	struct bytes text = json_bytes(untrusted_type), base = base_of(text);
	size_t target;

	*ret_type = (struct typed_type){.text = text};
	if (!find_elementary(base, ret_type)) {
		/* Colons end the name where some libraries look for it: they disagree about what is signed. */
		if (base.size == 0 || memchr(base.data, ':', base.size) != NULL || !typed_types_find(types, base, &target))
			return typed_refuse_found(ret_error, path, ERROR_REFUSED, untrusted_type,
			    "an elementary type of Solidity or a struct that `types` has (without a colon)");
		ret_type->kind = TYPED_STRUCT;
		ret_type->target = (uint16_t)target;
	}
	return read_dimensions(untrusted_type, base.size, path, ret_type, ret_error);
}

struct typed_type typed_type_entry(const struct typed_type *type)
{
	struct typed_type entry = *type;

	entry.dimension_count--;
	entry.text.size = entry.dimensions[entry.dimension_count].prefix;
	return entry;
}
