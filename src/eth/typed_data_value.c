/* Values of domain and message, each of the type that its field has. Depth is bounded by TYPED_DATA_DEPTH_MAX. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "eth/address.h"
#include "eth/typed_data_parts.h"

static bool read_value(struct typed_reader *reader, const struct typed_path *path, const struct typed_type *type,
    yyjson_val *untrusted_value, size_t depth, struct typed_value *ret_value);

static bool refuse_found(
    struct typed_reader *reader, const struct typed_path *path, yyjson_val *untrusted_value, const char *expected)
{
	return typed_refuse_found(reader->ret_error, path, ERROR_REFUSED, untrusted_value, expected);
}

/* Before memory is taken for them. */
static bool count_values(struct typed_reader *reader, const struct typed_path *path, size_t count)
{
	if (count > TYPED_DATA_VALUES_MAX - reader->values)
		return typed_refuse(reader->ret_error, path, ERROR_REFUSED,
		    "expected at most %d values in a document, found more", TYPED_DATA_VALUES_MAX);
	reader->values += count;
	return true;
}

static bool check_depth(struct typed_reader *reader, const struct typed_path *path, size_t depth)
{
	return depth < TYPED_DATA_DEPTH_MAX ||
	       typed_refuse(reader->ret_error, path, ERROR_REFUSED,
	           "expected at most %d structs and lists within one another, found more", TYPED_DATA_DEPTH_MAX);
}

static bool read_address(
    struct typed_reader *reader, const struct typed_path *path, yyjson_val *untrusted_value, struct typed_value *ret_value)
{
	struct address address;

	if (!yyjson_is_str(untrusted_value) || !address_parse_lax(json_bytes(untrusted_value), &address))
		return refuse_found(reader, path, untrusted_value, "an address, 40 hex digits behind 0x");
	memcpy(ret_value->word + 32 - ADDRESS_SIZE, address.bytes, ADDRESS_SIZE);
	return true;
}

static bool read_bytes(
    struct typed_reader *reader, const struct typed_path *path, yyjson_val *untrusted_value, struct typed_value *ret_value)
{
	struct bytes text = yyjson_is_str(untrusted_value) ? json_bytes(untrusted_value) : BYTES_NONE;
	struct bytes digits = hex_skip_prefix(text);
	uint8_t *data = arena_alloc(reader->arena, digits.size / 2);

	if (!hex_has_prefix(text) || digits.size % 2 != 0 || !hex_decode_fixed(digits, data, digits.size / 2))
		return refuse_found(reader, path, untrusted_value, "bytes, an even number of hex digits behind 0x");
	ret_value->data = bytes_of(data, digits.size / 2);
	ret_value->spelling = text;
	return true;
}

static bool read_fixed_bytes(struct typed_reader *reader, const struct typed_path *path, const struct typed_type *type,
    yyjson_val *untrusted_value, struct typed_value *ret_value)
{
	struct bytes text = yyjson_is_str(untrusted_value) ? json_bytes(untrusted_value) : BYTES_NONE;

	if (!hex_has_prefix(text) || !hex_decode_fixed(hex_skip_prefix(text), ret_value->word, type->width)) {
		char expected[64];
		snprintf(expected, sizeof(expected), "%u bytes, %u hex digits behind 0x", type->width, 2u * type->width);
		return refuse_found(reader, path, untrusted_value, expected);
	}
	ret_value->spelling = text;
	return true;
}

static bool read_bool(
    struct typed_reader *reader, const struct typed_path *path, yyjson_val *untrusted_value, struct typed_value *ret_value)
{
	if (!yyjson_is_bool(untrusted_value))
		return refuse_found(reader, path, untrusted_value, "true or false");
	ret_value->word[31] = yyjson_is_true(untrusted_value) ? 1 : 0;
	return true;
}

/* yyjson has refused what is no UTF-8, also in escapes. */
static bool read_string(
    struct typed_reader *reader, const struct typed_path *path, yyjson_val *untrusted_value, struct typed_value *ret_value)
{
	if (!yyjson_is_str(untrusted_value))
		return refuse_found(reader, path, untrusted_value, "a text");
	ret_value->data = json_bytes(untrusted_value);
	return true;
}

