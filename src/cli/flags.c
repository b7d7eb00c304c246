#include "cli/flags.h"

#include <string.h>

#include "base/nearest.h"

/* How much of a misspelt word an error repeats. */
#define WORD_SHOWN 200

/* What is left of the command line. */
struct words {
	const char *const *next;
	size_t left;
	bool flags_ended; /* "--" was seen */
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

/* The words are those of Go's flag package, which scripts may look for; what was expected stands behind them. */
static bool refuse_value(const struct flag_spec *spec, const char *text, enum flag_value_result result, struct error *ret_error)
{
	if (spec->kind == FLAG_KIND_DURATION)
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid value \"%s\" for flag -%s: expected whole seconds such as 90, 90s, 2m or 1h30m, at most 30 days",
		    text, spec->name);
	if (spec->kind == FLAG_KIND_BOOL)
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid boolean value \"%s\" for -%s: parse error: expected true or false", text, spec->name);
	if (result == FLAG_VALUE_RANGE)
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid value \"%s\" for flag -%s: value out of range: expected a number of at most 64 bits", text,
		    spec->name);
	return error_set(ret_error, ERROR_PARAMS,
	    "invalid value \"%s\" for flag -%s: parse error: expected a whole number such as 1 or 0xaa36a7", text, spec->name);
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
	return refuse_value(spec, text, result, ret_error);
}

static bool is_named(const char *given, size_t size, const char *name)
{
	return name != NULL && strlen(name) == size && memcmp(given, name, size) == 0;
}

/* Whether the flag may stand here: before the command all may. */
static bool takes_flag(enum command_id command, enum flag_id id)
{
	return command == COMMAND_SIGNER || (flags_spec(id)->commands & (1U << command)) != 0;
}

static bool find_flag(const char *name, size_t size, enum command_id command, enum flag_id *ret_id)
{
	for (unsigned id = 0; id < FLAG_COUNT; id++) {
		const struct flag_spec *spec = flags_spec((enum flag_id)id);
		if (!takes_flag(command, (enum flag_id)id))
			continue;
		if (!is_named(name, size, spec->name) && !is_named(name, size, spec->alias))
			continue;
		*ret_id = (enum flag_id)id;
		return true;
	}
	return false;
}

/* What a person may have meant: a flag that stands before the command only, or another spelling. */
static bool refuse_flag(const char *name, size_t size, enum command_id command, struct error *ret_error)
{
	struct nearest nearest = nearest_to(name, size);
	int shown = size > WORD_SHOWN ? WORD_SHOWN : (int)size;
	enum flag_id id;

	if (command != COMMAND_SIGNER && find_flag(name, size, COMMAND_SIGNER, &id))
		return error_set(ret_error, ERROR_PARAMS, "flag provided but not defined: -%.*s: %s does not take it", shown,
		    name, flags_command(command)->name);
	for (unsigned i = 0; i < FLAG_COUNT; i++)
		if (takes_flag(command, (enum flag_id)i))
			nearest_offer(&nearest, flags_spec((enum flag_id)i)->name);
	if (nearest.name == NULL)
		return error_set(ret_error, ERROR_PARAMS, "flag provided but not defined: -%.*s", shown, name);
	return error_set(
	    ret_error, ERROR_PARAMS, "flag provided but not defined: -%.*s: did you mean --%s?", shown, name, nearest.name);
}

