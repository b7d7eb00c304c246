/* accounts_secret: where the password of a new key file comes from. It is always `keys` that reads it. */
#ifndef CLEF_CLI_ACCOUNTS_SECRET_H
#define CLEF_CLI_ACCOUNTS_SECRET_H

#include "base/error.h"
#include "ipc/ipc.h"

struct accounts_secret {
	enum ipc_secret_source source; /* IPC_SECRET_TERMINAL or IPC_SECRET_FILE */
	int input_fd;                  /* of the terminal or whatever standard input is; each -1 when not used */
	int password_fd;
	bool is_terminal; /* `keys` prints the prompts there; else nobody does */
	bool is_device;   /* another device, which has neither person nor lines behind it: /dev/null */
	bool owns_input_fd;
};

#define ACCOUNTS_SECRET_NONE ((struct accounts_secret){IPC_SECRET_TERMINAL, -1, -1, false, false, false})

/*
 * From the file, when there is one; else from standard input: a terminal, or a pipe or file with one password a line, which scripts rely on.
 */
bool accounts_secret_open(const char *password_file, struct accounts_secret *ret_secret, struct error *ret_error);
void accounts_secret_close(struct accounts_secret *secret);

#endif
