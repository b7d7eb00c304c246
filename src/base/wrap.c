#include "base/wrap.h"

#include <string.h>
#include <sys/ioctl.h>

#define WIDTH_LEAST 20
#define WIDTH_MOST  100

void wrap_put(const char *text, size_t column, size_t indent, size_t width, struct buf *ret_text)
{
	if (column < indent)
		buf_printf(ret_text, "%*s", (int)(indent - column), "");
	column = column < indent ? indent : column;
	for (bool first = true; *text != 0; first = false) {
		size_t word = strcspn(text, " ");
		if (!first && column + 1 + word > width) {
			buf_printf(ret_text, "\n%*s", (int)indent, "");
			column = indent;
		} else if (!first) {
			buf_put_u8(ret_text, ' ');
			column++;
		}
		buf_put(ret_text, text, word);
		column += word;
		text += word;
		text += *text == ' ';
	}
	buf_put_u8(ret_text, '\n');
}

size_t wrap_terminal_width(int fd)
{
	struct winsize size = {0};

	if (ioctl(fd, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
		return WRAP_WIDTH_USUAL;
	if (size.ws_col < WIDTH_LEAST)
		return WIDTH_LEAST;
	return size.ws_col > WIDTH_MOST ? WIDTH_MOST : size.ws_col;
}
