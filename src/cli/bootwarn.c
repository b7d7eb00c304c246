#include "cli/bootwarn.h"

#include <ctype.h>
#include <unistd.h>

#include "base/file.h"
#include "cli/line.h"
#include "base/wrap.h"

#define TEXT_MOST 4096

static const char heading[] = "clef holds the keys of your accounts. Whoever can make it sign can spend what they own.";
static const char *const points[] = {
    "Read every request before you approve it. clef shows what it knows; it cannot know what a contract will do.",
    "Any program that reaches the socket or the port may ask. Keep both away from programs and networks that you do not trust.",
    "Keep copies of key files and passwords in a safe place. Nobody can restore them.",
    "clef comes without any warranty.",
};
static const char question[] = "Enter 'ok' to proceed:\n> ";

bool bootwarn_print(int fd, struct error *ret_error)
{
	BUF_CLEANUP struct buf text = BUF_INIT(TEXT_MOST);
	size_t width = wrap_terminal_width(fd);

	buf_put_text(&text, "\nWARNING\n\n");
	wrap_put(heading, 0, 0, width, &text);
	buf_put_u8(&text, '\n');
	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++) {
		buf_put_text(&text, "- ");
		wrap_put(points[i], 2, 2, width, &text);
	}
	buf_put_u8(&text, '\n');
	return file_write_all(fd, buf_bytes(&text), ret_error);
}

static struct bytes trim(struct bytes text)
{
	while (text.size > 0 && isspace(text.data[0])) {
		text.data++;
		text.size--;
	}
	while (text.size > 0 && isspace(text.data[text.size - 1]))
		text.size--;
	return text;
}

/* A script that pipes a password and nothing before it: the line is never repeated. */
static bool refuse(int in, struct error *ret_error)
{
	if (isatty(in) == 1)
		return error_set(ret_error, ERROR_DENIED, "aborted by user");
	return error_set(ret_error, ERROR_DENIED,
	    "no acknowledgement: the first line of standard input is not 'ok'; put it there, or start with --suppress-bootwarn");
}

bool bootwarn_confirm(int in, int out, struct error *ret_error)
{
	BUF_CLEANUP struct buf answer = BUF_INIT(LINE_MOST);
	bool end = false;

	if (!bootwarn_print(out, ret_error) || !file_write_all(out, bytes_text(question), ret_error) ||
	    !line_read(in, &answer, &end, ret_error))
		return false;
	if (end)
		return error_set(ret_error, ERROR_DENIED,
		    "no acknowledgement: standard input ended where 'ok' was expected; put it there, or start with "
		    "--suppress-bootwarn");
	if (!bytes_equal_text(trim(buf_bytes(&answer)), "ok"))
		return refuse(in, ret_error);
	return file_write_all(out, bytes_text("\n"), ret_error);
}
