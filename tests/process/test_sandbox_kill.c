/*
 * The sandbox that the kernel enforces: in each role a forbidden system call kills the process (SIGSYS) and a permitted one works. Each case runs
 * in a child process that has entered the role, as the signer's processes do.
 */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

#define COUNT(array)    (sizeof(array) / sizeof((array)[0]))
#define BIT(role)       (1U << (role))
#define GATE            BIT(SANDBOX_GATE)
#define CORE            BIT(SANDBOX_CORE)
#define KEYS            BIT(SANDBOX_KEYS)
#define UI              BIT(SANDBOX_UI)
#define PROOFS          BIT(SANDBOX_PROOFS)
#define ATTACH          BIT(SANDBOX_ATTACH)
#define SELECTORS       BIT(SANDBOX_SELECTORS)
#define QUBES           BIT(SANDBOX_QUBES)
#define PROXY           BIT(SANDBOX_PROXY)
#define PROXY_UNIX      BIT(SANDBOX_PROXY_UNIX)
#define NODE            BIT(SANDBOX_PROXY_NODE)
#define OF_THE_SIGNER   (GATE | CORE | KEYS | UI | PROOFS | ATTACH | SELECTORS)
#define EVERY           (OF_THE_SIGNER | QUBES)
#define ENDED_BY_FILTER (-SIGSYS)

/* What a case may use; made before the sandbox is entered. */
struct world {
	int folder;         /* the folder that the role was given */
	int pair[2];        /* a connected socket pair */
	int listener;       /* a listening unix socket with one caller waiting */
	pid_t parent;       /* the test itself */
	const char *inside; /* absolute path of a file in the folder */
};

static const char *const role_names[SANDBOX_ROLES] = {[SANDBOX_CORE] = "core",
    [SANDBOX_GATE] = "gate",
    [SANDBOX_KEYS] = "keys",
    [SANDBOX_UI] = "ui",
    [SANDBOX_PROOFS] = "proofs",
    [SANDBOX_ATTACH] = "attach",
    [SANDBOX_SELECTORS] = "selectors",
    [SANDBOX_QUBES] = "qubes",
    [SANDBOX_PROXY] = "proxy",
    [SANDBOX_PROXY_UNIX] = "proxy with the signer's socket",
    [SANDBOX_PROXY_NODE] = "proxy with a node"};

/* Each returns 0 when the call worked, else errno. */
static int result_of(long value)
{
	return value < 0 ? errno : 0;
}

static int do_socket(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_socket, AF_INET, SOCK_STREAM, 0));
}

static int do_unix_socket(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0));
}

static int do_connect(const struct world *world)
{
	struct sockaddr address = {.sa_family = AF_UNIX};

	return result_of(syscall(SYS_connect, world->pair[0], &address, sizeof(address)));
}

static int do_execve(const struct world *world)
{
	char *const none[] = {NULL};

	(void)world;
	return result_of(syscall(SYS_execve, "/bin/true", none, none));
}

static int do_execveat(const struct world *world)
{
	char *const none[] = {NULL};

	return result_of(syscall(SYS_execveat, world->folder, "x", none, none, 0));
}

static int do_clone(const struct world *world)
{
	(void)world;
	long pid = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (pid == 0)
		_exit(0);
	return result_of(pid);
}

static int do_ptrace(const struct world *world)
{
	return result_of(syscall(SYS_ptrace, PTRACE_ATTACH, world->parent, 0, 0));
}

static int do_read_memory(const struct world *world)
{
	return result_of(syscall(SYS_process_vm_readv, world->parent, NULL, 0, NULL, 0, 0));
}

static int do_kill_parent(const struct world *world)
{
	return result_of(syscall(SYS_kill, world->parent, 0));
}

static int do_signal_parent(const struct world *world)
{
	return result_of(syscall(SYS_tgkill, world->parent, world->parent, 0));
}

static int do_mmap_exec(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

static int do_mprotect_exec(const struct world *world)
{
	(void)world;
	void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return result_of(syscall(SYS_mprotect, page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
}

static int do_dumpable(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0));
}

static int do_setuid(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_setuid, 0));
}

static int do_unshare(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_unshare, CLONE_NEWUSER));
}

static int do_bpf(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0));
}

static int do_io_uring(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_io_uring_setup, 1, NULL));
}

static int do_keyctl(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_keyctl, 0, 0, 0, 0, 0));
}

