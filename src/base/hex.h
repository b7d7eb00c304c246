/* hex: text to bytes and back. Digits are read in either case and written in lower case. */
#ifndef CLEF_BASE_HEX_H
#define CLEF_BASE_HEX_H

#include "base/bytes.h"

/* Value of one hex digit, or -1. */
int hex_digit(uint8_t c);
/* Decode exactly `size` bytes from 2*size digits without prefix. False when the length or a digit is wrong. */
bool hex_decode_fixed(struct bytes digits, uint8_t *ret_data, size_t size);
/* Decode any even number of digits without prefix, appended to the buffer. */
bool hex_decode(struct bytes digits, struct buf *ret_buf);
/* Append the digits of `data`, without prefix. */
void hex_encode(struct bytes data, struct buf *ret_buf);
/* Does the text begin with 0x or 0X? */
bool hex_has_prefix(struct bytes text);
/* The text without its 0x or 0X, if it has one. */
struct bytes hex_skip_prefix(struct bytes text);

#endif
