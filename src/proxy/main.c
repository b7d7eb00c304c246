/*
 * clef-proxy: a program of its own beside dapps. It holds no key and no password, ever; what it is asked to have signed it asks a signer for.
 *
 * Confinement. This process reads what comes from outside, so it is confined before it does: no new privileges, no core file, no debugger, no program to
 * execute, no files (Landlock), and a table of system calls (src/sandbox). Without --upstream it can do little more than move bytes between descriptors: behind qrexec it
 * cannot connect to anything, in front of the signer's unix socket to unix sockets only, though to any that this user may open. With --upstream libcurl resolves names and makes TLS connections in here, for which it reads the system's settings and
 * certificates, makes threads and connects anywhere; then files can be read below a few folders of the system, the table is long, and what is outside it fails instead of
 * ending the process, since nobody knows what a machine's resolver needs. Not confined is the helper process that starts qrexec-client-vm (spawner.h says why).
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "proxy/proxy.h"
#include "sandbox/sandbox.h"

/* Connections at once. Descriptors for them are asked for at the start; fewer descriptors mean fewer connections. */
#define CONNECTIONS ((size_t)2048)
/* For the event loop, logs, connections to the node; for each call to the signer. */
#define OTHER_DESCRIPTORS    ((size_t)96)
#define DESCRIPTORS_PER_CALL ((size_t)3)
#define CONNECTIONS_LEAST    ((size_t)32)
/* How long replies may take to get out after SIGTERM. */
#define STOP_US 900000
/* And how long transactions may take that are signed already, before that. */
#define STOP_SENDING_MS 20000
#define OUTPUT_MOST     ((size_t)65536)

static int complain(const struct error *error)
{
	BUF_CLEANUP struct buf line = BUF_INIT(8 * ERROR_TEXT_SIZE);
	struct error ignored;

	buf_put_text(&line, "clef-proxy: ");
	text_escape(bytes_text(error->text), (size_t)4 * ERROR_TEXT_SIZE, &line);
	buf_put_u8(&line, '\n');
	(void)file_write_all(STDERR_FILENO, buf_bytes(&line), &ignored);
	return 1;
}

/* ---- the end ---- */

static void on_stop_is_over(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(context);
}

static void on_dialect_stopped(void *context)
{
	const struct timeval time = {.tv_usec = STOP_US};
	struct proxy *proxy = context;

	event_base_once(proxy->base, -1, EV_TIMEOUT, on_stop_is_over, proxy->base, &time);
	for (size_t i = 0; i < proxy->server_count; i++)
		server_stop(&proxy->servers[i].server);
}

/*
 * Who waits is answered that we end, and what nobody waits for any more is withdrawn at the signer; what is signed goes to the node first. A second signal ends at
 * once.
 */
static void on_signal(evutil_socket_t number, short what, void *context)
{
	struct proxy *proxy = context;

	(void)what;
	if (proxy->stopping) {
		event_base_loopbreak(proxy->base);
		return;
	}
	proxy->stopping = true;
	log_info(&proxy->log, "ending, on signal %d", (int)number);
	notify_send(&proxy->notify, "STOPPING=1");
	dialect_stop(proxy->dialect, STOP_SENDING_MS, on_dialect_stopped, proxy);
}

static void proxy_close(struct proxy *proxy)
{
	for (size_t i = 0; i < proxy->server_count; i++) {
		server_free(&proxy->servers[i].server);
		if (proxy->servers[i].fd >= 0)
			close(proxy->servers[i].fd);
	}
	proxy_calls_free(proxy);
	if (proxy->dialect != NULL)
		dialect_free(proxy->dialect);
	signer_free(proxy->signer);
	unix_socket_remove(&proxy->socket);
	notify_close(&proxy->notify);
	for (size_t i = 0; i < sizeof(proxy->ends) / sizeof(proxy->ends[0]); i++)
		if (proxy->ends[i] != NULL)
			event_free(proxy->ends[i]);
	if (proxy->base != NULL)
		event_base_free(proxy->base);
	options_free(&proxy->options);
}

/* ---- the beginning ---- */

static size_t connections_possible(size_t calls)
{
	rlim_t others = OTHER_DESCRIPTORS + DESCRIPTORS_PER_CALL * calls;
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return CONNECTIONS_LEAST;
	if (limit.rlim_cur < CONNECTIONS + others) {
		limit.rlim_cur = limit.rlim_max < CONNECTIONS + others ? limit.rlim_max : CONNECTIONS + others;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur < others + CONNECTIONS_LEAST)
		return CONNECTIONS_LEAST;
	return limit.rlim_cur - others < CONNECTIONS ? (size_t)(limit.rlim_cur - others) : CONNECTIONS;
}

static void watch_signals(struct proxy *proxy)
{
	static const int numbers[] = {SIGTERM, SIGINT};

	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		proxy->ends[i] = evsignal_new(proxy->base, numbers[i], on_signal, proxy);
		if (proxy->ends[i] == NULL || event_add(proxy->ends[i], NULL) != 0)
			memory_exhausted();
	}
}

