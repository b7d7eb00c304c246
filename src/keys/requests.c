#include "keys/requests.h"

#include <stdlib.h>

#include "base/memory.h"

/* So much may lie unread in the channel before the next large answer is made; far below what breaks the channel. */
#define UNREAD_MOST ((size_t)8 << 20)

/* ---- the end of a request ---- */

void request_free(struct request *request)
{
	struct keys *keys = request->keys;
	struct request **at = &keys->requests;

	while (*at != request)
		at = &(*at)->next;
	*at = request->next;
	keys->request_count--;
	secret_release(&request->password);
	secret_release(&request->new_password);
	secret_release(&request->key);
	buf_free(&request->content);
	free(request->prompt);
	free(request);
}

void request_finish(struct request *request, enum ipc_type type, const void *message)
{
	ipc_channel_send(request->keys->channel, type, message);
	request_free(request);
}

static void send_failure(struct keys *keys, uint64_t number, const struct error *error)
{
	struct ipc_keys_failed failed = {.request = number, .kind = (uint64_t)error->kind, .text = bytes_text(error->text)};

	ipc_channel_send(keys->channel, IPC_KEYS_FAILED, &failed);
}

void request_fail(struct request *request, const struct error *error)
{
	log_debug(&request->keys->log, "request %llu: %s", (unsigned long long)request->number, error->text);
	send_failure(request->keys, request->number, error);
	request_free(request);
}

/* ---- what a request waits for ---- */

void request_need_keystore(struct request *request, void (*go_on)(struct request *request))
{
	request->stage = REQUEST_KEYSTORE;
	request->resume = go_on;
	if (keystore_service_settle(request->keys))
		go_on(request);
}

/* The first in this stage, in the order they came. */
static struct request *first_in_stage(struct keys *keys, enum request_stage stage)
{
	struct request *first = NULL;

	for (struct request *request = keys->requests; request != NULL; request = request->next) {
		if (request->stage == stage)
			first = request;
	}
	return first;
}

void keys_requests_keystore_ready(struct keys *keys)
{
	struct request *request;

	/* Each leaves the stage, unless it finds the folder changed again. */
	while (keystore_is_current(keys->keystore) && (request = first_in_stage(keys, REQUEST_KEYSTORE)) != NULL)
		request->resume(request);
}

static bool has_room(const struct keys *keys)
{
	return ipc_channel_queued(keys->channel) <= UNREAD_MOST;
}

bool request_has_room(struct request *request, void (*again)(struct request *request))
{
	if (has_room(request->keys))
		return true;
	request->stage = REQUEST_ROOM;
	request->resume = again;
	return false;
}

void keys_requests_drained(struct keys *keys)
{
	struct request *request;

	while (has_room(keys) && (request = first_in_stage(keys, REQUEST_ROOM)) != NULL)
		request_need_keystore(request, request->resume);
}

static void on_password(void *context, struct secret password, const struct error *error)
{
	struct request *request = context;
	struct ipc_keys_secret_read read = {.request = request->number};

	if (error != NULL) {
		secret_release(&password);
		request_fail(request, error);
		return;
	}
	request->password = password;
	ipc_channel_send(request->keys->channel, IPC_KEYS_SECRET_READ, &read);
	request->resume(request);
}

static void refuse_source(struct request *request, const char *why)
{
	struct error error;

	error_set(&error, ERROR_REFUSED, "no password: %s", why);
	request_fail(request, &error);
}

static void take_from_file(struct request *request)
{
	struct secret password = {0};
	struct error error;

	if (!request->keys->has_password)
		refuse_source(request, "there is no password file");
	else if (!secret_take(request->keys->arena, &password, &error) ||
	         !secret_set(&password, secret_bytes(&request->keys->password)))
		on_password(request, password, &error);
	else
		on_password(request, password, NULL);
}

