/* The pipe for passwords of a user interface that attached to the running signer: it comes and goes with it. */
#include <unistd.h>

#include "keys/keys.h"

/* secret_pipe leaves the descriptor alone, since another one is inherited. */
void keys_drop_pipe(struct keys *keys, const char *why)
{
	if (keys->pipe != NULL) {
		secret_pipe_end(keys->pipe, why);
		secret_pipe_free(keys->pipe);
		keys->pipe = NULL;
	}
	if (keys->pipe_fd >= 0)
		close(keys->pipe_fd);
	keys->pipe_fd = -1;
}

void keys_take_pipe(struct keys *keys, int fd, bool packets)
{
	struct error error;

	keys_drop_pipe(keys, "it began another one");
	keys->pipe_fd = fd;
	if (secret_pipe_adopt(keys->base, fd, packets, keys->arena, &keys->log, &keys->pipe, &error))
		return;
	/* The UI is told with the first password that it sends there. */
	log_warn(&keys->log, "the UI's descriptor for passwords is not taken: %s", error.text);
	keys_drop_pipe(keys, error.text);
}
