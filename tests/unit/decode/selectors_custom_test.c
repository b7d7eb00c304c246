/* The person's own list of method signatures: what is read, what is refused, what is added. */
#include "../eth/eth_testing.h"

#include "base/json.h"
#include "decode/selectors_custom.h"
#include "decode/validation.h"
#include "eth/keccak.h"

static const uint8_t transfer[4] = {0xa9, 0x05, 0x9c, 0xbb};
static const uint8_t obscure[4] = {0xc6, 0x7f, 0x0f, 0x41};

static const struct log silent = {"test", 0, -1};

static bool read_text(const char *text, struct selectors_custom *list, struct error *ret_error)
{
	*list = SELECTORS_CUSTOM_EMPTY;
	return selectors_custom_read(bytes_text(text), &silent, list, ret_error);
}

static void test_read(void **state)
{
	struct selectors_custom list;
	struct bytes found;
	struct error error;

	(void)state;
	/* Clef's recorded file: the first is in order, the others are of no use and no obstacle. */
	assert_true(read_text("{\"c67f0f41\": \"obscureCall6(address,uint256)\", \"7311d8a3\": \"transfer(address,uint256)\", "
	                      "\"a6cecc1b\": \"not a signature\", \"a9059cbb\": \"mined(bytes)\", \"C9E9C616\": \"x()\", "
	                      "\"18072e8c\": \"\", \"0xa9059cbb\": \"transfer(address,uint256)\"}",
	    &list, &error));
	assert_int_equal(list.count, 1);
	assert_true(selectors_custom_find(&list, obscure, &found));
	assert_bytes_equal(found, bytes_text("obscureCall6(address,uint256)"));
	assert_false(selectors_custom_find(&list, transfer, &found));
	selectors_custom_free(&list);
}

static void test_empty(void **state)
{
	static const char *const empty[] = {"", " \n", "{}", " { } \n"};
	struct selectors_custom list;
	struct bytes found;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(empty) / sizeof(empty[0]); i++) {
		assert_true(read_text(empty[i], &list, &error));
		assert_int_equal(list.count, 0);
		assert_false(selectors_custom_find(&list, transfer, &found));
		selectors_custom_free(&list);
	}
	assert_false(selectors_custom_find(NULL, transfer, &found));
}

static void test_malformed(void **state)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"{", "line 1, column 2: no JSON: "},
	    {"{not json", "line 1, column 2: no JSON: "},
	    {"{\n \"a9059cbb\": transfer}", "line 2, column 14: no JSON: "},
	    {"{} {}", "line 1, column 4: no JSON: "},
	    {"{\"a\": \"\xff\"}", "line 1, column 8: no JSON: "},
	    {"[]", "expected a JSON object from selectors to signatures, found array"},
	    {"null", "expected a JSON object from selectors to signatures, found null"},
	    {"\"{}\"", "expected a JSON object from selectors to signatures, found string"},
	    {"{\"a9059cbb\": [\"transfer(address,uint256)\"]}",
	        "a9059cbb: expected a text such as \"transfer(address,uint256)\", found array"},
	    {"{\"a9059cbb\": null}", "a9059cbb: expected a text such as \"transfer(address,uint256)\", found null"},
	    {"{\"a9059cbb\": \"transfer(address,uint256)\", \"\\u00619059cbb\": \"transfer(address,uint256)\"}",
	        "names a9059cbb twice"},
	};
	struct selectors_custom list;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct error error;

		assert_false(read_text(cases[i].text, &list, &error));
		if (strncmp(error.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("%s: %s", cases[i].text, error.text);
		assert_int_equal(list.count, 0);
		selectors_custom_free(&list);
	}
}

