#include "proxy/flags.h"

#include <ini.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/nearest.h"

/* How much of a misspelt word an error repeats. */
#define WORD_SHOWN 200
/* libinih cuts longer lines, so they are refused before it sees them: Debian builds it with INI_MAX_LINE 200, with the line's end and a terminator. */
#define LINE_MOST ((size_t)190)

static const struct flag_spec specs[FLAG_COUNT] = {
    [FLAG_LISTEN] = {"listen", "ADDRESS:PORT", "127.0.0.1:8550",
        "serve HTTP there; may be repeated; none: no HTTP. Sockets that systemd hands over take the place of the default",
        FLAG_LIST, FLAG_GROUP_CALLERS, true},
    [FLAG_SOCKET] = {"socket", "PATH", NULL, "serve JSON-RPC on a unix socket, too, as clef.ipc does; only this user can open it",
        FLAG_TEXT, FLAG_GROUP_CALLERS, true},
    [FLAG_VHOSTS] = {"vhosts", "NAMES", "localhost",
        "names that a caller may use in the Host header, separated by commas; addresses always pass", FLAG_LIST,
        FLAG_GROUP_CALLERS, true},
    [FLAG_ORIGINS] = {"origins", "ORIGINS", NULL,
        "web pages that may call, separated by commas, such as https://app.example,http://localhost:3000; may be repeated. Other "
        "pages "
        "are refused",
        FLAG_LIST, FLAG_GROUP_CALLERS, true},
    [FLAG_ALLOW_REMOTE] = {"allow-remote-callers", NULL, NULL,
        "let --listen name an address that other machines reach; whoever reaches it can ask for signatures and read what is sent",
        FLAG_SWITCH, FLAG_GROUP_CALLERS, true},
    [FLAG_SIGNER] = {"signer", "SIGNER", "qrexec",
        "where calls go: qrexec (the vault that dom0's policy chooses), qrexec:QUBE (a vault by name), unix:PATH (the socket "
        "clef.ipc)",
        FLAG_TEXT, FLAG_GROUP_SIGNER, true},
    [FLAG_MAX_CALLS] = {"max-calls", "N", "100",
        "calls to the signer at once, at most 128, which is all that qrexec carries for everybody; more wait in order", FLAG_TEXT,
        FLAG_GROUP_SIGNER, true},
    [FLAG_UPSTREAM] = {"upstream", "URL", NULL,
        "the node that fills in and broadcasts transactions, and answers every method that is not the signer's", FLAG_TEXT,
        FLAG_GROUP_NODE, true},
    [FLAG_CHAINID] = {"chainid", "N", NULL, "the chain; a node on another one is refused. Without it the node's counts",
        FLAG_TEXT, FLAG_GROUP_NODE, true},
    [FLAG_CONFIG] = {"config", "FILE", "/rw/config/clef-proxy.conf, else /etc/clef/proxy.conf",
        "settings: lines such as \"signer = qrexec:vault\", named as these flags, which win over them; empty text: none",
        FLAG_TEXT, FLAG_GROUP_OTHER, false},
    [FLAG_LOGLEVEL] = {"loglevel", "N", "3", "0 nothing, 1 errors, 2 warnings, 3 information, 4 and 5 everything", FLAG_TEXT,
        FLAG_GROUP_OTHER, true},
    [FLAG_ALLOW_WEAK_SANDBOX] = {"allow-weak-sandbox", NULL, NULL,
        "start even where the kernel lacks seccomp or no-new-privs; only for emulators", FLAG_SWITCH, FLAG_GROUP_OTHER, true},
    [FLAG_REQUIRE_SANDBOX] = {"require-sandbox", NULL, NULL, "refuse to start where the kernel lacks Landlock, too", FLAG_SWITCH,
        FLAG_GROUP_OTHER, true},
    [FLAG_HELP] = {"help", NULL, NULL, "show this help", FLAG_SWITCH, FLAG_GROUP_OTHER, false},
    [FLAG_VERSION] = {"version", NULL, NULL, "print the version", FLAG_SWITCH, FLAG_GROUP_OTHER, false},
};

const struct flag_spec *flags_spec(enum flag_id id)
{
	return &specs[id];
}