static bool read_array(struct typed_reader *reader, const struct typed_path *path, const struct typed_type *type,
    yyjson_val *untrusted_value, size_t depth, struct typed_value *ret_value)
{
	const struct typed_dimension *dimension = &type->dimensions[type->dimension_count - 1];
	const struct typed_type entry_type = typed_type_entry(type);
	yyjson_arr_iter iter = yyjson_arr_iter_with(untrusted_value);
	size_t count = yyjson_arr_size(untrusted_value);

	if (!yyjson_is_arr(untrusted_value))
		return refuse_found(reader, path, untrusted_value, "a list");
	if (dimension->is_fixed && dimension->length != count)
		return typed_refuse(
		    reader->ret_error, path, ERROR_REFUSED, "expected a list of %u, found one of %zu", dimension->length, count);
	if (!check_depth(reader, path, depth) || !count_values(reader, path, count))
		return false;
	ret_value->count = count;
	ret_value->entries = arena_array(reader->arena, count, sizeof(*ret_value->entries));
	for (size_t i = 0; i < count; i++) {
		const struct typed_path entry_path = TYPED_PATH_ENTRY(path, i);
		if (!read_value(reader, &entry_path, &entry_type, yyjson_arr_iter_next(&iter), depth + 1, &ret_value->entries[i]))
			return false;
	}
	return true;
}

static bool has_field(const struct typed_struct *structure, struct bytes name)
{
	for (size_t i = 0; i < structure->field_count; i++)
		if (bytes_equal(structure->fields[i].name, name))
			return true;
	return false;
}

/* All fields were found and yet there are more members: says which. */
static bool refuse_extra(
    struct typed_reader *reader, const struct typed_path *path, const struct typed_struct *structure, yyjson_val *untrusted_value)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(untrusted_value);
	yyjson_val *name;

	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		const struct typed_path member = TYPED_PATH_MEMBER(path, json_bytes(name));
		if (!has_field(structure, json_bytes(name)))
			return typed_refuse(reader->ret_error, &member, ERROR_REFUSED,
			    "expected the fields of %.*s and nothing else, found one that it does not have",
			    (int)structure->name.size, (const char *)structure->name.data);
	}
	return typed_refuse(reader->ret_error, path, ERROR_REFUSED, "expected each field once, found one twice");
}

bool typed_value_read_struct(struct typed_reader *reader, const struct typed_path *path, size_t index,
    yyjson_val *untrusted_value, size_t depth, struct typed_value *ret_value)
{
	const struct typed_struct *structure = &reader->types->structs[index];
	yyjson_obj_iter iter = yyjson_obj_iter_with(untrusted_value);

	if (!yyjson_is_obj(untrusted_value))
		return refuse_found(reader, path, untrusted_value, "an object with the fields of the struct");
	if (!check_depth(reader, path, depth) || !count_values(reader, path, structure->field_count))
		return false;
	ret_value->count = structure->field_count;
	ret_value->entries = arena_array(reader->arena, structure->field_count, sizeof(*ret_value->entries));
	for (size_t i = 0; i < structure->field_count; i++) {
		const struct typed_field *field = &structure->fields[i];
		const struct typed_path member = TYPED_PATH_MEMBER(path, field->name);
		/* goes on from the member before: in the order of the type this is one step */
		yyjson_val *value = yyjson_obj_iter_getn(&iter, (const char *)field->name.data, field->name.size);
		if (value == NULL)
			return typed_refuse(reader->ret_error, &member, ERROR_REFUSED,
			    "expected a value of type %.*s, found none", (int)field->type.text.size,
			    (const char *)field->type.text.data);
		if (!read_value(reader, &member, &field->type, value, depth + 1, &ret_value->entries[i]))
			return false;
	}
	/* As many members as fields, which have different names and were all found: none is there twice. */
	return yyjson_obj_size(untrusted_value) == structure->field_count ||
	       refuse_extra(reader, path, structure, untrusted_value);
}

static bool read_value(struct typed_reader *reader, const struct typed_path *path, const struct typed_type *type,
    yyjson_val *untrusted_value, size_t depth, struct typed_value *ret_value)
{
	if (type->dimension_count > 0)
		return read_array(reader, path, type, untrusted_value, depth, ret_value);
	switch (type->kind) {
	case TYPED_ADDRESS:
		return read_address(reader, path, untrusted_value, ret_value);
	case TYPED_BOOL:
		return read_bool(reader, path, untrusted_value, ret_value);
	case TYPED_STRING:
		return read_string(reader, path, untrusted_value, ret_value);
	case TYPED_BYTES:
		return read_bytes(reader, path, untrusted_value, ret_value);
	case TYPED_FIXED_BYTES:
		return read_fixed_bytes(reader, path, type, untrusted_value, ret_value);
	case TYPED_UINT:
	case TYPED_INT:
		return typed_number_read(type, path, untrusted_value, ret_value->word, reader->ret_error);
	case TYPED_STRUCT:
		break;
	}
	return typed_value_read_struct(reader, path, type->target, untrusted_value, depth, ret_value);
}
