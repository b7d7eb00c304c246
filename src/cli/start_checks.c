#include "cli/start_checks.h"

#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"

bool start_is_loopback(const char *address)
{
	struct in6_addr six;
	struct in_addr four;

	if (strcmp(address, "localhost") == 0)
		return true;
	if (inet_pton(AF_INET, address, &four) == 1)
		return (ntohl(four.s_addr) >> 24) == 127;
	if (inet_pton(AF_INET6, address, &six) != 1)
		return false;
	return IN6_IS_ADDR_LOOPBACK(&six) || (IN6_IS_ADDR_V4MAPPED(&six) && six.s6_addr[12] == 127);
}

bool start_allows_all_hosts(const char *vhosts)
{
	while (*vhosts != 0) {
		vhosts += strspn(vhosts, " \t,");
		size_t size = strcspn(vhosts, " \t,");
		if (size == 1 && *vhosts == '*')
			return true;
		vhosts += size;
	}
	return false;
}

/* A pipe has no size before it is read. */
static bool check_password_file(const char *path, struct error *ret_error)
{
	struct stat info;

	if (path == NULL || stat(path, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > 0)
		return true;
	return error_set(
	    ret_error, ERROR_PARAMS, "--password-file %s: the file is empty; expected the password in its first line", path);
}

/* The folder of the file, absolute as far as the system tells it. */
static char *folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	char cwd[PATH_MAX];

	if (slash == NULL)
		return memory_text(bytes_text(getcwd(cwd, sizeof cwd) == NULL ? "." : cwd));
	return memory_text(slash == path ? bytes_text("/") : bytes_of(path, (size_t)(slash - path)));
}

static bool check_audit_log(const char *path, struct error *ret_error)
{
	static const char advice[] = "name another file with --auditlog, or none with --auditlog ''";

	if (path == NULL || path[0] == 0 || access(path, W_OK) == 0)
		return true;
	if (errno != ENOENT)
		return error_set(
		    ret_error, ERROR_REFUSED, "the audit log %s cannot be written: %s; %s", path, strerror(errno), advice);
	char *folder = folder_of(path);
	bool good = access(folder, W_OK | X_OK) == 0 ||
	            error_set(ret_error, ERROR_REFUSED, "the audit log %s cannot be made in the folder %s: %s; %s", path, folder,
	                strerror(errno), advice);
	free(folder);
	return good;
}

bool start_check(const struct options *options, bool is_signer, struct error *ret_error)
{
	return check_password_file(options->core.password_file, ret_error) &&
	       (!is_signer || check_audit_log(options->core.audit_log, ret_error));
}

static void warn_of_password_file(const char *path, const struct log *log)
{
	struct stat info;

	if (path == NULL || stat(path, &info) != 0 || !S_ISREG(info.st_mode) || (info.st_mode & (S_IRGRP | S_IROTH)) == 0)
		return;
	log_warn(log, "--password-file %s can be read by %s: take that away with chmod 600", path,
	    (info.st_mode & S_IROTH) != 0 ? "every user of this machine" : "its group");
}

void start_warn(const struct options *options, bool is_signer, const struct log *log)
{
	const struct core_options *core = &options->core;

	warn_of_password_file(core->password_file, log);
	if (!is_signer)
		return;
	if (core->http && !start_is_loopback(core->http_addr))
		log_warn(log,
		    "--http.addr %s is more than this machine: anybody who reaches the port may ask for signatures, and all on "
		    "the way can read along",
		    core->http_addr);
	if (core->http && start_allows_all_hosts(core->http_vhosts))
		log_warn(log, "--http.vhosts '*': any web page that a browser here shows may ask, under a name of its own");
	if (!core->http && core->ipc_disable && core->qrexec_socket == NULL)
		log_warn(log, "nothing can ask this signer: --ipcdisable takes the socket away, and neither --http nor "
		              "--qrexec-socket was given");
}
