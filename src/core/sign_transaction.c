#include "core/sign_transaction.h"

#include <stdio.h>

#include "base/hex.h"
#include "core/sidecar.h"
#include "core/signer.h"
#include "decode/view.h"
#include "eth/authorization.h"
#include "eth/blob.h"
#include "eth/quantity.h"

#define JSON_LIMIT SIGN_TRANSACTION_JSON_LIMIT

static void on_failed(struct request *request, const struct error *error, bool password_declined)
{
	if (!password_declined)
		request_show_error(request, error->text);
	request_refuse(request, error);
}

static void on_signed(struct request *request, const struct signature *signature)
{
	const struct sign_transaction *work = request->work;
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT), raw BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct buf hex BUF_CLEANUP = BUF_INIT(JSON_LIMIT), fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct error error;

	if (!transaction_put_result_json(&work->transaction, work->chain_id, signature, &json, &error) ||
	    !transaction_put_signed(&work->transaction, work->chain_id, signature, &raw, &error)) {
		on_failed(request, &error, false);
		return;
	}
	if (request->audited) {
		hex_encode(buf_bytes(&raw), &hex);
		audit_field(&fields, "data", buf_bytes(&hex));
	}
	if (!request_audit_outcome(request, buf_bytes(&fields)))
		return;
	if (work->hint_fits)
		custom_selectors_learn(request->signer->selectors, work->hint);
	ui_link_notify(request->signer->ui, "ui_onApprovedTx", buf_bytes(&json));
	if (work->raw_only) {
		buf_reset(&json);
		quantity_put_data(&json, buf_bytes(&raw));
	}
	request_answer(request, buf_bytes(&json), BYTES_NONE);
}

/* ---- after the approval ---- */

static void prepare_signing(struct request *request)
{
	struct sign_transaction *work = request->work;
	char checksummed[ADDRESS_TEXT_SIZE];

	address_to_checksum(&work->transaction.from, checksummed);
	work->signing.address = work->transaction.from;
	work->signing.kind = work->transaction.sidecar != NULL ? IPC_SIGN_BLOB_TRANSACTION : IPC_SIGN_TRANSACTION;
	work->signing.title = "Account password";
	work->signing.prompt = arena_printf(&request->arena, "Please enter the password for account %s", checksummed);
	work->signing.signed_ = on_signed;
	work->signing.failed = on_failed;
}

/* With --no-change the UI can only say yes or no. */
static bool is_unchanged(const struct request *request, const struct transaction *answered, struct error *ret_error)
{
	const struct sign_transaction *work = request->work;
	const char *field =
	    request->signer->options->no_change ? transaction_find_change(&work->transaction, answered, work->chain_id) : NULL;

	return field == NULL || error_set(ret_error, ERROR_REFUSED,
	                            "changed by the user interface (%s), and the signer runs with --no-change", field);
}

/* Everything that was checked before the person was asked is checked again on what the UI returned, since the UI may change all of it. */
static bool revalidate(
    struct request *request, yyjson_val *untrusted_transaction, struct transaction *ret_transaction, struct error *ret_error)
{
	struct sign_transaction *work = request->work;
	struct validation validation = {0};
	bool ok =
	    transaction_from_ui_json(untrusted_transaction, &work->transaction, &request->arena, ret_transaction, ret_error) &&
	    is_unchanged(request, ret_transaction, ret_error) &&
	    transaction_check_chain(ret_transaction, work->chain_id, ret_error) &&
	    authorization_list_recover(request->signer->curve, &request->arena, ret_transaction, ret_error) &&
	    validation_transaction(ret_transaction, work->hint, custom_selectors_list(request->signer->selectors),
	        &request->arena, &validation, ret_error) &&
	    transaction_require_from(ret_transaction, ret_error) &&
	    validation_permits(&validation, request->signer->options->advanced, ret_error);

	work->hint_fits = validation.hint_fits;
	return ok;
}

/* What keys gets: the unsigned payload, with the commitments before it where there are any, so that keys hashes them itself. */
static bool make_content(struct request *request, struct error *ret_error)
{
	struct sign_transaction *work = request->work;
	struct buf payload BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX), content BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);

	if (!transaction_put_payload(&work->transaction, work->chain_id, &payload, ret_error))
		return false;
	if (work->transaction.sidecar != NULL)
		blob_content_put(&work->transaction, buf_bytes(&payload), &content);
	work->signing.content = arena_copy(&request->arena, buf_bytes(work->transaction.sidecar != NULL ? &content : &payload));
	return true;
}

