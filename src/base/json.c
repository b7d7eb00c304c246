#include "base/json.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/text.h"

/* Every block is preceded by its size, so that it can be wiped. 16 bytes keep the alignment that malloc gives. */
#define BLOCK_HEADER 16

static void *wiping_malloc(void *context, size_t size)
{
	(void)context;
	if (size > SIZE_MAX - BLOCK_HEADER)
		memory_exhausted();
	uint8_t *block = malloc(size + BLOCK_HEADER);
	if (block == NULL)
		memory_exhausted();
	memcpy(block, &size, sizeof size);
	return block + BLOCK_HEADER;
}

static void wiping_free(void *context, void *data)
{
	size_t size;

	(void)context;
	if (data == NULL)
		return;
	uint8_t *block = (uint8_t *)data - BLOCK_HEADER;
	memcpy(&size, block, sizeof size);
	bytes_wipe(data, size);
	free(block);
}

static void *wiping_realloc(void *context, void *data, size_t old_size, size_t size)
{
	void *fresh = wiping_malloc(context, size);

	if (data != NULL)
		memcpy(fresh, data, old_size < size ? old_size : size);
	wiping_free(context, data);
	return fresh;
}

static const yyjson_alc wiping_allocator = {wiping_malloc, wiping_realloc, wiping_free, NULL};

/* Before parsing, so that nothing deeper ever becomes a document. Brackets in strings do not count. */
static bool depth_is_allowed(struct bytes text)
{
	size_t depth = 0;
	bool in_string = false;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];
		if (in_string && c == '\\')
			i++;
		else if (c == '"')
			in_string = !in_string;
		else if (!in_string && (c == '[' || c == '{') && ++depth > JSON_DEPTH_MAX)
			return false;
		else if (!in_string && (c == ']' || c == '}') && depth > 0)
			depth--;
	}
	return true;
}

static bool parse(struct bytes untrusted_text, struct json *ret_json, yyjson_read_err *ret_failure)
{
	*ret_json = (struct json){0};
	if (!depth_is_allowed(untrusted_text)) {
		*ret_failure = (yyjson_read_err){.msg = "too many values inside each other"};
		return false;
	}
	/* yyjson writes to the text only when asked to work in place. */
	char *text = (char *)(uintptr_t)untrusted_text.data;

	ret_json->doc = yyjson_read_opts(text, untrusted_text.size, YYJSON_READ_NUMBER_AS_RAW, &wiping_allocator, ret_failure);
	ret_json->root = yyjson_doc_get_root(ret_json->doc);
	return ret_json->doc != NULL;
}

bool json_parse(struct bytes untrusted_text, struct json *ret_json, struct error *ret_error)
{
	yyjson_read_err ignored; /* clients compare the text that Clef gave: it names no place */

	return parse(untrusted_text, ret_json, &ignored) || error_set(ret_error, ERROR_PARSE, "parse error");
}

bool json_parse_file(struct bytes untrusted_text, struct json *ret_json, struct error *ret_error)
{
	yyjson_read_err failure = {0};
	size_t line = 1, column = 1, line_begin = 0;

	if (parse(untrusted_text, ret_json, &failure))
		return true;
	for (size_t i = 0; i < failure.pos && i < untrusted_text.size; i++) {
		if (untrusted_text.data[i] == '\n') {
			line++;
			line_begin = i + 1;
		}
	}
	column += failure.pos - line_begin;
	return error_set(ret_error, ERROR_REFUSED, "line %zu, column %zu: no JSON: %s", line, column, failure.msg);
}

bool json_is_garbage(struct bytes untrusted_text)
{
	char *text = (char *)(uintptr_t)untrusted_text.data;
	yyjson_read_err failure;
	yyjson_doc *doc = yyjson_read_opts(
	    text, untrusted_text.size, YYJSON_READ_NUMBER_AS_RAW | YYJSON_READ_STOP_WHEN_DONE, &wiping_allocator, &failure);

	if (doc == NULL)
		return failure.code != YYJSON_READ_ERROR_UNEXPECTED_END;
	yyjson_doc_free(doc);
	return false;
}

void json_free(struct json *json)
{
	yyjson_doc_free(json->doc);
	*json = (struct json){0};
}

