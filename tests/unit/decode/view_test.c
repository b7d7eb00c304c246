/* Decoded views: what UIs get as data. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/hex.h"
#include "base/json.h"
#include "decode/validation.h"
#include "decode/view.h"

#define TEXT_MOST ((size_t)1 << 24)
#define FIRST     "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define WORD_ADDR "000000000000000000000000f39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define WORD_TEN  "000000000000000000000000000000000000000000000000000000000000000a"

/* The view of a transaction given as JSON, as text. */
static void view_of(const char *request, const char *hint, struct buf *ret_view)
{
	struct arena arena ARENA_CLEANUP = {0};
	struct json json JSON_CLEANUP = {0};
	struct transaction transaction;
	struct validation validation;
	struct error error;

	assert_true(json_parse(bytes_text(request), &json, &error));
	if (!transaction_from_json(json.root, &arena, &transaction, &error))
		fail_msg("%s", error.text);
	assert_true(validation_transaction(
	    &transaction, hint != NULL ? bytes_text(hint) : BYTES_NONE, NULL, &arena, &validation, &error));
	view_put_transaction(&transaction, 5, validation.call, ret_view);
	assert_true(buf_ok(ret_view));
	json_free(&json);
	assert_true(json_parse(buf_bytes(ret_view), &json, &error));
}

static void assert_part(struct buf *text, const char *part)
{
	if (strstr(buf_text(text), part) == NULL)
		fail_msg("no %s in %s", part, buf_text(text));
}

static void test_transfer(void **state)
{
	struct buf view BUF_CLEANUP = BUF_INIT(TEXT_MOST);

	(void)state;
	view_of("{\"from\":\"" FIRST "\",\"to\":\"" FIRST
	        "\",\"gas\":\"0x5208\",\"maxFeePerGas\":\"0x3\",\"maxPriorityFeePerGas\":\"0x1\","
	        "\"value\":\"0x2\",\"nonce\":\"0x7\"}",
	    NULL, &view);
	assert_part(&view,
	    "\"kind\":\"transaction\",\"type\":\"0x2\",\"action\":\"transfer\",\"chain_id\":\"5\",\"from\":\"" FIRST
	    "\",\"to\":\"" FIRST "\",\"value\":\"2\",\"nonce\":\"7\",\"gas\":\"21000\",\"gas_price\":null");
	assert_part(&view, "\"max_fee_per_gas\":\"3\",\"max_priority_fee_per_gas\":\"1\",\"max_fee_per_blob_gas\":null,"
	                   "\"max_fee_total\":\"63000\",\"max_cost\":\"63002\",\"data_bytes\":0,\"call\":null");
}

static void test_known_call(void **state)
{
	struct buf view BUF_CLEANUP = BUF_INIT(TEXT_MOST);

	(void)state;
	view_of("{\"to\":\"" FIRST "\",\"gasPrice\":\"0x1\",\"data\":\"0xa9059cbb" WORD_ADDR WORD_TEN "\"}", NULL, &view);
	assert_part(&view, "\"action\":\"call\"");
	assert_part(&view, "\"from\":null");
	assert_part(&view, "\"call\":{\"selector\":\"0xa9059cbb\",\"signature\":\"transfer(address,uint256)\",\"arguments\":["
	                   "{\"name\":\"to\",\"type\":\"address\",\"value\":\"" FIRST "\"},"
	                   "{\"name\":\"value\",\"type\":\"uint256\",\"value\":\"10\"}],\"other_signatures\":[]}");
}

static void test_unknown_call(void **state)
{
	struct buf view BUF_CLEANUP = BUF_INIT(TEXT_MOST);

	(void)state;
	view_of("{\"to\":\"" FIRST "\",\"gasPrice\":\"0x1\",\"data\":\"0xabababab\"}", NULL, &view);
	assert_part(
	    &view, "\"call\":{\"selector\":\"0xabababab\",\"signature\":null,\"arguments\":null,\"other_signatures\":[]}");
	buf_reset(&view);
	view_of("{\"to\":\"" FIRST "\",\"gasPrice\":\"0x1\",\"data\":\"0xababab\"}", NULL, &view);
	assert_part(&view, "\"data_bytes\":3,\"call\":null");
}

