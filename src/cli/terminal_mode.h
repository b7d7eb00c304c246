/* terminal_mode: putting the terminal back as it was, however whoever asked for a password at it died. */
#ifndef CLEF_CLI_TERMINAL_MODE_H
#define CLEF_CLI_TERMINAL_MODE_H

#include <stdbool.h>
#include <termios.h>

struct terminal_mode {
	int fd; /* -1: nothing to restore */
	struct termios mode;
};

/* Remember the mode of the terminal; of -1, or of what is no terminal, nothing. */
void terminal_mode_save(int fd, struct terminal_mode *ret_mode);
/* Set it again, unless it is as it was. What was typed and not read is thrown away: it may be half a password. */
void terminal_mode_restore(const struct terminal_mode *mode);

#endif