static int do_mount(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_mount, "none", "/", "tmpfs", 0, NULL));
}

/* Puts bytes into a terminal's input, as if a person had typed them. */
static int do_type_for_the_person(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_ioctl, 0, TIOCSTI, "y"));
}

/* ---- what a broken role could do to others with calls that it needs for itself ---- */

static int do_connect_by_fast_open(const struct world *world)
{
	char byte = 'x';
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(1), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};

	return result_of(syscall(SYS_sendto, world->pair[0], &byte, 1, MSG_FASTOPEN, &address, sizeof(address)));
}

static int do_connect_by_message(const struct world *world)
{
	struct msghdr header = {0};

	return result_of(syscall(SYS_sendmsg, world->pair[0], &header, MSG_FASTOPEN | MSG_NOSIGNAL));
}

static int do_send_to_address(const struct world *world)
{
	char byte = 'x';
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	return result_of(syscall(SYS_sendto, world->pair[0], &byte, 1, MSG_NOSIGNAL, &address, sizeof(address)));
}

static int do_choose_signal(const struct world *world)
{
	return result_of(syscall(SYS_fcntl, world->pair[0], F_SETSIG, SIGKILL));
}

static int do_name_victim(const struct world *world)
{
	return result_of(syscall(SYS_fcntl, world->pair[0], F_SETOWN, world->parent));
}

static int do_name_victim_by_struct(const struct world *world)
{
	struct f_owner_ex owner = {F_OWNER_PID, world->parent};

	return result_of(syscall(SYS_fcntl, world->pair[0], F_SETOWN_EX, &owner));
}

static int do_signal_on_input(const struct world *world)
{
	return result_of(syscall(SYS_fcntl, world->pair[0], F_SETFL, O_RDWR | O_ASYNC));
}

static int do_grow_pipe(const struct world *world)
{
	return result_of(syscall(SYS_fcntl, world->pair[0], F_SETPIPE_SZ, 1 << 20));
}

static int do_set_terminal(const struct world *world)
{
	char settings[256] = {0};

	return result_of(syscall(SYS_ioctl, world->pair[0], TCSETS, settings));
}

static int do_flush_terminal(const struct world *world)
{
	return result_of(syscall(SYS_ioctl, world->pair[0], TCFLSH, TCIFLUSH));
}

static int do_set_flags(const struct world *world)
{
	int flags = fcntl(world->pair[0], F_GETFL);

	if (flags < 0 || fcntl(world->pair[0], F_SETFL, flags | O_NONBLOCK) != 0 ||
	    fcntl(world->pair[0], F_SETFD, FD_CLOEXEC) != 0 || fcntl(world->pair[0], F_GETFD) != FD_CLOEXEC)
		return errno;
	int copy = fcntl(world->pair[0], F_DUPFD_CLOEXEC, 0);

	/* The flags belong to the description that later cases share. */
	return fcntl(copy, F_SETFL, flags) != 0 || close(copy) != 0 ? errno : 0;
}

static int do_send(const struct world *world)
{
	char byte = 'x';
	struct iovec vector = {&byte, 1};
	struct msghdr header = {.msg_iov = &vector, .msg_iovlen = 1};

	if (send(world->pair[0], &byte, 1, MSG_NOSIGNAL) != 1 || sendmsg(world->pair[0], &header, MSG_NOSIGNAL) != 1 ||
	    read(world->pair[1], &byte, 1) != 1 || read(world->pair[1], &byte, 1) != 1)
		return errno;
	return 0;
}

static int do_chmod(const struct world *world)
{
	return result_of(syscall(SYS_fchmodat, AT_FDCWD, world->inside, 0777));
}

static int do_open_outside(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}

static int do_create_outside(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_openat, AT_FDCWD, "/tmp/clef-test-must-not-be", O_WRONLY | O_CREAT, 0600));
}

static int do_open_inside(const struct world *world)
{
	return result_of(syscall(SYS_openat, world->folder, "file", O_RDONLY));
}

