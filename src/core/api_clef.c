/* What the UI may call on its own channel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/u256.h"
#include "core/account_list.h"
#include "core/handlers.h"
#include "core/signer.h"
#include "core/wallet_url.h"

#define JSON_LIMIT ((size_t)48 * 1024 * 1024)

/* ---- accounts and wallets ---- */

typedef void put_accounts(const struct account_list *list, struct buf *json);

static void answer_accounts(struct request *request, const struct error *error, put_accounts *put)
{
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	if (error != NULL) {
		request_refuse(request, error);
		return;
	}
	put(listing_of(request), &json);
	if (buf_ok(&json))
		request_answer(request, buf_bytes(&json), BYTES_NONE);
	else
		request_refuse_text(request, ERROR_REFUSED, "the keystore has more accounts than can be told at once");
}

/* No accounts are null, as Clef answers. */
static void put_list(const struct account_list *list, struct buf *json)
{
	if (list->count == 0)
		buf_put_text(json, "null");
	else
		account_list_put_json(list, json);
}

/* Every key file is a wallet of its own with one account; a key is never kept open, so each is locked. */
static void put_wallets(const struct account_list *list, struct buf *json)
{
	buf_put_u8(json, '[');
	for (size_t i = 0; i < list->count; i++) {
		struct buf url BUF_CLEANUP = BUF_INIT(65536);

		buf_put_text(&url, "keystore://");
		buf_put_bytes(&url, list->accounts[i].path);
		buf_put_text(json, i > 0 ? ",{\"url\":" : "{\"url\":");
		json_put_string(json, buf_bytes(&url));
		buf_put_text(json, ",\"status\":\"Locked\",\"accounts\":[");
		account_put_json(&list->accounts[i].address, list->accounts[i].path, json);
		buf_put_text(json, "]}");
	}
	buf_put_u8(json, ']');
}

static void answer_list(struct request *request, const struct error *error)
{
	answer_accounts(request, error, put_list);
}

static void answer_wallets(struct request *request, const struct error *error)
{
	answer_accounts(request, error, put_wallets);
}

void handle_clef_list_accounts(struct request *request)
{
	request_advance(request, REQUEST_JUDGED);
	listing_ask(request, answer_list);
}

void handle_clef_list_wallets(struct request *request)
{
	request_advance(request, REQUEST_JUDGED);
	listing_ask(request, answer_wallets);
}

/* ---- importing and exporting ---- */

#define SECRET_MAX   4096 /* of a password, and of a key in hex */
#define KEY_FILE_MAX (128 * 1024)
_Static_assert(
    2 * SECRET_MAX + 1024 <= IPC_KEYS_IMPORT_RAW_MOST && KEY_FILE_MAX + 2 * SECRET_MAX + 1024 <= IPC_KEYS_IMPORT_FILE_MOST,
    "what the user interface gives goes to keys in one message");

static void on_created(void *context, enum ipc_type type, const void *message)
{
	if (type == IPC_KEYS_SECRET_READ) /* it has been given, there was nothing to read */
		return;
	struct request *request = request_answered_by_keys(context);
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct address address;
	struct error error;

	if (type != IPC_KEYS_CREATED) {
		request_keys_error(message, &error);
		if (error.kind == ERROR_PASSWORD_WEAK)
			request_refuse_text(request, ERROR_REFUSED, "password requirements not met: %s", error.text);
		else
			request_refuse(request, &error);
		return;
	}
	const struct ipc_keys_created *created = message;

	if (created->address.size != ADDRESS_SIZE) {
		request_refuse_text(request, ERROR_INTERNAL, "the new account has no address");
		return;
	}
	memcpy(address.bytes, created->address.data, ADDRESS_SIZE);
	account_put_json(&address, created->path, &json);
	request_answer(request, buf_bytes(&json), BYTES_NONE);
}

static void import(struct request *request, enum ipc_type type, void *message)
{
	if (request->signer->options->keystore[0] == 0) {
		request_refuse_text(request, ERROR_REFUSED, "password based accounts not supported");
		return;
	}
	request_advance(request, REQUEST_JUDGED);
	request_advance(request, REQUEST_APPROVED);
	request_advance(request, REQUEST_SIGNING);
	request_keys(request, type, message, on_created);
	/* The passwords are on their way: nothing here needs them while keys is at work. */
	request_forget_arguments(request);
}

/* A text, or null for an empty one. False: the request has ended. */
static bool read_text(struct request *request, size_t argument, struct bytes *ret_text)
{
	yyjson_val *value = request->arguments[argument];

	if (!yyjson_is_str(value) && !yyjson_is_null(value)) {
		request_refuse_text(request, ERROR_PARAMS, "invalid argument %zu: expected a text", argument);
		return false;
	}
	*ret_text = yyjson_is_str(value) ? json_bytes(value) : BYTES_NONE;
	return true;
}

void handle_clef_import_raw_key(struct request *request)
{
	struct ipc_keys_import_raw message = {.source = IPC_SECRET_GIVEN};

	if (!read_text(request, 0, &message.key) || !read_text(request, 1, &message.secret))
		return;
	if (message.key.size == 0) /* empty would mean the inherited file */
		request_refuse_text(request, ERROR_REFUSED, "invalid length, need 256 bits");
	else if (message.key.size > SECRET_MAX || message.secret.size > SECRET_MAX)
		request_refuse_text(request, ERROR_REFUSED, "a key or password of more than 4096 bytes is not taken");
	else
		import(request, IPC_KEYS_IMPORT_RAW, &message);
}

