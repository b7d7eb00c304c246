#include "qubes/caller.h"

#include <stdlib.h>
#include <string.h>

#include "ipc/qube_name.h"

/* qrexec sets the variable to nothing, or leaves it out, when there is no argument. */
static bool has_argument(int count, char *const words[])
{
	const char *untrusted_argument = getenv("QREXEC_SERVICE_ARGUMENT"), *untrusted_full = getenv("QREXEC_SERVICE_FULL_NAME");
	const char *plus = untrusted_full == NULL ? NULL : strchr(untrusted_full, '+');

	for (int i = 1; i < count; i++)
		if (words[i][0] != 0)
			return true;
	return (untrusted_argument != NULL && untrusted_argument[0] != 0) || (plus != NULL && plus[1] != 0);
}

bool caller_check(int count, char *const words[], struct bytes *ret_qube, struct error *ret_error)
{
	const char *untrusted_name = getenv("QREXEC_REMOTE_DOMAIN");

	if (has_argument(count, words))
		return error_set(ret_error, ERROR_REFUSED, "this service takes no argument: call it as qubes.Clefsign");
	if (untrusted_name == NULL)
		return error_set(ret_error, ERROR_REFUSED, "nobody says which qube calls: this program is started by qrexec");
	if (!qube_name_is_valid(bytes_text(untrusted_name)))
		return error_set(ret_error, ERROR_REFUSED, "the calling qube has a name that no qube can have");
	*ret_qube = bytes_text(untrusted_name);
	return true;
}
