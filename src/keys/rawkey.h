/* rawkey: a private key written as 64 hex digits, as importraw and clef_importRawKey take it. */
#ifndef CLEF_KEYS_RAWKEY_H
#define CLEF_KEYS_RAWKEY_H

#include "base/secret.h"
#include "eth/signature.h"

/* More than this is no file with a key. */
#define RAWKEY_FILE_MAX 256

/*
 * Exactly 64 digits in any case. The errors (ERROR_REFUSED) are Clef's, except that they name the position (from 1) of a
 * wrong character and never the character.
 */
bool rawkey_parse(
    const struct signature_context *context, struct bytes untrusted_text, struct secret *ret_key, struct error *ret_error);
/* The content of a file: the same, optionally with 0x in front and with CR and LF behind. */
bool rawkey_parse_file(
    const struct signature_context *context, struct bytes untrusted_content, struct secret *ret_key, struct error *ret_error);

#endif
