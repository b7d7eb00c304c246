/*
 * password: getting a password to `keys` by the shortest way there is: from --password-file without asking; over the pipe that the UI
 * shares with keys; from the terminal that the UI lends to keys; or, for old UIs, as text through core, which wipes it.
 */
#ifndef CLEF_CORE_PASSWORD_H
#define CLEF_CORE_PASSWORD_H

#include "core/request.h"

struct password {
	enum ipc_secret_source source;
	struct bytes secret; /* IPC_SECRET_GIVEN; lives until the handler returns */
	uint64_t question;   /* IPC_SECRET_PIPE */
	struct bytes prompt; /* IPC_SECRET_TERMINAL; static */
	bool declined;       /* the person gave none: the rest is empty */
	bool gone;           /* with declined: there is no UI to ask */
	struct error error;  /* with declined: why */
};

/* Ask for a password with this title and prompt. `given` may be called from inside this call. */
void password_ask(struct request *request, const char *title, const char *prompt, request_password *given);

#endif
