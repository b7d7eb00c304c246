/* account_version, rpc_modules, account_list and account_new (with clef_new, which is the same without asking for approval). */
#include <stdio.h>
#include <string.h>

#include "core/account_list.h"
#include "core/handlers.h"
#include "core/password.h"
#include "core/signer.h"
#include "core/wallet_url.h"

#define JSON_LIMIT        ((size_t)48 * 1024 * 1024)
#define PASSWORD_ATTEMPTS 3

#define MODULES "{\"account\":\"1.0\",\"rpc\":\"1.0\"}"
#define MODULES_WITH_ETH                                                                                                   \
	"{\"account\":\"1.0\",\"eth\":\"1.0\",\"health\":\"1.0\",\"personal\":\"1.0\",\"rpc\":\"1.0\",\"wallet\":\"1.0\"," \
	"\"web3\":\"1.0\"}"

void handle_version(struct request *request)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(1024);

	if (!request_audit(request, BYTES_NONE))
		return;
	request_advance(request, REQUEST_JUDGED);
	if (request->audited)
		audit_field(&fields, "data", bytes_text(SIGNER_EXTERNAL_API));
	request_answer(request, bytes_text("\"" SIGNER_EXTERNAL_API "\""), buf_bytes(&fields));
}

void handle_modules(struct request *request)
{
	request_advance(request, REQUEST_JUDGED);
	request_answer(request, bytes_text(request->signer->options->eth_api ? MODULES_WITH_ETH : MODULES), BYTES_NONE);
}

/* ---- account_list ---- */

static void put_account(const struct address *address, struct buf *json, struct buf *audit)
{
	char text[ADDRESS_TEXT_SIZE];

	address_to_lower(address, text);
	buf_printf(json, "%s\"%s\"", json->size > 0 ? "," : "", text);
	address_to_checksum(address, text);
	buf_printf(audit, "%s%s", audit->size > 0 ? " " : "", text);
}

/* Only what was offered may come back: a UI that invents accounts is broken or not ours. */
static bool read_chosen(
    struct request *request, yyjson_val *accounts, struct buf *ret_json, struct buf *ret_audit, struct error *ret_error)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(accounts);
	yyjson_val *entry;

	while ((entry = yyjson_arr_iter_next(&iter)) != NULL) {
		yyjson_val *text = yyjson_is_obj(entry) ? yyjson_obj_get(entry, "address") : NULL;
		yyjson_val *url = yyjson_is_obj(entry) ? yyjson_obj_get(entry, "url") : NULL;
		char mixed[ADDRESS_TEXT_SIZE];
		struct address address;

		if (!address_parse(json_bytes(text), &address))
			return error_set(
			    ret_error, ERROR_REFUSED, "the user interface answered with an account that has no valid address");
		if (url != NULL && !wallet_url_check(json_bytes(url), ret_error))
			return false;
		address_to_checksum(&address, mixed);
		if (!listing_offers(request, &address))
			return error_set(ret_error, ERROR_REFUSED,
			    "the user interface answered with %s, an account that it was not offered", mixed);
		put_account(&address, ret_json, ret_audit);
	}
	return true;
}

static void answer_accounts(struct request *request, struct bytes chosen, struct bytes named)
{
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT), list BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct buf fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	buf_put_u8(&json, '[');
	buf_put_bytes(&json, chosen);
	buf_put_u8(&json, ']');
	if (request->audited) {
		buf_put_u8(&list, '[');
		buf_put_bytes(&list, named);
		buf_put_u8(&list, ']');
		audit_field(&fields, "data", buf_bytes(&list));
	}
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

static void answer_chosen(struct request *request, yyjson_val *accounts)
{
	struct buf chosen BUF_CLEANUP = BUF_INIT(JSON_LIMIT), named BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct error error;

	if (!read_chosen(request, accounts, &chosen, &named, &error)) {
		request_refuse(request, &error);
		return;
	}
	request_advance(request, REQUEST_APPROVED);
	answer_accounts(request, buf_bytes(&chosen), buf_bytes(&named));
}

/* The person said once and for all, in clients.conf, which accounts this client is shown. */
static void answer_settled(struct request *request)
{
	struct buf chosen BUF_CLEANUP = BUF_INIT(JSON_LIMIT), named BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	const struct account_list *own = &request->rights->accounts;

	for (size_t i = 0; i < own->count; i++)
		if (account_list_has(listing_of(request), &own->accounts[i].address))
			put_account(&own->accounts[i].address, &chosen, &named);
	answer_accounts(request, buf_bytes(&chosen), buf_bytes(&named));
}

static void on_listing(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct request *request = request_answered_by_ui(context);
	yyjson_val *accounts = yyjson_is_obj(answer->result) ? yyjson_obj_get(answer->result, "accounts") : NULL;

	(void)question;
	if (answer->kind != UI_ANSWER_RESULT)
		request_refuse_data(request, &answer->error, answer->data);
	else if (yyjson_is_arr(accounts))
		answer_chosen(request, accounts);
	else if (accounts == NULL || yyjson_is_null(accounts))
		request_refuse_text(request, ERROR_DENIED, "request denied");
	else
		request_refuse_text(request, ERROR_REFUSED, "the user interface answered with accounts that are no list");
}

