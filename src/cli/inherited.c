#include "cli/inherited.h"

#include <dirent.h>
#include <limits.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define FIRST_OTHER (STDERR_FILENO + 1)
#define NAMED_MOST  ((size_t)16)

/* The lowest descriptor that is at least `from`, of those to keep; INT_MAX: none. */
static int next_kept(int from, const int *kept, size_t count)
{
	int lowest = INT_MAX;

	for (size_t i = 0; i < count; i++)
		if (kept[i] >= from && kept[i] < lowest)
			lowest = kept[i];
	return lowest;
}

/* A kernel before 5.9, or a filter around us that knows no close_range. */
static void close_listed(const int *kept, size_t count)
{
	DIR *folder = opendir("/proc/self/fd");
	struct dirent *entry;

	while (folder != NULL && (entry = readdir(folder)) != NULL) {
		long fd = strtol(entry->d_name, NULL, 10);

		if (fd >= FIRST_OTHER && fd < INT_MAX && fd != dirfd(folder) && next_kept((int)fd, kept, count) != fd)
			(void)close((int)fd);
	}
	if (folder != NULL)
		(void)closedir(folder);
}

/* -1: the word names none. */
static int named_descriptor(const char *word)
{
	const char *at = strstr(word, "/fd/");

	if (at == NULL || at[4] < '0' || at[4] > '9')
		return -1;
	long fd = strtol(at + 4, NULL, 10);

	return fd < INT_MAX ? (int)fd : -1;
}

void inherited_close(int kept, size_t count, const char *const words[])
{
	int all[NAMED_MOST + 1];
	size_t used = 0;
	int from = FIRST_OTHER;

	all[used++] = kept;
	for (size_t i = 0; i < count && used <= NAMED_MOST; i++) {
		int fd = named_descriptor(words[i]);

		if (fd >= 0)
			all[used++] = fd;
	}
	while (from < INT_MAX) {
		int stop = next_kept(from, all, used);

		if (stop > from && close_range((unsigned)from, stop == INT_MAX ? UINT_MAX : (unsigned)stop - 1, 0) != 0) {
			close_listed(all, used);
			return;
		}
		from = stop == INT_MAX ? INT_MAX : stop + 1;
	}
}
