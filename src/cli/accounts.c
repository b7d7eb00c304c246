#include "cli/accounts.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "cli/accounts_list.h"
#include "cli/accounts_secret.h"
#include "cli/accounts_text.h"
#include "cli/keystore_look.h"
#include "cli/terminal_mode.h"
#include "core/keys_link.h"
#include "eth/address.h"

/* How often a person may try to choose a password for a new account. */
#define ATTEMPTS 3

struct run {
	const struct flags *flags;
	const struct options *options;
	struct log log;
	struct event_base *base;
	struct keys_link *link;
	struct event *interrupts[3];
	struct accounts_secret secret;
	int import_fd;
	unsigned attempt;
	bool secret_read;      /* in this attempt */
	bool checked;          /* importraw: the key file is known to be good */
	bool made_keystore;    /* the folder was not there before */
	bool keystore_missing; /* and is not made: there is nothing to list */
	bool done;
	bool failed;
	int signal; /* that ended the command, or 0; Ctrl-C at a prompt that reads the terminal raw is SIGINT, too */
	struct error error;
};

static void ask(struct run *run);

static bool makes_key(const struct run *run)
{
	return run->flags->command == COMMAND_NEWACCOUNT || run->flags->command == COMMAND_IMPORTRAW;
}

/* ---- the end ---- */

static void finish(struct run *run)
{
	run->done = true;
	event_base_loopbreak(run->base);
}

/* The first failure is the reason. */
static void __attribute__((format(printf, 3, 4))) fail(struct run *run, enum error_kind kind, const char *format, ...)
{
	BUF_CLEANUP struct buf text = BUF_INIT((size_t)4 * ERROR_TEXT_SIZE);
	va_list args;

	va_start(args, format);
	buf_vprintf(&text, format, args);
	va_end(args);
	if (!run->failed)
		error_set(&run->error, kind, "%s", buf_text(&text));
	run->failed = true;
	finish(run);
}

static bool say(struct run *run, struct bytes text)
{
	struct error error;

	if (file_write_all(STDOUT_FILENO, text, &error))
		return true;
	fail(run, error.kind, "%s", error.text);
	return false;
}

/* What must reach the person although it is no result: lost when standard error is gone. */
static void note(const struct buf *text)
{
	struct error ignored;

	(void)file_write_all(STDERR_FILENO, buf_bytes(text), &ignored);
}

/* ---- answers ---- */

/* Whoever forgets the file that the key came from keeps it for everybody to find. */
static void remind_of_plain_key(const struct run *run)
{
	BUF_CLEANUP struct buf text = BUF_INIT(ACCOUNTS_TEXT_MOST);
	struct stat info;

	if (fstat(run->import_fd, &info) != 0 || !S_ISREG(info.st_mode))
		return;
	accounts_text_plain_key(run->flags->arguments[0], &text);
	note(&text);
}

static void on_created(struct run *run, const struct ipc_keys_created *created)
{
	BUF_CLEANUP struct buf text = BUF_INIT(ACCOUNTS_TEXT_MOST);
	bool imported = run->flags->command == COMMAND_IMPORTRAW;
	struct address address;

	if (created->address.size != ADDRESS_SIZE) {
		fail(run, ERROR_INTERNAL, "the keys process named no address");
		return;
	}
	memcpy(address.bytes, created->address.data, ADDRESS_SIZE);
	accounts_text_created(&address, created->path, imported, &text);
	if (say(run, buf_bytes(&text)))
		finish(run);
	else
		note(&text); /* the account is made: whoever reads the error must learn which */
	if (imported)
		remind_of_plain_key(run);
}

static void on_accounts(struct run *run, const struct ipc_keys_accounts *accounts)
{
	BUF_CLEANUP struct buf text = BUF_INIT(ACCOUNTS_TEXT_MOST);
	const char *keystore = run->options->core.keystore;
	size_t unreadable = accounts->accounts.size == 0 ? keystore_count_unreadable(keystore) : 0;
	struct error error;

	if (run->keystore_missing) {
		accounts_text_no_keystore(keystore, &text);
		note(&text);
	}
	if (unreadable > 0) {
		accounts_text_unreadable(unreadable, &text);
		if (say(run, buf_bytes(&text)))
			finish(run);
	} else if (accounts_list_print(STDOUT_FILENO, accounts->accounts, run->flags->command == COMMAND_LIST_WALLETS, &error)) {
		finish(run);
	} else {
		fail(run, error.kind, "%s", error.text);
	}
}

/*
 * Whoever types or pipes passwords may choose another when one will not do. Without any there is nothing to choose from, except that Clef asks thrice after Ctrl-C and
 * where standard input is /dev/null, and whoever drives it by a script knows that.
 */
static bool may_retry(const struct run *run, enum error_kind kind)
{
	if (run->flags->command != COMMAND_NEWACCOUNT || run->secret.source != IPC_SECRET_TERMINAL)
		return false;
	return kind == ERROR_PASSWORD_WEAK || (!run->secret_read && (kind == ERROR_DENIED || run->secret.is_device));
}

