/* What only reads the keystore: LIST, FIND, EXPORT. */
#include "keys/requests.h"

/* Limits of the answers in messages.def, less room for their other fields. */
#define LIST_MOST   ((size_t)64 * 1024 * 1024 - 64)
#define PATH_MOST   ((size_t)65536 - 256)
#define EXPORT_MOST ((size_t)256 * 1024 - 64)

static void refuse(struct request *request, const char *text)
{
	struct error error;

	error_set(&error, ERROR_REFUSED, "%s", text);
	request_fail(request, &error);
}

static void list_now(struct request *request)
{
	BUF_CLEANUP struct buf accounts = BUF_INIT(LIST_MOST);
	struct ipc_keys_accounts answer = {.request = request->number};

	if (!request_has_room(request, list_now))
		return;
	keystore_put_list(request->keys->keystore, &accounts);
	if (!buf_ok(&accounts)) {
		refuse(request, "the keystore holds too many accounts to list");
		return;
	}
	answer.accounts = buf_bytes(&accounts);
	request_finish(request, IPC_KEYS_ACCOUNTS, &answer);
}

static void find_now(struct request *request)
{
	BUF_CLEANUP struct buf path = BUF_INIT(PATH_MOST);
	struct ipc_keys_found answer = {.request = request->number};

	answer.count = keystore_find(request->keys->keystore, &request->address, &path);
	answer.path = buf_bytes(&path);
	request_finish(request, IPC_KEYS_FOUND, &answer);
}

static void export_now(struct request *request)
{
	BUF_CLEANUP struct buf content = BUF_INIT(KEYFILE_SIZE_MAX);
	struct ipc_keys_exported answer = {.request = request->number};
	struct error error;

	if (!request_has_room(request, export_now))
		return;
	if (!keystore_read(request->keys->keystore, &request->address, &content, &error)) {
		request_fail(request, &error);
		return;
	}
	if (content.size > EXPORT_MOST) {
		refuse(request, "the key file is larger than 256 KiB and cannot be exported");
		return;
	}
	answer.content = buf_bytes(&content);
	request_finish(request, IPC_KEYS_EXPORTED, &answer);
}

void request_list(struct request *request)
{
	request_need_keystore(request, list_now);
}

void request_find(struct request *request)
{
	request_need_keystore(request, find_now);
}

void request_export(struct request *request)
{
	request_need_keystore(request, export_now);
}
