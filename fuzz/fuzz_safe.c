/*
 * Safe transactions: as the JSON that a caller sends, and as the content that keys is given. Whatever is understood is written as content that reads back
 * the same, with the same digest on both sides, and is shown as JSON.
 */
#include "target.h"

#include <string.h>

#include "base/json.h"
#include "base/memory.h"
#include "eth/safe.h"

static void require_json(struct bytes text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error;

	fuzz_require(json_parse(text, &json, &error));
}

static void show(const struct safe_transaction *transaction)
{
	struct buf json BUF_CLEANUP = BUF_INIT(1u << 24);
	const struct signature signature = {.parity = 1};
	const struct address sender = ADDRESS_ZERO;

	buf_put_u8(&json, '{');
	safe_put_ui_members(transaction, &json);
	buf_put_u8(&json, ',');
	safe_put_decoded_members(transaction, &json);
	buf_put_u8(&json, '}');
	require_json(buf_bytes(&json));
	buf_reset(&json);
	safe_put_result_json(transaction, &sender, &signature, &json);
	require_json(buf_bytes(&json));
}

static void run_content(const struct safe_transaction *transaction)
{
	struct buf content BUF_CLEANUP = BUF_INIT(1u << 24), again BUF_CLEANUP = BUF_INIT(1u << 24);
	struct safe_transaction parsed;
	struct safe_hashes hashes;
	uint8_t digest[KECCAK256_SIZE];
	struct error error;

	safe_put_content(transaction, &content);
	fuzz_require(safe_parse_content(buf_bytes(&content), &parsed, &error));
	safe_put_content(&parsed, &again);
	fuzz_require(bytes_equal(buf_bytes(&content), buf_bytes(&again)));
	safe_hash(transaction, &hashes);
	fuzz_require(safe_content_digest(buf_bytes(&content), digest, &error));
	fuzz_require(memcmp(digest, hashes.digest, sizeof(digest)) == 0);
	show(transaction);
}

static void run_json(struct bytes input)
{
	struct json json JSON_CLEANUP = {0};
	struct arena arena ARENA_CLEANUP = {0};
	struct safe_transaction transaction;
	struct safe_hashes hashes;
	struct error error;

	if (!json_parse(input, &json, &error))
		return;
	if (!safe_from_json(json.root, &arena, &transaction, &error)) {
		fuzz_require((error.kind == ERROR_PARAMS || error.kind == ERROR_REFUSED) && error.text[0] != 0);
		return;
	}
	if (safe_settle(&transaction, 1, &error)) {
		safe_hash(&transaction, &hashes);
		fuzz_require(!transaction.has_hash || memcmp(hashes.digest, transaction.hash, KECCAK256_SIZE) == 0);
	}
	transaction.chain_id = u256_from_u64(1);
	for (int version = SAFE_VERSION_1_3; version <= SAFE_VERSION_0_1; version++) {
		transaction.version = (enum safe_version)version;
		run_content(&transaction);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct safe_transaction transaction;
	struct error error;

	if (size > 200000)
		return 0;
	run_json(bytes_of(data, size));
	if (safe_parse_content(bytes_of(data, size), &transaction, &error))
		run_content(&transaction);
	return 0;
}
