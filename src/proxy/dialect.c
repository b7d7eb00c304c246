/* The table of methods, and calls on their way to it. */
#include "proxy/dialect.h"

#include <stdlib.h>
#include <string.h>

#include "proxy/dialect_private.h"

/* ---- to the signer, to the node, to nobody ---- */

/* By Clef's names the signer's errors are Clef's, by the standard ones they have EIP-1193's codes already. */
static void on_passed(struct call *call, const struct call_answer *answer)
{
	if (answer->error.size > 0)
		call_fail_with(call, answer->error);
	else
		call_answer(call, answer->result);
}

static void handle_to_signer(struct call *call)
{
	if (!yyjson_is_arr(call->json.root))
		call_fail_code(call, DIALECT_BAD_PARAMS, "non-array args");
	else
		call_ask_signer(call, arena_text(&call->arena, call->name), call->params, on_passed);
}

static void forward_now(struct call *call)
{
	call_ask_node(call, call->name, call->params, on_passed);
}

void handle_forward(struct call *call)
{
	struct dialect *dialect = call->dialect;

	if (dialect->upstream == NULL)
		call_fail_code(call, DIALECT_UNSUPPORTED,
		    "%.*s is for a node, and clef-proxy runs without one. With --upstream URL it hands such calls to that node, "
		    "and fills in and broadcasts transactions",
		    (int)(call->name.size < 64 ? call->name.size : 64), (const char *)call->name.data);
	else if (dialect->has_chain_id)
		call_need_chain(call, forward_now);
	else
		forward_now(call);
}

static void handle_unsupported(struct call *call)
{
	call_fail_code(call, DIALECT_UNSUPPORTED, "%.*s is not offered by clef-proxy. %s",
	    (int)(call->name.size < 64 ? call->name.size : 64), (const char *)call->name.data,
	    call->method != NULL ? call->method->advice
	                         : "It is for wallets that keep keys; this one asks a signer for each signature.");
}

#define UNSUPPORTED(name, advice)                                          \
	{                                                                  \
		name, 0, DIALECT_ARGUMENTS_MAX, handle_unsupported, advice \
	}

static const struct dialect_method methods[] = {
    {"rpc_modules", 0, 0, handle_to_signer, NULL},
    {"health_status", 0, 0, handle_to_signer, NULL},
    {"wallet_sign", 1, 1, handle_to_signer, NULL},

    {"eth_accounts", 0, 0, handle_accounts, NULL},
    {"eth_requestAccounts", 0, 1, handle_request_accounts, NULL},
    {"wallet_requestPermissions", 1, 1, handle_request_permissions, NULL},
    {"wallet_getPermissions", 0, 1, handle_get_permissions, NULL},
    {"wallet_revokePermissions", 1, 1, handle_revoke_permissions, NULL},

    {"personal_sign", 2, 3, handle_personal_sign, NULL},
    {"eth_signTypedData", 2, 2, handle_sign_typed_data, NULL},
    {"eth_signTypedData_v4", 2, 2, handle_sign_typed_data, NULL},
    {"eth_signAuthorization", 2, 2, handle_sign_authorization, NULL},
    {"personal_ecRecover", 2, 2, handle_ec_recover, NULL},

    {"eth_sendTransaction", 1, 1, handle_send_transaction, NULL},
    {"eth_signTransaction", 1, 1, handle_sign_transaction, NULL},

    {"eth_chainId", 0, 0, handle_chain_id, NULL},
    {"net_version", 0, 0, handle_net_version, NULL},
    {"wallet_switchEthereumChain", 1, 1, handle_switch_chain, NULL},
    {"wallet_addEthereumChain", 1, 1, handle_switch_chain, NULL},
    {"wallet_getCapabilities", 0, 2, handle_capabilities, NULL},

    UNSUPPORTED("eth_sign", "Use personal_sign, which signs the same message; by this name other programs sign a bare hash."),
    UNSUPPORTED("eth_signTypedData_v1", "Use eth_signTypedData_v4."),
    UNSUPPORTED("eth_signTypedData_v3", "Use eth_signTypedData_v4, which signs every such document with the same hash."),
    UNSUPPORTED("eth_getEncryptionPublicKey", "Keys of accounts are for signing alone."),
    UNSUPPORTED("eth_decrypt", "Keys of accounts are for signing alone."),
    UNSUPPORTED("personal_newAccount", "Use account_new: the person chooses the password."),
    UNSUPPORTED("personal_listAccounts", "Use eth_accounts."),
    UNSUPPORTED("personal_sendTransaction", "Use eth_sendTransaction: the person approves it without a password from you."),
    UNSUPPORTED("personal_signTransaction", "Use eth_signTransaction: the person approves it without a password from you."),
    UNSUPPORTED("personal_unlockAccount", "Nothing needs unlocking: the person approves each signature."),
    UNSUPPORTED("wallet_sendCalls", "Send each call with eth_sendTransaction."),
    UNSUPPORTED("wallet_getCallsStatus", "It has sent none. Ask for the receipts with eth_getTransactionReceipt."),
    UNSUPPORTED("wallet_showCallsStatus", "It has sent none."),
    UNSUPPORTED("wallet_watchAsset", "It keeps no list of tokens."),
    UNSUPPORTED("eth_subscribe", "Nothing can be pushed over HTTP: poll with eth_newFilter and eth_getFilterChanges."),
    UNSUPPORTED("eth_unsubscribe", "Nothing can be pushed over HTTP: poll with eth_newFilter and eth_getFilterChanges."),
};

