#include "sandbox/roles.h"

#include <linux/landlock.h>
#include <seccomp.h>

#define MIB          ((uint64_t)1024 * 1024)
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define ALLOW(name)                         \
	{                                   \
		SCMP_SYS(name), SANDBOX_ANY \
	}

/* What the C library, the event loop and logging need in every role. Nothing here opens a file or a socket, or starts anything. */
const struct sandbox_rule sandbox_common_rules[] = {
    ALLOW(read),
    ALLOW(write),
    ALLOW(readv),
    ALLOW(writev),
    ALLOW(recvmsg),
    {SCMP_SYS(sendmsg), SANDBOX_SEND_MESSAGE},
    ALLOW(recvfrom),
    {SCMP_SYS(sendto), SANDBOX_SEND_TO},
    {SCMP_SYS(send), SANDBOX_SEND},
    ALLOW(recv),
    ALLOW(close),
    ALLOW(epoll_wait),
    ALLOW(epoll_pwait),
    ALLOW(epoll_ctl),
    ALLOW(epoll_create1),
    ALLOW(eventfd2),
    ALLOW(poll),
    ALLOW(ppoll),
    ALLOW(ppoll_time64),
    ALLOW(clock_gettime),
    ALLOW(clock_gettime64),
    ALLOW(gettimeofday),
    ALLOW(time),
    ALLOW(clock_nanosleep),
    ALLOW(nanosleep),
    ALLOW(timerfd_create),
    ALLOW(timerfd_settime),
    ALLOW(timerfd_settime64),
    ALLOW(futex),
    ALLOW(futex_time64),
    ALLOW(brk),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    {SCMP_SYS(mmap), SANDBOX_NO_EXEC},
    {SCMP_SYS(mmap2), SANDBOX_NO_EXEC},
    {SCMP_SYS(mprotect), SANDBOX_NO_EXEC},
    ALLOW(rt_sigreturn),
    ALLOW(sigreturn),
    ALLOW(rt_sigaction),
    ALLOW(rt_sigprocmask),
    ALLOW(sigaltstack),
    ALLOW(restart_syscall),
    {SCMP_SYS(tgkill), SANDBOX_ONLY_SELF},
    ALLOW(exit),
    ALLOW(exit_group),
    ALLOW(getpid),
    ALLOW(gettid),
    ALLOW(getuid),
    ALLOW(geteuid),
    ALLOW(getuid32),
    ALLOW(geteuid32),
    ALLOW(getrandom),
    ALLOW(fstat),
    ALLOW(fstat64),
    {SCMP_SYS(fcntl), SANDBOX_DESCRIPTOR},
    {SCMP_SYS(fcntl64), SANDBOX_DESCRIPTOR},
    ALLOW(lseek),
    ALLOW(_llseek),
    ALLOW(sysinfo), /* qsort() asks how much memory there is */
    ALLOW(sched_yield),
    ALLOW(rseq),
    ALLOW(set_robust_list),
    ALLOW(membarrier),
    {SCMP_SYS(ioctl), SANDBOX_STREAM},
};
const size_t sandbox_common_rule_count = COUNT(sandbox_common_rules);

/* Takes connections from the listening socket it was given; cannot make sockets of its own. */
static const struct sandbox_rule gate_rules[] = {
    ALLOW(accept),
    ALLOW(accept4),
    ALLOW(getsockopt),
    ALLOW(setsockopt),
    ALLOW(getpeername),
    ALLOW(getsockname),
    ALLOW(shutdown),
};

/* Writes the audit log that it holds open, takes user interfaces from their socket, asks the kernel who a peer is, removes its sockets at the end and ends the other roles. */
static const struct sandbox_rule core_rules[] = {
    ALLOW(accept4),
    ALLOW(getsockopt),
    ALLOW(kill),
    ALLOW(wait4),
    ALLOW(waitid),
    ALLOW(unlink),
    ALLOW(unlinkat),
    ALLOW(fsync),
    ALLOW(fdatasync),
    ALLOW(shutdown),
    ALLOW(newfstatat),
    ALLOW(fstatat64),
    {SCMP_SYS(ioctl), SANDBOX_TERMINAL},
};

