#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/page_parts.h"

#define TEXT_MOST   4000
#define HEX_MOST    256
#define NAME_MOST   200
#define FIELDS_MOST 200
#define DEPTH_MOST  128
#define HASH_SIZE   32

/* raw_data is base64 (RFC 4648 section 4). False when it is not. */
static bool decode_raw(yyjson_val *value, struct buf *ret_raw)
{
	struct bytes text = json_bytes(value);
	size_t room = text.size / 4 * 3 + 3;
	size_t size = 0;
	uint8_t *data;

	if (!yyjson_is_str(value) || (data = buf_reserve(ret_raw, room)) == NULL)
		return false;
	if (sodium_base642bin(
	        data, room, (const char *)text.data, text.size, NULL, &size, NULL, sodium_base64_VARIANT_ORIGINAL) != 0)
		return false;
	buf_commit(ret_raw, size);
	return true;
}

/* The message of EIP-191 version 0x45: behind "\x19Ethereum Signed Message:\n" and its own length in decimal digits. */
static bool personal_message(struct bytes raw, struct bytes *ret_message)
{
	static const char prefix[] = "\x19"
	                             "Ethereum Signed Message:\n";
	size_t at = sizeof prefix - 1;

	if (raw.size < at || memcmp(raw.data, prefix, at) != 0)
		return false;
	/* The digits end where the number that they make is what is left. A message may itself begin with digits. */
	for (size_t digits = 1; digits <= 20 && at + digits <= raw.size; digits++) {
		char length[24];
		struct bytes rest = bytes_of(raw.data + at + digits, raw.size - at - digits);

		snprintf(length, sizeof length, "%zu", rest.size);
		if (bytes_equal_text(bytes_of(raw.data + at, digits), length)) {
			*ret_message = rest;
			return true;
		}
	}
	return false;
}

/* Nothing in it but what a person can read: no controls besides line breaks. */
static bool is_readable(struct bytes text)
{
	while (text.size > 0) {
		uint32_t codepoint;
		size_t size = text_decode(text, &codepoint);

		if (size == 0 || (text_is_deceptive(codepoint) && codepoint != '\n' && codepoint != '\r' && codepoint != '\t'))
			return false;
		text.data += size;
		text.size -= size;
	}
	return true;
}

/* For signers that decode nothing. */
static const char *verdict_of_type(struct bytes type)
{
	if (bytes_equal_text(type, "data/typed"))
		return "Sign structured data (EIP-712), which a contract may act on like on a transaction,";
	if (bytes_equal_text(type, "data/validator"))
		return "Sign data for a validator contract (EIP-191 version 0)";
	if (bytes_equal_text(type, "application/x-clique-header"))
		return "Seal a block header (Clique)";
	return "Sign data";
}

static void put_verdict(struct page *page, struct bytes type, bool personal, yyjson_val *request)
{
	struct buf text BUF_CLEANUP = BUF_INIT(8192);
	char account[ADDRESS_TEXT_SIZE] = "an account whose address is none";
	struct address address;

	if (address_parse(json_bytes(page_member(request, "address")), &address))
		address_to_checksum(&address, account);
	if (personal)
		buf_put_text(&text, "Sign a text message");
	else if (!page_decoded_verdict(page_member(request, "decoded"), &text))
		buf_put_text(&text, verdict_of_type(type));
	buf_printf(&text, " with %s.", account);
	layout_paragraph(&page->layout, LAYOUT_BOLD, "", buf_bytes(&text));
	page_put_decoded_call(page, page_member(request, "decoded"));
}

/* What to warn of in a message, or NULL. */
static const char *message_warning(struct bytes message)
{
	if (is_readable(message))
		return NULL;
	if (message.size == HASH_SIZE)
		return "The message is 32 bytes that are no text, perhaps the hash of something else: what you agree to cannot "
		       "be seen "
		       "here.";
	return "The message holds bytes that are no text or cannot be seen: they are shown as \\x.. and \\u{..}.";
}

/* Between quotes, with those and backslashes marked: what is between them is one text, and each text looks different. */
static void put_quoted(struct bytes untrusted_text, struct buf *text)
{
	buf_put_u8(text, '"');
	for (size_t i = 0; i < untrusted_text.size; i++) {
		if (untrusted_text.data[i] == '"' || untrusted_text.data[i] == '\\')
			buf_put_u8(text, '\\');
		buf_put_u8(text, untrusted_text.data[i]);
	}
	buf_put_u8(text, '"');
}

