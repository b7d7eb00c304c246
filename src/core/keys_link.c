#include "core/keys_link.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "core/spawn.h"
#include "core/waiting.h"

struct keys_link {
	struct ipc_channel *channel;
	pid_t pid;
	struct log_relay *relay;
	struct waiting_list waiting;
	bool ready;
	struct keys_link_handlers handlers;
	const struct log *log;
};

/* IPC_NONE for what is no request. */
static enum ipc_type answer_to(enum ipc_type request)
{
	static const struct {
		enum ipc_type request, answer;
	} pairs[] = {
	    {IPC_KEYS_LIST, IPC_KEYS_ACCOUNTS},
	    {IPC_KEYS_FIND, IPC_KEYS_FOUND},
	    {IPC_KEYS_SIGN, IPC_KEYS_SIGNED},
	    {IPC_KEYS_CREATE, IPC_KEYS_CREATED},
	    {IPC_KEYS_IMPORT_RAW, IPC_KEYS_CREATED},
	    {IPC_KEYS_IMPORT_FILE, IPC_KEYS_CREATED},
	    {IPC_KEYS_EXPORT, IPC_KEYS_EXPORTED},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].request == request)
			return pairs[i].answer;
	return IPC_NONE;
}

static void take_ready(struct keys_link *link, const struct ipc_keys_ready *ready)
{
	if (link->ready) {
		link->handlers.closed(link->handlers.context, "sent KEYS_READY twice");
		return;
	}
	link->ready = true;
	link->handlers.ready(link->handlers.context, ready);
}

static void take_answer(struct keys_link *link, uint64_t request, enum ipc_type type, const void *message)
{
	const struct waiting *found = waiting_find(&link->waiting, request);

	if (found == NULL) {
		log_debug(
		    link->log, "%s for request %llu of keys comes too late", ipc_type_name(type), (unsigned long long)request);
		return;
	}
	/* A handler would take one struct for another. */
	bool reads_secret = found->expected == IPC_KEYS_SIGNED || found->expected == IPC_KEYS_CREATED;

	if (type == IPC_KEYS_SECRET_READ && reads_secret) {
		found->answer(found->context, type, message);
	} else if (type == found->expected || type == IPC_KEYS_FAILED) {
		struct waiting *done = waiting_take(&link->waiting, request);

		done->answer(done->context, type, message);
		free(done);
	} else {
		link->handlers.closed(link->handlers.context, "sent an answer to another question");
	}
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct keys_link *link = context;
	uint64_t request;

	if (fd >= 0)
		close(fd);
	if (type == IPC_KEYS_READY) {
		take_ready(link, message);
		return;
	}
	/* Every answer begins with the number of its request. */
	memcpy(&request, message, sizeof(request));
	take_answer(link, request, type, message);
}

static void on_closed(void *context, const char *why)
{
	struct keys_link *link = context;
	struct buf text BUF_CLEANUP = BUF_INIT(512);

	if (strcmp(why, "closed") == 0)
		spawn_describe_end(link->pid, &text);
	else
		buf_printf(&text, "sent %s", why);
	log_relay_drain(link->relay);
	link->handlers.closed(link->handlers.context, buf_text(&text));
}

static bool open_folder(const char *path, bool create, int *ret_fd, struct error *ret_error)
{
	if (create && mkdir(path, 0700) != 0 && errno == ENOENT) {
		/* The default lies two levels deep: ~/.ethereum/keystore. */
		char *parent = memory_text(bytes_text(path));
		char *slash = strrchr(parent, '/');

		if (slash != NULL && slash != parent) {
			*slash = 0;
			mkdir(parent, 0700);
		}
		free(parent);
		mkdir(path, 0700);
	}
	*ret_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (*ret_fd < 0)
		return error_set_errno(ret_error, errno, "cannot open the folder %s", path);
	return true;
}

/* A keystore that is not there and may not be made is served as an empty one: a folder that nobody can fill. */
static bool open_keystore(const struct keys_link_options *options, int *ret_fd, struct error *ret_error)
{
	if (open_folder(options->keystore, options->create_folders, ret_fd, ret_error))
		return true;
	if (options->create_folders || access(options->keystore, F_OK) == 0)
		return error_prefix(ret_error, "the keystore");
	*ret_fd = -1;
	return true;
}

static void close_if_open(int fd)
{
	if (fd >= 0)
		close(fd);
}

static bool start_role(struct keys_link *link, const struct keys_link_options *options, int keystore, int index, int *ret_channel,
    struct error *ret_error)
{
	struct spawn_options spawn = {.argument = "--role=keys",
	    .fds = {keystore, index, options->terminal_fd, options->secret_fd, options->password_fd, options->import_fd},
	    .relay = link->relay};
	struct spawned spawned;

