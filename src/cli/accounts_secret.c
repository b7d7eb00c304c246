#include "cli/accounts_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static bool open_input(struct accounts_secret *secret, struct error *ret_error)
{
	struct stat info;

	secret->input_fd = STDIN_FILENO;
	secret->is_terminal = isatty(STDIN_FILENO) == 1;
	secret->is_device = !secret->is_terminal && fstat(STDIN_FILENO, &info) == 0 && S_ISCHR(info.st_mode);
	if (!secret->is_terminal || (fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_RDWR)
		return true;
	/* Opened for reading only ("clef newaccount < /dev/tty"): prompts need writing, too. */
	secret->input_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	secret->owns_input_fd = true;
	if (secret->input_fd < 0)
		return error_set_errno(ret_error, errno, "cannot ask for the password at /dev/tty; --password-file may help");
	return true;
}

bool accounts_secret_open(const char *password_file, struct accounts_secret *ret_secret, struct error *ret_error)
{
	*ret_secret = ACCOUNTS_SECRET_NONE;
	if (password_file == NULL)
		return open_input(ret_secret, ret_error);
	ret_secret->source = IPC_SECRET_FILE;
	ret_secret->password_fd = open(password_file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (ret_secret->password_fd < 0)
		return error_set_errno(ret_error, errno, "--password-file %s", password_file);
	return true;
}

void accounts_secret_close(struct accounts_secret *secret)
{
	if (secret->password_fd >= 0)
		(void)close(secret->password_fd);
	if (secret->owns_input_fd && secret->input_fd >= 0)
		(void)close(secret->input_fd);
	*secret = ACCOUNTS_SECRET_NONE;
}
