/*
 * leftovers: temporary files of ours that stayed because the process was killed while it wrote them.
 *
 * They are named as file_replace_at names them, for a key file (".UTC--TIME--ADDRESS.XXXXXXXX.tmp") or an index
 * (".keystore-XXXXXXXXXXXXXXXX.index.XXXXXXXX.tmp"), exactly. Only regular files that were not written to for a minute go: another signer
 * may be at work on the same folder. Nobody waits for this: it goes over the folders in slices.
 */
#ifndef CLEF_KEYS_LEFTOVERS_H
#define CLEF_KEYS_LEFTOVERS_H

#include <dirent.h>

#include "base/bytes.h"

#define LEFTOVERS_AGE_S 60

struct leftovers {
	DIR *dir;   /* NULL: through, or the folder cannot be read */
	bool young; /* some are left that may be taken away later */
};

bool leftovers_is_name(const char *name);
/* Begin with a folder; the descriptor stays the caller's, -1 is a folder without files. */
void leftovers_open(struct leftovers *leftovers, int folder_fd);
/* Look at this many names at most. now: seconds since 1970. True while there is more. */
bool leftovers_work(struct leftovers *leftovers, unsigned names, uint64_t now);

#endif
