#include "core/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/memory.h"

#define BACKLOG     1024
#define SOCKET_NAME "clef.ipc"

/* Where a unix socket is made, and how a person chooses another place. */
struct place {
	struct sockaddr_un address;
	const char *name;   /* of the file in its folder */
	const char *advice; /* "choose a folder with --ipcpath" */
	bool keep_locked;   /* the folder, for as long as we listen: nobody need connect in order to see that we do */
};

static bool make_folders(const char *path, mode_t mode, struct error *ret_error)
{
	char *copy = memory_text(bytes_text(path));
	bool ok = true;

	for (char *at = copy + 1; ok; at++) {
		char c = *at;

		if (c != '/' && c != 0)
			continue;
		*at = 0;
		if (mkdir(copy, mode) != 0 && errno != EEXIST)
			ok = error_set_errno(ret_error, errno, "cannot make the folder %s for the socket", copy);
		*at = c;
		if (c == 0)
			break;
	}
	free(copy);
	return ok;
}

/* Nobody listens on a socket file exactly when connecting is refused. A full queue, another kind of socket or no permission: it is somebody's. */
static bool is_stale(const struct sockaddr_un *name)
{
	/* Not blocking: a listener that hangs must not hang us. */
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool stale = probe >= 0 && connect(probe, (const struct sockaddr *)name, sizeof(*name)) != 0 &&
	             (errno == ECONNREFUSED || errno == ENOENT);

	if (probe >= 0)
		close(probe);
	return stale;
}

