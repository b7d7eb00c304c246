/*
 * methods: the one table of what can be called, by whom, with what, and what it is for. Dispatch, `clef gendoc` and tests read it.
 */
#ifndef CLEF_CORE_METHODS_H
#define CLEF_CORE_METHODS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"

struct request;

enum method_audience {
	METHOD_EXTERNAL = 1, /* callers, over HTTP and the socket */
	METHOD_UI = 2,       /* the UI, on its own channel */
	METHOD_ETH = 4       /* callers, with --eth-api: the standard names; errors have the codes of error_eth_code() */
};

struct method {
	const char *name;
	unsigned audience;      /* one of enum method_audience */
	size_t required, most;  /* arguments */
	const char *parameters; /* for people: "[{from, to, gas, …}, method signature]" */
	const char *result;
	const char *summary;
	const char *audit_name; /* in the audit log; NULL: not audited */
	const char *audit_none; /* the response line's data when the call failed, " data=<nil>" */
	bool immediate;         /* answered at once, without anybody: never counted among what waits */
	/* Reads request->arguments and goes on; ends the request when it cannot. */
	void (*start)(struct request *request);
};

/* NULL when there is no such method for any of these (a set of enum method_audience). */
const struct method *method_find(struct bytes untrusted_name, unsigned audiences);
/* False for a standard name that is in the table only for the advice that it answers (EIP-1193's code 4200). */
bool method_is_offered(const struct method *method);
size_t method_count(void);
const struct method *method_at(size_t index);
/* The other way: of a method of the table. */
size_t method_index(const struct method *method);

#endif
