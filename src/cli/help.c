#include "cli/help.h"

#include <string.h>

#include "base/wrap.h"

#define COMMAND_INDENT 18
#define FLAG_INDENT    26

#define LATER " (not available yet)"

/* A name in its column and the text beside it, or below when the name is too long. */
static void put_entry(struct buf *text_out, const char *name, const char *text, size_t indent)
{
	size_t used = strlen(name) + 2;

	buf_printf(text_out, "  %s", name);
	if (used + 2 > indent) {
		buf_put_u8(text_out, '\n');
		used = 0;
	}
	wrap_put(text, used, indent, WRAP_WIDTH_USUAL, text_out);
}

/* Where the signer listens, attach connects. */
static const char *help_of(const struct flag_spec *spec, enum command_id command)
{
	return command == COMMAND_ATTACH && spec == flags_spec(FLAG_UI_SOCKET)
	           ? "socket of the signer to attach to, in place of PATH"
	           : spec->help;
}

static void put_flag(struct buf *text_out, const struct flag_spec *spec, enum command_id command)
{
	BUF_CLEANUP struct buf name = BUF_INIT(256);
	BUF_CLEANUP struct buf text = BUF_INIT(1024);

	buf_printf(&name, "--%s", spec->name);
	if (spec->alias != NULL)
		buf_printf(&name, ", -%s", spec->alias);
	if (spec->value_name != NULL)
		buf_printf(&name, " %s", spec->value_name);
	buf_put_text(&text, help_of(spec, command));
	if (spec->default_text != NULL)
		buf_printf(&text, " (default: %s)", spec->default_text);
	if (!spec->available)
		buf_put_text(&text, LATER);
	put_entry(text_out, buf_text(&name), buf_text(&text), FLAG_INDENT);
}

static bool takes(enum command_id command, enum flag_id id)
{
	return command == COMMAND_SIGNER || (flags_spec(id)->commands & (1U << command)) != 0;
}

static void put_flags(struct buf *text_out, enum command_id command)
{
	for (unsigned group = 0; group < FLAG_GROUP_COUNT; group++) {
		bool titled = false;
		for (unsigned id = 0; id < FLAG_COUNT; id++) {
			const struct flag_spec *spec = flags_spec((enum flag_id)id);
			if (spec->group != (enum flag_group)group || !takes(command, (enum flag_id)id))
				continue;
			if (!titled)
				buf_printf(text_out, "\n%s:\n", flags_group_title((enum flag_group)group));
			titled = true;
			put_flag(text_out, spec, command);
		}
	}
}

static void put_commands(struct buf *text_out)
{
	buf_put_text(text_out, "\nCommands:\n");
	for (unsigned id = COMMAND_SIGNER + 1; id < COMMAND_COUNT; id++) {
		const struct command_spec *command = flags_command((enum command_id)id);
		BUF_CLEANUP struct buf text = BUF_INIT(256);
		buf_printf(&text, "%s%s", command->summary, command->available ? "" : LATER);
		put_entry(text_out, command->name, buf_text(&text), COMMAND_INDENT);
	}
}

static void put_examples(struct buf *text_out, const char *examples)
{
	buf_put_text(text_out, "\nExamples:\n");
	while (*examples != 0) {
		size_t line = strcspn(examples, "\n");
		buf_printf(text_out, "  %.*s\n", (int)line, examples);
		examples += line + (examples[line] == '\n');
	}
}

void help_put(enum command_id id, struct buf *ret_text)
{
	const struct command_spec *command = flags_command(id);

	if (id == COMMAND_SIGNER) {
		buf_put_text(ret_text, "clef - signs Ethereum transactions and messages, each after your approval\n\nUsage:\n"
		                       "  clef [flags]                                  start the signer\n"
		                       "  clef [flags] COMMAND [flags] [arguments]\n\n");
	} else {
		buf_printf(ret_text, "clef %s - %s%s\n\nUsage:\n  clef [flags] %s [flags]%s%s\n\n", command->name,
		    command->summary, command->available ? "" : LATER, command->name, command->arguments[0] == 0 ? "" : " ",
		    command->arguments);
	}
	wrap_put(command->description, 0, 0, WRAP_WIDTH_USUAL, ret_text);
	if (id == COMMAND_SIGNER)
		put_commands(ret_text);
	put_flags(ret_text, id);
	put_examples(ret_text, command->examples);
	if (id == COMMAND_SIGNER)
		buf_put_text(ret_text, "\nFlags may be written with one or two dashes, their values after a space or '='.\n"
		                       "'clef help COMMAND' tells more about a command, 'man clef' about all of it.\n");
}

void help_put_version(struct buf *ret_text)
{
	buf_put_text(ret_text, "clef version " CLEF_VERSION "\n");
}
