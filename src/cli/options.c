#include "cli/options.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memory.h"

#define LOG_LEVEL_FLAG_MOST 5
#define PORT_MOST           65535

/* Append the parts of `path`; "." and empty parts vanish, ".." takes the last part away. */
static void put_parts(struct buf *clean, const char *path)
{
	while (*path != 0) {
		size_t size = strcspn(path, "/");
		if (size == 2 && memcmp(path, "..", 2) == 0) {
			while (clean->size > 0 && clean->data[--clean->size] != '/')
				continue;
		} else if (size > 0 && !(size == 1 && path[0] == '.')) {
			buf_put_u8(clean, '/');
			buf_put(clean, path, size);
		}
		path += size;
		path += *path == '/';
	}
}

bool options_resolve_path(const char *path, const char *home, const char *cwd, char **ret_path, struct error *ret_error)
{
	BUF_CLEANUP struct buf clean = BUF_INIT(PATH_MAX - 1);

	if (strcmp(path, "~") == 0 || strncmp(path, "~/", 2) == 0) {
		if (home == NULL || home[0] != '/')
			return error_set(ret_error, ERROR_PARAMS,
			    "%s: your home folder is not known; set HOME or give an absolute path", path);
		put_parts(&clean, home);
		path++;
	} else if (path[0] != '/') {
		put_parts(&clean, cwd);
	}
	put_parts(&clean, path);
	if (!buf_ok(&clean))
		return error_set(ret_error, ERROR_PARAMS, "path too long: at most %d bytes are possible", PATH_MAX - 1);
	*ret_path = memory_text(clean.size == 0 ? bytes_text("/") : buf_bytes(&clean));
	return true;
}

static const char *home_folder(void)
{
	const char *home = getenv("HOME");
	if (home != NULL && home[0] != 0)
		return home;
	/* The user database stays valid until the next look-up, of which there is none. */
	const struct passwd *user = getpwuid(getuid());
	return user == NULL ? NULL : user->pw_dir;
}

static bool resolve_text(const char *given, enum flag_id id, char **ret_path, struct error *ret_error)
{
	char cwd[PATH_MAX] = "/";

	if (given == NULL || given[0] == 0) {
		*ret_path = given == NULL ? NULL : memory_text(BYTES_NONE);
		return true;
	}
	if (given[0] != '/' && given[0] != '~' && getcwd(cwd, sizeof cwd) == NULL)
		return error_set_errno(ret_error, errno, "--%s %s: the current folder is not known", flags_spec(id)->name, given);
	if (options_resolve_path(given, home_folder(), cwd, ret_path, ret_error))
		return true;
	return error_prefix(ret_error, "--%s", flags_spec(id)->name);
}

static bool resolve(const struct flags *flags, enum flag_id id, char **ret_path, struct error *ret_error)
{
	return resolve_text(flags_text(flags, id), id, ret_path, ret_error);
}

/* geth's --signer names the socket, --ipcpath its folder: the former's value would become a folder called clef.ipc. */
static bool check_ipc_path(const char *path, struct error *ret_error)
{
	const char *slash = path == NULL ? NULL : strrchr(path, '/');

	if (slash == NULL || strcmp(slash + 1, "clef.ipc") != 0)
		return true;
	return error_set(ret_error, ERROR_PARAMS, "--ipcpath %s: give the folder that gets the socket clef.ipc, here %.*s", path,
	    slash == path ? 1 : (int)(slash - path), path);
}

/* What follows "attach" is the same as the flag. */
static bool resolve_ui_socket(const struct flags *flags, struct options *options, struct error *ret_error)
{
	const char *given = flags_text(flags, FLAG_UI_SOCKET);
	bool attaches = flags->command == COMMAND_ATTACH;

	if (attaches && flags->argument_count > 0 && given != NULL)
		return error_set(ret_error, ERROR_PARAMS,
		    "the path of the signer's socket was given twice, behind attach and with --ui-socket");
	if (attaches && flags->argument_count > 0)
		given = flags->arguments[0];
	if (attaches && given == NULL)
		return error_set(ret_error, ERROR_PARAMS,
		    "name the socket that the signer was started with, as in: clef attach ~/.clef/ui/ui.sock");
	if (given != NULL && given[0] == 0)
		return error_set(ret_error, ERROR_PARAMS, "--ui-socket is empty: name a file in a folder of its own");
	if (!resolve_text(given, FLAG_UI_SOCKET, &options->paths.ui_socket, ret_error))
		return false;
	options->core.ui_socket = options->paths.ui_socket;
	return true;
}

