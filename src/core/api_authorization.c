/* account_signAuthorization: one EIP-7702 authorization by itself. */
#include "core/handlers.h"
#include "core/sign_data.h"
#include "core/signer.h"
#include "decode/delegation.h"
#include "eth/authorization.h"

#define JSON_LIMIT ((size_t)64 * 1024)

struct sign_authorization {
	struct sign_data data; /* first: see sign_data.h */
	struct authorization authorization;
};

/* Without a chain of its own, the request was meant for the one that was set when it came. */
static bool approved(struct request *request)
{
	const struct sign_authorization *work = request->work;

	return work->authorization.chain_id == 0 || !signing_chain_changed(request, work->authorization.chain_id);
}

static void answer(struct request *request, const struct signature *signature)
{
	struct sign_authorization *work = request->work;
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT), fields BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	work->authorization.signature = *signature;
	authorization_put_json(&work->authorization, &json);
	if (request->audited)
		audit_field(&fields, "data", buf_bytes(&json));
	request_answer(request, buf_bytes(&json), buf_bytes(&fields));
}

static void fill_in(struct request *request, struct sign_authorization *work)
{
	struct buf content BUF_CLEANUP = BUF_INIT(AUTHORIZATION_PAYLOAD_MAX);
	struct buf members BUF_CLEANUP = BUF_INIT(JSON_LIMIT), decoded BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	const struct address *account = &work->data.signing.address;

	authorization_put_payload(&work->authorization, &content);
	work->data.signing.kind = IPC_SIGN_AUTHORIZATION;
	work->data.signing.content = arena_copy(&request->arena, buf_bytes(&content));
	work->data.approved = approved;
	work->data.answer = answer;
	authorization_put_ui_members(&work->authorization, &members);
	work->data.members = arena_copy(&request->arena, buf_bytes(&members));
	delegation_warn(&work->authorization, account, &request->arena, &work->data.validation);
	delegation_put_decoded(&work->authorization, account, &decoded);
	work->data.decoded = arena_copy(&request->arena, buf_bytes(&decoded));
}

void handle_sign_authorization(struct request *request)
{
	struct sign_authorization *work = arena_alloc(&request->arena, sizeof(*work));
	struct error error;

	request->work = work;
	work->data.content_type = bytes_text(AUTHORIZATION_CONTENT_TYPE);
	if (!sign_data_read_address(request, 0, &work->data, &error)) {
		request_refuse(request, &error);
		return;
	}
	if (!sign_data_audit(request, &work->data, request->arguments[1]))
		return;
	if (!authorization_from_json(request->arguments[1], request->signer->chain_id, &work->authorization, &error)) {
		request_refuse(request, &error);
		return;
	}
	fill_in(request, work);
	sign_data_begin(request);
}
