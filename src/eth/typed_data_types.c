/* The member "types": structs and their fields. */
#include <string.h>

#include "eth/typed_data_parts.h"

struct reading {
	struct typed_types *types;
	struct arena *arena;
	size_t text_size; /* of names and types so far */
	struct error *ret_error;
};

static const struct typed_path top = {.name = {(const uint8_t *)"types", 5}};

static int compare(struct bytes a, struct bytes b)
{
	size_t size = a.size < b.size ? a.size : b.size;
	int order = size == 0 ? 0 : memcmp(a.data, b.data, size);

	return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

/* Where the name stands in the sorted list, or would. True when it is there. */
static bool find_place(const struct typed_types *types, struct bytes name, size_t *ret_place)
{
	size_t low = 0, high = types->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(types->structs[types->sorted[middle]].name, name);
		if (order == 0) {
			*ret_place = middle;
			return true;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_place = low;
	return false;
}

bool typed_types_find(const struct typed_types *types, struct bytes name, size_t *ret_index)
{
	size_t place;

	if (!find_place(types, name, &place))
		return false;
	*ret_index = types->sorted[place];
	return true;
}

/* Words of letters, digits and underscores that begin with none of the digits, with colons between them. */
static bool is_type_name(struct bytes name)
{
	bool begins = true;

	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i], letter = c | 0x20;
		bool is_digit = c >= '0' && c <= '9';
		if (c == ':' ? begins : !(c == '_' || (letter >= 'a' && letter <= 'z') || (is_digit && !begins)))
			return false;
		begins = c == ':';
	}
	return !begins;
}

/*
 * ASCII letters, digits, underscores, dollar signs and hyphens. encodeType puts names between blanks, commas and parentheses: a name that held them could make one
 * struct's text equal another's, so that a signature is given for values that nobody was shown. And no two names may look alike.
 */