/* False with an error when somebody listens there, or when it is no socket at all. */
static bool remove_stale(const struct place *place, int folder, struct error *ret_error)
{
	const char *path = place->address.sun_path;
	struct stat info;

	if (fstatat(folder, place->name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		return errno == ENOENT || error_set_errno(ret_error, errno, "cannot look at %s", path);
	if (!S_ISSOCK(info.st_mode))
		return error_set(
		    ret_error, ERROR_REFUSED, "%s is there and is no socket; move it away or %s", path, place->advice);
	if (!is_stale(&place->address))
		return error_set(
		    ret_error, ERROR_REFUSED, "another signer listens on %s already; end it, or %s", path, place->advice);
	if (unlinkat(folder, place->name, 0) != 0 && errno != ENOENT)
		return error_set_errno(ret_error, errno, "cannot remove the stale socket %s", path);
	return true;
}

static bool bind_unix(const struct sockaddr_un *name, int *ret_fd, struct error *ret_error)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_set_errno(ret_error, errno, "cannot make a unix socket");
	/* The mode counts from bind() on: a chmod afterwards would leave the socket open to others for a moment. */
	mode_t old = umask(0177);
	int failure = bind(fd, (const struct sockaddr *)name, sizeof(*name)) == 0 ? 0 : errno;

	umask(old);
	if (failure == 0 && listen(fd, BACKLOG) != 0)
		failure = errno;
	if (failure != 0) {
		close(fd);
		return error_set_errno(ret_error, failure, "cannot listen on %s", name->sun_path);
	}
	*ret_fd = fd;
	return true;
}

/* Nobody holds it for longer than it takes to bind, unless in order to keep us waiting. */
static bool lock_folder(int folder)
{
	const struct timespec moment = {0, 20 * 1000 * 1000};

	for (int i = 0; i < 100; i++) {
		if (flock(folder, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return false;
		nanosleep(&moment, NULL);
	}
	return false;
}

/* Finds an old socket, replaces it, and listens. The folder is open already. */
static bool listen_locked(const struct place *place, struct listen_unix *socket, struct error *ret_error)
{
	struct stat info;

	/* Two signers that start at once must not both find the old socket stale: one looks, removes and binds at a time. */
	if (!lock_folder(socket->folder))
		return error_set(ret_error, ERROR_REFUSED, "another %s holds the folder of %s; end it, or %s",
		    place->keep_locked ? "signer" : "program", place->address.sun_path, place->advice);
	bool ok = remove_stale(place, socket->folder, ret_error) && bind_unix(&place->address, &socket->fd, ret_error);

	if (ok && fstatat(socket->folder, place->name, &info, AT_SYMLINK_NOFOLLOW) != 0)
		ok = error_set_errno(ret_error, errno, "cannot look at %s", place->address.sun_path);
	if (ok)
		socket->inode = info.st_ino;
	if (!place->keep_locked)
		flock(socket->folder, LOCK_UN);
	return ok;
}

static bool open_folder(const char *folder, struct listen_unix *socket, struct error *ret_error)
{
	socket->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return socket->folder >= 0 || error_set_errno(ret_error, errno, "cannot open the folder %s", folder);
}

/* False with an error when the path is longer than a socket's may be. */
static bool set_path(struct place *place, const char *folder, struct error *ret_error)
{
	size_t length = strlen(folder);
	const char *slash = length > 0 && folder[length - 1] == '/' ? "" : "/";
	int size = snprintf(place->address.sun_path, sizeof(place->address.sun_path), "%s%s%s", folder, slash, place->name);

	place->address.sun_family = AF_UNIX;
	if (size < 0 || (size_t)size >= sizeof(place->address.sun_path))
		return error_set(ret_error, ERROR_REFUSED,
		    "the path %s%s%s is longer than the %zu bytes that a unix socket may have; %s", folder, slash, place->name,
		    sizeof(place->address.sun_path) - 1, place->advice);
	return true;
}

static bool finish(bool ok, const struct place *place, struct listen_unix *socket)
{
	if (!ok) {
		listen_unix_close(socket);
		return false;
	}
	socket->path = memory_text(bytes_text(place->address.sun_path));
	socket->name = memory_text(bytes_text(place->name));
	return true;
}

bool listen_unix_open(const char *folder, struct listen_unix *ret_socket, struct error *ret_error)
{
	struct place place = {.name = SOCKET_NAME, .advice = "choose a folder with --ipcpath"};

	*ret_socket = LISTEN_UNIX_NONE;
	if (folder[0] == 0)
		return error_set(ret_error, ERROR_REFUSED, "the folder of the socket (--ipcpath) is empty text; expected a path");
	bool ok = set_path(&place, folder, ret_error) && make_folders(folder, 0751, ret_error) &&
	          open_folder(folder, ret_socket, ret_error) && listen_locked(&place, ret_socket, ret_error);

	return finish(ok, &place, ret_socket);
}

/* ---- sockets in a folder of their own ---- */

struct private_socket {
	const char *flag;
	const char *advice; /* as in struct place */
	const char *danger; /* what whoever enters the folder could do */
	const char *needs;  /* why the folder is not shared with what else the signer has */
	const char *own_place;
};
/* The proposals work for everybody: the folder is made if it is not there. */
static const struct private_socket of_ui = {.flag = "--ui-socket",
    .advice = "name a socket in another folder with --ui-socket",
    .danger = "approve requests",
    .needs = "approvals need",
    .own_place = "--ui-socket ~/.clef/ui/ui.sock"};
static const struct private_socket of_qrexec = {.flag = "--qrexec-socket",
    .advice = "name a socket in another folder with --qrexec-socket",
    .danger = "pose as any qube",
    .needs = "the calls of qubes need",
    .own_place = "--qrexec-socket ~/.clef/qrexec/qrexec.sock"};

static bool is_one_of(const struct stat *folder, const char *const *others)
{
	struct stat other;

	for (; *others != NULL; others++)
		if (stat(*others, &other) == 0 && other.st_dev == folder->st_dev && other.st_ino == folder->st_ino)
			return true;
	return false;
}

/* Closing the folder hurts nobody who works in it: it is no home, nothing shared as /tmp is, and none of the system's. */
static bool may_be_closed(const struct stat *folder)
{
	const char *home[] = {getenv("HOME"), NULL};

	return folder->st_uid == geteuid() && geteuid() != 0 && (folder->st_mode & S_ISVTX) == 0 && !is_one_of(folder, home);
}

static bool refuse_mode(const struct private_socket *what, const char *folder, const struct stat *info, struct error *ret_error)
{
	char advice[160] = "";

	if (may_be_closed(info))
		snprintf(advice, sizeof(advice), "change it with chmod 700 %s, or ", folder);
	return error_set(ret_error, ERROR_REFUSED,
	    "%s: the folder %s has mode %04o, expected 0700: whoever enters it could %s; %sname a socket in a folder of its own, "
	    "such as %s",
	    what->flag, folder, (unsigned)(info->st_mode & 07777), what->danger, advice, what->own_place);
}

/* Nobody else's folder, nobody else in it, and no programs that only ask. */
static bool check_private(
    const struct private_socket *what, const char *folder, int fd, const char *const *others, struct error *ret_error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
		return error_set_errno(ret_error, errno, "cannot look at the folder %s", folder);
	if (info.st_uid != geteuid())
		return error_set(ret_error, ERROR_REFUSED,
		    "%s: the folder %s belongs to another user (uid %u); name a socket in a folder of its own, such as %s",
		    what->flag, folder, (unsigned)info.st_uid, what->own_place);
	/* Before the mode: to be told of chmod would not help here. */
	if (is_one_of(&info, others))
		return error_set(ret_error, ERROR_REFUSED,
		    "%s: the folder %s is the signer's own (of clef.ipc, its settings, its keys or another socket); %s a folder "
		    "of "
		    "their own, as with %s",
		    what->flag, folder, what->needs, what->own_place);
	if ((info.st_mode & 0777) != 0700)
		return refuse_mode(what, folder, &info, ret_error);
	return true;
}

static bool open_private(const struct private_socket *what, const char *path, const char *const *others,
    struct listen_unix *ret_socket, struct error *ret_error)
{
	struct place place = {.advice = what->advice, .keep_locked = true};
	const char *slash = strrchr(path, '/');

	*ret_socket = LISTEN_UNIX_NONE;
	if (slash == NULL || slash[1] == 0)
		return error_set(ret_error, ERROR_REFUSED,
		    "%s %s: expected the path of a file in a folder of its own, such as %s", what->flag, path, what->own_place);
	char *folder = memory_text(slash == path ? bytes_text("/") : bytes_of(path, (size_t)(slash - path)));

	place.name = slash + 1;
	bool ok = set_path(&place, folder, ret_error) && make_folders(folder, 0700, ret_error) &&
	          open_folder(folder, ret_socket, ret_error) &&
	          check_private(what, folder, ret_socket->folder, others, ret_error) &&
	          listen_locked(&place, ret_socket, ret_error);

	free(folder);
	return finish(ok, &place, ret_socket);
}

bool listen_ui_open(const char *path, const char *const *others, struct listen_unix *ret_socket, struct error *ret_error)
{
	return open_private(&of_ui, path, others, ret_socket, ret_error);
}

bool listen_qrexec_open(const char *path, const char *const *others, struct listen_unix *ret_socket, struct error *ret_error)
{
	return open_private(&of_qrexec, path, others, ret_socket, ret_error);
}

void listen_unix_close(struct listen_unix *socket)
{
	struct stat info;

	if (socket->fd >= 0) {
		if (socket->name != NULL && fstatat(socket->folder, socket->name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
		    info.st_ino == socket->inode)
			unlinkat(socket->folder, socket->name, 0);
		close(socket->fd);
	}
	if (socket->folder >= 0)
		close(socket->folder);
	free(socket->path);
	free(socket->name);
	*socket = LISTEN_UNIX_NONE;
}