/* At a prompt that reads the terminal raw, Ctrl-C comes as an answer. */
static void fail_interrupted(struct run *run)
{
	run->signal = run->flags->command == COMMAND_IMPORTRAW ? SIGINT : 0;
	fail(run, ERROR_DENIED, "interrupted at the password prompt: no account was made");
}

static void fail_last_attempt(struct run *run, enum error_kind kind, const char *why)
{
	if (kind == ERROR_DENIED)
		fail_interrupted(run);
	else
		fail(run, kind, "%s", run->secret_read ? "account creation failed" : why);
}

static void ask_once_more(struct run *run, enum error_kind kind, const char *why)
{
	BUF_CLEANUP struct buf line = BUF_INIT((size_t)3 * ERROR_TEXT_SIZE);
	unsigned left = ATTEMPTS - ++run->attempt;

	if (kind == ERROR_DENIED && left > 0)
		buf_printf(&line, "Interrupted. To leave, press Ctrl-C for each attempt that is left (%u).\n\n", left);
	else if (run->secret_read)
		buf_printf(&line, "Error: %s\n\n", why);
	if (!say(run, buf_bytes(&line)))
		return;
	if (left > 0)
		ask(run);
	else
		fail_last_attempt(run, kind, why);
}

static void on_failed(struct run *run, const struct ipc_keys_failed *failed)
{
	BUF_CLEANUP struct buf why = BUF_INIT((size_t)2 * ERROR_TEXT_SIZE);
	enum error_kind kind = (enum error_kind)failed->kind;

	text_escape(failed->text, ERROR_TEXT_SIZE, &why);
	if (may_retry(run, kind))
		ask_once_more(run, kind, buf_text(&why));
	else if (kind == ERROR_PASSWORD_WEAK)
		fail(run, kind, "password requirements not met: %s", buf_text(&why));
	else if (kind == ERROR_DENIED)
		fail_interrupted(run);
	else
		fail(run, kind, "%s", buf_text(&why));
}

static void on_answer(void *context, enum ipc_type type, const void *message)
{
	struct run *run = context;

	if (type == IPC_KEYS_SECRET_READ)
		run->secret_read = true;
	else if (type == IPC_KEYS_FAILED)
		on_failed(run, message);
	else if (type == IPC_KEYS_CREATED && makes_key(run))
		on_created(run, message);
	else if (type == IPC_KEYS_ACCOUNTS && !makes_key(run))
		on_accounts(run, message);
	else
		fail(run, ERROR_INTERNAL, "unexpected answer %s of the keys process", ipc_type_name(type));
}

/* The answer to an import under no password at all: that a password is missing says that the key file is good. */
static void on_checked(void *context, enum ipc_type type, const void *message)
{
	struct run *run = context;

	if (type == IPC_KEYS_FAILED && ((const struct ipc_keys_failed *)message)->kind == ERROR_PASSWORD_WEAK) {
		run->checked = true;
		ask(run);
		return;
	}
	on_answer(context, type, message);
}

/* ---- questions ---- */

/* On a terminal `keys` prints the prompt itself. A pipe shows nothing of it, but whoever drives us may wait for it. */
static bool show_prompt(struct run *run, struct bytes prompt)
{
	if (run->secret.source == IPC_SECRET_FILE || run->secret.is_terminal)
		return true;
	return say(run, prompt) && say(run, bytes_text("\n"));
}

static void ask_new(struct run *run)
{
	BUF_CLEANUP struct buf prompt = BUF_INIT(512);
	struct ipc_keys_create create = {.source = run->secret.source};

	buf_printf(&prompt, "Choose a password for the new account, at least 10 characters long (attempt %u of %d).\n> ",
	    run->attempt, ATTEMPTS);
	create.prompt = buf_bytes(&prompt);
	run->secret_read = false;
	if (show_prompt(run, create.prompt))
		keys_link_request(run->link, IPC_KEYS_CREATE, &create, on_answer, run);
}

static void ask_import(struct run *run)
{
	struct ipc_keys_import_raw check = {.source = IPC_SECRET_GIVEN};
	struct ipc_keys_import_raw import = {.source = run->secret.source,
	    .prompt = bytes_text("Choose a password for the imported key, at least 10 characters long.\n> "),
	    .repeat = 1};

	if (!run->checked)
		keys_link_request(run->link, IPC_KEYS_IMPORT_RAW, &check, on_checked, run);
	else if (show_prompt(run, import.prompt) && show_prompt(run, bytes_text("Repeat password:\n> ")))
		keys_link_request(run->link, IPC_KEYS_IMPORT_RAW, &import, on_answer, run);
}

static void ask(struct run *run)
{
	struct ipc_keys_list list = {0};

	if (run->flags->command == COMMAND_NEWACCOUNT)
		ask_new(run);
	else if (run->flags->command == COMMAND_IMPORTRAW)
		ask_import(run);
	else
		keys_link_request(run->link, IPC_KEYS_LIST, &list, on_answer, run);
}

/* ---- the keys process and signals ---- */