struct bytes json_bytes(yyjson_val *value)
{
	if (yyjson_is_raw(value))
		return bytes_of(yyjson_get_raw(value), yyjson_get_len(value));
	if (yyjson_is_str(value))
		return bytes_of(yyjson_get_str(value), yyjson_get_len(value));
	return BYTES_NONE;
}

/* By length first: cheaper, and any order will do. */
static int name_compare(const void *left, const void *right)
{
	const struct bytes *a = left;
	const struct bytes *b = right;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return a->size == 0 ? 0 : memcmp(a->data, b->data, a->size);
}

/* Sorted, equal names are neighbours: no choice of names makes this slow. `names` has room for every member. */
static bool object_has_duplicate(yyjson_val *object, struct bytes *names, struct bytes *ret_name)
{
	yyjson_obj_iter iter = yyjson_obj_iter_with(object);
	yyjson_val *name;
	size_t count = 0;

	while ((name = yyjson_obj_iter_next(&iter)) != NULL)
		names[count++] = json_bytes(name);
	qsort(names, count, sizeof *names, name_compare);
	for (size_t i = 1; i < count; i++) {
		if (bytes_equal(names[i - 1], names[i])) {
			*ret_name = names[i];
			return true;
		}
	}
	return false;
}

bool json_has_duplicate(yyjson_val *value, struct bytes *ret_name)
{
	struct bytes *names = NULL;
	size_t capacity = 0;
	bool found = false;

	*ret_name = BYTES_NONE;
	if (!yyjson_is_ctn(value))
		return false;
	/* All that a value holds lies behind it in one row, so that no depth needs a stack. */
	yyjson_val *end = unsafe_yyjson_get_next(value);
	for (yyjson_val *at = value; at < end && !found; at++) {
		if (yyjson_obj_size(at) < 2)
			continue;
		memory_grow((void **)&names, &capacity, yyjson_obj_size(at), sizeof *names);
		found = object_has_duplicate(at, names, ret_name);
	}
	free(names);
	return found;
}

/* Takes over the text that yyjson wrote, or NULL. */
static bool put_written(char *text, size_t size, struct buf *ret_text)
{
	if (text == NULL)
		return false;
	buf_put(ret_text, text, size);
	wiping_free(NULL, text);
	return buf_ok(ret_text);
}

bool json_write(yyjson_val *value, struct buf *ret_text)
{
	size_t size = 0;
	char *text = yyjson_val_write_opts(value, YYJSON_WRITE_NOFLAG, &wiping_allocator, &size, NULL);

	return put_written(text, size, ret_text);
}

bool json_write_mut(yyjson_mut_doc *doc, struct buf *ret_text)
{
	size_t size = 0;
	char *text = yyjson_mut_write_opts(doc, YYJSON_WRITE_NOFLAG, &wiping_allocator, &size, NULL);

	return put_written(text, size, ret_text);
}

yyjson_mut_doc *json_mut_new(void)
{
	return yyjson_mut_doc_new(&wiping_allocator);
}

static const char *short_escape(uint8_t c)
{
	switch (c) {
	case '"':
		return "\\\"";
	case '\\':
		return "\\\\";
	case '\n':
		return "\\n";
	case '\r':
		return "\\r";
	case '\t':
		return "\\t";
	default:
		return NULL;
	}
}

/* Bytes at the front that stand for themselves in a JSON string. */
static size_t verbatim_run(struct bytes text)
{
	size_t size = 0;

	while (size < text.size) {
		uint8_t c = text.data[size];
		uint32_t codepoint;
		size_t width = c < 0x80 ? 1 : text_decode(bytes_of(text.data + size, text.size - size), &codepoint);
		if (width == 0 || c < 0x20 || c == '"' || c == '\\')
			break;
		size += width;
	}
	return size;
}

void json_put_string(struct buf *buf, struct bytes text)
{
	buf_put_u8(buf, '"');
	while (text.size > 0) {
		size_t size = verbatim_run(text);
		if (size > 0) {
			buf_put(buf, text.data, size);
		} else {
			uint8_t c = text.data[0];
			const char *escape = short_escape(c);
			if (escape != NULL)
				buf_put_text(buf, escape);
			else if (c < 0x20)
				buf_printf(buf, "\\u%04x", c);
			else
				buf_put_text(buf, "\xef\xbf\xbd"); /* U+FFFD */
			size = 1;
		}
		text.data += size;
		text.size -= size;
	}
	buf_put_u8(buf, '"');
}
