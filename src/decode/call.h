/* call: a reading of calldata, and readings as data for UIs. */
#ifndef CLEF_DECODE_CALL_H
#define CLEF_DECODE_CALL_H

#include "decode/abi.h"

/* One signature of which the calldata is the canonical encoding. Several may fit: which one was meant nobody can know. */
struct call {
	struct abi_method method;
	struct abi_value arguments; /* ABI_TUPLE; bytes are borrowed from the calldata */
	struct bytes names;      /* of the parameters, comma-separated; empty: not known. No more authoritative than a comment */
	const struct call *next; /* the next best reading */
};

/* Beyond so many bytes of JSON the arguments are left out of the view. */
#define CALL_ARGUMENTS_MAX (1u << 20)

/*
 * Append the "call" of a decoded view (UI protocol 7.1): null without data or with less than a selector of it, else
 *   {"selector":"0x…","signature":TEXT|null,"arguments":[{"name":TEXT|null,"type":TEXT,"value":VALUE},…]|null,"other_signatures":[TEXT,…]}
 * call is NULL when the meaning is not known: signature and arguments are null then. VALUE is a text (numbers in decimal, bytes as 0x hex, addresses in EIP-55
 * form, true or false, strings with U+FFFD for what is no UTF-8), or an array of VALUE for arrays and tuples.
 */
void call_put_json(const struct call *call, struct bytes untrusted_data, struct buf *ret_json);

#endif
