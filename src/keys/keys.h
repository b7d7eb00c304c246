/* keys: what the parts of the role share. Private to src/keys. */
#ifndef CLEF_KEYS_KEYS_H
#define CLEF_KEYS_KEYS_H

#include "base/log.h"
#include "ipc/ipc.h"
#include "keys/kdf.h"
#include "keys/keyfile.h"
#include "keys/keystore.h"
#include "keys/leftovers.h"
#include "keys/secret_pipe.h"
#include "keys/sign.h"
#include "keys/terminal.h"

/* More than this at a time is a caller gone wrong: a person approves them. */
#define KEYS_REQUESTS_MOST 512

struct request;
struct index_job;

struct keys {
	struct event_base *base;
	struct log log;
	struct ipc_channel *channel;
	struct secret_arena *arena;
	struct signer *signer;
	struct event *refresh; /* blinds the curve context anew, soon after a signature */
	bool refresh_due;
	struct kdf_pool *pool;
	struct request *turns, **turns_end; /* those that wait for the pool, in the order they came */
	unsigned running;                   /* requests that the pool has: at most KDF_THREADS */
	struct secret_arena *opened;        /* keys of the requests that the pool has: as many slots as threads */
	struct keystore *keystore;
	struct event *watch, *work, *care; /* the keystore: changes, reading, the background */
	bool notice_again;                 /* somebody asked while older changes were being read */
	struct event *sweep;               /* of `leftovers` */
	struct leftovers leftovers;
	bool sweeping_index;       /* the keystore's folder is through */
	bool sweep_again;          /* some were too young */
	struct terminal *terminal; /* NULL: not inherited; the same for the next ones */
	struct secret_pipe *pipe;
	int pipe_fd;            /* of `pipe` when it came by a message; -1: none, or inherited */
	struct secret password; /* of --password-file */
	bool has_password;
	struct secret import; /* the file with a raw key */
	bool has_import;
	struct keyfile_cost cost;    /* of new files */
	int keystore_fd, index_fd;   /* -1: none */
	bool index_writing;          /* on a worker */
	struct index_job *index_job; /* while it is */
	struct request *requests;    /* newest first */
	unsigned request_count;
};

/* keystore_service.c: the keystore in the event loop. */
void keystore_service_start(struct keys *keys);
/* Before the process ends: the index that is being written, or that is due, comes to its end, if that does not take long. */
void keystore_service_end(struct keys *keys);
/* Look for changes now. True: the keystore is current; false: keys_requests_keystore_ready follows. */
bool keystore_service_settle(struct keys *keys);

/* attached_pipe.c: takes over the descriptor, in place of an earlier one; and closes it again. Who waits for a password fails with `why`. */
void keys_take_pipe(struct keys *keys, int fd, bool packets);
void keys_drop_pipe(struct keys *keys, const char *why);

/* requests*.c: every request of core. */
void keys_requests_withdraw(struct keys *keys, uint64_t number);
void keys_requests_message(struct keys *keys, enum ipc_type type, const void *message);
/* The keystore is current: those who waited for it go on. */
void keys_requests_keystore_ready(struct keys *keys);
/* Core has taken what was sent: large answers that waited for that go on. */
void keys_requests_drained(struct keys *keys);
/* Wipe everything that requests hold, for the end of the process. */
void keys_requests_wipe(struct keys *keys);

#endif
