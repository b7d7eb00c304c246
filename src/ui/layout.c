#include "ui/layout.h"

#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "base/text.h"

/* Even a person who wants to see everything is not served by more than this of one thing. */
#define FULL_MOST    ((size_t)1024 * 1024)
#define SCRATCH_MOST (8 * FULL_MOST)
#define LABEL_WIDTH  14
#define NARROW_WIDTH 50
#define VALUE_INDENT "                " /* two columns and the label's */
#define NARROW_LEAD  "    "
#define QUOTE_LEAD   "  | "
#define HEX_GROUP    4

struct layout layout_new(struct buf *out, unsigned width, bool colour, bool full)
{
	if (width == 0)
		width = LAYOUT_WIDTH_DEFAULT;
	if (width < LAYOUT_WIDTH_LEAST)
		width = LAYOUT_WIDTH_LEAST;
	if (width > LAYOUT_WIDTH_MOST)
		width = LAYOUT_WIDTH_MOST;
	return (struct layout){.out = out, .width = width, .colour = colour, .full = full};
}

size_t layout_most(const struct layout *layout, size_t most)
{
	return layout->full && most < FULL_MOST ? FULL_MOST : most;
}

static const char *style_begin(const struct layout *layout, enum layout_style style)
{
	if (!layout->colour)
		return "";
	switch (style) {
	case LAYOUT_PLAIN:
		return "";
	case LAYOUT_BOLD:
		return "\x1b[1m";
	case LAYOUT_CRITICAL:
		return "\x1b[1;37;41m";
	case LAYOUT_WARNING:
		return "\x1b[1;33m";
	case LAYOUT_FAINT:
		return "\x1b[2m";
	}
	return "";
}

static void put_line(struct layout *layout, enum layout_style style, const char *prefix, struct bytes text)
{
	const char *begin = style_begin(layout, style);

	buf_put_text(layout->out, prefix);
	buf_put_text(layout->out, begin);
	buf_put_bytes(layout->out, text);
	buf_put_text(layout->out, begin[0] == '\0' ? "\n" : "\x1b[0m\n");
}

/* Bytes of the text that fit into so many columns, ending after a space if there is one. At least one character. */
static size_t fitting(struct bytes text, unsigned columns)
{
	size_t offset = 0;
	size_t space = 0;
	unsigned used = 0;

	while (offset < text.size) {
		uint32_t codepoint = 0;
		size_t size = text_decode(bytes_of(text.data + offset, text.size - offset), &codepoint);
		unsigned wide = codepoint < 0x1100 ? 1 : 2;

		if (size == 0)
			size = 1;
		if (used + wide > columns && (codepoint == ' ' || offset == 0))
			return offset == 0 ? size : offset;
		if (used + wide > columns)
			return space > 0 ? space : offset;
		used += wide;
		offset += size;
		if (codepoint == ' ')
			space = offset;
	}
	return offset;
}

/* The text on as many lines as it needs; the space at which a line is broken is not printed. */
static void wrap(struct layout *layout, enum layout_style style, const char *first, const char *rest, struct bytes text)
{
	const char *prefix = first;

	do {
		unsigned taken = (unsigned)strlen(prefix);
		size_t size = fitting(text, layout->width > taken + 8 ? layout->width - taken : 8);
		size_t shown = size;

		if (size < text.size && text.data[size - 1] == ' ')
			shown = size - 1;
		else if (size < text.size && text.data[size] == ' ')
			size++;
		put_line(layout, style, prefix, bytes_of(text.data, shown));
		text.data += size;
		text.size -= size;
		prefix = rest;
	} while (text.size > 0);
}

static void escape(struct layout *layout, struct bytes untrusted_text, size_t most, struct buf *ret_text)
{
	most = layout_most(layout, most);
	text_escape(untrusted_text, most, ret_text);
	/* What text_escape says about a cut goes over the limit; nothing else does. */
	if (ret_text->size > most)
		layout->cut = true;
}

static void rule(struct layout *layout)
{
	for (unsigned i = 0; i < layout->width; i++)
		buf_put_u8(layout->out, '=');
	buf_put_u8(layout->out, '\n');
}

void layout_title(struct layout *layout, const char *title)
{
	rule(layout);
	wrap(layout, LAYOUT_BOLD, "", "", bytes_text(title));
	rule(layout);
}

void layout_section(struct layout *layout, const char *name)
{
	layout_gap(layout);
	wrap(layout, LAYOUT_BOLD, "", "", bytes_text(name));
}

void layout_gap(struct layout *layout)
{
	buf_put_u8(layout->out, '\n');
}

void layout_paragraph(struct layout *layout, enum layout_style style, const char *prefix, struct bytes text)
{
	char indent[32];
	size_t size = strlen(prefix) < sizeof indent - 1 ? strlen(prefix) : sizeof indent - 1;

	memset(indent, ' ', size);
	indent[size] = '\0';
	wrap(layout, style, prefix, indent, text);
}