static void ask_for_approval(struct request *request, const struct error *error)
{
	struct buf params BUF_CLEANUP = BUF_INIT(JSON_LIMIT + 65536);

	if (error != NULL) {
		request_refuse(request, error);
		return;
	}
	if (request->rights != NULL && request->rights->list_without_asking) {
		answer_settled(request);
		return;
	}
	struct bytes accounts = listing_json(request);

	if (accounts.size == 0) {
		request_refuse_text(request, ERROR_REFUSED, "the keystore has more accounts than can be shown at once");
		return;
	}
	/* Before a page is made that would be thrown away. */
	if (!ui_link_has_room(request->signer->ui, accounts.size)) {
		request_refuse_text(request, ERROR_REFUSED, "too much waits for the person already; try again later");
		return;
	}
	buf_put_text(&params, "{\"accounts\":");
	buf_put_bytes(&params, accounts);
	buf_put_u8(&params, ',');
	request_put_meta(request, &params);
	buf_put_text(&params, ",\"warnings\":[],\"decoded\":null}");
	request_advance(request, REQUEST_ASKED);
	request_ask(request, "ui_approveListing", buf_bytes(&params), on_listing);
}

void handle_list(struct request *request)
{
	if (!request_audit(request, BYTES_NONE))
		return;
	request_advance(request, REQUEST_JUDGED);
	listing_ask(request, ask_for_approval);
}

/* ---- account_new ---- */

struct new_account {
	int attempt; /* from 0 */
};

static void ask_password(struct request *request);

static void answer_created(struct request *request, const struct ipc_keys_created *created)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(1024);
	struct buf json BUF_CLEANUP = BUF_INIT(1024);
	struct reader reader = reader_of(created->address);
	struct bytes bytes = reader_bytes(&reader, ADDRESS_SIZE);
	char text[ADDRESS_TEXT_SIZE];
	struct address address;

	if (!reader_done(&reader)) {
		request_refuse_text(request, ERROR_INTERNAL, "the new account has no address");
		return;
	}
	memcpy(address.bytes, bytes.data, ADDRESS_SIZE);
	address_to_lower(&address, text);
	buf_printf(&json, "\"%s\"", text);
	address_to_checksum(&address, text);
	log_info(&request->signer->log, "new account %s in %.*s; back up this file and its password", text,
	    (int)created->path.size, (const char *)created->path.data);
	if (request->audited)
		audit_field(&fields, "data", bytes_text(text));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

static void next_attempt(struct request *request)
{
	struct new_account *work = request->work;

	if (++work->attempt < PASSWORD_ATTEMPTS)
		ask_password(request);
	else
		request_refuse_text(request, ERROR_REFUSED, "account creation failed");
}

static void on_weak_password(struct request *request, const char *why)
{
	const struct new_account *work = request->work;
	char text[ERROR_TEXT_SIZE + 128];

	snprintf(
	    text, sizeof(text), "Account creation attempt #%d failed due to password requirements: %s", work->attempt + 1, why);
	request_show_error(request, text);
	request_advance(request, REQUEST_APPROVED);
	/* The password of a file does not get better by being read again. */
	if (request->signer->options->password_file != NULL)
		request_refuse_text(request, ERROR_REFUSED, "account creation failed: %s", why);
	else
		next_attempt(request);
}

static void on_created(void *context, enum ipc_type type, const void *message)
{
	struct request *request = context;
	struct error error;

	if (type == IPC_KEYS_SECRET_READ) {
		request_return_terminal(request);
		return;
	}
	request_answered_by_keys(context);
	if (type == IPC_KEYS_CREATED) {
		answer_created(request, message);
		return;
	}
	request_keys_error(message, &error);
	if (error.kind == ERROR_PASSWORD_WEAK)
		on_weak_password(request, error.text);
	else
		request_refuse(request, &error);
}

static void on_password(struct request *request, const struct password *password)
{
	struct ipc_keys_create message = {.source = password->source,
	    .secret = password->secret,
	    .question = password->question,
	    .prompt = password->prompt,
	    .repeat = password->source == IPC_SECRET_TERMINAL};

	if (password->gone) {
		request_refuse(request, &password->error);
	} else if (password->declined) {
		next_attempt(request);
	} else {
		request_advance(request, REQUEST_SIGNING);
		request_keys(request, IPC_KEYS_CREATE, &message, on_created);
	}
}

static void ask_password(struct request *request)
{
	const struct new_account *work = request->work;
	char prompt[128];

	snprintf(prompt, sizeof(prompt), "Please enter a password for the new account to be created (attempt %d of %d)",
	    work->attempt, PASSWORD_ATTEMPTS);
	password_ask(request, "New account password", prompt, on_password);
}

static void on_approval(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct request *request = request_answered_by_ui(context);

	(void)question;
	if (answer->kind != UI_ANSWER_RESULT) {
		request_refuse_data(request, &answer->error, answer->data);
	} else if (!yyjson_is_obj(answer->result) && !yyjson_is_null(answer->result)) {
		request_refuse_text(request, ERROR_REFUSED, "the user interface answered with something that is no approval");
	} else if (!yyjson_is_true(yyjson_obj_get(answer->result, "approved"))) {
		request_refuse_text(request, ERROR_DENIED, "request denied");
	} else {
		request_advance(request, REQUEST_APPROVED);
		ask_password(request);
	}
}

static bool begin_new(struct request *request)
{
	if (request->signer->options->keystore[0] == 0) {
		request_refuse_text(request, ERROR_REFUSED, "password based accounts not supported");
		return false;
	}
	request->work = arena_alloc(&request->arena, sizeof(struct new_account));
	request_advance(request, REQUEST_JUDGED);
	return true;
}

void handle_new(struct request *request)
{
	struct buf params BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	if (!request_audit(request, BYTES_NONE) || !begin_new(request))
		return;
	buf_put_u8(&params, '{');
	request_put_meta(request, &params);
	buf_put_text(&params, ",\"warnings\":[],\"decoded\":null}");
	request_advance(request, REQUEST_ASKED);
	request_ask(request, "ui_approveNewAccount", buf_bytes(&params), on_approval);
}

void handle_clef_new(struct request *request)
{
	if (!begin_new(request))
		return;
	request_advance(request, REQUEST_APPROVED);
	ask_password(request);
}
