/*
 * flags: the one table of clef-proxy's flags, and the reader of its command line and of its settings file, which has the same names.
 *
 * Spelt as clef's are: one or two dashes, "=" or a space before the value, the last of a repeated flag counts, except for lists, which add up. The settings
 * file is INI without sections; what the command line gives wins over it.
 */
#ifndef CLEF_PROXY_FLAGS_H
#define CLEF_PROXY_FLAGS_H

#include <stddef.h>

#include "base/bytes.h"
#include "base/error.h"

enum flag_id {
	FLAG_LISTEN = 0,
	FLAG_SOCKET,
	FLAG_VHOSTS,
	FLAG_ORIGINS,
	FLAG_ALLOW_REMOTE,
	FLAG_SIGNER,
	FLAG_MAX_CALLS,
	FLAG_UPSTREAM,
	FLAG_CHAINID,
	FLAG_CONFIG,
	FLAG_LOGLEVEL,
	FLAG_ALLOW_WEAK_SANDBOX,
	FLAG_REQUIRE_SANDBOX,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_COUNT
};

enum flag_kind { FLAG_SWITCH, FLAG_TEXT, FLAG_LIST };
enum flag_group { FLAG_GROUP_CALLERS, FLAG_GROUP_SIGNER, FLAG_GROUP_NODE, FLAG_GROUP_OTHER, FLAG_GROUP_COUNT };

struct flag_spec {
	const char *name;         /* without dashes */
	const char *value_name;   /* for help; NULL: a switch */
	const char *default_text; /* for help */
	const char *help;
	enum flag_kind kind;
	enum flag_group group;
	bool in_file; /* may stand in the settings file */
};
const struct flag_spec *flags_spec(enum flag_id id);
const char *flags_group_title(enum flag_group group);

/* Values of one list. */
#define FLAG_VALUES_MOST 64

struct flag_values {
	char *text[FLAG_VALUES_MOST]; /* owned */
	size_t count;                 /* 0: not given; a switch: 1 with "true" or "false" */
	bool of_file;
};
struct flags {
	struct flag_values values[FLAG_COUNT];
};

/* `words` are the command line without the program's name. There are no arguments beside flags. */
bool flags_parse(size_t count, const char *const words[], struct flags *ret_flags, struct error *ret_error);
/* Add what a settings file says, where the command line said nothing. `name` is the file's, for errors. */
bool flags_parse_file(struct bytes untrusted_text, const char *name, struct flags *flags, struct error *ret_error);
void flags_free(struct flags *flags);
#define FLAGS_CLEANUP __attribute__((cleanup(flags_free)))

bool flags_given(const struct flags *flags, enum flag_id id);
bool flags_is_on(const struct flags *flags, enum flag_id id);
/* The last value given, or the default; NULL when there is neither. */
const char *flags_text(const struct flags *flags, enum flag_id id);

void flags_put_help(struct buf *ret_text);

#endif
