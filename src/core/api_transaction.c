/* account_signTransaction. */
#include "core/custom_selectors.h"
#include "core/handlers.h"
#include "core/sign_transaction.h"

static bool read_arguments(struct request *request, struct sign_transaction *work, struct error *ret_error)
{
	return custom_selectors_read_hint(request->arguments[1], 1, &work->hint, ret_error) &&
	       transaction_params_are_plain(request->params_text, ret_error) &&
	       transaction_from_json(request->arguments[0], &request->arena, &work->transaction, ret_error);
}

void handle_sign_transaction(struct request *request)
{
	struct sign_transaction *work = arena_alloc(&request->arena, sizeof(*work));
	struct error error;

	request->work = work;
	if (read_arguments(request, work, &error))
		sign_transaction_begin(request);
	else
		request_refuse(request, &error);
}
