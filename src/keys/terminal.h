/*
 * terminal: passwords typed by a person, one question after the other.
 *
 * On a terminal: echo is off and what was typed before the prompt is thrown away; backspace and ^U edit, Enter ends, ^C and ^D
 * cancel. Its settings are put back when the line is read, the question withdrawn or the terminal freed. On anything else (a pipe, a file, /dev/null):
 * one line a question, read byte by byte so that what follows is left for others; no prompt is printed, since nobody reads it there.
 */
#ifndef CLEF_KEYS_TERMINAL_H
#define CLEF_KEYS_TERMINAL_H

#include <event2/event.h>

#include "keys/password.h"

struct terminal;

/* The descriptor stays the caller's; its flags are not touched, since other processes share them. */
struct terminal *terminal_new(struct event_base *base, int fd, struct secret_arena *arena);
/* Nobody who asked gets an answer. NULL is fine. */
void terminal_free(struct terminal *terminal);
/*
 * Ask when it is this question's turn. With `repeat` twice, and both must be equal. Errors: ERROR_DENIED when cancelled, ERROR_REFUSED
 * for a line too long, two that differ, the end of the input.
 */
void terminal_ask(
    struct terminal *terminal, uint64_t request, struct bytes prompt, bool repeat, password_done *done, void *context);
void terminal_withdraw(struct terminal *terminal, uint64_t request);

#endif
