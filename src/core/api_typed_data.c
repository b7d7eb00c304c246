#include "core/handlers.h"
#include "core/request.h"

void handle_sign_typed_data(struct request *request)
{
	request_refuse_text(request, ERROR_REFUSED, "%s is not available yet", request->method->name);
}
