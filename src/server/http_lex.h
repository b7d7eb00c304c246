/* http_lex: the characters and small forms that HTTP is written in (RFC 9110 section 5.6). Only src/server/http_*.c and vhosts.c include this. */
#ifndef CLEF_SERVER_HTTP_LEX_H
#define CLEF_SERVER_HTTP_LEX_H

#include "base/bytes.h"

bool http_is_digit(uint8_t c);
/* At least one character, all of them letters, digits or !#$%&'*+-.^_`|~ */
bool http_is_token(struct bytes text);
/* Nothing but tabs, blanks, visible ASCII and bytes from 0x80 on. */
bool http_is_field_value(struct bytes text);
/* The same but for the case of ASCII letters. */
bool http_equal_nocase(struct bytes a, struct bytes b);
/* Without blanks and tabs around it. */
struct bytes http_trim(struct bytes text);
/* Take the first item off a list, trimmed; empty items are skipped. False when there is none left. */
bool http_next_item(struct bytes *list, char separator, struct bytes *ret_item);

#endif
