/*
 * Every recorded account_signTransaction, from the request's text to the signed transaction, without a process around it: what the UI
 * is shown, what it is warned of, what is answered. Differences on purpose stand in a table, each with its reason, and must be there.
 */
#include "../eth/eth_testing.h"

#include <fcntl.h>
#include <regex.h>

#include "base/file.h"
#include "decode/validation.h"
#include "eth/keccak.h"

#define REPLY_MAX ((size_t)1 << 24)

static const char contradiction[] = "a field that contradicts is an error";
static const char tip[] = "a tip above the cap is refused";
static const char type[] = "type is compared with the fields";
static const char edited[] = "what the UI edited is validated";
static const char unknown[] = "unknown fields are refused";

static struct difference {
	const char *file, *step; /* part of the step's name */
	const char *reason;
	bool seen;
} differences[] = {
    {"tx-fields", "tip above the cap", tip, false},
    {"tx-fields", "type 0x2 but legacy fees", type, false},
    {"tx-fields", "type 0x1 without a list", type, false},
    {"tx-fields", "type as text", type, false},
    {"tx-fields", "snake case names", unknown, false},
    {"tx-fields", "gasPrice and maxPriorityFeePerGas", contradiction, false},
    {"tx-fields", "gasPrice and maxFeePerGas", contradiction, false},
    {"tx-fields", "maxPriorityFeePerGas alone", contradiction, false},
    {"tx-fields", "field given twice, last counts", "duplicates are refused", false},
    {"tx-fields", "same field in two cases, last counts", "names are exact", false},
    {"tx-numbers", "maxFeePerGas \"0x0\"", tip, false},
    {"tx-numbers", "maxFeePerGas \"0x1\"", tip, false},
    {"tx-numbers", "maxFeePerGas \"0x7f\"", tip, false},
    {"tx-numbers", "maxFeePerGas \"0x80\"", tip, false},
    {"tx-numbers", "maxFeePerGas \"\"", tip, false},
    {"tx-numbers", "maxFeePerGas \"0XA\"", tip, false},
    {"tx-numbers", "maxFeePerGas \"0xABCDEF\"", tip, false},
    {"tx-ui-edits", "UI sends input and data, different", edited, false},
    {"tx-ui-edits", "UI removes the recipient", edited, false},
    {"tx-chains", "chainId changed by the UI, legacy", edited, false},
    {"tx-lists", "unknown field in an entry", unknown, false},
    {"tx-lists", "random 10: type 2", tip, false},
    {"tx-lists", "random 26: type 2", tip, false},
    {"tx-lists", "random 30: type 2", tip, false},
    {"tx-lists", "random 42: type 2", tip, false},
    {"tx-lists", "random 3: type 3", tip, false},
    {"tx-lists", "random 7: type 3", tip, false},
    {"tx-lists", "random 11: type 3", tip, false},
    {"tx-lists", "random 15: type 3", tip, false},
    {"tx-lists", "random 23: type 3", tip, false},
    {"tx-lists", "random 27: type 3", tip, false},
    {"tx-lists", "random 39: type 3", tip, false},
    {"tx-lists", "random 43: type 3", tip, false},
    {"tx-lists", "no hashes", contradiction, false},
    {"tx-lists", "maxFeePerBlobGas alone", contradiction, false},
    {"tx-lists", "hashes null", contradiction, false},
    {"tx-lists", "maxFeePerGas absent", tip, false},
    {"ui-transactions", "data added", edited, false},
    {"protocol-lifecycle", "both kinds of gas price", contradiction, false},
};

/* The accounts of fixtures/three-keys. */
static const char *const keys[] = {"ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
    "c85ef7d79691fe79573b1a7064c19c1a9819ebdbd1faaab1a8ec92344438aaf4",
    "4c0883a69102937d6231471b5dbb6204fe5129617082792ae468d01a3f362318"};

static struct signature_context *context;

struct play {
	struct arena arena;
	bool advanced;
	uint64_t chain_id;
	struct bytes params;  /* as sent */
	yyjson_val *question; /* what the UI was asked, NULL when it was not */
	yyjson_val *answer;   /* its transaction, NULL when it did not approve */
	struct buf shown, call_info, result;
	struct error error;
	bool asked, failed;
};

