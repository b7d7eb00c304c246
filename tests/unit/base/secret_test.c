#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "base/secret.h"

#ifndef SYS_memfd_secret
#define SYS_memfd_secret 447
#endif

/* Its runtime replaces mlock by a function that does nothing. */
#ifdef __SANITIZE_ADDRESS__
#define WITHOUT_MLOCK true
#elif defined(__has_feature)
#define WITHOUT_MLOCK __has_feature(address_sanitizer)
#else
#define WITHOUT_MLOCK false
#endif

#define SECRET_SLOTS 64

static struct secret_arena *new_arena(void)
{
	struct secret_arena *arena = NULL;
	struct error error = {0};

	if (!secret_arena_new(SECRET_SLOTS, SECRET_SLOTS, &arena, &error))
		print_error("%s\n", error.text);
	assert_non_null(arena);
	return arena;
}

static void test_slots_are_empty_and_separate(void **state)
{
	(void)state;
	static const uint8_t zeros[SECRET_SLOT_SIZE];
	struct secret_arena *arena = new_arena();
	struct secret secrets[SECRET_SLOTS];
	struct secret extra;
	struct error error = {0};

	for (size_t i = 0; i < SECRET_SLOTS; i++) {
		assert_true(secret_take(arena, &secrets[i], &error));
		assert_int_equal(secrets[i].size, 0);
		assert_memory_equal(secrets[i].data, zeros, SECRET_SLOT_SIZE);
		memset(secrets[i].data, (int)i + 1, SECRET_SLOT_SIZE);
	}
	for (size_t i = 0; i < SECRET_SLOTS; i++) {
		assert_int_equal(secrets[i].data[0], i + 1);
		assert_int_equal(secrets[i].data[SECRET_SLOT_SIZE - 1], i + 1);
	}
	assert_false(secret_take(arena, &extra, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	assert_null(extra.data);
	/* A slot that comes back is wiped and can be had again. */
	uint8_t *place = secrets[17].data;
	secret_release(&secrets[17]);
	assert_null(secrets[17].data);
	assert_memory_equal(place, zeros, SECRET_SLOT_SIZE);
	assert_true(secret_take(arena, &secrets[17], &error));
	assert_ptr_equal(secrets[17].data, place);
	for (size_t i = 0; i < SECRET_SLOTS; i++)
		secret_release(&secrets[i]);
	secret_arena_free(arena);
}

static void test_release_is_safe_when_empty(void **state)
{
	(void)state;
	struct secret secret = {0};

	secret_release(&secret);
	assert_false(secret_set(&secret, bytes_text("x")));
	assert_int_equal(secret_bytes(&secret).size, 0);
	secret_arena_free(NULL);
}

static void test_set_replaces_and_wipes_the_rest(void **state)
{
	(void)state;
	static uint8_t large[SECRET_SLOT_SIZE + 1];
	struct secret_arena *arena = new_arena();
	struct secret secret;
	struct error error = {0};

	assert_true(secret_take(arena, &secret, &error));
	assert_true(secret_set(&secret, bytes_text("a longer password")));
	assert_bytes_equal(secret_bytes(&secret), bytes_text("a longer password"));
	assert_true(secret_set(&secret, bytes_text("short")));
	assert_bytes_equal(secret_bytes(&secret), bytes_text("short"));
	assert_memory_equal(secret.data, "short\0\0\0\0\0\0\0\0\0\0\0\0", 17);
	assert_false(secret_set(&secret, bytes_of(large, sizeof large)));
	assert_bytes_equal(secret_bytes(&secret), bytes_text("short"));
	assert_true(secret_set(&secret, bytes_of(large, SECRET_SLOT_SIZE)));
	assert_int_equal(secret_bytes(&secret).size, SECRET_SLOT_SIZE);
	secret_release(&secret);
	secret_arena_free(arena);
}

/* Every slot of a new arena, first and last byte of all. */
static void ends_of(struct secret_arena *arena, uint8_t **ret_first, uint8_t **ret_last)
{
	struct secret secret = {0};
	struct error error = {0};

	assert_true(secret_take(arena, &secret, &error));
	*ret_first = secret.data;
	for (size_t i = 1; i < SECRET_SLOTS; i++)
		assert_true(secret_take(arena, &secret, &error));
	*ret_last = secret.data + SECRET_SLOT_SIZE - 1;
}

static volatile uint8_t sink;

static void touch_before(void *argument)
{
	uint8_t *first, *last;

	(void)argument;
	signal(SIGSEGV, SIG_DFL);
	ends_of(new_arena(), &first, &last);
	sink = *(volatile uint8_t *)(first - 1);
}

static void touch_behind(void *argument)
{
	uint8_t *first, *last;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	(void)argument;
	signal(SIGSEGV, SIG_DFL);
	ends_of(new_arena(), &first, &last);
	/* The slots end within their last page; the guard begins with the next. */
	sink = *(volatile uint8_t *)(((uintptr_t)last / page + 1) * page);
}

static void touch(void *argument)
{
	signal(SIGSEGV, SIG_DFL);
	sink = *(volatile uint8_t *)argument;
}

static void assert_segfault(int status)
{
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
}

static void test_guards_on_both_sides(void **state)
{
	(void)state;
	assert_segfault(run_in_child(touch_before, NULL));
	assert_segfault(run_in_child(touch_behind, NULL));
}

static void test_children_do_not_get_the_secrets(void **state)
{
	(void)state;
	struct secret_arena *arena = new_arena();
	uint8_t *first, *last;

	ends_of(arena, &first, &last);
	assert_segfault(run_in_child(touch, first));
	assert_segfault(run_in_child(touch, last));
	secret_arena_free(arena);
}

/* The kernel's flags of the mapping that holds the address: "lo" locked, "dd" not in core files, "dc" not in children. */
static bool mapping_has_flags(uintptr_t address, const char *const *flags)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[512];
	bool inside = false;
	bool found = false;

	if (smaps == NULL)
		return false;
	while (fgets(line, sizeof line, smaps) != NULL) {
		char *end;
		uintptr_t from = strtoul(line, &end, 16);
		if (end != line && *end == '-')
			inside = address >= from && address < strtoul(end + 1, NULL, 16);
		if (!inside || strncmp(line, "VmFlags:", 8) != 0)
			continue;
		found = true;
		for (; *flags != NULL; flags++)
			found = found && strstr(line, *flags) != NULL;
		break;
	}
	fclose(smaps);
	return found;
}

static const char *const wanted_flags[] = {" dd", " dc", WITHOUT_MLOCK ? NULL : " lo", NULL};

/* Guards of our own: that nothing happens to be mapped there would not do. */
static void test_guards_are_reserved(void **state)
{
	(void)state;
	static const char *const any[] = {NULL};
	static const char *const readable[] = {" rd", NULL};
	struct secret_arena *arena = new_arena();
	uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	uint8_t *first, *last;

	ends_of(arena, &first, &last);
	uintptr_t before = (uintptr_t)first - 1;
	uintptr_t behind = ((uintptr_t)last / page + 1) * page;
	assert_true(mapping_has_flags(before, any) && !mapping_has_flags(before, readable));
	assert_true(mapping_has_flags(behind, any) && !mapping_has_flags(behind, readable));
	secret_arena_free(arena);
}

static void test_memory_is_locked_and_not_dumped(void **state)
{
	(void)state;
	struct secret_arena *arena = new_arena();
	uint8_t *first, *last;

	ends_of(arena, &first, &last);
	assert_true(mapping_has_flags((uintptr_t)first, wanted_flags));
	assert_true(mapping_has_flags((uintptr_t)last, wanted_flags));
	secret_arena_free(arena);
}

static void test_hidden_memory_cannot_be_read_from_outside(void **state)
{
	(void)state;
	struct secret_arena *arena = new_arena();
	uint8_t *first, *last, byte;

	if (!secret_arena_is_hidden(arena)) {
		secret_arena_free(arena);
		print_message("the kernel has no memfd_secret\n");
		skip();
	}
	ends_of(arena, &first, &last);
	*first = 0x5a;
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_true(pread(fd, &byte, 1, (off_t)(uintptr_t)first) < 0);
	/* The same way does read memory that is not hidden. */
	assert_int_equal(pread(fd, &byte, 1, (off_t)(uintptr_t)wanted_flags), 1);
	close(fd);
	secret_arena_free(arena);
}

/* As on a kernel without the call. */
static bool forbid_memfd_secret(void)
{
	struct sock_filter program[] = {
	    {0x20 /* load the number of the call */, 0, 0, offsetof(struct seccomp_data, nr)},
	    {0x15 /* jump unless equal */, 0, 1, SYS_memfd_secret},
	    {0x06 /* return */, 0, 0, SECCOMP_RET_ERRNO | ENOSYS},
	    {0x06, 0, 0, SECCOMP_RET_ALLOW},
	};
	struct sock_fprog filter = {4, program};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0;
}

static void use_fallback(void *argument)
{
	struct secret_arena *arena;
	struct secret secret;
	struct error error = {0};

	(void)argument;
	if (!forbid_memfd_secret())
		_exit(2);
	if (!secret_arena_new(SECRET_SLOTS, SECRET_SLOTS, &arena, &error) || secret_arena_is_hidden(arena))
		_exit(3);
	if (!secret_take(arena, &secret, &error) || !secret_set(&secret, bytes_text("x")))
		_exit(4);
	if (!mapping_has_flags((uintptr_t)secret.data, wanted_flags))
		_exit(5);
	secret_release(&secret);
	secret_arena_free(arena);
}

static void test_works_without_memfd_secret(void **state)
{
	(void)state;
	assert_exits_with(run_in_child(use_fallback, NULL), 0);
}

static void have_no_locked_memory(void *argument)
{
	const struct rlimit none = {0, 0};
	struct secret_arena *arena;
	struct error error = {0};

	(void)argument;
	if (setrlimit(RLIMIT_MEMLOCK, &none) != 0)
		_exit(2);
	/* The superuser may lock memory beyond any limit. */
	if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(3);
	_exit(secret_arena_new(SECRET_SLOTS, SECRET_SLOTS, &arena, &error) || arena != NULL ||
	      strstr(error.text, "ulimit -l") == NULL);
}

static void test_no_locked_memory_is_an_error(void **state)
{
	(void)state;
	if (WITHOUT_MLOCK)
		skip();
	assert_exits_with(run_in_child(have_no_locked_memory, NULL), 0);
}

static void have_little_locked_memory(void *argument)
{
	const struct rlimit little = {200 * SECRET_SLOT_SIZE, 200 * SECRET_SLOT_SIZE};
	struct secret_arena *arena;
	struct secret secret;
	struct error error = {0};
	size_t count = 0;

	(void)argument;
	if (setrlimit(RLIMIT_MEMLOCK, &little) != 0)
		_exit(2);
	if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
		_exit(3);
	if (!secret_arena_new(64, 512, &arena, &error))
		_exit(4);
	while (secret_take(arena, &secret, &error) && secret_set(&secret, bytes_text("x")))
		count++;
	_exit(count == secret_arena_slots(arena) && count >= 64 && count <= 200 ? 0 : 5);
}

static void test_little_locked_memory_gives_fewer_slots(void **state)
{
	struct secret_arena *arena;
	struct error error;

	(void)state;
	assert_true(secret_arena_new(1, 512, &arena, &error));
	assert_true(secret_arena_slots(arena) <= 512);
	secret_arena_free(arena);
	if (WITHOUT_MLOCK)
		skip();
	assert_exits_with(run_in_child(have_little_locked_memory, NULL), 0);
}

static void release_twice(void *argument)
{
	struct secret secret, copy;
	struct error error = {0};

	(void)argument;
	close(STDERR_FILENO);
	signal(SIGABRT, SIG_DFL);
	assert_true(secret_take(new_arena(), &secret, &error));
	copy = secret;
	secret_release(&secret);
	secret_release(&copy);
}

static void test_releasing_a_copy_aborts(void **state)
{
	(void)state;
	int status = run_in_child(release_twice, NULL);

	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_slots_are_empty_and_separate),
	    cmocka_unit_test(test_release_is_safe_when_empty),
	    cmocka_unit_test(test_set_replaces_and_wipes_the_rest),
	    cmocka_unit_test(test_guards_on_both_sides),
	    cmocka_unit_test(test_children_do_not_get_the_secrets),
	    cmocka_unit_test(test_guards_are_reserved),
	    cmocka_unit_test(test_memory_is_locked_and_not_dumped),
	    cmocka_unit_test(test_hidden_memory_cannot_be_read_from_outside),
	    cmocka_unit_test(test_works_without_memfd_secret),
	    cmocka_unit_test(test_no_locked_memory_is_an_error),
	    cmocka_unit_test(test_little_locked_memory_gives_fewer_slots),
	    cmocka_unit_test(test_releasing_a_copy_aborts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
