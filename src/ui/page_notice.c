#include <string.h>

#include "ui/amount.h"
#include "ui/page_parts.h"

#define TEXT_MOST 2000

static bool is_served(yyjson_val *value)
{
	return yyjson_is_str(value) && yyjson_get_len(value) > 0 && !bytes_equal_text(json_bytes(value), "n/a");
}

/* As a shell takes it: quoted unless it is plain. */
static void put_shell_word(struct bytes word, struct buf *ret_text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-+:@%=,";
	bool quote = word.size == 0;

	for (size_t i = 0; i < word.size && !quote; i++)
		quote = word.data[i] == 0 || strchr(plain, word.data[i]) == NULL;
	if (!quote) {
		buf_put_bytes(ret_text, word);
		return;
	}
	buf_put_u8(ret_text, '\'');
	for (size_t i = 0; i < word.size; i++) {
		if (word.data[i] == '\'')
			buf_put_text(ret_text, "'\\''");
		else
			buf_put_u8(ret_text, word.data[i]);
	}
	buf_put_u8(ret_text, '\'');
}

static void put_socket(struct page *page, yyjson_val *path)
{
	struct buf line BUF_CLEANUP = BUF_INIT(1024 * 1024);

	page_put_value(page, "Socket", path, TEXT_MOST);
	buf_put_text(&line, "geth --signer ");
	put_shell_word(json_bytes(path), &line);
	layout_field_untrusted(&page->layout, "For geth", buf_bytes(&line), TEXT_MOST);
}

static void put_start_warnings(struct page *page, yyjson_val *warnings)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(warnings);
	yyjson_val *warning;

	while ((warning = yyjson_arr_iter_next(&iter)) != NULL)
		layout_paragraph_untrusted(
		    &page->layout, LAYOUT_WARNING, "  !  WARNING   ", json_bytes(page_member(warning, "text")), TEXT_MOST);
}

static const char advice[] = "Requests appear here, one at a time. Only y approves; Enter alone refuses. Ctrl-C ends the signer.";
static const char attached_advice[] =
    "Requests appear here, one at a time. Only y approves; Enter alone refuses. Ctrl-C leaves, and the signer goes on.";

void page_put_startup(struct page *page, yyjson_val *request)
{
	yyjson_val *info = page_member(request, "info");
	yyjson_val *http = page_member(info, "extapi_http");
	yyjson_val *ipc = page_member(info, "extapi_ipc");
	struct buf chain BUF_CLEANUP = BUF_INIT(1024);

	page_put_title(page, "clef " CLEF_VERSION " is ready");
	put_start_warnings(page, page_member(request, "warnings"));
	page_put_chain(info, &chain);
	if (chain.size > 0)
		layout_field(&page->layout, "Chain", buf_bytes(&chain));
	if (is_served(http))
		page_put_value(page, "HTTP", http, TEXT_MOST);
	else
		layout_field_text(&page->layout, "HTTP", "off");
	if (is_served(ipc))
		put_socket(page, ipc);
	else
		layout_field_text(&page->layout, "Socket", "off");
	if (page_member(info, "extapi_qrexec") != NULL)
		page_put_value(page, "Other qubes", page_member(info, "extapi_qrexec"), TEXT_MOST);
	page_put_value(page, "External API", page_member(info, "extapi_version"), TEXT_MOST);
	layout_gap(&page->layout);
	layout_paragraph(&page->layout, LAYOUT_PLAIN, "",
	    bytes_text(yyjson_is_true(page_member(info, "attached")) ? attached_advice : advice));
	layout_gap(&page->layout);
}

void page_put_approved(struct page *page, yyjson_val *request)
{
	yyjson_val *tx = page_member(request, "tx");
	yyjson_val *nonce = page_member(tx, "nonce");
	struct amount number = amount_of(nonce);
	struct buf text BUF_CLEANUP = BUF_INIT(1024);
	struct address to;

	layout_gap(&page->layout);
	layout_paragraph(&page->layout, LAYOUT_BOLD, "", bytes_text("Signed and handed to the caller:"));
	page_put_value(page, "Hash", page_member(tx, "hash"), TEXT_MOST);
	if (page_member(tx, "to") != NULL)
		page_put_address(page, "To", tx, "to", &to);
	if (number.state == AMOUNT_OK) {
		amount_put_number(&number.value, &text);
		layout_field(&page->layout, "Nonce", buf_bytes(&text));
	} else {
		page_put_value(page, "Nonce", nonce, TEXT_MOST);
	}
	layout_gap(&page->layout);
}

void page_put_info(struct page *page, yyjson_val *request)
{
	struct bytes text = json_bytes(page_member(request, "text"));

	layout_paragraph_untrusted(&page->layout, LAYOUT_PLAIN, "  Info: ", text, TEXT_MOST);
}

void page_put_error(struct page *page, yyjson_val *request)
{
	struct bytes text = json_bytes(page_member(request, "text"));

	layout_paragraph_untrusted(&page->layout, LAYOUT_WARNING, "  Error: ", text, TEXT_MOST);
}
