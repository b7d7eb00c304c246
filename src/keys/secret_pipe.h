/*
 * secret_pipe: passwords that a UI sends past `core`, on the descriptor of --secret-fd, or on one that it passed when it attached.
 *
 * A message is the 8-byte big-endian number of the UI's question, a 4-byte big-endian length of at most 4096, and as many bytes. The
 * descriptor is one end of a socket pair of any type, or a pipe. Messages are only read while somebody waits for one. One for a
 * question that was answered or withdrawn is wiped, with a warning; one for any other question is kept for a minute (secrets and answers may
 * come in any order, secret_early.h). A message that breaks the form, SECRET_PIPE_UNASKED_MOST in a row that nobody asks for, or the end of the
 * stream, ends the pipe for good: every request fails.
 */
#ifndef CLEF_KEYS_SECRET_PIPE_H
#define CLEF_KEYS_SECRET_PIPE_H

#include <event2/event.h>

#include "base/log.h"
#include "keys/password.h"

struct secret_pipe;

/* More than there can be requests at a time. */
#define SECRET_PIPE_UNASKED_MOST 1024

/*
 * Takes a secret slot for good; call before sandbox_seal, since it asks for the type of the socket. The descriptor stays the caller's. An error
 * for what is neither a pipe nor a socket: only those tell when there is something to read.
 */
bool secret_pipe_new(struct event_base *base, int fd, struct secret_arena *arena, const struct log *log,
    struct secret_pipe **ret_pipe, struct error *ret_error);
/*
 * The same for a descriptor that came later, which a UI passed: nothing is known of it. packets: it is a socket that keeps the bounds of messages, as core
 * found out. It is made non-blocking.
 */
bool secret_pipe_adopt(struct event_base *base, int fd, bool packets, struct secret_arena *arena, const struct log *log,
    struct secret_pipe **ret_pipe, struct error *ret_error);
void secret_pipe_free(struct secret_pipe *pipe);
/* Nothing more will come: everybody who waits is told, and who asks later, too. */
void secret_pipe_end(struct secret_pipe *pipe, const char *why);
void secret_pipe_ask(struct secret_pipe *pipe, uint64_t request, uint64_t question, password_done *done, void *context);
void secret_pipe_withdraw(struct secret_pipe *pipe, uint64_t request);

#endif
