/* text: UTF-8, and making bytes from outside fit for a person's eyes. */
#ifndef CLEF_BASE_TEXT_H
#define CLEF_BASE_TEXT_H

#include "base/bytes.h"

/* Strict UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF. */
bool text_is_utf8(struct bytes text);
/* Decode the first character; returns its length in bytes, 0 when the text is empty or not UTF-8 there. */
size_t text_decode(struct bytes text, uint32_t *ret_codepoint);
/* True for what must never reach a terminal as it is: C0, C1, DEL, bidi controls, zero-width and invisible characters. */
bool text_is_deceptive(uint32_t codepoint);
/*
 * Append the text so that it is safe on a terminal and in a log: deceptive characters and bytes that are no UTF-8 become visible
 * escapes (\n, \x1b, \u{202e}). A backslash stays single: escapes are for eyes, not for parsing back.
 * `most` cuts after so many bytes of output, between characters, and puts "… (N more bytes)" behind, N counting the bytes of the
 * text that were left out. Line ends are escaped, too: whoever shows several lines splits the text first.
 */
void text_escape(struct bytes untrusted_text, size_t most, struct buf *ret_text);
/* The same for a text that stands in double quotes: a backslash before quotes and backslashes, so that it cannot end them. */
void text_escape_quoted(struct bytes untrusted_text, size_t most, struct buf *ret_text);

#endif
