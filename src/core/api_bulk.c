/* account_bulkSignTransactions: several transactions of one account, approved by one yes and signed all or none. */
#include "base/hex.h"
#include "core/handlers.h"
#include "core/signer.h"
#include "core/signing.h"
#include "decode/bulk.h"
#include "decode/validation.h"
#include "eth/authorization.h"
#include "eth/transaction.h"

#define JSON_LIMIT  ((size_t)48 * 1024 * 1024)
#define CONTENT_MAX ((size_t)5 * 1024 * 1024)
_Static_assert(CONTENT_MAX <= IPC_SIGN_CONTENT_MAX, "all of it goes to keys in one message");

struct bulk {
	struct signing signing; /* first: see signing.h */
	size_t count;
	struct transaction *transactions;
	struct validation *validations;
	struct bulk_totals totals;
	uint64_t chain_id; /* of the signer when the request came */
};

static void on_failed(struct request *request, const struct error *error, bool password_declined)
{
	if (!password_declined)
		request_show_error(request, error->text);
	request_refuse(request, error);
}

/* ---- the answer ---- */

static bool put_signed(const struct bulk *work, size_t index, const struct signature *signature, struct buf *json,
    struct buf *ret_raws, struct error *ret_error)
{
	const struct transaction *transaction = &work->transactions[index];
	struct buf raw BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);

	if (!transaction_put_result_json(transaction, work->chain_id, signature, json, ret_error) ||
	    !transaction_put_signed(transaction, work->chain_id, signature, &raw, ret_error))
		return false;
	if (index > 0)
		buf_put_u8(ret_raws, ',');
	hex_encode(buf_bytes(&raw), ret_raws);
	return true;
}

static bool put_results(const struct bulk *work, const struct signature *signatures, struct bytes *ret_each, struct arena *arena,
    struct buf *ret_raws, struct error *ret_error)
{
	for (size_t i = 0; i < work->count; i++) {
		struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

		if (!put_signed(work, i, &signatures[i], &json, ret_raws, ret_error))
			return false;
		ret_each[i] = arena_copy(arena, buf_bytes(&json));
	}
	return buf_ok(ret_raws) || error_set(ret_error, ERROR_REFUSED, "the transactions are too large");
}

/* Every transaction is in the audit log before the first of them is told to anybody. */
static void on_signed(struct request *request, const struct signature *signatures)
{
	const struct bulk *work = request->work;
	struct bytes *each = arena_array(&request->arena, work->count, sizeof(*each));
	struct buf raws BUF_CLEANUP = BUF_INIT(JSON_LIMIT), fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct error error;

	if (!put_results(work, signatures, each, &request->arena, &raws, &error)) {
		on_failed(request, &error, false);
		return;
	}
	if (request->audited)
		audit_field(&fields, "data", buf_bytes(&raws));
	if (!request_audit_outcome(request, buf_bytes(&fields)))
		return;
	for (size_t i = 0; i < work->count; i++) {
		ui_link_notify(request->signer->ui, "ui_onApprovedTx", each[i]);
		buf_put_u8(&json, i == 0 ? '[' : ',');
		buf_put_bytes(&json, each[i]);
	}
	buf_put_u8(&json, ']');
	request_answer(request, buf_bytes(&json), BYTES_NONE);
}

/* ---- after the approval ---- */

static bool is_same(const struct bulk *work, size_t index, yyjson_val *untrusted_value, struct error *ret_error)
{
	const struct transaction *asked = &work->transactions[index];
	struct buf shown BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX), returned BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	ARENA_CLEANUP struct arena arena = {0};
	struct transaction transaction;

	if (!transaction_from_ui_json(untrusted_value, asked, &arena, &transaction, ret_error) ||
	    !transaction_put_payload(asked, work->chain_id, &shown, ret_error) ||
	    !transaction_put_payload(&transaction, work->chain_id, &returned, ret_error))
		return false;
	return (address_equal(&asked->from, &transaction.from) && bytes_equal(buf_bytes(&shown), buf_bytes(&returned))) ||
	       error_set(ret_error, ERROR_REFUSED, "transactions that are approved together cannot be changed, and the UI did");
}