	if (!spawn_role(&spawn, &spawned, ret_error))
		return false;
	link->pid = spawned.pid;
	*ret_channel = spawned.channel;
	return true;
}

/* URLs of accounts name absolute paths. */
static char *absolute_path(const char *path)
{
	char *here = path[0] != '/' && path[0] != 0 ? getcwd(NULL, 0) : NULL;
	struct buf text BUF_CLEANUP = BUF_INIT(2 * PATH_MAX);

	if (here != NULL)
		buf_printf(&text, "%s/", here);
	free(here);
	buf_put_text(&text, path);
	return memory_text(buf_bytes(&text));
}

static void send_config(struct keys_link *link, const struct keys_link_options *options, bool have_keystore, bool have_index)
{
	char *keystore = absolute_path(options->keystore);
	uint64_t have = 0;

	have |= have_keystore ? IPC_KEYS_HAVE_KEYSTORE : 0;
	have |= have_index ? IPC_KEYS_HAVE_INDEX : 0;
	have |= options->terminal_fd >= 0 ? IPC_KEYS_HAVE_TERMINAL : 0;
	have |= options->secret_fd >= 0 ? IPC_KEYS_HAVE_SECRETS : 0;
	have |= options->password_fd >= 0 ? IPC_KEYS_HAVE_PASSWORD : 0;
	have |= options->import_fd >= 0 ? IPC_KEYS_HAVE_IMPORT : 0;
	struct ipc_keys_config config = {.log_level = (uint64_t)options->log->level,
	    .sandbox_flags = options->sandbox_flags,
	    .light = options->light,
	    .have = have,
	    .keystore = bytes_text(keystore)};

	ipc_channel_send(link->channel, IPC_KEYS_CONFIG, &config);
	free(keystore);
}

bool keys_link_start(struct event_base *base, const struct keys_link_options *options, struct keys_link_handlers handlers,
    struct keys_link **ret_link, struct error *ret_error)
{
	struct keys_link *link = memory_new(1, sizeof(*link));
	int keystore = -1, index = -1, channel = -1;
	bool ok = false;

	link->handlers = handlers;
	link->log = options->log;
	if (options->keystore[0] != 0 && !open_keystore(options, &keystore, ret_error))
		goto out;
	if (options->configdir != NULL)
		index = open(options->configdir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = log_relay_new(base, "keys", options->log, &link->relay, ret_error) &&
	     start_role(link, options, keystore, index, &channel, ret_error);
	if (!ok)
		goto out;
	link->channel = ipc_channel_new(base, channel, IPC_ROLE_CORE, IPC_ROLE_KEYS,
	    (struct ipc_handlers){.message = on_message, .closed = on_closed, .context = link});
	send_config(link, options, keystore >= 0, index >= 0);
	*ret_link = link;
out:
	close_if_open(keystore);
	close_if_open(index);
	if (!ok) {
		log_relay_free(link->relay);
		free(link);
	}
	return ok;
}

void keys_link_free(struct keys_link *link)
{
	if (link == NULL)
		return;
	ipc_channel_free(link->channel);
	spawn_end(link->pid);
	log_relay_free(link->relay);
	waiting_free(&link->waiting);
	free(link);
}

uint64_t keys_link_request(struct keys_link *link, enum ipc_type type, void *message, waiting_answer *answer, void *context)
{
	uint64_t request = waiting_add(&link->waiting, answer_to(type), answer, context);

	memcpy(message, &request, sizeof(request));
	ipc_channel_send(link->channel, type, message);
	return request;
}

/* Found out here, since keys may not ask for it. Of what is no socket there is none. */
static bool keeps_packets(int fd)
{
	int type = 0;
	socklen_t size = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) == 0 && (type == SOCK_SEQPACKET || type == SOCK_DGRAM);
}

bool keys_link_pass_pipe(struct keys_link *link, int fd)
{
	struct ipc_keys_secret_pipe message = {.packets = keeps_packets(fd)};
	bool ok = ipc_channel_send_fd(link->channel, IPC_KEYS_SECRET_PIPE, &message, fd);

	close(fd);
	return ok;
}

void keys_link_drop_pipe(struct keys_link *link)
{
	struct ipc_keys_secret_drop message = {0};

	ipc_channel_send(link->channel, IPC_KEYS_SECRET_DROP, &message);
}

void keys_link_withdraw(struct keys_link *link, uint64_t request)
{
	struct waiting *found = waiting_take(&link->waiting, request);
	struct ipc_keys_withdraw message = {request};

	if (found == NULL)
		return;
	free(found);
	ipc_channel_send(link->channel, IPC_KEYS_WITHDRAW, &message);
}
