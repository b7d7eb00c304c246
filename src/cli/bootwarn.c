#include "cli/bootwarn.h"

#include <ctype.h>

#include "base/file.h"
#include "cli/line.h"

static const char warning[] = "\n"
                              "WARNING\n"
                              "\n"
                              "clef holds the keys of your accounts. Whoever can make it sign can spend what they own.\n"
                              "\n"
                              "- Read every request before you approve it. clef shows what it knows; it cannot know\n"
                              "  what a contract will do.\n"
                              "- Any program that reaches the socket or the port may ask. Keep both away from\n"
                              "  programs and networks that you do not trust.\n"
                              "- Keep copies of key files and passwords in a safe place. Nobody can restore them.\n"
                              "- clef comes without any warranty.\n"
                              "\n";
static const char question[] = "Enter 'ok' to proceed:\n> ";

bool bootwarn_print(int fd, struct error *ret_error)
{
	return file_write_all(fd, bytes_text(warning), ret_error);
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

bool bootwarn_confirm(int in, int out, struct error *ret_error)
{
	BUF_CLEANUP struct buf answer = BUF_INIT(LINE_MOST);
	bool end = false;

	if (!bootwarn_print(out, ret_error) || !file_write_all(out, bytes_text(question), ret_error) ||
	    !line_read(in, &answer, &end, ret_error))
		return false;
	if (end)
		return error_set(ret_error, ERROR_DENIED,
		    "no acknowledgement: standard input has ended; type 'ok' there, or start with --suppress-bootwarn");
	if (!bytes_equal_text(trim(buf_bytes(&answer)), "ok"))
		return error_set(ret_error, ERROR_DENIED, "aborted by user");
	return file_write_all(out, bytes_text("\n"), ret_error);
}
