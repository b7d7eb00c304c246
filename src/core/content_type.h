/* content_type: the first argument of account_signData. */
#ifndef CLEF_CORE_CONTENT_TYPE_H
#define CLEF_CORE_CONTENT_TYPE_H

#include "base/error.h"
#include "base/memory.h"

enum content_type {
	CONTENT_TYPE_TEXT_PLAIN,
	CONTENT_TYPE_DATA_PLAIN /* signed like text/plain */
};

/*
 * Read a media type (RFC 2045 section 5.1): case does not matter, parameters are dropped. *ret_text is its name in lower case. ERROR_REFUSED for what is
 * no media type, is not known, or is not available yet.
 */
bool content_type_read(struct bytes untrusted_text, struct arena *arena, enum content_type *ret_type, struct bytes *ret_text,
    struct error *ret_error);

#endif
