/*
 * layout: lines, fields and blocks of a page, wrapped to the terminal's width.
 *
 * Text from outside comes in only through the functions named *_untrusted, which escape it (base/text.h) and cut it visibly. It never starts in the
 * first column, whatever it holds: a page's own headings and prompts cannot be imitated. All widths are in terminal columns; characters
 * from U+1100 on count as two, which is never too few.
 */
#ifndef CLEF_UI_LAYOUT_H
#define CLEF_UI_LAYOUT_H

#include "base/bytes.h"

#define LAYOUT_WIDTH_LEAST   24
#define LAYOUT_WIDTH_MOST    100
#define LAYOUT_WIDTH_DEFAULT 80

enum layout_style { LAYOUT_PLAIN, LAYOUT_BOLD, LAYOUT_CRITICAL, LAYOUT_WARNING, LAYOUT_FAINT };

struct layout {
	struct buf *out;
	unsigned width;
	bool colour;
	bool full; /* cut only what is far too long */
	bool cut;  /* set when something was left out */
};

/* width 0: the default; others are brought into the limits. */
struct layout layout_new(struct buf *out, unsigned width, bool colour, bool full);

/* A heading between two rules. */
void layout_title(struct layout *layout, const char *title);
/* A line of its own before a group of fields. */
void layout_section(struct layout *layout, const char *name);
/* An empty line. */
void layout_gap(struct layout *layout);
/* Text of ours (or made of parsed values) as a paragraph. `prefix` begins the first line, the others are indented as far. */
void layout_paragraph(struct layout *layout, enum layout_style style, const char *prefix, struct bytes text);
/* "  Label         value" with the value's further lines below its first. */
void layout_field(struct layout *layout, const char *label, struct bytes value);
void layout_field_text(struct layout *layout, const char *label, const char *value);
/* The same with text from outside, at most `most` bytes of it. */
void layout_field_untrusted(struct layout *layout, const char *label, struct bytes untrusted_value, size_t most);
void layout_paragraph_untrusted(
    struct layout *layout, enum layout_style style, const char *prefix, struct bytes untrusted_text, size_t most);
/*
 * The same for one entry of a list or tree, where text from outside could be padded so that its next line looks like another entry: further lines begin
 * with a mark that no entry has.
 */
void layout_entry_untrusted(struct layout *layout, const char *prefix, struct bytes untrusted_text, size_t most);
/* Text from outside, its own line breaks kept, each line behind "  | ". */
void layout_quote_untrusted(struct layout *layout, struct bytes untrusted_text, size_t most);
/* Bytes as hexadecimal digits in groups of four bytes, at most `most` of them. */
void layout_hex(struct layout *layout, struct bytes data, size_t most);
/* Says that `count` things are left out: "… 12 more accounts not shown". Marks the page as cut. */
void layout_left_out(struct layout *layout, const char *prefix, size_t count, const char *things);
/* How much of something is shown when `most` is the usual limit. */
size_t layout_most(const struct layout *layout, size_t most);

#endif
