/* Which accounts there are: eth_accounts, eth_requestAccounts and the permissions of EIP-2255. The person is asked by the signer. */
#include <time.h>

#include "proxy/dialect_private.h"

#define PERMISSIONS_MAX (ACCOUNTS_LIST_TEXT_MAX + 8192)

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/* False: the call has ended with the reason. */
static bool take_list(struct call *call, const struct call_answer *answer)
{
	struct error error;

	if (answer->error.size > 0) {
		call_fail_by_signer(call, answer);
		return false;
	}
	if (!accounts_check_list(answer->untrusted_value, &error)) {
		call_fail(call, &error);
		return false;
	}
	return true;
}

static void on_list(struct call *call, const struct call_answer *answer)
{
	if (take_list(call, answer))
		call_answer(call, answer->result);
}

static void on_granted_list(struct call *call, const struct call_answer *answer)
{
	if (!take_list(call, answer))
		return;
	accounts_grant(&call->dialect->accounts, call->claims.origin, answer->result, now_ms());
	call_answer(call, answer->result);
}

/* A page hears what it was granted, without a question; a script is no page, and each of its calls is judged by the signer. */
void handle_accounts(struct call *call)
{
	if (call->claims.origin.size > 0)
		call_answer(call, accounts_list(&call->dialect->accounts, call->claims.origin));
	else
		call_ask_signer(call, "account_list", bytes_text("[]"), on_list);
}

void handle_request_accounts(struct call *call)
{
	call_ask_signer(call, "account_list", bytes_text("[]"), on_granted_list);
}

/* ---- permissions ---- */

/* One object that names eth_accounts and nothing else; what else there may be cannot be granted here. */
static bool names_accounts(struct call *call)
{
	yyjson_val *untrusted_request = call->untrusted_arguments[0];

	if (!yyjson_is_obj(untrusted_request) || yyjson_obj_size(untrusted_request) != 1 ||
	    !yyjson_is_obj(yyjson_obj_get(untrusted_request, "eth_accounts"))) {
		call_fail_code(call, DIALECT_BAD_PARAMS,
		    "invalid argument 0: expected {\"eth_accounts\": {}}, the one permission that there is");
		return false;
	}
	return true;
}

static void on_permitted(struct call *call, const struct call_answer *answer)
{
	struct buf json BUF_CLEANUP = BUF_INIT(PERMISSIONS_MAX);

	if (!take_list(call, answer))
		return;
	accounts_grant(&call->dialect->accounts, call->claims.origin, answer->result, now_ms());
	accounts_put_permission(call->claims.origin, answer->result, call->dialect->accounts.last_number, now_ms(), &json);
	if (buf_ok(&json))
		call_answer(call, buf_bytes(&json));
	else
		call_fail_code(call, -32603, "the signer's list of accounts is too long");
}

void handle_request_permissions(struct call *call)
{
	if (names_accounts(call))
		call_ask_signer(call, "account_list", bytes_text("[]"), on_permitted);
}

void handle_get_permissions(struct call *call)
{
	struct buf json BUF_CLEANUP = BUF_INIT(PERMISSIONS_MAX);

	/* A question about what is; nobody is asked for more. A script is no origin and has been granted nothing. */
	if (call->claims.origin.size == 0) {
		call_answer(call, bytes_text("[]"));
		return;
	}
	accounts_put_permissions(&call->dialect->accounts, call->claims.origin, &json);
	call_answer(call, buf_bytes(&json));
}

void handle_revoke_permissions(struct call *call)
{
	if (!names_accounts(call))
		return;
	accounts_revoke(&call->dialect->accounts, call->claims.origin);
	call_answer(call, bytes_text("null"));
}
