/* What a document looks like: canonical, to a person, to a program. As deep as the document, which its parser bounded. */
#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "eth/address.h"
#include "eth/base64.h"
#include "eth/typed_data_parts.h"

/* Without its quotes: digits, hex and punctuation of ours need no escapes. */
static void put_number(const struct typed_type *type, const struct typed_value *value, bool with_hex, struct buf *ret_json)
{
	char decimal[U256_DECIMAL_SIZE], hex[U256_HEX_SIZE];
	struct u256 magnitude;
	const char *sign = typed_number_split(type, value->word, &magnitude) ? "-" : "";

	u256_to_decimal(&magnitude, decimal);
	u256_to_quantity(&magnitude, hex);
	buf_printf(ret_json, with_hex ? "%s%s (%s%s)" : "%s%s", sign, decimal, sign, hex);
}

static void put_hex(struct bytes bytes, struct buf *ret_json)
{
	buf_put_text(ret_json, "\"0x");
	hex_encode(bytes, ret_json);
	buf_put_u8(ret_json, '"');
}

static struct bytes address_bytes(const struct typed_value *value)
{
	return bytes_of(value->word + sizeof(value->word) - ADDRESS_SIZE, ADDRESS_SIZE);
}

enum style {
	STYLE_CANONICAL, /* the document itself */
	STYLE_PERSON,    /* messages of ui_approveSignData, as Clef shows them */
	STYLE_PROGRAM    /* decoded, UI protocol 7.1 */
};

static void put_address(const struct typed_value *value, enum style style, struct buf *ret_json)
{
	char text[ADDRESS_TEXT_SIZE];
	struct address address;

	if (style == STYLE_CANONICAL) {
		put_hex(address_bytes(value), ret_json);
		return;
	}
	memcpy(address.bytes, address_bytes(value).data, ADDRESS_SIZE);
	address_to_checksum(&address, text);
	buf_printf(ret_json, "\"%s\"", text);
}

/* One value without entries, as JSON. */
static void put_atom(const struct typed_type *type, const struct typed_value *value, enum style style, struct buf *ret_json)
{
	bool truth = value->word[sizeof(value->word) - 1] != 0;

	switch (type->kind) {
	case TYPED_ADDRESS:
		put_address(value, style, ret_json);
		return;
	case TYPED_BOOL:
		buf_printf(ret_json, style == STYLE_CANONICAL ? "%s" : "\"%s\"", truth ? "true" : "false");
		return;
	case TYPED_STRING:
		json_put_string(ret_json, value->data);
		return;
	case TYPED_BYTES:
	case TYPED_FIXED_BYTES:
		if (style == STYLE_PERSON)
			json_put_string(ret_json, value->spelling);
		else
			put_hex(type->kind == TYPED_BYTES ? value->data : bytes_of(value->word, type->width), ret_json);
		return;
	case TYPED_UINT:
	case TYPED_INT:
		buf_put_u8(ret_json, '"');
		put_number(type, value, style == STYLE_PERSON, ret_json);
		buf_put_u8(ret_json, '"');
		return;
	case TYPED_STRUCT:
		break;
	}
}

/* ---- the canonical document ---- */

static void put_types(const struct typed_types *types, struct buf *ret_json)
{
	for (size_t i = 0; i < types->count; i++) {
		const struct typed_struct *structure = &types->structs[i];
		buf_put_u8(ret_json, i == 0 ? '{' : ',');
		json_put_string(ret_json, structure->name);
		buf_put_text(ret_json, ":[");
		for (size_t j = 0; j < structure->field_count; j++) {
			buf_put_text(ret_json, j == 0 ? "{\"name\":" : ",{\"name\":");
			json_put_string(ret_json, structure->fields[j].name);
			buf_put_text(ret_json, ",\"type\":");
			json_put_string(ret_json, structure->fields[j].type.text);
			buf_put_u8(ret_json, '}');
		}
		buf_put_u8(ret_json, ']');
	}
	buf_put_u8(ret_json, '}');
}

