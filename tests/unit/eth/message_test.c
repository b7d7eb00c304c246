/* Personal messages (EIP-191, version 0x45) and the media types that lead to them. */
#include "eth_testing.h"

#include "eth/media_type.h"
#include "eth/message.h"

static void test_prefix_and_digest(void **state)
{
	struct buf raw = BUF_INIT(1000);
	uint8_t digest[KECCAK256_SIZE], same[KECCAK256_SIZE];

	(void)state;
	message_put_prefixed(bytes_text("hello"), &raw);
	assert_bytes_equal(buf_bytes(&raw), bytes_text("\x19"
	                                               "Ethereum Signed Message:\n5hello"));
	message_digest(bytes_text("hello"), digest);
	assert_hex(bytes_of(digest, sizeof(digest)), "50b2c43fd39106bafbba0da34fc430e1f91e3c96ea2acee2bc34119f92b37750");
	keccak256(buf_bytes(&raw), same);
	assert_memory_equal(digest, same, sizeof(same));
	/* the example in eth-account's and web3.py's documentation */
	message_digest(bytes_text("I\xe2\x99\xa5SF"), digest);
	assert_hex(bytes_of(digest, sizeof(digest)), "1476abb745d423bf09273f1afd887d951181d25adc66c4834a70491911b7f750");
	message_digest(BYTES_NONE, digest);
	assert_hex(bytes_of(digest, sizeof(digest)), "5f35dce98ba4fba25530a026ed80b2cecdaa31091ba4958b99b52ea1d068adad");
	buf_free(&raw);
}

/* What the UI got from Clef for these bytes, member for member. */
static void test_ui_members(void **state)
{
	struct buf json = BUF_INIT(1000);

	(void)state;
	message_put_ui_members(LITERAL("\xc3\x61"), &json);
	assert_string_equal(buf_text(&json),
	    "\"raw_data\":\"GUV0aGVyZXVtIFNpZ25lZCBNZXNzYWdlOgoyw2E=\",\"messages\":[{\"name\":\"message\",\"value\":"
	    "\"\\u0019Ethereum Signed Message:\\n2\xef\xbf\xbd"
	    "a\",\"type\":\"text/plain\"}],"
	    "\"hash\":\"0x99c40f45e750598554e738e0066b608cfb744bb07fbbb3cacd5e42ce51d9f6d2\"");
	buf_free(&json);
}

static void test_data_argument(void **state)
{
	static const char *const bad[] = {"\"\"", "\"hello\"", "\"0x123\"", "5", "null", "true", "[\"0x\"]", "{\"a\":1}"};
	struct json good = parse_json("[\"0X68\",\"0x\"]");
	struct arena arena = {0};
	struct error error;
	struct bytes message;

	(void)state;
	assert_true(message_from_json(yyjson_arr_get(good.root, 0), &arena, &message, &error));
	assert_bytes_equal(message, bytes_text("h"));
	assert_true(message_from_json(yyjson_arr_get(good.root, 1), &arena, &message, &error));
	assert_int_equal(message.size, 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct json json = parse_json(bad[i]);
		assert_false(message_from_json(json.root, &arena, &message, &error));
		assert_int_equal(error_rpc_code(&error), -32000);
		json_free(&json);
	}
	json_free(&good);
	arena_free(&arena);
}

static void test_recovery(void **state)
{
	static const struct {
		const char *signature, *result;
	} cases[] = {
	    {"f16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cc573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a17823"
	     "5ac27f94504311c",
	        "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"},
	    /* high s */
	    {"f16ea9a3478698f695fd1401bfe27e9e4a7e8e3da94aa72b021125e31fa899cca8c3b715c01e2b549e5624ef3e6fcdfc4c700a0ae28e46243d9"
	     "cb264d6f13d101b",
	        "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"},
	    /* r is 0, r is the group order, no point has this x */
	    {"0000000000000000000000000000000000000000000000000000000000000000573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a17823"
	     "5ac27f94504311c",
	        "recovery failed"},
	    {"fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a17823"
	     "5ac27f94504311c",
	        "recovery failed"},
	    {"0000000000000000000000000000000000000000000000000000000000000005573c48ea3fe1d4ab61a9db10c19032026e3ed2dbccba5a17823"
	     "5ac27f94504311c",
	        "recovery failed"},
	};
	struct signature_context *context = signature_context_new(NULL);

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct address address;
		struct error error;
		char text[ADDRESS_TEXT_SIZE];
		if (message_recover(context, bytes_text("hello"), unhex(&arena, cases[i].signature), &address, &error)) {
			address_to_lower(&address, text);
			assert_string_equal(text, cases[i].result);
		} else {
			assert_string_equal(error.text, cases[i].result);
		}
		arena_free(&arena);
	}
	signature_context_free(context);
}

static void test_media_types(void **state)
{
	static const char *const good[] = {"text/plain", "TEXT/PLAIN", "text/plain; charset=utf-8",
	    "text/plain;charset=iso-8859-1", "text/plain; charset=\"utf-8\"", "text/plain; x*=utf-8''a", " text/plain",
	    "text/plain;", "text/plain; a=1; b=\"\\\"\"", "text/plain ; a=1"};
	static const char *const bad[] = {"", "/", ";", "hello", "text", "text/", "a b/c", "text/plain; charset",
	    "text/plain; a=1; A=2", "text/plain; a=", "text/plain; a=\"1", "text/plain; a=\"1\\", "text/plain; =1",
	    "text/plain, text/html", "text/plain\a", "text/pla\xc3\xafn", "text/plain x", "*/*", "text/html", "data/typing",
	    "text/validator", "application/x-clique", "text/plain; a=1 b"};
	static const struct {
		const char *text;
		enum media_type type;
	} others[] = {{"Data/Plain", MEDIA_TYPE_DATA_PLAIN}, {"data/typed", MEDIA_TYPE_TYPED_DATA},
	    {"DATA/VALIDATOR", MEDIA_TYPE_VALIDATOR}, {"application/x-clique-header", MEDIA_TYPE_CLIQUE_HEADER}};
	enum media_type type;
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (!media_type_parse(bytes_text(good[i]), &type, &error))
			fail_msg("%s: %s", good[i], error.text);
		assert_string_equal(media_type_text(type), "text/plain");
	}
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		assert_true(media_type_parse(bytes_text(others[i].text), &type, &error));
		assert_int_equal(type, others[i].type);
		assert_true(bytes_equal_text_nocase(bytes_text(others[i].text), media_type_text(type)));
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (media_type_parse(bytes_text(bad[i]), &type, &error))
			fail_msg("accepted: %s", bad[i]);
		assert_int_equal(error_rpc_code(&error), -32000);
	}
	assert_false(media_type_parse(LITERAL("text/plain\0"), &type, &error));
	assert_false(media_type_parse(LITERAL("text/plain; a=\"\0\""), &type, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_prefix_and_digest), cmocka_unit_test(test_ui_members),
	    cmocka_unit_test(test_data_argument), cmocka_unit_test(test_recovery), cmocka_unit_test(test_media_types)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
