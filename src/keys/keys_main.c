#include "keys/keys_main.h"

#include <errno.h>
#include <signal.h>
#include <sodium.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "keys/keys.h"
#include "keys/rawkey.h"
#include "keys/openssl.h"
#include "sandbox/sandbox.h"

/* One for each request that may wait, and what the sources of passwords hold. Requests that have two at a time (imports) are rare. */
#define SECRETS_LEAST 64
#define SECRETS_MOST  (KEYS_REQUESTS_MOST + 64)

static _Noreturn void leave(struct keys *keys)
{
	terminal_free(keys->terminal);
	keys_requests_wipe(keys);
	secret_pipe_free(keys->pipe); /* what came early, and what was half read */
	bytes_wipe(keys->password.data, keys->has_password ? SECRET_SLOT_SIZE : 0);
	bytes_wipe(keys->import.data, keys->has_import ? SECRET_SLOT_SIZE : 0);
	keystore_service_end(keys);
	/* Not exit(): a worker may be in the middle of a library whose exit handlers would pull the rug. */
	_exit(0);
}

static void on_message(void *context, enum ipc_type type, const void *message, int fd)
{
	struct keys *keys = context;

	if (type == IPC_KEYS_SECRET_PIPE) {
		const struct ipc_keys_secret_pipe *pipe = message;

		keys_take_pipe(keys, fd, pipe->packets != 0);
		return;
	}
	if (fd >= 0)
		close(fd);
	if (type == IPC_KEYS_SECRET_DROP)
		keys_drop_pipe(keys, "it was detached");
	else
		keys_requests_message(keys, type, message);
}

static void on_closed(void *context, const char *why)
{
	struct keys *keys = context;

	if (strcmp(why, "closed") != 0)
		log_error(&keys->log, "core sent %s", why);
	leave(keys);
}

static void on_drained(void *context)
{
	keys_requests_drained(context);
}

static void on_refresh(evutil_socket_t fd, short what, void *context)
{
	struct keys *keys = context;
	struct error error;

	(void)fd;
	(void)what;
	if (!signer_refresh(keys->signer, &error))
		log_fatal(&keys->log, "%s", error.text);
	keys->refresh_due = false;
}

/*
 * A background job may still restore the terminal. SIGINT, SIGTERM and what else ends a process group are blocked from before the start (core's
 * spawn_role): core decides what they mean and closes the channel, upon which leave() gives the terminal back.
 */
static void ignore_signals(void)
{
	static const int ignored[] = {SIGPIPE, SIGTTOU, SIGTTIN, SIGTSTP};
	struct sigaction action = {.sa_handler = SIG_IGN};

	for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		sigaction(ignored[i], &action, NULL);
}

/* The first line, without its end. */
static bool read_password_file(struct keys *keys, struct error *ret_error)
{
	BUF_CLEANUP struct buf content = BUF_INIT(PASSWORD_MOST);

	if (!file_read_fd(IPC_FD_KEYS_PASSWORD, &content, ret_error))
		return error_prefix(ret_error, "the password file");
	struct bytes line = buf_bytes(&content);
	const uint8_t *end = line.size == 0 ? NULL : memchr(line.data, '\n', line.size);
	if (end != NULL)
		line.size = (size_t)(end - line.data);
	if (line.size > 0 && line.data[line.size - 1] == '\r')
		line.size--;
	keys->has_password = secret_take(keys->arena, &keys->password, ret_error) && secret_set(&keys->password, line);
	return keys->has_password;
}

static bool read_import_file(struct keys *keys, struct error *ret_error)
{
	BUF_CLEANUP struct buf content = BUF_INIT(RAWKEY_FILE_MAX);

	if (!file_read_fd(IPC_FD_KEYS_IMPORT, &content, ret_error))
		return error_prefix(ret_error, "the file with the key");
	keys->has_import = secret_take(keys->arena, &keys->import, ret_error) && secret_set(&keys->import, buf_bytes(&content));
	return keys->has_import;
}

/* Once confined, when nobody can look into the process any more. */
static bool read_files(struct keys *keys, uint64_t have, struct error *ret_error)
{
	if ((have & IPC_KEYS_HAVE_PASSWORD) != 0 && !read_password_file(keys, ret_error))
		return false;
	return (have & IPC_KEYS_HAVE_IMPORT) == 0 || read_import_file(keys, ret_error);
}

static bool prepare_sources(struct keys *keys, uint64_t have, struct error *ret_error)
{
	if ((have & IPC_KEYS_HAVE_SECRETS) != 0 &&
	    !secret_pipe_new(keys->base, IPC_FD_KEYS_SECRETS, keys->arena, &keys->log, &keys->pipe, ret_error))
		return false;
	if ((have & IPC_KEYS_HAVE_TERMINAL) != 0)
		keys->terminal = terminal_new(keys->base, IPC_FD_KEYS_TERMINAL, keys->arena);
	return true;
}

