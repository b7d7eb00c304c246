#include "core/sign_typed_data.h"

#include <string.h>

#include "core/signer.h"
#include "eth/typed_data.h"

#define FOREIGN_CHAIN "foreign-chain"

/* A signature for another chain is none of this signer's business, unless somebody who sees it says so. */
static void check_chain(struct request *request, const struct typed_data *data, struct validation *validation)
{
	const struct u256 own = u256_from_u64(request->signer->chain_id);
	char found[U256_DECIMAL_SIZE];
	struct u256 chain;

	if (!typed_data_chain_id(data, &chain) || u256_equal(&chain, &own))
		return;
	u256_to_decimal(&chain, found);
	validation_add(validation, VALIDATION_CRITICAL, FOREIGN_CHAIN,
	    bytes_text(arena_printf(&request->arena,
	        "domain.chainId: expected %llu, the chain of this signer, found %s. To sign for that chain, start the "
	        "signer with --chainid %s; with --advanced it asks in spite of this",
	        (unsigned long long)request->signer->chain_id, found, found)));
}

static int shown(struct bytes text)
{
	return (int)text.size; /* TYPED_DATA_NAME_MAX at most */
}

static void check_aliases(struct request *request, const struct typed_data *data, struct validation *validation)
{
	struct typed_alias alias;

	if (!typed_data_find_alias(data, &alias))
		return;
	validation_tell(validation, VALIDATION_WARNING, "type-alias",
	    bytes_text(arena_printf(&request->arena,
	        "types.%.*s.%.*s: the type %.*s names no width. EIP-712 has no such type, and libraries disagree about what is "
	        "signed then: a contract may not take the signature. The application should name the width, as in %s",
	        shown(alias.structure), (const char *)alias.structure.data, shown(alias.field), (const char *)alias.field.data,
	        shown(alias.type), (const char *)alias.type.data, alias.meant)));
}

static bool is_warned(const struct validation *validation)
{
	for (size_t i = 0; i < validation->count; i++)
		if (strcmp(validation->messages[i].code, FOREIGN_CHAIN) == 0)
			return true;
	return false;
}

/* The UI may have changed the signer's chain while the person looked at the document; what was not warned of was not approved. */
static bool is_still_approved(struct request *request)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct json json JSON_CLEANUP = {0};
	struct sign_data *work = request->work;
	struct validation now = {0};
	struct typed_data data;
	struct error error;

	if (json_parse(work->signing.content, &json, &error) && typed_data_parse(json.root, &arena, &data, &error)) {
		check_chain(request, &data, &now);
		if (!is_warned(&now) || is_warned(&work->validation))
			return true;
		error_set(&error, ERROR_REFUSED, "the chain of this signer was changed while the person was asked: %s",
		    (const char *)now.messages[0].text.data);
	}
	sign_data_fail(request, &error);
	return false;
}

/* All that the UI and keys get, made while the JSON is there. False: it has grown beyond all limits. */
static bool fill(struct request *request, const struct typed_data *data, struct sign_data *work, struct error *ret_error)
{
	struct buf members BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT / 3),
	                   decoded BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT / 3);
	struct buf content BUF_CLEANUP = BUF_INIT(SIGN_DATA_JSON_LIMIT);
	struct typed_data_hashes hashes;

	if (!typed_data_put_canonical(data, &content, ret_error))
		return false;
	typed_data_hash(data, &hashes);
	typed_data_put_ui_members(data, &hashes, &members);
	typed_data_put_decoded(data, &hashes, &decoded);
	if (!buf_ok(&members) || !buf_ok(&decoded))
		return error_set(
		    ret_error, ERROR_REFUSED, "typed data: there is more in the document than can be shown to a person");
	work->content_type = bytes_text(SIGN_TYPED_DATA_CONTENT_TYPE);
	work->signing.kind = IPC_SIGN_TYPED_DATA;
	work->signing.content = arena_copy(&request->arena, buf_bytes(&content));
	work->members = arena_copy(&request->arena, buf_bytes(&members));
	work->decoded = arena_copy(&request->arena, buf_bytes(&decoded));
	work->approved = is_still_approved;
	check_chain(request, data, &work->validation);
	check_aliases(request, data, &work->validation);
	return true;
}

bool sign_typed_data_fill(
    struct request *request, yyjson_val *untrusted_document, struct sign_data *work, struct error *ret_error)
{
	ARENA_CLEANUP struct arena arena = {0};
	struct typed_data data;

	return typed_data_parse(untrusted_document, &arena, &data, ret_error) && fill(request, &data, work, ret_error);
}

bool sign_typed_data_fill_text(
    struct request *request, struct bytes untrusted_json, struct sign_data *work, struct error *ret_error)
{
	struct json json JSON_CLEANUP = {0};

	if (!json_parse(untrusted_json, &json, ret_error))
		return error_set(ret_error, ERROR_PARAMS, "typed data: expected a JSON document, found text that is none");
	return sign_typed_data_fill(request, json.root, work, ret_error);
}
