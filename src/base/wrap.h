/* wrap: texts in lines of a certain width. */
#ifndef CLEF_BASE_WRAP_H
#define CLEF_BASE_WRAP_H

#include "base/bytes.h"

/* Of what is no terminal, or does not say its width. */
#define WRAP_WIDTH_USUAL 80

/*
 * Append the words of `text` in lines of at most `width` columns, the last one ended too; a longer word gets a line of its own. The first line starts at `column`,
 * the others at `indent`; when `column` is less, the first line is indented as well. The text is our own: a byte is a column.
 */
void wrap_put(const char *text, size_t column, size_t indent, size_t width, struct buf *ret_text);
/* The columns of a terminal, within reason: 20 to 100. */
size_t wrap_terminal_width(int fd);

#endif
