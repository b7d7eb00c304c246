/*
 * settings: /etc/clef/qubes-vault.conf, read only when something must be started. Lines "key = value", comments begin with "#" or ";"; no sections. A key that is not
 * known, or stands twice, is an error: whoever misspells an option of the signer wants to hear of it.
 *
 *     signer         = PATH     the program clef
 *     signer-options = WORDS    for the command line of clef, behind the sockets; may stand several times, the words add up
 *     start-timeout  = SECONDS  that the signer may take until it serves, 1 to 120; 30
 *     wait-for-ui    = SECONDS  that a request waits for a user interface to be attached, 1 to 600; 60
 *     ui-command     = WORDS    shows the requests; %s is the socket to attach to. Empty: nothing is started, somebody attaches by hand.
 *                               Without the line: `clef attach` in the first terminal of command.c's list that is installed
 *
 * CLEF_QUBES_CONFIG names another file. The environment of a qrexec service comes from the vault itself; a caller adds the service's argument to it and nothing else, and a call with
 * an argument is refused before this is read.
 */
#ifndef CLEF_QUBES_SETTINGS_H
#define CLEF_QUBES_SETTINGS_H

#include "qubes/words.h"

#define SETTINGS_PATH "/etc/clef/qubes-vault.conf"

struct settings {
	const char *signer;
	struct words signer_options;
	unsigned start_timeout_s, wait_for_ui_s;
	bool has_ui_command;
	struct words ui_command;
};

/* A file that is not there leaves everything as it is without it. Texts live in the arena. */
bool settings_read(struct arena *arena, struct settings *ret_settings, struct error *ret_error);
/* The same for the file's content. */
bool settings_parse(struct arena *arena, struct bytes content, struct settings *ret_settings, struct error *ret_error);

#endif
