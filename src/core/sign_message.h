/* sign_message: messages of EIP-191 as something that ui_approveSignData shows, whichever method they came by: version 0x45, and 0x00 (for a validator). */
#ifndef CLEF_CORE_SIGN_MESSAGE_H
#define CLEF_CORE_SIGN_MESSAGE_H

#include "core/sign_data.h"
#include "eth/validator.h"

/*
 * Fill in what the message decides of `work`: the kind and content that keys signs, and the members that the UI sees. Its content type is the caller's
 * word. `message` lives in the request's arena.
 */
void sign_message_fill(struct request *request, struct bytes message, struct sign_data *work);
/* The same of data with intended validator (EIP-191 version 0x00). */
void sign_validator_fill(struct request *request, const struct validator_data *data, struct sign_data *work);

#endif
