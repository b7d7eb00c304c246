/* main: one binary. Started by itself with "--role=NAME" it is that role; else the command line says what it does. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "cli/accounts.h"
#include "cli/attach.h"
#include "cli/bootwarn.h"
#include "cli/flags.h"
#include "cli/gendoc.h"
#include "cli/help.h"
#include "cli/inherited.h"
#include "cli/options.h"
#include "cli/start_checks.h"
#include "core/core.h"
#include "core/ui_test.h"
#include "gate/gate_main.h"
#include "keys/keys_main.h"
#include "proofs/proofs_main.h"
#include "selectors/selectors_main.h"
#include "ui/page_command.h"
#include "ui/ui_main.h"

#define OUTPUT_MOST ((size_t)1024 * 1024)

enum exit_status {
	EXIT_GOOD = 0,
	EXIT_BAD = 1,
	EXIT_NO_HELP_TOPIC = 3,
	EXIT_SIGNAL = 128 /* and the number, as shells say it */
};

/* One line on stderr, whatever the error's text holds. */
static int complain(const struct error *error)
{
	BUF_CLEANUP struct buf line = BUF_INIT(8 * ERROR_TEXT_SIZE);
	struct error ignored;

	text_escape(bytes_text(error->text), (size_t)4 * ERROR_TEXT_SIZE, &line);
	buf_put_u8(&line, '\n');
	(void)file_write_all(STDERR_FILENO, buf_bytes(&line), &ignored);
	return EXIT_BAD;
}

static int print(struct buf *text)
{
	struct error error;

	if (file_write_all(STDOUT_FILENO, buf_bytes(text), &error))
		return EXIT_GOOD;
	return complain(&error);
}

static int print_help(enum command_id command)
{
	BUF_CLEANUP struct buf text = BUF_INIT(OUTPUT_MOST);

	help_put(command, &text);
	return print(&text);
}

static int print_version(void)
{
	BUF_CLEANUP struct buf text = BUF_INIT(OUTPUT_MOST);

	help_put_version(&text);
	return print(&text);
}

static int print_documentation(void)
{
	BUF_CLEANUP struct buf text = BUF_INIT(OUTPUT_MOST);

	gendoc_put(&text);
	return print(&text);
}

/* The command line could not be understood: the error, and where to read on. */
static int usage_error(const struct flags *flags, const struct error *error)
{
	BUF_CLEANUP struct buf line = BUF_INIT(256);
	struct error ignored;

	(void)complain(error);
	if (flags->command == COMMAND_SIGNER)
		buf_put_text(&line, "See 'clef --help'.\n");
	else
		buf_printf(&line, "See 'clef help %s'.\n", flags_command(flags->command)->name);
	(void)file_write_all(STDERR_FILENO, buf_bytes(&line), &ignored);
	return EXIT_BAD;
}

static int run_help(const struct flags *flags)
{
	enum command_id topic = COMMAND_SIGNER;
	struct error error;

	if (flags->argument_count == 0 || flags_find_command(flags->arguments[0], &topic))
		return print_help(topic);
	error_set(&error, ERROR_PARAMS, "No help topic for '%s'", flags->arguments[0]);
	(void)complain(&error);
	return EXIT_NO_HELP_TOPIC;
}

/*
 * A UI on stdio owns standard input, and before one attaches nobody may be there: the warning is only shown. Attaching starts nothing that
 * there is to warn of, nor does a test of a UI.
 */
static bool warn_at_start(enum command_id command, const struct options *options, struct error *ret_error)
{
	if (options->core.suppress_bootwarn || options->core.stdio_ui_test || command == COMMAND_ATTACH)
		return true;
	if (options->core.stdio_ui || options->core.ui_socket != NULL)
		return bootwarn_print(STDERR_FILENO, ret_error);
	return bootwarn_confirm(STDIN_FILENO, STDOUT_FILENO, ret_error);
}

static int run(const struct flags *flags, size_t count, const char *const words[])
{
	OPTIONS_CLEANUP struct options options = {0};
	bool is_signer = flags->command == COMMAND_SIGNER, serves;
	int signal = 0;
	struct error error;

	if (!options_from_flags(flags, &options, &error))
		return complain(&error);
	serves = is_signer && !options.core.stdio_ui_test;
	/* Before anything is opened: what else is there, nobody meant for us. */
	inherited_close(options.core.secret_fd, count, words);
	if (!start_check(&options, serves, &error) || !warn_at_start(flags->command, &options, &error))
		return complain(&error);
	/* Last, where a person still sees it. */
	start_warn(&options, serves, &(struct log){"clef", options.core.log_level, STDERR_FILENO});
	if (is_signer)
		return options.core.stdio_ui_test ? ui_test_main(&options.core) : core_main(&options.core);
	/* Passwords are typed into it: no other process of this user may look in or take it. */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0) {
		error_set_errno(&error, errno, "cannot protect this process against others");
		return complain(&error);
	}
	bool ok = flags->command == COMMAND_ATTACH ? attach_run(&options, &signal, &error)
	                                           : accounts_run(flags, &options, &signal, &error);
	if (ok)
		return EXIT_GOOD;
	(void)complain(&error);
	return signal == 0 ? EXIT_BAD : EXIT_SIGNAL + signal;
}

/* A standard descriptor that is closed would be given to the next file opened, and be mistaken for it. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (fcntl(fd, F_GETFD) >= 0)
			continue;
		/* The lowest free number is this one. */
		if (open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return false;
	}
	return true;
}

static int command_line(int count, char *words[])
{
	struct flags flags;
	struct error error;

	if (!fill_standard_descriptors())
		return EXIT_BAD;
	if (!flags_parse(count > 0 ? (size_t)count - 1 : 0, (const char *const *)words + (count > 0), &flags, &error))
		return usage_error(&flags, &error);
	if (flags_bool(&flags, FLAG_HELP))
		return print_help(flags.command);
	if (flags_bool(&flags, FLAG_VERSION))
		return print_version();
	if (flags.command == COMMAND_HELP)
		return run_help(&flags);
	if (!flags_check(&flags, &error))
		return usage_error(&flags, &error);
	if (flags.command == COMMAND_GENDOC)
		return print_documentation();
	return run(&flags, count > 0 ? (size_t)count : 0, (const char *const *)words);
}

int main(int count, char *words[])
{
	if (count == 2 && strcmp(words[0], "clef") == 0) {
		if (strcmp(words[1], "--role=gate") == 0)
			return gate_main();
		if (strcmp(words[1], "--role=keys") == 0)
			return keys_main();
		if (strcmp(words[1], "--role=proofs") == 0)
			return proofs_main();
		if (strcmp(words[1], "--role=selectors") == 0)
			return selectors_main();
		if (strcmp(words[1], "--role=ui") == 0)
			return ui_main();
	}
	if (count == 2 && strcmp(words[1], "--render-page") == 0)
		return page_command_main();
	return command_line(count, words);
}
