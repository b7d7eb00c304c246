/* options: what the flags mean for the signer and the commands: paths made absolute, numbers checked. */
#ifndef CLEF_CLI_OPTIONS_H
#define CLEF_CLI_OPTIONS_H

#include "base/error.h"
#include "cli/flags.h"
#include "core/core.h"

/* `core` borrows from `paths` and from the command line. */
struct options {
	struct core_options core;
	struct {
		char *keystore;
		char *configdir;
		char *ipc_path;
		char *password_file;
		char *ui_socket;
		char *qrexec_socket;
		char *selectors;
		char *clients;
	} paths;
};

/*
 * Folders become absolute, since the roles do not share the caller's: "~/" is the home folder (HOME, else the user database), "." and ".." are
 * resolved by text alone. An empty --keystore stays empty and means none.
 */
bool options_from_flags(const struct flags *flags, struct options *ret_options, struct error *ret_error);
void options_free(struct options *options);
#define OPTIONS_CLEANUP __attribute__((cleanup(options_free)))

/* `path` as above: from `home` (NULL: unknown) and the absolute folder `cwd`. Free with free(). */
bool options_resolve_path(const char *path, const char *home, const char *cwd, char **ret_path, struct error *ret_error);

#endif
