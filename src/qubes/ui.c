#include "qubes/ui.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "qubes/aside.h"
#include "qubes/journal.h"
#include "qubes/start.h"
#include "qubes/turn.h"

static void note(int folder, const struct error *reason)
{
	int log_fd = folder >= 0 ? journal_open(folder, false) : -1;

	journal_note(log_fd, reason->text);
	if (log_fd >= 0)
		close(log_fd);
}

static bool start_in_turn(const struct places *places, int folder, struct error *ret_error)
{
	struct turn turn;
	bool ok = true;

	if (!turn_take(folder, &turn, ret_error))
		return false;
	if (!turn_had_ui_lately(&turn)) {
		turn_note_ui(&turn);
		ok = start_ui(places, folder, ret_error);
	}
	turn_give(&turn);
	return ok;
}

/* What goes wrong here is no reason to give up: the signer waits for somebody to attach. */
static void bring(const struct places *places)
{
	struct error reason;
	int folder = places_open_own(places, &reason);

	if (folder < 0 || !start_in_turn(places, folder, &reason))
		note(folder, &reason);
}

static bool is_wanted(int fd)
{
	char word;
	ssize_t got;

	do
		got = read(fd, &word, 1);
	while (got < 0 && errno == EINTR);
	return got == 1;
}

int ui_prepare(const struct places *places)
{
	struct error reason;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) != 0) {
		error_set_errno(&reason, errno, "cannot make a pipe");
		note(-1, &reason);
		return -1;
	}
	/* It ends long before the call, which waits for a person: nobody else would bury it. */
	signal(SIGCHLD, SIG_IGN);
	pid_t pid = aside_begin(ends[0]);

	if (pid == 0) {
		if (is_wanted(ends[0]))
			bring(places);
		_exit(0);
	}
	close(ends[0]);
	if (pid > 0)
		return ends[1];
	error_set_errno(&reason, errno, "cannot start a process");
	note(-1, &reason);
	close(ends[1]);
	return -1;
}

void ui_start(int fd)
{
	if (fd < 0)
		return;
	/* It may have been killed: then nobody is asked to attach, and the signer says so after a while. */
	if (write(fd, "u", 1) < 0)
		(void)errno;
	close(fd);
}
