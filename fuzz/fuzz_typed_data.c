/*
 * Typed data (EIP-712): text of a document. What the parser accepts has a canonical form that is its own canonical form and is hashed alike by what keys runs, and what is
 * shown of it is JSON.
 */
#include "target.h"

#include <string.h>

#include "eth/typed_data.h"

/* Far above what a document within the limits shows. */
#define SHOWN_MAX ((size_t)64 * 1024 * 1024)

static void require_json(struct buf *text, const char *before, const char *after)
{
	struct buf whole BUF_CLEANUP = BUF_INIT(SHOWN_MAX);
	struct json json JSON_CLEANUP = {0};
	struct error error;

	fuzz_require(buf_ok(text));
	buf_put_text(&whole, before);
	buf_put_bytes(&whole, buf_bytes(text));
	buf_put_text(&whole, after);
	fuzz_require(json_parse(buf_bytes(&whole), &json, &error));
}

/* The canonical text; false when it would be too large. */
static bool put_canonical(struct bytes text, struct buf *ret_canonical, struct typed_data_hashes *ret_hashes)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct json json JSON_CLEANUP = {0};
	struct typed_data data;
	struct error error;

	if (!json_parse(text, &json, &error))
		return false;
	if (!typed_data_parse(json.root, &arena, &data, &error)) {
		fuzz_require(error.kind == ERROR_REFUSED || error.kind == ERROR_PARAMS);
		return false;
	}
	typed_data_hash(&data, ret_hashes);
	struct buf shown BUF_CLEANUP = BUF_INIT(SHOWN_MAX);
	typed_data_put_ui_members(&data, ret_hashes, &shown);
	require_json(&shown, "{", "}");
	buf_reset(&shown);
	typed_data_put_decoded(&data, ret_hashes, &shown);
	require_json(&shown, "", "");
	return typed_data_put_canonical(&data, ret_canonical, &error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct buf canonical BUF_CLEANUP = BUF_INIT(SHOWN_MAX), again BUF_CLEANUP = BUF_INIT(SHOWN_MAX);
	struct typed_data_hashes hashes, same;
	uint8_t digest[KECCAK256_SIZE];
	struct error error;

	if (!put_canonical(bytes_of(data, size), &canonical, &hashes))
		return 0;
	fuzz_require(typed_data_digest(buf_bytes(&canonical), digest, &error));
	fuzz_require(memcmp(digest, hashes.digest, sizeof(digest)) == 0);
	fuzz_require(put_canonical(buf_bytes(&canonical), &again, &same));
	fuzz_require(bytes_equal(buf_bytes(&canonical), buf_bytes(&again)));
	return 0;
}
