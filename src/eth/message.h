/*
 * message: EIP-191 version 0x45, "personal" messages: 0x19 "Ethereum Signed Message:\n" length-in-decimal message.
 */
#ifndef CLEF_ETH_MESSAGE_H
#define CLEF_ETH_MESSAGE_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/json.h"
#include "base/memory.h"
#include "eth/keccak.h"
#include "eth/signature.h"

/* Longest prefix: 26 bytes, 20 digits and a terminator that is not signed. */
#define MESSAGE_PREFIX_MAX 47

/*
 * The data argument of account_signData for text/plain: a hex string with 0x or 0X; unlike elsewhere "" is none, and what is wrong with it
 * is ERROR_REFUSED and not ERROR_PARAMS. Type and account have been read before.
 */
bool message_from_json(yyjson_val *untrusted_value, struct arena *arena, struct bytes *ret_message, struct error *ret_error);
/* The bytes whose Keccak-256 is signed: what the UI sees as raw_data (base64) and as text. */
void message_put_prefixed(struct bytes message, struct buf *ret_raw);
/* Their digest, computed without a copy of the message. */
void message_digest(struct bytes message, uint8_t ret_digest[KECCAK256_SIZE]);
/*
 * The members that only the message decides of the object that ui_approveSignData gets, without the braces:
 * "raw_data":BASE64,"messages":[{"name":"message","value":TEXT,"type":"text/plain"}],"hash":"0x…".
 * Bytes that are no UTF-8 become U+FFFD each in TEXT; raw_data is exact.
 */
void message_put_ui_members(struct bytes message, struct buf *ret_json);
/* account_ecRecover: who signed this message. Errors are ERROR_REFUSED with Clef's texts. */
bool message_recover(const struct signature_context *context, struct bytes message, struct bytes untrusted_signature,
    struct address *ret_address, struct error *ret_error);

#endif
