/* Is an answer what the person was told to give, in the form that the signer takes? */
#include "core/ui_test_private.h"

#include "eth/address.h"
#include "eth/transaction.h"

static bool bad(struct error *ret_error, const char *text)
{
	return error_set(ret_error, ERROR_REFUSED, "%s", text);
}

/* `approved` is there and true or false. */
static bool read_decision(yyjson_val *result, bool *ret_approved, struct error *ret_error)
{
	yyjson_val *approved = yyjson_is_obj(result) ? yyjson_obj_get(result, "approved") : NULL;

	if (!yyjson_is_bool(approved))
		return bad(ret_error, "expected an object with \"approved\": true or false as the result");
	*ret_approved = yyjson_is_true(approved);
	return true;
}

/* The answer's transaction is read as the signer reads it, and compared with what was asked. */
static bool judge_transaction(yyjson_val *content, yyjson_val *answered, struct error *ret_error)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct transaction asked, edited;

	if (!transaction_from_json(content, &arena, &asked, ret_error) ||
	    !transaction_from_ui_json(answered, &asked, &arena, &edited, ret_error))
		return false;
	const char *field = transaction_find_change(&asked, &edited, 1);

	return field == NULL ||
	       error_set(ret_error, ERROR_REFUSED, "expected the transaction as it was asked, found another (%s)", field);
}

/* They may be left out: nothing about them could be changed. */
static bool judge_bulk(yyjson_val *content, yyjson_val *answered, struct error *ret_error)
{
	size_t index, count;
	yyjson_val *asked;

	if (answered == NULL || yyjson_is_null(answered))
		return true;
	if (!yyjson_is_arr(answered) || yyjson_arr_size(answered) != yyjson_arr_size(content))
		return bad(ret_error, "expected \"transactions\" to be a list of those that were asked, found something else");
	yyjson_arr_foreach(content, index, count, asked)
	{
		if (!judge_transaction(asked, yyjson_arr_get(answered, index), ret_error))
			return error_prefix(ret_error, "transactions[%zu]", index);
	}
	return true;
}

static bool judge_returned(const struct ui_test_question *question, yyjson_val *result, struct error *ret_error)
{
	struct json json JSON_CLEANUP = {0};

	if (question->kind != UI_TEST_TRANSACTION && question->kind != UI_TEST_BULK)
		return true;
	if (!json_parse(bytes_text(question->content), &json, ret_error))
		return false;
	return question->kind == UI_TEST_BULK ? judge_bulk(json.root, yyjson_obj_get(result, "transactions"), ret_error)
	                                      : judge_transaction(json.root, yyjson_obj_get(result, "transaction"), ret_error);
}

static bool judge_decision(const struct ui_test_question *question, yyjson_val *result, struct error *ret_error)
{
	bool approved = false;

	if (!read_decision(result, &approved, ret_error))
		return false;
	if (question->wanted == UI_TEST_DENY)
		return !approved || bad(ret_error, "expected a denial, found an approval");
	if (!approved)
		return bad(ret_error, "expected an approval, found a denial");
	return judge_returned(question, result, ret_error);
}

/* Which of the two accounts are there: bit 0 the first, bit 1 the second. */
static bool read_accounts(yyjson_val *accounts, unsigned *ret_set, struct error *ret_error)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(accounts);
	yyjson_val *entry;

	*ret_set = 0;
	while ((entry = yyjson_arr_iter_next(&iter)) != NULL) {
		yyjson_val *text = yyjson_is_obj(entry) ? yyjson_obj_get(entry, "address") : NULL;
		bool first = bytes_equal_text_nocase(json_bytes(text), UI_TEST_FIRST);

		if (!first && !bytes_equal_text_nocase(json_bytes(text), UI_TEST_SECOND))
			return bad(
			    ret_error, "expected accounts that were offered, as objects with \"address\"; found something else");
		*ret_set |= first ? 1u : 2u;
	}
	return true;
}

static bool judge_listing(const struct ui_test_question *question, yyjson_val *result, struct error *ret_error)
{
	yyjson_val *accounts = yyjson_is_obj(result) ? yyjson_obj_get(result, "accounts") : NULL;
	unsigned wanted = question->wanted == UI_TEST_APPROVE ? 3 : question->wanted == UI_TEST_FIRST_ONLY ? 1 : 0, found;

	if (wanted == 0 && (accounts == NULL || yyjson_is_null(accounts)))
		return true;
	if (!yyjson_is_arr(accounts))
		return bad(ret_error, "expected an object with \"accounts\", a list, as the result");
	if (!read_accounts(accounts, &found, ret_error))
		return false;
	return found == wanted || error_set(ret_error, ERROR_REFUSED, "expected %s, found %s",
	                              wanted == 3   ? "both accounts"
	                              : wanted == 1 ? "the first account alone"
	                                            : "no account",
	                              found == 3   ? "both"
	                              : found == 1 ? "the first"
	                              : found == 2 ? "the second"
	                                           : "none");
}

bool ui_test_judge_text(const struct ui_test_question *question, struct bytes untrusted_text, struct error *ret_error)
{
	return bytes_equal_text(untrusted_text, question->content) ||
	       error_set(ret_error, ERROR_REFUSED, "expected the text '%s', found another of %zu bytes", question->content,
	           untrusted_text.size);
}

static bool judge_input(const struct ui_test_question *question, yyjson_val *result, struct error *ret_error)
{
	yyjson_val *text = yyjson_is_obj(result) ? yyjson_obj_get(result, "text") : NULL;

	if (!yyjson_is_str(text))
		return bad(ret_error, "expected an object with \"text\" as the result");
	return ui_test_judge_text(question, json_bytes(text), ret_error);
}

bool ui_test_judge(const struct ui_test_question *question, const struct ui_answer *answer, struct error *ret_error)
{
	if (answer->kind == UI_ANSWER_GONE)
		return bad(ret_error, "the user interface has ended");
	/* What an error says is handed on to the caller, so it is a denial, too. */
	if (answer->kind == UI_ANSWER_ERROR)
		return question->wanted == UI_TEST_DENY ||
		       error_set(ret_error, ERROR_REFUSED, "the answer is an error: %s", answer->error.text);
	switch (question->kind) {
	case UI_TEST_TRANSACTION:
	case UI_TEST_MESSAGE:
	case UI_TEST_TYPED_DATA:
	case UI_TEST_SAFE:
	case UI_TEST_AUTHORIZATION:
	case UI_TEST_BULK:
	case UI_TEST_NEW_ACCOUNT:
		return judge_decision(question, answer->result, ret_error);
	case UI_TEST_LISTING:
		return judge_listing(question, answer->result, ret_error);
	case UI_TEST_INPUT:
	case UI_TEST_PASSWORD:
		return judge_input(question, answer->result, ret_error);
	}
	return false;
}
