/* roles: what each role may do, as tables. Only src/sandbox includes this. */
#ifndef CLEF_SANDBOX_ROLES_H
#define CLEF_SANDBOX_ROLES_H

#include <stdbool.h>
#include <stdint.h>

#include "sandbox/sandbox.h"

/* How the arguments of a system call are restricted. */
enum sandbox_rule_kind {
	SANDBOX_ANY,        /* any arguments */
	SANDBOX_NO_EXEC,    /* third argument without PROT_EXEC: mmap, mprotect */
	SANDBOX_STREAM,     /* ioctl: FIONBIO, FIONREAD */
	SANDBOX_TERMINAL,   /* ioctl: a terminal's settings, size and input */
	SANDBOX_DESCRIPTOR, /* fcntl: flags and duplicates; nothing that has the kernel send signals */
	SANDBOX_SEND,       /* send: without MSG_FASTOPEN, by which a listening socket, shut down, connects to anywhere */
	SANDBOX_SEND_TO,    /* sendto: the same, and without an address */
	SANDBOX_SEND_MESSAGE, /* sendmsg: the same; an address in the message, out of the filter's sight, is refused by stream sockets */
	SANDBOX_UNIX_SOCKET, /* socket: of the family AF_UNIX */
	SANDBOX_ONLY_SELF    /* first argument our own process id: tgkill, for abort() */
};

struct sandbox_rule {
	int number; /* of libseccomp: negative for one that this machine does not have */
	enum sandbox_rule_kind kind;
};

struct sandbox_profile {
	const char *name;
	const struct sandbox_rule *rules; /* beside the common ones */
	size_t rule_count;
	bool nothing_common;    /* the rules are all there is */
	uint64_t folder_access; /* LANDLOCK_ACCESS_FS_* below the given folders */
	uint64_t address_space; /* RLIMIT_AS in bytes */
	bool signals_others;    /* core ends the other roles */
	bool connects;          /* by TCP, to anywhere */
	bool threads;           /* makes them after it is confined */
	bool forgiving;         /* other system calls fail (ENOSYS) instead of ending the process */
};

extern const struct sandbox_rule sandbox_common_rules[];
extern const size_t sandbox_common_rule_count;
const struct sandbox_profile *sandbox_profile_of(enum sandbox_role role);

#endif
