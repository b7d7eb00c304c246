/* Errors about a document: where, what was expected, what is there. */
#include <stdio.h>

#include "base/text.h"
#include "eth/typed_data_parts.h"

/* Of a path, and of a value, that an error repeats. Both are cut between characters. */
#define PATH_SHOWN_MAX  200
#define VALUE_SHOWN_MAX 48
/* Steps that a path can have: the document's own on top of what the depth allows. */
#define PATH_STEPS_MAX (TYPED_DATA_DEPTH_MAX + 8)

static void put_path(const struct typed_path *path, struct buf *ret_text)
{
	const struct typed_path *steps[PATH_STEPS_MAX];
	size_t count = 0;

	for (; path != NULL && count < PATH_STEPS_MAX; path = path->up)
		steps[count++] = path;
	while (count-- > 0) {
		const struct typed_path *step = steps[count];
		if (step->name.data == NULL) {
			buf_printf(ret_text, "[%zu]", step->index);
			continue;
		}
		if (ret_text->size > 0)
			buf_put_u8(ret_text, '.');
		text_escape(step->name, PATH_SHOWN_MAX / 2, ret_text);
	}
}

/* The end of a path says more than its beginning. */
static struct bytes path_end(struct bytes path)
{
	size_t start = path.size > PATH_SHOWN_MAX ? path.size - PATH_SHOWN_MAX : 0;

	while (start > 0 && start < path.size && (path.data[start] & 0xc0) == 0x80)
		start++;
	return bytes_of(path.data + start, path.size - start);
}

bool typed_refuse(struct error *ret_error, const struct typed_path *path, enum error_kind kind, const char *format, ...)
{
	BUF_CLEANUP struct buf text = BUF_INIT(65536);
	va_list args;

	va_start(args, format);
	char words[ERROR_TEXT_SIZE];
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	put_path(path, &text);
	struct bytes shown = path_end(buf_bytes(&text));
	return error_set(
	    ret_error, kind, "%s%.*s: %s", shown.size < text.size ? "…" : "", (int)shown.size, (const char *)shown.data, words);
}

static void put_found(yyjson_val *untrusted_found, struct buf *ret_text)
{
	bool is_text = yyjson_is_str(untrusted_found);

	if (untrusted_found == NULL) {
		buf_put_text(ret_text, "nothing");
	} else if (is_text || yyjson_is_raw(untrusted_found)) {
		buf_put_text(ret_text, is_text ? "\"" : "");
		text_escape(json_bytes(untrusted_found), VALUE_SHOWN_MAX, ret_text);
		buf_put_text(ret_text, is_text ? "\"" : "");
	} else if (yyjson_is_bool(untrusted_found)) {
		buf_put_text(ret_text, yyjson_is_true(untrusted_found) ? "true" : "false");
	} else if (yyjson_is_null(untrusted_found)) {
		buf_put_text(ret_text, "null");
	} else {
		buf_put_text(ret_text, yyjson_is_arr(untrusted_found) ? "a list" : "an object");
	}
}

bool typed_refuse_found(struct error *ret_error, const struct typed_path *path, enum error_kind kind, yyjson_val *untrusted_found,
    const char *expected)
{
	BUF_CLEANUP struct buf found = BUF_INIT(4096);

	put_found(untrusted_found, &found);
	return typed_refuse(ret_error, path, kind, "expected %s, found %s", expected, buf_text(&found));
}