void layout_paragraph_untrusted(
    struct layout *layout, enum layout_style style, const char *prefix, struct bytes untrusted_text, size_t most)
{
	struct buf text BUF_CLEANUP = BUF_INIT(SCRATCH_MOST);

	escape(layout, untrusted_text, most, &text);
	layout_paragraph(layout, style, prefix, buf_bytes(&text));
}

void layout_entry_untrusted(struct layout *layout, const char *prefix, struct bytes untrusted_text, size_t most)
{
	struct buf text BUF_CLEANUP = BUF_INIT(SCRATCH_MOST), rest BUF_CLEANUP = BUF_INIT(SCRATCH_MOST);

	escape(layout, untrusted_text, most, &text);
	buf_printf(&rest, "%s  | ", prefix);
	wrap(layout, LAYOUT_PLAIN, prefix, buf_text(&rest), buf_bytes(&text));
}

void layout_field(struct layout *layout, const char *label, struct bytes value)
{
	char first[64];

	if (layout->width < NARROW_WIDTH) {
		snprintf(first, sizeof first, "%s:", label);
		if (label[0] != '\0')
			wrap(layout, LAYOUT_PLAIN, "  ", "  ", bytes_text(first));
		wrap(layout, LAYOUT_PLAIN, NARROW_LEAD, NARROW_LEAD, value);
		return;
	}
	snprintf(first, sizeof first, "  %-*s", LABEL_WIDTH, label);
	wrap(layout, LAYOUT_PLAIN, first, VALUE_INDENT, value);
}

void layout_field_text(struct layout *layout, const char *label, const char *value)
{
	layout_field(layout, label, bytes_text(value));
}

void layout_field_untrusted(struct layout *layout, const char *label, struct bytes untrusted_value, size_t most)
{
	struct buf text BUF_CLEANUP = BUF_INIT(SCRATCH_MOST);

	escape(layout, untrusted_value, most, &text);
	layout_field(layout, label, buf_bytes(&text));
}

/* At most `size` bytes of the text, so that no character is cut in two. */
static size_t whole_characters(struct bytes text, size_t size)
{
	size_t end = size;

	while (size < text.size && end > 0 && size - end < 4 && (text.data[end] & 0xc0) == 0x80)
		end--;
	return end > 0 ? end : size;
}

void layout_quote_untrusted(struct layout *layout, struct bytes untrusted_text, size_t most)
{
	struct bytes left = untrusted_text;
	size_t room = layout_most(layout, most);
	size_t lines = layout_most(layout, 60);

	for (;;) {
		struct buf line BUF_CLEANUP = BUF_INIT(SCRATCH_MOST);
		const uint8_t *end = left.size == 0 ? NULL : memchr(left.data, '\n', left.size);
		size_t size = end == NULL ? left.size : (size_t)(end - left.data);
		size_t shown = size < room ? size : whole_characters(left, room);

		text_escape(bytes_of(left.data, shown), SCRATCH_MOST, &line);
		wrap(layout, LAYOUT_PLAIN, QUOTE_LEAD, QUOTE_LEAD, buf_bytes(&line));
		room -= shown;
		left.data += shown;
		left.size -= shown;
		if (left.size == 0)
			return;
		if (end == NULL || shown < size || --lines == 0) {
			layout_left_out(layout, "  ", left.size, "bytes");
			return;
		}
		left.data++;
		left.size--;
	}
}

void layout_hex(struct layout *layout, struct bytes data, size_t most)
{
	size_t shown = layout_most(layout, most) < data.size ? layout_most(layout, most) : data.size;
	size_t groups = (layout->width - sizeof NARROW_LEAD) / (2 * HEX_GROUP + 1);
	size_t per_line = groups >= 8 ? 8 * HEX_GROUP : groups >= 4 ? 4 * HEX_GROUP : 2 * HEX_GROUP;

	for (size_t at = 0; at < shown; at += per_line) {
		size_t end = at + per_line < shown ? at + per_line : shown;

		buf_put_text(layout->out, NARROW_LEAD);
		for (size_t i = at; i < end; i += HEX_GROUP) {
			if (i > at)
				buf_put_u8(layout->out, ' ');
			hex_encode(bytes_of(data.data + i, end - i < HEX_GROUP ? end - i : HEX_GROUP), layout->out);
		}
		buf_put_u8(layout->out, '\n');
	}
	if (shown < data.size)
		layout_left_out(layout, NARROW_LEAD, data.size - shown, "bytes");
}

void layout_left_out(struct layout *layout, const char *prefix, size_t count, const char *things)
{
	char text[96];

	layout->cut = true;
	snprintf(text, sizeof text, "[... %zu more %s not shown]", count, things);
	layout_paragraph(layout, LAYOUT_WARNING, prefix, bytes_text(text));
}
