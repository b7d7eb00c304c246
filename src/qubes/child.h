/* child: a program of the vault, started so that nothing of the caller's reaches it and it outlives the call. */
#ifndef CLEF_QUBES_CHILD_H
#define CLEF_QUBES_CHILD_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "qubes/places.h"

/*
 * words: the program, looked for in PATH when it has no slash, and its arguments; NULL ends them. It has a session of its own, no input, its output in log_fd (-1:
 * nowhere), no other descriptor, and our environment without qrexec's variables but with the runtime folder, and with NOTIFY_SOCKET when notify is not NULL. False with
 * errno's value in *ret_failure when it cannot be started.
 */
bool child_start(
    char *const words[], const struct places *places, const char *notify, int log_fd, pid_t *ret_pid, int *ret_failure);
/* Readable once it has ended; -1 where the kernel has no such thing. */
int child_watch(pid_t pid);
/* Has it ended? Its status, as waitpid() gives it. */
bool child_has_ended(pid_t pid, int *ret_status);
/* Wait for its end until the deadline of clock.h. */
bool child_wait(pid_t pid, uint64_t deadline, int *ret_status);
/* End it: it is asked first. */
void child_stop(pid_t pid);

#endif
