/*
 * qubes.Clefsign: the qrexec service of the vault. qrexec starts one for each call of another qube: it sees to it that a signer runs, hands it the caller's request with the
 * name of the calling qube, and the caller the reply.
 *
 * Everything before the confinement is between the vault and itself; the caller's first byte is read behind it.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "qubes/caller.h"
#include "qubes/presence.h"
#include "qubes/reach.h"
#include "qubes/relay.h"
#include "qubes/share.h"
#include "qubes/ui.h"
#include "sandbox/sandbox.h"

/* A standard descriptor that is closed would be given to the next file opened, and be mistaken for it. */
static bool fill_standard_descriptors(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd == STDIN_FILENO ? O_RDONLY : O_WRONLY) != fd)
			return false;
	return true;
}

/* Bodies are held here; when memory is short the signer is not what goes. */
static void stand_back(void)
{
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, "500", 3) < 0)
		(void)errno;
	close(fd);
}

/*
 * Where the kernel lacks what this needs, the service goes on without: it holds no secret, does nothing that another program of the same user could not do, and the signer, which
 * has the keys, decides for itself whether it serves on such a kernel.
 */
static bool confine(void)
{
	const struct sandbox_options options = {.allow_weak = true};
	struct error error;
	unsigned features = 0;

	return sandbox_enter(SANDBOX_QUBES, &options, &features, &error);
}

static enum answer_status serve(int signer, int ui, struct bytes qube)
{
	struct request request = REQUEST_INIT;
	enum answer_status status = ANSWER_CALLER_GONE;
	struct error error;

	switch (request_receive(&request, &error)) {
	case REQUEST_WHOLE:
		ui_start(ui);
		status = relay_run(signer, qube, &request);
		break;
	case REQUEST_GONE:
		break;
	case REQUEST_REFUSED:
		status = answer_failure(request.form, ANSWER_REFUSED, bytes_text(error.text));
		break;
	}
	request_free(&request);
	return status;
}

/* Nothing is touched for a caller who sends nothing, and its place is free again soon. */
static bool check_call(int count, char *const words[], struct bytes *ret_qube, struct error *ret_error)
{
	int place; /* kept until this process ends */

	return caller_check(count, words, ret_qube, ret_error) && share_take(*ret_qube, &place, ret_error);
}

static enum answer_status reach(int *ret_signer, int *ret_ui, struct error *ret_error)
{
	switch (presence_wait_first()) {
	case PRESENCE_ASKS:
		break;
	case PRESENCE_SILENT:
		error_set(ret_error, ERROR_REFUSED, "no request came within %d seconds", PRESENCE_FIRST_S);
		return ANSWER_REFUSED;
	case PRESENCE_GONE:
		return ANSWER_CALLER_GONE;
	}
	switch (reach_signer(ret_signer, ret_ui, ret_error)) {
	case REACH_DONE:
		return ANSWER_REPLIED;
	case REACH_GONE:
		return ANSWER_CALLER_GONE;
	case REACH_TROUBLE:
		break;
	}
	return ANSWER_TROUBLE;
}

int main(int count, char *words[])
{
	enum answer_status status = ANSWER_REFUSED;
	struct bytes qube;
	struct error error = {0};
	int signer = -1, ui = -1;

	if (!fill_standard_descriptors())
		return ANSWER_TROUBLE;
	close_range(STDERR_FILENO + 1, ~0U, 0);
	signal(SIGPIPE, SIG_IGN);
	if (check_call(count, words, &qube, &error))
		status = reach(&signer, &ui, &error);
	if (status == ANSWER_CALLER_GONE)
		return ANSWER_CALLER_GONE;
	stand_back(); /* not before: what is started inherits it */
	if (!confine())
		return (int)answer_failure(
		    ANSWER_FORM_UNKNOWN, ANSWER_TROUBLE, bytes_text("the vault could not confine this service"));
	return (int)(status == ANSWER_REPLIED ? serve(signer, ui, qube)
	                                      : answer_failure(ANSWER_FORM_UNKNOWN, status, bytes_text(error.text)));
}
