#include <stdio.h>

#include "ui/page_parts.h"

#define ACCOUNTS_MOST 50
#define URL_MOST      200
#define TEXT_MOST     2000

static void put_account(struct page *page, size_t number, yyjson_val *account)
{
	struct bytes url = json_bytes(page_member(account, "url"));
	char prefix[32];
	char text[PAGE_GROUPED_SIZE];
	struct address address;

	snprintf(prefix, sizeof prefix, "  %4zu  ", number);
	if (address_parse(json_bytes(page_member(account, "address")), &address)) {
		page_group_address(&address, text);
		layout_paragraph(&page->layout, LAYOUT_PLAIN, prefix, bytes_text(text));
	} else {
		layout_paragraph(&page->layout, LAYOUT_PLAIN, prefix, bytes_text("(this is no address)"));
	}
	if (url.size > 0)
		layout_paragraph_untrusted(&page->layout, LAYOUT_FAINT, "        ", url, URL_MOST);
}

void page_put_listing(struct page *page, yyjson_val *request)
{
	yyjson_val *accounts = page_member(request, "accounts");
	size_t count = yyjson_arr_size(accounts);
	size_t shown = layout_most(&page->layout, ACCOUNTS_MOST);
	yyjson_arr_iter iter = yyjson_arr_iter_with(accounts);
	yyjson_val *account;
	char text[128];

	page_put_title(page, "LIST ACCOUNTS");
	snprintf(text, sizeof text, "The caller wants to know your accounts: %zu address%s. Nothing is signed.", count,
	    count == 1 ? "" : "es");
	layout_paragraph(&page->layout, LAYOUT_BOLD, "", bytes_text(text));
	page_put_caller(page, request);
	layout_section(&page->layout, "Accounts");
	if (count == 0)
		layout_field_text(&page->layout, "(none)", "the keystore holds no account");
	for (size_t i = 0; i < shown && (account = yyjson_arr_iter_next(&iter)) != NULL; i++)
		put_account(page, i + 1, account);
	if (count > shown)
		layout_left_out(&page->layout, "        ", count - shown, "accounts");
	layout_gap(&page->layout);
}

void page_put_new_account(struct page *page, yyjson_val *request)
{
	page_put_title(page, "NEW ACCOUNT");
	layout_paragraph(&page->layout, LAYOUT_BOLD, "",
	    bytes_text(
	        "Make a new key, write it to the keystore and tell the caller its address. You choose its password next."));
	page_put_caller(page, request);
	layout_gap(&page->layout);
}

void page_put_input(struct page *page, yyjson_val *request)
{
	struct bytes title = json_bytes(page_member(request, "title"));
	struct bytes prompt = json_bytes(page_member(request, "prompt"));

	layout_gap(&page->layout);
	layout_paragraph_untrusted(&page->layout, LAYOUT_BOLD, "  ", title, TEXT_MOST);
	layout_quote_untrusted(&page->layout, prompt, TEXT_MOST);
}