/* Reads and writes files below the keystore and index folders; Landlock says where. */
static const struct sandbox_rule keys_rules[] = {
    ALLOW(openat),
    ALLOW(newfstatat),
    ALLOW(fstatat64),
    ALLOW(statx),
    ALLOW(getdents64),
    ALLOW(renameat2),
    ALLOW(renameat),
    ALLOW(linkat),
    ALLOW(unlinkat),
    ALLOW(fsync),
    ALLOW(fdatasync),
    ALLOW(fchmod),
    ALLOW(ftruncate),
    ALLOW(ftruncate64),
    ALLOW(pread64),
    ALLOW(pwrite64),
    ALLOW(inotify_add_watch),
    ALLOW(inotify_rm_watch),
    ALLOW(sched_getaffinity),
    ALLOW(mlock),
    ALLOW(munlock),
    {SCMP_SYS(ioctl), SANDBOX_TERMINAL},
};

/* Shows pages and reads answers at the terminal that it inherited. */
static const struct sandbox_rule ui_rules[] = {
    {SCMP_SYS(ioctl), SANDBOX_TERMINAL},
};

/* 'clef attach': reads passwords at the terminal and ends the UI that it started. */
static const struct sandbox_rule attach_rules[] = {
    ALLOW(kill),
    ALLOW(wait4),
    ALLOW(waitid),
    {SCMP_SYS(ioctl), SANDBOX_TERMINAL},
};

/* Writes in the one file that it was given open. */
static const struct sandbox_rule selectors_rules[] = {
    ALLOW(newfstatat), /* what the C library makes of fstat() */
    ALLOW(fstatat64),
    ALLOW(statx),
    ALLOW(pwrite64),
    ALLOW(ftruncate),
    ALLOW(ftruncate64),
    ALLOW(fsync),
    ALLOW(flock),
};

/*
 * qubes.Clefsign: carries bytes between descriptors that it has open already. A process for each call: what it cannot do costs nothing to forbid, a short
 * table is installed in half the time.
 */
static const struct sandbox_rule qubes_rules[] = {
    ALLOW(read),
    ALLOW(write),
    {SCMP_SYS(sendto), SANDBOX_SEND_TO},
    {SCMP_SYS(send), SANDBOX_SEND},
    ALLOW(close),
    ALLOW(poll),
    ALLOW(ppoll),
    ALLOW(ppoll_time64),
    ALLOW(clock_gettime),
    ALLOW(clock_gettime64),
    ALLOW(brk),
    ALLOW(munmap),
    ALLOW(mremap),
    ALLOW(madvise),
    {SCMP_SYS(mmap), SANDBOX_NO_EXEC},
    {SCMP_SYS(mmap2), SANDBOX_NO_EXEC},
    {SCMP_SYS(mprotect), SANDBOX_NO_EXEC},
    ALLOW(restart_syscall),
    ALLOW(getrandom), /* malloc() */
    ALLOW(futex),
    /* abort() */
    ALLOW(rt_sigprocmask),
    ALLOW(rt_sigaction),
    ALLOW(getpid),
    ALLOW(gettid),
    {SCMP_SYS(tgkill), SANDBOX_ONLY_SELF},
    ALLOW(exit),
    ALLOW(exit_group),
};

/* clef-proxy: as a gate; pipes to qrexec-client-vm, which a helper starts; removes its own socket at the end. */
#define PROXY_RULES                                                                                                  \
	ALLOW(accept), ALLOW(accept4), ALLOW(getsockopt), ALLOW(setsockopt), ALLOW(getpeername), ALLOW(getsockname), \
	    ALLOW(shutdown), ALLOW(pipe2), ALLOW(unlinkat), ALLOW(newfstatat), ALLOW(fstatat64)
static const struct sandbox_rule proxy_rules[] = {PROXY_RULES};

/* In front of the signer's unix socket. A filter cannot tell whose socket an address names: any that this user may open can be reached. */
static const struct sandbox_rule proxy_unix_rules[] = {PROXY_RULES, {SCMP_SYS(socket), SANDBOX_UNIX_SOCKET}, ALLOW(connect)};

/*
 * The same with a node: what libcurl, OpenSSL and the C library's resolver, with the modules that it loads by the machine's settings, use. Which files, Landlock says;
 * nothing is executed.
 */
