/* accounts_secret: where the password of a new key file comes from. */
#ifndef CLEF_CLI_ACCOUNTS_SECRET_H
#define CLEF_CLI_ACCOUNTS_SECRET_H

#include "base/bytes.h"
#include "base/error.h"
#include "cli/line.h"
#include "ipc/ipc.h"

#define ACCOUNTS_SECRET_MOST LINE_MOST

struct accounts_secret {
	enum ipc_secret_source source;
	int terminal_fd; /* each -1 when not used */
	int password_fd;
	bool owns_terminal_fd;
};

#define ACCOUNTS_SECRET_NONE ((struct accounts_secret){IPC_SECRET_GIVEN, -1, -1, false})

/*
 * From the file, when there is one; else from the terminal, when standard input is one (both read by `keys`); else from standard input,
 * which scripts write passwords to (IPC_SECRET_GIVEN: with the functions below).
 */
bool accounts_secret_open(const char *password_file, struct accounts_secret *ret_secret, struct error *ret_error);
void accounts_secret_close(struct accounts_secret *secret);

/* Print the prompt and read one line of standard input. At its end: ERROR_DENIED. */
bool accounts_secret_read(const char *prompt, struct buf *ret_secret, struct error *ret_error);
/* The same twice; the lines must be equal. */
bool accounts_secret_read_twice(const char *prompt, struct buf *ret_secret, struct error *ret_error);

#endif
