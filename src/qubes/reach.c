#include "qubes/reach.h"

#include <unistd.h>

#include "qubes/journal.h"
#include "qubes/link.h"
#include "qubes/places.h"
#include "qubes/start.h"
#include "qubes/turn.h"

static const char not_started[] = "the vault's signer could not be started; its user finds the reason in the vault's log";
static const char not_reached[] = "the vault's signer does not answer; its user finds the reason in the vault's log";

/* The reason into the vault's log, `text` in its place into the caller's error. folder: of our own, or -1. */
static bool refuse(int folder, const struct error *reason, const char *text, struct error *ret_error)
{
	int log_fd = folder >= 0 ? journal_open(folder, false) : -1;

	journal_note(log_fd, reason->text);
	if (log_fd >= 0)
		close(log_fd);
	return error_set(ret_error, ERROR_INTERNAL, "%s", text);
}

/* A signer is there, but it is of no use. */
static bool refuse_signer(const struct places *places, const struct error *reason, struct error *ret_error)
{
	struct error ignored;
	int folder = places_open_own(places, &ignored);

	(void)refuse(folder, reason, not_reached, ret_error);
	if (folder >= 0)
		close(folder);
	return false;
}

/* Our turn: another may have started it while we waited. */
static bool start_in_turn(const struct places *places, int folder, struct turn *turn, int *ret_fd, struct error *ret_error)
{
	struct error reason;
	enum link_outcome outcome = link_open(places->qrexec_socket, ret_fd, &reason);

	if (outcome == LINK_OPEN)
		return true;
	if (outcome == LINK_NOBODY && turn_has_failed_lately(turn))
		return error_set(ret_error, ERROR_INTERNAL, "%s", not_started); /* the log has it already */
	if (outcome == LINK_NOBODY && start_signer(places, folder, &reason)) {
		/* Whatever was attached to a signer before is not to this one. */
		turn_forget_ui(turn);
		outcome = link_open(places->qrexec_socket, ret_fd, &reason);
		if (outcome == LINK_NOBODY)
			error_set(
			    &reason, ERROR_REFUSED, "the signer was started, but nobody listens on %s", places->qrexec_socket);
	}
	if (outcome == LINK_OPEN)
		return true;
	turn_note_failure(turn);
	return refuse(folder, &reason, not_started, ret_error);
}

static bool start(const struct places *places, int *ret_fd, struct error *ret_error)
{
	struct error reason;
	struct turn turn;
	int folder = places_open_own(places, &reason);

	if (folder < 0)
		return refuse(-1, &reason, not_started, ret_error);
	bool ok = turn_take(folder, &turn, &reason);

	if (ok) {
		ok = start_in_turn(places, folder, &turn, ret_fd, ret_error);
		turn_give(&turn);
	} else {
		refuse(folder, &reason, not_started, ret_error);
	}
	close(folder);
	return ok;
}

/* Nobody is there to be asked. What goes wrong here is no reason to give up: the signer waits for somebody to attach. */
static void bring_ui(const struct places *places)
{
	struct error reason, ignored;
	struct turn turn;
	int folder = places_open_own(places, &reason);

	if (folder < 0) {
		(void)refuse(-1, &reason, "", &ignored);
		return;
	}
	if (!turn_take(folder, &turn, &reason)) {
		(void)refuse(folder, &reason, "", &ignored);
	} else {
		if (!turn_had_ui_lately(&turn)) {
			turn_note_ui(&turn);
			if (!start_ui(places, folder, &reason))
				(void)refuse(folder, &reason, "", &ignored);
		}
		turn_give(&turn);
	}
	close(folder);
}

bool reach_signer(int *ret_fd, struct error *ret_error)
{
	struct places places;
	struct error reason;
	bool has_ui;

	if (!places_find(&places, &reason))
		return refuse(-1, &reason, not_started, ret_error);
	enum link_outcome outcome = link_open(places.qrexec_socket, ret_fd, &reason);

	if (outcome == LINK_TROUBLE)
		return refuse_signer(&places, &reason, ret_error);
	if (outcome == LINK_NOBODY && !start(&places, ret_fd, ret_error))
		return false;
	if (!link_greeting(*ret_fd, &has_ui, &reason)) {
		close(*ret_fd);
		return refuse_signer(&places, &reason, ret_error);
	}
	if (!has_ui)
		bring_ui(&places);
	return true;
}
