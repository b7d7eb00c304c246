#include "qubes/places.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static bool put_path(char path[PLACES_PATH_SIZE], const char *folder, const char *name, struct error *ret_error)
{
	int size = snprintf(path, PLACES_PATH_SIZE, "%s%s", folder, name);

	return (size > 0 && (size_t)size < PLACES_PATH_SIZE) ||
	       error_set(ret_error, ERROR_REFUSED, "the path %s%s is longer than that of a unix socket may be", folder, name);
}

static bool find_runtime(struct places *places, struct error *ret_error)
{
	const char *given = getenv("XDG_RUNTIME_DIR");
	char usual[64];

	if (given != NULL && given[0] == '/')
		return put_path(places->runtime, given, "", ret_error);
	snprintf(usual, sizeof(usual), "/run/user/%u", (unsigned)geteuid());
	return put_path(places->runtime, usual, "", ret_error);
}

bool places_find(struct places *ret_places, struct error *ret_error)
{
	struct places *places = ret_places;

	return find_runtime(places, ret_error) &&
	       put_path(places->qrexec_socket, places->runtime, "/clef-qrexec/qrexec.sock", ret_error) &&
	       put_path(places->ui_socket, places->runtime, "/clef-ui/ui.sock", ret_error) &&
	       put_path(places->own, places->runtime, "/clef-qubes", ret_error);
}

int places_open_own(const struct places *places, struct error *ret_error)
{
	struct stat info;

	if (mkdir(places->own, 0700) != 0 && errno != EEXIST) {
		error_set_errno(ret_error, errno, "cannot make the folder %s", places->own);
		return -1;
	}
	int folder = open(places->own, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);

	if (folder < 0 || fstat(folder, &info) != 0) {
		error_set_errno(ret_error, errno, "cannot open the folder %s", places->own);
	} else if (info.st_uid != geteuid() || (info.st_mode & 077) != 0) {
		error_set(ret_error, ERROR_REFUSED, "the folder %s belongs to user %u with mode %04o, expected user %u and 0700",
		    places->own, (unsigned)info.st_uid, (unsigned)(info.st_mode & 07777), (unsigned)geteuid());
	} else {
		return folder;
	}
	if (folder >= 0)
		close(folder);
	return -1;
}
