/* keystore_look: what a keystore without accounts is: empty, not there, or not to be read. The keys process cannot tell: it is given an open folder or none. */
#ifndef CLEF_CLI_KEYSTORE_LOOK_H
#define CLEF_CLI_KEYSTORE_LOOK_H

#include <stddef.h>

#include "base/error.h"

/* False: the folder is there and cannot be read, or something on the way to it cannot. */
bool keystore_look(const char *path, bool *ret_missing, struct error *ret_error);
/* Key files, by their names and kind, that this user may not read. Of a folder that cannot be read: 0. */
size_t keystore_count_unreadable(const char *path);

#endif