static bool refuse_command(const char *name, struct error *ret_error)
{
	struct nearest nearest = nearest_to(name, strlen(name));

	for (unsigned id = COMMAND_SIGNER + 1; id < COMMAND_COUNT; id++)
		nearest_offer(&nearest, flags_command((enum command_id)id)->name);
	if (nearest.name == NULL)
		return error_set(ret_error, ERROR_PARAMS, "invalid command: \"%.*s\"", WORD_SHOWN, name);
	return error_set(ret_error, ERROR_PARAMS, "invalid command: \"%.*s\": did you mean %s?", WORD_SHOWN, name, nearest.name);
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
		return refuse_flag(name, size, command, ret_error);
	if (name[size] == '=')
		return set_value(id, name + size + 1, &values[id], ret_error);
	if (flags_spec(id)->kind == FLAG_KIND_BOOL)
		return set_value(id, "true", &values[id], ret_error);
	if (words->left == 0)
		return error_set(ret_error, ERROR_PARAMS, "flag needs an argument: -%s: expected --%s %s", flags_spec(id)->name,
		    flags_spec(id)->name, flags_spec(id)->value_name);
	words->left--;
	return set_value(id, *words->next++, &values[id], ret_error);
}

/* Flags up to the first word that is none; "--" ends them and is dropped, a lone "-" is a word. */
static bool parse_flags(
    struct words *words, enum command_id command, struct flag_value values[FLAG_COUNT], struct error *ret_error)
{
	while (!words->flags_ended && words->left > 0 && words->next[0][0] == '-' && words->next[0][1] != 0) {
		const char *word = *words->next++;
		words->left--;
		words->flags_ended = strcmp(word, "--") == 0;
		if (!words->flags_ended && !parse_flag(word, words, command, values, ret_error))
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

/* Of the arguments only as many are kept as an error may name; the flags between and behind them count like those before. */
static bool parse_command(struct words *words, struct flags *flags, struct flag_value after[FLAG_COUNT], struct error *ret_error)
{
	words->flags_ended = false;
	if (!parse_flags(words, flags->command, after, ret_error))
		return false;
	while (words->left > 0) {
		if (flags->argument_count < FLAGS_ARGUMENTS_KEPT)
			flags->arguments[flags->argument_count] = *words->next;
		flags->argument_count++;
		words->next++;
		words->left--;
		if (!parse_flags(words, flags->command, after, ret_error))
			return false;
	}
	return true;
}

bool flags_parse(size_t count, const char *const words[], struct flags *ret_flags, struct error *ret_error)
{
	struct flag_value after[FLAG_COUNT] = {{0}};
	struct words left = {words, count, false};

	*ret_flags = (struct flags){.command = COMMAND_SIGNER};
	if (!parse_flags(&left, COMMAND_SIGNER, ret_flags->values, ret_error))
		return false;
	if (left.left > 0) {
		const char *name = *left.next++;
		left.left--;
		if (flags_find_command(name, &ret_flags->command)) {
			if (!parse_command(&left, ret_flags, after, ret_error))
				return false;
		} else if (!ret_flags->values[FLAG_HELP].boolean && !ret_flags->values[FLAG_VERSION].boolean) {
			return refuse_command(name, ret_error);
		}
	}
	merge(ret_flags->values, after);
	return true;
}

static bool check_arguments(const struct flags *flags, struct error *ret_error)
{
	const struct command_spec *command = flags_command(flags->command);

	if (flags->command == COMMAND_IMPORTRAW && flags->argument_count == 0)
		return error_set(ret_error, ERROR_PARAMS,
		    "<keyfile> must be given as first argument: expected a file that holds the key, as in: clef importraw "
		    "key.txt");
	if (flags->command == COMMAND_IMPORTRAW && flags->argument_count > 1)
		return error_set(ret_error, ERROR_PARAMS,
		    "<keyfile> must be given as first argument, and nothing else: expected one file, found %zu (\"%.*s\", "
		    "\"%.*s\")",
		    flags->argument_count, WORD_SHOWN / 2, flags->arguments[0], WORD_SHOWN / 2, flags->arguments[1]);
	if (flags->argument_count > command->arguments_most)
		return error_set(ret_error, ERROR_PARAMS, "%s: unexpected argument \"%.*s\"",
		    command->name == NULL ? "clef" : command->name, WORD_SHOWN, flags->arguments[command->arguments_most]);
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
