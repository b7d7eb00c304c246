/*
 * clef-qubes-run signer|ui: becomes the signer, or the user interface, of the vault, as the settings have them. What clef-qubes.service and clef-qubes-ui.service
 * start, so that their settings are those of qubes.Clefsign; for people who want to see what it would do, too.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "qubes/command.h"

#define TROUBLE 1
#define USAGE   2

static int complain(int status, const char *text)
{
	struct buf line BUF_CLEANUP = BUF_INIT(8 * ERROR_TEXT_SIZE);
	struct error ignored;

	buf_put_text(&line, "clef-qubes-run: ");
	text_escape(bytes_text(text), (size_t)4 * ERROR_TEXT_SIZE, &line);
	buf_put_u8(&line, '\n');
	(void)file_write_all(STDERR_FILENO, buf_bytes(&line), &ignored);
	return status;
}

static bool make_command(bool is_signer, struct arena *arena, struct words *ret_words, struct error *ret_error)
{
	struct settings settings;
	struct places places;

	if (!places_find(&places, ret_error) || !settings_read(arena, &settings, ret_error))
		return false;
	if (is_signer)
		return command_signer(arena, &places, &settings, ret_words, ret_error);
	command_ui(arena, &places, &settings, ret_words);
	return true;
}

int main(int count, char *words[])
{
	struct arena arena ARENA_CLEANUP = {0};
	struct words command = {0};
	struct error error;
	bool is_signer = count == 2 && strcmp(words[1], "signer") == 0;

	if (!is_signer && !(count == 2 && strcmp(words[1], "ui") == 0))
		return complain(USAGE, "expected one word, signer or ui");
	if (!make_command(is_signer, &arena, &command, &error))
		return complain(TROUBLE, error.text);
	if (command.count == 0)
		return 0;
	execvp(command.list[0], command.list);
	error_set_errno(&error, errno, "cannot start %s", command.list[0]);
	return complain(TROUBLE, error.text);
}
