/* help: texts made from the tables of flags.h, ready to print. */
#ifndef CLEF_CLI_HELP_H
#define CLEF_CLI_HELP_H

#include "base/bytes.h"
#include "cli/flags.h"

/* Append the help of a command; COMMAND_SIGNER is the program's own, which names every command and flag. */
void help_put(enum command_id command, struct buf *ret_text);
/* Append "clef version X.Y.Z". */
void help_put_version(struct buf *ret_text);

#endif
