#include "decode/validation.h"

#include "base/text.h"
#include "decode/abi.h"
#include "decode/delegation.h"
#include "decode/selectors.h"
#include "eth/blob.h"

#define SELECTOR_SIZE 4
#define WORD          32
/* Contract code shorter than this is hardly any: Clef's limit. */
#define CODE_SUSPICIOUS 40
/* What one message shows of a call at most, before and after it is made fit to be seen. */
#define CALL_TEXT_MAX    (1u << 20)
#define MESSAGE_TEXT_MAX (1u << 16)

struct judging {
	const struct transaction *transaction;
	const struct selectors_custom *custom;
	struct arena *arena;
	struct validation *validation;
	struct call *last_call;
};

static void add(struct judging *judging, enum validation_level level, const char *code, const char *text)
{
	validation_add(judging->validation, level, code, bytes_text(text));
}

static void add_call(struct judging *judging, const struct abi_method *method, const struct abi_value *arguments)
{
	BUF_CLEANUP struct buf call = BUF_INIT(CALL_TEXT_MAX);
	BUF_CLEANUP struct buf text = BUF_INIT(2 * MESSAGE_TEXT_MAX);

	buf_put_text(&text, "Transaction invokes the following method: \"");
	abi_put_call(method, arguments, &call);
	if (buf_ok(&call)) {
		text_escape_quoted(buf_bytes(&call), MESSAGE_TEXT_MAX, &text);
	} else {
		text_escape_quoted(method->signature, MESSAGE_TEXT_MAX, &text);
		buf_put_text(&text, " (the arguments are too long to be shown)");
	}
	buf_put_u8(&text, '"');
	add(judging, VALIDATION_INFO, "method-call", arena_text(judging->arena, buf_bytes(&text)));
}

/* Keeps the reading for the decoded view, behind those that are there. */
static void keep_call(
    struct judging *judging, const struct abi_method *method, const struct abi_value *arguments, struct bytes names)
{
	struct call *call = arena_alloc(judging->arena, sizeof(*call));

	*call = (struct call){*method, *arguments, names, NULL};
	if (judging->last_call == NULL)
		judging->validation->call = call;
	else
		judging->last_call->next = call;
	judging->last_call = call;
}

/* The calldata is a call of this method, canonically encoded. */
static bool decode_call(struct judging *judging, struct bytes untrusted_signature, struct bytes names, struct error *ret_error)
{
	struct bytes data = judging->transaction->data;
	struct abi_method method;
	struct abi_value arguments;

	if (!abi_parse_method(untrusted_signature, judging->arena, &method, ret_error))
		return false;
	if (!bytes_equal(bytes_of(method.selector, SELECTOR_SIZE), bytes_of(data.data, SELECTOR_SIZE)))
		return error_set(ret_error, ERROR_REFUSED, "the method has another selector than the data");
	if (!abi_decode(&method.inputs, bytes_of(data.data + SELECTOR_SIZE, data.size - SELECTOR_SIZE), judging->arena,
	        &arguments, ret_error))
		return false;
	add_call(judging, &method, &arguments);
	keep_call(judging, &method, &arguments, names);
	return true;
}

/* Clef's selectors have no arrays of a fixed number of tuples; a caller's hint stays within what it understands. */
static bool hint_is_supported(struct bytes untrusted_hint, struct error *ret_error)
{
	for (size_t i = 2; i < untrusted_hint.size; i++) {
		const uint8_t *at = untrusted_hint.data + i;
		if (at[-2] == ')' && at[-1] == '[' && at[0] != ']')
			return error_set(ret_error, ERROR_REFUSED, "arrays of a fixed number of tuples are not understood here");
	}
	return true;
}

static void judge_hint(struct judging *judging, struct bytes untrusted_hint)
{
	struct error error;

	judging->validation->hint_fits =
	    hint_is_supported(untrusted_hint, &error) && decode_call(judging, untrusted_hint, BYTES_NONE, &error);
	if (!judging->validation->hint_fits)
		add(judging, VALIDATION_WARNING, "hint-mismatch",
		    arena_printf(judging->arena, "Transaction contains data, but provided ABI signature could not be matched: %s",
		        error.text));
}

/* The shipped list first: what was added by hand, or by a caller's hint, never stands in the way of what is well known. */
static bool find_texts(const struct judging *judging, const uint8_t selector[SELECTOR_SIZE], struct selectors_texts *ret_texts)
{
	if (selectors_find(selector, ret_texts))
		return true;
	ret_texts->count = selectors_custom_find(judging->custom, selector, &ret_texts->signatures[0]) ? 1 : 0;
	ret_texts->names[0] = BYTES_NONE;
	return ret_texts->count > 0;
}

/* All texts of the selector that fit are shown: which one was meant nobody can know. */
static void judge_known(struct judging *judging)
{
	const uint8_t *selector = judging->transaction->data.data;
	struct selectors_texts texts;
	struct error first_error, error;
	bool any = false;

	if (!find_texts(judging, selector, &texts)) {
		add(judging, VALIDATION_WARNING, "unknown-method",
		    arena_printf(judging->arena,
		        "Transaction contains data, but the ABI signature could not be found: signature %02x%02x%02x%02x not "
		        "found",
		        selector[0], selector[1], selector[2], selector[3]));
		return;
	}
	for (size_t i = 0; i < texts.count; i++)
		any |= decode_call(judging, texts.signatures[i], texts.names[i], i == 0 ? &first_error : &error);
	if (!any)
		add(judging, VALIDATION_WARNING, "arguments-not-decoded",
		    arena_printf(judging->arena,
		        "Transaction contains data, but provided ABI signature could not be verified: %s", first_error.text));
}

