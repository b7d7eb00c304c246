#include "core/custom_selectors.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
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
    int folder, const char *name, struct error *ret_error)
{
	struct spawn_options spawn = {.argument = "--role=selectors", .fds = SPAWN_NO_FDS};
	const struct ipc_selectors_config config = {
	    .log_level = (uint64_t)options->log->level, .sandbox_flags = options->sandbox_flags, .name = bytes_text(name)};
	const struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = custom};
	struct spawned spawned;

	if (!log_relay_new(base, "selectors", options->log, &custom->relay, ret_error))
		return false;
	spawn.fds[0] = folder;
	spawn.relay = custom->relay;
	if (!spawn_role(&spawn, &spawned, ret_error))
		return false;
	custom->pid = spawned.pid;
	custom->channel = ipc_channel_new(base, spawned.channel, IPC_ROLE_CORE, IPC_ROLE_SELECTORS, handlers);
	ipc_channel_send(custom->channel, IPC_SELECTORS_CONFIG, &config);
	return true;
}

/* ---- the start ---- */

/* Whoever may write the file says what calls are called. One that nobody named must be the user's own. */
static bool default_is_used(const char *path, const struct log *log)
{
	struct stat info;

	if (lstat(path, &info) != 0)
		return false;
	if (S_ISREG(info.st_mode) && info.st_uid == geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0)
		return true;
	log_warn(log,
	    "%s in the current folder is not used: it is no file that you alone can write; to use it all the same, name it with "
	    "--4bytedb-custom",
	    path);
	return false;
}

/* Split at the last slash; of a link, where it leads, since that is what is to be replaced. */
static bool open_folder(const char *path, char ret_path[PATH_MAX], char **ret_name, int *ret_folder, struct error *ret_error)
{
	if (realpath(path, ret_path) == NULL) {
		if (errno != ENOENT)
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

static bool read_file(struct custom_selectors *custom, int folder, const char *name, struct error *ret_error)
{
	BUF_CLEANUP struct buf content = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
	struct stat info;

	if (fstatat(folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0 && errno == ENOENT)
		return true;
	return file_read_at(folder, name, &content, ret_error) &&
	       selectors_custom_read(buf_bytes(&content), custom->log, &custom->list, ret_error);
}

static bool use_file(struct custom_selectors *custom, struct event_base *base, const struct custom_selectors_options *options,
    struct error *ret_error)
{
	char path[PATH_MAX] = "", *name = path;
	int folder = -1;
	bool ok = open_folder(options->path, path, &name, &folder, ret_error) && read_file(custom, folder, name, ret_error) &&
	          start_role(custom, base, options, folder, name, ret_error);

	if (folder >= 0)
		close(folder);
	return ok || error_prefix(ret_error, "--4bytedb-custom %s", options->path);
}

bool custom_selectors_open(struct event_base *base, const struct custom_selectors_options *options,
    struct custom_selectors_handlers handlers, struct custom_selectors **ret_custom, struct error *ret_error)
{
	struct custom_selectors *custom = memory_new(1, sizeof(*custom));
	bool used = options->path != NULL && options->path[0] != 0;

	*ret_custom = custom;
	custom->list = SELECTORS_CUSTOM_EMPTY;
	custom->handlers = handlers;
	custom->log = options->log;
	if (used && !options->given)
		used = default_is_used(options->path, options->log);
	return !used || use_file(custom, base, options, ret_error);
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
