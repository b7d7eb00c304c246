/* store: one more signature in the file, which may be another signer's, too. */
#ifndef CLEF_SELECTORS_STORE_H
#define CLEF_SELECTORS_STORE_H

#include "base/bytes.h"
#include "base/error.h"

/*
 * Add a method's signature to the open file: under a lock on it, which others are given a few seconds to let go of, in place: the new entry is written over
 * the closing brace and behind it, and what the file holds stays as it is. When that fails half way (no room on the disk), the old end is put back. A crash
 * between the two may leave a file that the next start names as damaged. A selector that is there already is left alone (*ret_known). ERROR_REFUSED for what is
 * no signature, and for a file that is not in order, or that no longer has a name.
 */
bool store_signature(int file, struct bytes untrusted_signature, bool *ret_known, struct error *ret_error);

#endif
