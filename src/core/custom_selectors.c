#include "core/custom_selectors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "core/spawn.h"
#include "decode/abi.h"
#include "decode/selectors.h"

/* A role that does not get to write waits for a slow disk, or another signer's lock: what comes meanwhile is not worth more memory. */
#define QUEUED_MAX ((size_t)1024 * 1024)
_Static_assert(ABI_SIGNATURE_MAX + 64 <= IPC_SELECTORS_ADD_MOST, "a caller's hint goes to selectors in one message");

struct custom_selectors {
	struct selectors_custom list;
	struct ipc_channel *channel; /* NULL: no role */
	pid_t pid;
	struct log_relay *relay;
	bool ready;
	struct custom_selectors_handlers handlers;
	const struct log *log;
};

/* ---- the role ---- */

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct custom_selectors *custom = context;

	(void)type; /* SELECTORS_READY is the only one that it may send */
	(void)message;
	(void)fd;
	if (custom->ready) {
		custom->handlers.closed(custom->handlers.context, "sent SELECTORS_READY twice");
		return;
	}
	custom->ready = true;
	custom->handlers.ready(custom->handlers.context);
}

static void on_closed(void *context, const char *why)
{
	struct custom_selectors *custom = context;
	struct buf text BUF_CLEANUP = BUF_INIT(512);

	if (strcmp(why, "closed") == 0)
		spawn_describe_end(custom->pid, &text);
	else
		buf_printf(&text, "sent %s", why);
	log_relay_drain(custom->relay);
	custom->handlers.closed(custom->handlers.context, buf_text(&text));
}

static bool start_role(struct custom_selectors *custom, struct event_base *base, const struct custom_selectors_options *options,
    int file, const char *name, struct error *ret_error)
{
	struct spawn_options spawn = {.argument = "--role=selectors", .fds = SPAWN_NO_FDS};
	const struct ipc_selectors_config config = {
	    .log_level = (uint64_t)options->log->level, .sandbox_flags = options->sandbox_flags, .name = bytes_text(name)};
	const struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = custom};
	struct spawned spawned;

	if (!log_relay_new(base, "selectors", options->log, &custom->relay, ret_error))
		return false;
	spawn.fds[0] = file;
	spawn.relay = custom->relay;
	if (!spawn_role(&spawn, &spawned, ret_error))
		return false;
	custom->pid = spawned.pid;
	custom->channel = ipc_channel_new(base, spawned.channel, IPC_ROLE_CORE, IPC_ROLE_SELECTORS, handlers);
	ipc_channel_send(custom->channel, IPC_SELECTORS_CONFIG, &config);
	return true;
}

/* ---- the start ---- */

/* The file as it was opened. What is looked at is what is used: everything goes through this descriptor. */
struct opened {
	int folder, fd;
	bool created, read_only;
};

static void close_opened(const struct opened *opened)
{
	if (opened->folder >= 0)
		close(opened->folder);
	if (opened->fd >= 0)
		close(opened->fd);
}

