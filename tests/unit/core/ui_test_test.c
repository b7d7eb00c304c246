/* --stdio-ui-test: every step's content is sound, and answers are judged as a signer would. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "core/ui_test_private.h"

#define TEXT_MOST ((size_t)1 << 20)

static const struct ui_test_frame frame = {.request_id = "r-00000000-1", .expires_at = 1700000000, .step = 1, .steps = 2};

static void test_every_question_can_be_made(void **state)
{
	(void)state;
	assert_true(ui_test_step_count > 0);
	for (size_t i = 0; i < ui_test_step_count; i++) {
		const struct ui_test_step *step = &ui_test_steps[i];

		assert_true(step->count > 0 && step->count <= UI_TEST_QUESTIONS_MOST);
		for (size_t k = 0; k < step->count; k++) {
			struct buf params BUF_CLEANUP = BUF_INIT(TEXT_MOST);
			struct json json JSON_CLEANUP = {0};
			struct error error;

			if (!ui_test_put_params(&step->questions[k], &frame, &params))
				fail_msg("%s", step->name);
			if (!json_parse(buf_bytes(&params), &json, &error) || !yyjson_is_obj(json.root))
				fail_msg("%s: %s", step->name, buf_text(&params));
			assert_true(yyjson_equals_str(yyjson_obj_get(json.root, "request_id"), frame.request_id));
		}
		if (step->notify_params != NULL) {
			struct json json JSON_CLEANUP = {0};
			struct error error;

			assert_true(json_parse(bytes_text(step->notify_params), &json, &error));
		}
	}
}

/* Nothing that a UI sends can be taken for right by being odd. */
static bool judge(enum ui_test_kind kind, enum ui_test_wanted wanted, const char *content, const char *result)
{
	const struct ui_test_question question = {.kind = kind, .wanted = wanted, .content = content};
	struct json json JSON_CLEANUP = {0};
	struct ui_answer answer = {.kind = UI_ANSWER_RESULT};
	struct error error = {0};

	assert_true(json_parse(bytes_text(result), &json, &error));
	answer.result = json.root;
	bool good = ui_test_judge(&question, &answer, &error);

	assert_true(good || error.text[0] != 0);
	return good;
}

static void test_decisions(void **state)
{
	static const char *const neither[] = {"null", "true", "[]", "{}", "{\"approved\":null}", "{\"approved\":1}",
	    "{\"approved\":\"true\"}", "{\"Approved\":true}"};

	(void)state;
	assert_true(judge(UI_TEST_MESSAGE, UI_TEST_APPROVE, "x", "{\"approved\":true}"));
	assert_false(judge(UI_TEST_MESSAGE, UI_TEST_APPROVE, "x", "{\"approved\":false}"));
	assert_true(judge(UI_TEST_NEW_ACCOUNT, UI_TEST_DENY, NULL, "{\"approved\":false}"));
	assert_false(judge(UI_TEST_NEW_ACCOUNT, UI_TEST_DENY, NULL, "{\"approved\":true}"));
	for (size_t i = 0; i < sizeof(neither) / sizeof(neither[0]); i++) {
		assert_false(judge(UI_TEST_MESSAGE, UI_TEST_APPROVE, "x", neither[i]));
		assert_false(judge(UI_TEST_NEW_ACCOUNT, UI_TEST_DENY, NULL, neither[i]));
	}
}

#define TX(gas)                                                                                                           \
	"{\"from\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\"to\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\"," \
	"\"gas\":\"" gas "\",\"gasPrice\":\"0x1\",\"value\":\"0x0\",\"nonce\":\"0x0\"}"

