#include "eth/clique.h"

#include "eth/rlp.h"

#define FIELDS_REQUIRED CLIQUE_BASE_FEE

enum field_kind {
	FIELD_FIXED,  /* so many bytes */
	FIELD_NUMBER, /* big-endian, no leading zeros, at most so many bytes */
	FIELD_EXTRA   /* at least so many bytes */
};

/* Names as JSON-RPC has them for a block. */
static const struct field {
	const char *name;
	enum field_kind kind;
	size_t size;
} fields[CLIQUE_FIELDS] = {
    [CLIQUE_PARENT_HASH] = {"parentHash", FIELD_FIXED, 32},
    [CLIQUE_UNCLE_HASH] = {"sha3Uncles", FIELD_FIXED, 32},
    [CLIQUE_COINBASE] = {"miner", FIELD_FIXED, 20},
    [CLIQUE_STATE_ROOT] = {"stateRoot", FIELD_FIXED, 32},
    [CLIQUE_TRANSACTIONS_ROOT] = {"transactionsRoot", FIELD_FIXED, 32},
    [CLIQUE_RECEIPTS_ROOT] = {"receiptsRoot", FIELD_FIXED, 32},
    [CLIQUE_BLOOM] = {"logsBloom", FIELD_FIXED, 256},
    [CLIQUE_DIFFICULTY] = {"difficulty", FIELD_NUMBER, CLIQUE_NUMBER_SIZE_MAX},
    [CLIQUE_NUMBER] = {"number", FIELD_NUMBER, CLIQUE_NUMBER_SIZE_MAX},
    [CLIQUE_GAS_LIMIT] = {"gasLimit", FIELD_NUMBER, 8},
    [CLIQUE_GAS_USED] = {"gasUsed", FIELD_NUMBER, 8},
    [CLIQUE_TIME] = {"timestamp", FIELD_NUMBER, 8},
    [CLIQUE_EXTRA] = {"extraData", FIELD_EXTRA, CLIQUE_VANITY_SIZE},
    [CLIQUE_MIX_DIGEST] = {"mixHash", FIELD_FIXED, 32},
    [CLIQUE_NONCE] = {"nonce", FIELD_FIXED, 8},
    [CLIQUE_BASE_FEE] = {"baseFeePerGas", FIELD_NUMBER, CLIQUE_NUMBER_SIZE_MAX},
};

static bool check_number(const struct field *field, struct bytes value, struct error *ret_error)
{
	if (value.size > field->size)
		return error_set(
		    ret_error, ERROR_REFUSED, "%s: expected at most %zu bits, found more", field->name, 8 * field->size);
	if (value.size > 0 && value.data[0] == 0)
		return error_set(ret_error, ERROR_REFUSED, "%s: expected a number without leading zero bytes", field->name);
	return true;
}

static bool check_field(const struct field *field, struct bytes value, struct error *ret_error)
{
	switch (field->kind) {
	case FIELD_FIXED:
		return value.size == field->size || error_set(ret_error, ERROR_REFUSED, "%s: expected %zu bytes, found %zu",
		                                        field->name, field->size, value.size);
	case FIELD_NUMBER:
		return check_number(field, value, ret_error);
	case FIELD_EXTRA:
		return value.size >= field->size || error_set(ret_error, ERROR_REFUSED,
		                                        "%s: expected at least %zu bytes, which Clique calls vanity, found %zu",
		                                        field->name, field->size, value.size);
	}
	return error_set(ret_error, ERROR_INTERNAL, "unknown kind of field");
}

static bool read_fields(struct rlp_reader *items, struct clique_header *ret_header, struct error *ret_error)
{
	for (size_t i = 0; i < CLIQUE_FIELDS && (i < FIELDS_REQUIRED || rlp_more(items)); i++) {
		if (!rlp_more(items))
			return error_set(ret_error, ERROR_REFUSED, "%s: expected a header of at least %d fields, found %zu",
			    fields[i].name, FIELDS_REQUIRED, i);
		ret_header->fields[i] = rlp_get_bytes(items);
		if (rlp_failed(items))
			return error_set(ret_error, ERROR_REFUSED,
			    "%s: expected bytes in RLP's shortest form, found a list or something broken", fields[i].name);
		if (!check_field(&fields[i], ret_header->fields[i], ret_error))
			return false;
		ret_header->count = i + 1;
	}
	return true;
}

bool clique_parse_header(struct bytes untrusted_rlp, struct clique_header *ret_header, struct error *ret_error)
{
	struct rlp_reader rlp = rlp_reader_of(untrusted_rlp);
	struct rlp_reader items = rlp_get_list(&rlp);

	*ret_header = (struct clique_header){.rlp = untrusted_rlp};
	if (rlp_failed(&rlp))
		return error_set(
		    ret_error, ERROR_REFUSED, "header: expected an RLP list, found something else or only a part of it");
	if (rlp_more(&rlp))
		return error_set(ret_error, ERROR_REFUSED, "header: expected one RLP list, found more bytes behind it");
	if (!read_fields(&items, ret_header, ret_error))
		return false;
	if (!rlp_more(&items))
		return true;
	return error_set(ret_error, ERROR_REFUSED,
	    "withdrawalsRoot: expected a header that ends with its base fee; those of later forks are not sealed by Clique, and "
	    "nothing "
	    "is signed that would leave fields out");
}

void clique_digest(const struct clique_header *header, uint8_t ret_digest[KECCAK256_SIZE])
{
	keccak256(header->rlp, ret_digest);
}

bool clique_content_digest(struct bytes untrusted_rlp, uint8_t ret_digest[KECCAK256_SIZE], struct error *ret_error)
{
	struct clique_header header;

	if (!clique_parse_header(untrusted_rlp, &header, ret_error))
		return false;
	clique_digest(&header, ret_digest);
	return true;
}

void clique_put_header(const struct clique_header *header, struct bytes extra, struct buf *ret_rlp)
{
	size_t begin = rlp_list_begin(ret_rlp);

	for (size_t i = 0; i < header->count; i++)
		rlp_put_bytes(ret_rlp, i == CLIQUE_EXTRA ? extra : header->fields[i]);
	rlp_list_end(ret_rlp, begin);
}