static bool sign(struct play *play, const struct transaction *transaction)
{
	struct buf payload = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct transaction parsed;
	struct signature signature;
	struct address address;
	uint8_t digest[KECCAK256_SIZE], key[32];
	size_t i = 0;
	bool good = transaction_put_payload(transaction, play->chain_id, &payload, &play->error) &&
	            transaction_parse_payload(buf_bytes(&payload), &play->arena, &parsed, &play->error);

	keccak256(buf_bytes(&payload), digest);
	for (; good && i < 3; i++) {
		assert_true(hex_decode_fixed(bytes_text(keys[i]), key, sizeof(key)));
		assert_true(signature_key_address(context, key, &address));
		if (address_equal(&address, &transaction->from))
			break;
	}
	if (i == 3)
		good = error_set(&play->error, ERROR_REFUSED, "unknown account");
	if (good)
		good = signature_sign(context, key, digest, &signature) &&
		       transaction_put_result_json(&parsed, play->chain_id, &signature, &play->result, &play->error);
	buf_free(&payload);
	return good;
}

/* As `core` does it. */
static bool run(struct play *play, yyjson_val *params)
{
	yyjson_val *hint = yyjson_arr_get(params, 1);
	struct transaction transaction, answered;
	struct validation validation;
	struct bytes signature = yyjson_is_str(hint) ? json_bytes(hint) : BYTES_NONE;

	if (!transaction_params_are_plain(play->params, &play->error) ||
	    !transaction_from_json(yyjson_arr_get(params, 0), &play->arena, &transaction, &play->error) ||
	    !validation_transaction(&transaction, signature, NULL, &play->arena, &validation, &play->error) ||
	    !validation_permits(&validation, play->advanced, &play->error) ||
	    !transaction_require_from(&transaction, &play->error) ||
	    !transaction_check_chain(&transaction, play->chain_id, &play->error))
		return false;
	play->asked = true;
	transaction_put_ui_json(&transaction, &play->shown);
	validation_put_json(&validation, &play->call_info);
	if (!play->answer)
		return true;
	return transaction_from_ui_json(play->answer, &transaction, &play->arena, &answered, &play->error) &&
	       validation_transaction(&answered, signature, NULL, &play->arena, &validation, &play->error) &&
	       validation_permits(&validation, play->advanced, &play->error) &&
	       transaction_check_chain(&answered, play->chain_id, &play->error) && sign(play, &answered);
}

static bool same_json(struct buf *found, yyjson_val *expected)
{
	struct json json = parse_json(buf_text(found));
	bool same = yyjson_equals(json.root, expected);

	json_free(&json);
	return same;
}

static bool same_messages(struct buf *found, yyjson_val *expected)
{
	struct json json = parse_json(buf_text(found));
	bool same = yyjson_arr_size(json.root) == yyjson_arr_size(expected);

	for (size_t i = 0; same && i < yyjson_arr_size(expected); i++) {
		yyjson_val *a = yyjson_arr_get(json.root, i), *b = yyjson_arr_get(expected, i);
		const char *pattern = yyjson_get_str(yyjson_obj_get(b, "message"));
		const char *text = yyjson_get_str(yyjson_obj_get(a, "message"));
		regex_t regex;
		same = yyjson_equals(yyjson_obj_get(a, "type"), yyjson_obj_get(b, "type"));
		if (strncmp(pattern, "<re:", 4) != 0) {
			same = same && strcmp(text, pattern) == 0;
			continue;
		}
		char *inner = memory_text(bytes_of(pattern + 4, strlen(pattern) - 5));
		assert_int_equal(regcomp(&regex, inner, REG_EXTENDED | REG_NOSUB), 0);
		same = same && regexec(&regex, text, 0, NULL, 0) == 0;
		regfree(&regex);
		free(inner);
	}
	json_free(&json);
	return same;
}