static void test_hostile_texts_are_not_used(void **state)
{
	/* Right selectors all of them: Keccak-256 of exactly these bytes. What is wrong is the text. */
	static const char *const texts[] = {"transfer(address,uint)", "transfer(address, uint256)", "transfer(address,uint256) ",
	    "transfer(address,uint256", "\xe2\x80\xaetransfer(address,uint256)", "transfer", "(address)", "f(uint7)",
	    "f(uint256[0])"};

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct selectors_custom list;
		struct buf json BUF_CLEANUP = BUF_INIT(4096);
		uint8_t digest[KECCAK256_SIZE];
		struct error error;

		keccak256(bytes_text(texts[i]), digest);
		buf_printf(&json, "{\"%02x%02x%02x%02x\":", digest[0], digest[1], digest[2], digest[3]);
		json_put_string(&json, bytes_text(texts[i]));
		buf_put_u8(&json, '}');
		assert_true(read_text(buf_text(&json), &list, &error));
		if (list.count != 0)
			fail_msg("used: %s", texts[i]);
		selectors_custom_free(&list);
	}
}

/* Numbered methods, added in an order that is none, are all found, before and after the list was read from what was put. */
static void test_many(void **state)
{
	struct selectors_custom list = SELECTORS_CUSTOM_EMPTY, again;
	struct buf file = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
	struct error error;

	(void)state;
	for (unsigned i = 0; i < 300; i++) {
		struct buf next = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
		uint8_t digest[KECCAK256_SIZE];
		bool known;
		char text[32];

		snprintf(text, sizeof(text), "method%u(bytes)", i);
		keccak256(bytes_text(text), digest);
		assert_true(selectors_custom_add(&list, digest, bytes_text(text)));
		assert_false(selectors_custom_add(&list, digest, bytes_text("another()")));
		assert_true(selectors_custom_put(buf_bytes(&file), digest, bytes_text(text), &known, &next, &error));
		assert_false(known);
		buf_free(&file);
		file = next;
	}
	assert_true(read_text(buf_text(&file), &again, &error));
	assert_int_equal(again.count, 300);
	for (size_t i = 0; i < 300; i++) {
		struct bytes one, other;

		assert_true(selectors_custom_find(&list, again.entries[i].selector, &one));
		assert_true(selectors_custom_find(&again, list.entries[i].selector, &other));
		assert_true(selectors_custom_find(&again, again.entries[i].selector, &other));
		assert_bytes_equal(one, other);
	}
	selectors_custom_free(&list);
	selectors_custom_free(&again);
	buf_free(&file);
}

static void test_put_keeps_what_is_there(void **state)
{
	static const struct {
		const char *before, *after; /* NULL: known already */
	} cases[] = {
	    {"", "{\"a9059cbb\":\"transfer(address,uint256)\"}"},
	    {"{}", "{\"a9059cbb\":\"transfer(address,uint256)\"}"},
	    {" { }\n", " {\"a9059cbb\":\"transfer(address,uint256)\" }\n"},
	    {"{\"x\":\"}\"}", "{\"x\":\"}\",\"a9059cbb\":\"transfer(address,uint256)\"}"},
	    {"{\n  \"b\": \"x()\",\n  \"a\": \"}\"\n}\n",
	        "{\n  \"b\": \"x()\",\n  \"a\": \"}\",\n  \"a9059cbb\": \"transfer(address,uint256)\"\n}\n"},
	    {"{\"a9059cbb\":\"mined(bytes)\"}", NULL},
	    {"{\"\\u00619059cbb\":\"\"}", NULL},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct buf after BUF_CLEANUP = BUF_INIT(SELECTORS_CUSTOM_FILE_MAX);
		struct error error;
		bool known;

		assert_true(selectors_custom_put(
		    bytes_text(cases[i].before), transfer, bytes_text("transfer(address,uint256)"), &known, &after, &error));
		assert_int_equal(known, cases[i].after == NULL);
		assert_string_equal(buf_text(&after), cases[i].after == NULL ? "" : cases[i].after);
	}
}

