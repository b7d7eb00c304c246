/*
 * Transactions: as a caller's JSON (the input begins with "{"), as an unsigned payload, and signed. What is written parses back to the same, what the UI is shown
 * and gives back unchanged is what was asked for, and a payload that is accepted is exactly what its fields are written as.
 */
#include "target.h"

#include <string.h>

#include "eth/blob.h"
#include "eth/transaction.h"

#define INPUT_MAX  ((size_t)400000)
#define OUTPUT_MAX ((size_t)16 << 20)

static void put_payload(const struct transaction *transaction, uint64_t chain_id, struct buf *ret_payload)
{
	struct error error;

	fuzz_require(transaction_put_payload(transaction, chain_id, ret_payload, &error));
}

/* The payload reads back as what it was made of. */
static void check_payload(struct bytes payload, uint64_t chain_id)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct buf again BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct transaction transaction;
	struct error error;

	fuzz_require(transaction_parse_payload(payload, &arena, &transaction, &error));
	put_payload(&transaction, chain_id, &again);
	fuzz_require(bytes_equal(buf_bytes(&again), payload));
}

/* The UI answers with what it was shown. */
static void check_ui(const struct transaction *asked, uint64_t chain_id, struct bytes payload)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct buf text BUF_CLEANUP = BUF_INIT(OUTPUT_MAX), again BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct json json JSON_CLEANUP = {0};
	struct transaction answered;
	struct error error;

	transaction_put_ui_json(asked, &text);
	fuzz_require(json_parse(buf_bytes(&text), &json, &error));
	fuzz_require(transaction_from_ui_json(json.root, asked, &arena, &answered, &error));
	fuzz_require(transaction_find_change(asked, &answered, chain_id) == NULL);
	put_payload(&answered, chain_id, &again);
	fuzz_require(bytes_equal(buf_bytes(&again), payload));
}

/* What is signed reads back as what was signed, to the byte. */
static void check_signed(const struct transaction *transaction, uint64_t chain_id, const struct signature *signature)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct buf raw BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX), again BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct transaction_signed read;
	struct error error;

	fuzz_require(transaction_put_signed(transaction, chain_id, signature, &raw, &error));
	fuzz_require(transaction_from_signed(buf_bytes(&raw), &arena, &read, &error));
	fuzz_require(read.chain_id == chain_id && memcmp(&read.signature, signature, sizeof(*signature)) == 0);
	fuzz_require(transaction_put_signed(&read.transaction, chain_id, signature, &again, &error));
	fuzz_require(bytes_equal(buf_bytes(&again), buf_bytes(&raw)));
}

/* The answer to the caller is JSON. */
static void check_result(const struct transaction *transaction, uint64_t chain_id)
{
	struct signature signature = {0};
	struct buf text BUF_CLEANUP = BUF_INIT(OUTPUT_MAX);
	struct json json JSON_CLEANUP = {0};
	struct error error;

	memset(&signature, 0x11, sizeof(signature));
	signature.parity = 1;
	check_signed(transaction, chain_id, &signature);
	fuzz_require(transaction_put_result_json(transaction, chain_id, &signature, &text, &error));
	fuzz_require(json_parse(buf_bytes(&text), &json, &error));
}

static void run_json(struct bytes input)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct buf payload BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct json json JSON_CLEANUP = {0};
	struct transaction transaction;
	uint64_t chain_id = 1;
	struct error error;

	if (!json_parse(input, &json, &error) || !transaction_from_json(json.root, &arena, &transaction, &error))
		return;
	if (transaction.has_chain_id && (!u256_fits_u64(&transaction.chain_id, &chain_id) || chain_id == 0))
		return;
	if (!transaction_check_chain(&transaction, chain_id, &error))
		return;
	/* Blobs alone: the role proofs would have to complete them first. */
	if (transaction.sidecar != NULL && !blob_sidecar_is_complete(transaction.sidecar))
		return;
	put_payload(&transaction, chain_id, &payload);
	check_payload(buf_bytes(&payload), chain_id);
	if (!transaction.has_from)
		return;
	check_ui(&transaction, chain_id, buf_bytes(&payload));
	check_result(&transaction, chain_id);
}

static void run_signed(struct bytes input)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct transaction_signed read;
	struct error error;

	if (transaction_from_signed(input, &arena, &read, &error))
		check_signed(&read.transaction, read.chain_id, &read.signature);
}

static void run_payload(struct bytes input)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct transaction transaction, raw;
	uint64_t chain_id = 0;
	struct error error;
	bool parsed = transaction_parse_payload(input, &arena, &transaction, &error);

	if (transaction_from_raw(input, &arena, &raw, &error))
		fuzz_require(parsed && raw.has_chain_id);
	if (!parsed)
		return;
	fuzz_require(!transaction.has_chain_id || u256_fits_u64(&transaction.chain_id, &chain_id));
	struct buf again BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);

	put_payload(&transaction, chain_id, &again);
	fuzz_require(bytes_equal(buf_bytes(&again), input));
	check_result(&transaction, chain_id);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > INPUT_MAX)
		return 0;
	if (data[0] == '{')
		run_json(bytes_of(data, size));
	else {
		run_payload(bytes_of(data, size));
		run_signed(bytes_of(data, size));
	}
	return 0;
}
