/*
 * keys_link: core's end of the channel to `keys`: starts the role, numbers the requests and brings each answer to whoever asked.
 *
 * Used by the signer and by the commands that touch the keystore (newaccount, importraw, list-accounts), so that keys are only ever
 * handled in the confined process.
 */
#ifndef CLEF_CORE_KEYS_LINK_H
#define CLEF_CORE_KEYS_LINK_H

#include "base/log.h"
#include "core/waiting.h"

struct keys_link;

struct keys_link_options {
	const char *keystore;  /* folder; made with mode 0700 when it is not there */
	const char *configdir; /* holds the persistent index; NULL: none */
	bool light;
	bool create_folders; /* false: a keystore that is not there is served as empty */
	int terminal_fd;     /* each -1 when there is none; the callee duplicates what it needs */
	int secret_fd;
	int password_fd;
	int import_fd;
	unsigned sandbox_flags; /* enum ipc_sandbox_flag */
	const struct log *log;
};

/*
 * An answer: KEYS_ACCOUNTS, KEYS_FOUND, KEYS_SIGNED, KEYS_CREATED, KEYS_EXPORTED or KEYS_FAILED ends the request; KEYS_SECRET_READ may come before.
 * `message` is the struct of the type and lives until the call returns. What does not fit the request never gets here: it breaks the protocol.
 */
typedef waiting_answer keys_answer;

/* `closed` is called when the role died or broke the protocol: the caller ends. `ready` when it is confined and serving. */
struct keys_link_handlers {
	void (*ready)(void *context, const struct ipc_keys_ready *ready);
	void (*closed)(void *context, const char *why);
	void *context;
};

bool keys_link_start(struct event_base *base, const struct keys_link_options *options, struct keys_link_handlers handlers,
    struct keys_link **ret_link, struct error *ret_error);
/* Ends the role and waits for it. */
void keys_link_free(struct keys_link *link);
/* Send a request (KEYS_LIST, FIND, SIGN, CREATE, IMPORT_RAW, IMPORT_FILE or EXPORT); its `request` member is filled in. Returns that number. `answer` is called at least once, unless withdrawn or freed before. */
uint64_t keys_link_request(struct keys_link *link, enum ipc_type type, void *message, keys_answer *answer, void *context);
/*
 * The descriptor by which an attached UI hands over passwords goes to keys, which alone reads it; it is closed here in any case. False: it could not be passed
 * on. keys_link_drop_pipe: that UI is gone.
 */
bool keys_link_pass_pipe(struct keys_link *link, int fd);
void keys_link_drop_pipe(struct keys_link *link);
/* No answer is wanted any more: none will come. */
void keys_link_withdraw(struct keys_link *link, uint64_t request);

#endif