/* "$0.transaction.gas" and the like stand for parts of the question. */
static yyjson_mut_val *fill_in(yyjson_mut_doc *doc, yyjson_val *value, yyjson_val *question)
{
	const char *text = yyjson_is_str(value) ? yyjson_get_str(value) : "";
	size_t index, count;
	yyjson_val *name, *member;

	if (strncmp(text, "$0.", 3) == 0) {
		char *path = memory_text(bytes_text(text + 3));
		yyjson_val *at = question;
		for (char *rest = path, *step; (step = strsep(&rest, ".")) != NULL;)
			at = yyjson_obj_get(at, step);
		free(path);
		return at ? yyjson_val_mut_copy(doc, at) : yyjson_mut_null(doc);
	}
	if (!yyjson_is_obj(value))
		return yyjson_val_mut_copy(doc, value);
	yyjson_mut_val *object = yyjson_mut_obj(doc);
	yyjson_obj_foreach(value, index, count, name, member)
	{
		yyjson_mut_obj_add(object, yyjson_val_mut_copy(doc, name), fill_in(doc, member, question));
	}
	return object;
}

/* Password prompts and refusals of the person are not part of this test. */
static bool is_about_something_else(yyjson_val *expected_error)
{
	static const char *const texts[] = {"could not decrypt", "internal error", "closed", "denied", "User rejected"};
	const char *message = yyjson_get_str(yyjson_obj_get(expected_error, "message"));

	for (size_t i = 0; message && i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strstr(message, texts[i]))
			return true;
	return false;
}

static const char *compare(struct play *play, bool good, yyjson_val *reply)
{
	yyjson_val *error = yyjson_obj_get(reply, "error");
	yyjson_val *result = yyjson_obj_get(reply, "result");

	if (play->asked != (play->question != NULL))
		return play->asked ? "the UI was asked" : play->error.text;
	if (play->asked && !same_json(&play->shown, yyjson_obj_get(play->question, "transaction")))
		return buf_text(&play->shown);
	if (play->asked && !same_messages(&play->call_info, yyjson_obj_get(play->question, "call_info")))
		return buf_text(&play->call_info);
	if (result && (!good || !same_json(&play->result, result)))
		return good ? buf_text(&play->result) : play->error.text;
	if (!error || is_about_something_else(error))
		return NULL;
	if (good && (play->answer || !play->asked))
		return "no error";
	if (!good && error_rpc_code(&play->error) != atoi(yyjson_get_raw(yyjson_obj_get(error, "code"))))
		return play->error.text;
	return NULL;
}

static const char *step_differs(struct play *play, yyjson_val *step, yyjson_val *params)
{
	yyjson_val *expect = yyjson_obj_get(step, "expect");
	yyjson_val *seen = yyjson_obj_get(expect, "ui_seen");
	yyjson_val *first = yyjson_arr_get(seen, 0);
	yyjson_val *answer = yyjson_obj_get(yyjson_arr_get(yyjson_obj_get(step, "ui"), 0), "result");
	yyjson_mut_doc *filled = json_mut_new();
	yyjson_doc *doc = NULL;

	if (yyjson_equals_str(yyjson_obj_get(first, "method"), "ui_approveTx"))
		play->question = yyjson_arr_get(yyjson_obj_get(first, "params"), 0);
	if (yyjson_get_bool(yyjson_obj_get(answer, "approved"))) {
		yyjson_mut_doc_set_root(filled, fill_in(filled, answer, play->question));
		doc = yyjson_mut_doc_imut_copy(filled, NULL);
		play->answer = yyjson_obj_get(yyjson_doc_get_root(doc), "transaction");
	}
	bool approved_without = doc && !play->answer;
	bool good = run(play, params);
	const char *problem = approved_without ? NULL : compare(play, good, yyjson_obj_get(expect, "json"));
	if (problem)
		problem = arena_text(&play->arena, bytes_text(problem));
	yyjson_doc_free(doc);
	yyjson_mut_doc_free(filled);
	return problem;
}

static bool is_on_purpose(const char *file, const char *step)
{
	bool found = false;

	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
		if (strcmp(differences[i].file, file) == 0 && strstr(step, differences[i].step))
			found = differences[i].seen = true;
	return found;
}

