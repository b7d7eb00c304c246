/* password: the rules that a new password keeps, and how the sources of passwords hand one over. */
#ifndef CLEF_KEYS_PASSWORD_H
#define CLEF_KEYS_PASSWORD_H

#include "base/error.h"
#include "base/secret.h"

#define PASSWORD_LEAST 10
#define PASSWORD_MOST  4096 /* bytes, of any password */

/*
 * At least 10 bytes, each printable 7-bit ASCII other than a backslash. ERROR_PASSWORD_WEAK with Clef's text. An old password
 * may be anything: it only has to open its file.
 */
bool password_check_new(struct bytes password, struct error *ret_error);

/*
 * A source answers exactly once, unless withdrawn before: with a password, which the callee now owns and releases, or with an error and
 * an empty one. Called from the event loop or from within the call that asked.
 */
typedef void password_done(void *context, struct secret password, const struct error *error);

#endif
