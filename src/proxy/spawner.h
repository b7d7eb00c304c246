/*
 * spawner: a helper process that starts one program, always with the same arguments, as often as it is told to, and says how each run ended.
 *
 * clef-proxy reads what comes from outside, so it is confined and cannot start anything. The helper is forked before that, reads nothing but fixed-size
 * messages of its parent, and cannot be made to run another program, with other arguments or another environment. It is not confined itself: what it
 * starts would inherit that, and qrexec-client-vm needs the devices of the hypervisor.
 *
 * The channel is a SOCK_SEQPACKET pair; messages are `struct spawner_message`, in the machine's own byte order. Its end ends the helper, which ends what it started.
 */
#ifndef CLEF_PROXY_SPAWNER_H
#define CLEF_PROXY_SPAWNER_H

#include <stdint.h>

#include "base/error.h"

/* Runs at once. */
#define SPAWNER_RUNS_MOST 128

enum spawner_kind {
	SPAWNER_START = 1, /* to the helper, with three descriptors: standard input, output and error of the run */
	SPAWNER_END,       /* to the helper: SIGTERM, or SIGKILL when `value` is not 0 */
	SPAWNER_FAILED,    /* from it: could not be started; `value` is an errno */
	SPAWNER_ENDED      /* from it: `value` is a status as waitpid() gives it */
};
struct spawner_message {
	uint32_t kind;
	int32_t value;
	uint64_t run; /* the parent's number for it, never 0 */
};

/*
 * Fork the helper. `words` is the command line, words[0] an absolute path, NULL at its end; `environment` likewise. Both must live as long as the program. *ret_fd,
 * close-on-exec and not blocking, is the parent's end. To be called before there are threads.
 */
bool spawner_start(char *const words[], char *const environment[], int *ret_fd, struct error *ret_error);
/* Send one message. False: it is not on its way (the helper is gone or far behind). `fds`: three with SPAWNER_START, else NULL. */
bool spawner_send(int fd, const struct spawner_message *message, const int *fds);
/* Receive one. 1: there it is; 0: nothing is there now; -1: the helper is gone. */
int spawner_receive(int fd, struct spawner_message *ret_message);

#endif