static int do_create_inside(const struct world *world)
{
	return result_of(syscall(SYS_openat, world->folder, "new", O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static int do_link_outside(const struct world *world)
{
	return result_of(syscall(SYS_symlinkat, "/etc/passwd", world->folder, "link"));
}

static int do_accept(const struct world *world)
{
	return result_of(syscall(SYS_accept4, world->listener, NULL, NULL, SOCK_CLOEXEC));
}

static int do_exchange(const struct world *world)
{
	char byte = 'x';

	if (write(world->pair[0], &byte, 1) != 1 || read(world->pair[1], &byte, 1) != 1)
		return errno;
	return 0;
}

static int do_memory(const struct world *world)
{
	(void)world;
	char *block = malloc((size_t)4 << 20);

	if (block == NULL)
		return ENOMEM;
	memset(block, 1, (size_t)4 << 20);
	free(block);
	return 0;
}

static int do_peer(const struct world *world)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	return result_of(syscall(SYS_getsockopt, world->pair[0], SOL_SOCKET, SO_PEERCRED, &peer, &size));
}

static int do_allocate_without_end(const struct world *world)
{
	(void)world;
	return result_of(syscall(SYS_mmap, NULL, (size_t)8 << 30, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
}

/* roles: where the outcome holds. outcome: ENDED_BY_FILTER, 0 for success, or the errno. */
struct rule_case {
	const char *name;
	int (*act)(const struct world *world);
	unsigned roles;
	int outcome;
};

static const struct rule_case cases[] = {
    {"socket", do_socket, EVERY, ENDED_BY_FILTER},
    {"connect", do_connect, EVERY, ENDED_BY_FILTER},
    {"execve", do_execve, EVERY, ENDED_BY_FILTER},
    {"execveat", do_execveat, EVERY, ENDED_BY_FILTER},
    {"fork", do_clone, EVERY, ENDED_BY_FILTER},
    {"ptrace", do_ptrace, EVERY, ENDED_BY_FILTER},
    {"process_vm_readv", do_read_memory, EVERY, ENDED_BY_FILTER},
    {"kill", do_kill_parent, GATE | KEYS | UI | PROOFS | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"tgkill of another", do_signal_parent, EVERY, ENDED_BY_FILTER},
    {"executable mmap", do_mmap_exec, EVERY, ENDED_BY_FILTER},
    {"executable mprotect", do_mprotect_exec, EVERY, ENDED_BY_FILTER},
    {"becoming dumpable", do_dumpable, EVERY, ENDED_BY_FILTER},
    {"setuid", do_setuid, EVERY, ENDED_BY_FILTER},
    {"unshare", do_unshare, EVERY, ENDED_BY_FILTER},
    {"bpf", do_bpf, EVERY, ENDED_BY_FILTER},
    {"io_uring", do_io_uring, EVERY, ENDED_BY_FILTER},
    {"keyctl", do_keyctl, EVERY, ENDED_BY_FILTER},
    {"mount", do_mount, EVERY, ENDED_BY_FILTER},
    {"typing for the person", do_type_for_the_person, EVERY, ENDED_BY_FILTER},
    {"connecting by MSG_FASTOPEN", do_connect_by_fast_open, EVERY, ENDED_BY_FILTER},
    {"connecting by MSG_FASTOPEN in sendmsg", do_connect_by_message, EVERY, ENDED_BY_FILTER},
    {"sendto an address", do_send_to_address, EVERY, ENDED_BY_FILTER},
    {"F_SETSIG", do_choose_signal, EVERY, ENDED_BY_FILTER},
    {"F_SETOWN", do_name_victim, EVERY, ENDED_BY_FILTER},
    {"F_SETOWN_EX", do_name_victim_by_struct, EVERY, ENDED_BY_FILTER},
    {"O_ASYNC", do_signal_on_input, EVERY, ENDED_BY_FILTER},
    {"F_SETPIPE_SZ", do_grow_pipe, EVERY, ENDED_BY_FILTER},
    {"a terminal's settings", do_set_terminal, GATE | PROOFS | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"a terminal's input", do_flush_terminal, GATE | PROOFS | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"chmod", do_chmod, EVERY, ENDED_BY_FILTER},
    {"symlink", do_link_outside, EVERY, ENDED_BY_FILTER},
    {"open outside", do_open_outside, GATE | CORE | UI | PROOFS | ATTACH | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"open inside", do_open_inside, GATE | CORE | UI | PROOFS | ATTACH | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"create inside", do_create_inside, SELECTORS | QUBES, ENDED_BY_FILTER},
    {"accept", do_accept, KEYS | UI | PROOFS | ATTACH | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"peer credentials", do_peer, KEYS | UI | PROOFS | ATTACH | SELECTORS | QUBES, ENDED_BY_FILTER},
    {"flags of a descriptor", do_set_flags, QUBES, ENDED_BY_FILTER},
    /*
     * clef-proxy: no program, no file; no connection in front of qrexec, unix sockets only in front of the signer's socket; with a node what is forbidden
     * fails, and no file is written.
     */
    {"a unix socket", do_unix_socket, PROXY, ENDED_BY_FILTER},
    {"connect", do_connect, PROXY, ENDED_BY_FILTER},
    {"a unix socket", do_unix_socket, PROXY_UNIX | NODE, 0},
    {"socket", do_socket, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"socket", do_socket, NODE, 0},
    {"execve", do_execve, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"fork", do_clone, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"ptrace", do_ptrace, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"kill", do_kill_parent, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"executable mmap", do_mmap_exec, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"becoming dumpable", do_dumpable, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"open outside", do_open_outside, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"create inside", do_create_inside, PROXY | PROXY_UNIX, ENDED_BY_FILTER},
    {"execve", do_execve, NODE, ENOSYS},
    {"execveat", do_execveat, NODE, ENOSYS},
    {"ptrace", do_ptrace, NODE, ENOSYS},
    {"process_vm_readv", do_read_memory, NODE, ENOSYS},
    {"kill", do_kill_parent, NODE, ENOSYS},
    {"bpf", do_bpf, NODE, ENOSYS},
    {"io_uring", do_io_uring, NODE, ENOSYS},
    {"becoming dumpable", do_dumpable, NODE, ENOSYS},
    {"open outside", do_open_outside, NODE, EACCES},
    {"create inside", do_create_inside, NODE, EACCES},
    {"create outside", do_create_outside, NODE, EACCES},
    /* Landlock: what the filter lets pass is bound to the folder. */
    {"open outside", do_open_outside, KEYS, EACCES},
    {"create outside", do_create_outside, KEYS, EACCES},
    /* Limits. */
    {"memory without end", do_allocate_without_end, EVERY, ENOMEM},
    /* What must work. */
    {"read and write", do_exchange, EVERY, 0},
    {"memory", do_memory, EVERY, 0},
    {"send", do_send, OF_THE_SIGNER, 0},
    {"flags of a descriptor", do_set_flags, OF_THE_SIGNER, 0},
    {"a terminal's settings", do_set_terminal, CORE | KEYS | UI | ATTACH, ENOTTY},
    {"accept", do_accept, GATE | CORE | PROXY | PROXY_UNIX | NODE, 0},
    {"peer credentials", do_peer, CORE, 0},
    {"open inside", do_open_inside, KEYS, 0},
    {"create inside", do_create_inside, KEYS, 0},
};

/* Exit statuses of the child beside an errno. */
enum { NOT_CONFINED = 200, WEAK = 201 };

static _Noreturn void run_child(enum sandbox_role role, const struct rule_case *rule, const struct world *world)
{
	const int *folders = role == SANDBOX_KEYS || role == SANDBOX_CORE ? &world->folder : NULL;
	struct sandbox_options options = {.folders = folders, .folder_count = folders == NULL ? 0 : 1};
	struct error error = {0};
	unsigned features = 0;

	if (!sandbox_enter(role, &options, &features, &error))
		_exit(NOT_CONFINED);
	if ((features & (SANDBOX_SECCOMP | SANDBOX_NO_NEW_PRIVS)) != (SANDBOX_SECCOMP | SANDBOX_NO_NEW_PRIVS))
		_exit(WEAK);
	if (rule->outcome == EACCES && (features & SANDBOX_LANDLOCK) == 0)
		_exit(EACCES); /* this kernel has no Landlock: nothing to see */
	_exit(rule->act(world));
}

/* The errno with which the case ended, 0, or the negative signal. */
static int outcome_in(enum sandbox_role role, const struct rule_case *rule, const struct world *world)
{
	int status;
	pid_t pid = fork();

	assert_int_not_equal(pid, -1);
	if (pid == 0)
		run_child(role, rule, world);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void test_role(enum sandbox_role role, const struct world *world)
{
	unsigned wrong = 0;

	unlinkat(world->folder, "new", 0); /* of the role before */
	for (size_t i = 0; i < COUNT(cases); i++) {
		if ((cases[i].roles & BIT(role)) == 0)
			continue;
		int outcome = outcome_in(role, &cases[i], world);

		if (outcome != cases[i].outcome) {
			print_error(
			    "%s: %s ended with %d instead of %d\n", role_names[role], cases[i].name, outcome, cases[i].outcome);
			wrong++;
		}
	}
	assert_int_equal(wrong, 0);
}

static void test_core(void **state)
{
	test_role(SANDBOX_CORE, *state);
}

static void test_gate(void **state)
{
	test_role(SANDBOX_GATE, *state);
}

static void test_keys(void **state)
{
	test_role(SANDBOX_KEYS, *state);
}

static void test_ui(void **state)
{
	test_role(SANDBOX_UI, *state);
}

static void test_proofs(void **state)
{
	test_role(SANDBOX_PROOFS, *state);
}

static void test_attach(void **state)
{
	test_role(SANDBOX_ATTACH, *state);
}

static void test_selectors(void **state)
{
	test_role(SANDBOX_SELECTORS, *state);
}

static void test_qubes(void **state)
{
	test_role(SANDBOX_QUBES, *state);
}

static void test_proxy(void **state)
{
	test_role(SANDBOX_PROXY, *state);
}

static void test_proxy_unix(void **state)
{
	test_role(SANDBOX_PROXY_UNIX, *state);
}

static void test_proxy_node(void **state)
{
	test_role(SANDBOX_PROXY_NODE, *state);
}

/* A confined process must not be able to widen its own filter, whatever it adds to it. */
static int do_add_filter(const struct world *world)
{
	struct sock_filter allow_all = BPF_STMT(BPF_RET | BPF_K, 0x7fff0000U);
	struct sock_fprog program = {1, &allow_all};

	(void)world;
	return result_of(syscall(SYS_seccomp, 1, 0, &program));
}

static void test_filter_is_final(void **state)
{
	const struct rule_case rule = {"another filter", do_add_filter, EVERY, ENDED_BY_FILTER};

	for (int role = 0; role < SANDBOX_ROLES; role++)
		assert_int_equal(
		    outcome_in((enum sandbox_role)role, &rule, *state), role == SANDBOX_PROXY_NODE ? ENOSYS : ENDED_BY_FILTER);
}

static char scratch[] = "/tmp/clef-sandbox-XXXXXX";
static char file_inside[sizeof(scratch) + sizeof("/file")];

static int open_listener(void)
{
	struct sockaddr name = {.sa_family = AF_UNIX};
	struct sockaddr_storage bound;
	socklen_t size = sizeof(bound);
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	/* An address of nothing but the family: the kernel chooses an abstract name. */
	if (bind(listener, &name, sizeof(name.sa_family)) != 0 || listen(listener, 64) != 0 ||
	    getsockname(listener, (struct sockaddr *)&bound, &size) != 0)
		return -1;
	/* A caller for each role: who accepts takes one away. */
	for (int i = 0; i < SANDBOX_ROLES; i++)
		if (connect(socket(AF_UNIX, SOCK_STREAM, 0), (struct sockaddr *)&bound, size) != 0)
			return -1;
	return listener;
}

static int make_world(void **state)
{
	static struct world world;

	if (mkdtemp(scratch) == NULL)
		return -1;
	snprintf(file_inside, sizeof(file_inside), "%s/file", scratch);
	int file = open(file_inside, O_WRONLY | O_CREAT, 0600);

	world = (struct world){.folder = open(scratch, O_RDONLY | O_DIRECTORY),
	    .listener = open_listener(),
	    .parent = getpid(),
	    .inside = file_inside};
	if (file < 0 || world.folder < 0 || world.listener < 0 || socketpair(AF_UNIX, SOCK_STREAM, 0, world.pair) != 0)
		return -1;
	close(file);
	*state = &world;
	return 0;
}

static int remove_world(void **state)
{
	const struct world *world = *state;

	unlinkat(world->folder, "file", 0);
	unlinkat(world->folder, "new", 0);
	rmdir(scratch);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_core),
	    cmocka_unit_test(test_gate),
	    cmocka_unit_test(test_keys),
	    cmocka_unit_test(test_ui),
	    cmocka_unit_test(test_proofs),
	    cmocka_unit_test(test_attach),
	    cmocka_unit_test(test_selectors),
	    cmocka_unit_test(test_qubes),
	    cmocka_unit_test(test_proxy),
	    cmocka_unit_test(test_proxy_unix),
	    cmocka_unit_test(test_proxy_node),
	    cmocka_unit_test(test_filter_is_final),
	};

	return cmocka_run_group_tests(tests, make_world, remove_world);
}
