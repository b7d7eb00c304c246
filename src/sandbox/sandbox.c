#include "sandbox/sandbox.h"

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "sandbox/landlock.h"
#include "sandbox/roles.h"
#include "sandbox/filter.h"

#ifdef CLEF_WEAK_SANDBOX_BUILD
/* Sanitizers and valgrind make system calls of their own and need much memory: such a build is for tests and says so in --version. */
static const bool weak_build = true;
#else
static const bool weak_build = false;
#endif

static bool limit(int resource, const char *name, rlim_t most, struct error *ret_error)
{
	struct rlimit now;

	if (getrlimit((__rlimit_resource_t)resource, &now) != 0)
		return error_set_errno(ret_error, errno, "cannot read the limit %s", name);
	if (now.rlim_max != RLIM_INFINITY && now.rlim_max < most)
		most = now.rlim_max;
	now = (struct rlimit){most, most};
	if (setrlimit((__rlimit_resource_t)resource, &now) != 0)
		return error_set_errno(ret_error, errno, "cannot set the limit %s", name);
	return true;
}

/* A feature that must hold is missing: fatal, unless the person said otherwise. */
static bool missing(const struct sandbox_options *options, const char *what, int errnum, struct error *ret_error)
{
	if (options->allow_weak && !options->require_all)
		return true;
	return error_set_errno(ret_error, errnum,
	    "this kernel does not give %s, which confines the signer's processes; start with --allow-weak-sandbox to run without "
	    "it",
	    what);
}

/* A kernel without Landlock is one thing; a kernel that has it and will not do what it is told is another, and fatal. */
static bool confine_files(
    const struct sandbox_profile *profile, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error)
{
	if (!sandbox_landlock_available())
		return !options->require_all ||
		       error_set(ret_error, ERROR_REFUSED, "--require-sandbox: this kernel does not give Landlock");
	int failure = sandbox_landlock_enter(profile, options);

	if (failure != 0)
		return missing(options, "Landlock as it should", failure, ret_error);
	*ret_features |= SANDBOX_LANDLOCK;
	return true;
}

bool sandbox_prepare(
    enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error)
{
	const struct sandbox_profile *profile = sandbox_profile_of(role);

	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0)
		return error_set_errno(ret_error, errno, "cannot become non-dumpable");
	if (!limit(RLIMIT_CORE, "core", 0, ret_error))
		return false;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		*ret_features |= SANDBOX_NO_NEW_PRIVS;
	else if (!missing(options, "no-new-privs", errno, ret_error))
		return false;
	if (weak_build && options->require_all)
		return error_set(ret_error, ERROR_REFUSED, "--require-sandbox: this is a build for tests, which has no sandbox");
	if (weak_build)
		return true;
	if (!limit(RLIMIT_AS, "as", profile->address_space, ret_error))
		return false;
	return confine_files(profile, options, ret_features, ret_error);
}

bool sandbox_seal(enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error)
{
	const struct sandbox_profile *profile = sandbox_profile_of(role);

	/* Threads count, too. */
	if (!profile->threads && !limit(RLIMIT_NPROC, "nproc", 0, ret_error))
		return false;
	if (weak_build)
		return true;
	int failure = sandbox_filter_enter(profile);

	if (failure == 0)
		*ret_features |= SANDBOX_SECCOMP;
	else if (!missing(options, "seccomp filters", failure, ret_error))
		return false;
	return true;
}

bool sandbox_enter(enum sandbox_role role, const struct sandbox_options *options, unsigned *ret_features, struct error *ret_error)
{
	return sandbox_prepare(role, options, ret_features, ret_error) && sandbox_seal(role, options, ret_features, ret_error);
}
