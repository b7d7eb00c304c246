/* ready: the other end of base/notify.h: waits for a signer to say that it serves. */
#ifndef CLEF_QUBES_READY_H
#define CLEF_QUBES_READY_H

#include <sys/types.h>

#include "base/error.h"
#include "qubes/places.h"

struct ready {
	int fd;
	char path[PLACES_PATH_SIZE]; /* for NOTIFY_SOCKET */
};

/* A datagram socket in our folder, which nobody else can enter. One at a time: whose turn it is. */
bool ready_open(const struct places *places, struct ready *ret_ready, struct error *ret_error);
/* Until it says READY=1. False: it has ended; by itself, or because it did not serve within the time. */
bool ready_wait(const struct ready *ready, pid_t pid, unsigned seconds, struct error *ret_error);
void ready_close(struct ready *ready);

#endif