static const struct sandbox_rule proxy_node_rules[] = {
    PROXY_RULES,
    ALLOW(socket),
    ALLOW(connect),
    ALLOW(socketpair),
    ALLOW(bind),
    ALLOW(pipe),
    ALLOW(sendto),
    ALLOW(sendmmsg),
    ALLOW(recvmmsg),
    ALLOW(select),
    ALLOW(pselect6),
    ALLOW(open),
    ALLOW(openat),
    ALLOW(stat),
    ALLOW(stat64),
    ALLOW(lstat),
    ALLOW(lstat64),
    ALLOW(statx),
    ALLOW(statfs),
    ALLOW(fstatfs),
    ALLOW(access),
    ALLOW(faccessat),
    ALLOW(faccessat2),
    ALLOW(readlink),
    ALLOW(readlinkat),
    ALLOW(getdents64),
    ALLOW(getcwd),
    ALLOW(pread64),
    ALLOW(mmap),
    ALLOW(mmap2),
    ALLOW(mprotect),
    ALLOW(clone),
    ALLOW(clone3),
    ALLOW(set_tid_address),
    ALLOW(sched_getaffinity),
    ALLOW(sched_getparam),
    ALLOW(sched_getscheduler),
    ALLOW(prlimit64),
    ALLOW(getrlimit),
    ALLOW(getrusage),
    ALLOW(uname),
    ALLOW(getppid),
    ALLOW(getgid),
    ALLOW(getegid),
    ALLOW(getgid32),
    ALLOW(getegid32),
    ALLOW(getgroups),
    ALLOW(getresuid),
    ALLOW(getresgid),
    ALLOW(dup),
    ALLOW(dup3),
    ALLOW(flock),
    ALLOW(fadvise64),
    ALLOW(rt_sigtimedwait),
    ALLOW(rt_sigpending),
    ALLOW(clock_getres),
    ALLOW(timer_create),
    ALLOW(timer_settime),
    ALLOW(timer_delete),
};

static const struct sandbox_profile profiles[SANDBOX_ROLES] = {
    [SANDBOX_CORE] = {.name = "core",
        .rules = core_rules,
        .rule_count = COUNT(core_rules),
        .folder_access = LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .address_space = 1024 * MIB,
        .signals_others = true},
    [SANDBOX_GATE] = {.name = "gate", .rules = gate_rules, .rule_count = COUNT(gate_rules), .address_space = 1024 * MIB},
    [SANDBOX_KEYS] = {.name = "keys",
        .rules = keys_rules,
        .rule_count = COUNT(keys_rules),
        .folder_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
                         LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_REFER,
        .address_space = 4096 * MIB},
    /* Computes on what comes through its channel: the common rules are all it has. */
    [SANDBOX_PROOFS] = {.name = "proofs", .address_space = 512 * MIB},
    [SANDBOX_SELECTORS] = {.name = "selectors",
        .rules = selectors_rules,
        .rule_count = COUNT(selectors_rules),
        .address_space = 1024 * MIB},
    [SANDBOX_UI] = {.name = "ui", .rules = ui_rules, .rule_count = COUNT(ui_rules), .address_space = 512 * MIB},
    [SANDBOX_ATTACH] = {.name = "attach",
        .rules = attach_rules,
        .rule_count = COUNT(attach_rules),
        .address_space = 1024 * MIB,
        .signals_others = true},
    /* The largest body, twice while its buffer grows, and the libraries. */
    [SANDBOX_QUBES] = {.name = "qubes",
        .rules = qubes_rules,
        .rule_count = COUNT(qubes_rules),
        .nothing_common = true,
        .address_space = 64 * MIB},
    [SANDBOX_PROXY] = {.name = "proxy",
        .rules = proxy_rules,
        .rule_count = COUNT(proxy_rules),
        .folder_access = LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .address_space = 2048 * MIB},
    [SANDBOX_PROXY_UNIX] = {.name = "proxy with the signer's socket",
        .rules = proxy_unix_rules,
        .rule_count = COUNT(proxy_unix_rules),
        .folder_access = LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .address_space = 2048 * MIB},
    /* Each thread of a resolver sets 64 MiB of address space aside. */
    [SANDBOX_PROXY_NODE] = {.name = "proxy with a node",
        .rules = proxy_node_rules,
        .rule_count = COUNT(proxy_node_rules),
        .folder_access = LANDLOCK_ACCESS_FS_REMOVE_FILE,
        .address_space = 8192 * MIB,
        .connects = true,
        .threads = true,
        .forgiving = true},
};

const struct sandbox_profile *sandbox_profile_of(enum sandbox_role role)
{
	return &profiles[role];
}
