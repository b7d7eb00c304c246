/* SIGN: the content is checked, the key file read, the password asked, the key opened on a worker, and used once. */
#include "keys/requests.h"

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

static bool sign_now(struct request *request, uint8_t ret_signature[SIGN_RESULT_SIZE], struct error *ret_error)
{
	struct keys *keys = request->keys;

	/* The last signature was made less than a moment ago. */
	if (keys->refresh_due && !signer_refresh(keys->signer, ret_error))
		return false;
	blind_anew_soon(keys);
	return sign_content(keys->signer, request->kind, buf_bytes(&request->content), request->key.data, &request->address,
	    ret_signature, ret_error);
}

static void open_done(struct request *request)
{
	struct ipc_keys_signed answer = {.request = request->number};
	uint8_t signature[SIGN_RESULT_SIZE];
	struct error error;

	if (!request_worker_succeeded(request))
		return;
	bool ok = sign_now(request, signature, &error);
	secret_release(&request->key);
	secret_release(&request->password);
	if (ok) {
		answer.signature = bytes_of(signature, sizeof signature);
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

static void read_file(struct request *request)
{
	BUF_CLEANUP struct buf content = BUF_INIT(KEYFILE_SIZE_MAX);
	struct error error;

	if (!keystore_read(request->keys->keystore, &request->address, &content, &error) ||
	    !keyfile_parse(buf_bytes(&content), &request->keyfile, &error))
		request_fail(request, &error);
	else
		request_need_password(request, open_key);
}

void request_sign(struct request *request)
{
	uint8_t digest[SIGNATURE_DIGEST_SIZE];
	struct error error;

	/* Nobody is asked for a password for what cannot be signed. */
	if (!sign_digest(request->kind, buf_bytes(&request->content), digest, &error))
		request_fail(request, &error);
	else
		request_need_keystore(request, read_file);
}
