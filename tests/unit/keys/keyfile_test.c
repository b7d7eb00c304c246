/* Key files as the standard publishes them, as Clef's clients make them, and as an attacker would. */
#include "../base/testing.h"

#include <sodium.h>

#include "base/hex.h"
#include "keys/keyfile.h"

/* Web3 Secret Storage Definition, test vectors; password "testpassword". */
#define VECTOR_KEY     "7a28b5ba57c53603b0b07b56bba752f7784bf506fa95edc395f5cf6c7514fe9d"
#define VECTOR_ADDRESS "008aeeda4d805471df9b2a5b0f38a0c3bcba786b"
#define VECTOR_PBKDF2                                                                                                            \
	"{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"6087dab2f9fdbbfaddc31a909735c1e6\"},\"ciphertext\":" \
	"\"5318b4d5bcd28de64ee5559e671353e16f075ecae9f99c7a79a38af5f869aa46\",\"kdf\":\"pbkdf2\",\"kdfparams\":{\"c\":262144,"   \
	"\"dklen\":32,\"prf\":\"hmac-sha256\",\"salt\":\"ae3cd4e7013836a3df6bd7241b12db061dbe2c6785853cce422d148a624ce0bd\"},"   \
	"\"mac\":\"517ead924a9d0dc3124507e3393d175ce3ff7c1e96529c6c555ce9e51205e9b2\"},"                                         \
	"\"id\":\"3198bc9c-6672-5ab3-d995-4942343ae5b6\",\"version\":3}"
#define VECTOR_SCRYPT                                                                                                            \
	"{\"crypto\":{\"cipher\":\"aes-128-ctr\",\"cipherparams\":{\"iv\":\"83dbcc02d8ccb40e466191a123791e0e\"},\"ciphertext\":" \
	"\"d172bf743a674da9cdad04534d56926ef8358534d458fffccd4e6ad2fbde479c\",\"kdf\":\"scrypt\",\"kdfparams\":{\"dklen\":32,"   \
	"\"n\":262144,\"r\":1,\"p\":8,\"salt\":\"ab0c7876052600dd703518d6fc3fe8984592145b591fc8fb5c6d43190334ba19\"},"           \
	"\"mac\":\"2103ac29920d71da29f15d75b4a16dbe95cfd7ff8faea1056c33131d846e3097\"},"                                         \
	"\"id\":\"3198bc9c-6672-5ab3-d995-4942343ae5b6\",\"version\":3}"

/* A cheap file to change one thing of; %s are id, cipher, kdf and its parameters, version. */
#define TEMPLATE                                                                                              \
	"{\"address\":\"80489c3db7d9286c81b41b8f0680575e14c2b6ac\",\"crypto\":{\"cipher\":%s,\"ciphertext\":" \
	"\"4ae16fe2fb800f2b9cc011694071a496c1c0470aae8c03c4b31eefb87975148d\",\"cipherparams\":{\"iv\":"      \
	"\"b0ea5f5d98c9875e41d96fe62aada4d0\"},\"kdf\":%s,\"kdfparams\":%s,\"mac\":"                          \
	"\"560e5a593810eed7bf5debfed6076d44104804cbf3f538def3352fc566868367\"},\"id\":%s,\"version\":%s}"
#define SALT "\"salt\":\"79c4121fc60857dffefc74b999cc85f190ac46c8bcdf728e70fe6cce861e33e6\""
#define CTR  "\"aes-128-ctr\""
#define COST "{\"dklen\":32,\"n\":2,\"p\":1,\"r\":1," SALT "}"
#define ID   "\"44eab9bc-d408-4c6c-9e52-478ed730903e\""

static bool open_text(const char *text, const char *password, uint8_t ret_key[32], struct error *ret_error)
{
	struct keyfile keyfile;

	*ret_error = (struct error){0};
	return keyfile_parse(bytes_text(text), &keyfile, ret_error) &&
	       keyfile_open(&keyfile, bytes_text(password), ret_key, ret_error);
}

static void assert_opens(const char *text, const char *password, const char *key)
{
	uint8_t found[32], expected[32];
	struct error error;

	if (!open_text(text, password, found, &error))
		fail_msg("does not open: %s", error.text);
	assert_true(hex_decode_fixed(bytes_text(key), expected, sizeof expected));
	assert_memory_equal(found, expected, sizeof expected);
}