/* Split at the last slash; of a link that was named, where it leads, since that is the file. */
static bool open_folder(
    const char *path, bool follow, char ret_path[PATH_MAX], char **ret_name, int *ret_folder, struct error *ret_error)
{
	if (!follow || realpath(path, ret_path) == NULL) {
		if (follow && errno != ENOENT)
			return error_set_errno(ret_error, errno, "cannot open");
		if (strlen(path) >= PATH_MAX)
			return error_set(ret_error, ERROR_REFUSED, "the path is too long");
		memcpy(ret_path, path, strlen(path) + 1);
	}
	char *slash = strrchr(ret_path, '/');

	*ret_name = slash == NULL ? ret_path : slash + 1;
	if ((*ret_name)[0] == 0)
		return error_set(ret_error, ERROR_REFUSED, "expected a file, found a folder");
	if (slash != NULL)
		*slash = 0;
	*ret_folder = open(slash == NULL ? "." : slash == ret_path ? "/" : ret_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return *ret_folder >= 0 || error_set_errno(ret_error, errno, "cannot open its folder");
}

/* Made when it is not there, if it was named. One that cannot be written is read. False: errno says why. */
static bool open_file(const char *name, bool create, struct opened *opened)
{
	/* O_NONBLOCK: a FIFO that somebody left there must not hang. */
	const int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;

	opened->fd = openat(opened->folder, name, O_RDWR | flags);
	if (opened->fd < 0 && errno == ENOENT && create) {
		opened->fd = openat(opened->folder, name, O_RDWR | O_CREAT | O_EXCL | flags, S_IRUSR | S_IWUSR);
		opened->created = opened->fd >= 0;
		if (opened->fd < 0 && errno == EEXIST)
			opened->fd = openat(opened->folder, name, O_RDWR | flags);
	} else if (opened->fd < 0 && (errno == EACCES || errno == EPERM || errno == EROFS)) {
		opened->fd = openat(opened->folder, name, O_RDONLY | flags);
		opened->read_only = true;
	}
	return opened->fd >= 0;
}

static bool is_written_by_others(const struct stat *info)
{
	return (info->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* Whoever may write the file, or put another in its place, says what calls are called. One that nobody named must be the user's own. */
static bool is_own(const struct opened *opened)
{
	struct stat file, folder;

	return fstat(opened->fd, &file) == 0 && fstat(opened->folder, &folder) == 0 && S_ISREG(file.st_mode) &&
	       file.st_uid == geteuid() && !is_written_by_others(&file) && (folder.st_uid == geteuid() || folder.st_uid == 0) &&
	       !is_written_by_others(&folder);
}

/* One that cannot be opened, or is not used, leaves ret_opened->fd below 0. */
static void open_default(const char *path, const struct log *log, char **ret_name, char ret_path[PATH_MAX], struct opened *opened)
{
	struct error error;

	if (!open_folder(path, false, ret_path, ret_name, &opened->folder, &error))
		return;
	bool found = open_file(*ret_name, false, opened);

	if ((!found && errno == ENOENT) || (found && is_own(opened)))
		return;
	log_warn(log,
	    "%s in the current folder is not used: it is no file that you alone can write, in a folder that you alone can write; "
	    "to use it "
	    "all the same, name it with --4bytedb-custom",
	    path);
	if (found)
		close(opened->fd);
	opened->fd = -1;
}

static bool open_named(const char *path, char **ret_name, char ret_path[PATH_MAX], struct opened *opened, struct error *ret_error)
{
	struct stat info;

	if (!open_folder(path, true, ret_path, ret_name, &opened->folder, ret_error))
		return false;
	if (!open_file(*ret_name, true, opened) || fstat(opened->fd, &info) != 0)
		return error_set_errno(ret_error, errno, "cannot open");
	return S_ISREG(info.st_mode) || error_set(ret_error, ERROR_REFUSED, "is not a regular file");
}

/* Under a lock, since another signer's role may be writing. Whoever keeps it for long does not keep us from starting. */
static bool read_file(struct custom_selectors *custom, const struct opened *opened, struct error *ret_error)
{
	BUF_CLEANUP struct buf content = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
	struct error waited;
	bool locked = file_lock(opened->fd, opened->created, &waited);
	bool ok = file_read_fd(opened->fd, &content, ret_error);

	/* An empty file would be no JSON for other programs. */
	if (ok && opened->created && content.size == 0)
		ok = file_write_all(opened->fd, bytes_text("{}"), ret_error);
	if (locked)
		flock(opened->fd, LOCK_UN);
	return ok && selectors_custom_read(buf_bytes(&content), custom->log, &custom->list, ret_error);
}

static bool use_file(struct custom_selectors *custom, struct event_base *base, const struct custom_selectors_options *options,
    const struct opened *opened, const char *name, struct error *ret_error)
{
	if (!read_file(custom, opened, ret_error))
		return false;
	if (!opened->read_only)
		return start_role(custom, base, options, opened->fd, name, ret_error);
	log_warn(custom->log, "%s can only be read: methods that are learnt are known until the signer ends", options->path);
	return true;
}

static bool open_and_use(struct custom_selectors *custom, struct event_base *base, const struct custom_selectors_options *options,
    struct error *ret_error)
{
	char path[PATH_MAX] = "", *name = path;
	struct opened opened = {.folder = -1, .fd = -1};
	bool ok = true;

	if (options->given)
		ok = open_named(options->path, &name, path, &opened, ret_error);
	else
		open_default(options->path, options->log, &name, path, &opened);
	if (ok && opened.fd >= 0)
		ok = use_file(custom, base, options, &opened, name, ret_error);
	close_opened(&opened);
	return ok || error_prefix(ret_error, "--4bytedb-custom %s", options->path);
}

bool custom_selectors_open(struct event_base *base, const struct custom_selectors_options *options,
    struct custom_selectors_handlers handlers, struct custom_selectors **ret_custom, struct error *ret_error)
{
	struct custom_selectors *custom = memory_new(1, sizeof(*custom));

	*ret_custom = custom;
	custom->list = SELECTORS_CUSTOM_EMPTY;
	custom->handlers = handlers;
	custom->log = options->log;
	return options->path == NULL || options->path[0] == 0 || open_and_use(custom, base, options, ret_error);
}

void custom_selectors_free(struct custom_selectors *custom)
{
	if (custom == NULL)
		return;
	if (custom->channel != NULL) {
		ipc_channel_free(custom->channel);
		spawn_end(custom->pid);
	}
	log_relay_free(custom->relay);
	selectors_custom_free(&custom->list);
	free(custom);
}

bool custom_selectors_has_role(const struct custom_selectors *custom)
{
	return custom->channel != NULL;
}

/* ---- in use ---- */

const struct selectors_custom *custom_selectors_list(const struct custom_selectors *custom)
{
	return custom == NULL ? NULL : &custom->list;
}

bool custom_selectors_read_hint(yyjson_val *argument, unsigned number, struct bytes *ret_untrusted_hint, struct error *ret_error)
{
	*ret_untrusted_hint = BYTES_NONE;
	if (argument == NULL || yyjson_is_null(argument))
		return true;
	if (!yyjson_is_str(argument))
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid argument %u: expected a method signature such as transfer(address,uint256)", number);
	*ret_untrusted_hint = json_bytes(argument);
	return ret_untrusted_hint->size <= ABI_SIGNATURE_MAX ||
	       error_set(ret_error, ERROR_PARAMS, "invalid argument %u: a method signature has at most %d bytes, found %zu",
	           number, ABI_SIGNATURE_MAX, ret_untrusted_hint->size);
}

void custom_selectors_learn(struct custom_selectors *custom, struct bytes signature)
{
	ARENA_CLEANUP struct arena arena = {0};
	const struct ipc_selectors_add message = {.signature = signature};
	struct selectors_texts shipped;
	struct abi_method method;
	struct error error;

	if (custom == NULL || !abi_parse_method(signature, &arena, &method, &error) ||
	    selectors_find(method.selector, &shipped) || !selectors_custom_add(&custom->list, method.selector, signature))
		return;
	if (custom->channel != NULL && ipc_channel_queued(custom->channel) < QUEUED_MAX)
		ipc_channel_send(custom->channel, IPC_SELECTORS_ADD, &message);
}
