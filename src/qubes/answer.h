/*
 * answer: what the caller is told, and how this program ends.
 *
 * Whoever sent a frame gets one frame: the reply, or FRAME_REFUSED with a text. Whoever sent a bare body gets the bare reply, or a JSON-RPC error object whose id is
 * null. The same text is one line on standard error, which qrexec carries to the calling qube: it names no path, nothing of the vault and nothing of the
 * content.
 */
#ifndef CLEF_QUBES_ANSWER_H
#define CLEF_QUBES_ANSWER_H

#include "base/bytes.h"

/* Exit statuses, as qrexec hands them to the caller: 125 and 126 mean with it what they mean here. */
enum answer_status {
	ANSWER_REPLIED = 0,     /* also when the reply is a JSON-RPC error */
	ANSWER_CALLER_GONE = 1, /* nobody reads this */
	ANSWER_TROUBLE = 125,   /* the vault's fault: settings, a signer that does not start or that ended meanwhile */
	ANSWER_REFUSED = 126    /* the call's fault */
};

enum answer_form {
	ANSWER_FORM_UNKNOWN, /* no byte of the request was read yet */
	ANSWER_FORM_BARE,
	ANSWER_FORM_FRAME
};

/* Until when an answer of so many bytes must be out: a minute, and a second for each 64 kB of it. A caller who reads slowly keeps a place that others want. */
uint64_t answer_deadline(size_t size);
/* Write all of it to standard output, however little it takes at a time and whether it blocks or not. False: nobody reads, or not fast enough. */
bool answer_write(struct bytes bytes, uint64_t deadline);
/*
 * Tell the caller that no reply comes, and why. The text is UTF-8. Returns the exit status: the given one, or ANSWER_CALLER_GONE. In an unknown form it waits a moment for
 * the request's first byte, which tells the form.
 */
enum answer_status answer_failure(enum answer_form form, enum answer_status status, struct bytes text);

#endif
