#include "cli/flags.h"

#include <string.h>

/* What is left of the command line. */
struct words {
	const char *const *next;
	size_t left;
};

static enum flag_value_result parse_value(enum flag_kind kind, const char *text, struct flag_value *ret_value)
{
	ret_value->text = text;
	switch (kind) {
	case FLAG_KIND_BOOL:
		return flag_value_bool(text, &ret_value->boolean);
	case FLAG_KIND_INT:
		return flag_value_int(text, &ret_value->integer);
	case FLAG_KIND_DURATION:
		return flag_value_duration(text, &ret_value->integer);
	case FLAG_KIND_TEXT:
		break;
	}
	return FLAG_VALUE_OK;
}

static bool set_value(enum flag_id id, const char *text, struct flag_value *ret_value, struct error *ret_error)
{
	const struct flag_spec *spec = flags_spec(id);
	struct flag_value value = {.set = true};

	enum flag_value_result result = parse_value(spec->kind, text, &value);
	if (result == FLAG_VALUE_OK) {
		*ret_value = value;
		return true;
	}
	if (spec->kind == FLAG_KIND_DURATION)
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid value \"%s\" for flag -%s: expected whole seconds such as 90, 90s, 2m or 1h30m, at most 30 days",
		    text, spec->name);
	const char *why = result == FLAG_VALUE_RANGE ? "value out of range" : "parse error";
	if (spec->kind == FLAG_KIND_BOOL)
		return error_set(ret_error, ERROR_PARAMS, "invalid boolean value \"%s\" for -%s: %s", text, spec->name, why);
	return error_set(ret_error, ERROR_PARAMS, "invalid value \"%s\" for flag -%s: %s", text, spec->name, why);
}

static bool is_named(const char *given, size_t size, const char *name)
{
	return name != NULL && strlen(name) == size && memcmp(given, name, size) == 0;
}

/* The flag of this name that may stand here: before the command all may. */
static bool find_flag(const char *name, size_t size, enum command_id command, enum flag_id *ret_id)
{
	for (unsigned id = 0; id < FLAG_COUNT; id++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)id);
		if (command != COMMAND_SIGNER && (spec->commands & (1U << command)) == 0)
			continue;
		if (!is_named(name, size, spec->name) && !is_named(name, size, spec->alias))
			continue;
		*ret_id = (enum flag_id)id;
		return true;
	}
	return false;
}

/* One word that begins with a dash, and its value. */
static bool parse_flag(
    const char *word, struct words *words, enum command_id command, struct flag_value values[FLAG_COUNT], struct error *ret_error)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	enum flag_id id;

	size_t size = strcspn(name, "=");
	if (size == 0 || name[0] == '-')
		return error_set(ret_error, ERROR_PARAMS, "bad flag syntax: %s", word);
	if (!find_flag(name, size, command, &id))
		return error_set(
		    ret_error, ERROR_PARAMS, "flag provided but not defined: -%.*s", size > 200 ? 200 : (int)size, name);
	if (name[size] == '=')
		return set_value(id, name + size + 1, &values[id], ret_error);
	if (flags_spec(id)->kind == FLAG_KIND_BOOL)
		return set_value(id, "true", &values[id], ret_error);
	if (words->left == 0)
		return error_set(ret_error, ERROR_PARAMS, "flag needs an argument: -%s", flags_spec(id)->name);
	words->left--;
	return set_value(id, *words->next++, &values[id], ret_error);
}

/* Flags up to the first word that is none; "--" ends them and is dropped, a lone "-" is a word. */
static bool parse_flags(
    struct words *words, enum command_id command, struct flag_value values[FLAG_COUNT], struct error *ret_error)
{
	while (words->left > 0 && words->next[0][0] == '-' && words->next[0][1] != 0) {
		const char *word = *words->next++;
		words->left--;
		if (strcmp(word, "--") == 0)
			return true;
		if (!parse_flag(word, words, command, values, ret_error))
			return false;
	}
	return true;
}

/* What stood before the command wins; what nobody gave gets its default. */
static void merge(struct flag_value values[FLAG_COUNT], const struct flag_value after[FLAG_COUNT])
{
	for (unsigned id = 0; id < FLAG_COUNT; id++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)id);
		if (!values[id].set && after[id].set)
			values[id] = after[id];
		if (!values[id].set && spec->default_text != NULL)
			(void)parse_value(spec->kind, spec->default_text, &values[id]);
	}
}

bool flags_parse(size_t count, const char *const words[], struct flags *ret_flags, struct error *ret_error)
{
	struct flag_value after[FLAG_COUNT] = {{0}};
	struct words left = {words, count};

	*ret_flags = (struct flags){.command = COMMAND_SIGNER, .show_help = true};
	if (!parse_flags(&left, COMMAND_SIGNER, ret_flags->values, ret_error))
		return false;
	if (left.left > 0) {
		const char *name = *left.next++;
		left.left--;
		if (flags_find_command(name, &ret_flags->command)) {
			if (!parse_flags(&left, ret_flags->command, after, ret_error))
				return false;
		} else if (!ret_flags->values[FLAG_HELP].boolean && !ret_flags->values[FLAG_VERSION].boolean) {
			ret_flags->show_help = false;
			return error_set(ret_error, ERROR_PARAMS, "invalid command: \"%s\"", name);
		}
	}
	ret_flags->show_help = false;
	ret_flags->arguments = left.next;
	ret_flags->argument_count = left.left;
	merge(ret_flags->values, after);
	return true;
}

static bool check_arguments(const struct flags *flags, struct error *ret_error)
{
	const struct command_spec *command = flags_command(flags->command);

	if (flags->command == COMMAND_IMPORTRAW && flags->argument_count != 1)
		return error_set(ret_error, ERROR_PARAMS, "<keyfile> must be given as first argument");
	if (flags->argument_count > command->arguments_most)
		return error_set(ret_error, ERROR_PARAMS, "%s: unexpected argument \"%s\" (flags stand before the arguments)",
		    command->name == NULL ? "clef" : command->name, flags->arguments[command->arguments_most]);
	return true;
}

bool flags_check(const struct flags *flags, struct error *ret_error)
{
	const struct command_spec *command = flags_command(flags->command);

	if (!command->available)
		return error_set(
		    ret_error, ERROR_REFUSED, "%s is not available yet: a later version of clef brings it", command->name);
	for (unsigned id = 0; id < FLAG_COUNT; id++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)id);
		const struct flag_value *value = &flags->values[id];
		if (spec->available || !value->set)
			continue;
		if (spec->kind == FLAG_KIND_BOOL ? value->boolean : value->text[0] != 0)
			return error_set(ret_error, ERROR_REFUSED,
			    "--%s is not available yet: a later version of clef brings it; start without it", spec->name);
	}
	return check_arguments(flags, ret_error);
}

bool flags_bool(const struct flags *flags, enum flag_id id)
{
	return flags->values[id].boolean;
}

int64_t flags_int(const struct flags *flags, enum flag_id id)
{
	return flags->values[id].integer;
}

const char *flags_text(const struct flags *flags, enum flag_id id)
{
	return flags->values[id].text;
}
