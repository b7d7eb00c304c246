/*
 * custom_selectors: the person's own list of method signatures (--4bytedb-custom): read at the start, looked at for every call that the shipped list does not know, and
 * longer by each method that a caller named and a person approved.
 *
 * core opens it before it is confined, has it in memory and keeps no descriptor of it: a role of its own writes there (src/selectors), which is started only when
 * the file is used and can be written. A default file that is not there is not made: then what is learnt is known until the signer ends.
 */
#ifndef CLEF_CORE_CUSTOM_SELECTORS_H
#define CLEF_CORE_CUSTOM_SELECTORS_H

#include <event2/event.h>

#include "base/json.h"
#include "base/log.h"
#include "decode/selectors_custom.h"

struct custom_selectors;

struct custom_selectors_options {
	const char *path; /* NULL or "": none */
	bool given;       /* false: a default in the current folder, used if others can write neither the file nor the folder */
	unsigned sandbox_flags;
	const struct log *log;
};

struct custom_selectors_handlers {
	void (*ready)(void *context);
	/* The role died or broke the protocol. */
	void (*closed)(void *context, const char *why);
	void *context;
};

/* Before core is confined. A named file that is not there is made; one that cannot be read or understood is an error. */
bool custom_selectors_open(struct event_base *base, const struct custom_selectors_options *options,
    struct custom_selectors_handlers handlers, struct custom_selectors **ret_custom, struct error *ret_error);
/* Ends the role. NULL is fine. */
void custom_selectors_free(struct custom_selectors *custom);
/* There is a role, which will say that it is ready. */
bool custom_selectors_has_role(const struct custom_selectors *custom);
/* NULL for NULL. */
const struct selectors_custom *custom_selectors_list(const struct custom_selectors *custom);
/*
 * The method signature that a caller may give beside a transaction, as argument `number`: borrowed; data NULL for none (absent or null). ERROR_PARAMS for what is no text,
 * or longer than any signature.
 */
bool custom_selectors_read_hint(yyjson_val *argument, unsigned number, struct bytes *ret_untrusted_hint, struct error *ret_error);
/* Remember a canonical signature, and have it written down, unless its selector is known already. Never fails as far as the caller is concerned. NULL is fine. */
void custom_selectors_learn(struct custom_selectors *custom, struct bytes signature);

#endif
