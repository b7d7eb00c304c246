#include "keys/leftovers.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* '0' stands for a decimal digit, '?' for a hex digit in lower case, anything else for itself. */
static const char *const patterns[] = {
    ".UTC--0000-00-00T00-00-00.000000000Z--????????????????????????????????????????.????????.tmp",
    ".keystore-????????????????.index.????????.tmp",
};

static bool fits(char pattern, char c)
{
	bool digit = c >= '0' && c <= '9';

	if (pattern == '0')
		return digit;
	if (pattern == '?')
		return digit || (c >= 'a' && c <= 'f');
	return c == pattern;
}

static bool fits_all(const char *pattern, const char *name)
{
	while (*pattern != 0 && fits(*pattern, *name)) {
		pattern++;
		name++;
	}
	return *pattern == 0 && *name == 0;
}

bool leftovers_is_name(const char *name)
{
	for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++) {
		if (fits_all(patterns[i], name))
			return true;
	}
	return false;
}

void leftovers_open(struct leftovers *leftovers, int folder_fd)
{
	/* A descriptor of its own: where the walk stands belongs to it. */
	int fd = folder_fd < 0 ? -1 : openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*leftovers = (struct leftovers){.dir = fd < 0 ? NULL : fdopendir(fd)};
	if (fd >= 0 && leftovers->dir == NULL)
		close(fd);
}

static void look_at(struct leftovers *leftovers, const char *name, uint64_t now)
{
	struct stat status;

	if (!leftovers_is_name(name) || fstatat(dirfd(leftovers->dir), name, &status, AT_SYMLINK_NOFOLLOW) != 0 ||
	    !S_ISREG(status.st_mode))
		return;
	/* A time in the future counts as young. */
	if (status.st_mtim.tv_sec >= 0 && (uint64_t)status.st_mtim.tv_sec + LEFTOVERS_AGE_S < now)
		unlinkat(dirfd(leftovers->dir), name, 0);
	else
		leftovers->young = true;
}

bool leftovers_work(struct leftovers *leftovers, unsigned names, uint64_t now)
{
	for (; leftovers->dir != NULL && names > 0; names--) {
		const struct dirent *found = readdir(leftovers->dir);
		if (found != NULL) {
			look_at(leftovers, found->d_name, now);
			continue;
		}
		closedir(leftovers->dir);
		leftovers->dir = NULL;
	}
	return leftovers->dir != NULL;
}
