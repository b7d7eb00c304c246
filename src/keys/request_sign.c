/* SIGN: the content is checked, the password asked, the key file read, the key opened on a worker, and used once. */
#include "keys/requests.h"
#include "keys/sign_batch.h"

static void open_run(struct kdf_job *job)
{
	struct request *request = (struct request *)job;

	request->ok = keyfile_open(&request->keyfile, secret_bytes(&request->password), request->key.data, &request->error);
}

/* After the answer is on its way, so that the next signature finds the curve context blinded anew and nobody waited for it. */
static void blind_anew_soon(struct keys *keys)
{
	static const struct timeval soon = {0, 1000};

	keys->refresh_due = true;
	evtimer_add(keys->refresh, &soon);
}

static bool sign_now(struct request *request, struct buf *ret_signatures, struct error *ret_error)
{
	struct keys *keys = request->keys;

	/* The last signature was made less than a moment ago. */
	if (keys->refresh_due && !signer_refresh(keys->signer, ret_error))
		return false;
	blind_anew_soon(keys);
	return sign_batch(keys->signer, request->kind, buf_bytes(&request->content), request->key.data, &request->address,
	    ret_signatures, ret_error);
}

static void open_done(struct request *request)
{
	struct ipc_keys_signed answer = {.request = request->number};
	BUF_CLEANUP struct buf signatures = BUF_INIT(SIGN_BATCH_RESULT_MAX);
	struct error error;

	if (!request_worker_succeeded(request))
		return;
	bool ok = sign_now(request, &signatures, &error);
	secret_release(&request->key);
	secret_release(&request->password);
	if (ok) {
		answer.signature = buf_bytes(&signatures);
		request_finish(request, IPC_KEYS_SIGNED, &answer);
		return;
	}
	if (error.kind == ERROR_INTERNAL)
		log_error(&request->keys->log, "request %llu: %s", (unsigned long long)request->number, error.text);
	request_fail(request, &error);
}

static void open_key(struct request *request)
{
	static const struct request_work work = {request_take_key, open_run, open_done};

	request_need_worker(request, &work);
}

static bool read_file(struct request *request, struct error *ret_error)
{
	BUF_CLEANUP struct buf content = BUF_INIT(KEYFILE_SIZE_MAX);

	return keystore_read(request->keys->keystore, &request->address, &content, ret_error) &&
	       keyfile_parse(buf_bytes(&content), &request->keyfile, ret_error);
}

static void read_file_and_open(struct request *request)
{
	struct error error;

	if (read_file(request, &error))
		open_key(request);
	else
		request_fail(request, &error);
}

static void find_file(struct request *request)
{
	request_need_keystore(request, read_file_and_open);
}

/* Nobody is asked for a password for what cannot be signed, as far as that is known without waiting. */
static bool check_before_asking(struct request *request, struct error *ret_error)
{
	if (!sign_batch_check(request->kind, buf_bytes(&request->content), ret_error))
		return false;
	bool asks = request->source != IPC_SECRET_GIVEN;
	return !asks || !keystore_service_settle(request->keys) || read_file(request, ret_error);
}

/*
 * The password first, even while the keystore is being read: the UI has left the terminal to us, and until the prompt stands what a
 * person types is shown.
 */
void request_sign(struct request *request)
{
	struct error error;

	if (check_before_asking(request, &error))
		request_need_password(request, find_file);
	else
		request_fail(request, &error);
}
