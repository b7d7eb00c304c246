/* The syntax of clients.conf, over libinih. */
#include <ini.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "core/clients_private.h"

/* A value of several lines. */
#define VALUE_MAX CLIENTS_FILE_MAX
#define BOM       "\xef\xbb\xbf"

/*
 * libinih as distributions ship it cuts longer lines, and names of sections, without a word, hands out no line numbers, and does not look at what stands
 * behind a section's bracket. So it gets its lines from here, one by one, after they were looked at.
 */
struct file {
	struct bytes rest;
	size_t line;   /* number of the line that libinih has */
	bool indented; /* that line goes on with the value before it */
	struct client_sections *sections;
	bool has_key; /* the value of `key` is being gathered */
	enum client_key key;
	size_t key_line;
	struct buf value;
	bool failed;
	struct error *error;
};

static void fail_at(struct file *file, size_t line)
{
	if (!file->failed)
		error_prefix(file->error, "line %zu", line);
	file->failed = true;
}

static struct client_section *section_of(const struct file *file)
{
	return file->sections->last;
}

/* The value is complete. False: it is wrong, or something before it was. */
static bool finish_key(struct file *file)
{
	struct client_section *section = section_of(file);

	if (!file->has_key || file->failed)
		return !file->failed;
	file->has_key = false;
	if (client_value_parse(file->key, buf_bytes(&file->value), file->sections->arena, &section->rights, file->error))
		return true;
	error_prefix(file->error, "[%s] %s", section->title, client_key_name(file->key));
	fail_at(file, file->key_line);
	return false;
}

/* ---- lines ---- */

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

static struct bytes trim(struct bytes text)
{
	while (text.size > 0 && is_blank(text.data[text.size - 1]))
		text.size--;
	while (text.size > 0 && is_blank(text.data[0]))
		text = bytes_of(text.data + 1, text.size - 1);
	return text;
}

/* Versions of libinih differ in where they see a comment behind a value: none is left for them. */
static struct bytes cut_comment(struct bytes line)
{
	for (size_t i = 1; i < line.size; i++)
		if (line.data[i] == ';' && is_blank(line.data[i - 1]))
			return bytes_of(line.data, i);
	return line;
}

static struct bytes next_line(struct file *file)
{
	const uint8_t *end = memchr(file->rest.data, '\n', file->rest.size);
	size_t size = end == NULL ? file->rest.size : (size_t)(end - file->rest.data);
	struct bytes line = bytes_of(file->rest.data, size);
	size_t taken = end == NULL ? size : size + 1;

	file->rest = bytes_of(file->rest.data + taken, file->rest.size - taken);
	file->line++;
	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	return line;
}

static struct client_section *find_section(const struct file *file, const char *title)
{
	struct client_section *at = file->sections->first;

	while (at != NULL && strcmp(at->title, title) != 0)
		at = at->next;
	return at;
}

static bool open_section(struct file *file, struct bytes line, struct error *ret_error)
{
	const uint8_t *end = memchr(line.data, ']', line.size);
	struct client_section *section;
	const struct client_section *other;
	size_t size = end == NULL ? 0 : (size_t)(end - line.data);

	if (end == NULL || trim(bytes_of(end + 1, line.size - size - 1)).size > 0)
		return client_value_unexpected(ret_error, "[SECTION] alone on its line", line);
	section = arena_alloc(file->sections->arena, sizeof(*section));
	section->title = arena_text(file->sections->arena, bytes_of(line.data + 1, size - 1));
	section->line = file->line;
	if (!client_title_parse(section->title, &section->id, ret_error))
		return false;
	other = find_section(file, section->title);
	if (other != NULL)
		return error_set(ret_error, ERROR_REFUSED, "[%s]: expected each section once, found it in line %zu already",
		    section->title, other->line);
	if (file->sections->last != NULL)
		file->sections->last->next = section;
	else
		file->sections->first = section;
	file->sections->last = section;
	file->sections->count++;
	return true;
}

static bool has_separator(struct bytes line)
{
	return memchr(line.data, '=', line.size) != NULL || memchr(line.data, ':', line.size) != NULL;
}

/* What libinih would guess about, or drop. `line` is not empty and no comment. */
static bool take_line(struct file *file, struct bytes line, struct error *ret_error)
{
	if (line.size > CLIENTS_LINE_MAX)
		return error_set(ret_error, ERROR_REFUSED,
		    "expected at most %zu bytes in a line, found %zu; go on in the next line, indented", CLIENTS_LINE_MAX,
		    line.size);
	file->indented = is_blank(line.data[0]);
	if (file->indented && trim(line).data[0] == '[')
		return client_value_unexpected(ret_error, "a section to begin without white space before it", line);
	if (file->indented)
		return file->has_key ||
		       client_value_unexpected(ret_error, "a key before the indented line that goes on with its value", line);
	if (line.data[0] == '[')
		return finish_key(file) && open_section(file, line, ret_error);
	if (!has_separator(line))
		return client_value_unexpected(ret_error, "[SECTION], KEY = VALUE or a comment", line);
	return section_of(file) != NULL || client_value_unexpected(ret_error, "a section before the first key", line);
}

