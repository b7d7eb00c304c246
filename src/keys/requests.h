/* requests: one request of core on its way through the role. Private to src/keys. */
#ifndef CLEF_KEYS_REQUESTS_H
#define CLEF_KEYS_REQUESTS_H

#include "keys/keys.h"

/* Where a request stands. Each stage has one thing that it waits for. */
enum request_stage {
	REQUEST_KEYSTORE, /* the keystore to be current */
	REQUEST_ROOM,     /* core to take the answers that were sent already */
	REQUEST_PASSWORD, /* a source of passwords */
	REQUEST_TURN,     /* those before it to be through the pool */
	REQUEST_WORKER    /* a thread of the pool */
};

/* What a request has done by the pool. */
struct request_work {
	/* On the event loop, once it is the request's turn: takes what is not held while others are first. False: the error answers the
	 * request. NULL: nothing to prepare. */
	bool (*prepare)(struct request *request, struct error *ret_error);
	void (*run)(struct kdf_job *job); /* on a worker */
	void (*done)(struct request *request);
};

struct request {
	struct kdf_job job; /* first: the pool hands this back */
	struct keys *keys;
	struct request *next, *next_turn;
	uint64_t number;
	enum request_stage stage;
	void (*resume)(struct request *request); /* when what the stage waits for is there */
	bool withdrawn;                          /* while a worker has it: nobody wants the result */
	/* As asked. */
	enum ipc_sign_kind kind;
	struct address address;
	struct buf content;
	uint64_t source, question;
	bool repeat;
	char *prompt;
	const struct request_work *work;
	/* Taken when they are needed, released (and wiped) with the request at the latest. */
	struct secret password, new_password, key;
	struct keyfile keyfile;
	/* What the worker says. */
	bool ok;
	struct error error;
};

/* The requests, from their beginning; the keystore is current for those that read it. */
void request_list(struct request *request);
void request_find(struct request *request);
void request_export(struct request *request);
void request_sign(struct request *request);
void request_create(struct request *request);
void request_import_raw(struct request *request);
void request_import_file(struct request *request);

/* The answers. Each frees the request. */
void request_finish(struct request *request, enum ipc_type type, const void *message);
void request_fail(struct request *request, const struct error *error);
void request_free(struct request *request);

/* Wait, where that is needed, until the keystore is current, then go on. */
void request_need_keystore(struct request *request, void (*go_on)(struct request *request));
/*
 * For large answers: true when there is room for one more in the channel. False: the request begins anew with `again` (for a current keystore)
 * once core has taken what was sent. Everything else, KEYS_WITHDRAW not least, goes on in between.
 */
bool request_has_room(struct request *request, void (*again)(struct request *request));
/* Get request->password from its source, then go on; an error answers the request. */
void request_need_password(struct request *request, void (*go_on)(struct request *request));
/* Give the request to the pool when it is its turn; `done` comes back on the event loop. */
void request_need_worker(struct request *request, const struct request_work *work);
/* For request_work.prepare: request->key, for as long as the pool has the request. */
bool request_take_key(struct request *request, struct error *ret_error);
/* For `done` functions: false when the request was withdrawn or failed on the worker; then it is gone. */
bool request_worker_succeeded(struct request *request);

#endif
