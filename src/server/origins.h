/*
 * origins: which web pages may call (RFC 6454), as a list that a person wrote: "https://app.example,http://localhost:3000".
 *
 * An origin is a scheme, a host and a port, compared exactly, capitals counting as small letters; the port that the scheme has by default may be written or
 * left out in the list, browsers leave it out. "null", which every sandboxed frame and every local file sends, stands for nobody and cannot be listed; nor can "*".
 */
#ifndef CLEF_SERVER_ORIGINS_H
#define CLEF_SERVER_ORIGINS_H

#include "base/bytes.h"
#include "base/error.h"

struct origins {
	char **name; /* owned; as a browser spells them */
	size_t count, capacity;
};

/* Add those of a list, separated by commas, blanks around them do not count. False, with the error, at the first that is no origin. */
bool origins_add(struct origins *origins, struct bytes list, struct error *ret_error);
void origins_free(struct origins *origins);
/* The listed origin that the header names, as it is to be repeated to the browser; NULL when it is none of them. */
const char *origins_find(const struct origins *origins, struct bytes untrusted_header);

#endif
