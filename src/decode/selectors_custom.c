#include "decode/selectors_custom.h"

#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/json.h"
#include "base/memory.h"
#include "decode/abi.h"

#define SELECTOR_SIZE 4
#define SELECTOR_TEXT 8
#define WARNINGS_MOST 5
/* An arena of its own for each of a million entries would take longer than all the rest. */
#define SPACE_MOST ((size_t)256 * 1024)
/* Of a name or text from the file in an error. */
#define SHOWN_MOST 60

void selectors_custom_free(struct selectors_custom *list)
{
	free(list->entries);
	buf_free(&list->texts);
	list->entries = NULL;
	list->count = list->capacity = 0;
}

static int shown_size(struct bytes text)
{
	return (int)(text.size < SHOWN_MOST ? text.size : SHOWN_MOST);
}

static bool is_space(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static size_t count_spaces(struct bytes text)
{
	size_t count = 0;

	while (count < text.size && is_space(text.data[count]))
		count++;
	return count;
}

/* Names as Clef looks them up: it does not find "A9059CBB" or "0xa9059cbb" either. */
static bool read_selector(struct bytes name, uint8_t ret_selector[SELECTOR_SIZE])
{
	for (size_t i = 0; i < name.size; i++)
		if (name.data[i] >= 'A' && name.data[i] <= 'F')
			return false;
	return hex_decode_fixed(name, ret_selector, SELECTOR_SIZE);
}

/* ---- the list ---- */

static int compare(const void *left, const void *right)
{
	const struct selectors_custom_entry *a = left, *b = right;

	return memcmp(a->selector, b->selector, SELECTOR_SIZE);
}

/* The first entry that is not before the selector. */
static size_t lower_bound(const struct selectors_custom *list, const uint8_t selector[SELECTOR_SIZE])
{
	size_t low = 0, high = list->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(list->entries[middle].selector, selector, SELECTOR_SIZE) < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool is_at(const struct selectors_custom *list, size_t at, const uint8_t selector[SELECTOR_SIZE])
{
	return at < list->count && memcmp(list->entries[at].selector, selector, SELECTOR_SIZE) == 0;
}

bool selectors_custom_find(
    const struct selectors_custom *list, const uint8_t selector[SELECTOR_SIZE], struct bytes *ret_signature)
{
	if (list == NULL)
		return false;
	size_t at = lower_bound(list, selector);

	if (!is_at(list, at, selector))
		return false;
	*ret_signature = bytes_of(list->texts.data + list->entries[at].offset, list->entries[at].size);
	return true;
}

/* One more entry, in no order yet; false when there is no room. */
static bool append(struct selectors_custom *list, const uint8_t selector[SELECTOR_SIZE], struct bytes signature)
{
	void *array = list->entries;
	struct selectors_custom_entry entry = {.offset = (uint32_t)list->texts.size, .size = (uint32_t)signature.size};

	if (list->count == SELECTORS_CUSTOM_MAX || signature.size > list->texts.limit - list->texts.size)
		return false;
	memcpy(entry.selector, selector, SELECTOR_SIZE);
	buf_put_bytes(&list->texts, signature);
	if (list->count == list->capacity)
		memory_grow(&array, &list->capacity, list->count + 1, sizeof(*list->entries));
	list->entries = array;
	list->entries[list->count++] = entry;
	return true;
}

bool selectors_custom_add(struct selectors_custom *list, const uint8_t selector[SELECTOR_SIZE], struct bytes signature)
{
	size_t at = lower_bound(list, selector);

	if (is_at(list, at, selector) || !append(list, selector, signature))
		return false;
	struct selectors_custom_entry added = list->entries[list->count - 1];

	memmove(&list->entries[at + 1], &list->entries[at], (list->count - 1 - at) * sizeof(added));
	list->entries[at] = added;
	return true;
}

/* ---- the file ---- */

/* ret_json->root is an object of texts, each name once; NULL for an empty file. */
static bool parse_file(struct bytes untrusted_content, struct json *ret_json, struct error *ret_error)
{
	struct bytes twice;
	yyjson_obj_iter iter;
	yyjson_val *name;

	*ret_json = (struct json){0};
	if (count_spaces(untrusted_content) == untrusted_content.size)
		return true;
	if (!json_parse_file(untrusted_content, ret_json, ret_error))
		return false;
	if (!yyjson_is_obj(ret_json->root))
		return error_set(ret_error, ERROR_REFUSED, "expected a JSON object from selectors to signatures, found %s",
		    yyjson_get_type_desc(ret_json->root));
	if (json_has_duplicate(ret_json->root, &twice))
		return error_set(ret_error, ERROR_REFUSED, "names %.*s twice", shown_size(twice), (const char *)twice.data);
	if (yyjson_obj_size(ret_json->root) > SELECTORS_CUSTOM_MAX)
		return error_set(ret_error, ERROR_REFUSED, "has more than %zu entries", SELECTORS_CUSTOM_MAX);
	iter = yyjson_obj_iter_with(ret_json->root);
	while ((name = yyjson_obj_iter_next(&iter)) != NULL)
		if (!yyjson_is_str(yyjson_obj_iter_get_val(name)))
			return error_set(ret_error, ERROR_REFUSED,
			    "%.*s: expected a text such as \"transfer(address,uint256)\", found %s", shown_size(json_bytes(name)),
			    yyjson_get_str(name), yyjson_get_type_desc(yyjson_obj_iter_get_val(name)));
	return true;
}

/* The arena is for what is needed meanwhile. */
static bool check_entry(
    struct bytes name, struct bytes signature, struct arena *arena, uint8_t ret_selector[SELECTOR_SIZE], struct error *ret_error)
{
	struct abi_method method;

	if (!read_selector(name, ret_selector))
		return error_set(ret_error, ERROR_REFUSED, "a selector is 8 lower-case hex digits");
	if (!abi_parse_method(signature, arena, &method, ret_error))
		return false;
	return memcmp(method.selector, ret_selector, SELECTOR_SIZE) == 0 ||
	       error_set(ret_error, ERROR_REFUSED, "the selector of \"%.*s\" is %02x%02x%02x%02x", shown_size(signature),
	           (const char *)signature.data, method.selector[0], method.selector[1], method.selector[2], method.selector[3]);
}

bool selectors_custom_read(
    struct bytes untrusted_content, const struct log *log, struct selectors_custom *list, struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	JSON_CLEANUP struct json json = {0};
	yyjson_obj_iter iter;
	yyjson_val *name;
	size_t useless = 0;

	if (!parse_file(untrusted_content, &json, ret_error))
		return false;
	iter = yyjson_obj_iter_with(json.root);
	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		struct bytes signature = json_bytes(yyjson_obj_iter_get_val(name));
		uint8_t selector[SELECTOR_SIZE];
		struct error problem;

		if (arena.total > SPACE_MOST)
			arena_free(&arena);
		if (check_entry(json_bytes(name), signature, &arena, selector, &problem))
			append(list, selector, signature);
		else if (useless++ < WARNINGS_MOST)
			log_warn(log, "the entry %.*s is not used: %s", shown_size(json_bytes(name)), yyjson_get_str(name),
			    problem.text);
	}
	if (useless > WARNINGS_MOST)
		log_warn(log, "%zu more entries are not used", useless - WARNINGS_MOST);
	if (list->count > 0)
		qsort(list->entries, list->count, sizeof(*list->entries), compare);
	return true;
}

/* The new entry goes behind the last one, set off from it as the first one is from the brace. */
static void insert(struct bytes content, bool empty, struct bytes name, struct bytes signature, struct buf *ret_content)
{
	size_t open = count_spaces(content), end = content.size;

	while (content.data[--end] != '}')
		continue;
	while (is_space(content.data[end - 1]))
		end--;
	struct bytes behind_brace = bytes_of(content.data + open + 1, content.size - open - 1);

	buf_put(ret_content, content.data, end);
	if (!empty) {
		buf_put_u8(ret_content, ',');
		buf_put(ret_content, behind_brace.data, count_spaces(behind_brace));
	}
	json_put_string(ret_content, name);
	buf_put_text(ret_content, !empty && count_spaces(behind_brace) > 0 ? ": " : ":");
	json_put_string(ret_content, signature);
	buf_put(ret_content, content.data + end, content.size - end);
}

bool selectors_custom_put(struct bytes untrusted_content, const uint8_t selector[SELECTOR_SIZE], struct bytes signature,
    bool *ret_known, struct buf *ret_content, struct error *ret_error)
{
	JSON_CLEANUP struct json json = {0};
	BUF_CLEANUP struct buf name = BUF_INIT(SELECTOR_TEXT);

	*ret_known = false;
	if (!parse_file(untrusted_content, &json, ret_error))
		return false;
	hex_encode(bytes_of(selector, SELECTOR_SIZE), &name);
	*ret_known = yyjson_obj_get(json.root, buf_text(&name)) != NULL;
	if (*ret_known)
		return true;
	if (json.root == NULL)
		untrusted_content = bytes_text("{}");
	if (yyjson_obj_size(json.root) == SELECTORS_CUSTOM_MAX)
		return error_set(ret_error, ERROR_REFUSED, "has %zu entries, no more are possible", SELECTORS_CUSTOM_MAX);
	insert(untrusted_content, yyjson_obj_size(json.root) == 0, buf_bytes(&name), signature, ret_content);
	return (buf_ok(ret_content) && ret_content->size <= SELECTORS_CUSTOM_FILE_MAX) ||
	       error_set(ret_error, ERROR_REFUSED, "would grow beyond %zu bytes", SELECTORS_CUSTOM_FILE_MAX);
}
