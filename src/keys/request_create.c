/* New key files: CREATE, IMPORT_RAW and IMPORT_FILE end alike: a key, a new password, a file that did not exist. */
#include <errno.h>
#include <sys/random.h>

#include "keys/requests.h"
#include "keys/wipe_stack.h"

#define PATH_MOST ((size_t)65536 - 256)

static void refuse(struct request *request, const char *text)
{
	struct error error;

	error_set(&error, ERROR_REFUSED, "%s", text);
	request_fail(request, &error);
}

/* ---- the common end: request->key under request->password becomes a file ---- */

static void seal_run(struct kdf_job *job)
{
	struct request *request = (struct request *)job;

	request->ok = keyfile_seal(request->key.data, &request->address, secret_bytes(&request->password), &request->keys->cost,
	    &request->keyfile, &request->error);
}

static void seal_done(struct request *request)
{
	BUF_CLEANUP struct buf text = BUF_INIT(KEYFILE_JSON_MAX), path = BUF_INIT(PATH_MOST);
	struct ipc_keys_created answer = {.request = request->number};
	struct error error;

	if (!request_worker_succeeded(request))
		return;
	secret_release(&request->key);
	secret_release(&request->password);
	keyfile_write(&request->keyfile, &text);
	if (!keystore_add(request->keys->keystore, &request->address, buf_bytes(&text), &path, &error)) {
		request_fail(request, &error);
		return;
	}
	answer.address = bytes_of(request->address.bytes, ADDRESS_SIZE);
	answer.path = buf_bytes(&path);
	request_finish(request, IPC_KEYS_CREATED, &answer);
}

/* ---- CREATE ---- */

/* Who owns request->key. */
static void derive_address(struct request *request)
{
	signature_key_address(signer_context(request->keys->signer), request->key.data, &request->address);
	wipe_stack();
}

static bool make_key(struct request *request, struct error *ret_error)
{
	const struct signature_context *context = signer_context(request->keys->signer);

	if (!request_take_key(request, ret_error))
		return false;
	do {
		if (getrandom(request->key.data, SIGNATURE_KEY_SIZE, 0) != SIGNATURE_KEY_SIZE)
			return error_set_errno(ret_error, errno, "no random bytes");
	} while (!signature_key_is_valid(context, request->key.data));
	derive_address(request);
	return true;
}

static void create_under_password(struct request *request)
{
	static const struct request_work work = {make_key, seal_run, seal_done};
	struct error error;

	if (password_check_new(secret_bytes(&request->password), &error))
		request_need_worker(request, &work);
	else
		request_fail(request, &error);
}

void request_create(struct request *request)
{
	request_need_password(request, create_under_password);
}

/* ---- the imports ---- */

static void import_if_new(struct request *request)
{
	static const struct request_work work = {NULL, seal_run, seal_done};
	BUF_CLEANUP struct buf path = BUF_INIT(PATH_MOST);

	if (keystore_find(request->keys->keystore, &request->address, &path) > 0)
		refuse(request, "account already exists");
	else
		request_need_worker(request, &work);
}

static void import_under_password(struct request *request)
{
	struct error error;

	if (!password_check_new(secret_bytes(&request->password), &error)) {
		request_fail(request, &error);
		return;
	}
	derive_address(request);
	request_need_keystore(request, import_if_new);
}

void request_import_raw(struct request *request)
{
	request_need_password(request, import_under_password);
}

static void open_run(struct kdf_job *job)
{
	struct request *request = (struct request *)job;

	request->ok = keyfile_open(&request->keyfile, secret_bytes(&request->password), request->key.data, &request->error);
}

static void open_done(struct request *request)
{
	struct error error;

	if (!request_worker_succeeded(request))
		return;
	if (!sign_check_key(request->keys->signer, request->key.data,
	        request->keyfile.has_address ? &request->keyfile.address : NULL, &error)) {
		request_fail(request, &error);
		return;
	}
	secret_release(&request->password);
	request->password = request->new_password;
	request->new_password = (struct secret){0};
	import_under_password(request);
}

void request_import_file(struct request *request)
{
	static const struct request_work work = {NULL, open_run, open_done};
	struct error error;

	if (!password_check_new(secret_bytes(&request->new_password), &error) ||
	    !keyfile_parse(buf_bytes(&request->content), &request->keyfile, &error) ||
	    !secret_take(request->keys->arena, &request->key, &error)) {
		request_fail(request, &error);
		return;
	}
	request->key.size = SIGNATURE_KEY_SIZE;
	request_need_worker(request, &work);
}