static bool resolve_qrexec_socket(const struct flags *flags, struct options *options, struct error *ret_error)
{
	const char *given = flags_text(flags, FLAG_QREXEC_SOCKET);

	if (given != NULL && given[0] == 0)
		return error_set(ret_error, ERROR_PARAMS, "--qrexec-socket is empty: name a file in a folder of its own");
	if (!resolve_text(given, FLAG_QREXEC_SOCKET, &options->paths.qrexec_socket, ret_error))
		return false;
	options->core.qrexec_socket = options->paths.qrexec_socket;
	return true;
}

static bool check_ui(const struct flags *flags, const struct core_options *core, struct error *ret_error)
{
	if (flags->command != COMMAND_SIGNER)
		return true;
	if (core->ui_socket != NULL && (core->stdio_ui || core->stdio_ui_test))
		return error_set(ret_error, ERROR_PARAMS,
		    "--ui-socket and --stdio-ui contradict each other: one user interface approves; give one of them");
	if (core->stdio_ui_test && !core->stdio_ui)
		return error_set(ret_error, ERROR_PARAMS,
		    "--stdio-ui-test tries out the program at the other end of standard input and output: give --stdio-ui, too");
	if (core->ui_socket == NULL && core->wait_for_ui_s > 0)
		return error_set(
		    ret_error, ERROR_PARAMS, "--wait-for-ui is for a user interface that attaches: give --ui-socket, too");
	return true;
}

/* The default one lies in the config folder, which is resolved already. */
static bool resolve_clients(const struct flags *flags, struct options *options, struct error *ret_error)
{
	if (options->core.clients_given) {
		if (!resolve(flags, FLAG_CLIENTS, &options->paths.clients, ret_error))
			return false;
	} else {
		BUF_CLEANUP struct buf path = BUF_INIT(PATH_MAX + sizeof("/clients.conf"));

		buf_printf(&path, "%s/clients.conf", options->paths.configdir);
		options->paths.clients = memory_text(buf_bytes(&path));
	}
	options->core.clients = options->paths.clients;
	return true;
}

static bool resolve_paths(const struct flags *flags, struct options *options, struct error *ret_error)
{
	if (!resolve(flags, FLAG_KEYSTORE, &options->paths.keystore, ret_error) ||
	    !resolve(flags, FLAG_CONFIGDIR, &options->paths.configdir, ret_error) ||
	    !resolve(flags, FLAG_IPCPATH, &options->paths.ipc_path, ret_error) ||
	    !resolve(flags, FLAG_PASSWORD_FILE, &options->paths.password_file, ret_error) ||
	    !resolve_ui_socket(flags, options, ret_error) || !resolve_qrexec_socket(flags, options, ret_error) ||
	    (options->core.selectors_given && !resolve(flags, FLAG_4BYTEDB_CUSTOM, &options->paths.selectors, ret_error)))
		return false;
	if (!check_ipc_path(options->paths.ipc_path, ret_error))
		return false;
	if (options->paths.configdir == NULL || options->paths.configdir[0] == 0)
		return error_set(
		    ret_error, ERROR_PARAMS, "--configdir is empty: name a folder, or leave the flag out for ~/.clef");
	if (options->paths.password_file != NULL && options->paths.password_file[0] == 0)
		return error_set(
		    ret_error, ERROR_PARAMS, "--password-file is empty: name a file, or leave the flag out to be asked");
	options->core.keystore = options->paths.keystore;
	options->core.configdir = options->paths.configdir;
	options->core.password_file = options->paths.password_file;
	if (options->core.selectors_given)
		options->core.selectors = options->paths.selectors;
	if (!resolve_clients(flags, options, ret_error))
		return false;
	if (options->paths.ipc_path != NULL && options->paths.ipc_path[0] != 0)
		options->core.ipc_path = options->paths.ipc_path;
	return true;
}

/* The chain matters to the signer only: a command must not fail for what it does not use. */
static bool take_chain(const struct flags *flags, struct core_options *core, struct error *ret_error)
{
	int64_t chain = flags_int(flags, FLAG_CHAINID);

	if (flags->command == COMMAND_SIGNER && chain <= 0)
		return error_set(ret_error, ERROR_PARAMS,
		    "--chainid %lld: a chain's id is at least 1 (1 is mainnet); signatures for chain 0 could be replayed on "
		    "every chain",
		    (long long)chain);
	core->chain_id = chain > 0 ? (uint64_t)chain : 0;
	return true;
}