static void judge_data(struct judging *judging, struct bytes untrusted_hint)
{
	struct bytes data = judging->transaction->data;

	if (data.size == 0)
		return;
	if (data.size < SELECTOR_SIZE) {
		add(judging, VALIDATION_WARNING, "calldata-too-short",
		    "Transaction data is not valid ABI (missing the 4 byte call prefix)");
		return;
	}
	if ((data.size - SELECTOR_SIZE) % WORD != 0)
		add(judging, VALIDATION_WARNING, "calldata-length",
		    arena_printf(judging->arena,
		        "Transaction data is not valid ABI (length should be a multiple of 32 (was %zu))",
		        data.size - SELECTOR_SIZE));
	if (untrusted_hint.data)
		judge_hint(judging, untrusted_hint);
	else
		judge_known(judging);
}

static void judge_creation(struct judging *judging, struct bytes untrusted_hint)
{
	size_t size = judging->transaction->data.size;

	if (size == 0)
		add(judging, VALIDATION_CRITICAL, "empty-code", "Transaction will create a contract with empty code");
	else if (size < CODE_SUSPICIOUS)
		add(judging, VALIDATION_WARNING, "small-code",
		    arena_printf(judging->arena,
		        "Transaction will create a contract, but the payload is suspiciously small (%zu bytes)", size));
	if (untrusted_hint.data)
		add(judging, VALIDATION_WARNING, "hint-for-creation",
		    "Transaction will create a contract, but method selector supplied, indicating an intent to call a method");
}

static void judge_call(struct judging *judging, struct bytes untrusted_hint)
{
	const struct transaction *transaction = judging->transaction;

	if (!transaction->to_is_checksummed)
		add(judging, VALIDATION_WARNING, "invalid-checksum", "Invalid checksum on recipient address");
	if (address_is_zero(&transaction->to))
		add(judging, VALIDATION_CRITICAL, "zero-recipient", "Transaction recipient is the zero address");
	if (!transaction->has_gas_price && !transaction->has_max_fee)
		add(judging, VALIDATION_CRITICAL, "no-gas-price", "Neither 'gasPrice' nor 'maxFeePerGas' specified.");
	else if (!transaction->has_gas_price && !transaction->has_max_priority_fee)
		add(judging, VALIDATION_CRITICAL, "no-priority-fee", "Neither 'gasPrice' nor 'maxPriorityFeePerGas' specified.");
	judge_data(judging, untrusted_hint);
}

/* Fees of which one would be dropped from what is signed, or that no block can take. */
static bool fees_agree(const struct transaction *transaction, struct error *ret_error)
{
	if (transaction->has_gas_price && transaction->has_max_fee)
		return error_set(ret_error, ERROR_REFUSED, "validation failed: Both 'gasPrice' and 'maxFeePerGas' specified.");
	if (transaction->has_gas_price && transaction->has_max_priority_fee)
		return error_set(
		    ret_error, ERROR_REFUSED, "validation failed: Both 'gasPrice' and 'maxPriorityFeePerGas' specified.");
	if (transaction->has_max_priority_fee && !transaction->has_max_fee)
		return error_set(ret_error, ERROR_REFUSED, "validation failed: Neither 'gasPrice' nor 'maxFeePerGas' specified.");
	if (u256_compare(&transaction->max_priority_fee, &transaction->max_fee) > 0)
		return error_set(ret_error, ERROR_REFUSED,
		    "validation failed: 'maxPriorityFeePerGas' is above 'maxFeePerGas', which no block accepts.");
	return true;
}

/* EIP-4844 knows one version and leaves room for more: for the network to judge, and for the person to know. */
static void judge_blob_hashes(struct judging *judging)
{
	const struct transaction *transaction = judging->transaction;

	for (size_t i = 0; i < transaction->blob_hash_count; i++)
		if (transaction->blob_hashes[i][0] != BLOB_HASH_VERSION)
			validation_tell(judging->validation, VALIDATION_WARNING, "blob-hash-version",
			    bytes_text(arena_printf(judging->arena,
			        "blobVersionedHashes[%zu] is of version 0x%02x: networks know version 0x01 only (EIP-4844)", i,
			        transaction->blob_hashes[i][0])));
}

bool validation_transaction(const struct transaction *transaction, struct bytes untrusted_hint,
    const struct selectors_custom *custom, struct arena *arena, struct validation *ret_validation, struct error *ret_error)
{
	struct judging judging = {.transaction = transaction, .custom = custom, .arena = arena, .validation = ret_validation};

	ret_validation->count = 0;
	ret_validation->call = NULL;
	ret_validation->hint_fits = false;
	if (!transaction->has_to && transaction->data.size == 0 && !u256_is_zero(&transaction->value))
		return error_set(ret_error, ERROR_REFUSED, "transaction will create a contract with value but empty code");
	if (!fees_agree(transaction, ret_error))
		return false;
	if (transaction->has_to)
		judge_call(&judging, untrusted_hint);
	else
		judge_creation(&judging, untrusted_hint);
	judge_blob_hashes(&judging);
	delegation_warn_transaction(transaction, arena, ret_validation);
	return true;
}
