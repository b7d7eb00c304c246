/* amount: numbers out of a request (QUANTITY: hexadecimal text) as a person reads them. */
#ifndef CLEF_UI_AMOUNT_H
#define CLEF_UI_AMOUNT_H

#include "base/json.h"
#include "base/u256.h"

enum amount_state {
	AMOUNT_ABSENT, /* missing or null */
	AMOUNT_BAD,    /* there, but no number: shown as it is */
	AMOUNT_OK
};

struct amount {
	enum amount_state state;
	struct u256 value; /* 0 unless AMOUNT_OK */
};

/* A member of a request's object. */
struct amount amount_get(yyjson_val *untrusted_object, const char *name);
/* The same from a value that may be NULL. */
struct amount amount_of(yyjson_val *untrusted_value);
/* Append "1.5 ETH". */
void amount_put_coins(const struct u256 *value, const char *coin, struct buf *ret_text);
/* Append "1.5 gwei". */
void amount_put_gwei(const struct u256 *value, struct buf *ret_text);
/* Append the decimal digits. */
void amount_put_number(const struct u256 *value, struct buf *ret_text);

#endif