/* One step; true when it was one of ours. */
static bool play_step(const char *file, yyjson_val *scenario, yyjson_val *step, bool advanced, uint64_t chain_id)
{
	struct play play = {.advanced = advanced,
	    .chain_id = chain_id,
	    .shown = BUF_INIT(REPLY_MAX),
	    .call_info = BUF_INIT(REPLY_MAX),
	    .result = BUF_INIT(REPLY_MAX)};
	yyjson_val *body = yyjson_obj_get(step, "body");
	const char *name = yyjson_get_str(yyjson_obj_get(step, "name"));
	struct json parsed = {0};
	struct buf raw = BUF_INIT(REPLY_MAX);
	struct error error;
	bool ours = false;

	if (yyjson_is_str(body) && json_parse(json_bytes(body), &parsed, &error))
		body = parsed.root;
	yyjson_val *params = yyjson_obj_get(body, "params");
	if (yyjson_equals_str(yyjson_obj_get(body, "method"), "account_signTransaction") && yyjson_is_arr(params) &&
	    yyjson_arr_size(params) >= 1 && yyjson_arr_size(params) <= 2 &&
	    !yyjson_get_bool(yyjson_obj_get(step, "divergence"))) {
		ours = true;
		/* A body that was recorded as text keeps its escapes. */
		const char *text = parsed.root ? strstr(yyjson_get_str(yyjson_obj_get(step, "body")), "\"params\":") : NULL;
		json_write(params, &raw);
		play.params = text ? bytes_text(text + 9) : buf_bytes(&raw);
		const char *problem = step_differs(&play, step, params);
		if (problem && !is_on_purpose(file, name))
			fail_msg("%s, %s, %s: %s", file, yyjson_get_str(yyjson_obj_get(scenario, "name")), name, problem);
	}
	buf_free(&play.shown);
	buf_free(&play.call_info);
	buf_free(&play.result);
	buf_free(&raw);
	arena_free(&play.arena);
	json_free(&parsed);
	return ours;
}

static unsigned play_scenario(const char *file, yyjson_val *scenario)
{
	size_t index, count;
	yyjson_val *argument, *step;
	bool advanced = false, chain_next = false;
	uint64_t chain_id = 1;
	unsigned played = 0;

	yyjson_arr_foreach(yyjson_obj_get(scenario, "args"), index, count, argument)
	{
		const char *text = yyjson_get_str(argument);
		if (chain_next)
			chain_id = strtoull(text, NULL, 10);
		chain_next = strcmp(text, "--chainid") == 0;
		advanced = advanced || strcmp(text, "--advanced") == 0;
	}
	yyjson_arr_foreach(yyjson_obj_get(scenario, "steps"), index, count, step)
	{
		if (yyjson_equals_str(yyjson_obj_get(step, "do"), "http"))
			played += play_step(file, scenario, step, advanced, chain_id);
	}
	return played;
}

static void test_recordings(void **state)
{
	static const char *const files[] = {"tx-fields", "tx-numbers", "tx-addresses", "tx-ui-edits", "tx-chains", "tx-lists",
	    "ui-transactions", "protocol-lifecycle", "decode-bad", "decode-known", "decode-selector"};
	int folder = open(getenv("CLEF_RECORDINGS"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	unsigned played = 0;

	(void)state;
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf text = BUF_INIT(REPLY_MAX);
		struct error error;
		struct json json;
		size_t index, count;
		yyjson_val *scenario;
		char name[100];
		snprintf(name, sizeof(name), "%s.json", files[i]);
		if (!file_read_at(folder, name, &text, &error) || !json_parse(buf_bytes(&text), &json, &error))
			fail_msg("%s: %s", name, error.text);
		yyjson_arr_foreach(json.root, index, count, scenario)
		{
			if (!yyjson_is_false(yyjson_obj_get(scenario, "starts")))
				played += play_scenario(files[i], scenario);
		}
		json_free(&json);
		buf_free(&text);
	}
	close(folder);
	assert_true(played > 400);
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++)
		if (!differences[i].seen)
			fail_msg("no difference any more: %s, %s (%s)", differences[i].file, differences[i].step,
			    differences[i].reason);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_recordings)};

	context = signature_context_new(NULL);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	signature_context_free(context);
	return failed;
}
