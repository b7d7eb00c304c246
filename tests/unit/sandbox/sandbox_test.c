/*
 * The sandbox beside what tests/process/test_sandbox_kill.c shows: which features are reported, what the options mean, limits, files and other
 * architectures. Each case runs in a child that has entered a role.
 */
#include "../base/testing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "sandbox/sandbox.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#ifdef CLEF_WEAK_SANDBOX_BUILD
static const bool weak_build = true;
#else
static const bool weak_build = false;
#endif

static char top[] = "/tmp/clef-sandbox-unit-XXXXXX";
static char inside[sizeof(top) + 16], outside[sizeof(top) + 16];

static bool has_landlock(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, 1) >= 1;
}

static void skip_if_weak(void)
{
	if (weak_build)
		skip();
}

static unsigned enter(enum sandbox_role role, const struct sandbox_options *options)
{
	struct error error;
	unsigned features = 0;

	if (!sandbox_enter(role, options, &features, &error)) {
		fprintf(stderr, "%s\n", error.text);
		_exit(99);
	}
	return features;
}

/* ---- what is reported ---- */

static void exit_with_features(void *argument)
{
	const struct sandbox_options options = {0};

	_exit((int)enter(*(const enum sandbox_role *)argument, &options));
}

static void test_features(void **state)
{
	unsigned expected = weak_build ? SANDBOX_NO_NEW_PRIVS : SANDBOX_ALL;

	(void)state;
	if (!weak_build && !has_landlock())
		expected &= ~(unsigned)SANDBOX_LANDLOCK;
	for (int role = 0; role < SANDBOX_ROLES; role++)
		assert_exits_with(run_in_child(exit_with_features, &role), (int)expected);
}

static void require_everything(void *argument)
{
	const struct sandbox_options options = {.require_all = true};
	struct error error;
	unsigned features = 0;

	(void)argument;
	_exit(sandbox_enter(SANDBOX_GATE, &options, &features, &error) ? 0 : 1);
}

static void test_a_build_without_a_sandbox_cannot_be_required_to_have_one(void **state)
{
	(void)state;
	assert_exits_with(run_in_child(require_everything, NULL), weak_build || !has_landlock() ? 1 : 0);
}

/* ---- kernels that lack something ---- */

