/* harness: runs the role `ui` in a child process, on a pseudo terminal or on pipes, and plays core and the person. */
#ifndef CLEF_TEST_UI_HARNESS_H
#define CLEF_TEST_UI_HARNESS_H

#include "../base/testing.h"

#include <signal.h>
#include <sys/types.h>

enum harness_input { HARNESS_TERMINAL, HARNESS_PIPE, HARNESS_NULL };

struct harness {
	pid_t child;
	int channel;      /* core's end of descriptor 3 */
	int protocol;     /* core's end of descriptor 4 */
	int keyboard;     /* what is written here is typed; -1 with HARNESS_NULL */
	int screen;       /* what is read here was printed */
	int terminal;     /* the child's side of the pseudo terminal, to look at its settings; -1 on pipes */
	struct buf shown; /* printed since the last harness_sees */
};

void harness_start(struct harness *ret_harness, enum harness_input input);
/* Waits for the child's end and returns its exit status; frees everything. */
int harness_end(struct harness *harness);
void harness_type(struct harness *harness, const char *text);
/* Waits until the text was printed; fails after some seconds. What was printed up to its end is forgotten. */
void harness_sees(struct harness *harness, const char *text);
/* Nothing is printed for a while. */
void harness_sees_nothing(struct harness *harness);
void harness_say(struct harness *harness, const char *json);
/* The next answer on the UI protocol. */
void harness_hears(struct harness *harness, const char *json);
/* Nothing is answered for a while. */
void harness_hears_nothing(struct harness *harness);

#endif
