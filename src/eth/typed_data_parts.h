/* typed_data_parts: what the files of typed_data share; nobody else includes this. */
#ifndef CLEF_ETH_TYPED_DATA_PARTS_H
#define CLEF_ETH_TYPED_DATA_PARTS_H

#include "eth/typed_data.h"

#define TYPED_DATA_DOMAIN_NAME "EIP712Domain"

/* Where in a document something is: a chain of steps upwards, each on the stack of the function that went there. */
struct typed_path {
	const struct typed_path *up; /* NULL at the top */
	struct bytes name;           /* of a member; no data: an entry of a list */
	size_t index;
};

#define TYPED_PATH_MEMBER(path, member) ((struct typed_path){.up = (path), .name = (member)})
#define TYPED_PATH_ENTRY(path, number)  ((struct typed_path){.up = (path), .index = (number)})

/* What goes along while a document is read. */
struct typed_reader {
	struct arena *arena;
	const struct typed_types *types;
	size_t values; /* read so far, of TYPED_DATA_VALUES_MAX */
	struct error *ret_error;
};

/* "PATH: text". Returns false. */
__attribute__((format(printf, 4, 5))) bool typed_refuse(
    struct error *ret_error, const struct typed_path *path, enum error_kind kind, const char *format, ...);
/* What was expected (a sentence's part, such as "a number"), and what the JSON holds instead, in words and cut short. Returns false. */
bool typed_refuse_found(struct error *ret_error, const struct typed_path *path, enum error_kind kind, yyjson_val *untrusted_found,
    const char *expected);

/* typed_data_types.c: the member "types". */
bool typed_types_read(yyjson_val *untrusted_types, struct arena *arena, struct typed_types *ret_types, struct error *ret_error);
/* False when no struct has this name. */
bool typed_types_find(const struct typed_types *types, struct bytes name, size_t *ret_index);
/* typed_data_type.c: one type, a JSON string. Names of structs are looked up; `types` needs count, structs' names and sorted only. */
bool typed_type_parse(const struct typed_types *types, yyjson_val *untrusted_type, const struct typed_path *path,
    struct typed_type *ret_type, struct error *ret_error);
/* The name is one that only an elementary type may have. */
bool typed_type_is_reserved(struct bytes name);

/* The type with its outermost dimension taken off; it has one. */
struct typed_type typed_type_entry(const struct typed_type *type);

/* typed_data_value.c */
bool typed_value_read_struct(struct typed_reader *reader, const struct typed_path *path, size_t index,
    yyjson_val *untrusted_value, size_t depth, struct typed_value *ret_value);

/* typed_data_number.c: the value is spelt like an integer, of whatever size and sign. */
bool typed_number_is_one(yyjson_val *untrusted_value);
/* An integer of the type's range as a word. */
bool typed_number_read(const struct typed_type *type, const struct typed_path *path, yyjson_val *untrusted_value,
    uint8_t ret_word[32], struct error *ret_error);
/* The magnitude of an integer that is such a word; returns whether it is negative. */
bool typed_number_split(const struct typed_type *type, const uint8_t word[32], struct u256 *ret_magnitude);

#endif
