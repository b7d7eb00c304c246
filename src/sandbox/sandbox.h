/*
 * sandbox: confine a role to what it needs. One readable table a role (sandbox.c) names its system calls, limits and folders.
 *
 * Entered in two steps, because a role with threads makes them in between: sandbox_prepare() sets no-new-privs, non-dumpable, rlimits and
 * Landlock, which new threads inherit; sandbox_seal() installs the seccomp filter on every thread of the process. After that a system call outside the table kills
 * the process (SECCOMP_RET_KILL_PROCESS).
 */
#ifndef CLEF_SANDBOX_SANDBOX_H
#define CLEF_SANDBOX_SANDBOX_H

#include "base/error.h"
#include "base/log.h"

enum sandbox_role { SANDBOX_CORE, SANDBOX_GATE, SANDBOX_KEYS, SANDBOX_UI };
enum sandbox_feature { SANDBOX_NO_NEW_PRIVS = 1, SANDBOX_SECCOMP = 2, SANDBOX_LANDLOCK = 4 };

struct sandbox_options {
	bool allow_weak;    /* --allow-weak-sandbox: go on without seccomp or no-new-privs */
	bool require_all;   /* --require-sandbox: a missing Landlock is fatal, too */
	const int *folders; /* descriptors of folders that the role may read and write below (keys: keystore, index) */
	size_t folder_count;
	const struct log *log;
};

/* Returns: *ret_features gains the bits that hold. False: the process must end. */
bool sandbox_prepare(enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error);
bool sandbox_seal(enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error);
/* Both, for a role without threads. */
bool sandbox_enter(enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error);

#endif
