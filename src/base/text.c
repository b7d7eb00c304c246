#include "base/text.h"

#include <stdio.h>

/* Lowest code point of a form of 2, 3 and 4 bytes: a smaller one is overlong. */
static const uint32_t form_lowest[5] = {0, 0, 0x80, 0x800, 0x10000};

static size_t form_size(uint8_t lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead <= 0xdf)
		return 2;
	if (lead >= 0xe0 && lead <= 0xef)
		return 3;
	if (lead >= 0xf0 && lead <= 0xf4)
		return 4;
	return 0;
}

size_t text_decode(struct bytes text, uint32_t *ret_codepoint)
{
	size_t size = text.size == 0 ? 0 : form_size(text.data[0]);

	if (size == 0 || size > text.size)
		return 0;
	uint32_t codepoint = size == 1 ? text.data[0] : text.data[0] & (0x7fu >> size);
	for (size_t i = 1; i < size; i++) {
		if ((text.data[i] & 0xc0) != 0x80)
			return 0;
		codepoint = codepoint << 6 | (text.data[i] & 0x3fu);
	}
	if (codepoint < form_lowest[size] || codepoint > 0x10ffff || (codepoint >= 0xd800 && codepoint <= 0xdfff))
		return 0;
	*ret_codepoint = codepoint;
	return size;
}

bool text_is_utf8(struct bytes text)
{
	uint32_t codepoint;

	while (text.size > 0) {
		size_t size = text.data[0] < 0x80 ? 1 : text_decode(text, &codepoint);
		if (size == 0)
			return false;
		text.data += size;
		text.size -= size;
	}
	return true;
}

/* In ascending order. Variation selectors and fillers count: they make two texts differ that look the same. */
static const struct {
	uint32_t first, last;
} deceptive[] = {
    {0x00, 0x1f},       /* C0 */
    {0x7f, 0x9f},       /* DEL and C1 */
    {0xad, 0xad},       /* soft hyphen */
    {0x34f, 0x34f},     /* combining grapheme joiner */
    {0x61c, 0x61c},     /* Arabic letter mark */
    {0x115f, 0x1160},   /* Hangul fillers */
    {0x17b4, 0x17b5},   /* Khmer inherent vowels */
    {0x180b, 0x180f},   /* Mongolian selectors */
    {0x200b, 0x200f},   /* zero width, marks of direction */
    {0x2028, 0x202e},   /* line separators, bidi embeddings and overrides */
    {0x2060, 0x206f},   /* word joiner, invisible operators, bidi isolates */
    {0x2800, 0x2800},   /* blank Braille pattern */
    {0x3164, 0x3164},   /* Hangul filler */
    {0xfe00, 0xfe0f},   /* variation selectors */
    {0xfeff, 0xfeff},   /* byte order mark */
    {0xffa0, 0xffa0},   /* half-width Hangul filler */
    {0xfff0, 0xfffb},   /* specials: interlinear annotation */
    {0xfffe, 0xffff},   /* no characters */
    {0x13430, 0x1343f}, /* Egyptian format controls */
    {0x1bca0, 0x1bca3}, /* shorthand format controls */
    {0x1d159, 0x1d159}, /* null note head */
    {0x1d173, 0x1d17a}, /* musical format controls */
    {0xe0000, 0xe0fff}, /* tags, variation selectors */
};

bool text_is_deceptive(uint32_t codepoint)
{
	if (codepoint >= 0x20 && codepoint < 0x7f)
		return false;
	/* The last two of every plane are no characters; nothing above U+10FFFF is one. */
	if ((codepoint & 0xfffe) == 0xfffe || codepoint > 0x10ffff)
		return true;
	for (size_t i = 0; i < sizeof deceptive / sizeof deceptive[0]; i++) {
		if (codepoint <= deceptive[i].last)
			return codepoint >= deceptive[i].first;
	}
	return false;
}

#define PIECE_SIZE 16

/* What stands for the first character, or the first byte where there is none. Returns the bytes that it stands for. */
static size_t escape_piece(struct bytes text, bool quoted, char ret_piece[PIECE_SIZE], size_t *ret_piece_size)
{
	uint32_t codepoint = 0;
	size_t size = text_decode(text, &codepoint);
	int length;

	if (size == 0)
		length = snprintf(ret_piece, PIECE_SIZE, "\\x%02x", text.data[0]);
	else if (quoted && (codepoint == '"' || codepoint == '\\'))
		length = snprintf(ret_piece, PIECE_SIZE, "\\%c", (int)codepoint);
	else if (!text_is_deceptive(codepoint))
		length = snprintf(ret_piece, PIECE_SIZE, "%.*s", (int)size, (const char *)text.data);
	else if (codepoint == '\n')
		length = snprintf(ret_piece, PIECE_SIZE, "\\n");
	else if (codepoint == '\r')
		length = snprintf(ret_piece, PIECE_SIZE, "\\r");
	else if (codepoint == '\t')
		length = snprintf(ret_piece, PIECE_SIZE, "\\t");
	else if (codepoint < 0x80)
		length = snprintf(ret_piece, PIECE_SIZE, "\\x%02x", codepoint);
	else
		length = snprintf(ret_piece, PIECE_SIZE, "\\u{%x}", codepoint);
	*ret_piece_size = (size_t)length;
	return size == 0 ? 1 : size;
}

/* Most texts are plain: a run of printable ASCII is copied in one go. */
static size_t plain_run(struct bytes text, bool quoted)
{
	size_t size = 0;

	while (size < text.size && text.data[size] >= 0x20 && text.data[size] < 0x7f &&
	       !(quoted && (text.data[size] == '"' || text.data[size] == '\\')))
		size++;
	return size;
}

static void escape(struct bytes untrusted_text, size_t most, bool quoted, struct buf *ret_text)
{
	struct bytes left = untrusted_text;

	while (left.size > 0) {
		char piece[PIECE_SIZE];
		size_t piece_size = plain_run(left, quoted);
		size_t size = piece_size;
		bool plain = size > 0;

		if (plain && size > most)
			size = piece_size = most;
		else if (!plain)
			size = escape_piece(left, quoted, piece, &piece_size);
		if (piece_size > most || size == 0) {
			buf_printf(ret_text, "… (%zu more bytes)", left.size);
			return;
		}
		buf_put(ret_text, plain ? (const void *)left.data : piece, piece_size);
		most -= piece_size;
		left.data += size;
		left.size -= size;
	}
}

void text_escape(struct bytes untrusted_text, size_t most, struct buf *ret_text)
{
	escape(untrusted_text, most, false, ret_text);
}

void text_escape_quoted(struct bytes untrusted_text, size_t most, struct buf *ret_text)
{
	escape(untrusted_text, most, true, ret_text);
}
