#include "cli/accounts_secret.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"

static const char repeat_prompt[] = "Repeat the password.\n> ";

static bool open_terminal(struct accounts_secret *secret, struct error *ret_error)
{
	secret->source = IPC_SECRET_TERMINAL;
	secret->terminal_fd = STDIN_FILENO;
	if ((fcntl(STDIN_FILENO, F_GETFL) & O_ACCMODE) == O_RDWR)
		return true;
	/* Opened for reading only ("clef newaccount < /dev/tty"): prompts need writing, too. */
	secret->terminal_fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
	secret->owns_terminal_fd = true;
	if (secret->terminal_fd < 0)
		return error_set_errno(ret_error, errno, "cannot ask for the password at /dev/tty; --password-file may help");
	return true;
}

bool accounts_secret_open(const char *password_file, struct accounts_secret *ret_secret, struct error *ret_error)
{
	*ret_secret = ACCOUNTS_SECRET_NONE;
	if (password_file == NULL)
		return !isatty(STDIN_FILENO) || open_terminal(ret_secret, ret_error);
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
	if (secret->owns_terminal_fd && secret->terminal_fd >= 0)
		(void)close(secret->terminal_fd);
	*secret = ACCOUNTS_SECRET_NONE;
}

bool accounts_secret_read(const char *prompt, struct buf *ret_secret, struct error *ret_error)
{
	bool end = false;

	if (!file_write_all(STDOUT_FILENO, bytes_text(prompt), ret_error) ||
	    !line_read(STDIN_FILENO, ret_secret, &end, ret_error) || !file_write_all(STDOUT_FILENO, bytes_text("\n"), ret_error))
		return false;
	if (end)
		return error_set(ret_error, ERROR_DENIED, "no password: standard input has ended");
	return true;
}

bool accounts_secret_read_twice(const char *prompt, struct buf *ret_secret, struct error *ret_error)
{
	BUF_CLEANUP struct buf again = BUF_INIT(ACCOUNTS_SECRET_MOST);

	if (!accounts_secret_read(prompt, ret_secret, ret_error) || !accounts_secret_read(repeat_prompt, &again, ret_error))
		return false;
	if (!bytes_equal(buf_bytes(ret_secret), buf_bytes(&again)))
		return error_set(ret_error, ERROR_PARAMS, "Passwords do not match");
	return true;
}
