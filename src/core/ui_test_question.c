/* Made-up questions, in the same words as real ones: by the same code. */
#include "core/ui_test_private.h"

#include "base/json.h"
#include "decode/bulk.h"
#include "decode/delegation.h"
#include "decode/validation.h"
#include "decode/view.h"
#include "eth/authorization.h"
#include "eth/message.h"
#include "eth/safe.h"
#include "eth/transaction.h"
#include "eth/typed_data.h"

#define JSON_LIMIT ((size_t)1024 * 1024)
#define CHAIN_ID   1

struct making {
	struct arena arena;
	struct json content;
	struct validation validation;
	struct buf members; /* each followed by a comma */
	struct buf decoded;
};

const char *ui_test_method(enum ui_test_kind kind)
{
	switch (kind) {
	case UI_TEST_TRANSACTION:
		return "ui_approveTx";
	case UI_TEST_MESSAGE:
	case UI_TEST_TYPED_DATA:
	case UI_TEST_SAFE:
	case UI_TEST_AUTHORIZATION:
		return "ui_approveSignData";
	case UI_TEST_BULK:
		return "ui_approveBulkTransactions";
	case UI_TEST_LISTING:
		return "ui_approveListing";
	case UI_TEST_NEW_ACCOUNT:
		return "ui_approveNewAccount";
	case UI_TEST_INPUT:
	case UI_TEST_PASSWORD:
		return "ui_onInputRequired";
	}
	return "";
}

static bool make_transaction(struct making *making, struct error *ret_error)
{
	struct transaction transaction;

	if (!transaction_from_json(making->content.root, &making->arena, &transaction, ret_error) ||
	    !validation_transaction(&transaction, BYTES_NONE, NULL, &making->arena, &making->validation, ret_error))
		return false;
	buf_put_text(&making->members, "\"transaction\":");
	transaction_put_ui_json(&transaction, &making->members);
	buf_put_u8(&making->members, ',');
	view_put_transaction(&transaction, CHAIN_ID, making->validation.call, &making->decoded);
	return true;
}

static void begin_data(struct making *making, const char *content_type)
{
	buf_printf(&making->members, "\"content_type\":\"%s\",\"address\":\"" UI_TEST_FIRST "\",", content_type);
}

static void make_message(struct making *making, const char *content)
{
	begin_data(making, "text/plain");
	message_put_ui_members(bytes_text(content), &making->members);
	buf_put_u8(&making->members, ',');
	view_put_message(bytes_text(content), &making->decoded);
}

static bool make_typed_data(struct making *making, struct error *ret_error)
{
	struct typed_data data;
	struct typed_data_hashes hashes;

	if (!typed_data_parse(making->content.root, &making->arena, &data, ret_error))
		return false;
	typed_data_hash(&data, &hashes);
	begin_data(making, "data/typed");
	typed_data_put_ui_members(&data, &hashes, &making->members);
	buf_put_u8(&making->members, ',');
	typed_data_put_decoded(&data, &hashes, &making->decoded);
	return true;
}

static bool make_safe(struct making *making, struct error *ret_error)
{
	struct safe_transaction transaction;

	if (!safe_from_json(making->content.root, &making->arena, &transaction, ret_error) ||
	    !safe_settle(&transaction, CHAIN_ID, ret_error))
		return false;
	begin_data(making, "data/typed");
	safe_put_ui_members(&transaction, &making->members);
	buf_put_text(&making->members, ",");
	buf_put_u8(&making->decoded, '{');
	safe_put_decoded_members(&transaction, &making->decoded);
	buf_put_text(&making->decoded, ",\"call\":null}");
	return true;
}

static bool make_authorization(struct making *making, struct error *ret_error)
{
	struct authorization authorization;
	struct address account;

	if (!authorization_from_json(making->content.root, CHAIN_ID, &authorization, ret_error))
		return false;
	if (!address_parse(bytes_text(UI_TEST_FIRST), &account))
		return error_set(ret_error, ERROR_INTERNAL, "the address of the test is none");
	begin_data(making, AUTHORIZATION_CONTENT_TYPE);
	authorization_put_ui_members(&authorization, &making->members);
	buf_put_u8(&making->members, ',');
	delegation_warn(&authorization, &account, &making->arena, &making->validation);
	delegation_put_decoded(&authorization, &account, &making->decoded);
	return true;
}

