/*
 * error: the one error type of the whole program.
 *
 * A function that can fail returns bool and takes `struct error *ret_error` last; it sets the error exactly when it returns
 * false. A text that reaches a person says what was expected, what was found and, where it helps, what to do. A text may
 * hold bytes from outside: whoever prints it to a terminal or a log escapes it (text.h), JSON escapes it anyway.
 */
#ifndef CLEF_BASE_ERROR_H
#define CLEF_BASE_ERROR_H

#include <stdarg.h>
#include <stdbool.h>

enum error_kind {
	ERROR_NONE = 0,
	ERROR_PARSE,         /* not JSON: JSON-RPC -32700 */
	ERROR_REQUEST,       /* not a request: -32600 */
	ERROR_METHOD,        /* no such method: -32601 */
	ERROR_PARAMS,        /* arguments of the wrong number or shape: -32602 */
	ERROR_INTERNAL,      /* our own fault: -32603 */
	ERROR_REFUSED,       /* well-formed, but will not be done: -32000 */
	ERROR_ACCOUNT,       /* no such account here: -32000 */
	ERROR_CHAIN,         /* meant for another chain: -32000 */
	ERROR_UNSUPPORTED,   /* a known method that this program does not offer: -32601 */
	ERROR_UNAUTHORIZED,  /* a method that this client may not use: -32601 */
	ERROR_CAPABILITY,    /* a capability that is demanded and not there (EIP-5792): -32602 */
	ERROR_TIMEOUT,       /* nobody answered in time: -32002 */
	ERROR_DENIED,        /* a person said no: -32000 "request denied" */
	ERROR_PASSWORD,      /* a password that does not open what it should: -32000 */
	ERROR_PASSWORD_WEAK, /* a new password that breaks the rules: -32000 */
	ERROR_CUSTOM         /* code and data came from the UI and are passed on as they are */
};

#define ERROR_TEXT_SIZE 512

struct error {
	enum error_kind kind;
	int custom_code; /* with ERROR_CUSTOM only */
	char text[ERROR_TEXT_SIZE];
};

/* Fill in the error (a longer text is cut, visibly) and return false, so that `return error_set(...)` reads well. */
bool error_set(struct error *ret_error, enum error_kind kind, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* The same as ERROR_INTERNAL, with ": " and the system's explanation of errnum behind the text. */
bool error_set_errno(struct error *ret_error, int errnum, const char *format, ...) __attribute__((format(printf, 3, 4)));
/* Put "prefix: " before the text that is there: says where in a larger whole something went wrong. Returns false. */
bool error_prefix(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/*
 * The same for a place in a document: before a text that begins with a place of its own ("nonce: …") the two are joined, "items[3].nonce: …"; before
 * any other it is "items[3]: …". A text that begins with a "[" is joined without the dot. Returns false.
 */
bool error_in(struct error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The JSON-RPC 2.0 error code of a kind (section 5.1 of its specification; the -320xx codes are Clef's). */
int error_rpc_code(const struct error *error);
/* The same for the standard names (eth_*, wallet_* and so on): EIP-1193's and EIP-5792's codes where they have one. */
int error_eth_code(const struct error *error);

#endif
