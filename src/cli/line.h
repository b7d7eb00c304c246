/* line: reading one line at a time from standard input, so that what follows stays there for whoever reads next. */
#ifndef CLEF_CLI_LINE_H
#define CLEF_CLI_LINE_H

#include "base/bytes.h"
#include "base/error.h"

/* No answer that is read this way is longer. */
#define LINE_MOST 4096

/*
 * Read up to a newline or the end, one byte a call, since one pipe may carry an acknowledgement and then passwords. The line comes without its newline and
 * without a carriage return before that. *ret_end: the input ended before any byte. A line that is too long for the buffer is read to its end and refused.
 */
bool line_read(int fd, struct buf *ret_line, bool *ret_end, struct error *ret_error);

#endif
