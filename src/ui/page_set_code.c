/* Authorisations of EIP-7702: an account lets the code of another contract act in its name. In a transaction's list, and alone. */
#include <stdio.h>

#include "ui/page_parts.h"

#define VALUE_MOST     500
#define LIST_MOST      64 /* as many as a transaction may have */
#define TEXT_SIZE_MOST ((size_t)64 * 1024)

static void put_chain_of(struct page *page, yyjson_val *authorization)
{
	struct amount chain = amount_get(authorization, "chainId");
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);

	if (chain.state != AMOUNT_OK) {
		page_put_value(page, "    on chain", page_member(authorization, "chainId"), VALUE_MOST);
		return;
	}
	if (u256_is_zero(&chain.value))
		buf_put_text(&text, "0: EVERY chain");
	else
		amount_put_number(&chain.value, &text);
	layout_field(&page->layout, "    on chain", buf_bytes(&text));
}

/* decoded: what core made of the entry: whose signature it is. NULL from signers that do not say. */
static void put_authorization(struct page *page, size_t number, yyjson_val *authorization, yyjson_val *decoded)
{
	struct amount nonce = amount_get(authorization, "nonce");
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	struct address delegate;
	struct address account;
	char label[32];

	snprintf(label, sizeof label, "  Account %zu", number);
	if (decoded != NULL)
		page_put_address(page, label, decoded, "authority", &account);
	else
		layout_field_text(&page->layout, label, "(not told)");
	if (page_put_address(page, "    to code", authorization, "address", &delegate) && address_is_zero(&delegate))
		layout_field_text(&page->layout, "", "(none: takes the account's code away)");
	put_chain_of(page, authorization);
	if (nonce.state == AMOUNT_OK)
		amount_put_number(&nonce.value, &text);
	if (nonce.state == AMOUNT_OK)
		layout_field(&page->layout, "    at nonce", buf_bytes(&text));
	else
		page_put_value(page, "    at nonce", page_member(authorization, "nonce"), VALUE_MOST);
}

void page_put_authorizations(struct page *page, yyjson_val *list, yyjson_val *decoded)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);
	size_t count = yyjson_arr_size(list);
	size_t shown = layout_most(&page->layout, LIST_MOST);
	yyjson_val *entry;
	char text[96];

	if (list == NULL)
		return;
	if (!yyjson_is_arr(list)) {
		page_put_value(page, "Delegations", list, VALUE_MOST);
		return;
	}
	snprintf(text, sizeof text,
	    count == 1 ? "%zu account hands itself over to code (EIP-7702)"
	               : "%zu accounts hand themselves over to code (EIP-7702)",
	    count);
	layout_field_text(&page->layout, "Delegations", text);
	for (size_t i = 0; i < shown && (entry = yyjson_arr_iter_next(&iter)) != NULL; i++) {
		if (yyjson_is_obj(entry))
			put_authorization(page, i + 1, entry, yyjson_arr_get(decoded, i));
		else
			page_put_value(page, "  (odd)", entry, VALUE_MOST);
	}
	if (count > shown)
		layout_left_out(&page->layout, "    ", count - shown, "delegations");
}
