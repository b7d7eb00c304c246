/*
 * signer: clef-proxy's way to the signer: one JSON-RPC call there, one answer back. Behind it a child process qrexec-client-vm for each call, or a connection to
 * the signer's unix socket for each call; either end of either tells the other that it is gone, so that a question nobody waits for any more is withdrawn.
 */
#ifndef CLEF_PROXY_SIGNER_H
#define CLEF_PROXY_SIGNER_H

#include <event2/event.h>

#include "base/bytes.h"
#include "base/error.h"
#include "base/log.h"

/* What a caller claims; handed to the signer as such. */
struct signer_claims {
	struct bytes host, origin, user_agent;
};

/*
 * How a call ended: exactly one of result (any JSON value) and error (a JSON-RPC error object) is not empty, JSON text that lives until the callback returns. Trouble on the
 * way (no signer, refused, broken frame, exit code 126, …) is an error object, too, with a text that says what to do (code -32000; -32005 when too many wait already). Called once, from the event loop, never from inside signer_call();
 * not after signer_cancel(). No time limit is here: how long a person may take is the signer's to say.
 */
typedef void signer_answered(void *context, struct bytes result, struct bytes error);

struct signer;

/* qrexec has 128 calls for all callers of a target together: some are left to others. */
#define SIGNER_CALLS_MOST  128
#define SIGNER_CALLS_USUAL 100

/*
 * `target` is --signer as it was given: "qrexec" (the target that dom0's policy chooses, @default), "qrexec:NAME", "unix:PATH" ("~/" stands for the home folder),
 * "https://…" (refused: comes with TLS). `calls_most`: at once, 1 to SIGNER_CALLS_MOST. To be called before confinement, without threads: with qrexec a helper
 * process is forked, and with it a signal that ends the loop of `base` when that helper dies. `log` is copied.
 */
bool signer_new(struct event_base *base, const char *target, size_t calls_most, const struct log *log, struct signer **ret_signer,
    struct error *ret_error);
/* Whether calls need connections that are made in this process; else a helper process does all that is needed. */
bool signer_connects(const struct signer *signer);
/* Ends whatever is under way without a word. */
void signer_free(struct signer *signer);
/* `params`: JSON text of an array. Everything is copied. Returns the call's number, never 0. More at once than the way carries wait in order. */
uint64_t signer_call(struct signer *signer, const char *method, struct bytes params, const struct signer_claims *claims,
    signer_answered *answered, void *context);
/* The caller is gone: the signer hears so. 0 and ended calls are fine. */
void signer_cancel(struct signer *signer, uint64_t call);

#endif