void request_need_password(struct request *request, void (*go_on)(struct request *request))
{
	struct keys *keys = request->keys;

	request->stage = REQUEST_PASSWORD;
	request->resume = go_on;
	switch ((enum ipc_secret_source)request->source) {
	case IPC_SECRET_GIVEN:
		go_on(request);
		return;
	case IPC_SECRET_FILE:
		take_from_file(request);
		return;
	case IPC_SECRET_PIPE:
		if (keys->pipe != NULL)
			secret_pipe_ask(keys->pipe, request->number, request->question, on_password, request);
		else
			refuse_source(request, "there is no descriptor for secrets");
		return;
	case IPC_SECRET_TERMINAL:
		if (keys->terminal != NULL)
			terminal_ask(
			    keys->terminal, request->number, bytes_text(request->prompt), request->repeat, on_password, request);
		else
			refuse_source(request, "there is no terminal");
		return;
	}
	refuse_source(request, "unknown source");
}

static void start_turns(struct keys *keys);

static void on_worker_done(struct kdf_job *job)
{
	struct request *request = (struct request *)job;
	struct keys *keys = request->keys;

	keys->running--;
	request->work->done(request);
	start_turns(keys);
}

/* Not all at once to the pool: the key of each that waits there would need a place in locked memory. */
static void start_turns(struct keys *keys)
{
	struct error error;

	while (keys->running < KDF_THREADS && keys->turns != NULL) {
		struct request *request = keys->turns;
		keys->turns = request->next_turn;
		if (keys->turns == NULL)
			keys->turns_end = &keys->turns;
		if (request->work->prepare != NULL && !request->work->prepare(request, &error)) {
			request_fail(request, &error);
			continue;
		}
		keys->running++;
		request->stage = REQUEST_WORKER;
		request->job = (struct kdf_job){.run = request->work->run, .done = on_worker_done};
		kdf_pool_submit(keys->pool, &request->job);
	}
}

static void leave_turns(struct request *request)
{
	struct keys *keys = request->keys;
	struct request **at = &keys->turns;

	while (*at != request)
		at = &(*at)->next_turn;
	*at = request->next_turn;
	if (keys->turns_end == &request->next_turn)
		keys->turns_end = at;
}

void request_need_worker(struct request *request, const struct request_work *work)
{
	struct keys *keys = request->keys;

	request->stage = REQUEST_TURN;
	request->work = work;
	request->next_turn = NULL;
	*keys->turns_end = request;
	keys->turns_end = &request->next_turn;
	start_turns(keys);
}

bool request_take_key(struct request *request, struct error *ret_error)
{
	if (!secret_take(request->keys->opened, &request->key, ret_error))
		return false;
	request->key.size = SIGNATURE_KEY_SIZE;
	return true;
}

bool request_worker_succeeded(struct request *request)
{
	if (request->withdrawn)
		request_free(request);
	else if (!request->ok)
		request_fail(request, &request->error);
	else
		return true;
	return false;
}

void keys_requests_withdraw(struct keys *keys, uint64_t number)
{
	struct request *request = keys->requests;

	while (request != NULL && request->number != number)
		request = request->next;
	if (request == NULL)
		return;
	switch (request->stage) {
	case REQUEST_KEYSTORE:
	case REQUEST_ROOM:
		break;
	case REQUEST_PASSWORD:
		if (keys->terminal != NULL)
			terminal_withdraw(keys->terminal, number);
		if (keys->pipe != NULL)
			secret_pipe_withdraw(keys->pipe, number);
		break;
	case REQUEST_TURN:
		leave_turns(request);
		break;
	case REQUEST_WORKER:
		if (!kdf_pool_withdraw(keys->pool, &request->job)) {
			request->withdrawn = true;
			return;
		}
		keys->running--;
		break;
	}
	request_free(request);
	start_turns(keys);
}

void keys_requests_wipe(struct keys *keys)
{
	for (struct request *request = keys->requests; request != NULL; request = request->next) {
		struct secret *const secrets[] = {&request->password, &request->new_password, &request->key};
		for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
			bytes_wipe(secrets[i]->data, secrets[i]->data == NULL ? 0 : SECRET_SLOT_SIZE);
	}
}
