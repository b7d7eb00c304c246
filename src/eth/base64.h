/* base64: RFC 4648 section 4, with padding: the form in which the UI protocol carries bytes. */
#ifndef CLEF_ETH_BASE64_H
#define CLEF_ETH_BASE64_H

#include "base/bytes.h"

/* Append the text of the bytes, without quotes. */
void base64_put(struct bytes bytes, struct buf *ret_text);

#endif
