/* password: the rules that a new password keeps. An old one may be anything: it only has to open its file. */
#ifndef CLEF_KEYS_PASSWORD_H
#define CLEF_KEYS_PASSWORD_H

#include "base/bytes.h"
#include "base/error.h"

#define PASSWORD_LEAST 10
#define PASSWORD_MOST  4096 /* bytes, of any password */

/* At least 10 characters, each printable 7-bit ASCII other than a backslash. ERROR_PASSWORD_WEAK with Clef's text. */
bool password_check_new(struct bytes password, struct error *ret_error);

#endif