static void test_transactions(void **state)
{
	(void)state;
	assert_true(judge(UI_TEST_TRANSACTION, UI_TEST_APPROVE, TX("0x1"), "{\"approved\":true,\"transaction\":" TX("0x1") "}"));
	assert_false(judge(UI_TEST_TRANSACTION, UI_TEST_APPROVE, TX("0x1"), "{\"approved\":true,\"transaction\":" TX("0x2") "}"));
	assert_false(judge(UI_TEST_TRANSACTION, UI_TEST_APPROVE, TX("0x1"), "{\"approved\":true,\"transaction\":null}"));
	assert_false(judge(UI_TEST_TRANSACTION, UI_TEST_APPROVE, TX("0x1"), "{\"approved\":true}"));
	assert_true(judge(UI_TEST_TRANSACTION, UI_TEST_DENY, TX("0x1"), "{\"approved\":false}"));
}

#define FIRST  "{\"address\":\"" UI_TEST_FIRST "\"}"
#define SECOND "{\"address\":\"" UI_TEST_SECOND "\"}"

static void test_listings(void **state)
{
	static const char *const both = "{\"accounts\":[" SECOND "," FIRST "]}", *first = "{\"accounts\":[" FIRST "]}";
	static const char *const odd[] = {"{\"accounts\":[" SECOND "]}", "{\"accounts\":{}}", "{\"accounts\":[null]}",
	    "{\"accounts\":[[]]}", "{\"accounts\":[{\"address\":\"0x\"}]}", "{\"accounts\":[{\"address\":[]}]}", "[]", "5"};

	(void)state;
	assert_true(judge(UI_TEST_LISTING, UI_TEST_APPROVE, NULL, both));
	assert_false(judge(UI_TEST_LISTING, UI_TEST_APPROVE, NULL, first));
	assert_true(judge(UI_TEST_LISTING, UI_TEST_FIRST_ONLY, NULL, first));
	assert_false(judge(UI_TEST_LISTING, UI_TEST_FIRST_ONLY, NULL, both));
	assert_true(judge(UI_TEST_LISTING, UI_TEST_DENY, NULL, "null"));
	assert_true(judge(UI_TEST_LISTING, UI_TEST_DENY, NULL, "{\"accounts\":null}"));
	assert_true(judge(UI_TEST_LISTING, UI_TEST_DENY, NULL, "{\"accounts\":[]}"));
	assert_false(judge(UI_TEST_LISTING, UI_TEST_DENY, NULL, first));
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_false(judge(UI_TEST_LISTING, UI_TEST_APPROVE, NULL, odd[i]));
		assert_false(judge(UI_TEST_LISTING, UI_TEST_FIRST_ONLY, NULL, odd[i]));
	}
}

static void test_texts(void **state)
{
	(void)state;
	assert_true(judge(UI_TEST_INPUT, UI_TEST_TYPE, "yes", "{\"text\":\"yes\"}"));
	assert_false(judge(UI_TEST_INPUT, UI_TEST_TYPE, "yes", "{\"text\":\"yes \"}"));
	assert_false(judge(UI_TEST_INPUT, UI_TEST_TYPE, "yes", "{\"text\":\"\"}"));
	assert_false(judge(UI_TEST_PASSWORD, UI_TEST_TYPE, "yes", "{\"text\":null}"));
	assert_false(judge(UI_TEST_PASSWORD, UI_TEST_TYPE, "yes", "\"yes\""));
}

static void test_errors_and_the_end(void **state)
{
	const struct ui_test_question denied = {.kind = UI_TEST_MESSAGE, .wanted = UI_TEST_DENY},
	                              approved = {.kind = UI_TEST_MESSAGE};
	const struct ui_answer refusal = {.kind = UI_ANSWER_ERROR, .error = {.kind = ERROR_CUSTOM, .text = "no"}};
	const struct ui_answer gone = {.kind = UI_ANSWER_GONE};
	struct error error;

	(void)state;
	assert_true(ui_test_judge(&denied, &refusal, &error));
	assert_false(ui_test_judge(&approved, &refusal, &error));
	assert_false(ui_test_judge(&denied, &gone, &error));
	assert_false(ui_test_judge(&approved, &gone, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_every_question_can_be_made),
	    cmocka_unit_test(test_decisions),
	    cmocka_unit_test(test_transactions),
	    cmocka_unit_test(test_listings),
	    cmocka_unit_test(test_texts),
	    cmocka_unit_test(test_errors_and_the_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
