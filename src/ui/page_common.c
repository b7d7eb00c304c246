#include <stdio.h>

#include "ui/amount.h"
#include "ui/page_parts.h"

#define MESSAGE_MOST  2000
#define MESSAGES_MOST 100
#define VALUE_MOST    500

void page_group_address(const struct address *address, char ret_text[PAGE_GROUPED_SIZE])
{
	char text[ADDRESS_TEXT_SIZE];
	size_t out = 0;

	address_to_checksum(address, text);
	for (size_t i = 0; i < ADDRESS_TEXT_SIZE; i++) {
		if (i > 2 && (i - 2) % 4 == 0 && text[i] != '\0')
			ret_text[out++] = ' ';
		ret_text[out++] = text[i];
	}
}

yyjson_val *page_member(yyjson_val *object, const char *name)
{
	yyjson_val *value = yyjson_obj_get(object, name);

	return yyjson_is_null(value) ? NULL : value;
}

void page_put_value(struct page *page, const char *label, yyjson_val *value, size_t most)
{
	struct buf json BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST);

	if (yyjson_is_str(value)) {
		layout_field_untrusted(&page->layout, label, json_bytes(value), most);
		return;
	}
	if (value != NULL)
		json_write(value, &json);
	layout_field_untrusted(&page->layout, label, buf_bytes(&json), most);
}

bool page_put_address(struct page *page, const char *label, yyjson_val *object, const char *name, struct address *ret_address)
{
	yyjson_val *value = page_member(object, name);
	char text[PAGE_GROUPED_SIZE];

	if (value == NULL) {
		layout_field_text(&page->layout, label, "(missing)");
		return false;
	}
	if (!yyjson_is_str(value) || !address_parse(json_bytes(value), ret_address)) {
		page_put_value(page, label, value, VALUE_MOST);
		layout_field_text(&page->layout, "", "(this is no address)");
		return false;
	}
	page_group_address(ret_address, text);
	layout_field_text(&page->layout, label, text);
	return true;
}

void page_put_title(struct page *page, const char *title)
{
	size_t waiting = page->options->waiting;
	char text[128];

	if (waiting == 0)
		snprintf(text, sizeof text, "%s", title);
	else
		snprintf(text, sizeof text, "%s (%zu more waiting)", title, waiting);
	layout_title(&page->layout, text);
}

enum level { LEVEL_CRITICAL, LEVEL_WARNING, LEVEL_OTHER, LEVELS };

static enum level level_of(yyjson_val *message)
{
	struct bytes type = json_bytes(page_member(message, page_member(message, "level") != NULL ? "level" : "type"));

	if (bytes_equal_text_nocase(type, "CRITICAL"))
		return LEVEL_CRITICAL;
	if (bytes_equal_text_nocase(type, "WARNING"))
		return LEVEL_WARNING;
	return LEVEL_OTHER;
}

static void put_message(struct page *page, enum level level, struct bytes text)
{
	static const char *const prefixes[LEVELS] = {"  !! CRITICAL  ", "  !  WARNING   ", "     Info      "};
	static const enum layout_style styles[LEVELS] = {LAYOUT_CRITICAL, LAYOUT_WARNING, LAYOUT_PLAIN};

	if (level == LEVEL_CRITICAL)
		page->summary->critical = true;
	layout_paragraph_untrusted(&page->layout, styles[level], prefixes[level], text, MESSAGE_MOST);
}

/* One level's messages out of the list. A message without text still shows that there is one. */
static size_t put_level(struct page *page, yyjson_val *messages, enum level level, size_t room)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(messages);
	yyjson_val *message;
	size_t shown = 0;

	while (shown < room && (message = yyjson_arr_iter_next(&iter)) != NULL) {
		yyjson_val *text = page_member(message, page_member(message, "text") != NULL ? "text" : "message");

		if (level_of(message) != level)
			continue;
		put_message(page, level, yyjson_is_str(text) ? json_bytes(text) : bytes_text("(a message without text)"));
		shown++;
	}
	return shown;
}

static yyjson_val *messages_of(yyjson_val *request)
{
	yyjson_val *warnings = page_member(request, "warnings");

	return yyjson_is_arr(warnings) ? warnings : page_member(request, "call_info");
}

void page_count_messages(yyjson_val *request, size_t *ret_critical, size_t *ret_warnings)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(messages_of(request));
	yyjson_val *message;

	*ret_critical = *ret_warnings = 0;
	while ((message = yyjson_arr_iter_next(&iter)) != NULL) {
		*ret_critical += level_of(message) == LEVEL_CRITICAL;
		*ret_warnings += level_of(message) == LEVEL_WARNING;
	}
}

void page_put_messages(struct page *page, yyjson_val *request, const char *warning)
{
	yyjson_val *messages = messages_of(request);
	size_t room = MESSAGES_MOST;

	if (yyjson_arr_size(messages) > 0 || warning != NULL)
		layout_gap(&page->layout);
	for (enum level level = LEVEL_CRITICAL; level < LEVELS; level++) {
		room -= put_level(page, messages, level, room);
		if (level == LEVEL_WARNING && warning != NULL)
			put_message(page, level, bytes_text(warning));
	}
	if (yyjson_arr_size(messages) > MESSAGES_MOST)
		layout_left_out(&page->layout, "     ", yyjson_arr_size(messages) - MESSAGES_MOST, "messages");
}

const struct chain *page_put_chain(yyjson_val *request, struct buf *ret_text)
{
	yyjson_val *named = page_member(page_member(request, "transaction"), "chainId");
	struct amount id = amount_of(named != NULL ? named : page_member(request, "chain_id"));
	const struct chain *chain = NULL;
	uint64_t number;

	if (id.state != AMOUNT_OK)
		return NULL;
	if (u256_fits_u64(&id.value, &number))
		chain = chains_find(number);
	buf_printf(ret_text, "%s (chain id ", chain != NULL ? chain->name : "an unknown chain");
	amount_put_number(&id.value, ret_text);
	buf_put_u8(ret_text, ')');
	return chain;
}
