#include "qubes/command.h"

bool command_signer(struct arena *arena, const struct places *places, const struct settings *settings, struct words *ret_words,
    struct error *ret_error)
{
	/* Qubes call by qrexec; an ordinary signer of the same user may have the usual socket. */
	const char *const first[] = {settings->signer, "--ipcdisable", "--qrexec-socket", places->qrexec_socket, "--ui-socket", places->ui_socket,
	    "--wait-for-ui", arena_printf(arena, "%us", settings->wait_for_ui_s)};
	bool ok = true;

	*ret_words = (struct words){0};
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]) && ok; i++)
		ok = words_add(ret_words, arena, bytes_text(first[i]), ret_error);
	for (size_t i = 0; i < settings->signer_options.count && ok; i++)
		ok = words_add(ret_words, arena, bytes_text(settings->signer_options.list[i]), ret_error);
	return ok;
}

void command_ui(struct arena *arena, const struct places *places, const struct settings *settings, struct words *ret_words)
{
	*ret_words = settings->ui_command;
	words_fill_in(ret_words, arena, places->ui_socket);
}
