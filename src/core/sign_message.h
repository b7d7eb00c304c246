/* sign_message: a message as something that ui_approveSignData shows (EIP-191 version 0x45), whichever method it came by. */
#ifndef CLEF_CORE_SIGN_MESSAGE_H
#define CLEF_CORE_SIGN_MESSAGE_H

#include "core/sign_data.h"

/*
 * Fill in what the message decides of `work`: the kind and content that keys signs, and the members that the UI sees. Its content type is the caller's
 * word. `message` lives in the request's arena.
 */
void sign_message_fill(struct request *request, struct bytes message, struct sign_data *work);

#endif
