/*
 * aside: a copy of this process that does something beside the call: it has none of the call's descriptors, so that it keeps nothing of it open, and does not end
 * with it.
 */
#ifndef CLEF_QUBES_ASIDE_H
#define CLEF_QUBES_ASIDE_H

#include <sys/types.h>

/* As fork(). In the copy standard input and output are /dev/null, and of all others only `kept` is open; it may start children and wait for them. It ends by _exit(). */
pid_t aside_begin(int kept);

#endif
