/* EIP-712, "Definition of hashStruct" and "Definition of encodeType". */
#include <string.h>

#include "eth/typed_data_parts.h"

/* What is known of each struct's type while one document is hashed. */
struct hashing {
	const struct typed_types *types;
	bool known[TYPED_DATA_TYPES_MAX];
	uint8_t type_hashes[TYPED_DATA_TYPES_MAX][KECCAK256_SIZE];
};

static void put_text(struct keccak *keccak, const char *text)
{
	keccak_update(keccak, bytes_text(text));
}

/* Name(type name,type name) */
static void put_struct(struct keccak *keccak, const struct typed_struct *structure)
{
	keccak_update(keccak, structure->name);
	put_text(keccak, "(");
	for (size_t i = 0; i < structure->field_count; i++) {
		if (i > 0)
			put_text(keccak, ",");
		keccak_update(keccak, structure->fields[i].type.text);
		put_text(keccak, " ");
		keccak_update(keccak, structure->fields[i].name);
	}
	put_text(keccak, ")");
}

/* Marks every struct that the fields refer to, directly or not. */
static void mark_reached(const struct typed_types *types, size_t index, bool reached[TYPED_DATA_TYPES_MAX])
{
	uint16_t waiting[TYPED_DATA_TYPES_MAX];
	size_t count = 0;

	memset(reached, 0, TYPED_DATA_TYPES_MAX * sizeof(reached[0]));
	reached[index] = true;
	waiting[count++] = (uint16_t)index;
	while (count > 0) {
		const struct typed_struct *structure = &types->structs[waiting[--count]];
		for (size_t i = 0; i < structure->field_count; i++) {
			const struct typed_type *type = &structure->fields[i].type;
			if (type->kind != TYPED_STRUCT || reached[type->target])
				continue;
			reached[type->target] = true;
			waiting[count++] = type->target;
		}
	}
}

/* keccak256(encodeType): the struct, then what it refers to by the bytes of the names. */
static const uint8_t *type_hash(struct hashing *hashing, size_t index)
{
	const struct typed_types *types = hashing->types;
	bool reached[TYPED_DATA_TYPES_MAX];
	struct keccak keccak;

	if (hashing->known[index])
		return hashing->type_hashes[index];
	mark_reached(types, index, reached);
	keccak_init(&keccak);
	put_struct(&keccak, &types->structs[index]);
	for (size_t i = 0; i < types->count; i++)
		if (types->sorted[i] != index && reached[types->sorted[i]])
			put_struct(&keccak, &types->structs[types->sorted[i]]);
	keccak_final(&keccak, hashing->type_hashes[index]);
	hashing->known[index] = true;
	return hashing->type_hashes[index];
}

static void hash_struct(struct hashing *hashing, size_t index, const struct typed_value *value, uint8_t ret_hash[KECCAK256_SIZE]);

/* encodeData of one value: 32 bytes. As deep as the value, which its parser bounded. */
static void encode(struct hashing *hashing, const struct typed_type *type, size_t dimensions, const struct typed_value *value,
    uint8_t ret_word[32])
{
	struct keccak keccak;

	if (dimensions > 0) {
		keccak_init(&keccak);
		for (size_t i = 0; i < value->count; i++) {
			encode(hashing, type, dimensions - 1, &value->entries[i], ret_word);
			keccak_update(&keccak, bytes_of(ret_word, 32));
		}
		keccak_final(&keccak, ret_word);
		return;
	}
	switch (type->kind) {
	case TYPED_ADDRESS:
	case TYPED_BOOL:
	case TYPED_FIXED_BYTES:
	case TYPED_UINT:
	case TYPED_INT:
		memcpy(ret_word, value->word, 32);
		return;
	case TYPED_STRING:
	case TYPED_BYTES:
		keccak256(value->data, ret_word);
		return;
	case TYPED_STRUCT:
		break;
	}
	hash_struct(hashing, type->target, value, ret_word);
}

static void hash_struct(struct hashing *hashing, size_t index, const struct typed_value *value, uint8_t ret_hash[KECCAK256_SIZE])
{
	const struct typed_struct *structure = &hashing->types->structs[index];
	struct keccak keccak;
	uint8_t word[32];

	keccak_init(&keccak);
	keccak_update(&keccak, bytes_of(type_hash(hashing, index), KECCAK256_SIZE));
	for (size_t i = 0; i < structure->field_count; i++) {
		const struct typed_type *type = &structure->fields[i].type;
		encode(hashing, type, type->dimension_count, &value->entries[i], word);
		keccak_update(&keccak, bytes_of(word, sizeof(word)));
	}
	keccak_final(&keccak, ret_hash);
}

void typed_data_hash(const struct typed_data *data, struct typed_data_hashes *ret_hashes)
{
	struct hashing hashing;

	hashing.types = &data->types;
	memset(hashing.known, 0, sizeof(hashing.known));
	*ret_hashes = (struct typed_data_hashes){.raw = {0x19, 0x01}, .raw_size = 2 + KECCAK256_SIZE};
	hash_struct(&hashing, data->domain_type, &data->domain, ret_hashes->domain);
	memcpy(ret_hashes->raw + 2, ret_hashes->domain, KECCAK256_SIZE);
	if (data->has_message) {
		hash_struct(&hashing, data->primary_type, &data->message, ret_hashes->message);
		memcpy(ret_hashes->raw + ret_hashes->raw_size, ret_hashes->message, KECCAK256_SIZE);
		ret_hashes->raw_size += KECCAK256_SIZE;
	}
	keccak256(bytes_of(ret_hashes->raw, ret_hashes->raw_size), ret_hashes->digest);
}

/* "uint" or "int" and perhaps brackets: find_elementary gives them a width that they do not name. */
static bool is_alias(const struct typed_type *type)
{
	size_t size = type->dimension_count == 0 ? type->text.size : type->dimensions[0].prefix;

	return (type->kind == TYPED_UINT || type->kind == TYPED_INT) && type->text.data[size - 1] == 't';
}

static bool find_alias(const struct typed_types *types, size_t index, struct typed_alias *ret_alias)
{
	bool reached[TYPED_DATA_TYPES_MAX];

	mark_reached(types, index, reached);
	for (size_t i = 0; i < types->count; i++) {
		const struct typed_struct *structure = &types->structs[i];
		for (size_t j = 0; reached[i] && j < structure->field_count; j++) {
			if (!is_alias(&structure->fields[j].type))
				continue;
			*ret_alias = (struct typed_alias){structure->name, structure->fields[j].name,
			    structure->fields[j].type.text, structure->fields[j].type.kind == TYPED_INT ? "int256" : "uint256"};
			return true;
		}
	}
	return false;
}

bool typed_data_find_alias(const struct typed_data *data, struct typed_alias *ret_alias)
{
	return find_alias(&data->types, data->domain_type, ret_alias) ||
	       (data->has_message && find_alias(&data->types, data->primary_type, ret_alias));
}
