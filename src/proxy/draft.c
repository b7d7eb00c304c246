#include "proxy/draft.h"

#include <ctype.h>

#include "eth/authorization.h"
#include "eth/quantity.h"

#define TYPE(name)    (1u << TRANSACTION_##name)
#define PRICE_TYPES   (TYPE(LEGACY) | TYPE(ACCESS_LIST))
#define DYNAMIC_TYPES (TYPE(DYNAMIC_FEE) | TYPE(BLOB) | TYPE(SET_CODE))

static bool is_there(yyjson_val *untrusted_object, const char *name)
{
	yyjson_val *value = yyjson_obj_get(untrusted_object, name);

	return value != NULL && !yyjson_is_null(value);
}

/* ---- reading ---- */

/*
 * Without `type`: the reader derives it from the fields and refuses another one, but the fields are not all there yet. Leftovers of a signed transaction go as
 * well.
 */
static bool read_bare(struct draft *draft, struct arena *arena, struct error *ret_error)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX * 2);
	size_t index, count;
	yyjson_val *untrusted_name, *untrusted_value;

	buf_put_u8(&text, '{');
	yyjson_obj_foreach(draft->untrusted_given, index, count, untrusted_name, untrusted_value)
	{
		struct bytes name = json_bytes(untrusted_name);

		if (bytes_equal_text(name, "type"))
			continue;
		if (text.size > 1)
			buf_put_u8(&text, ',');
		json_put_string(&text, name);
		buf_put_u8(&text, ':');
		json_write(untrusted_value, &text);
	}
	buf_put_u8(&text, '}');
	if (!buf_ok(&text))
		return error_set(ret_error, ERROR_PARAMS, "the transaction is too large");
	/* The reader may borrow from the document's text, which goes with `bare`. */
	return json_parse(arena_copy(arena, buf_bytes(&text)), &draft->bare, ret_error) &&
	       transaction_from_json(draft->bare.root, arena, &draft->transaction, ret_error) &&
	       transaction_require_from(&draft->transaction, ret_error);
}

static unsigned types_of_fields(const struct transaction *transaction)
{
	if (transaction->type == TRANSACTION_SET_CODE)
		return TYPE(SET_CODE);
	if (transaction->type == TRANSACTION_BLOB)
		return TYPE(BLOB);
	return transaction->has_access_list ? TYPE(ACCESS_LIST) | TYPE(DYNAMIC_FEE)
	                                    : TYPE(LEGACY) | TYPE(ACCESS_LIST) | TYPE(DYNAMIC_FEE);
}

static bool read_types(struct draft *draft, struct error *ret_error)
{
	const struct transaction *transaction = &draft->transaction;
	bool dynamic = transaction->has_max_fee || transaction->has_max_priority_fee;
	uint64_t type;

	if (transaction->has_gas_price && dynamic)
		return error_set(ret_error, ERROR_PARAMS, "gasPrice: contradicts %s; a transaction has fees of one kind",
		    transaction->has_max_fee ? "maxFeePerGas" : "maxPriorityFeePerGas");
	if (transaction->has_max_fee && transaction->has_max_priority_fee &&
	    u256_compare(&transaction->max_priority_fee, &transaction->max_fee) > 0)
		return error_set(ret_error, ERROR_PARAMS, "maxPriorityFeePerGas: expected at most maxFeePerGas, found more");
	draft->types = types_of_fields(transaction);
	if (transaction->has_gas_price)
		draft->types &= PRICE_TYPES;
	if (dynamic)
		draft->types &= DYNAMIC_TYPES;
	if (is_there(draft->untrusted_given, "type")) {
		if (!quantity_get_u64(yyjson_obj_get(draft->untrusted_given, "type"), "type", &type, ret_error))
			return false;
		draft->types &= type <= TRANSACTION_SET_CODE ? 1u << type : 0;
		if (draft->types == 0)
			return error_set(
			    ret_error, ERROR_PARAMS, "type: 0x%llx does not fit the other fields", (unsigned long long)type);
	}
	return draft->types != 0 || error_set(ret_error, ERROR_PARAMS, "gasPrice: contradicts the other fields");
}

bool draft_read(
    struct bytes params, yyjson_val *untrusted_params, struct arena *arena, struct draft *ret_draft, struct error *ret_error)
{
	struct bytes duplicate;

	*ret_draft = (struct draft){.untrusted_given = yyjson_arr_get(untrusted_params, 0)};
	if (!yyjson_is_obj(ret_draft->untrusted_given))
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 0: expected the transaction as an object");
	if (json_has_duplicate(ret_draft->untrusted_given, &duplicate))
		return error_set(ret_error, ERROR_PARAMS, "\"%.*s\" is there twice: which one counts would be a guess",
		    (int)(duplicate.size < 64 ? duplicate.size : 64), (const char *)duplicate.data);
	if (!transaction_params_are_plain(params, ret_error) || !read_bare(ret_draft, arena, ret_error) ||
	    !read_types(ret_draft, ret_error))
		return false;
	ret_draft->has_nonce = is_there(ret_draft->untrusted_given, "nonce");
	ret_draft->has_gas = is_there(ret_draft->untrusted_given, "gas");
	return true;
}

void draft_free(struct draft *draft)
{
	json_free(&draft->bare);
	json_free(&draft->settled);
}

/* ---- filling in ---- */

