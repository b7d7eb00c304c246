/*
 * signing: what every signature has in common: the account is known before anybody is asked, the password goes to keys, and keys signs
 * the content that was approved.
 */
#ifndef CLEF_CORE_SIGNING_H
#define CLEF_CORE_SIGNING_H

#include "core/request.h"
#include "eth/signature.h"

/*
 * A handler's work begins with this struct. It is filled in before signing_find(); `found`, `signed_` and `failed` are the handler's:
 * exactly one of signed_ and failed is called at the end, and ends the request.
 */
struct signing {
	struct address address;
	enum ipc_sign_kind kind;
	struct bytes content; /* in the arena; what was approved, nothing else */
	/* What signed_ gets: 0 or 1 for one signature, more for as many, one after the other (IPC_SIGN_TRANSACTIONS). */
	size_t count;
	const char *title; /* of the password prompt */
	const char *prompt;
	void (*found)(struct request *request);
	void (*signed_)(struct request *request, const struct signature *signatures);
	/* shown: the failure came after the approval of a prompt and is worth showing to the person. */
	void (*failed)(struct request *request, const struct error *error, bool password_declined);
};

/* Is there exactly one key file for signing->address, and is the account the client's to use? Calls found, else ends the request. */
void signing_find(struct request *request);
/*
 * The person, or the UI, means the chain that is set now; this was judged for `chain_id`. True: they are not the same, and the request has ended.
 */
bool signing_chain_changed(struct request *request, uint64_t chain_id);
/* After the approval: ask for the password, have keys sign. A content above IPC_SIGN_CONTENT_MAX fails (ERROR_REFUSED). */
void signing_start(struct request *request);

#endif
