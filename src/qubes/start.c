#include "qubes/start.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "qubes/child.h"
#include "qubes/clock.h"
#include "qubes/command.h"
#include "qubes/journal.h"
#include "qubes/ready.h"

#define SIGNER_UNIT "clef-qubes.service"
#define UI_UNIT     "clef-qubes-ui.service"
/* systemctl's exit status for a unit that is not there (systemctl(1), "Exit status"; LSB). */
#define NO_SUCH_UNIT 5

enum outcome { OUTCOME_STARTED, OUTCOME_NO_MANAGER, OUTCOME_FAILED };

/*
 * systemctl talks to the user's manager over this very socket. Where it is missing there is no manager, whatever else (a D-Bus of somebody's) lies
 * in the folder.
 */
static bool has_manager(const struct places *places)
{
	char path[PLACES_PATH_SIZE + sizeof("/systemd/private")];

	snprintf(path, sizeof(path), "%s/systemd/private", places->runtime);
	return access(path, F_OK) == 0;
}

static enum outcome judge_systemctl(int status, const char *unit, struct error *ret_error)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return OUTCOME_STARTED;
	if (WIFEXITED(status) && WEXITSTATUS(status) == NO_SUCH_UNIT)
		return OUTCOME_NO_MANAGER;
	error_set(ret_error, ERROR_REFUSED, "systemctl --user start %s failed (status %d); see systemctl --user status %s", unit,
	    WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), unit);
	return OUTCOME_FAILED;
}

static enum outcome start_unit(
    const struct places *places, const char *unit, bool wait, unsigned seconds, int log_fd, struct error *ret_error)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct words words = {0};
	pid_t pid;
	int failure, status;

	if (!has_manager(places))
		return OUTCOME_NO_MANAGER;
	if (!words_split(&words, &arena, bytes_text("systemctl --user --quiet --no-ask-password start"), ret_error) ||
	    (!wait && !words_add(&words, &arena, bytes_text("--no-block"), ret_error)) ||
	    !words_add(&words, &arena, bytes_text(unit), ret_error))
		return OUTCOME_FAILED;
	if (!child_start(words.list, places, NULL, log_fd, &pid, &failure)) {
		error_set_errno(ret_error, failure, "cannot start systemctl");
		return failure == ENOENT ? OUTCOME_NO_MANAGER : OUTCOME_FAILED;
	}
	if (child_wait(pid, clock_now_ms() + (uint64_t)seconds * 1000, &status))
		return judge_systemctl(status, unit, ret_error);
	child_stop(pid);
	error_set(ret_error, ERROR_TIMEOUT, "systemctl --user start %s was not done within %u seconds", unit, seconds);
	return OUTCOME_FAILED;
}

static bool start_directly(
    const struct places *places, const struct settings *settings, struct arena *arena, int log_fd, struct error *ret_error)
{
	struct ready ready = {.fd = -1};
	struct words words;
	pid_t pid;
	int failure;

	if (!command_signer(arena, places, settings, &words, ret_error) || !ready_open(places, &ready, ret_error))
		return false;
	bool ok = child_start(words.list, places, ready.path, log_fd, &pid, &failure);

	if (!ok)
		error_set_errno(ret_error, failure, "cannot start %s", settings->signer);
	else
		ok = ready_wait(&ready, pid, settings->start_timeout_s, ret_error);
	ready_close(&ready);
	return ok;
}

bool start_signer(const struct places *places, int folder, struct error *ret_error)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct settings settings;

	if (!settings_read(&arena, &settings, ret_error))
		return false;
	int log_fd = journal_open(folder, true);
	enum outcome outcome = start_unit(places, SIGNER_UNIT, true, settings.start_timeout_s, log_fd, ret_error);
	bool ok = outcome == OUTCOME_STARTED ||
	          (outcome == OUTCOME_NO_MANAGER && start_directly(places, &settings, &arena, log_fd, ret_error));

	if (log_fd >= 0)
		close(log_fd);
	return ok;
}

static bool run_ui_command(
    const struct places *places, const struct settings *settings, struct arena *arena, int log_fd, struct error *ret_error)
{
	struct words words;
	pid_t pid;
	int failure;

	command_ui(arena, places, settings, &words);
	if (words.count == 0)
		return true;
	return child_start(words.list, places, NULL, log_fd, &pid, &failure) ||
	       error_set_errno(ret_error, failure, "cannot start the user interface %s (ui-command)", words.list[0]);
}

bool start_ui(const struct places *places, int folder, struct error *ret_error)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct settings settings;

	if (!settings_read(&arena, &settings, ret_error))
		return false;
	int log_fd = journal_open(folder, false);
	enum outcome outcome = start_unit(places, UI_UNIT, false, settings.start_timeout_s, log_fd, ret_error);
	bool ok = outcome == OUTCOME_STARTED ||
	          (outcome == OUTCOME_NO_MANAGER && run_ui_command(places, &settings, &arena, log_fd, ret_error));

	if (log_fd >= 0)
		close(log_fd);
	return ok;
}