static void on_ready(void *context, const struct ipc_keys_ready *ready)
{
	struct run *run = context;

	if (run->options->core.require_sandbox && ready->hidden == 0)
		fail(run, ERROR_REFUSED, "--require-sandbox: this kernel gives no hidden memory for secrets (memfd_secret)");
	else
		ask(run);
}

static void on_closed(void *context, const char *why)
{
	fail(context, ERROR_INTERNAL, "the keys process %s", why);
}

static void on_interrupt(evutil_socket_t number, short what, void *context)
{
	struct run *run = context;

	(void)what;
	run->signal = (int)number;
	fail(run, ERROR_DENIED, "interrupted: %s", strsignal((int)number));
}

/* While `keys` reads the terminal, a signal must not end us before the terminal is as it was. */
static void catch_interrupts(struct run *run)
{
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

	for (size_t i = 0; i < sizeof run->interrupts / sizeof run->interrupts[0]; i++) {
		run->interrupts[i] = evsignal_new(run->base, signals[i], on_interrupt, run);
		if (run->interrupts[i] == NULL || event_add(run->interrupts[i], NULL) != 0)
			memory_exhausted();
	}
}

static void release_interrupts(struct run *run)
{
	for (size_t i = 0; i < sizeof run->interrupts / sizeof run->interrupts[0]; i++)
		if (run->interrupts[i] != NULL)
			event_free(run->interrupts[i]);
}

static bool start_keys(struct run *run, struct error *ret_error)
{
	const struct core_options *core = &run->options->core;
	struct stat info;
	struct keys_link_options link = {
	    .keystore = core->keystore,
	    /* The index pays for reading a large keystore, which making a key does not need. */
	    .configdir = makes_key(run) ? NULL : core->configdir,
	    .light = core->light_kdf,
	    .create_folders = makes_key(run),
	    .terminal_fd = run->secret.input_fd,
	    .secret_fd = -1,
	    .password_fd = run->secret.password_fd,
	    .import_fd = run->import_fd,
	    .sandbox_flags =
	        (core->allow_weak_sandbox ? IPC_SANDBOX_ALLOW_WEAK : 0U) | (core->require_sandbox ? IPC_SANDBOX_REQUIRE : 0U),
	    .log = &run->log,
	};

	run->made_keystore = makes_key(run) && core->keystore[0] != 0 && stat(core->keystore, &info) != 0 && errno == ENOENT;
	return keys_link_start(run->base, &link, (struct keys_link_handlers){on_ready, on_closed, run}, &run->link, ret_error);
}

/* ---- the whole ---- */

static bool serve(struct run *run, struct error *ret_error)
{
	run->base = event_base_new();
	if (run->base == NULL)
		return error_set(ret_error, ERROR_INTERNAL, "cannot make an event loop");
	catch_interrupts(run);
	if (!start_keys(run, ret_error))
		return false;
	if (event_base_dispatch(run->base) < 0 || !run->done)
		return error_set(ret_error, ERROR_INTERNAL, "the event loop failed");
	if (!run->failed)
		return true;
	*ret_error = run->error;
	return false;
}

static bool open_import(struct run *run, struct error *ret_error)
{
	const char *path = run->flags->arguments[0];
	struct stat info;

	run->import_fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (run->import_fd < 0)
		return error_set_errno(ret_error, errno, "open %s", path);
	if (fstat(run->import_fd, &info) != 0 || S_ISDIR(info.st_mode))
		return error_set(
		    ret_error, ERROR_PARAMS, "%s is a folder: expected a file that holds a key of 64 hex digits", path);
	return true;
}

static bool open_files(struct run *run, struct error *ret_error)
{
	if (makes_key(run) && run->options->core.keystore[0] == 0)
		return error_set(ret_error, ERROR_PARAMS, "--keystore is empty: name the folder that gets the key file");
	if (run->flags->command == COMMAND_IMPORTRAW && !open_import(run, ret_error))
		return false;
	if (!makes_key(run) && run->options->core.keystore[0] != 0 &&
	    !keystore_look(run->options->core.keystore, &run->keystore_missing, ret_error))
		return false;
	return !makes_key(run) || accounts_secret_open(run->options->core.password_file, &run->secret, ret_error);
}

bool accounts_run(const struct flags *flags, const struct options *options, int *ret_signal, struct error *ret_error)
{
	struct run run = {.flags = flags,
	    .options = options,
	    .log = {"clef", options->core.log_level, STDERR_FILENO},
	    .secret = ACCOUNTS_SECRET_NONE,
	    .import_fd = -1};
	struct terminal_mode mode;

	bool good = open_files(&run, ret_error);
	terminal_mode_save(run.secret.input_fd, &mode);
	good = good && serve(&run, ret_error);
	keys_link_free(run.link);
	terminal_mode_restore(&mode);
	release_interrupts(&run);
	if (run.base != NULL)
		event_base_free(run.base);
	/* A folder that was made for an account which then was not: only an empty one goes. */
	if (!good && run.made_keystore)
		(void)rmdir(options->core.keystore);
	if (run.import_fd >= 0)
		(void)close(run.import_fd);
	accounts_secret_close(&run.secret);
	*ret_signal = run.signal;
	return good;
}
