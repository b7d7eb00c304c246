/*
 * attach_secret: a password from the person at this terminal to the signer's keys process: typed without echo into locked memory, sent in one message
 * (gendoc describes it) over the socket pair, wiped.
 */
#ifndef CLEF_CLI_ATTACH_SECRET_H
#define CLEF_CLI_ATTACH_SECRET_H

#include <event2/event.h>

#include "base/error.h"

struct attach_secret;

/* The password for this question is on its way (error NULL), or there is none: ERROR_DENIED when the person cancelled. */
typedef void attach_secret_done(void *context, uint64_t question, const struct error *error);

/* Both descriptors stay the caller's. Takes locked memory: before the process is confined. */
bool attach_secret_new(struct event_base *base, int terminal_fd, int pipe_fd, attach_secret_done *done, void *context,
    struct attach_secret **ret_secret, struct error *ret_error);
/* The terminal is as it was, nothing is left in memory. NULL is fine. */
void attach_secret_free(struct attach_secret *secret);
/* One at a time. */
void attach_secret_ask(struct attach_secret *secret, uint64_t question);
/* Is this question's password being asked for? */
bool attach_secret_is_asking(const struct attach_secret *secret, uint64_t question);
/* Its password is no longer wanted: the terminal is as it was, `done` is not called. */
void attach_secret_withdraw(struct attach_secret *secret);

#endif
