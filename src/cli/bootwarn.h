/* bootwarn: what a person must know before the first start of the day, and has to acknowledge. */
#ifndef CLEF_CLI_BOOTWARN_H
#define CLEF_CLI_BOOTWARN_H

#include "base/error.h"

/* Print the warning to a descriptor, in lines that fit when it is a terminal, and nothing else: for --stdio-ui, whose standard input belongs to the UI. */
bool bootwarn_print(int fd, struct error *ret_error);
/* Print it with a prompt and read the answer: only "ok", with white space around it, goes on. */
bool bootwarn_confirm(int in, int out, struct error *ret_error);

#endif