static bool take_secret_fd(const struct flags *flags, struct core_options *core, struct error *ret_error)
{
	int64_t fd = flags_int(flags, FLAG_SECRET_FD);

	core->secret_fd = -1;
	if (!flags->values[FLAG_SECRET_FD].set)
		return true;
	if (!flags_bool(flags, FLAG_STDIO_UI))
		return error_set(
		    ret_error, ERROR_PARAMS, "--secret-fd is for a UI that answers over --stdio-ui; give both or neither");
	if (fd < 3 || fd > INT_MAX)
		return error_set(ret_error, ERROR_PARAMS,
		    "--secret-fd %lld: expected the number of an inherited descriptor, 3 or more", (long long)fd);
	if (fcntl((int)fd, F_GETFD) < 0)
		return error_set_errno(
		    ret_error, errno, "--secret-fd %lld: the UI must leave this descriptor open for clef", (long long)fd);
	core->secret_fd = (int)fd;
	return true;
}

static bool take_numbers(const struct flags *flags, struct core_options *core, struct error *ret_error)
{
	int64_t port = flags_int(flags, FLAG_HTTP_PORT);
	int64_t level = flags_int(flags, FLAG_LOGLEVEL);

	if (port < 0 || port > PORT_MOST)
		return error_set(ret_error, ERROR_PARAMS, "--http.port %lld: a port is 1 to %d, or 0 to let the system choose",
		    (long long)port, PORT_MOST);
	if (level < 0 || level > LOG_LEVEL_FLAG_MOST)
		return error_set(
		    ret_error, ERROR_PARAMS, "--loglevel %lld: a level is 0 to %d", (long long)level, LOG_LEVEL_FLAG_MOST);
	core->http_port = (uint16_t)port;
	core->log_level = level < LOG_LEVEL_ERROR ? LOG_LEVEL_ERROR : level > LOG_LEVEL_DEBUG ? LOG_LEVEL_DEBUG : (int)level;
	core->request_timeout_s = (uint32_t)flags_int(flags, FLAG_REQUEST_TIMEOUT);
	core->wait_for_ui_s = (uint32_t)flags_int(flags, FLAG_WAIT_FOR_UI);
	return take_chain(flags, core, ret_error) && take_secret_fd(flags, core, ret_error);
}

bool options_from_flags(const struct flags *flags, struct options *ret_options, struct error *ret_error)
{
	*ret_options = (struct options){
	    .core =
	        {
	            .light_kdf = flags_bool(flags, FLAG_LIGHTKDF),
	            .advanced = flags_bool(flags, FLAG_ADVANCED),
	            .no_change = flags_bool(flags, FLAG_NO_CHANGE),
	            .eth_api = flags_bool(flags, FLAG_ETH_API),
	            .allow_eth_sign = flags_bool(flags, FLAG_ALLOW_ETH_SIGN),
	            .allow_bulk = flags_bool(flags, FLAG_ALLOW_BULK),
	            .suppress_bootwarn = flags_bool(flags, FLAG_SUPPRESS_BOOTWARN),
	            .stdio_ui = flags_bool(flags, FLAG_STDIO_UI),
	            .stdio_ui_test = flags_bool(flags, FLAG_STDIO_UI_TEST),
	            .http = flags_bool(flags, FLAG_HTTP),
	            .http_addr = flags_text(flags, FLAG_HTTP_ADDR),
	            .http_vhosts = flags_text(flags, FLAG_HTTP_VHOSTS),
	            .ipc_disable = flags_bool(flags, FLAG_IPCDISABLE),
	            .audit_log = flags_text(flags, FLAG_AUDITLOG),
	            .selectors = flags_text(flags, FLAG_4BYTEDB_CUSTOM),
	            .selectors_given = flags->values[FLAG_4BYTEDB_CUSTOM].set,
	            .clients_given = flags->values[FLAG_CLIENTS].set,
	            .allow_weak_sandbox = flags_bool(flags, FLAG_ALLOW_WEAK_SANDBOX),
	            .require_sandbox = flags_bool(flags, FLAG_REQUIRE_SANDBOX),
	        },
	};
	struct core_options *core = &ret_options->core;

	if (core->allow_weak_sandbox && core->require_sandbox)
		return error_set(ret_error, ERROR_PARAMS,
		    "--allow-weak-sandbox and --require-sandbox contradict each other: give one of them");
	if (core->allow_eth_sign && !core->eth_api)
		return error_set(
		    ret_error, ERROR_PARAMS, "--allow-eth-sign has an effect with --eth-api only: give both or neither");
	if (take_numbers(flags, core, ret_error) && resolve_paths(flags, ret_options, ret_error) &&
	    check_ui(flags, core, ret_error))
		return true;
	options_free(ret_options);
	return false;
}

void options_free(struct options *options)
{
	free(options->paths.keystore);
	free(options->paths.configdir);
	free(options->paths.ipc_path);
	free(options->paths.password_file);
	free(options->paths.ui_socket);
	free(options->paths.qrexec_socket);
	free(options->paths.selectors);
	free(options->paths.clients);
	*options = (struct options){0};
}
