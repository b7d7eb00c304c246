/* filter: a default-deny filter from a role's table. Only src/sandbox includes this. */
#ifndef CLEF_SANDBOX_FILTER_H
#define CLEF_SANDBOX_FILTER_H

#include "sandbox/roles.h"

/* Installs the filter on every thread of the process. Returns 0 or an errno value. */
int sandbox_filter_enter(const struct sandbox_profile *profile);

#endif