static void test_put_refuses(void **state)
{
	struct buf after BUF_CLEANUP = BUF_INIT(40);
	struct error error;
	bool known;

	(void)state;
	assert_false(selectors_custom_put(bytes_text("{\"a\":1}"), transfer, bytes_text("x()"), &known, &after, &error));
	assert_false(selectors_custom_put(bytes_text("[]"), transfer, bytes_text("x()"), &known, &after, &error));
	assert_int_equal(after.size, 0);
	assert_false(selectors_custom_put(
	    bytes_text("{\"b\":\"\"}"), transfer, bytes_text("transfer(address,uint256)"), &known, &after, &error));
	assert_non_null(strstr(error.text, "would grow beyond"));
}

/* The shipped list comes first; what it lacks is found in the custom list. */
static void test_order_of_the_lists(void **state)
{
	static uint8_t data[2][4 + 64] = {{0xa9, 0x05, 0x9c, 0xbb}, {0xc6, 0x7f, 0x0f, 0x41}};
	struct selectors_custom list = SELECTORS_CUSTOM_EMPTY;

	(void)state;
	assert_true(selectors_custom_add(&list, transfer, bytes_text("mined(bytes)")));
	assert_true(selectors_custom_add(&list, obscure, bytes_text("obscureCall6(address,uint256)")));
	for (size_t i = 0; i < 2; i++) {
		struct transaction transaction = {.has_to = true,
		    .to = {{1}},
		    .to_is_checksummed = true,
		    .has_gas_price = true,
		    .data = bytes_of(data[i], sizeof(data[i]))};
		ARENA_CLEANUP struct arena arena = {0};
		struct validation validation, without;
		struct error error;

		assert_true(validation_transaction(&transaction, BYTES_NONE, &list, &arena, &validation, &error));
		assert_int_equal(validation.count, 1);
		assert_int_equal(validation.messages[0].level, VALIDATION_INFO);
		assert_non_null(memmem(validation.messages[0].text.data, validation.messages[0].text.size,
		    i == 0 ? "\"transfer(" : "\"obscureCall6(", i == 0 ? 10 : 14));
		assert_true(validation_transaction(&transaction, BYTES_NONE, NULL, &arena, &without, &error));
		assert_int_equal(without.messages[0].level, i == 0 ? VALIDATION_INFO : VALIDATION_WARNING);
	}
	selectors_custom_free(&list);
}

static void test_hint_fits(void **state)
{
	static uint8_t data[4 + 64] = {0xc6, 0x7f, 0x0f, 0x41};
	static const struct {
		const char *hint;
		bool fits;
	} cases[] = {{"obscureCall6(address,uint256)", true}, {"obscureCall6(address,uint256", false}, {"obscureCall6", false},
	    {"", false}, {"transfer(address,uint256)", false}, {NULL, false}};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct transaction transaction = {.has_to = true,
		    .to = {{1}},
		    .to_is_checksummed = true,
		    .has_gas_price = true,
		    .data = bytes_of(data, sizeof(data))};
		ARENA_CLEANUP struct arena arena = {0};
		struct validation validation = {.hint_fits = true};
		struct error error;

		assert_true(validation_transaction(
		    &transaction, cases[i].hint ? bytes_text(cases[i].hint) : BYTES_NONE, NULL, &arena, &validation, &error));
		assert_int_equal(validation.hint_fits, cases[i].fits);
		assert_int_equal(validation_permits(&validation, false, &error), cases[i].fits);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_read),
	    cmocka_unit_test(test_empty),
	    cmocka_unit_test(test_malformed),
	    cmocka_unit_test(test_hostile_texts_are_not_used),
	    cmocka_unit_test(test_many),
	    cmocka_unit_test(test_put_keeps_what_is_there),
	    cmocka_unit_test(test_put_refuses),
	    cmocka_unit_test(test_order_of_the_lists),
	    cmocka_unit_test(test_hint_fits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
