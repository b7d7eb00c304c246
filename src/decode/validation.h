/*
 * validation: what a person is told about something before it is signed, in Clef's words and order (call_info), as structured warnings of UI protocol
 * 7.1, and whether it may be asked for at all.
 */
#ifndef CLEF_DECODE_VALIDATION_H
#define CLEF_DECODE_VALIDATION_H

#include "base/error.h"
#include "base/memory.h"
#include "decode/call.h"
#include "decode/selectors_custom.h"
#include "eth/transaction.h"

enum validation_level { VALIDATION_INFO, VALIDATION_WARNING, VALIDATION_CRITICAL };

struct validation_message {
	enum validation_level level;
	const char
	    *code; /* stable name for programs, in kebab-case: "invalid-checksum"; all of them stand in docs/ui-protocol.md */
	struct bytes text;    /* UTF-8 or not: decoded strings come from outside */
	bool advisory;        /* shown with its level, but no reason to refuse without --advanced */
	bool structured_only; /* not in call_info, where Clef had nothing and programs rely on it */
};

#define VALIDATION_MESSAGES_MAX 24

struct validation {
	size_t count;
	const struct call *call; /* what the calldata means, the best known reading first; NULL: not known */
	bool hint_fits;          /* of a transaction: its data is a call of the method that the caller named */
	struct validation_message messages[VALIDATION_MESSAGES_MAX];
};

/*
 * Add a message; the text is borrowed and must live as long as the validation. When there is no room, the mildest and latest ones give way, and the last one says that
 * more was found, at the highest level of what it stands for: nothing mild ever hides something severe.
 */
void validation_add(struct validation *validation, enum validation_level level, const char *code, struct bytes text);
/* The same for what the person shall know and decide, with --advanced or without: the whole purpose of the request, or a matter of taste. */
void validation_advise(struct validation *validation, enum validation_level level, const char *code, struct bytes text);
/* The same in the structured warnings alone: for kinds of requests that old programs know without any call_info. */
void validation_tell(struct validation *validation, enum validation_level level, const char *code, struct bytes text);

/*
 * Judge a transaction. `untrusted_hint` is the method signature that the client may give as second argument of
 * account_signTransaction (data NULL: none); `custom`, which may be NULL, is looked at for what the shipped list lacks. Texts live in the arena. False
 * (ERROR_REFUSED) for what is never shown to anybody.
 */
bool validation_transaction(const struct transaction *transaction, struct bytes untrusted_hint,
    const struct selectors_custom *custom, struct arena *arena, struct validation *ret_validation, struct error *ret_error);
/* False, "validation failed: …" (ERROR_REFUSED), when there is a warning or worse and the signer does not run with --advanced. */
bool validation_permits(const struct validation *validation, bool advanced, struct error *ret_error);
/* Append the call_info array, [{"type":"WARNING","message":…},…], or null without messages. */
void validation_put_json(const struct validation *validation, struct buf *ret_json);
/* Append the same as [{"level":"info"|"warning"|"critical","code":…,"text":…},…], [] without messages. */
void validation_put_warnings(const struct validation *validation, struct buf *ret_json);

#endif