static bool begins_with(struct bytes name, const char *prefix)
{
	size_t size = strlen(prefix);

	return name.size >= size && memcmp(name.data, prefix, size) == 0;
}

static const struct dialect_method *find_method(struct bytes name)
{
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (bytes_equal_text(name, methods[i].name))
			return &methods[i];
	return NULL;
}

/* False: the call was refused. */
static bool read_arguments(struct call *call)
{
	const struct dialect_method *method = call->method;
	size_t count = yyjson_arr_size(call->json.root);

	if (!yyjson_is_arr(call->json.root))
		call_fail_code(call, DIALECT_BAD_PARAMS, "non-array args");
	else if (count > method->most)
		call_fail_code(call, DIALECT_BAD_PARAMS, "too many arguments, want at most %zu", method->most);
	else if (count < method->required)
		call_fail_code(call, DIALECT_BAD_PARAMS, "missing value for required argument %zu", count);
	else {
		for (size_t i = 0; i < count; i++)
			call->untrusted_arguments[i] = yyjson_arr_get(call->json.root, i);
		return true;
	}
	return false;
}

/* Names that are not in the table: the signer knows its own, and nothing that might touch a key ever goes to a node. */
static void start_unlisted(struct call *call)
{
	if (begins_with(call->name, "account_") || begins_with(call->name, "clef_"))
		handle_to_signer(call);
	else if (begins_with(call->name, "wallet_") || begins_with(call->name, "personal_"))
		handle_unsupported(call);
	else
		handle_forward(call);
}

static void start(struct call *call, struct bytes untrusted_params)
{
	struct error error;

	call->params = arena_copy(&call->arena, untrusted_params.size > 0 ? untrusted_params : bytes_text("[]"));
	if (call->dialect->is_stopping)
		call_fail_code(call, DIALECT_ENDING, DIALECT_ENDING_TEXT);
	else if (call->dialect->count > DIALECT_CALLS_MAX)
		call_fail_code(call, DIALECT_BUSY, "%d calls wait already; try again later", DIALECT_CALLS_MAX);
	else if (!json_parse(call->params, &call->json, &error))
		call_fail(call, &error);
	else if (call->method == NULL)
		start_unlisted(call);
	else if (call->method->start == handle_unsupported || read_arguments(call))
		call->method->start(call);
}

uint64_t dialect_call(struct dialect *dialect, struct bytes untrusted_method, struct bytes untrusted_params,
    const struct signer_claims *claims, dialect_answered *answered, void *context)
{
	struct call *call = call_new(dialect, claims, answered, context);
	uint64_t number = call->number;

	call->name = arena_copy(&call->arena, untrusted_method);
	call->method = find_method(call->name);
	dialect->inside++;
	start(call, untrusted_params);
	dialect->inside--;
	return number;
}

void dialect_cancel(struct dialect *dialect, uint64_t number)
{
	struct call *call;

	TAILQ_FOREACH(call, &dialect->calls, link)
	{
		if (call->number == number)
			break;
	}
	if (number == 0 || call == NULL)
		return;
	if (call->must_finish)
		call->answered = NULL;
	else
		call_free(call);
}

/* ---- life ---- */

static void on_later(evutil_socket_t fd, short what, void *context)
{
	(void)fd;
	(void)what;
	dialect_run_soon(context);
	dialect_stop_if_done(context);
}

static bool open_upstream(struct dialect *dialect, const char *url, struct error *ret_error)
{
	struct upstream_options options = {.url = url};

	return url == NULL || (upstream_new(dialect->base, &options, &dialect->log, &dialect->upstream, ret_error) &&
	                          upstream_new(dialect->base, &options, &dialect->log, &dialect->lane, ret_error));
}

bool dialect_new(struct event_base *base, const struct dialect_options *options, struct signer *signer, const struct log *log,
    struct dialect **ret_dialect, struct error *ret_error)
{
	struct dialect *dialect = memory_new(1, sizeof(*dialect));

	*ret_dialect = NULL;
	dialect->base = base;
	dialect->log = *log;
	dialect->signer = signer;
	dialect->has_chain_id = options->has_chain_id;
	dialect->chain_id = options->chain_id;
	dialect->curve = signature_context_new(NULL);
	dialect->nonces = nonces_new();
	TAILQ_INIT(&dialect->calls);
	TAILQ_INIT(&dialect->soon);
	dialect->later = event_new(base, -1, 0, on_later, dialect);
	if (dialect->later == NULL)
		memory_exhausted();
	if (options->has_chain_id && options->chain_id == 0)
		error_set(ret_error, ERROR_REFUSED, "--chainid: expected a number above 0, found 0");
	else if (open_upstream(dialect, options->upstream, ret_error)) {
		*ret_dialect = dialect;
		return true;
	}
	dialect_free(dialect);
	return false;
}

void dialect_free(struct dialect *dialect)
{
	struct call *call;

	if (dialect == NULL)
		return;
	while ((call = TAILQ_FIRST(&dialect->calls)) != NULL)
		call_free(call);
	upstream_free(dialect->upstream);
	upstream_free(dialect->lane);
	nonces_free(dialect->nonces);
	accounts_free(&dialect->accounts);
	signature_context_free(dialect->curve);
	event_free(dialect->later);
	if (dialect->limit != NULL)
		event_free(dialect->limit);
	free(dialect);
}
