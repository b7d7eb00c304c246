/* file: reading whole files with a cap, and replacing them so that a crash leaves either the old or the new one. */
#ifndef CLEF_BASE_FILE_H
#define CLEF_BASE_FILE_H

#include <sys/types.h>

#include "base/bytes.h"
#include "base/error.h"

/*
 * Read a regular file below dirfd, appended to the buffer, up to the buffer's limit. A link in the name's last part is refused. On
 * failure the buffer is as before; more than the limit is ERROR_REFUSED.
 */
bool file_read_at(int dirfd, const char *name, struct buf *ret_content, struct error *ret_error);
/* Read everything from an open, blocking descriptor; otherwise as above. */
bool file_read_fd(int fd, struct buf *ret_content, struct error *ret_error);
/*
 * flock an open file, for writing or for reading; others are given a few seconds to let go of it, then it is ERROR_REFUSED. A file system that knows no locks is
 * no error: better the last of two writers wins than none writes.
 */
bool file_lock(int fd, bool exclusive, struct error *ret_error);
/* Write all of it, through signals and short writes. */
bool file_write_all(int fd, struct bytes content, struct error *ret_error);
/*
 * Create or replace `name` below dirfd: a temporary file (".NAME.XXXXXXXX.tmp", beginning with a dot so that keystore readers
 * skip it), fsync, rename, fsync of the folder. With `exclusive` an existing file is an error (ERROR_REFUSED) and stays as it is; of
 * several creators at a time one wins.
 * `name` has no slash. The mode is exact, whatever the umask. On failure no temporary file stays behind; when only the fsync of the
 * folder fails, the new file is in place though it may not survive a power cut. A crash may leave a temporary file.
 */
bool file_replace_at(int dirfd, const char *name, struct bytes content, mode_t mode, bool exclusive, struct error *ret_error);

#endif
