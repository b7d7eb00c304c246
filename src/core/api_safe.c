/* account_signGnosisSafeTx. */
#include "core/handlers.h"
#include "core/sign_data.h"
#include "core/signer.h"
#include "decode/validation_safe.h"
#include "eth/safe.h"

struct sign_safe {
	struct sign_data data; /* first: see sign_data.h */
	struct safe_transaction transaction;
	uint64_t chain_id; /* of the signer when the request came */
	struct bytes hint; /* data NULL: none */
};

static bool read_arguments(struct request *request, struct sign_safe *work, struct error *ret_error)
{
	return custom_selectors_read_hint(request->arguments[2], 2, &work->hint, ret_error) &&
	       sign_data_read_address(request, 0, &work->data, ret_error) &&
	       (safe_from_json(request->arguments[1], &request->arena, &work->transaction, ret_error) ||
	           error_prefix(ret_error, "invalid argument 1"));
}

/* The transaction as it was sent, with what the service says about it. */
static bool audit_call(struct request *request, const struct sign_safe *work)
{
	struct buf fields BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), json BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	if (!audit_enabled(&request->signer->audit))
		return true;
	sign_data_audit_address(request, &work->data, &fields);
	json_write(request->arguments[1], &json);
	audit_field(&fields, "data", buf_bytes(&json));
	audit_field(&fields, "selector", work->hint.data != NULL ? work->hint : bytes_text("<nil>"));
	return request_audit(request, buf_bytes(&fields));
}

/* The UI may have set another chain meanwhile: what was judged and shown is then no longer what the person means. */
static bool is_same_chain(struct request *request)
{
	const struct sign_safe *work = request->work;
	struct error error;

	if (work->chain_id == request->signer->chain_id)
		return true;
	error_set(&error, ERROR_REFUSED, "the signer's chain id was changed from %llu to %llu while this waited: ask again",
	    (unsigned long long)work->chain_id, (unsigned long long)request->signer->chain_id);
	sign_data_fail(request, &error);
	return false;
}

static void answer(struct request *request, const struct signature *signature)
{
	const struct sign_safe *work = request->work;
	struct buf json BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), fields BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	if (work->data.validation.hint_fits)
		custom_selectors_learn(request->signer->selectors, work->hint);
	safe_put_result_json(&work->transaction, &work->data.signing.address, signature, &json);
	if (request->audited)
		audit_field(&fields, "data", buf_bytes(&json));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

static void fill(struct request *request, struct sign_safe *work)
{
	struct buf json BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT), content BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);

	safe_put_content(&work->transaction, &content);
	work->data.signing.kind = IPC_SIGN_SAFE;
	work->data.signing.content = arena_copy(&request->arena, buf_bytes(&content));
	work->data.content_type = bytes_text("data/typed");
	work->data.approved = is_same_chain;
	work->data.answer = answer;
	safe_put_ui_members(&work->transaction, &json);
	work->data.members = arena_copy(&request->arena, buf_bytes(&json));
	buf_reset(&json);
	buf_put_u8(&json, '{');
	safe_put_decoded_members(&work->transaction, &json);
	buf_put_text(&json, ",\"call\":");
	call_put_json(work->data.validation.call, work->transaction.data, &json);
	buf_put_u8(&json, '}');
	work->data.decoded = arena_copy(&request->arena, buf_bytes(&json));
}

void handle_sign_safe(struct request *request)
{
	struct sign_safe *work = arena_alloc(&request->arena, sizeof(*work));
	struct error error;

	request->work = work;
	work->chain_id = request->signer->chain_id;
	if (!read_arguments(request, work, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!audit_call(request, work))
		return;
	if (!safe_settle(&work->transaction, work->chain_id, &error) ||
	    !validation_safe(&work->transaction, work->hint, custom_selectors_list(request->signer->selectors), &request->arena,
	        &work->data.validation, &error)) {
		request_refuse(request, &error);
		return;
	}
	fill(request, work);
	sign_data_begin(request);
}
