#include "cli/line.h"

#include <errno.h>
#include <unistd.h>

/* One byte: 1, 0 at the end (a descriptor that is not open has nothing to read), -1 on errors. */
static int read_byte(int fd, uint8_t *ret_byte)
{
	ssize_t got;

	do
		got = read(fd, ret_byte, 1);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EBADF)
		return 0;
	return (int)got;
}

bool line_read(int fd, struct buf *ret_line, bool *ret_end, struct error *ret_error)
{
	uint8_t byte = 0;
	bool any = false;
	int got;

	buf_reset(ret_line);
	while ((got = read_byte(fd, &byte)) > 0) {
		any = true;
		if (byte == '\n')
			break;
		buf_put_u8(ret_line, byte);
	}
	int reason = errno;
	bytes_wipe(&byte, sizeof byte);
	if (got < 0)
		return error_set_errno(ret_error, reason, "cannot read standard input");
	if (!buf_ok(ret_line))
		return error_set(ret_error, ERROR_PARAMS, "the line on standard input is too long: at most %zu bytes are read",
		    ret_line->limit);
	if (ret_line->size > 0 && ret_line->data[ret_line->size - 1] == '\r')
		ret_line->data[--ret_line->size] = 0;
	*ret_end = !any;
	return true;
}
