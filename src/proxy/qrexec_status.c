#include "proxy/qrexec_status.h"

#include <sys/wait.h>

enum { STATUS_TROUBLE = 125, STATUS_REFUSED = 126, STATUS_NO_SERVICE = 127 };

bool qrexec_status_error(int status, bool ended_by_us, struct error *ret_error)
{
	if (ended_by_us)
		return error_set(
		    ret_error, ERROR_REFUSED, "qrexec-client-vm closed the way without an answer, and had to be ended");
	if (WIFSIGNALED(status))
		return error_set(
		    ret_error, ERROR_REFUSED, "qrexec-client-vm was ended by signal %d before an answer came", WTERMSIG(status));
	switch (WEXITSTATUS(status)) {
	case 0:
		return error_set(ret_error, ERROR_REFUSED, "the vault ended the call without an answer");
	case STATUS_TROUBLE:
		return error_set(ret_error, ERROR_REFUSED,
		    "trouble in qrexec or in the vault (125): perhaps the vault's signer does not start; the logs of dom0 and of "
		    "the "
		    "vault say more");
	case STATUS_REFUSED:
		return error_set(ret_error, ERROR_REFUSED,
		    "refused by qrexec (126): no line of dom0's policy lets this qube call qubes.Clefsign (in dom0: "
		    "clef-policy-check), the vault is off, or too many calls to it are open");
	case STATUS_NO_SERVICE:
		return error_set(ret_error, ERROR_REFUSED,
		    "the vault has no service qubes.Clefsign (127): install clef-qubes-vault in its template");
	default:
		return error_set(
		    ret_error, ERROR_REFUSED, "the vault ended the call without an answer (exit code %d)", WEXITSTATUS(status));
	}
}
