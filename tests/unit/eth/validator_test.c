/* Data for an intended validator (EIP-191, version 0x00). */
#include "eth_testing.h"

#include "eth/validator.h"

#define CONTRACT "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"

static void read_good(struct arena *arena, const char *text, struct validator_data *ret_data)
{
	struct json json = parse_json(text);
	struct error error;

	if (!validator_from_json(json.root, arena, ret_data, &error))
		fail_msg("%s: %s", text, error.text);
	json_free(&json);
}

/* The digest is also what eth-account's encode_intended_validator gives. */
static void test_shown_and_signed(void **state)
{
	struct arena arena = {0};
	struct buf json = BUF_INIT(4096);
	struct validator_data data;
	uint8_t digest[KECCAK256_SIZE];

	(void)state;
	read_good(&arena, "{\"message\":\"0x1122\",\"address\":\"0Xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\"}", &data);
	validator_digest(&data, digest);
	assert_hex(bytes_of(digest, sizeof(digest)), "09b74eeff35ec711714575661300a37fdef82a81584685b4efa81e500efb3caa");
	validator_put_ui_members(&data, &json);
	assert_string_equal(buf_text(&json),
	    "\"raw_data\":\"GQDNKj2fk44TzZR+wFq8f+c0343YJhEi\",\"messages\":[{\"name\":\"This is a request to sign data intended "
	    "for a "
	    "particular validator (see EIP 191 version 0)\",\"value\":\"\",\"type\":\"description\"},{\"name\":\"Intended "
	    "validator "
	    "address\",\"value\":\"" CONTRACT "\",\"type\":\"address\"},{\"name\":\"Application-specific "
	    "data\",\"value\":\"0x1122\",\"type\":\"hexdata\"},{\"name\":\"Full message for "
	    "signing\",\"value\":\"0x1900cd2a3d9f938e13cd947ec05abc7fe734df8dd8261122\",\"type\":\"hexdata\"}],"
	    "\"hash\":\"0x09b74eeff35ec711714575661300a37fdef82a81584685b4efa81e500efb3caa\"");
	buf_reset(&json);
	validator_put_decoded(&data, &json);
	assert_string_equal(buf_text(&json),
	    "{\"kind\":\"validator\",\"validator\":\"" CONTRACT "\",\"data\":\"0x1122\",\"text\":null,"
	    "\"digest\":\"0x09b74eeff35ec711714575661300a37fdef82a81584685b4efa81e500efb3caa\"}");
	buf_free(&json);
	arena_free(&arena);
}

/* Text is shown as text only when nothing in it deceives. */
static void test_text(void **state)
{
	static const struct {
		const char *message, *text;
	} cases[] = {
	    {"0x49206167726565", "\"text\":\"I agree\""},
	    {"0x49e280ae6167726565", "\"text\":null"}, /* a character that turns the writing direction */
	    {"0xff", "\"text\":null"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct buf json = BUF_INIT(4096);
		struct validator_data data;
		read_good(
		    &arena, arena_printf(&arena, "{\"address\":\"" CONTRACT "\",\"message\":\"%s\"}", cases[i].message), &data);
		validator_put_decoded(&data, &json);
		assert_non_null(strstr(buf_text(&json), cases[i].text));
		buf_free(&json);
		arena_free(&arena);
	}
}

static void test_refused(void **state)
{
	static const struct {
		const char *value, *names;
	} cases[] = {
	    {"null", "object"},
	    {"\"0x1122\"", "object"},
	    {"[\"" CONTRACT "\",\"0x11\"]", "object"},
	    {"{}", "address"},
	    {"{\"message\":\"0x11\"}", "address"},
	    {"{\"address\":null,\"message\":\"0x11\"}", "address"},
	    {"{\"address\":\"0x\",\"message\":\"0x11\"}", "address"},
	    {"{\"address\":\"\",\"message\":\"0x11\"}", "address"},
	    {"{\"address\":\"0x12\",\"message\":\"0x11\"}", "address"},           /* Clef padded */
	    {"{\"address\":\"" CONTRACT "00\",\"message\":\"0x11\"}", "address"}, /* and cut */
	    {"{\"address\":\"CD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"message\":\"0x11\"}", "address"},
	    {"{\"address\":\"vitalik.eth\",\"message\":\"0x11\"}", "address"},
	    {"{\"address\":\"" CONTRACT "\"}", "message"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":\"\"}", "message"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":\"0x\"}", "message"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":\"0x1\"}", "message"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":\"hello\"}", "message"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":5}", "message"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":\"0x11\",\"chain\":1}", "chain"},
	    {"{\"address\":\"" CONTRACT "\",\"message\":\"0x11\",\"message\":\"0x12\"}", "message"},
	};
	struct validator_data data;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct json json = parse_json(cases[i].value);
		if (validator_from_json(json.root, &arena, &data, &error))
			fail_msg("accepted: %s", cases[i].value);
		assert_int_equal(error_rpc_code(&error), -32000);
		if (!strstr(error.text, cases[i].names))
			fail_msg("%s: \"%s\" does not name %s", cases[i].value, error.text, cases[i].names);
		json_free(&json);
		arena_free(&arena);
	}
}

static void test_content(void **state)
{
	struct arena arena = {0};
	struct buf content = BUF_INIT(4096);
	struct validator_data data, again;
	uint8_t digest[KECCAK256_SIZE];
	struct error error;

	(void)state;
	read_good(&arena, "{\"address\":\"" CONTRACT "\",\"message\":\"0x11\"}", &data);
	validator_put_content(&data, &content);
	assert_true(validator_parse_content(buf_bytes(&content), &again, &error));
	assert_true(address_equal(&again.address, &data.address));
	assert_bytes_equal(again.message, LITERAL("\x11"));
	for (size_t size = 0; size < content.size; size++)
		assert_false(validator_content_digest(bytes_of(content.data, size), digest, &error));
	buf_free(&content);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_shown_and_signed), cmocka_unit_test(test_text),
	    cmocka_unit_test(test_refused), cmocka_unit_test(test_content)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