/* A UI may return what it approved; it has to be what was shown. */
static bool check_returned(const struct bulk *work, yyjson_val *untrusted_transactions, struct error *ret_error)
{
	size_t index, count;
	yyjson_val *untrusted_value;

	if (untrusted_transactions == NULL || yyjson_is_null(untrusted_transactions))
		return true;
	if (!yyjson_is_arr(untrusted_transactions) || yyjson_arr_size(untrusted_transactions) != work->count)
		return error_set(ret_error, ERROR_REFUSED,
		    "the UI approved other transactions than the %zu that it was asked about", work->count);
	yyjson_arr_foreach(untrusted_transactions, index, count, untrusted_value)
	{
		if (!is_same(work, index, untrusted_value, ret_error))
			return error_prefix(ret_error, "[%zu]", index);
	}
	return true;
}

static void take_approved(struct request *request, yyjson_val *untrusted_transactions)
{
	const struct bulk *work = request->work;
	struct error error;

	if (signing_chain_changed(request, work->chain_id))
		return;
	if (!check_returned(work, untrusted_transactions, &error)) {
		error.kind = ERROR_REFUSED;
		request_refuse(request, &error);
		return;
	}
	request_advance(request, REQUEST_APPROVED);
	signing_start(request);
}

static void on_approval(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct request *request = request_answered_by_ui(context);

	(void)question;
	if (answer->kind != UI_ANSWER_RESULT)
		request_refuse_data(request, &answer->error, answer->data);
	else if (!yyjson_is_obj(answer->result) && !yyjson_is_null(answer->result))
		request_refuse_text(request, ERROR_REFUSED, "the user interface answered with something that is no approval");
	else if (!yyjson_is_true(yyjson_obj_get(answer->result, "approved")))
		request_refuse_text(request, ERROR_DENIED, "request denied");
	else
		take_approved(request, yyjson_obj_get(answer->result, "transactions"));
}

/* ---- before ---- */

static void put_question(const struct bulk *work, struct buf *params)
{
	buf_put_u8(params, '{');
	bulk_put_ui_members(work->transactions, work->validations, &work->totals, work->chain_id, params);
	buf_put_text(params, ",\"call_info\":null,\"warnings\":[],\"decoded\":null,");
}

static void ask(struct request *request)
{
	const struct bulk *work = request->work;
	struct buf params BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	if (signing_chain_changed(request, work->chain_id))
		return;
	put_question(work, &params);
	request_put_meta(request, &params);
	buf_put_u8(&params, '}');
	if (!buf_ok(&params)) {
		request_refuse_text(request, ERROR_REFUSED, "the transactions are too large together to be shown");
		return;
	}
	request_advance(request, REQUEST_ASKED);
	request_ask(request, "ui_approveBulkTransactions", buf_bytes(&params), on_approval);
}

static bool read_arguments(struct request *request, struct bulk *work, struct error *ret_error)
{
	yyjson_val *list = request->arguments[0];
	size_t index, count, authorizations = 0;
	yyjson_val *untrusted_value;

	if (!yyjson_is_arr(list))
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 0: expected an array of transactions");
	if (yyjson_arr_size(list) == 0 || yyjson_arr_size(list) > IPC_SIGN_TRANSACTIONS_MAX)
		return error_set(ret_error, ERROR_PARAMS, "invalid argument 0: expected 1 to %d transactions, found %zu",
		    IPC_SIGN_TRANSACTIONS_MAX, yyjson_arr_size(list));
	if (!transaction_params_are_plain(request->params_text, ret_error))
		return false;
	work->count = yyjson_arr_size(list);
	work->transactions = arena_array(&request->arena, work->count, sizeof(*work->transactions));
	work->validations = arena_array(&request->arena, work->count, sizeof(*work->validations));
	yyjson_arr_foreach(list, index, count, untrusted_value)
	{
		struct transaction *transaction = &work->transactions[index];

		if (!transaction_from_json(untrusted_value, &request->arena, transaction, ret_error))
			return error_in(ret_error, "[%zu]", index);
		authorizations += transaction->authorization_count;
		if (authorizations > AUTHORIZATION_LIST_MAX)
			return error_set(ret_error, ERROR_REFUSED,
			    "[%zu].authorizationList: expected at most %d authorizations in all transactions together", index,
			    AUTHORIZATION_LIST_MAX);
		if (!authorization_list_recover(request->signer->curve, &request->arena, transaction, ret_error))
			return error_in(ret_error, "[%zu]", index);
	}
	return true;
}