/* Arrays and tuples are arrays; texts from outside are escaped; names are not known for a caller's own signature. */
static void test_nested_arguments(void **state)
{
	struct buf view BUF_CLEANUP = BUF_INIT(TEXT_MOST);
	static const char words[] = "0000000000000000000000000000000000000000000000000000000000000040" /* string at 0x40 */
	                            "0000000000000000000000000000000000000000000000000000000000000080" /* array at 0x80 */
	                            "0000000000000000000000000000000000000000000000000000000000000003"
	                            "2261ff0000000000000000000000000000000000000000000000000000000000" /* "a\xff */
	                            "0000000000000000000000000000000000000000000000000000000000000001"
	                            "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff"  /* -1 */
	                            "0000000000000000000000000000000000000000000000000000000000000001"; /* true */
	static const char hint[] = "odd(string,(int8,bool)[])";
	struct abi_method method;
	struct arena arena ARENA_CLEANUP = {0};
	struct error error;
	char request[2048];

	(void)state;
	assert_true(abi_parse_method(bytes_text(hint), &arena, &method, &error));
	snprintf(request, sizeof(request), "{\"to\":\"%s\",\"gasPrice\":\"0x1\",\"data\":\"0x%02x%02x%02x%02x%s\"}", FIRST,
	    method.selector[0], method.selector[1], method.selector[2], method.selector[3], words);
	view_of(request, hint, &view);
	assert_part(&view, "\"signature\":\"odd(string,(int8,bool)[])\"");
	assert_part(&view, "{\"name\":null,\"type\":\"string\",\"value\":\"\\\"a\xef\xbf\xbd\"}");
	assert_part(&view, "{\"name\":null,\"type\":\"(int8,bool)[]\",\"value\":[[\"-1\",\"true\"]]}");
}

static void test_creation(void **state)
{
	struct buf view BUF_CLEANUP = BUF_INIT(TEXT_MOST);

	(void)state;
	view_of("{\"gas\":\"0xffffffffffffffff\",\"gasPrice\":"
	        "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\",\"data\":\"0xa9059cbb\"}",
	    NULL, &view);
	assert_part(&view, "\"action\":\"creation\"");
	assert_part(&view, "\"to\":null");
	assert_part(&view, "\"call\":null");
	/* more than 256 bits: not known, rather than wrong */
	assert_part(&view, "\"max_fee_total\":null,\"max_cost\":null");
}

static void assert_message(const char *bytes, size_t size, const char *view_wanted)
{
	struct buf view BUF_CLEANUP = BUF_INIT(TEXT_MOST);

	view_put_message(bytes_of(bytes, size), &view);
	assert_string_equal(buf_text(&view), view_wanted);
}

static void test_messages(void **state)
{
	(void)state;
	assert_message("h\xc3\xa9\n\"x\"", 7, "{\"kind\":\"message\",\"text\":\"h\xc3\xa9\\n\\\"x\\\"\",\"bytes\":7}");
	assert_message("", 0, "{\"kind\":\"message\",\"text\":\"\",\"bytes\":0}");
	assert_message("\xff", 1, "{\"kind\":\"message\",\"text\":null,\"bytes\":1}");
	assert_message("a\0b", 3, "{\"kind\":\"message\",\"text\":null,\"bytes\":3}");
	assert_message("\xe2\x80\xae"
	               "evil",
	    7, "{\"kind\":\"message\",\"text\":null,\"bytes\":7}");
	assert_message("\x1b[2J", 4, "{\"kind\":\"message\",\"text\":null,\"bytes\":4}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_transfer),
	    cmocka_unit_test(test_known_call),
	    cmocka_unit_test(test_unknown_call),
	    cmocka_unit_test(test_nested_arguments),
	    cmocka_unit_test(test_creation),
	    cmocka_unit_test(test_messages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