const char *flags_group_title(enum flag_group group)
{
	switch (group) {
	case FLAG_GROUP_CALLERS:
		return "Callers";
	case FLAG_GROUP_SIGNER:
		return "The signer";
	case FLAG_GROUP_NODE:
		return "The node";
	case FLAG_GROUP_OTHER:
		return "Other";
	case FLAG_GROUP_COUNT:
		break;
	}
	return "";
}

/* ---- values ---- */

static void clear(struct flag_values *values)
{
	for (size_t i = 0; i < values->count; i++)
		free(values->text[i]);
	values->count = 0;
}

static bool set_value(struct flags *flags, enum flag_id id, const char *text, struct error *ret_error)
{
	const struct flag_spec *spec = flags_spec(id);
	struct flag_values *values = &flags->values[id];

	if (spec->kind == FLAG_SWITCH && strcmp(text, "true") != 0 && strcmp(text, "false") != 0)
		return error_set(
		    ret_error, ERROR_PARAMS, "invalid value \"%.200s\" for --%s: expected true or false", text, spec->name);
	if (spec->kind != FLAG_LIST)
		clear(values);
	if (values->count == FLAG_VALUES_MOST)
		return error_set(ret_error, ERROR_PARAMS, "--%s is given more than %d times", spec->name, FLAG_VALUES_MOST);
	values->text[values->count++] = memory_text(bytes_text(text));
	return true;
}

void flags_free(struct flags *flags)
{
	for (unsigned id = 0; id < FLAG_COUNT; id++)
		clear(&flags->values[id]);
}

bool flags_given(const struct flags *flags, enum flag_id id)
{
	return flags->values[id].count > 0;
}

const char *flags_text(const struct flags *flags, enum flag_id id)
{
	const struct flag_values *values = &flags->values[id];

	return values->count > 0 ? values->text[values->count - 1] : flags_spec(id)->default_text;
}

bool flags_is_on(const struct flags *flags, enum flag_id id)
{
	return flags_given(flags, id) && strcmp(flags_text(flags, id), "true") == 0;
}

/* ---- the command line ---- */

static bool find(const char *name, size_t size, enum flag_id *ret_id)
{
	for (unsigned id = 0; id < FLAG_COUNT; id++) {
		const char *known = flags_spec((enum flag_id)id)->name;

		if (strlen(known) != size || memcmp(name, known, size) != 0)
			continue;
		*ret_id = (enum flag_id)id;
		return true;
	}
	if ((size == 1 && (name[0] == 'h' || name[0] == 'v'))) {
		*ret_id = name[0] == 'h' ? FLAG_HELP : FLAG_VERSION;
		return true;
	}
	return false;
}

static const char *nearest_name(const char *name, size_t size, bool in_file)
{
	struct nearest nearest = nearest_to(name, size);

	for (unsigned id = 0; id < FLAG_COUNT; id++)
		if (!in_file || flags_spec((enum flag_id)id)->in_file)
			nearest_offer(&nearest, flags_spec((enum flag_id)id)->name);
	return nearest.name;
}

static bool refuse_flag(const char *name, size_t size, struct error *ret_error)
{
	const char *nearest = nearest_name(name, size, false);
	int shown = size > WORD_SHOWN ? WORD_SHOWN : (int)size;

	if (nearest == NULL)
		return error_set(ret_error, ERROR_PARAMS, "there is no flag --%.*s", shown, name);
	return error_set(ret_error, ERROR_PARAMS, "there is no flag --%.*s: did you mean --%s?", shown, name, nearest);
}

/* One word that begins with a dash; *used says whether the next word was its value. */
static bool parse_flag(const char *word, const char *next, struct flags *flags, bool *ret_used, struct error *ret_error)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t size = strcspn(name, "=");
	enum flag_id id;

	*ret_used = false;
	if (!find(name, size, &id))
		return refuse_flag(name, size, ret_error);
	if (name[size] == '=')
		return set_value(flags, id, name + size + 1, ret_error);
	if (flags_spec(id)->kind == FLAG_SWITCH)
		return set_value(flags, id, "true", ret_error);
	if (next == NULL)
		return error_set(ret_error, ERROR_PARAMS, "--%s needs a value: expected --%s %s", flags_spec(id)->name,
		    flags_spec(id)->name, flags_spec(id)->value_name);
	*ret_used = true;
	return set_value(flags, id, next, ret_error);
}

