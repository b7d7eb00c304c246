/*
 * media_type: the first argument of account_signData, which says what kind of data is to be signed (RFC 2045, section 5.1; RFC 2231
 * for what parameters may look like).
 */
#ifndef CLEF_ETH_MEDIA_TYPE_H
#define CLEF_ETH_MEDIA_TYPE_H

#include "base/bytes.h"
#include "base/error.h"

/* What this program signs. The texts that the UI sees are those of media_type_text. */
enum media_type {
	MEDIA_TYPE_TEXT_PLAIN,   /* a message, EIP-191 version 0x45 */
	MEDIA_TYPE_DATA_PLAIN,   /* signed like text/plain */
	MEDIA_TYPE_TYPED_DATA,   /* data/typed: EIP-712 */
	MEDIA_TYPE_VALIDATOR,    /* data/validator: EIP-191 version 0x00 */
	MEDIA_TYPE_CLIQUE_HEADER /* application/x-clique-header: EIP-225 */
};

/*
 * Read "type/subtype; name=value; …": letters in any case, parameters well-formed, none twice, and of no consequence. ERROR_REFUSED for
 * what is no media type, and for every one that is not signed: nothing is signed as something else than was asked for.
 */
bool media_type_parse(struct bytes untrusted_text, enum media_type *ret_type, struct error *ret_error);
const char *media_type_text(enum media_type type);

#endif
