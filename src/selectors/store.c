#include "selectors/store.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "base/file.h"
#include "base/memory.h"
#include "decode/abi.h"
#include "decode/selectors_custom.h"

/* Another signer holds the lock for as long as one write to the disk. */
#define LOCK_ATTEMPTS 100
#define LOCK_PAUSE_NS (50L * 1000 * 1000)

static bool lock(int folder, struct error *ret_error)
{
	const struct timespec pause = {0, LOCK_PAUSE_NS};

	for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return true;
		/* A file system that knows no locks on folders: better the last of two writers wins than none writes. */
		if (errno != EWOULDBLOCK && errno != EINTR)
			return true;
		nanosleep(&pause, NULL);
	}
	return error_set(ret_error, ERROR_REFUSED, "another program keeps the folder locked");
}

/* A file that is not there is as good as an empty one. */
static bool read_current(int folder, const char *name, struct buf *ret_content, struct error *ret_error)
{
	struct stat info;

	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		return true;
	return file_read_at(folder, name, ret_content, ret_error);
}

static bool add(int folder, const char *name, const struct abi_method *method, bool *ret_known, struct error *ret_error)
{
	BUF_CLEANUP struct buf before = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
	BUF_CLEANUP struct buf after = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX + 1);

	return read_current(folder, name, &before, ret_error) &&
	       selectors_custom_put(buf_bytes(&before), method->selector, method->signature, ret_known, &after, ret_error) &&
	       (*ret_known || file_replace_at(folder, name, buf_bytes(&after), S_IRUSR | S_IWUSR, false, ret_error));
}

bool store_signature(int folder, const char *name, struct bytes untrusted_signature, bool *ret_known, struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct abi_method method;

	*ret_known = false;
	if (!abi_parse_method(untrusted_signature, &arena, &method, ret_error) || !lock(folder, ret_error))
		return false;
	bool ok = add(folder, name, &method, ret_known, ret_error);

	flock(folder, LOCK_UN);
	return ok;
}
