/* A whole document: its four members, and what EIP-712 says of the domain. */
#include <string.h>

#include "eth/typed_data_parts.h"

/* Members of the document. */
struct members {
	yyjson_val *types, *primary_type, *domain, *message;
};

static bool refuse_shape(
    struct error *ret_error, const struct typed_path *path, yyjson_val *untrusted_found, const char *expected)
{
	bool missing = untrusted_found == NULL || yyjson_is_null(untrusted_found);

	return typed_refuse_found(ret_error, path, missing ? ERROR_REFUSED : ERROR_PARAMS, untrusted_found, expected);
}

static bool read_member(struct members *members, yyjson_val *name, struct error *ret_error)
{
	const struct {
		const char *name;
		yyjson_val **place;
	} known[] = {{"types", &members->types}, {"primaryType", &members->primary_type}, {"domain", &members->domain},
	    {"message", &members->message}};
	const struct typed_path path = TYPED_PATH_MEMBER(NULL, json_bytes(name));

	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (!bytes_equal_text(json_bytes(name), known[i].name))
			continue;
		if (*known[i].place != NULL)
			return typed_refuse(ret_error, &path, ERROR_REFUSED, "given twice");
		*known[i].place = yyjson_obj_iter_get_val(name);
		return true;
	}
	return typed_refuse(ret_error, &path, ERROR_REFUSED,
	    "expected types, primaryType, domain and message and nothing else, found another member");
}

static bool read_members(yyjson_val *untrusted_document, struct members *ret_members, struct error *ret_error)
{
	const struct typed_path path = TYPED_PATH_MEMBER(NULL, bytes_text("typed data"));
	yyjson_obj_iter iter = yyjson_obj_iter_with(untrusted_document);
	yyjson_val *name;

	*ret_members = (struct members){0};
	if (!yyjson_is_obj(untrusted_document))
		return refuse_shape(
		    ret_error, &path, untrusted_document, "an object with types, primaryType, domain and message");
	while ((name = yyjson_obj_iter_next(&iter)) != NULL)
		if (!read_member(ret_members, name, ret_error))
			return false;
	return true;
}

/* All that a value holds lies behind it in one row. Close to its size as compact JSON, and never more. */
static bool check_size(yyjson_val *untrusted_document, struct error *ret_error)
{
	const struct typed_path path = TYPED_PATH_MEMBER(NULL, bytes_text("typed data"));
	size_t size = 0;

	if (!yyjson_is_ctn(untrusted_document))
		return true;
	yyjson_val *end = unsafe_yyjson_get_next(untrusted_document);
	for (yyjson_val *at = untrusted_document; at < end && size <= TYPED_DATA_SIZE_MAX; at++)
		size += 1 + json_bytes(at).size;
	return size <= TYPED_DATA_SIZE_MAX ||
	       typed_refuse(ret_error, &path, ERROR_REFUSED, "expected a document of at most %zu KiB, found a larger one",
	           TYPED_DATA_SIZE_MAX / 1024);
}

/* The fields that EIP-712 gives a domain. Clef's -32602 is for values that these can never have, whatever their type. */
static const struct domain_field {
	const char *name;
	bool is_number;
} domain_fields[] = {{"name", false}, {"version", false}, {"chainId", true}, {"verifyingContract", false}, {"salt", false}};

static const struct domain_field *find_domain_field(struct bytes name)
{
	for (size_t i = 0; i < sizeof(domain_fields) / sizeof(domain_fields[0]); i++)
		if (bytes_equal_text(name, domain_fields[i].name))
			return &domain_fields[i];
	return NULL;
}

/* EIP712Domain lists what EIP-712 knows, and a chain id that can be compared. */
static bool check_domain_type(const struct typed_struct *structure, struct error *ret_error)
{
	const struct typed_path types = TYPED_PATH_MEMBER(NULL, bytes_text("types"));
	const struct typed_path type = TYPED_PATH_MEMBER(&types, structure->name);

	for (size_t i = 0; i < structure->field_count; i++) {
		const struct typed_field *field = &structure->fields[i];
		const struct typed_path path = TYPED_PATH_MEMBER(&type, field->name);
		const struct domain_field *known = find_domain_field(field->name);
		if (known == NULL)
			return typed_refuse(ret_error, &path, ERROR_REFUSED,
			    "expected name, version, chainId, verifyingContract and salt only, found another field");
		if (known->is_number &&
		    (field->type.dimension_count > 0 || (field->type.kind != TYPED_UINT && field->type.kind != TYPED_INT)))
			return typed_refuse(
			    ret_error, &path, ERROR_REFUSED, "expected an integer type, such as uint256, found another one");
	}
	return true;
}

static bool check_domain_values(yyjson_val *untrusted_domain, struct error *ret_error)
{
	const struct typed_path domain = TYPED_PATH_MEMBER(NULL, bytes_text("domain"));
	yyjson_obj_iter iter = yyjson_obj_iter_with(untrusted_domain);
	yyjson_val *name;

	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		const struct typed_path path = TYPED_PATH_MEMBER(&domain, json_bytes(name));
		const struct domain_field *known = find_domain_field(json_bytes(name));
		yyjson_val *value = yyjson_obj_iter_get_val(name);
		if (known == NULL)
			return typed_refuse(ret_error, &path, ERROR_REFUSED,
			    "expected name, version, chainId, verifyingContract and salt only, found another field");
		if (known->is_number ? !typed_number_is_one(value) : !yyjson_is_str(value))
			return refuse_shape(ret_error, &path, value,
			    known->is_number ? "a whole number, or its decimal digits or hex digits behind 0x as text"
			                     : "a text");
	}
	return true;
}