bool draft_set_chain(struct draft *draft, uint64_t chain_id, struct error *ret_error)
{
	struct transaction *transaction = &draft->transaction;
	struct u256 ours = u256_from_u64(chain_id);
	char asked[U256_DECIMAL_SIZE];

	if (!authorization_list_check_chain(transaction, chain_id, ret_error))
		return false;
	if (transaction->has_chain_id && !u256_equal(&transaction->chain_id, &ours)) {
		u256_to_decimal(&transaction->chain_id, asked);
		return error_set(ret_error, ERROR_CHAIN,
		    "chainId: expected %llu, the chain that clef-proxy is connected to, found %s", (unsigned long long)chain_id,
		    asked);
	}
	transaction->has_chain_id = true;
	transaction->chain_id = ours;
	return true;
}

enum draft_fees draft_missing_fees(const struct draft *draft)
{
	const struct transaction *transaction = &draft->transaction;

	if (transaction->has_gas_price || (transaction->has_max_fee && transaction->has_max_priority_fee))
		return DRAFT_FEES_THERE;
	if ((draft->types & DYNAMIC_TYPES) == 0)
		return DRAFT_FEES_PRICE;
	return (draft->types & PRICE_TYPES) == 0 ? DRAFT_FEES_DYNAMIC : DRAFT_FEES_EITHER;
}

void draft_set_price(struct draft *draft, const struct u256 *price)
{
	draft->transaction.has_gas_price = true;
	draft->transaction.gas_price = *price;
	draft->types &= PRICE_TYPES;
}

struct fees draft_fees(const struct draft *draft)
{
	const struct transaction *transaction = &draft->transaction;

	return (struct fees){.has_max = transaction->has_max_fee,
	    .has_tip = transaction->has_max_priority_fee,
	    .max = transaction->max_fee,
	    .tip = transaction->max_priority_fee};
}

void draft_set_fees(struct draft *draft, const struct fees *fees)
{
	draft->transaction.has_max_fee = draft->transaction.has_max_priority_fee = true;
	draft->transaction.max_fee = fees->max;
	draft->transaction.max_priority_fee = fees->tip;
	draft->types &= DYNAMIC_TYPES;
}

const char *draft_find_missing(const struct draft *draft)
{
	if (!draft->has_nonce)
		return "nonce";
	if (!draft->has_gas)
		return "gas";
	if (draft_missing_fees(draft) == DRAFT_FEES_THERE)
		return NULL;
	if (draft->transaction.has_max_fee)
		return "maxPriorityFeePerGas";
	return draft->transaction.has_max_priority_fee ? "maxFeePerGas" : "maxFeePerGas and maxPriorityFeePerGas, or gasPrice";
}

/* ---- in the words of the node and of the signer ---- */

static void put_fee(struct buf *json, const char *name, bool has, const struct u256 *fee)
{
	if (!has)
		return;
	buf_printf(json, ",\"%s\":", name);
	quantity_put_u256(json, fee);
}

void draft_put_estimate(const struct draft *draft, struct buf *ret_json)
{
	static const char *const names[] = {
	    "to", "value", "data", "input", "accessList", "authorizationList", "maxFeePerBlobGas", "blobVersionedHashes"};
	const struct transaction *transaction = &draft->transaction;

	buf_put_text(ret_json, "{\"from\":");
	json_put_string(ret_json, transaction->from_text);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!is_there(draft->bare.root, names[i]))
			continue;
		buf_printf(ret_json, ",\"%s\":", names[i]);
		json_write(yyjson_obj_get(draft->bare.root, names[i]), ret_json);
	}
	put_fee(ret_json, "gasPrice", transaction->has_gas_price, &transaction->gas_price);
	put_fee(ret_json, "maxFeePerGas", transaction->has_max_fee, &transaction->max_fee);
	put_fee(ret_json, "maxPriorityFeePerGas", transaction->has_max_priority_fee, &transaction->max_priority_fee);
	buf_put_u8(ret_json, '}');
}

/*
 * EIP-55: letters of one case carry no checksum, and that is how libraries write every address. Mixed case has to be right: the signer judges it.
 */
static void spell_recipient(struct transaction *transaction, struct arena *arena)
{
	bool lower = false, upper = false;
	char checksummed[ADDRESS_TEXT_SIZE];

	if (!transaction->has_to)
		return;
	for (size_t i = 2; i < transaction->to_text.size; i++) {
		lower |= islower(transaction->to_text.data[i]) != 0;
		upper |= isupper(transaction->to_text.data[i]) != 0;
	}
	if (lower && upper)
		return;
	address_to_checksum(&transaction->to, checksummed);
	transaction->to_text = arena_copy(arena, bytes_text(checksummed));
}

/* Of what it can be, the oldest: with a gas price and no list, legacy. */
static enum transaction_type settle_type(struct draft *draft)
{
	unsigned type = 0;

	while (type < TRANSACTION_SET_CODE && (draft->types & 1u << type) == 0)
		type++;
	/* Even an empty list makes type 1. */
	draft->transaction.has_access_list |= type == TRANSACTION_ACCESS_LIST;
	return (enum transaction_type)type;
}

bool draft_settle(
    struct draft *draft, struct arena *arena, struct buf *ret_json, struct transaction *ret_asked, struct error *ret_error)
{
	struct transaction *transaction = &draft->transaction;

	transaction->type = settle_type(draft);
	spell_recipient(transaction, arena);
	size_t begin = ret_json->size;
	transaction_put_ui_json(transaction, ret_json);
	if (!buf_ok(ret_json))
		return error_set(ret_error, ERROR_PARAMS, "the transaction is too large");
	struct bytes text = bytes_of(ret_json->data + begin, ret_json->size - begin);
	if (!json_parse(arena_copy(arena, text), &draft->settled, ret_error) ||
	    !transaction_from_json(draft->settled.root, arena, ret_asked, ret_error))
		return false;
	return ret_asked->type == transaction->type ||
	       error_set(ret_error, ERROR_INTERNAL, "bug: the transaction's type is not what it was settled to be");
}