static void put_canonical_struct(
    const struct typed_types *types, size_t index, const struct typed_value *value, struct buf *ret_json);

static void put_canonical(const struct typed_types *types, const struct typed_type *type, size_t dimensions,
    const struct typed_value *value, struct buf *ret_json)
{
	if (dimensions == 0 && type->kind == TYPED_STRUCT) {
		put_canonical_struct(types, type->target, value, ret_json);
		return;
	}
	if (dimensions == 0) {
		put_atom(type, value, STYLE_CANONICAL, ret_json);
		return;
	}
	buf_put_u8(ret_json, '[');
	for (size_t i = 0; i < value->count; i++) {
		if (i > 0)
			buf_put_u8(ret_json, ',');
		put_canonical(types, type, dimensions - 1, &value->entries[i], ret_json);
	}
	buf_put_u8(ret_json, ']');
}

static void put_canonical_struct(
    const struct typed_types *types, size_t index, const struct typed_value *value, struct buf *ret_json)
{
	const struct typed_struct *structure = &types->structs[index];

	buf_put_u8(ret_json, '{');
	for (size_t i = 0; i < value->count; i++) {
		const struct typed_field *field = &structure->fields[i];
		if (i > 0)
			buf_put_u8(ret_json, ',');
		json_put_string(ret_json, field->name);
		buf_put_u8(ret_json, ':');
		put_canonical(types, &field->type, field->type.dimension_count, &value->entries[i], ret_json);
	}
	buf_put_u8(ret_json, '}');
}

bool typed_data_put_canonical(const struct typed_data *data, struct buf *ret_json, struct error *ret_error)
{
	size_t before = ret_json->size;

	buf_put_text(ret_json, "{\"types\":");
	put_types(&data->types, ret_json);
	buf_put_text(ret_json, ",\"primaryType\":");
	json_put_string(ret_json, data->types.structs[data->primary_type].name);
	buf_put_text(ret_json, ",\"domain\":");
	put_canonical_struct(&data->types, data->domain_type, &data->domain, ret_json);
	buf_put_text(ret_json, ",\"message\":");
	if (data->has_message)
		put_canonical_struct(&data->types, data->primary_type, &data->message, ret_json);
	else
		buf_put_text(ret_json, "{}");
	buf_put_u8(ret_json, '}');
	if (buf_ok(ret_json) && ret_json->size - before <= TYPED_DATA_SIZE_MAX)
		return true;
	return error_set(ret_error, ERROR_REFUSED,
	    "typed data: expected a document of at most %zu KiB with its numbers written out, found a larger one",
	    TYPED_DATA_SIZE_MAX / 1024);
}

/* ---- trees ---- */

struct showing {
	const struct typed_types *types;
	enum style style;
	struct buf *ret_json;
};

static void put_struct_tree(struct showing *showing, size_t index, const struct typed_value *value);

static void put_array_tree(struct showing *showing, const struct typed_type *type, const struct typed_value *value);

/* The value of a node. */
static void put_value(struct showing *showing, const struct typed_type *type, const struct typed_value *value)
{
	if (type->dimension_count > 0)
		put_array_tree(showing, type, value);
	else if (type->kind == TYPED_STRUCT)
		put_struct_tree(showing, type->target, value);
	else
		put_atom(type, value, showing->style, showing->ret_json);
}

/* {"name":…,"value":…,"type":…} */
static void put_node(
    struct showing *showing, size_t index, struct bytes name, const struct typed_type *type, const struct typed_value *value)
{
	buf_put_text(showing->ret_json, index == 0 ? "{\"name\":" : ",{\"name\":");
	json_put_string(showing->ret_json, name);
	buf_put_text(showing->ret_json, ",\"value\":");
	put_value(showing, type, value);
	buf_put_text(showing->ret_json, ",\"type\":");
	json_put_string(showing->ret_json, type->text);
	buf_put_u8(showing->ret_json, '}');
}