static bool is_comment(struct bytes line)
{
	struct bytes text = trim(line);

	return text.size == 0 || text.data[0] == ';' || text.data[0] == '#';
}

/* For libinih: the next line, terminated; NULL at the end. A comment is an empty line. */
static char *give_line(char *ret_line, int size, void *context)
{
	struct file *file = context;
	struct bytes line;

	if (file->failed || file->rest.size == 0)
		return NULL;
	line = next_line(file);
	file->indented = false;
	if (is_comment(line)) {
		ret_line[0] = 0;
		return ret_line;
	}
	line = cut_comment(line);
	bool ok = take_line(file, line, file->error);

	if (ok && (size <= 0 || line.size >= (size_t)size))
		ok = error_set(file->error, ERROR_INTERNAL, "libinih was built for shorter lines");
	if (!ok) {
		fail_at(file, file->line);
		return NULL;
	}
	memcpy(ret_line, line.data, line.size);
	ret_line[line.size] = 0;
	return ret_line;
}

/* ---- keys ---- */

static void begin_key(struct file *file, const char *name)
{
	struct client_section *section = section_of(file);

	if (!finish_key(file))
		return;
	if (!client_key_find(name, &file->key, file->error)) {
		error_prefix(file->error, "[%s]", section->title);
		fail_at(file, file->line);
		return;
	}
	if ((section->given & CLIENT_KEY_BIT(file->key)) != 0) {
		error_set(file->error, ERROR_REFUSED, "[%s] %s: expected each key once, found it twice", section->title, name);
		fail_at(file, file->line);
		return;
	}
	section->given |= CLIENT_KEY_BIT(file->key);
	file->has_key = true;
	file->key_line = file->line;
	buf_reset(&file->value);
}

/* From libinih. It goes on after a failure until the next line is asked for. */
static int take_value(void *context, const char *section, const char *name, const char *value)
{
	struct file *file = context;

	(void)section; /* cut by libinih when it is long */
	if (file->failed || name == NULL || value == NULL)
		return 1;
	if (file->indented)
		buf_put_u8(&file->value, ' ');
	else
		begin_key(file, name);
	buf_put_text(&file->value, value);
	return 1;
}

/* ---- the whole ---- */

static bool check_characters(struct bytes text, struct error *ret_error)
{
	size_t line = 1;

	for (size_t i = 0, size = 0; i < text.size; i += size) {
		uint32_t character = 0;

		size = text_decode(bytes_of(text.data + i, text.size - i), &character);
		if (size == 0)
			return error_set(
			    ret_error, ERROR_REFUSED, "line %zu: expected UTF-8, found the byte 0x%02x", line, text.data[i]);
		bool ends_line = character == '\r' && (i + 1 == text.size || text.data[i + 1] == '\n');

		line += character == '\n';
		if (character != '\n' && character != '\t' && !ends_line && text_is_deceptive(character))
			return error_set(ret_error, ERROR_REFUSED,
			    "line %zu: expected text that can be seen, found the character U+%04X", line, (unsigned)character);
	}
	return true;
}

bool client_sections_read(struct bytes untrusted_text, struct client_sections *sections, struct error *ret_error)
{
	struct file file = {.sections = sections, .value = BUF_INIT(VALUE_MAX), .error = ret_error};
	const size_t bom = sizeof(BOM) - 1;

	if (untrusted_text.size > CLIENTS_FILE_MAX)
		return error_set(ret_error, ERROR_REFUSED, "expected at most %zu bytes, found more", CLIENTS_FILE_MAX);
	if (untrusted_text.size >= bom && memcmp(untrusted_text.data, BOM, bom) == 0)
		untrusted_text = bytes_of(untrusted_text.data + bom, untrusted_text.size - bom);
	if (!check_characters(untrusted_text, ret_error))
		return false;
	file.rest = untrusted_text;
	int result = ini_parse_stream(give_line, &file, take_value, &file);

	bool ok = finish_key(&file);

	buf_free(&file.value);
	if (ok && result != 0)
		return error_set(ret_error, ERROR_REFUSED, "line %d: expected [SECTION], KEY = VALUE or a comment", result);
	return ok;
}