/* Everything that needs more than the sandbox allows. */
static bool proxy_open(struct proxy *proxy, struct error *ret_error)
{
	const struct options *options = &proxy->options;
	const struct dialect_options dialect = {
	    .upstream = options->upstream, .chain_id = options->chain_id, .has_chain_id = options->has_chain_id};

	/* Before anything is opened: what was inherited beside the sockets goes. */
	if (!proxy_listen(proxy, ret_error))
		return false;
	proxy->base = event_base_new();
	if (proxy->base == NULL)
		memory_exhausted();
	watch_signals(proxy);
	if (!signer_new(proxy->base, options->signer, options->max_calls, &proxy->log, &proxy->signer, ret_error) ||
	    !dialect_new(proxy->base, &dialect, proxy->signer, &proxy->log, &proxy->dialect, ret_error) ||
	    !notify_open(&proxy->notify, ret_error))
		return false;
	proxy_calls_start(proxy);
	proxy_open_servers(proxy, connections_possible(options->max_calls));
	return true;
}

static enum sandbox_role role_of(const struct proxy *proxy)
{
	if (proxy->options.upstream != NULL)
		return SANDBOX_PROXY_NODE;
	return signer_connects(proxy->signer) ? SANDBOX_PROXY_UNIX : SANDBOX_PROXY;
}

/* What libcurl, its resolver and OpenSSL read: settings, certificates, shared objects, the sockets and state of name services. */
static const char *const read_folders[] = {"/etc", "/usr", "/lib", "/lib64", "/run", "/var/lib", "/nix/store"};
#define READ_FOLDERS (sizeof(read_folders) / sizeof(read_folders[0]))

static bool confine(const struct proxy *proxy, struct error *ret_error)
{
	bool node = proxy->options.upstream != NULL;
	int folders[READ_FOLDERS];
	struct sandbox_options options = {
	    .allow_weak = proxy->options.allow_weak_sandbox,
	    .require_all = proxy->options.require_sandbox,
	    .folders = &proxy->socket.folder,
	    .folder_count = proxy->socket.folder >= 0 ? 1 : 0,
	    .read_folders = folders,
	};
	unsigned features = 0;

	for (size_t i = 0; node && i < READ_FOLDERS; i++) {
		int fd = open(read_folders[i], O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0)
			folders[options.read_folder_count++] = fd;
	}
	bool ok = sandbox_enter(role_of(proxy), &options, &features, ret_error);
	for (size_t i = 0; i < options.read_folder_count; i++)
		close(folders[i]);
	if (ok && (features & SANDBOX_LANDLOCK) == 0)
		log_warn(&proxy->log, "this kernel does not give Landlock, which keeps clef-proxy from files");
	return ok;
}

static int serve(const struct flags *flags)
{
	static struct proxy proxy = {.socket = {.fd = -1, .folder = -1}, .notify = {.fd = -1}};
	struct error error;

	proxy.log = (struct log){.role = "proxy", .fd = STDERR_FILENO};
	bool ok = options_from_flags(flags, &proxy.options, &error);
	proxy.log.level = proxy.options.log_level;
	ok = ok && proxy_open(&proxy, &error) && confine(&proxy, &error);
	if (ok) {
		proxy_serve(&proxy);
		notify_send(&proxy.notify, "READY=1");
		event_base_dispatch(proxy.base);
	}
	proxy_close(&proxy);
	return ok ? 0 : complain(&error);
}

/* ---- the command line ---- */

/* A standard descriptor that is closed would be given to the next file opened, and be mistaken for it. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return false;
	return true;
}

static int print(struct buf *text)
{
	struct error error;

	return file_write_all(STDOUT_FILENO, buf_bytes(text), &error) ? 0 : complain(&error);
}

static int run(struct flags *flags, size_t count, const char *const words[])
{
	BUF_CLEANUP struct buf text = BUF_INIT(OUTPUT_MOST);
	struct error error;

	if (!flags_parse(count, words, flags, &error)) {
		(void)complain(&error);
		fputs("See 'clef-proxy --help'.\n", stderr);
		return 1;
	}
	if (flags_is_on(flags, FLAG_HELP))
		flags_put_help(&text);
	else if (flags_is_on(flags, FLAG_VERSION))
		buf_put_text(&text, "clef-proxy version " CLEF_VERSION "\n");
	if (text.size > 0)
		return print(&text);
	return options_read_file(flags, &error) ? serve(flags) : complain(&error);
}

int main(int count, char *words[])
{
	FLAGS_CLEANUP struct flags flags = {0};

	if (!fill_standard_descriptors())
		return 1;
	return run(&flags, count > 0 ? (size_t)count - 1 : 0, (const char *const *)words + (count > 0));
}
