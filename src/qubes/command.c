#include "qubes/command.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

bool command_signer(struct arena *arena, const struct places *places, const struct settings *settings, struct words *ret_words,
    struct error *ret_error)
{
	/* Qubes call by qrexec; an ordinary signer of the same user may have the usual socket. */
	const char *const first[] = {settings->signer, "--ipcdisable", "--qrexec-socket", places->qrexec_socket, "--ui-socket",
	    places->ui_socket, "--wait-for-ui", arena_printf(arena, "%us", settings->wait_for_ui_s)};
	bool ok = true;

	*ret_words = (struct words){0};
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]) && ok; i++)
		ok = words_add(ret_words, arena, bytes_text(first[i]), ret_error);
	for (size_t i = 0; i < settings->signer_options.count && ok; i++)
		ok = words_add(ret_words, arena, bytes_text(settings->signer_options.list[i]), ret_error);
	return ok;
}

/* A terminal that stays until the command behind these words ends. Debian's alternative first; Fedora has none. */
static const char *const terminals[] = {"x-terminal-emulator -T Clef -e", "gnome-terminal --wait --title=Clef --",
    "xfce4-terminal --disable-server -T Clef -x", "konsole -e", "xterm -T Clef -e"};

static bool is_installed(struct bytes program)
{
	const char *path = getenv("PATH");
	char file[PATH_MAX];

	for (const char *at = path == NULL ? "/usr/bin:/bin" : path, *end; *at != 0; at = *end == 0 ? end : end + 1) {
		end = at + strcspn(at, ":");
		int size =
		    snprintf(file, sizeof(file), "%.*s/%.*s", (int)(end - at), at, (int)program.size, (const char *)program.data);

		if (size > 0 && (size_t)size < sizeof(file) && access(file, X_OK) == 0)
			return true;
	}
	return false;
}

/* The first one when none is there: the log then says that it is missing. */
static const char *find_terminal(void)
{
	for (size_t i = 0; i < sizeof(terminals) / sizeof(terminals[0]); i++)
		if (is_installed(bytes_of((const uint8_t *)terminals[i], strcspn(terminals[i], " "))))
			return terminals[i];
	return terminals[0];
}

void command_ui(struct arena *arena, const struct places *places, const struct settings *settings, struct words *ret_words)
{
	struct error ignored; /* so few words */

	*ret_words = settings->ui_command;
	if (!settings->has_ui_command && words_split(ret_words, arena, bytes_text(find_terminal()), &ignored) &&
	    words_add(ret_words, arena, bytes_text(settings->signer), &ignored))
		(void)words_split(ret_words, arena, bytes_text("attach %s"), &ignored);
	words_fill_in(ret_words, arena, places->ui_socket);
}
