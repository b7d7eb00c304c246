#include "cli/keystore_look.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

bool keystore_look(const char *path, bool *ret_missing, struct error *ret_error)
{
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	*ret_missing = fd < 0 && errno == ENOENT;
	if (fd >= 0)
		(void)close(fd);
	return fd >= 0 || *ret_missing || error_set_errno(ret_error, errno, "the keystore %s cannot be read", path);
}

/* The names that the keys process skips are no key files. */
static bool is_key_file(int folder, const char *name)
{
	size_t size = strlen(name);
	struct stat info;

	return name[0] != '.' && name[size - 1] != '~' && fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
	       S_ISREG(info.st_mode);
}

size_t keystore_count_unreadable(const char *path)
{
	DIR *folder = opendir(path);
	const struct dirent *entry;
	size_t count = 0;

	if (folder == NULL)
		return 0;
	while ((entry = readdir(folder)) != NULL)
		count += is_key_file(dirfd(folder), entry->d_name) && faccessat(dirfd(folder), entry->d_name, R_OK, 0) != 0;
	(void)closedir(folder);
	return count;
}