static bool make_bulk(struct making *making, struct error *ret_error)
{
	size_t index, most, count = yyjson_arr_size(making->content.root);
	struct transaction *transactions = arena_array(&making->arena, count, sizeof(*transactions));
	struct validation *validations = arena_array(&making->arena, count, sizeof(*validations));
	struct bulk_totals totals;
	yyjson_val *value;

	yyjson_arr_foreach(making->content.root, index, most, value)
	{
		if (!transaction_from_json(value, &making->arena, &transactions[index], ret_error) ||
		    !validation_transaction(
		        &transactions[index], BYTES_NONE, NULL, &making->arena, &validations[index], ret_error))
			return false;
	}
	if (!bulk_judge(transactions, count, &making->arena, &totals, ret_error))
		return false;
	bulk_put_ui_members(transactions, validations, &totals, CHAIN_ID, &making->members);
	buf_put_u8(&making->members, ',');
	return true;
}

static bool make_content(struct making *making, const struct ui_test_question *question, struct error *ret_error)
{
	switch (question->kind) {
	case UI_TEST_TRANSACTION:
		return json_parse(bytes_text(question->content), &making->content, ret_error) &&
		       make_transaction(making, ret_error);
	case UI_TEST_MESSAGE:
		make_message(making, question->content);
		return true;
	case UI_TEST_TYPED_DATA:
		return json_parse(bytes_text(question->content), &making->content, ret_error) &&
		       make_typed_data(making, ret_error);
	case UI_TEST_SAFE:
		return json_parse(bytes_text(question->content), &making->content, ret_error) && make_safe(making, ret_error);
	case UI_TEST_AUTHORIZATION:
		return json_parse(bytes_text(question->content), &making->content, ret_error) &&
		       make_authorization(making, ret_error);
	case UI_TEST_BULK:
		return json_parse(bytes_text(question->content), &making->content, ret_error) && make_bulk(making, ret_error);
	case UI_TEST_LISTING:
		buf_printf(&making->members, "\"accounts\":%s,", ui_test_accounts);
		return true;
	case UI_TEST_NEW_ACCOUNT:
	case UI_TEST_INPUT:
	case UI_TEST_PASSWORD:
		return true;
	}
	return false;
}

static void put_input(const struct ui_test_question *question, const struct ui_test_frame *frame, struct buf *params)
{
	buf_put_text(params, "{\"title\":\"Testing\",\"prompt\":");
	json_put_string(params, bytes_text(question->instruction));
	buf_printf(params, ",\"isPassword\":%s,\"request_id\":\"%s\",\"expires_at\":%lld}",
	    question->kind == UI_TEST_PASSWORD ? "true" : "false", frame->request_id, frame->expires_at);
}

/* What the person is to do stands where every UI shows it: among the messages, and as who asks. */
static void put_frame(
    const struct making *making, const struct ui_test_question *question, const struct ui_test_frame *frame, struct buf *params)
{
	bool has_call_info = question->kind != UI_TEST_LISTING && question->kind != UI_TEST_NEW_ACCOUNT;

	if (has_call_info) {
		buf_put_text(params, "\"call_info\":");
		validation_put_json(&making->validation, params);
		buf_put_u8(params, ',');
	}
	buf_put_text(params, "\"warnings\":");
	validation_put_warnings(&making->validation, params);
	buf_put_text(params, ",\"decoded\":");
	buf_put_bytes(params, making->decoded.size > 0 ? buf_bytes(&making->decoded) : bytes_text("null"));
	buf_printf(params,
	    ",\"meta\":{\"remote\":\"127.0.0.1:0\",\"local\":\"localhost:8550\",\"scheme\":\"http\",\"User-Agent\":\"clef "
	    "--stdio-ui-test, "
	    "step %zu of %zu\",\"Origin\":",
	    frame->step, frame->steps);
	json_put_string(params, bytes_text(question->instruction));
	buf_printf(params, "},\"request_id\":\"%s\",\"expires_at\":%lld,\"chain_id\":\"0x%x\",\"peer\":null}", frame->request_id,
	    frame->expires_at, CHAIN_ID);
}

bool ui_test_put_params(const struct ui_test_question *question, const struct ui_test_frame *frame, struct buf *ret_params)
{
	struct making making = {.members = BUF_INIT(JSON_LIMIT), .decoded = BUF_INIT(JSON_LIMIT)};
	struct error error;

	if (question->kind == UI_TEST_INPUT || question->kind == UI_TEST_PASSWORD) {
		put_input(question, frame, ret_params);
		return buf_ok(ret_params);
	}
	bool ok = make_content(&making, question, &error);

	if (ok) {
		validation_add(&making.validation, VALIDATION_INFO, "ui-test", bytes_text(question->instruction));
		buf_put_u8(ret_params, '{');
		buf_put_bytes(ret_params, buf_bytes(&making.members));
		put_frame(&making, question, frame, ret_params);
	}
	json_free(&making.content);
	arena_free(&making.arena);
	buf_free(&making.members);
	buf_free(&making.decoded);
	return ok && buf_ok(ret_params);
}