/* From here on the kernel answers ENOSYS to one system call, as if it had never heard of it. */
static void take_away(unsigned number)
{
	struct sock_filter code[] = {
	    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
	    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
	    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {COUNT(code), code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		_exit(98);
}

struct lack {
	unsigned number, second; /* system calls; 0: none */
	struct sandbox_options options;
	bool starts;
	unsigned features;
	const char *error;
};

static void enter_on_a_lesser_kernel(void *argument)
{
	const struct lack *lack = argument;
	struct error error = {0};
	unsigned features = 0;

	if (lack->second != 0)
		take_away(lack->second);
	take_away(lack->number);
	bool started = sandbox_enter(SANDBOX_GATE, &lack->options, &features, &error);

	if (started != lack->starts)
		_exit(1);
	if (!started)
		_exit(strstr(error.text, lack->error) != NULL ? 0 : 2);
	_exit(features == lack->features ? 0 : 3);
}

static void test_what_is_missing(void **state)
{
	const unsigned landlock = SYS_landlock_create_ruleset, rule = SYS_landlock_restrict_self, seccomp = SYS_seccomp;
	const unsigned without_landlock = SANDBOX_NO_NEW_PRIVS | SANDBOX_SECCOMP;
	const struct sandbox_options plain = {0}, weak = {.allow_weak = true}, all = {.require_all = true},
	                             both = {.allow_weak = true, .require_all = true};
	const struct lack lacks[] = {
	    {landlock, 0, plain, true, without_landlock, NULL},
	    {landlock, 0, weak, true, without_landlock, NULL},
	    {landlock, 0, all, false, 0, "Landlock"},
	    {landlock, 0, both, false, 0, "Landlock"},
	    /* There, and it does not work: not the same as an old kernel. */
	    {rule, 0, plain, false, 0, "Landlock"},
	    {rule, 0, weak, true, without_landlock, NULL},
	    {rule, 0, all, false, 0, "Landlock"},
	    /* libseccomp installs a filter by seccomp(2) when it is for all threads. */
	    {seccomp, 0, plain, false, 0, "--allow-weak-sandbox"},
	    {seccomp, 0, weak, true, SANDBOX_NO_NEW_PRIVS | SANDBOX_LANDLOCK, NULL},
	    {seccomp, 0, both, false, 0, "seccomp"},
	    {seccomp, landlock, weak, true, SANDBOX_NO_NEW_PRIVS, NULL},
	};

	(void)state;
	skip_if_weak();
	if (!has_landlock())
		skip();
	for (size_t i = 0; i < COUNT(lacks); i++) {
		struct lack lack = lacks[i];
		int status = run_in_child(enter_on_a_lesser_kernel, &lack);

		if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
			print_error("case %zu\n", i);
		assert_exits_with(status, 0);
	}
}

/* ---- limits ---- */

/* Before the seal, behind which they cannot be read any more. */
static void look_at_limits(void *argument)
{
	const struct sandbox_options options = {0};
	struct rlimit cores, space;
	struct error error;
	unsigned features = 0;

	(void)argument;
	if (!sandbox_prepare(SANDBOX_GATE, &options, &features, &error))
		_exit(1);
	if (getrlimit(RLIMIT_CORE, &cores) != 0 || cores.rlim_cur != 0 || cores.rlim_max != 0)
		_exit(2);
	if (!weak_build && (getrlimit(RLIMIT_AS, &space) != 0 || space.rlim_max != (rlim_t)1024 << 20))
		_exit(3);
	if (prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0 || prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
		_exit(4);
}

static void test_limits(void **state)
{
	(void)state;
	assert_exits_with(run_in_child(look_at_limits, NULL), 0);
}

/* A limit that is lower already is kept, not an error. */
static void enter_with_a_low_limit(void *argument)
{
	const struct sandbox_options options = {0};
	const struct rlimit low = {(rlim_t)512 << 20, (rlim_t)512 << 20};
	struct rlimit found;
	struct error error;
	unsigned features = 0;

	(void)argument;
	if (setrlimit(RLIMIT_AS, &low) != 0 || !sandbox_prepare(SANDBOX_KEYS, &options, &features, &error))
		_exit(1);
	_exit(getrlimit(RLIMIT_AS, &found) == 0 && found.rlim_max == low.rlim_max ? 0 : 2);
}

static void test_a_lower_limit_stays(void **state)
{
	(void)state;
	skip_if_weak();
	assert_exits_with(run_in_child(enter_with_a_low_limit, NULL), 0);
}

/* ---- files ---- */

/* Landlock alone: what it denies with all system calls still permitted. */
static bool denied(int result)
{
	return result < 0 && errno == EACCES;
}

static void use_files_as_keys(void *argument)
{
	int folder = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const struct sandbox_options options = {.folders = &folder, .folder_count = 1};
	struct error error;
	unsigned features = 0;

	(void)argument;
	if (!sandbox_prepare(SANDBOX_KEYS, &options, &features, &error))
		_exit(1);
	/* What keys does with its folder. */
	int made = openat(folder, "new", O_WRONLY | O_CREAT | O_EXCL, 0600);

	if (made < 0 || write(made, "x", 1) != 1 || ftruncate(made, 0) != 0 || renameat(folder, "new", folder, "file") != 0)
		_exit(2);
	int found = openat(folder, "file", O_RDONLY), again = openat(folder, ".", O_RDONLY | O_DIRECTORY);

	if (found < 0 || again < 0 || openat(folder, "file", O_WRONLY | O_TRUNC) < 0 || unlinkat(folder, "file", 0) != 0)
		_exit(3);
	/* What nobody does with it: other kinds of files, programs. */
	if (!denied(mkdirat(folder, "sub", 0700)) || !denied(symlinkat("/etc", folder, "link")) ||
	    !denied(mknodat(folder, "fifo", S_IFIFO, 0)))
		_exit(4);
	/* Everything else. */
	if (!denied(open("/etc/passwd", O_RDONLY)) || !denied(open(outside, O_WRONLY)) ||
	    !denied(open("/", O_RDONLY | O_DIRECTORY)) || !denied(open("/proc/self/mem", O_RDWR)) ||
	    !denied(openat(folder, "../outside", O_RDONLY)) || !denied(unlink(outside)))
		_exit(5);
	if (!denied(linkat(folder, "../outside", folder, "stolen", 0)) && errno != EXDEV)
		_exit(6);
}

static void test_files_of_keys(void **state)
{
	(void)state;
	skip_if_weak();
	if (!has_landlock())
		skip();
	assert_exits_with(run_in_child(use_files_as_keys, NULL), 0);
}

/* core holds its audit log open and removes its socket; it opens nothing. */
static void use_files_as_core(void *argument)
{
	int folder = open(inside, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int log_fd = openat(folder, "audit.log", O_WRONLY | O_CREAT | O_APPEND, 0600);
	const struct sandbox_options options = {.folders = &folder, .folder_count = 1};
	struct error error;
	unsigned features = 0;

	(void)argument;
	if (!sandbox_prepare(SANDBOX_CORE, &options, &features, &error))
		_exit(1);
	if (write(log_fd, "x", 1) != 1)
		_exit(2);
	if (!denied(openat(folder, "audit.log", O_RDONLY)) || !denied(openat(folder, "other", O_WRONLY | O_CREAT, 0600)) ||
	    !denied(openat(folder, "audit.log", O_WRONLY)) || !denied(unlink(outside)))
		_exit(3);
	if (unlinkat(folder, "audit.log", 0) != 0)
		_exit(4);
}

static void test_files_of_core(void **state)
{
	(void)state;
	skip_if_weak();
	if (!has_landlock())
		skip();
	assert_exits_with(run_in_child(use_files_as_core, NULL), 0);
}

static void open_anything(void *argument)
{
	const struct sandbox_options options = {0};
	struct error error;
	unsigned features = 0;

	if (!sandbox_prepare(*(const enum sandbox_role *)argument, &options, &features, &error))
		_exit(1);
	_exit(
	    denied(open(outside, O_RDONLY)) && denied(open("/dev/null", O_RDONLY)) && denied(open("/proc/self/status", O_RDONLY))
	        ? 0
	        : 2);
}

static void test_roles_without_folders_open_nothing(void **state)
{
	static const enum sandbox_role roles[] = {
	    SANDBOX_GATE, SANDBOX_UI, SANDBOX_CORE, SANDBOX_KEYS, SANDBOX_PROOFS, SANDBOX_SELECTORS, SANDBOX_QUBES};

	(void)state;
	skip_if_weak();
	if (!has_landlock())
		skip();
	for (size_t i = 0; i < COUNT(roles); i++) {
		enum sandbox_role role = roles[i];

		assert_exits_with(run_in_child(open_anything, &role), 0);
	}
}

/* ---- the filter ---- */

static void *forbidden_in_a_thread(void *argument)
{
	(void)argument;
	for (;;) {
		struct timespec moment = {0, 1000000};

		nanosleep(&moment, NULL);
		if (getppid() != 0) /* forbidden once the seal is there */
			continue;
	}
	return NULL;
}

static void seal_with_a_thread(void *argument)
{
	const struct sandbox_options options = {0};
	struct error error;
	unsigned features = 0;
	pthread_t thread;

	(void)argument;
	if (!sandbox_prepare(SANDBOX_KEYS, &options, &features, &error) ||
	    pthread_create(&thread, NULL, forbidden_in_a_thread, NULL) != 0 ||
	    !sandbox_seal(SANDBOX_KEYS, &options, &features, &error))
		_exit(1);
	for (int i = 0; i < 2000; i++)
		usleep(1000);
	_exit(2);
}

/* Threads that were there before the seal are under it, too, and one that breaks it takes the whole process with it. */
static void test_every_thread_is_sealed(void **state)
{
	(void)state;
	skip_if_weak();
	int status = run_in_child(seal_with_a_thread, NULL);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS);
}

#if defined(__x86_64__)
static void call_as_another_architecture(void *argument)
{
	const struct sandbox_options options = {0};
	long result;

	enter(SANDBOX_GATE, &options);
	if (*(const bool *)argument) {
		/* getpid of i386, which has another number's meaning on x86-64 */
		__asm__ volatile("int $0x80" : "=a"(result) : "a"(20L) : "memory", "r8", "r9", "r10", "r11");
	} else {
		__asm__ volatile("syscall" : "=a"(result) : "a"(0x40000000L | SYS_getpid) : "memory", "rcx", "r11");
	}
	_exit(result != 0 ? 1 : 2);
}

static void test_other_architectures_are_forbidden(void **state)
{
	(void)state;
	skip_if_weak();
	for (int i386 = 0; i386 < 2; i386++) {
		bool argument = i386 == 1;
		int status = run_in_child(call_as_another_architecture, &argument);

		assert_true(WIFSIGNALED(status));
		assert_true(WTERMSIG(status) == SIGSYS || (i386 == 1 && WTERMSIG(status) == SIGSEGV)); /* a kernel without i386 */
	}
}
#endif

/* A role may end itself, loudly or not. */
static void end_loudly(void *argument)
{
	const struct sandbox_options options = {0};

	(void)argument;
	enter(SANDBOX_UI, &options);
	abort();
}

static void test_abort_works_inside(void **state)
{
	(void)state;
	int status = run_in_child(end_loudly, NULL);

	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static int make_files(void **state)
{
	(void)state;
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(inside, sizeof(inside), "%s/inside", top);
	snprintf(outside, sizeof(outside), "%s/outside", top);
	int fd = open(outside, O_WRONLY | O_CREAT, 0600);

	close(fd);
	return fd < 0 ? -1 : mkdir(inside, 0700);
}

static int remove_files(void **state)
{
	(void)state;
	unlink(outside);
	rmdir(inside);
	return rmdir(top);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_features),
		cmocka_unit_test(test_a_build_without_a_sandbox_cannot_be_required_to_have_one),
		cmocka_unit_test(test_what_is_missing),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_a_lower_limit_stays),
		cmocka_unit_test(test_files_of_keys),
		cmocka_unit_test(test_files_of_core),
		cmocka_unit_test(test_roles_without_folders_open_nothing),
		cmocka_unit_test(test_every_thread_is_sealed),
#if defined(__x86_64__)
		cmocka_unit_test(test_other_architectures_are_forbidden),
#endif
		cmocka_unit_test(test_abort_works_inside),
	};

	return cmocka_run_group_tests(tests, make_files, remove_files);
}
