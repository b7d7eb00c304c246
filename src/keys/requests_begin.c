/* The beginning of a request: its message is read, what must outlive the message is copied. */
#include "keys/rawkey.h"
#include "keys/requests.h"

#include <stdlib.h>

#include "base/memory.h"

static struct request *request_new(struct keys *keys, uint64_t number)
{
	struct request *request = memory_new(1, sizeof *request);

	*request = (struct request){.keys = keys, .next = keys->requests, .number = number};
	keys->requests = request;
	keys->request_count++;
	return request;
}

/* Where the password comes from; a given one goes into its slot now, since the message goes away. */
static bool take_source(struct request *request, uint64_t source, struct bytes secret, uint64_t question, struct bytes prompt,
    bool repeat, struct error *ret_error)
{
	request->source = source;
	request->question = question;
	request->prompt = memory_text(prompt);
	request->repeat = repeat;
	if (source != IPC_SECRET_GIVEN)
		return true;
	if (secret.size > PASSWORD_MOST)
		return error_set(ret_error, ERROR_REFUSED, "the password is longer than %d bytes", PASSWORD_MOST);
	return secret_take(request->keys->arena, &request->password, ret_error) && secret_set(&request->password, secret);
}

static bool take_address(struct request *request, struct bytes address, struct error *ret_error)
{
	if (address.size != ADDRESS_SIZE)
		return error_set(ret_error, ERROR_PARAMS, "an address has 20 bytes, not %zu", address.size);
	for (size_t i = 0; i < ADDRESS_SIZE; i++)
		request->address.bytes[i] = address.data[i];
	return true;
}

static void take_content(struct request *request, struct bytes content)
{
	request->content = BUF_INIT(content.size);
	buf_put_bytes(&request->content, content);
}

static bool take_nothing(struct request *request, const void *message, struct error *ret_error)
{
	(void)request;
	(void)message;
	(void)ret_error;
	return true;
}

static bool take_find(struct request *request, const void *message, struct error *ret_error)
{
	const struct ipc_keys_find *find = message;

	return take_address(request, find->address, ret_error);
}

static bool take_export(struct request *request, const void *message, struct error *ret_error)
{
	const struct ipc_keys_export *export = message;

	return take_address(request, export->address, ret_error);
}

static bool take_sign(struct request *request, const void *message, struct error *ret_error)
{
	const struct ipc_keys_sign *sign = message;

	request->kind = (enum ipc_sign_kind)sign->kind;
	take_content(request, sign->content);
	return take_address(request, sign->address, ret_error) &&
	       take_source(request, sign->source, sign->secret, sign->question, sign->prompt, false, ret_error);
}

static bool take_create(struct request *request, const void *message, struct error *ret_error)
{
	const struct ipc_keys_create *create = message;

	return take_source(
	    request, create->source, create->secret, create->question, create->prompt, create->repeat != 0, ret_error);
}

static bool take_import_raw(struct request *request, const void *message, struct error *ret_error)
{
	const struct ipc_keys_import_raw *import = message;
	struct keys *keys = request->keys;
	const struct signature_context *context = signer_context(keys->signer);

	if (!secret_take(keys->arena, &request->key, ret_error))
		return false;
	/* Before a password is asked: what is no key needs none. */
	bool ok = import->key.size == 0 && keys->has_import
	              ? rawkey_parse_file(context, secret_bytes(&keys->import), &request->key, ret_error)
	              : rawkey_parse(context, import->key, &request->key, ret_error);
	return ok && take_source(request, import->source, import->secret, import->question, import->prompt, import->repeat != 0,
	                 ret_error);
}

static bool take_import_file(struct request *request, const void *message, struct error *ret_error)
{
	const struct ipc_keys_import_file *import = message;

	take_content(request, import->content);
	if (import->new_secret.size > PASSWORD_MOST)
		return error_set(ret_error, ERROR_PASSWORD_WEAK, "password too long (>%d bytes)", PASSWORD_MOST);
	return take_source(request, IPC_SECRET_GIVEN, import->old_secret, 0, BYTES_NONE, false, ret_error) &&
	       secret_take(request->keys->arena, &request->new_password, ret_error) &&
	       secret_set(&request->new_password, import->new_secret);
}

static const struct kind {
	enum ipc_type type;
	bool (*take)(struct request *request, const void *message, struct error *ret_error);
	void (*start)(struct request *request);
} kinds[] = {
    {IPC_KEYS_LIST, take_nothing, request_list},
    {IPC_KEYS_FIND, take_find, request_find},
    {IPC_KEYS_EXPORT, take_export, request_export},
    {IPC_KEYS_SIGN, take_sign, request_sign},
    {IPC_KEYS_CREATE, take_create, request_create},
    {IPC_KEYS_IMPORT_RAW, take_import_raw, request_import_raw},
    {IPC_KEYS_IMPORT_FILE, take_import_file, request_import_file},
};

static void begin(struct keys *keys, const struct kind *kind, const void *message, uint64_t number)
{
	struct request *request = request_new(keys, number);
	struct error error = {0};

	if (keys->request_count > KEYS_REQUESTS_MOST) {
		error_set(&error, ERROR_REFUSED, "too many requests at a time, try again later");
		request_fail(request, &error);
	} else if (kind->take(request, message, &error)) {
		kind->start(request);
	} else {
		request_fail(request, &error);
	}
}

void keys_requests_message(struct keys *keys, enum ipc_type type, const void *message)
{
	/* Every message that comes here begins with the number of a request (messages.def). */
	uint64_t number = *(const uint64_t *)message;

	if (type == IPC_KEYS_WITHDRAW) {
		keys_requests_withdraw(keys, number);
		return;
	}
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (kinds[i].type == type) {
			begin(keys, &kinds[i], message, number);
			return;
		}
	}
	log_fatal(&keys->log, "core sent %s, which has no place here", ipc_type_name(type));
}
