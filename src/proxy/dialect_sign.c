/* Messages, typed data, authorizations: the standard names in the signer's words, and what it signed checked. */
#include "base/hex.h"
#include "eth/authorization.h"
#include "eth/message.h"
#include "eth/quantity.h"
#include "eth/typed_data.h"
#include "proxy/check.h"
#include "proxy/dialect_private.h"

struct signing {
	struct address account;
	uint8_t digest[SIGNATURE_DIGEST_SIZE];
	struct json document; /* typed data that came as text */
};

static void end_signing(struct call *call)
{
	struct signing *signing = call->work;

	json_free(&signing->document);
}

static struct signing *signing_new(struct call *call)
{
	struct signing *signing = arena_alloc(&call->arena, sizeof(*signing));

	call->work = signing;
	call->on_end = end_signing;
	return signing;
}

static void on_signature(struct call *call, const struct call_answer *answer)
{
	struct signing *signing = call->work;
	struct error error;

	if (answer->error.size > 0)
		call_fail_by_signer(call, answer);
	else if (!check_signature(call->dialect->curve, answer->untrusted_value, signing->digest, &signing->account, &error))
		call_fail(call, &error);
	else
		call_answer(call, answer->result);
}

static struct bytes put_arguments(struct call *call, const char *first, struct bytes second, struct bytes third)
{
	return bytes_text(arena_printf(&call->arena, "[%s%.*s,%.*s]", first, (int)second.size, (const char *)second.data,
	    (int)third.size, (const char *)third.data));
}

/* ---- personal_sign ---- */

static bool is_address(yyjson_val *untrusted_value)
{
	struct address address;

	return yyjson_is_str(untrusted_value) && address_parse(json_bytes(untrusted_value), &address);
}

/* The data first, by the standard; some libraries turn them round, which shows when only the first is an address. */
void handle_personal_sign(struct call *call)
{
	bool turned = !is_address(call->untrusted_arguments[1]) && is_address(call->untrusted_arguments[0]);
	size_t data = turned ? 1 : 0, account = turned ? 0 : 1;
	const char *const names[] = {"invalid argument 0", "invalid argument 1"};
	struct signing *signing = signing_new(call);
	struct bytes message;
	struct error error;

	if (!hex_has_prefix(json_bytes(call->untrusted_arguments[data])))
		call_fail_code(call, DIALECT_BAD_PARAMS,
		    "invalid argument %zu: expected the message as hex digits after 0x (of a text: its UTF-8 bytes)", data);
	else if (!quantity_get_address(call->untrusted_arguments[account], names[account], &signing->account, &error) ||
	         !quantity_get_data(call->untrusted_arguments[data], names[data], &call->arena, &message, &error))
		call_fail(call, &error);
	else {
		message_digest(message, signing->digest);
		call_ask_signer(call, "account_signData",
		    put_arguments(call, "\"text/plain\",", call_argument_text(call, account), call_argument_text(call, data)),
		    on_signature);
	}
}

/* ---- eth_signTypedData_v4 ---- */

/* As text (ethers, viem) or as an object (web3.js). */
static bool read_document(struct call *call, yyjson_val **ret_untrusted_document, struct bytes *ret_text, struct error *ret_error)
{
	struct signing *signing = call->work;

	*ret_untrusted_document = call->untrusted_arguments[1];
	*ret_text = call_argument_text(call, 1);
	if (yyjson_is_str(call->untrusted_arguments[1])) {
		*ret_text = json_bytes(call->untrusted_arguments[1]);
		if (!json_parse(*ret_text, &signing->document, ret_error))
			return error_set(ret_error, ERROR_PARAMS,
			    "invalid argument 1: expected typed data as JSON, found a text that is none");
		*ret_untrusted_document = signing->document.root;
	}
	return yyjson_is_obj(*ret_untrusted_document) ||
	       error_set(
	           ret_error, ERROR_PARAMS, "invalid argument 1: expected typed data {types, primaryType, domain, message}");
}

void handle_sign_typed_data(struct call *call)
{
	struct signing *signing = signing_new(call);
	struct typed_data_hashes hashes;
	yyjson_val *untrusted_document;
	struct typed_data data;
	struct bytes text;
	struct error error;

	if (!quantity_get_address(call->untrusted_arguments[0], "invalid argument 0", &signing->account, &error) ||
	    !read_document(call, &untrusted_document, &text, &error) ||
	    !typed_data_parse(untrusted_document, &call->arena, &data, &error)) {
		call_fail(call, &error);
		return;
	}
	typed_data_hash(&data, &hashes);
	for (size_t i = 0; i < sizeof(signing->digest); i++)
		signing->digest[i] = hashes.digest[i];
	call_ask_signer(call, "account_signTypedData", put_arguments(call, "", call_argument_text(call, 0), text), on_signature);
}

/* ---- others ---- */

static void on_passed(struct call *call, const struct call_answer *answer)
{
	if (answer->error.size > 0)
		call_fail_by_signer(call, answer);
	else
		call_answer(call, answer->result);
}

void handle_ec_recover(struct call *call)
{
	call_ask_signer(call, "account_ecRecover", call->params, on_passed);
}

/* ---- eth_signAuthorization ---- */

struct authorizing {
	struct address account;
	yyjson_val *untrusted_asked;
};

static void on_authorization(struct call *call, const struct call_answer *answer)
{
	const struct authorizing *authorizing = call->work;
	struct error error;

	if (answer->error.size > 0)
		call_fail_by_signer(call, answer);
	else if (!check_authorization(
	             call->dialect->curve, answer->result, authorizing->untrusted_asked, &authorizing->account, &error))
		call_fail(call, &error);
	else
		call_answer(call, answer->result);
}

void handle_sign_authorization(struct call *call)
{
	struct authorizing *authorizing = arena_alloc(&call->arena, sizeof(*authorizing));
	struct error error;

	call->work = authorizing;
	authorizing->untrusted_asked = call->untrusted_arguments[1];
	if (!quantity_get_address(call->untrusted_arguments[0], "invalid argument 0", &authorizing->account, &error))
		call_fail(call, &error);
	else
		call_ask_signer(call, "account_signAuthorization", call->params, on_authorization);
}