/* name, type and value of one entry; false when the value has entries of its own, which follow. */
static bool put_entry_head(struct page *page, yyjson_val *entry, unsigned depth)
{
	struct buf text BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	yyjson_val *value = page_member(entry, "value");
	struct bytes type = json_bytes(page_member(entry, "type"));
	bool nested = yyjson_is_arr(value);
	/* A sentence, no field: Clef's heading of data for validators. */
	bool is_description = bytes_equal_text(type, "description") && yyjson_is_str(value) && yyjson_get_len(value) == 0;
	/* A narrow terminal has no room for deep indents. */
	unsigned deepest = (page->layout.width - LAYOUT_WIDTH_LEAST) / 2;
	char prefix[2 * DEPTH_MOST + 8];

	snprintf(prefix, sizeof prefix, "  %*s", (int)(2 * (depth < deepest ? depth : deepest)), "");
	buf_put_bytes(&text, json_bytes(page_member(entry, "name")));
	if (!is_description) {
		buf_put_text(&text, " (");
		buf_put_bytes(&text, type);
		buf_put_text(&text, !nested ? "): " : yyjson_arr_size(value) == 0 ? "): (empty)" : ")");
	}
	if (yyjson_is_str(value) && bytes_equal_text(type, "string"))
		put_quoted(json_bytes(value), &text);
	else if (yyjson_is_str(value))
		buf_put_bytes(&text, json_bytes(value));
	else if (value != NULL && !nested)
		json_write(value, &text);
	layout_entry_untrusted(&page->layout, prefix, buf_bytes(&text), TEXT_MOST);
	return !nested;
}

/* A text anywhere in the tree holds what cannot be seen. No deeper than the tree is shown. */
static bool hides_something(yyjson_val *entries, unsigned depth)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(entries);
	yyjson_val *entry;

	while ((entry = yyjson_arr_iter_next(&iter)) != NULL) {
		yyjson_val *value = page_member(entry, "value");

		if (yyjson_is_str(value) ? !is_readable(json_bytes(value))
		                         : depth < DEPTH_MOST && hides_something(value, depth + 1))
			return true;
	}
	return false;
}

/* The tree of {name, type, value}, where a value may be a list of the same. */
static void put_entries(struct page *page, yyjson_val *entries, unsigned depth, size_t *room)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(entries);
	yyjson_val *entry;
	size_t left = yyjson_arr_size(entries);

	while (*room > 0 && (entry = yyjson_arr_iter_next(&iter)) != NULL) {
		--*room;
		left--;
		if (put_entry_head(page, entry, depth))
			continue;
		if (depth + 1 < DEPTH_MOST)
			put_entries(page, page_member(entry, "value"), depth + 1, room);
		else
			layout_left_out(&page->layout, "  ", yyjson_arr_size(page_member(entry, "value")), "nested entries");
	}
	if (left > 0)
		layout_left_out(&page->layout, "  ", left, "entries");
}

static const char *tree_warning(yyjson_val *entries)
{
	return hides_something(entries, 0) ? "The data holds characters that cannot be seen: they are shown as \\x.. and \\u{..}."
	                                   : NULL;
}

static void put_content(struct page *page, yyjson_val *request, bool personal, struct bytes message)
{
	size_t room = layout_most(&page->layout, FIELDS_MOST);
	char text[64];

	if (!personal) {
		layout_section(&page->layout, "What is signed");
		put_entries(page, page_member(request, "messages"), 0, &room);
		return;
	}
	snprintf(text, sizeof text, "Message, %zu byte%s", message.size, message.size == 1 ? "" : "s");
	layout_section(&page->layout, text);
	layout_quote_untrusted(&page->layout, message, TEXT_MOST);
}

static void put_raw(struct page *page, yyjson_val *request, bool decoded, struct bytes raw)
{
	char text[64];

	if (!decoded) {
		page_put_value(page, "Raw data", page_member(request, "raw_data"), NAME_MOST);
		layout_field_text(&page->layout, "", "(these are no bytes)");
		return;
	}
	snprintf(text, sizeof text, "%zu bytes", raw.size);
	layout_field_text(&page->layout, "Raw data", text);
	layout_hex(&page->layout, raw, HEX_MOST);
}

void page_put_sign_data(struct page *page, yyjson_val *request)
{
	struct buf raw BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);
	struct bytes type = json_bytes(page_member(request, "content_type"));
	struct bytes message = BYTES_NONE;
	struct address ignored;
	bool decoded = decode_raw(page_member(request, "raw_data"), &raw);
	bool personal = decoded && personal_message(buf_bytes(&raw), &message);

	page_put_title(page, "SIGN DATA");
	put_verdict(page, type, personal, request);
	page_put_messages(page, request, personal ? message_warning(message) : tree_warning(page_member(request, "messages")));
	page_put_caller(page, request);
	put_content(page, request, personal, message);
	layout_section(&page->layout, "Details");
	page_put_address(page, "Account", request, "address", &ignored);
	page_put_value(page, "Content type", page_member(request, "content_type"), NAME_MOST);
	page_put_value(page, "Hash", page_member(request, "hash"), NAME_MOST);
	page_put_decoded_hashes(page, request);
	put_raw(page, request, decoded, buf_bytes(&raw));
	layout_gap(&page->layout);
}
