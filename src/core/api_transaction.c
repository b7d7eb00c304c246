/* account_signTransaction. */
#include "core/handlers.h"
#include "core/sign_transaction.h"

static bool read_arguments(struct request *request, struct sign_transaction *work, struct error *ret_error)
{
	yyjson_val *hint = request->arguments[1];

	if (hint != NULL && !yyjson_is_str(hint) && !yyjson_is_null(hint))
		return error_set(
		    ret_error, ERROR_PARAMS, "invalid argument 1: expected a method signature such as transfer(address,uint256)");
	if (hint != NULL && yyjson_is_str(hint))
		work->hint = json_bytes(hint);
	return transaction_params_are_plain(request->params_text, ret_error) &&
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
