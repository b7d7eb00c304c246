/*
 * flags: the one table of every flag, the one table of every command, and the parser of the command line.
 *
 * Spellings are those of Go's flag package, which scripts for Clef rely on: one or two dashes, "=" or a space before the value, a switch takes a value
 * only with "=", "--" ends the flags, flags end at the first word that is none, the last of a repeated flag counts. A flag stands before the command or
 * after it; before it, every flag is known and wins over the same flag after it; after it, only those that the command takes.
 *
 * The parser looks at nothing but its arguments: no files, no environment.
 */
#ifndef CLEF_CLI_FLAGS_H
#define CLEF_CLI_FLAGS_H

#include <stddef.h>

#include "base/error.h"
#include "cli/flag_value.h"

enum command_id {
	COMMAND_SIGNER = 0, /* no command: start the signer */
	COMMAND_NEWACCOUNT,
	COMMAND_IMPORTRAW,
	COMMAND_LIST_ACCOUNTS,
	COMMAND_LIST_WALLETS,
	COMMAND_ATTACH,
	COMMAND_GENDOC,
	COMMAND_INIT,
	COMMAND_ATTEST,
	COMMAND_SETPW,
	COMMAND_DELPW,
	COMMAND_HELP,
	COMMAND_COUNT
};

enum flag_id {
	FLAG_KEYSTORE = 0,
	FLAG_CONFIGDIR,
	FLAG_CHAINID,
	FLAG_LIGHTKDF,
	FLAG_PASSWORD_FILE,
	FLAG_SIGNERSECRET,
	FLAG_HTTP,
	FLAG_HTTP_ADDR,
	FLAG_HTTP_PORT,
	FLAG_HTTP_VHOSTS,
	FLAG_IPCDISABLE,
	FLAG_IPCPATH,
	FLAG_ETH_API,
	FLAG_ALLOW_ETH_SIGN,
	FLAG_ALLOW_BULK,
	FLAG_CLIENTS,
	FLAG_REQUEST_TIMEOUT,
	FLAG_STDIO_UI,
	FLAG_STDIO_UI_TEST,
	FLAG_SECRET_FD,
	FLAG_UI_SOCKET,
	FLAG_WAIT_FOR_UI,
	FLAG_QREXEC_SOCKET,
	FLAG_ADVANCED,
	FLAG_NO_CHANGE,
	FLAG_SUPPRESS_BOOTWARN,
	FLAG_RULES,
	FLAG_4BYTEDB_CUSTOM,
	FLAG_AUDITLOG,
	FLAG_LOGLEVEL,
	FLAG_ALLOW_WEAK_SANDBOX,
	FLAG_REQUIRE_SANDBOX,
	FLAG_PCSCDPATH,
	FLAG_NOUSB,
	FLAG_HELP,
	FLAG_VERSION,
	FLAG_COUNT
};

enum flag_kind { FLAG_KIND_BOOL, FLAG_KIND_INT, FLAG_KIND_TEXT, FLAG_KIND_DURATION };
enum flag_group {
	FLAG_GROUP_KEYS,
	FLAG_GROUP_CALLERS,
	FLAG_GROUP_APPROVAL,
	FLAG_GROUP_SAFETY,
	FLAG_GROUP_OTHER,
	FLAG_GROUP_COUNT
};

struct flag_spec {
	const char *name;         /* without dashes */
	const char *alias;        /* one letter, or NULL */
	const char *value_name;   /* for help; NULL: a switch */
	const char *default_text; /* as if it had been given, and shown in help; NULL: none (0, no text) */
	const char *help;
	enum flag_kind kind;
	enum flag_group group;
	unsigned commands; /* bits 1 << enum command_id: who takes it after its name (the signer: none, it has no name) */
	bool available;    /* false: known, but a later version brings it */
};

struct command_spec {
	const char *name;      /* NULL for the signer */
	const char *alias;     /* or NULL */
	const char *arguments; /* as shown in help; "" when it takes none */
	const char *summary;
	const char *description;
	const char *examples; /* lines */
	size_t arguments_most;
	bool available;
};

const struct flag_spec *flags_spec(enum flag_id id);
const struct command_spec *flags_command(enum command_id id);
const char *flags_group_title(enum flag_group group);
/* Find by name or alias: a command's, exactly as it is spelt. False when there is none. */
bool flags_find_command(const char *name, enum command_id *ret_command);

/* One more than any command takes. */
#define FLAGS_ARGUMENTS_KEPT 2

struct flags {
	enum command_id command;                     /* after a failure: whose help tells more */
	struct flag_value values[FLAG_COUNT];        /* defaults are filled in, `set` says which were given */
	const char *arguments[FLAGS_ARGUMENTS_KEPT]; /* the first words after the command that are no flags; borrowed */
	size_t argument_count;                       /* of all of them, be they kept or not */
};

/* `words` are the command line without the program's name; they must outlive *ret_flags. */
bool flags_parse(size_t count, const char *const words[], struct flags *ret_flags, struct error *ret_error);
/*
 * Everything given can be done by this version, with the right number of arguments. An empty text given to a flag that is not available yet means "none" and
 * is fine, as is a switch set to false.
 */
bool flags_check(const struct flags *flags, struct error *ret_error);

bool flags_bool(const struct flags *flags, enum flag_id id);
int64_t flags_int(const struct flags *flags, enum flag_id id);
const char *flags_text(const struct flags *flags, enum flag_id id); /* NULL when neither given nor defaulted */

#endif