/* The domain's field of this name; NULL without. */
static const struct typed_value *domain_value(const struct typed_data *data, const char *name, const struct typed_type **ret_type)
{
	const struct typed_struct *structure = &data->types.structs[data->domain_type];

	for (size_t i = 0; i < structure->field_count; i++) {
		if (!bytes_equal_text(structure->fields[i].name, name))
			continue;
		*ret_type = &structure->fields[i].type;
		return &data->domain.entries[i];
	}
	return NULL;
}

bool typed_data_chain_id(const struct typed_data *data, struct u256 *ret_chain)
{
	const struct typed_type *type;
	const struct typed_value *value = domain_value(data, "chainId", &type);

	if (value == NULL)
		return false;
	typed_number_split(type, value->word, ret_chain);
	return true;
}

static bool check_chain(const struct typed_data *data, const struct typed_path *path, struct error *ret_error)
{
	const struct typed_path chain_path = TYPED_PATH_MEMBER(path, bytes_text("chainId"));
	const struct typed_type *type;
	const struct typed_value *value = domain_value(data, "chainId", &type);
	struct u256 chain;

	return value == NULL || !typed_number_split(type, value->word, &chain) ||
	       typed_refuse(ret_error, &chain_path, ERROR_REFUSED, "expected a chain id, found a negative number");
}

static bool read_domain(struct typed_reader *reader, yyjson_val *untrusted_domain, struct typed_data *data)
{
	const struct typed_path path = TYPED_PATH_MEMBER(NULL, bytes_text("domain"));
	const struct typed_path type_path = TYPED_PATH_MEMBER(NULL, bytes_text("types." TYPED_DATA_DOMAIN_NAME));
	struct error *ret_error = reader->ret_error;

	if (!yyjson_is_obj(untrusted_domain) && !yyjson_is_null(untrusted_domain) && untrusted_domain != NULL)
		return refuse_shape(ret_error, &path, untrusted_domain, "an object");
	if (yyjson_obj_size(untrusted_domain) == 0)
		return typed_refuse(ret_error, &path, ERROR_REFUSED,
		    "domain is undefined: expected at least one of name, version, chainId, verifyingContract and salt, found "
		    "none");
	if (!typed_types_find(&data->types, bytes_text(TYPED_DATA_DOMAIN_NAME), &data->domain_type))
		return typed_refuse(
		    ret_error, &type_path, ERROR_REFUSED, "expected a list of exactly the fields that domain has, found none");
	return check_domain_type(&data->types.structs[data->domain_type], ret_error) &&
	       check_domain_values(untrusted_domain, ret_error) &&
	       typed_value_read_struct(reader, &path, data->domain_type, untrusted_domain, 0, &data->domain) &&
	       check_chain(data, &path, ret_error);
}

static bool read_primary_type(yyjson_val *untrusted_name, struct typed_data *data, struct error *ret_error)
{
	const struct typed_path path = TYPED_PATH_MEMBER(NULL, bytes_text("primaryType"));

	if (!yyjson_is_str(untrusted_name))
		return refuse_shape(ret_error, &path, untrusted_name, "the name of a struct in `types`");
	if (!typed_types_find(&data->types, json_bytes(untrusted_name), &data->primary_type))
		return typed_refuse_found(ret_error, &path, ERROR_REFUSED, untrusted_name, "the name of a struct in `types`");
	return true;
}

/* EIP712Domain as the primary type signs the domain alone: eth-sig-util and viem leave the message out, or give an empty one. */
static bool read_message(struct typed_reader *reader, yyjson_val *untrusted_message, struct typed_data *data)
{
	const struct typed_path path = TYPED_PATH_MEMBER(NULL, bytes_text("message"));

	data->has_message = data->primary_type != data->domain_type;
	if (!data->has_message &&
	    (untrusted_message == NULL || (yyjson_is_obj(untrusted_message) && yyjson_obj_size(untrusted_message) == 0)))
		return true;
	if (!yyjson_is_obj(untrusted_message))
		return refuse_shape(reader->ret_error, &path, untrusted_message, "an object");
	if (!data->has_message)
		return typed_refuse(reader->ret_error, &path, ERROR_REFUSED,
		    "expected an empty message, since the primary type EIP712Domain signs the domain alone; found fields");
	return typed_value_read_struct(reader, &path, data->primary_type, untrusted_message, 0, &data->message);
}

bool typed_data_parse(yyjson_val *untrusted_document, struct arena *arena, struct typed_data *ret_data, struct error *ret_error)
{
	struct typed_reader reader = {.arena = arena, .types = &ret_data->types, .ret_error = ret_error};
	struct members members;

	*ret_data = (struct typed_data){0};
	return check_size(untrusted_document, ret_error) && read_members(untrusted_document, &members, ret_error) &&
	       typed_types_read(members.types, arena, &ret_data->types, ret_error) &&
	       read_domain(&reader, members.domain, ret_data) && read_primary_type(members.primary_type, ret_data, ret_error) &&
	       read_message(&reader, members.message, ret_data);
}

bool typed_data_digest(struct bytes untrusted_document, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct typed_data_hashes hashes;
	struct typed_data data;
	struct json json;

	if (untrusted_document.size > TYPED_DATA_SIZE_MAX)
		return error_set(
		    ret_error, ERROR_REFUSED, "typed data: expected at most %zu KiB, found more", TYPED_DATA_SIZE_MAX / 1024);
	if (!json_parse(untrusted_document, &json, ret_error))
		return error_set(ret_error, ERROR_REFUSED, "typed data: expected a JSON document, found text that is none");
	bool ok = typed_data_parse(json.root, &arena, &data, ret_error);
	if (ok) {
		typed_data_hash(&data, &hashes);
		memcpy(ret_digest, hashes.digest, sizeof(hashes.digest));
	}
	json_free(&json);
	return ok;
}
