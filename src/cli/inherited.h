/* inherited: descriptors that whoever started us left open by mistake, which no process of the signer should hold. */
#ifndef CLEF_CLI_INHERITED_H
#define CLEF_CLI_INHERITED_H

#include <stddef.h>

/*
 * Closes everything from 3 on, except `kept` (-1: none) and what a word of the command line names as a path ("/dev/fd/63", as a shell puts it for
 * "<(command)"; "/proc/self/fd/63").
 */
void inherited_close(int kept, size_t count, const char *const words[]);

#endif
