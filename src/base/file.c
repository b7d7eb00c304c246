#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define READ_CHUNK    ((size_t)64 * 1024)
#define NAME_ATTEMPTS 16
/* Longest part of the name that a temporary name repeats: a name may have 255 bytes. */
#define NAME_KEPT 200
/* Whoever adds something holds a lock for as long as one write to the disk. */
#define LOCK_ATTEMPTS 100
#define LOCK_PAUSE_NS (50L * 1000 * 1000)

static ssize_t read_some(int fd, void *data, size_t size)
{
	ssize_t got;

	do
		got = read(fd, data, size);
	while (got < 0 && errno == EINTR);
	return got;
}

/* Read to the end or to the limit; at the limit one byte more tells whether that was the end. */
static bool read_to_end(int fd, struct buf *content, struct error *ret_error)
{
	for (;;) {
		size_t room = content->limit - content->size;
		size_t chunk = room < READ_CHUNK ? room : READ_CHUNK;
		uint8_t probe = 0;
		uint8_t *place = chunk == 0 ? &probe : buf_reserve(content, chunk);
		if (place == NULL)
			return error_set(ret_error, ERROR_INTERNAL, "cannot read: the buffer had failed before");
		ssize_t got = read_some(fd, place, chunk == 0 ? 1 : chunk);
		if (got < 0)
			return error_set_errno(ret_error, errno, "cannot read");
		if (got == 0)
			return true;
		if (chunk == 0) {
			bytes_wipe(&probe, sizeof probe);
			return error_set(ret_error, ERROR_REFUSED, "larger than the %zu bytes allowed", content->limit);
		}
		buf_commit(content, (size_t)got);
	}
}

bool file_read_fd(int fd, struct buf *ret_content, struct error *ret_error)
{
	size_t before = ret_content->size;

	if (read_to_end(fd, ret_content, ret_error))
		return true;
	bytes_wipe(ret_content->data == NULL ? NULL : ret_content->data + before, ret_content->size - before);
	ret_content->size = before;
	return false;
}

bool file_read_at(int dirfd, const char *name, struct buf *ret_content, struct error *ret_error)
{
	struct stat status;
	bool ok = false;
	/* O_NONBLOCK: opening a FIFO that somebody left there must not hang. */
	int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);

	if (fd < 0 && errno == ELOOP)
		return error_set(ret_error, ERROR_REFUSED, "%s: is a symbolic link, a regular file was expected", name);
	if (fd < 0)
		return error_set_errno(ret_error, errno, "%s", name);
	if (fstat(fd, &status) != 0)
		error_set_errno(ret_error, errno, "%s", name);
	else if (!S_ISREG(status.st_mode))
		error_set(ret_error, ERROR_REFUSED, "%s: is not a regular file", name);
	else
		ok = file_read_fd(fd, ret_content, ret_error) || error_prefix(ret_error, "%s", name);
	close(fd);
	return ok;
}

bool file_lock(int fd, bool exclusive, struct error *ret_error)
{
	const struct timespec pause = {0, LOCK_PAUSE_NS};

	for (int attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
		if (flock(fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0 || (errno != EWOULDBLOCK && errno != EINTR))
			return true;
		nanosleep(&pause, NULL);
	}
	return error_set(ret_error, ERROR_REFUSED, "another program keeps the file locked");
}

bool file_write_all(int fd, struct bytes content, struct error *ret_error)
{
	while (content.size > 0) {
		ssize_t put = write(fd, content.data, content.size);
		if (put < 0 && errno == EINTR)
			continue;
		if (put < 0)
			return error_set_errno(ret_error, errno, "cannot write");
		content.data += put;
		content.size -= (size_t)put;
	}
	return true;
}

struct temporary {
	char name[NAME_KEPT + 32];
	int fd;
};

static bool temporary_open(int dirfd, const char *name, struct temporary *ret_temporary, struct error *ret_error)
{
	for (unsigned attempt = 0; attempt < NAME_ATTEMPTS; attempt++) {
		uint32_t random;

		if (getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
			return error_set_errno(ret_error, errno, "cannot get a random name");
		snprintf(ret_temporary->name, sizeof ret_temporary->name, ".%.*s.%08x.tmp", NAME_KEPT, name, random);
		ret_temporary->fd =
		    openat(dirfd, ret_temporary->name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, S_IRUSR | S_IWUSR);
		if (ret_temporary->fd >= 0)
			return true;
		if (errno != EEXIST)
			break;
	}
	return error_set_errno(ret_error, errno, "cannot create a temporary file");
}

/* Write, set the mode whatever the umask is, and have it on disk before any other name can point to it. */
static bool temporary_fill(const struct temporary *temporary, struct bytes content, mode_t mode, struct error *ret_error)
{
	if (!file_write_all(temporary->fd, content, ret_error))
		return false;
	if (fchmod(temporary->fd, mode) != 0)
		return error_set_errno(ret_error, errno, "cannot set the mode");
	if (fsync(temporary->fd) != 0)
		return error_set_errno(ret_error, errno, "cannot write to disk");
	return true;
}

/* Give the file its name; both ways for an exclusive one let exactly one of several creators win. */
static bool name_new(int dirfd, const char *from, const char *to)
{
	if (renameat2(dirfd, from, dirfd, to, RENAME_NOREPLACE) == 0)
		return true;
	/* Not every file system knows the flag. */
	if (errno != EINVAL && errno != ENOSYS)
		return false;
	return linkat(dirfd, from, dirfd, to, 0) == 0 && unlinkat(dirfd, from, 0) == 0;
}

static bool temporary_name(int dirfd, const char *from, const char *to, bool exclusive, struct error *ret_error)
{
	bool ok = exclusive ? name_new(dirfd, from, to) : renameat(dirfd, from, dirfd, to) == 0;

	if (!ok && exclusive && errno == EEXIST)
		return error_set(ret_error, ERROR_REFUSED, "exists already");
	if (!ok)
		return error_set_errno(ret_error, errno, "cannot rename the temporary file");
	return true;
}

/* Through a descriptor of its own: dirfd may be O_PATH or AT_FDCWD, which fsync refuses. */
static bool folder_sync(int dirfd, struct error *ret_error)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot open the folder");
	int result = fsync(fd);
	int errnum = errno;
	close(fd);
	/* EINVAL: a file system that keeps no folders on disk. */
	if (result != 0 && errnum != EINVAL)
		return error_set_errno(ret_error, errnum, "cannot write the folder to disk");
	return true;
}

static bool name_is_plain(const char *name)
{
	return name[0] != 0 && strchr(name, '/') == NULL && strcmp(name, ".") != 0 && strcmp(name, "..") != 0;
}

bool file_replace_at(int dirfd, const char *name, struct bytes content, mode_t mode, bool exclusive, struct error *ret_error)
{
	struct temporary temporary = {.fd = -1};

	if (!name_is_plain(name))
		return error_set(ret_error, ERROR_INTERNAL, "%s: is not the name of a file in the folder", name);
	if (!temporary_open(dirfd, name, &temporary, ret_error))
		return error_prefix(ret_error, "%s", name);
	bool ok = temporary_fill(&temporary, content, mode, ret_error);
	close(temporary.fd);
	ok = ok && temporary_name(dirfd, temporary.name, name, exclusive, ret_error);
	if (!ok)
		unlinkat(dirfd, temporary.name, 0);
	ok = ok && folder_sync(dirfd, ret_error);
	return ok || error_prefix(ret_error, "%s", name);
}