void handle_clef_import(struct request *request)
{
	struct buf content BUF_CLEANUP = BUF_INIT(KEY_FILE_MAX);
	struct ipc_keys_import_file message = {0};

	if (!read_text(request, 1, &message.old_secret) || !read_text(request, 2, &message.new_secret))
		return;
	if (!json_write(request->arguments[0], &content) || message.old_secret.size > SECRET_MAX ||
	    message.new_secret.size > SECRET_MAX) {
		request_refuse_text(
		    request, ERROR_REFUSED, "a key file of more than 128 KiB or a password of more than 4096 bytes is not taken");
		return;
	}
	message.content = buf_bytes(&content);
	import(request, IPC_KEYS_IMPORT_FILE, &message);
}

static void on_exported(void *context, enum ipc_type type, const void *message)
{
	struct request *request = request_answered_by_keys(context);
	struct json file JSON_CLEANUP = {0};
	struct error error;

	if (type != IPC_KEYS_EXPORTED) {
		request_keys_error(message, &error);
		request_refuse(request, &error);
		return;
	}
	const struct ipc_keys_exported *exported = message;

	/* It goes into our answer as it stands, so it must be one JSON value. */
	if (json_parse(exported->content, &file, &error))
		request_answer(request, exported->content, BYTES_NONE);
	else
		request_refuse_text(request, ERROR_REFUSED, "the key file is no JSON");
}

void handle_clef_export(struct request *request)
{
	struct ipc_keys_export message = {0};
	struct address address;
	struct error error;

	if (!account_read_address(json_bytes(request->arguments[0]), 0, &address, &error)) {
		request_refuse(request, &error);
		return;
	}
	message.address = bytes_of(address.bytes, ADDRESS_SIZE);
	request_advance(request, REQUEST_JUDGED);
	request_keys(request, IPC_KEYS_EXPORT, &message, on_exported);
}

/* ---- the chain ---- */

static void answer_chain(struct request *request)
{
	char json[32];

	snprintf(json, sizeof(json), "\"0x%llx\"", (unsigned long long)request->signer->chain_id);
	request_answer(request, bytes_text(json), BYTES_NONE);
}

void handle_clef_chain_id(struct request *request)
{
	request_advance(request, REQUEST_JUDGED);
	answer_chain(request);
}

/* Hex after 0x, or decimal, as a text or a number; at most 64 bits. */
static bool read_chain(struct bytes text, uint64_t *ret_chain)
{
	struct u256 number;
	bool ok = hex_has_prefix(text) ? u256_from_hex_digits(hex_skip_prefix(text), &number) : u256_from_decimal(text, &number);

	return ok && u256_fits_u64(&number, ret_chain);
}

void handle_clef_set_chain_id(struct request *request)
{
	uint64_t chain;

	if (!read_chain(json_bytes(request->arguments[0]), &chain)) {
		request_refuse_text(
		    request, ERROR_PARAMS, "invalid argument 0: expected a chain id of at most 64 bits, hex after 0x or decimal");
		return;
	}
	request->signer->chain_id = chain;
	if (chain == 0)
		log_warn(&request->signer->log,
		    "the UI chose chain id 0: legacy transactions are signed without EIP-155 and can be replayed on every chain");
	else
		log_warn(&request->signer->log, "the UI changed the chain id to %llu", (unsigned long long)chain);
	request_advance(request, REQUEST_JUDGED);
	answer_chain(request);
}

/* ---- hardware wallets: there are none yet; a key file's wallet needs no opening and derives nothing ---- */

struct wallet_call {
	struct bytes url;
	bool derive;
};

static bool has_wallet(const struct account_list *list, struct bytes url)
{
	struct bytes scheme = bytes_text("keystore://");

	if (url.size < scheme.size || memcmp(url.data, scheme.data, scheme.size) != 0)
		return false;
	for (size_t i = 0; i < list->count; i++)
		if (bytes_equal(list->accounts[i].path, bytes_of(url.data + scheme.size, url.size - scheme.size)))
			return true;
	return false;
}

static void answer_wallet_call(struct request *request, const struct error *error)
{
	const struct wallet_call *work = request->work;

	if (error != NULL)
		request_refuse(request, error);
	else if (!has_wallet(listing_of(request), work->url))
		request_refuse_text(request, ERROR_REFUSED, "unknown wallet");
	else if (work->derive)
		request_refuse_text(request, ERROR_REFUSED, "not supported");
	else
		request_answer(request, bytes_text("null"), BYTES_NONE);
}

static void start_wallet_call(struct request *request, bool derive)
{
	struct wallet_call *work = arena_alloc(&request->arena, sizeof(*work));
	struct bytes url, path;
	struct error error;

	request->work = work;
	if (!read_text(request, 0, &url) || (derive && !read_text(request, 1, &path)))
		return;
	if (!wallet_url_check(url, &error) || (derive && !wallet_path_check(path, &error))) {
		request_refuse(request, &error);
		return;
	}
	work->url = arena_copy(&request->arena, url);
	work->derive = derive;
	request_advance(request, REQUEST_JUDGED);
	listing_ask(request, answer_wallet_call);
}

void handle_clef_open_wallet(struct request *request)
{
	start_wallet_call(request, false);
}

void handle_clef_derive_account(struct request *request)
{
	start_wallet_call(request, true);
}
