/* What a blob transaction (EIP-4844) has besides: the fee for its blobs, their versioned hashes, and whether the blobs came with it. */
#include <stdio.h>

#include "ui/page_parts.h"

#define VALUE_MOST     500
#define HASHES_MOST    20
#define GAS_A_BLOB     131072U /* EIP-4844: GAS_PER_BLOB */
#define TEXT_SIZE_MOST ((size_t)64 * 1024)

size_t page_blob_count(yyjson_val *transaction)
{
	size_t hashes = yyjson_arr_size(page_member(transaction, "blobVersionedHashes"));
	size_t blobs = yyjson_arr_size(page_member(transaction, "blobs"));

	return hashes > blobs ? hashes : blobs;
}

bool page_blob_fee(yyjson_val *transaction, struct u256 *ret_fee)
{
	struct amount price = amount_get(transaction, "maxFeePerBlobGas");
	struct u256 gas;
	size_t count = page_blob_count(transaction);

	*ret_fee = U256_ZERO;
	if (count == 0)
		return true;
	gas = u256_from_u64((uint64_t)count * GAS_A_BLOB);
	return price.state == AMOUNT_OK && u256_mul(&price.value, &gas, ret_fee);
}

static void put_fee(struct page *page, yyjson_val *transaction, const char *coin)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	struct amount price = amount_get(transaction, "maxFeePerBlobGas");
	struct u256 fee;

	if (price.state != AMOUNT_OK) {
		page_put_value(page, "Blob price", page_member(transaction, "maxFeePerBlobGas"), VALUE_MOST);
		layout_field_text(&page->layout, "", "(this is no number)");
		return;
	}
	amount_put_gwei(&price.value, &text);
	buf_put_text(&text, " for each unit of blob gas at most");
	if (page_blob_fee(transaction, &fee)) {
		buf_put_text(&text, ", together ");
		amount_put_coins(&fee, coin, &text);
	}
	layout_field(&page->layout, "Blob price", buf_bytes(&text));
}

static void put_hashes(struct page *page, yyjson_val *hashes)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(hashes);
	size_t count = yyjson_arr_size(hashes);
	size_t shown = layout_most(&page->layout, HASHES_MOST);
	yyjson_val *hash;

	if (hashes != NULL && !yyjson_is_arr(hashes))
		page_put_value(page, "Blob hashes", hashes, VALUE_MOST);
	for (size_t i = 0; i < shown && (hash = yyjson_arr_iter_next(&iter)) != NULL; i++)
		page_put_value(page, i == 0 ? "Blob hashes" : "", hash, VALUE_MOST);
	if (count > shown)
		layout_left_out(&page->layout, "    ", count - shown, "blob hashes");
}

void page_put_blobs(struct page *page, yyjson_val *transaction, const char *coin)
{
	static const char *const sidecar[] = {"blobs", "commitments", "proofs"};
	char text[128];

	if (page_member(transaction, "maxFeePerBlobGas") != NULL)
		put_fee(page, transaction, coin);
	put_hashes(page, page_member(transaction, "blobVersionedHashes"));
	for (size_t i = 0; i < sizeof sidecar / sizeof sidecar[0]; i++) {
		yyjson_val *list = page_member(transaction, sidecar[i]);

		if (yyjson_is_arr(list))
			continue;
		if (list != NULL)
			page_put_value(page, sidecar[i], list, VALUE_MOST);
	}
	if (!yyjson_is_arr(page_member(transaction, "blobs")))
		return;
	snprintf(text, sizeof text, "%zu of 128 KiB, with %zu proofs, came with the request and fit their hashes",
	    yyjson_arr_size(page_member(transaction, "blobs")), yyjson_arr_size(page_member(transaction, "proofs")));
	layout_field_text(&page->layout, "Blobs", text);
}