static void put_array_tree(struct showing *showing, const struct typed_type *type, const struct typed_value *value)
{
	const struct typed_type entry = typed_type_entry(type);
	char name[32];

	buf_put_u8(showing->ret_json, '[');
	for (size_t i = 0; i < value->count; i++) {
		snprintf(name, sizeof(name), "[%zu]", i);
		put_node(showing, i, bytes_text(name), &entry, &value->entries[i]);
	}
	buf_put_u8(showing->ret_json, ']');
}

static void put_struct_tree(struct showing *showing, size_t index, const struct typed_value *value)
{
	const struct typed_struct *structure = &showing->types->structs[index];

	if (value->count == 0 && showing->style == STYLE_PERSON) {
		buf_put_text(showing->ret_json, "null"); /* as Clef has it */
		return;
	}
	buf_put_u8(showing->ret_json, '[');
	for (size_t i = 0; i < value->count; i++)
		put_node(showing, i, structure->fields[i].name, &structure->fields[i].type, &value->entries[i]);
	buf_put_u8(showing->ret_json, ']');
}

void typed_data_put_ui_members(const struct typed_data *data, const struct typed_data_hashes *hashes, struct buf *ret_json)
{
	struct showing showing = {.types = &data->types, .style = STYLE_PERSON, .ret_json = ret_json};

	buf_put_text(ret_json, "\"raw_data\":\"");
	base64_put(bytes_of(hashes->raw, hashes->raw_size), ret_json);
	buf_put_text(ret_json, "\",\"messages\":[{\"name\":\"" TYPED_DATA_DOMAIN_NAME "\",\"value\":");
	put_struct_tree(&showing, data->domain_type, &data->domain);
	buf_put_text(ret_json, ",\"type\":\"domain\"},{\"name\":");
	json_put_string(ret_json, data->types.structs[data->primary_type].name);
	buf_put_text(ret_json, ",\"value\":");
	/* without message it has no entries, and is null */
	put_struct_tree(&showing, data->primary_type, &data->message);
	buf_put_text(ret_json, ",\"type\":\"primary type\"}],\"hash\":");
	put_hex(bytes_of(hashes->digest, sizeof(hashes->digest)), ret_json);
}

/* The domain's values are texts or numbers, never structs: {"name":"…","chainId":"1"}. */
static void put_domain_object(struct showing *showing, const struct typed_data *data)
{
	const struct typed_struct *structure = &data->types.structs[data->domain_type];

	for (size_t i = 0; i < structure->field_count; i++) {
		buf_put_u8(showing->ret_json, i == 0 ? '{' : ',');
		json_put_string(showing->ret_json, structure->fields[i].name);
		buf_put_u8(showing->ret_json, ':');
		put_value(showing, &structure->fields[i].type, &data->domain.entries[i]);
	}
	buf_put_u8(showing->ret_json, '}');
}

void typed_data_put_decoded(const struct typed_data *data, const struct typed_data_hashes *hashes, struct buf *ret_json)
{
	struct showing showing = {.types = &data->types, .style = STYLE_PROGRAM, .ret_json = ret_json};

	buf_put_text(ret_json, "{\"kind\":\"typed_data\",\"primary_type\":");
	json_put_string(ret_json, data->types.structs[data->primary_type].name);
	buf_put_text(ret_json, ",\"domain\":");
	put_domain_object(&showing, data);
	buf_put_text(ret_json, ",\"message\":");
	if (data->has_message)
		put_struct_tree(&showing, data->primary_type, &data->message);
	else
		buf_put_text(ret_json, "null");
	buf_put_text(ret_json, ",\"domain_hash\":");
	put_hex(bytes_of(hashes->domain, sizeof(hashes->domain)), ret_json);
	buf_put_text(ret_json, ",\"message_hash\":");
	if (data->has_message)
		put_hex(bytes_of(hashes->message, sizeof(hashes->message)), ret_json);
	else
		buf_put_text(ret_json, "null");
	buf_put_text(ret_json, ",\"digest\":");
	put_hex(bytes_of(hashes->digest, sizeof(hashes->digest)), ret_json);
	buf_put_u8(ret_json, '}');
}