static bool is_field_name(struct bytes name)
{
	for (size_t i = 0; i < name.size; i++) {
		uint8_t c = name.data[i], letter = c | 0x20;
		if (!((letter >= 'a' && letter <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '$' || c == '-'))
			return false;
	}
	return name.size > 0;
}

/* All that goes into encodeType, and bounds what it costs. */
static bool count_text(struct reading *reading, const struct typed_path *path, struct bytes text)
{
	reading->text_size += text.size;
	if (text.size > TYPED_DATA_NAME_MAX)
		return typed_refuse(reading->ret_error, path, ERROR_REFUSED,
		    "expected a name or type of at most %d bytes, found %zu", TYPED_DATA_NAME_MAX, text.size);
	if (reading->text_size > TYPED_DATA_TYPES_TEXT_MAX)
		return typed_refuse(reading->ret_error, &top, ERROR_REFUSED,
		    "expected at most %zu bytes of names and types, found more", TYPED_DATA_TYPES_TEXT_MAX);
	return true;
}

static bool add_struct(struct reading *reading, struct bytes name, const struct typed_path *path)
{
	struct typed_types *types = reading->types;
	size_t place;

	if (!count_text(reading, path, name))
		return false;
	if (!is_type_name(name))
		return typed_refuse(reading->ret_error, path, ERROR_REFUSED,
		    "expected a type's name of letters, digits and underscores, not beginning with a digit; found another one");
	if (typed_type_is_reserved(name))
		return typed_refuse(
		    reading->ret_error, path, ERROR_REFUSED, "a struct must not have the name of an elementary type");
	if (find_place(types, name, &place))
		return typed_refuse(reading->ret_error, path, ERROR_REFUSED, "the type is given twice");
	memmove(types->sorted + place + 1, types->sorted + place, (types->count - place) * sizeof(types->sorted[0]));
	types->sorted[place] = (uint16_t)types->count;
	types->structs[types->count++].name = name;
	return true;
}

/* A member of {"name","type"}; text that is no text is Clef's -32602, and so is null its empty text. */
static bool read_text(struct reading *reading, yyjson_val *untrusted_value, const struct typed_path *path, const char *name)
{
	const struct typed_path member = TYPED_PATH_MEMBER(path, bytes_text(name));

	if (yyjson_is_str(untrusted_value))
		return count_text(reading, &member, json_bytes(untrusted_value));
	bool missing = untrusted_value == NULL || yyjson_is_null(untrusted_value);
	return typed_refuse_found(reading->ret_error, &member, missing ? ERROR_REFUSED : ERROR_PARAMS, untrusted_value, "a text");
}

/* Two members with two different names that are both there: nothing else, and nothing twice. */
static bool read_field_members(struct reading *reading, yyjson_val *untrusted_field, const struct typed_path *path,
    yyjson_val **ret_name, yyjson_val **ret_type)
{
	*ret_name = yyjson_obj_get(untrusted_field, "name");
	*ret_type = yyjson_obj_get(untrusted_field, "type");
	if (!yyjson_is_obj(untrusted_field))
		return typed_refuse_found(reading->ret_error, path,
		    yyjson_is_null(untrusted_field) ? ERROR_REFUSED : ERROR_PARAMS, untrusted_field,
		    "an object with name and type");
	if (!read_text(reading, *ret_name, path, "name") || !read_text(reading, *ret_type, path, "type"))
		return false;
	if (yyjson_obj_size(untrusted_field) != 2)
		return typed_refuse(reading->ret_error, path, ERROR_REFUSED,
		    "expected name and type and nothing else, found %zu members", yyjson_obj_size(untrusted_field));
	return true;
}

static bool read_field(struct reading *reading, struct typed_struct *structure, size_t index, yyjson_val *untrusted_field)
{
	const struct typed_path type_path = TYPED_PATH_MEMBER(&top, structure->name);
	const struct typed_path entry = TYPED_PATH_ENTRY(&type_path, index);
	struct typed_field *field = &structure->fields[index];
	yyjson_val *name, *type;

	if (!read_field_members(reading, untrusted_field, &entry, &name, &type))
		return false;
	field->name = json_bytes(name);
	if (!is_field_name(field->name))
		return typed_refuse_found(
		    reading->ret_error, &entry, ERROR_REFUSED, name, "a field's name of letters, digits, _, $ and -");
	const struct typed_path path = TYPED_PATH_MEMBER(&type_path, field->name);
	for (size_t i = 0; i < index; i++)
		if (bytes_equal(structure->fields[i].name, field->name))
			return typed_refuse(reading->ret_error, &path, ERROR_REFUSED, "the field is given twice");
	return typed_type_parse(reading->types, type, &path, &field->type, reading->ret_error);
}

static bool read_fields(struct reading *reading, struct typed_struct *structure, yyjson_val *untrusted_fields)
{
	const struct typed_path path = TYPED_PATH_MEMBER(&top, structure->name);
	yyjson_arr_iter iter = yyjson_arr_iter_with(untrusted_fields);
	size_t count = yyjson_arr_size(untrusted_fields);

	if (!yyjson_is_arr(untrusted_fields))
		return typed_refuse_found(reading->ret_error, &path,
		    yyjson_is_null(untrusted_fields) ? ERROR_REFUSED : ERROR_PARAMS, untrusted_fields, "a list of fields");
	if (count > TYPED_DATA_FIELDS_MAX)
		return typed_refuse(reading->ret_error, &path, ERROR_REFUSED, "expected at most %d fields, found %zu",
		    TYPED_DATA_FIELDS_MAX, count);
	structure->fields = arena_array(reading->arena, count, sizeof(*structure->fields));
	structure->field_count = count;
	for (size_t i = 0; i < count; i++)
		if (!read_field(reading, structure, i, yyjson_arr_iter_next(&iter)))
			return false;
	return true;
}

/* A value of the field holds one of the struct, always: no dimension lets it hold none. */
static bool embeds(const struct typed_type *type)
{
	if (type->kind != TYPED_STRUCT)
		return false;
	for (size_t i = 0; i < type->dimension_count; i++)
		if (!type->dimensions[i].is_fixed || type->dimensions[i].length == 0)
			return false;
	return true;
}

static bool fields_are_finite(const struct typed_struct *structure, const bool finite[TYPED_DATA_TYPES_MAX])
{
	for (size_t i = 0; i < structure->field_count; i++)
		if (embeds(&structure->fields[i].type) && !finite[structure->fields[i].type.target])
			return false;
	return true;
}

/* Round after round a struct is finite when all that it embeds is; what remains holds itself and has no value at all. */
static bool all_are_finite(const struct typed_types *types, struct error *ret_error)
{
	bool finite[TYPED_DATA_TYPES_MAX] = {false};
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t i = 0; i < types->count; i++) {
			if (finite[i] || !fields_are_finite(&types->structs[i], finite))
				continue;
			finite[i] = true;
			changed = true;
		}
	}
	for (size_t i = 0; i < types->count; i++) {
		const struct typed_path path = TYPED_PATH_MEMBER(&top, types->structs[i].name);
		if (!finite[i])
			return typed_refuse(ret_error, &path, ERROR_REFUSED,
			    "the types are cyclic: such a struct would hold another one of its kind without end");
	}
	return true;
}

static bool read_names(struct reading *reading, yyjson_val *untrusted_types)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(untrusted_types);
	yyjson_val *name;

	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		const struct typed_path path = TYPED_PATH_MEMBER(&top, json_bytes(name));
		if (!add_struct(reading, json_bytes(name), &path))
			return false;
	}
	return true;
}

bool typed_types_read(yyjson_val *untrusted_types, struct arena *arena, struct typed_types *ret_types, struct error *ret_error)
{
	struct reading reading = {.types = ret_types, .arena = arena, .ret_error = ret_error};
	size_t count = yyjson_obj_size(untrusted_types);

	if (!yyjson_is_obj(untrusted_types))
		return typed_refuse_found(ret_error, &top,
		    untrusted_types == NULL || yyjson_is_null(untrusted_types) ? ERROR_REFUSED : ERROR_PARAMS, untrusted_types,
		    "an object of types");
	if (count > TYPED_DATA_TYPES_MAX)
		return typed_refuse(
		    ret_error, &top, ERROR_REFUSED, "expected at most %d types, found %zu", TYPED_DATA_TYPES_MAX, count);
	*ret_types = (struct typed_types){.structs = arena_array(arena, count, sizeof(*ret_types->structs)),
	    .sorted = arena_array(arena, count, sizeof(*ret_types->sorted))};
	if (!read_names(&reading, untrusted_types))
		return false;
	yyjson_obj_iter iter = yyjson_obj_iter_with(untrusted_types);
	for (size_t i = 0; i < count; i++)
		if (!read_fields(&reading, &ret_types->structs[i], yyjson_obj_iter_get_val(yyjson_obj_iter_next(&iter))))
			return false;
	return all_are_finite(ret_types, ret_error);
}
