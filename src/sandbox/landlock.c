#include "sandbox/landlock.h"

#include <errno.h>
#include <linux/landlock.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * Debian 12's headers end at ABI 2; what newer kernels add (Documentation/userspace-api/landlock.rst) is used where it is there.
 * The struct below is the kernel's landlock_ruleset_attr of ABI 6; older kernels get a shorter one.
 */
struct ruleset_attr {
	uint64_t handled_access_fs;
	uint64_t handled_access_net; /* ABI 4 */
	uint64_t scoped;             /* ABI 6 */
};
#define ACCESS_FS_ABI_1     ((uint64_t)((1 << 13) - 1))
#define ACCESS_FS_REFER     ((uint64_t)1 << 13) /* ABI 2 */
#define ACCESS_FS_TRUNCATE  ((uint64_t)1 << 14) /* ABI 3 */
#define ACCESS_FS_IOCTL_DEV ((uint64_t)1 << 15) /* ABI 5 */
#define ACCESS_NET_TCP      ((uint64_t)3)       /* bind and connect */
#define SCOPE_ABSTRACT_UNIX ((uint64_t)1)
#define SCOPE_SIGNAL        ((uint64_t)2)

static size_t attr_for(long abi, const struct sandbox_profile *profile, struct ruleset_attr *ret_attr)
{
	*ret_attr = (struct ruleset_attr){ACCESS_FS_ABI_1, 0, 0};
	if (abi >= 2)
		ret_attr->handled_access_fs |= ACCESS_FS_REFER;
	if (abi >= 3)
		ret_attr->handled_access_fs |= ACCESS_FS_TRUNCATE;
	if (abi >= 5)
		ret_attr->handled_access_fs |= ACCESS_FS_IOCTL_DEV;
	if (abi >= 4 && !profile->connects)
		ret_attr->handled_access_net = ACCESS_NET_TCP;
	if (abi >= 6)
		ret_attr->scoped = SCOPE_ABSTRACT_UNIX | (profile->signals_others ? 0 : SCOPE_SIGNAL);
	return abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
}

static int add_folder(int ruleset, int folder, uint64_t access)
{
	struct landlock_path_beneath_attr beneath = {.allowed_access = access, .parent_fd = folder};

	return syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0) == 0 ? 0 : errno;
}

static long landlock_abi(void)
{
	return syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
}

bool sandbox_landlock_available(void)
{
	return landlock_abi() >= 1;
}

int sandbox_landlock_enter(const struct sandbox_profile *profile, const struct sandbox_options *options)
{
	long abi = landlock_abi();
	struct ruleset_attr attr;
	int failure = 0;

	if (abi < 1)
		return ENOSYS;
	size_t attr_size = attr_for(abi, profile, &attr);
	int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, attr_size, 0);

	if (ruleset < 0)
		return errno;
	/* Truncating is part of writing; a kernel that handles it apart needs it granted apart. */
	uint64_t access = profile->folder_access;

	if ((access & LANDLOCK_ACCESS_FS_WRITE_FILE) != 0)
		access |= ACCESS_FS_TRUNCATE;
	for (size_t i = 0; i < options->folder_count && failure == 0; i++)
		failure = add_folder(ruleset, options->folders[i], access & attr.handled_access_fs);
	for (size_t i = 0; i < options->read_folder_count && failure == 0; i++)
		failure =
		    add_folder(ruleset, options->read_folders[i], LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR);
	if (failure == 0 && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
		failure = errno;
	close(ruleset);
	return failure;
}
