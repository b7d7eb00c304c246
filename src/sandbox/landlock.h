/* landlock: no file system but the given folders, no TCP, no signals to or sockets of others. Only src/sandbox includes this. */
#ifndef CLEF_SANDBOX_LANDLOCK_H
#define CLEF_SANDBOX_LANDLOCK_H

#include "sandbox/roles.h"

/* Does the kernel have Landlock, and let us use it? */
bool sandbox_landlock_available(void);
/* Confines the calling thread and those it makes later. Returns 0 or an errno value. */
int sandbox_landlock_enter(const struct sandbox_profile *profile, const struct sandbox_options *options);

#endif