/* As account_signTransaction judges each. */
static bool judge_one(struct request *request, const struct bulk *work, size_t index, struct error *ret_error)
{
	const struct transaction *transaction = &work->transactions[index];
	struct validation *validation = &work->validations[index];

	if (transaction->sidecar)
		return error_set(ret_error, ERROR_REFUSED,
		    "blobs: transactions that are signed together carry no blobs; name them by their blobVersionedHashes alone");
	return transaction_check_chain(transaction, work->chain_id, ret_error) &&
	       validation_transaction(transaction, BYTES_NONE, custom_selectors_list(request->signer->selectors), &request->arena,
	           validation, ret_error) &&
	       validation_permits(validation, request->signer->options->advanced, ret_error) &&
	       transaction_require_from(transaction, ret_error);
}

static bool put_content(const struct bulk *work, size_t index, struct buf *content, struct error *ret_error)
{
	struct buf payload BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);

	if (!transaction_put_payload(&work->transactions[index], work->chain_id, &payload, ret_error))
		return false;
	buf_put_u32(content, (uint32_t)payload.size);
	buf_put_bytes(content, buf_bytes(&payload));
	return buf_ok(content) || error_set(ret_error, ERROR_REFUSED, "the transactions are too large together");
}

static bool judge(struct request *request, struct bulk *work, struct error *ret_error)
{
	struct buf content BUF_CLEANUP = BUF_INIT(CONTENT_MAX);

	buf_put_u32(&content, (uint32_t)work->count);
	for (size_t i = 0; i < work->count; i++)
		if (!judge_one(request, work, i, ret_error) || !put_content(work, i, &content, ret_error))
			return error_in(ret_error, "[%zu]", i);
	work->signing.content = arena_copy(&request->arena, buf_bytes(&content));
	return bulk_judge(work->transactions, work->count, &request->arena, &work->totals, ret_error);
}

static bool audit_request(struct request *request, const struct bulk *work)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT), json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	if (!audit_enabled(&request->signer->audit))
		return true;
	for (size_t i = 0; i < work->count; i++) {
		buf_put_u8(&json, i == 0 ? '[' : ',');
		transaction_put_ui_json(&work->transactions[i], &json);
	}
	buf_put_u8(&json, ']');
	audit_field(&fields, "txs", buf_bytes(&json));
	return request_audit(request, buf_bytes(&fields));
}

static void begin(struct request *request, struct bulk *work)
{
	char checksummed[ADDRESS_TEXT_SIZE];

	address_to_checksum(&work->transactions[0].from, checksummed);
	work->signing.address = work->transactions[0].from;
	work->signing.kind = IPC_SIGN_TRANSACTIONS;
	work->signing.count = work->count;
	work->signing.title = "Account password";
	work->signing.prompt = arena_printf(
	    &request->arena, "Please enter the password for account %s, which signs %zu transactions", checksummed, work->count);
	work->signing.found = ask;
	work->signing.signed_ = on_signed;
	work->signing.failed = on_failed;
	request_advance(request, REQUEST_JUDGED);
	signing_find(request);
}

void handle_bulk_sign_transactions(struct request *request)
{
	struct bulk *work = arena_alloc(&request->arena, sizeof(*work));
	struct error error;

	request->work = work;
	work->chain_id = request->signer->chain_id;
	if (!request->signer->options->allow_bulk) {
		request_refuse_text(request, ERROR_UNSUPPORTED,
		    "%s is off, since one yes signs everything: clef --allow-bulk turns it on", request->method->name);
		return;
	}
	if (!read_arguments(request, work, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!audit_request(request, work))
		return;
	if (judge(request, work, &error))
		begin(request, work);
	else
		request_refuse(request, &error);
}