static void assert_refused(const char *text, const char *reason)
{
	struct keyfile keyfile;
	struct error error = {0};

	assert_false(keyfile_parse(bytes_text(text), &keyfile, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	if (strstr(error.text, reason) == NULL)
		fail_msg("\"%s\" was expected in \"%s\"", reason, error.text);
}

static void test_published_vectors_open(void **state)
{
	(void)state;
	assert_opens(VECTOR_PBKDF2, "testpassword", VECTOR_KEY);
	/* n=2^18 with r=1: RFC 7914 forbids it, the standard publishes it. */
	assert_opens(VECTOR_SCRYPT, "testpassword", VECTOR_KEY);
}

static void test_wrong_password_is_told_as_such(void **state)
{
	uint8_t key[32] = {0}, untouched[32] = {0};
	struct error error;

	(void)state;
	assert_false(open_text(VECTOR_PBKDF2, "Testpassword", key, &error));
	assert_int_equal(error.kind, ERROR_PASSWORD);
	assert_string_equal(error.text, "could not decrypt key with given password");
	assert_memory_equal(key, untouched, sizeof key);
}

static char *changed(const char *cipher, const char *kdf, const char *params, const char *id, const char *version)
{
	static char text[2048];

	snprintf(text, sizeof text, TEMPLATE, cipher, kdf, params, id, version);
	return text;
}

static void test_uuid_forms(void **state)
{
	static const char *const good[] = {ID, "\"44EAB9BC-D408-4C6C-9E52-478ED730903E\"", "\"44eab9bcd4084c6c9e52478ed730903e\"",
	    "\"{44eab9bc-d408-4c6c-9e52-478ed730903e}\"", "\"urn:uuid:44eab9bc-d408-4c6c-9e52-478ed730903e\""};
	static const char *const bad[] = {"null", "\"\"", "\"44eab9bc-d408-4c6c-9e52-478ed730903\"",
	    "\"44eab9bcxd408x4c6cx9e52x478ed730903e\"", "\"(44eab9bc-d408-4c6c-9e52-478ed730903e)\"",
	    "\"zzeab9bcd4084c6c9e52478ed730903e\"", "\"urn:uvid:44eab9bc-d408-4c6c-9e52-478ed730903e\""};

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		struct keyfile keyfile;
		struct error error = {0};
		if (!keyfile_parse(bytes_text(changed(CTR, "\"scrypt\"", COST, good[i], "3")), &keyfile, &error))
			fail_msg("%s: %s", good[i], error.text);
		assert_int_equal(keyfile.id[0], 0x44);
		assert_int_equal(keyfile.id[15], 0x3e);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_refused(changed(CTR, "\"scrypt\"", COST, bad[i], "3"), "invalid UUID");
}

static void test_limits_are_named(void **state)
{
	static const struct {
		const char *params, *reason;
	} cases[] = {
	    {"{\"dklen\":32,\"n\":1073741824,\"p\":1,\"r\":8," SALT "}", "limit of 1024 MiB"},
	    {"{\"dklen\":32,\"n\":18446744073709551615,\"p\":1,\"r\":8," SALT "}", "power of 2"},
	    {"{\"dklen\":32,\"n\":9223372036854775808,\"p\":4294967295,\"r\":4294967295," SALT "}", "limit of 1024 MiB"},
	    {"{\"dklen\":32,\"n\":18446744073709551616,\"p\":1,\"r\":8," SALT "}", "above the limit"},
	    {"{\"dklen\":32,\"n\":262144,\"p\":17,\"r\":8," SALT "}", "is more work than the limit"},
	    {"{\"dklen\":32,\"n\":2,\"p\":1073741824,\"r\":1," SALT "}", "limit of 1024 MiB"},
	    {"{\"dklen\":32,\"n\":0,\"p\":1,\"r\":1," SALT "}", "N must be > 1 and a power of 2"},
	    {"{\"dklen\":32,\"n\":2,\"p\":0,\"r\":1," SALT "}", "must be positive"},
	    {"{\"dklen\":32,\"n\":2,\"p\":1,\"r\":0," SALT "}", "must be positive"},
	    {"{\"dklen\":0,\"n\":2,\"p\":1,\"r\":1," SALT "}", "\"dklen\" must be positive"},
	    {"{\"dklen\":-1,\"n\":2,\"p\":1,\"r\":1," SALT "}", "\"dklen\" must be a whole number"},
	    {"{\"dklen\":32,\"n\":2.5,\"p\":1,\"r\":1," SALT "}", "\"n\" must be a whole number"},
	    {"{\"dklen\":32,\"n\":\"2\",\"p\":1,\"r\":1," SALT "}", "\"n\" must be a whole number"},
	    {"{\"dklen\":32,\"N\":2,\"p\":1,\"r\":1," SALT "}", "lacks \"n\""},
	    {"{\"dklen\":32,\"n\":2,\"p\":1,\"r\":1,\"salt\":\"0x79\"}", "\"salt\" must be hex"},
	    {"{\"dklen\":32,\"n\":2,\"p\":1,\"r\":1,\"salt\":17}", "lacks \"salt\""},
	    {"[]", "\"kdfparams\" must be an object"},
	    {"null", "lacks \"n\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_refused(changed(CTR, "\"scrypt\"", cases[i].params, ID, "3"), cases[i].reason);
	assert_refused(changed(CTR, "\"pbkdf2\"", "{\"c\":20000001,\"dklen\":32,\"prf\":\"hmac-sha256\"," SALT "}", ID, "3"),
	    "above the limit");
	assert_refused(
	    changed(CTR, "\"pbkdf2\"", "{\"c\":0,\"dklen\":32,\"prf\":\"hmac-sha256\"," SALT "}", ID, "3"), "0 rounds");
}

static void test_largest_allowed_cost_passes(void **state)
{
	struct error error = {0};
	struct keyfile_cost cost = {.kdf = KEYFILE_SCRYPT, .n = 1u << 19, .r = 8, .p = 8};

	(void)state;
	assert_true(keyfile_check_cost(&KEYFILE_COST_STANDARD, &error));
	assert_true(keyfile_check_cost(&KEYFILE_COST_LIGHT, &error));
	assert_true(keyfile_check_cost(&cost, &error));
	cost.n *= 2;
	assert_false(keyfile_check_cost(&cost, &error));
}

static void test_hostile_json(void **state)
{
	struct buf deep BUF_CLEANUP = BUF_INIT(1 << 20);

	(void)state;
	assert_refused("", "not one JSON value");
	assert_refused("[]", "not a JSON object");
	assert_refused("{", "not one JSON value");
	assert_refused("{} {}", "not one JSON value");
	assert_refused("{\"version\":3,\"VERSION\":3}", "comes twice");
	assert_refused("{\"version\":3,\"id\":" ID ",\"crypto\":[]}", "must be an object");
	assert_refused("{\"version\":3,\"id\":" ID ",\"crypto\":{\"cipher\":1}}", "must be a text");
	assert_refused("{\"version\":3,\"id\":" ID ",\"address\":\"zz\"}", "malformed address");
	assert_refused(changed("\"aes-128-cbc\"", "\"scrypt\"", COST, ID, "3"), "cipher not supported: aes-128-cbc");
	assert_refused(changed(CTR, "\"scrypt\"", COST, ID, "\"1\""), "cipher not supported: aes-128-ctr");
	assert_refused(changed(CTR, "\"scrypt\"", COST, ID, "\"3\""), "must be the number 3");
	assert_refused(changed(CTR, "\"scrypt\"", COST, ID, "3.0"), "version not supported: 3.0");
	for (int i = 0; i < 20000; i++)
		buf_put_text(&deep, "[");
	assert_refused(buf_text(&deep), "not one JSON value");
	buf_reset(&deep);
	/* Longer than any real ciphertext, and than the room for it. */
	buf_put_text(&deep, "{\"version\":3,\"id\":" ID ",\"crypto\":{\"cipher\":\"aes-128-ctr\",\"ciphertext\":\"");
	for (int i = 0; i < 100000; i++)
		buf_put_text(&deep, "00");
	buf_put_text(&deep, "\"}}");
	assert_refused(buf_text(&deep), "\"ciphertext\" has more than");
}

static void test_truncated_file_never_opens(void **state)
{
	const char *whole = changed(CTR, "\"scrypt\"", COST, ID, "3");
	struct bytes text = bytes_text(whole);
	struct keyfile keyfile;
	struct error error;

	(void)state;
	assert_true(keyfile_parse(text, &keyfile, &error));
	for (size_t size = 0; size < text.size; size++)
		assert_false(keyfile_parse(bytes_of(text.data, size), &keyfile, &error));
}

static void test_sealed_files_open_again(void **state)
{
	static const uint8_t key[32] = {0x46, 0x47, [31] = 0x01};
	const struct address address = {{1, 2, 3}};
	const struct keyfile_cost cost = {.kdf = KEYFILE_SCRYPT, .n = 16, .r = 8, .p = 1};
	struct buf text BUF_CLEANUP = BUF_INIT(KEYFILE_JSON_MAX), again BUF_CLEANUP = BUF_INIT(KEYFILE_JSON_MAX);
	struct keyfile sealed, parsed;
	struct error error = {0};
	uint8_t found[32];

	(void)state;
	assert_true(keyfile_seal(key, &address, bytes_text("a good password"), &cost, &sealed, &error));
	keyfile_write(&sealed, &text);
	assert_true(buf_ok(&text));
	assert_true(keyfile_parse(buf_bytes(&text), &parsed, &error));
	assert_true(parsed.has_address && address_equal(&parsed.address, &address));
	assert_int_equal(parsed.id[6] >> 4, 4);
	assert_int_equal(parsed.id[8] >> 6, 2);
	assert_true(keyfile_open(&parsed, bytes_text("a good password"), found, &error));
	assert_memory_equal(found, key, sizeof key);
	assert_false(keyfile_open(&parsed, bytes_text("a good passwore"), found, &error));
	/* Nothing random is used twice. */
	assert_true(keyfile_seal(key, &address, bytes_text("a good password"), &cost, &parsed, &error));
	assert_memory_not_equal(sealed.salt, parsed.salt, 32);
	assert_memory_not_equal(sealed.iv, parsed.iv, 16);
	assert_memory_not_equal(sealed.id, parsed.id, 16);
	keyfile_write(&parsed, &again);
	assert_int_equal(again.size, text.size);
}

static void test_written_text_is_clefs(void **state)
{
	struct keyfile keyfile = {.version = 3,
	    .has_address = true,
	    .has_mac = true,
	    .cost = KEYFILE_COST_STANDARD,
	    .salt_size = 32,
	    .ciphertext_size = 32};
	struct buf text BUF_CLEANUP = BUF_INIT(KEYFILE_JSON_MAX);

	(void)state;
	keyfile_write(&keyfile, &text);
#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
	assert_string_equal(buf_text(&text),
	    "{\"address\":\"0000000000000000000000000000000000000000\",\"crypto\":{\"cipher\":\"aes-128-ctr\",\"ciphertext\":"
	    "\"" ZERO32 "\",\"cipherparams\":{\"iv\":\"00000000000000000000000000000000\"},\"kdf\":\"scrypt\",\"kdfparams\":{"
	    "\"dklen\":32,\"n\":262144,"
	    "\"p\":1,\"r\":8,\"salt\":\"" ZERO32 "\"},\"mac\":\"" ZERO32
	    "\"},\"id\":\"00000000-0000-0000-0000-000000000000\",\"version\":3}");
}

static void assert_listed(const char *text, const char *address)
{
	struct address found, expected;
	struct error error = {0};

	if (!keyfile_read_address(bytes_text(text), &found, &error))
		fail_msg("%s: %s", text, error.text);
	assert_true(address_parse_lax(bytes_text(address), &expected));
	assert_memory_equal(found.bytes, expected.bytes, ADDRESS_SIZE);
}

static void test_listing_takes_what_clef_takes(void **state)
{
	static const char *const not_listed[] = {"", "  \n", "null", "17", "[1,2]", "{}",
	    "\"f39fd6e51aad88f6f4ce6ab8827279cfffb92266\"", "{\"address\":null}", "{\"address\":\"\"}", "{\"address\":\"0x\"}",
	    "{\"address\":12345}", "{\"address\":\"zz\"}", "{\"address\":\"0000000000000000000000000000000000000000\"}",
	    "\xef\xbb\xbf{\"address\":\"f39f\"}", "{\"address\":\"f39f\"", "{\"address\":\"f39f\",\"Address\":\"f39f\"}"};
	struct address address;
	struct error error;

	(void)state;
	assert_listed("{\"address\":\"f39fd6e51aad88f6f4ce6ab8827279cfffb92266\"}", "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
	assert_listed(
	    " {\"ADDRESS\":\"0XF39fd6e51aad88f6f4ce6ab8827279cfffb92266\"} x", "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
	assert_listed("{\"address\":\"f39\"}", "0000000000000000000000000000000000000f39");
	assert_listed(
	    "{\"address\":\"aabbf39fd6e51aad88f6f4ce6ab8827279cfffb92266\"}", "f39fd6e51aad88f6f4ce6ab8827279cfffb92266");
	for (size_t i = 0; i < sizeof not_listed / sizeof not_listed[0]; i++)
		assert_false(keyfile_read_address(bytes_text(not_listed[i]), &address, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_published_vectors_open),
	    cmocka_unit_test(test_wrong_password_is_told_as_such),
	    cmocka_unit_test(test_uuid_forms),
	    cmocka_unit_test(test_limits_are_named),
	    cmocka_unit_test(test_largest_allowed_cost_passes),
	    cmocka_unit_test(test_hostile_json),
	    cmocka_unit_test(test_truncated_file_never_opens),
	    cmocka_unit_test(test_sealed_files_open_again),
	    cmocka_unit_test(test_written_text_is_clefs),
	    cmocka_unit_test(test_listing_takes_what_clef_takes),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