bool flags_parse(size_t count, const char *const words[], struct flags *ret_flags, struct error *ret_error)
{
	bool used;

	*ret_flags = (struct flags){0};
	for (size_t i = 0; i < count; i++) {
		if (words[i][0] != '-' || words[i][1] == 0)
			return error_set(ret_error, ERROR_PARAMS,
			    "unexpected argument \"%.*s\": clef-proxy takes flags only, such as --signer unix:~/.clef/clef.ipc",
			    WORD_SHOWN, words[i]);
		if (!parse_flag(words[i], i + 1 < count ? words[i + 1] : NULL, ret_flags, &used, ret_error))
			return false;
		i += used;
	}
	return true;
}

/* ---- the settings file ---- */

struct file {
	struct flags *flags;
	const char *name;
	struct error *error;
	bool failed;
	unsigned seen; /* bits of flags that are no lists */
};

static int refuse_setting(struct file *file)
{
	file->failed = true;
	error_prefix(file->error, "%s", file->name);
	return 0;
}

static int refuse_name(struct file *file, const char *name)
{
	const char *nearest = nearest_name(name, strlen(name), true);

	if (nearest != NULL)
		error_set(
		    file->error, ERROR_PARAMS, "there is no setting \"%.*s\": did you mean \"%s\"?", WORD_SHOWN, name, nearest);
	else
		error_set(
		    file->error, ERROR_PARAMS, "there is no setting \"%.*s\"; they are named as the flags are", WORD_SHOWN, name);
	return refuse_setting(file);
}

/* libinih's handler: nonzero when the line is good. It goes on after a bad one; only the first counts. */
static int on_setting(void *context, const char *section, const char *name, const char *value)
{
	struct file *file = context;
	enum flag_id id;

	if (file->failed)
		return 0;
	if (section[0] != 0) {
		error_set(file->error, ERROR_PARAMS,
		    "found a section, [%.*s]; expected lines such as \"signer = qrexec:vault\" only", WORD_SHOWN, section);
		return refuse_setting(file);
	}
	if (!find(name, strlen(name), &id) || !flags_spec(id)->in_file)
		return refuse_name(file, name);
	struct flag_values *values = &file->flags->values[id];
	if (values->count > 0 && !values->of_file)
		return 1;
	if (flags_spec(id)->kind != FLAG_LIST && (file->seen & 1U << id) != 0) {
		error_set(file->error, ERROR_PARAMS, "\"%s\" is there twice", name);
		return refuse_setting(file);
	}
	file->seen |= 1U << id;
	values->of_file = true;
	return set_value(file->flags, id, value, file->error) || refuse_setting(file);
}

/* Without the lines that are comments, which may be of any length. */
static char *without_comments(struct bytes text, size_t *ret_size)
{
	char *copy = memory_new(text.size + 1, 1);
	size_t size = 0;
	bool begun = false, comment = false;

	for (size_t i = 0; i < text.size; i++) {
		char c = (char)text.data[i];

		comment = comment || (!begun && (c == '#' || c == ';'));
		begun = begun || (c != ' ' && c != '\t');
		if (c == '\n')
			begun = comment = false;
		if (!comment)
			copy[size++] = c;
	}
	*ret_size = size;
	return copy;
}

/* What libinih would cut or end at without a word. */
static bool check_lines(struct bytes text, const char *name, struct error *ret_error)
{
	size_t line = 1, length = 0;

	for (size_t i = 0; i < text.size; i++) {
		uint8_t c = text.data[i];

		if (c == '\n') {
			line++;
			length = 0;
		} else if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
			return error_set(ret_error, ERROR_PARAMS, "%s: line %zu has a control character", name, line);
		} else if (++length > LINE_MOST) {
			return error_set(ret_error, ERROR_PARAMS,
			    "%s: line %zu is longer than %zu bytes; a list may be spread over several lines of the same name",
			    name, line, LINE_MOST);
		}
	}
	return true;
}

bool flags_parse_file(struct bytes untrusted_text, const char *name, struct flags *flags, struct error *ret_error)
{
	struct file file = {.flags = flags, .name = name, .error = ret_error};

	size_t size;
	char *text = without_comments(untrusted_text, &size);

	if (!check_lines(bytes_of(text, size), name, ret_error)) {
		free(text);
		return false;
	}
	int line = ini_parse_string(text, on_setting, &file);

	free(text);
	if (file.failed)
		return false;
	if (line != 0)
		return error_set(ret_error, ERROR_PARAMS, "%s: line %d is no setting; expected NAME = VALUE", name, line);
	return true;
}
