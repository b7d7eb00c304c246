/*
 * abi: the Solidity contract ABI (Contract ABI Specification, "strict mode"): types, decoding, encoding, texts.
 *
 * Decoding accepts only the canonical encoding: what was decoded is encoded again and must give the same bytes. Every width is
 * range-checked: intN, uintN, bytesN, address and bool must not have bits outside.
 */
#ifndef CLEF_DECODE_ABI_H
#define CLEF_DECODE_ABI_H

#include "base/error.h"
#include "base/memory.h"
#include "base/u256.h"
#include "eth/address.h"

/* Limits on what is taken from outside. Signatures and calldata beyond them are refused. */
#define ABI_SIGNATURE_MAX 4096       /* bytes of a signature's text */
#define ABI_DEPTH_MAX     16         /* nesting of arrays and tuples */
#define ABI_HEAD_MAX      (1u << 24) /* bytes of one static type */
#define ABI_VALUES_MAX    65536      /* values decoded from one calldata, at all depths together */

enum abi_kind {
	ABI_UINT,
	ABI_INT,
	ABI_ADDRESS,
	ABI_BOOL,
	ABI_FIXED_BYTES,
	ABI_BYTES,
	ABI_STRING,
	ABI_FUNCTION,    /* address and selector, 24 bytes */
	ABI_ARRAY,       /* T[] */
	ABI_FIXED_ARRAY, /* T[count] */
	ABI_TUPLE
};

struct abi_type {
	enum abi_kind kind;
	unsigned bits;          /* of uint and int */
	size_t count;           /* bytes of bytesN, length of T[count], members of a tuple */
	struct abi_type *items; /* one element type, or the members of a tuple */
	bool dynamic;
	size_t head_size;  /* bytes that it takes in its parent's head */
	unsigned depth;    /* arrays and tuples from here down */
	struct bytes text; /* canonical, as in a signature */
};

struct abi_method {
	struct bytes name;
	struct abi_type inputs; /* ABI_TUPLE */
	struct bytes signature; /* canonical */
	uint8_t selector[4];
};

struct abi_value {
	const struct abi_type *type;
	struct u256 number;      /* uint, int (two's complement, 256 bits), bool */
	struct bytes bytes;      /* address (20), bytesN, bytes, string, function */
	size_t count;            /* elements or members */
	struct abi_value *items; /* of arrays and tuples */
};

/*
 * Read a canonical signature: name(type,…), where a type is elementary (uint256, not its alias uint), a tuple (type,…) of at least one
 * member, or an array of those. No white space, no parameter names. ERROR_REFUSED.
 */
bool abi_parse_method(
    struct bytes untrusted_signature, struct arena *arena, struct abi_method *ret_method, struct error *ret_error);
/*
 * Decode the arguments, i.e. the calldata without its selector, from which bytes are borrowed. *ret_arguments is of kind ABI_TUPLE.
 * ERROR_REFUSED.
 */
bool abi_decode(const struct abi_type *inputs, struct bytes untrusted_arguments, struct arena *arena,
    struct abi_value *ret_arguments, struct error *ret_error);
/* Append the canonical encoding. */
void abi_encode(const struct abi_value *arguments, struct buf *ret_arguments);
/*
 * Append "name(type: value,type: value)", as Clef words it for its UIs, but with bytes in hex. What strings hold is appended as it is:
 * the caller makes it fit to be seen.
 */
void abi_put_call(const struct abi_method *method, const struct abi_value *arguments, struct buf *ret_text);
/* Append one value as in abi_put_call. */
void abi_put_value(const struct abi_value *value, struct buf *ret_text);

#endif
