/*
 * sandbox: confine a role to what it needs. One readable table a role (roles.c) names its system calls and limits.
 *
 * Entered in two steps, because a role with threads makes them in between: sandbox_prepare() sets no-new-privs, non-dumpable, rlimits and
 * Landlock, which new threads inherit; sandbox_seal() installs the seccomp filter on every thread of the process. After that a system
 * call outside the table kills the process (SECCOMP_RET_KILL_PROCESS).
 *
 * What a kernel lacks: without no-new-privs or seccomp the role does not start, unless allow_weak (user-mode emulation needs it); without
 * Landlock it starts and does not report SANDBOX_LANDLOCK, unless require_all.
 */
#ifndef CLEF_SANDBOX_SANDBOX_H
#define CLEF_SANDBOX_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum sandbox_role {
	SANDBOX_CORE,
	SANDBOX_GATE,
	SANDBOX_KEYS,
	SANDBOX_UI,
	SANDBOX_PROOFS,
	SANDBOX_ATTACH,
	SANDBOX_SELECTORS,
	SANDBOX_QUBES,
	SANDBOX_PROXY,      /* clef-proxy that starts qrexec-client-vm: makes no connection at all */
	SANDBOX_PROXY_UNIX, /* the same in front of the signer's unix socket: connects to unix sockets, whichever they are */
	SANDBOX_PROXY_NODE  /* the same with a node: libcurl needs threads, files of the system and TCP */
};
#define SANDBOX_ROLES 11
enum sandbox_feature { SANDBOX_NO_NEW_PRIVS = 1, SANDBOX_SECCOMP = 2, SANDBOX_LANDLOCK = 4 };
#define SANDBOX_ALL (SANDBOX_NO_NEW_PRIVS | SANDBOX_SECCOMP | SANDBOX_LANDLOCK)

struct sandbox_options {
	bool allow_weak;    /* --allow-weak-sandbox */
	bool require_all;   /* --require-sandbox */
	const int *folders; /* open folders below which the role may act: keys reads and writes, core only removes its socket */
	size_t folder_count;
	const int *read_folders; /* open folders below which it may read, if its profile says so */
	size_t read_folder_count;
};

/* *ret_features gains the bits that hold. False: the process must end. */
bool sandbox_prepare(
    enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error);
bool sandbox_seal(enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error);
/* Both, for a role without threads. */
bool sandbox_enter(
    enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error);

#endif
