/*
 * terminal: descriptors 0 and 1 as the person's terminal, or as pipes where there is none.
 *
 * The terminal stays in canonical mode with echo: the kernel edits lines, a line arrives when Enter is pressed. Settings are saved at the
 * start and put back by terminal_restore, whatever happened to them in between (`keys` may have died with the echo off).
 *
 * While another process group is in the foreground (the person works in the shell), the terminal is neither read nor changed nor emptied:
 * what is typed is for others. The caller ignores SIGTTIN and SIGTTOU.
 */
#ifndef CLEF_UI_TERMINAL_H
#define CLEF_UI_TERMINAL_H

#include <termios.h>

#include "base/bytes.h"

struct terminal {
	int settings_fd; /* whose settings are saved: the first terminal among descriptors 0, 1, 2; -1: none */
	bool input_is_terminal;
	bool output_lost; /* nobody can read what is printed */
	bool input_ended;
	bool ctrl_d_ends;   /* Ctrl-D on an empty line is the end of the input; else it is an empty line */
	bool skip_line;     /* the rest of a line that was too long */
	bool in_background; /* the last read could not have any input */
	bool late;          /* settings that wait until we are in the foreground again */
	pid_t group;        /* our process group */
	struct termios saved, ours;
	struct buf partial; /* a line whose end has not come */
};

/* Called for each complete line, without its end. */
typedef void terminal_line(void *context, struct bytes line);

void terminal_open(struct terminal *ret_terminal);
/* Puts the settings back as they were found, also from the background. */
void terminal_restore(struct terminal *terminal);
/* Sets the settings for reading lines, with or without echo. */
void terminal_take(struct terminal *terminal, bool echo);
/* Another process group is in the foreground: only it may read. */
bool terminal_is_in_background(const struct terminal *terminal);
void terminal_close(struct terminal *terminal);
/* Writes all of it and waits until it has been sent. Sets output_lost when it cannot. */
void terminal_print(struct terminal *terminal, struct bytes text);
/* Throws away all input that is there, and sets what is late. May set input_ended. */
void terminal_discard(struct terminal *terminal);
/* Reads what is there, once; call it when descriptor 0 is readable. May set input_ended or in_background. */
void terminal_read(struct terminal *terminal, terminal_line *line, void *context);

#endif