static void prepare_keystore(struct keys *keys, const struct ipc_keys_config *config)
{
	struct keystore_options options = {
	    .folder_fd = (config->have & IPC_KEYS_HAVE_KEYSTORE) != 0 ? IPC_FD_KEYS_KEYSTORE : -1,
	    .index_fd = (config->have & IPC_KEYS_HAVE_INDEX) != 0 ? IPC_FD_KEYS_INDEX : -1,
	    .path = config->keystore,
	    .log = &keys->log,
	};

	keys->keystore_fd = options.folder_fd;
	keys->index_fd = options.index_fd;
	keys->keystore = keystore_new(&options);
}

/* Everything that confinement takes away, or that must be there before the first request. */
static bool prepare(struct keys *keys, const struct ipc_keys_config *config, struct error *ret_error)
{
	keys->log = (struct log){.role = "keys", .level = (int)config->log_level, .fd = STDERR_FILENO};
	keys->cost = config->light != 0 ? KEYFILE_COST_LIGHT : KEYFILE_COST_STANDARD;
	ignore_signals();
	/* sodium_init chooses the fast scrypt. */
	if (sodium_init() < 0)
		return error_set(ret_error, ERROR_INTERNAL, "libsodium does not start");
	if (!openssl_load(ret_error))
		return false;
	keys->turns_end = &keys->turns;
	keys->base = event_base_new();
	if (keys->base == NULL)
		return error_set(ret_error, ERROR_INTERNAL, "the event loop does not start");
	if (!secret_arena_new(KDF_THREADS, KDF_THREADS, &keys->opened, ret_error) ||
	    !secret_arena_new(SECRETS_LEAST, SECRETS_MOST, &keys->arena, ret_error) || !signer_new(&keys->signer, ret_error) ||
	    !prepare_sources(keys, config->have, ret_error))
		return false;
	prepare_keystore(keys, config);
	keys->refresh = evtimer_new(keys->base, on_refresh, keys);
	if (keys->refresh == NULL)
		return error_set(ret_error, ERROR_INTERNAL, "the event loop does not start");
	return true;
}

static bool confine(struct keys *keys, const struct ipc_keys_config *config, unsigned *ret_features, struct error *ret_error)
{
	int folders[2];
	struct sandbox_options options = {
	    .allow_weak = (config->sandbox_flags & IPC_SANDBOX_ALLOW_WEAK) != 0,
	    .require_all = (config->sandbox_flags & IPC_SANDBOX_REQUIRE) != 0,
	    .folders = folders,
	};

	if ((config->have & IPC_KEYS_HAVE_KEYSTORE) != 0)
		folders[options.folder_count++] = IPC_FD_KEYS_KEYSTORE;
	if ((config->have & IPC_KEYS_HAVE_INDEX) != 0)
		folders[options.folder_count++] = IPC_FD_KEYS_INDEX;
	return sandbox_prepare(SANDBOX_KEYS, &options, ret_features, ret_error) &&
	       kdf_pool_new(keys->base, &keys->pool, ret_error) && sandbox_seal(SANDBOX_KEYS, &options, ret_features, ret_error);
}

static void serve(struct keys *keys, unsigned features)
{
	struct ipc_handlers handlers = {.message = on_message, .closed = on_closed, .context = keys};
	struct ipc_keys_ready ready = {.sandbox = features, .hidden = secret_arena_is_hidden(keys->arena)};

	keystore_load(keys->keystore);
	keystore_service_start(keys);
	keys->channel = ipc_channel_new(keys->base, IPC_FD_CHANNEL, IPC_ROLE_KEYS, IPC_ROLE_CORE, handlers);
	ipc_channel_tell_drained(keys->channel, on_drained);
	ipc_channel_send(keys->channel, IPC_KEYS_READY, &ready);
	event_base_dispatch(keys->base);
}

int keys_main(void)
{
	BUF_CLEANUP struct buf payload = BUF_INIT(65536);
	struct ipc_keys_config config;
	struct keys keys = {.log = {.role = "keys", .level = LOG_LEVEL_ERROR, .fd = STDERR_FILENO},
	    .keystore_fd = -1,
	    .index_fd = -1,
	    .pipe_fd = -1};
	unsigned features = 0;
	struct error error;

	/* Nobody but us may open a file that we make. */
	umask(077);
	if (!ipc_receive_first(IPC_FD_CHANNEL, IPC_ROLE_KEYS, IPC_ROLE_CORE, IPC_KEYS_CONFIG, &payload, &config, &error) ||
	    !prepare(&keys, &config, &error) || !confine(&keys, &config, &features, &error) ||
	    !read_files(&keys, config.have, &error)) {
		log_error(&keys.log, "%s", error.text);
		return 1;
	}
	serve(&keys, features);
	/* The loop only ends by itself when nothing is left to wait for: a bug. */
	log_error(&keys.log, "the event loop ended");
	return 1;
}
