/* role: the test's side of the role `keys`: a real process on real descriptors, confined as in the signer, and core's end of its channel. */
#ifndef CLEF_TESTS_KEYS_ROLE_H
#define CLEF_TESTS_KEYS_ROLE_H

#include <sys/types.h>

#include "../base/testing.h"
#include "ipc/ipc.h"

struct role {
	pid_t pid;
	int channel;
	int keystore_fd;
	char top[64]; /* temporary folder; its "keystore" is served */
	struct buf in;
	struct ipc_keys_ready ready;
};

/* What the child inherits besides channel and keystore; 0: nothing. */
struct role_fds {
	int index, terminal, secrets, password, import;
};

void role_start(struct role *role, const struct role_fds *fds);
/* Close the channel and expect a quiet end with status 0. */
void role_stop(struct role *role);
/* Stop without looking at how it ended; returns the status of waitpid. */
int role_end(struct role *role);
void role_send(struct role *role, enum ipc_type type, const void *message);
/* The same with a descriptor, which stays the caller's. */
void role_send_fd(struct role *role, enum ipc_type type, const void *message, int fd);
/* The next message must be of this type. Its BYTES live until the next call. */
void role_expect(struct role *role, enum ipc_type type, void *ret_message);
/* The next message must be KEYS_FAILED for this request with this text. */
void role_expect_failure(struct role *role, uint64_t request, enum error_kind kind, const char *text);
/* Nothing comes within a moment. */
void role_expect_silence(struct role *role);
size_t role_count_files(const struct role *role);

#endif