static void sign_approved(struct request *request)
{
	struct sign_transaction *work = request->work;
	bool other_account = !address_equal(&work->approved->from, &work->transaction.from);
	struct error error;

	if (signing_chain_changed(request, work->chain_id))
		return;
	work->transaction = *work->approved;
	if (!make_content(request, &error)) {
		request_refuse(request, &error);
		return;
	}
	prepare_signing(request);
	request_advance(request, REQUEST_APPROVED);
	if (other_account) {
		work->signing.found = signing_start;
		signing_find(request);
	} else {
		signing_start(request);
	}
}

static void take_approved(struct request *request, yyjson_val *untrusted_transaction)
{
	struct sign_transaction *work = request->work;
	const struct blob_sidecar *checked = work->transaction.sidecar;
	struct error error;

	if (signing_chain_changed(request, work->chain_id))
		return;
	work->approved = arena_alloc(&request->arena, sizeof(*work->approved));
	if (!revalidate(request, untrusted_transaction, work->approved, &error)) {
		/* The caller's request was in order: what came back from the UI is refused, so its code is never "invalid params". */
		error.kind = ERROR_REFUSED;
		request_refuse(request, &error);
		return;
	}
	/* Proofs that were checked for the same bytes are not checked again. */
	if (checked != NULL && work->approved->sidecar != NULL && blob_sidecar_equal(checked, work->approved->sidecar))
		sign_approved(request);
	else
		sidecar_settle(request, work->approved, sign_approved);
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
		take_approved(request, yyjson_obj_get(answer->result, "transaction"));
}

/* ---- before ---- */

static void ask(struct request *request)
{
	struct sign_transaction *work = request->work;
	struct buf params BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	struct validation validation;
	struct error error;

	if (signing_chain_changed(request, work->chain_id))
		return;
	if (!validation_transaction(&work->transaction, work->hint, custom_selectors_list(request->signer->selectors),
	        &request->arena, &validation, &error)) {
		request_refuse(request, &error);
		return;
	}
	buf_put_text(&params, "{\"transaction\":");
	transaction_put_ui_json(&work->transaction, &params);
	buf_put_text(&params, ",\"call_info\":");
	validation_put_json(&validation, &params);
	buf_put_text(&params, ",\"warnings\":");
	validation_put_warnings(&validation, &params);
	buf_put_text(&params, ",\"decoded\":");
	view_put_transaction(&work->transaction, work->chain_id, validation.call, &params);
	buf_put_u8(&params, ',');
	request_put_meta(request, &params);
	buf_put_u8(&params, '}');
	request_advance(request, REQUEST_ASKED);
	request_ask(request, "ui_approveTx", buf_bytes(&params), on_approval);
}

static void settle_sidecar(struct request *request)
{
	struct sign_transaction *work = request->work;

	sidecar_settle(request, &work->transaction, ask);
}

static bool audit_request(struct request *request, const struct sign_transaction *work)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT), json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	if (!audit_enabled(&request->signer->audit))
		return true;
	transaction_put_ui_json(&work->transaction, &json);
	audit_field(&fields, "tx", buf_bytes(&json));
	audit_field(&fields, "methodSelector", work->hint.data != NULL ? work->hint : bytes_text("<nil>"));
	return request_audit(request, buf_bytes(&fields));
}

static bool judge(struct request *request, const struct sign_transaction *work, struct error *ret_error)
{
	struct validation validation;

	return transaction_check_chain(&work->transaction, work->chain_id, ret_error) &&
	       validation_transaction(&work->transaction, work->hint, custom_selectors_list(request->signer->selectors),
	           &request->arena, &validation, ret_error) &&
	       validation_permits(&validation, request->signer->options->advanced, ret_error) &&
	       transaction_require_from(&work->transaction, ret_error);
}

/* A transaction that cannot be written down (another type on chain 0) is refused before anybody is asked. */
static bool is_writable(const struct sign_transaction *work, struct error *ret_error)
{
	struct buf payload BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);

	return transaction_put_payload(&work->transaction, work->chain_id, &payload, ret_error);
}

void sign_transaction_begin(struct request *request)
{
	struct sign_transaction *work = request->work;
	struct error error;

	work->chain_id = request->signer->chain_id;
	if (!authorization_list_recover(request->signer->curve, &request->arena, &work->transaction, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!audit_request(request, work))
		return;
	if (!judge(request, work, &error) || !is_writable(work, &error)) {
		request_refuse(request, &error);
		return;
	}
	prepare_signing(request);
	work->signing.found = settle_sidecar;
	request_advance(request, REQUEST_JUDGED);
	signing_find(request);
}
