#include "selectors/store.h"

#include <errno.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "decode/abi.h"
#include "decode/selectors_custom.h"

static bool read_current(int file, struct buf *ret_content, struct error *ret_error)
{
	struct stat info;

	if (fstat(file, &info) != 0)
		return error_set_errno(ret_error, errno, "cannot look at the file");
	/* What is written there nobody would find. */
	if (info.st_nlink == 0)
		return error_set(ret_error, ERROR_REFUSED, "the file was removed or replaced since the signer was started");
	if (lseek(file, 0, SEEK_SET) != 0)
		return error_set_errno(ret_error, errno, "cannot read");
	return file_read_fd(file, ret_content, ret_error);
}

/* Returns how much was written; less than all of it: errno says why. */
static size_t write_at(int file, struct bytes content, size_t offset)
{
	size_t done = 0;

	while (done < content.size) {
		ssize_t put = pwrite(file, content.data + done, content.size - done, (off_t)(offset + done));

		if (put < 0 && errno == EINTR)
			continue;
		if (put <= 0)
			break;
		done += (size_t)put;
	}
	return done;
}

static struct bytes tail(struct bytes content, size_t from)
{
	return bytes_of(content.data + from, content.size - from);
}

static size_t common_start(struct bytes a, struct bytes b)
{
	size_t same = 0;

	while (same < a.size && same < b.size && a.data[same] == b.data[same])
		same++;
	return same;
}

static bool put_to_disk(int file)
{
	/* EINVAL: a file system that keeps nothing on a disk. */
	return fsync(file) == 0 || errno == EINVAL;
}

static bool restore(int file, struct bytes before, size_t from)
{
	struct bytes old = tail(before, from);

	return write_at(file, old, from) == old.size && ftruncate(file, (off_t)before.size) == 0 && put_to_disk(file);
}

/* Writes what is new: from the first byte that differs on. */
static bool replace_end(int file, struct bytes before, struct bytes after, struct error *ret_error)
{
	size_t from = common_start(before, after);
	struct bytes fresh = tail(after, from);
	size_t done = write_at(file, fresh, from);

	if (done == fresh.size && (after.size >= before.size || ftruncate(file, (off_t)after.size) == 0) && put_to_disk(file))
		return true;
	error_set_errno(ret_error, errno, "cannot write");
	if (done > 0 && !restore(file, before, from))
		error_prefix(ret_error, "the file may be damaged now, its end could not be put back");
	return false;
}

static bool add(int file, const struct abi_method *method, bool *ret_known, struct error *ret_error)
{
	BUF_CLEANUP struct buf before = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
	BUF_CLEANUP struct buf after = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX + 1);

	return read_current(file, &before, ret_error) &&
	       selectors_custom_put(buf_bytes(&before), method->selector, method->signature, ret_known, &after, ret_error) &&
	       (*ret_known || replace_end(file, buf_bytes(&before), buf_bytes(&after), ret_error));
}

bool store_signature(int file, struct bytes untrusted_signature, bool *ret_known, struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct abi_method method;

	*ret_known = false;
	if (!abi_parse_method(untrusted_signature, &arena, &method, ret_error) || !file_lock(file, true, ret_error))
		return false;
	bool ok = add(file, &method, ret_known, ret_error);

	flock(file, LOCK_UN);
	return ok;
}
