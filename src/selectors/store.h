/* store: one more signature in the file, which may be another signer's, too. */
#ifndef CLEF_SELECTORS_STORE_H
#define CLEF_SELECTORS_STORE_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * Add a method's signature to the file `name` in the folder, which is made when it is not there: under a lock on the folder, which others are given a few seconds to
 * let go of; atomically, mode 0600. What the file holds stays as it is; a selector that it has already is left alone (*ret_known). ERROR_REFUSED
 * for what is no signature, or a file that is not in order.
 */
bool store_signature(int folder, const char *name, struct bytes untrusted_signature, bool *ret_known, struct error *ret_error);

#endif
