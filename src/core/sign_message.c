#include "core/sign_message.h"

#include "eth/message.h"

void sign_message_fill(struct request *request, struct bytes message, struct sign_data *work)
{
	struct buf members BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	message_put_ui_members(message, &members);
	work->members = arena_copy(&request->arena, buf_bytes(&members));
	work->signing.kind = IPC_SIGN_MESSAGE;
	work->signing.content = message;
}
