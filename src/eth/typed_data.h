/*
 * typed_data: EIP-712, structured data as signed by account_signTypedData, data/typed and eth_signTypedData_v4 (version 4 of the libraries: arrays of everything,
 * structs by reference).
 *
 * One strict parser serves core, which shows a document, and keys, which signs it. Nothing is dropped: a member that no type names, a field that is missing,
 * null, given twice, out of its type's range or of another length is an error that begins with the field's path, `message.order.items[3].amount: …`. ERROR_PARAMS:
 * the document as such has another shape (Clef's -32602); ERROR_REFUSED: it cannot be signed.
 *
 * Numbers are exact: JSON numbers without a fraction, decimal text, hex digits behind 0x, as Clef spells them ("" is 0, signs and leading zeros are allowed). Bytes are hex
 * behind 0x, addresses 40 hex digits of any case. Names of types are identifiers (with colons where nothing refers to them), names of fields ASCII letters, digits, _, $ and -:
 * nothing that encodeType itself is written with, so that two documents of one hash are the same tree, and nothing that looks like something else. Structs may hold arrays
 * of themselves, never themselves.
 */
#ifndef CLEF_ETH_TYPED_DATA_H
#define CLEF_ETH_TYPED_DATA_H

#include "base/json.h"
#include "base/memory.h"
#include "base/u256.h"
#include "eth/keccak.h"

/* Bytes of a document as compact JSON, and of its canonical form. */
#define TYPED_DATA_SIZE_MAX ((size_t)256 * 1024)
/* Structs of a document, fields of one, bytes of a name, and bytes of all names and types together: they bound what encodeType costs. */
#define TYPED_DATA_TYPES_MAX      256
#define TYPED_DATA_FIELDS_MAX     256
#define TYPED_DATA_NAME_MAX       256
#define TYPED_DATA_TYPES_TEXT_MAX ((size_t)64 * 1024)
/* Structs, arrays and values of domain and message together; how deep they lie within one another. */
#define TYPED_DATA_VALUES_MAX 16384
#define TYPED_DATA_DEPTH_MAX  64
/* Brackets behind a type: uint8[2][] has two. */
#define TYPED_DATA_DIMENSIONS_MAX 8

enum typed_kind { TYPED_ADDRESS, TYPED_BOOL, TYPED_STRING, TYPED_BYTES, TYPED_FIXED_BYTES, TYPED_UINT, TYPED_INT, TYPED_STRUCT };

struct typed_dimension {
	uint32_t prefix; /* bytes of the type's text before this bracket: the text of the type of one entry */
	bool is_fixed;
	uint32_t length; /* with is_fixed */
};

/* The type of a field. Its entries' types are the same with fewer dimensions. */
struct typed_type {
	struct bytes text; /* as written: "Person[2][]" */
	enum typed_kind kind;
	uint16_t width;  /* bits of an integer, bytes of TYPED_FIXED_BYTES */
	uint16_t target; /* TYPED_STRUCT: index of the struct */
	uint8_t dimension_count;
	struct typed_dimension dimensions[TYPED_DATA_DIMENSIONS_MAX]; /* from left to right: the last one is the outermost */
};

struct typed_field {
	struct bytes name;
	struct typed_type type;
};

struct typed_struct {
	struct bytes name;
	size_t field_count;
	struct typed_field *fields;
};

struct typed_types {
	size_t count;
	struct typed_struct *structs; /* in the document's order */
	uint16_t *sorted;             /* indices, by the bytes of the names */
};

/* One value, of a type that its parent knows. */
struct typed_value {
	uint8_t word[32];            /* every kind of fixed size: as EIP-712 encodes it */
	struct bytes data;           /* TYPED_STRING: the text; TYPED_BYTES: the bytes */
	struct bytes spelling;       /* bytes of both kinds: the client's hex text */
	size_t count;                /* of an array's entries or a struct's fields */
	struct typed_value *entries; /* in order */
};

/* Everything lives in the arena or is borrowed from the JSON that was read. */
struct typed_data {
	struct typed_types types;
	size_t domain_type, primary_type; /* indices */
	struct typed_value domain, message;
	bool has_message; /* false: the primary type is EIP712Domain, and the domain alone is signed */
};

struct typed_data_hashes {
	uint8_t domain[KECCAK256_SIZE];  /* domainSeparator */
	uint8_t message[KECCAK256_SIZE]; /* hashStruct(message), with has_message */
	uint8_t raw[2 + 2 * KECCAK256_SIZE];
	size_t raw_size;                /* 66; 34 without message */
	uint8_t digest[KECCAK256_SIZE]; /* of raw: what is signed */
};

/* NULL is nothing given. */
bool typed_data_parse(yyjson_val *untrusted_document, struct arena *arena, struct typed_data *ret_data, struct error *ret_error);
void typed_data_hash(const struct typed_data *data, struct typed_data_hashes *ret_hashes);
/* What keys does with the canonical document (which core made) before it signs. */
bool typed_data_digest(struct bytes untrusted_document, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error);

/* A field of a type without a width, uint or int, perhaps with brackets. All but the last are of the document, the last is what is meant. */
struct typed_alias {
	struct bytes structure, field, type;
	const char *meant;
};
/*
 * The first such field of what is signed. It is read as 256 bits and stands in encodeType as it was written, as most libraries have it; EIP-712 knows no such types, and
 * others write uint256 there.
 */
bool typed_data_find_alias(const struct typed_data *data, struct typed_alias *ret_alias);

/* The domain's chain id; false when the domain has none. */
bool typed_data_chain_id(const struct typed_data *data, struct u256 *ret_chain);

/*
 * Append the canonical document: compact JSON of types, primaryType, domain and message, types and fields in the order of the document's types, integers as decimal
 * text, bytes and addresses as lower-case hex. Parsed again it has the same hashes and the same canonical form. False (ERROR_REFUSED): larger than
 * TYPED_DATA_SIZE_MAX.
 */
bool typed_data_put_canonical(const struct typed_data *data, struct buf *ret_json, struct error *ret_error);
/*
 * Append the members of ui_approveSignData's argument that the document decides, without braces: "raw_data":BASE64,"messages":[…],"hash":"0x…". A message is
 * {"name","value","type"}; the value is a text, or a list of such objects for a struct (null when it has no fields) and for an array (names "[0]", "[1]", …).
 */
void typed_data_put_ui_members(const struct typed_data *data, const struct typed_data_hashes *hashes, struct buf *ret_json);
/*
 * Append the same for programs (UI protocol 7.1): {"kind":"typed_data","primary_type","domain":{"name":"…","chainId":"1",…},"message":TREE or null,
 * "domain_hash","message_hash" (or null),"digest"}. TREE is a list of {"name","type","value"}; a value is a text (integers decimal, bytes as lower-case hex) or a TREE, for a
 * struct and for an array.
 */
void typed_data_put_decoded(const struct typed_data *data, const struct typed_data_hashes *hashes, struct buf *ret_json);

#endif
