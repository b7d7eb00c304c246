#include "qubes/reach.h"

#include <sys/wait.h>
#include <unistd.h>

#include "qubes/aside.h"
#include "qubes/child.h"
#include "qubes/journal.h"
#include "qubes/link.h"
#include "qubes/places.h"
#include "qubes/presence.h"
#include "qubes/start.h"
#include "qubes/turn.h"
#include "qubes/ui.h"

/* Without a descriptor to watch a child by, so often it is looked at. */
#define LOOK_MS 50

static const char not_started[] = "the vault's signer could not be started; its user finds the reason in the vault's log";
static const char not_reached[] = "the vault's signer does not answer; its user finds the reason in the vault's log";

/* The log has the reason already. */
static enum reach_outcome fail(const char *text, struct error *ret_error)
{
	error_set(ret_error, ERROR_INTERNAL, "%s", text);
	return REACH_TROUBLE;
}

/* The reason into the vault's log, `text` in its place to the caller. */
static enum reach_outcome refuse(
    const struct places *places, const struct error *reason, const char *text, struct error *ret_error)
{
	struct error ignored;
	int folder = places == NULL ? -1 : places_open_own(places, &ignored);
	int log_fd = folder >= 0 ? journal_open(folder, false) : -1;

	journal_note(log_fd, reason->text);
	if (log_fd >= 0)
		close(log_fd);
	if (folder >= 0)
		close(folder);
	return fail(text, ret_error);
}

static bool take_turn(const struct places *places, struct turn *ret_turn, struct error *ret_error)
{
	int folder = places_open_own(places, ret_error);

	if (folder < 0)
		return false;
	bool ok = turn_take(folder, ret_turn, ret_error);

	close(folder);
	return ok;
}

static bool start_and_look(const struct places *places, struct turn *turn, struct error *ret_error)
{
	int fd, folder = places_open_own(places, ret_error);

	if (folder < 0)
		return false;
	bool ok = start_signer(places, folder, ret_error);

	close(folder);
	if (!ok)
		return false;
	/* Whatever was attached to a signer before is not to this one. */
	turn_forget_ui(turn);
	enum link_outcome link = link_open(places->qrexec_socket, &fd, ret_error);

	if (link == LINK_OPEN)
		close(fd);
	return link == LINK_OPEN ||
	       (link == LINK_NOBODY && error_set(ret_error, ERROR_REFUSED, "the signer was started, but nobody listens on %s",
	                                   places->qrexec_socket));
}

/* What the process beside us does; our turn is its turn. */
static int start_in_turn(const struct places *places, struct turn *turn)
{
	struct error reason, ignored;

	if (start_and_look(places, turn, &reason))
		return 0;
	turn_note_failure(turn);
	(void)refuse(places, &reason, not_started, &ignored);
	return 1;
}

/*
 * Not by ourselves: a caller that goes away ends us, the start would be nobody's, and the next call would begin another one. The lock is shared and stays until the
 * other process ends.
 */
static enum reach_outcome start_beside(const struct places *places, struct turn *turn, struct error *ret_error)
{
	bool here = true, ended;
	int status = 0;
	pid_t pid = aside_begin(turn->fd);

	if (pid == 0)
		_exit(start_in_turn(places, turn));
	turn_give(turn);
	if (pid < 0)
		return fail(not_started, ret_error);
	int end = child_watch(pid);

	while (!(ended = child_has_ended(pid, &status)) && here)
		here = presence_wait(end, LOOK_MS);
	if (end >= 0)
		close(end);
	if (!ended)
		return REACH_GONE;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? REACH_DONE : fail(not_started, ret_error);
}

static enum reach_outcome connect_again(const struct places *places, int *ret_fd, struct error *ret_error)
{
	struct error reason;

	switch (link_open(places->qrexec_socket, ret_fd, &reason)) {
	case LINK_OPEN:
		return REACH_DONE;
	case LINK_NOBODY:
		return fail(not_started, ret_error);
	case LINK_TROUBLE:
		break;
	}
	return refuse(places, &reason, not_started, ret_error);
}

static enum reach_outcome start(const struct places *places, int *ret_fd, struct error *ret_error)
{
	struct error reason;
	struct turn turn;

	if (!take_turn(places, &turn, &reason))
		return presence_wait(-1, 0) ? refuse(places, &reason, not_started, ret_error) : REACH_GONE;
	/* Another may have started it while we waited. */
	enum link_outcome link = link_open(places->qrexec_socket, ret_fd, &reason);
	enum reach_outcome outcome = REACH_DONE;

	if (link == LINK_NOBODY && !turn_has_failed_lately(&turn)) {
		outcome = start_beside(places, &turn, ret_error);
		return outcome == REACH_DONE ? connect_again(places, ret_fd, ret_error) : outcome;
	}
	turn_give(&turn);
	if (link == LINK_NOBODY)
		outcome = fail(not_started, ret_error);
	if (link == LINK_TROUBLE)
		outcome = refuse(places, &reason, not_started, ret_error);
	return outcome;
}

enum reach_outcome reach_signer(int *ret_fd, int *ret_ui, struct error *ret_error)
{
	enum reach_outcome outcome = REACH_DONE;
	struct places places;
	struct error reason;
	bool has_ui;

	if (!places_find(&places, &reason))
		return refuse(NULL, &reason, not_started, ret_error);
	enum link_outcome link = link_open(places.qrexec_socket, ret_fd, &reason);

	if (link == LINK_TROUBLE)
		return refuse(&places, &reason, not_reached, ret_error);
	if (link == LINK_NOBODY)
		outcome = start(&places, ret_fd, ret_error);
	if (outcome != REACH_DONE)
		return outcome;
	if (!link_greeting(*ret_fd, &has_ui, &reason)) {
		close(*ret_fd);
		return refuse(&places, &reason, not_reached, ret_error);
	}
	*ret_ui = has_ui ? -1 : ui_prepare(&places);
	return REACH_DONE;
}
