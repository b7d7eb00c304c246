#include "core/sign_message.h"

#include "decode/view.h"
#include "eth/message.h"

void sign_message_fill(struct request *request, struct bytes message, struct sign_data *work)
{
	struct buf members BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), decoded BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	message_put_ui_members(message, &members);
	work->members = arena_copy(&request->arena, buf_bytes(&members));
	view_put_message(message, &decoded);
	work->decoded = arena_copy(&request->arena, buf_bytes(&decoded));
	work->signing.kind = IPC_SIGN_MESSAGE;
	work->signing.content = message;
}

void sign_validator_fill(struct request *request, const struct validator_data *data, struct sign_data *work)
{
	struct buf json BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), content BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	validator_put_content(data, &content);
	work->signing.kind = IPC_SIGN_VALIDATOR;
	work->signing.content = arena_copy(&request->arena, buf_bytes(&content));
	validator_put_ui_members(data, &json);
	work->members = arena_copy(&request->arena, buf_bytes(&json));
	buf_reset(&json);
	validator_put_decoded(data, &json);
	work->decoded = arena_copy(&request->arena, buf_bytes(&json));
}
