/* account_signTypedData. */
#include "core/handlers.h"
#include "core/sign_typed_data.h"

/* What is no document at all is a wrong argument; the audit log has calls with sound arguments only. */
static bool read_arguments(struct request *request, struct sign_data *work, struct error *ret_error)
{
	yyjson_val *document = request->arguments[1];

	if (!sign_data_read_address(request, 0, work, ret_error))
		return false;
	if (!yyjson_is_obj(document) && !yyjson_is_null(document))
		return error_set(ret_error, ERROR_PARAMS,
		    "invalid argument 1: expected typed data as an object with types, primaryType, domain and message");
	work->content_type = bytes_text(SIGN_TYPED_DATA_CONTENT_TYPE);
	return true;
}

void handle_sign_typed_data(struct request *request)
{
	struct sign_data *work = arena_alloc(&request->arena, sizeof(*work));
	struct error error;

	request->work = work;
	if (!read_arguments(request, work, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!sign_data_audit(request, work, request->arguments[1]))
		return;
	if (sign_typed_data_fill(request, request->arguments[1], work, &error))
		sign_data_begin(request);
	else
		request_refuse(request, &error);
}
