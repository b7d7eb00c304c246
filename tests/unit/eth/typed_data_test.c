/* Typed data: what is signed, what is shown, and everything that is refused. */
#include "eth_testing.h"

#include <fcntl.h>
#include <stdlib.h>

#include "base/file.h"
#include "eth/typed_data.h"

#define DOMAIN_TYPE "\"EIP712Domain\":[{\"name\":\"name\",\"type\":\"string\"}]"
#define DOMAIN      "\"domain\":{\"name\":\"D\"}"
/* A document whose message has one field, `v`, of this type, and further types. */
#define DOCUMENT_WITH(types, type, value)                                                                                    \
	"{\"types\":{" DOMAIN_TYPE ",\"T\":[{\"name\":\"v\",\"type\":\"" type "\"}]" types "},\"primaryType\":\"T\"," DOMAIN \
	",\"message\":{\"v\":" value "}}"
#define DOCUMENT(type, value) DOCUMENT_WITH("", type, value)
#define PERSON                ",\"Person\":[{\"name\":\"name\",\"type\":\"string\"}]"

static bool parse(const char *text, struct arena *arena, struct json *json, struct typed_data *data, struct error *error)
{
	*json = parse_json(text);
	return typed_data_parse(json->root, arena, data, error);
}

static void digest_of(const char *text, char ret_hex[2 * KECCAK256_SIZE + 1])
{
	uint8_t digest[KECCAK256_SIZE];
	struct buf hex = BUF_INIT(1000);
	struct error error;

	if (!typed_data_digest(bytes_text(text), digest, &error))
		fail_msg("%s: %s", text, error.text);
	hex_encode(bytes_of(digest, sizeof(digest)), &hex);
	memcpy(ret_hex, buf_text(&hex), hex.size + 1);
	buf_free(&hex);
}

static void assert_same_digest(const char *one, const char *other)
{
	char first[2 * KECCAK256_SIZE + 1], second[2 * KECCAK256_SIZE + 1];

	digest_of(one, first);
	digest_of(other, second);
	assert_string_equal(first, second);
}

static void assert_refused(const char *text, int code, const char *begins)
{
	struct arena arena = {0};
	struct typed_data data;
	struct json json;
	struct error error;

	if (parse(text, &arena, &json, &data, &error))
		fail_msg("accepted: %s", text);
	if (strncmp(error.text, begins, strlen(begins)) != 0 || error_rpc_code(&error) != code)
		fail_msg("%s: expected %d \"%s…\", got %d \"%s\"", text, code, begins, error_rpc_code(&error), error.text);
	json_free(&json);
	arena_free(&arena);
}

/* ---- what independent libraries agree on ---- */

/* Canonical text parses to the same hashes and is its own canonical text. */
static void assert_canonical(const struct typed_data *data, const char *digest)
{
	struct buf canonical = BUF_INIT(TYPED_DATA_SIZE_MAX), again = BUF_INIT(TYPED_DATA_SIZE_MAX);
	char hex[2 * KECCAK256_SIZE + 1];
	struct arena arena = {0};
	struct typed_data copy;
	struct json json;
	struct error error;

	assert_true(typed_data_put_canonical(data, &canonical, &error));
	digest_of(buf_text(&canonical), hex);
	assert_string_equal(hex, digest);
	assert_true(parse(buf_text(&canonical), &arena, &json, &copy, &error));
	assert_true(typed_data_put_canonical(&copy, &again, &error));
	assert_bytes_equal(buf_bytes(&canonical), buf_bytes(&again));
	json_free(&json);
	arena_free(&arena);
	buf_free(&canonical);
	buf_free(&again);
}

static void check_vector(yyjson_val *vector)
{
	const char *digest = yyjson_get_str(yyjson_obj_get(vector, "digest"));
	struct typed_data_hashes hashes;
	struct arena arena = {0};
	struct typed_data data;
	struct error error;

	if (!typed_data_parse(yyjson_obj_get(vector, "document"), &arena, &data, &error))
		fail_msg("%s: %s", yyjson_get_str(yyjson_obj_get(vector, "name")), error.text);
	typed_data_hash(&data, &hashes);
	assert_hex(bytes_of(hashes.domain, KECCAK256_SIZE), yyjson_get_str(yyjson_obj_get(vector, "domain_hash")));
	assert_hex(bytes_of(hashes.message, KECCAK256_SIZE), yyjson_get_str(yyjson_obj_get(vector, "message_hash")));
	assert_hex(bytes_of(hashes.digest, KECCAK256_SIZE), digest);
	assert_canonical(&data, digest);
	arena_free(&arena);
}

/* Mail of EIP-712, Permit, Permit2, UniswapX, Seaport, Safe, arrays of everything. */
static void test_vectors(void **state)
{
	struct buf text = BUF_INIT(1u << 20);
	yyjson_val *vector;
	yyjson_arr_iter iter;
	struct error error;
	size_t count = 0;
	char path[4096];

	(void)state;
	snprintf(path, sizeof(path), "%s/typed-data.json", getenv("CLEF_VECTORS"));
	assert_true(file_read_at(AT_FDCWD, path, &text, &error));
	struct json json = parse_json(buf_text(&text));
	iter = yyjson_arr_iter_with(json.root);
	for (; (vector = yyjson_arr_iter_next(&iter)) != NULL; count++)
		check_vector(vector);
	assert_int_equal(count, 8);
	json_free(&json);
	buf_free(&text);
}

/* eth-sig-util and viem hash the domain alone; the message is empty or left out. */
static void test_domain_alone(void **state)
{
	struct typed_data_hashes hashes;
	struct buf json_text = BUF_INIT(10000);
	struct arena arena = {0};
	struct typed_data data;
	struct json json;
	struct error error;

	(void)state;
	assert_same_digest("{\"types\":{" DOMAIN_TYPE "},\"primaryType\":\"EIP712Domain\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE "},\"primaryType\":\"EIP712Domain\"," DOMAIN "}");
	assert_true(parse("{\"types\":{" DOMAIN_TYPE "},\"primaryType\":\"EIP712Domain\"," DOMAIN ",\"message\":{}}", &arena,
	    &json, &data, &error));
	typed_data_hash(&data, &hashes);
	assert_int_equal(hashes.raw_size, 34);
	typed_data_put_decoded(&data, &hashes, &json_text);
	assert_non_null(strstr(buf_text(&json_text), "\"message\":null"));
	assert_non_null(strstr(buf_text(&json_text), "\"message_hash\":null"));
	assert_refused("{\"types\":{" DOMAIN_TYPE "},\"primaryType\":\"EIP712Domain\"," DOMAIN ",\"message\":{\"name\":\"D\"}}",
	    -32000, "message: ");
	json_free(&json);
	arena_free(&arena);
	buf_free(&json_text);
}

/* ---- spellings of the same value ---- */

static void test_numbers_are_exact(void **state)
{
	static const struct {
		const char *one, *other;
	} same[] = {
	    {DOCUMENT("uint256", "255"), DOCUMENT("uint256", "\"0xfF\"")},
	    {DOCUMENT("uint256", "255"), DOCUMENT("uint256", "\"0255\"")},
	    {DOCUMENT("uint256", "255"), DOCUMENT("uint256", "2.55e2")},
	    {DOCUMENT("uint256", "255"), DOCUMENT("uint256", "255.000")},
	    {DOCUMENT("uint256", "255"), DOCUMENT("uint256", "25500e-2")},
	    {DOCUMENT("uint256", "0"), DOCUMENT("uint256", "\"\"")},
	    {DOCUMENT("uint256", "0"), DOCUMENT("uint256", "-0.0e999")},
	    {DOCUMENT("uint256", "9007199254740993"), DOCUMENT("uint256", "\"9007199254740993\"")},
	    {DOCUMENT("uint256", "1e19"), DOCUMENT("uint256", "\"10000000000000000000\"")},
	    {DOCUMENT("uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639935"),
	        DOCUMENT("uint256", "\"0xffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"")},
	    {DOCUMENT("int8", "-128"), DOCUMENT("int8", "\"-128\"")},
	    {DOCUMENT("int256", "\"0x-1\""), DOCUMENT("int256", "-1")},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_same_digest(same[i].one, same[i].other);
}

static void test_numbers_out_of_range(void **state)
{
	static const char *const bad[] = {DOCUMENT("uint8", "256"), DOCUMENT("uint8", "-1"), DOCUMENT("uint8", "\"0x100\""),
	    DOCUMENT("int8", "128"), DOCUMENT("int8", "-129"), DOCUMENT("int8", "\"0xff\""), DOCUMENT("uint256", "1.5"),
	    DOCUMENT("uint256", "15e-1"), DOCUMENT("uint256", "0.1e-1"), DOCUMENT("uint256", "1e78"),
	    DOCUMENT("uint256", "115792089237316195423570985008687907853269984665640564039457584007913129639936"),
	    DOCUMENT("int256", "57896044618658097711785492504343953926634992332820282019728792003956564819968"),
	    DOCUMENT("int256", "-57896044618658097711785492504343953926634992332820282019728792003956564819969"),
	    DOCUMENT("uint256", "\"1e3\""), DOCUMENT("uint256", "\" 1\""), DOCUMENT("uint256", "\"1 \""),
	    DOCUMENT("uint256", "\"0x\""), DOCUMENT("uint256", "\"-\""), DOCUMENT("uint256", "\"--1\""),
	    DOCUMENT("int256", "\"-0x1\""), DOCUMENT("uint256", "\"1_0\""), DOCUMENT("uint256", "\"\\u0663\""),
	    DOCUMENT("uint256", "true"), DOCUMENT("uint256", "null"), DOCUMENT("uint256", "[1]"), DOCUMENT("uint256", "{}")};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], -32000, "message.v: expected ");
	assert_refused(DOCUMENT("uint256", "1e400"), -32602, "message.v: expected ");
}

static void test_values_of_another_kind(void **state)
{
	static const char *const bad[] = {
	    DOCUMENT("address", "\"0x01\""),
	    DOCUMENT("address", "5"),
	    DOCUMENT("address", "null"),
	    DOCUMENT("address", "\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD82g\""),
	    DOCUMENT("bool", "\"true\""),
	    DOCUMENT("bool", "1"),
	    DOCUMENT("bool", "null"),
	    DOCUMENT("string", "5"),
	    DOCUMENT("string", "null"),
	    DOCUMENT("string", "[]"),
	    DOCUMENT("bytes", "\"1234\""),
	    DOCUMENT("bytes", "\"0x123\""),
	    DOCUMENT("bytes", "\"0xzz\""),
	    DOCUMENT("bytes", "\"\""),
	    DOCUMENT("bytes", "[1]"),
	    DOCUMENT("bytes4", "\"0x112233\""),
	    DOCUMENT("bytes4", "\"0x1122334455\""),
	    DOCUMENT("bytes4", "\"11223344\""),
	    DOCUMENT("bytes32", "null"),
	    DOCUMENT("uint8[]", "null"),
	    DOCUMENT("uint8[]", "\"1\""),
	    DOCUMENT("uint8[]", "{}"),
	    DOCUMENT("uint8[2]", "[1]"),
	    DOCUMENT("uint8[2]", "[1,2,3]"),
	    DOCUMENT("uint8[0]", "[1]"),
	    DOCUMENT_WITH(PERSON, "Person", "null"),
	    DOCUMENT_WITH(PERSON, "Person", "\"bob\""),
	    DOCUMENT_WITH(PERSON, "Person", "[\"bob\"]"),
	};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_refused(bad[i], -32000, "message.v: expected ");
	assert_refused(DOCUMENT("uint8[]", "[1,[2]]"), -32000, "message.v[1]: expected ");
	assert_refused(DOCUMENT("uint8[][]", "[[1],2]"), -32000, "message.v[1]: expected ");
}

/* ---- members ---- */

static void test_members_exactly(void **state)
{
	(void)state;
	assert_refused(DOCUMENT_WITH(PERSON, "Person[]", "[{\"name\":\"a\"},{}]"), -32000, "message.v[1].name: expected a value");
	assert_refused(DOCUMENT_WITH(PERSON, "Person[]", "[{\"name\":\"a\",\"x\":1}]"), -32000, "message.v[0].x: ");
	assert_refused(
	    DOCUMENT_WITH(PERSON, "Person", "{\"name\":\"a\",\"name\":\"b\"}"), -32000, "message.v: expected each field once");
	assert_refused(DOCUMENT_WITH(PERSON, "Person", "{\"Name\":\"a\"}"), -32000, "message.v.name: ");
	assert_refused(DOCUMENT_WITH(PERSON, "Person", "{\"name\":null}"), -32000, "message.v.name: ");
	assert_refused(DOCUMENT("uint8", "1,\"w\":2"), -32000, "message.w: ");
	/* what a name from outside looks like in an error */
	assert_refused(DOCUMENT("uint8", "1,\"\\u202ex\\n\":2"), -32000, "message.\\u{202e}x\\n: ");
}

static void test_document_members(void **state)
{
	static const char *const shapes[] = {"[]", "\"{}\"", "5", "true",
	    "{\"types\":[],\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":{}},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[5]},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[{\"name\":1,\"type\":\"uint8\"}]},\"primaryType\":\"T\"," DOMAIN
	    ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":1," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\",\"domain\":[],\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\"," DOMAIN ",\"message\":[]}"};
	static const char *const refused[] = {"null", "{}", "{\"types\":{" DOMAIN_TYPE "}," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"N\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T[]\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\"," DOMAIN "}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\"," DOMAIN ",\"message\":null}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\",\"domain\":{},\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\"," DOMAIN ",\"message\":{},\"extra\":1}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":[]},\"primaryType\":\"T\"," DOMAIN "," DOMAIN ",\"message\":{}}",
	    "{\"types\":{" DOMAIN_TYPE ",\"T\":null},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}",
	    "{\"types\":null,\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}"};

	(void)state;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(shapes[0]); i++)
		assert_refused(shapes[i], -32602, "");
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		assert_refused(refused[i], -32000, "");
	assert_refused(refused[9], -32000, "extra: ");
	assert_refused(refused[10], -32000, "domain: given twice");
}

#define WITH_DOMAIN(types, domain) \
	"{\"types\":{\"EIP712Domain\":[" types "],\"T\":[]},\"primaryType\":\"T\",\"domain\":{" domain "},\"message\":{}}"
#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":\"" type "\"}"

static void test_domain_is_exactly_its_type(void **state)
{
	char ignored[2 * KECCAK256_SIZE + 1];

	(void)state;
	digest_of(WITH_DOMAIN(FIELD("name", "string"), "\"name\":\"\""), ignored);
	assert_refused(
	    WITH_DOMAIN(FIELD("name", "string") "," FIELD("version", "string"), "\"name\":\"x\""), -32000, "domain.version: ");
	assert_refused(WITH_DOMAIN(FIELD("name", "string"), "\"name\":\"x\",\"version\":\"1\""), -32000, "domain.version: ");
	assert_refused(WITH_DOMAIN(FIELD("name", "string"), "\"name\":\"x\",\"app\":\"1\""), -32000, "domain.app: ");
	assert_refused(WITH_DOMAIN(FIELD("app", "string"), "\"app\":\"1\""), -32000, "types.EIP712Domain.app: ");
	assert_refused(WITH_DOMAIN(FIELD("name", "string"), "\"NAME\":\"x\""), -32000, "domain.NAME: ");
	assert_refused(WITH_DOMAIN(FIELD("name", "string"), "\"name\":null"), -32000, "domain.name: ");
	assert_refused(WITH_DOMAIN(FIELD("name", "string"), "\"name\":5"), -32602, "domain.name: ");
	assert_refused(WITH_DOMAIN(FIELD("salt", "bytes32"), "\"salt\":\"0x5a\""), -32000, "domain.salt: ");
	assert_refused(WITH_DOMAIN(FIELD("chainId", "uint256"), "\"chainId\":\"mainnet\""), -32602, "domain.chainId: ");
	assert_refused(WITH_DOMAIN(FIELD("chainId", "uint256"), "\"chainId\":[1]"), -32602, "domain.chainId: ");
	assert_refused(WITH_DOMAIN(FIELD("chainId", "uint256"), "\"chainId\":-1"), -32000, "domain.chainId: ");
	assert_refused(WITH_DOMAIN(FIELD("chainId", "int256"), "\"chainId\":-1"), -32000, "domain.chainId: ");
	assert_refused(WITH_DOMAIN(FIELD("chainId", "uint8"), "\"chainId\":1337"), -32000, "domain.chainId: ");
	assert_refused(WITH_DOMAIN(FIELD("chainId", "bool"), "\"chainId\":1"), -32000, "types.EIP712Domain.chainId: ");
	assert_refused("{\"types\":{\"T\":[]},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}", -32000, "types.EIP712Domain: ");
}

static void test_chain_id(void **state)
{
	struct arena arena = {0};
	struct typed_data data;
	struct json json;
	struct error error;
	struct u256 chain;
	char text[U256_DECIMAL_SIZE];

	(void)state;
	assert_true(parse(WITH_DOMAIN(FIELD("chainId", "uint64"), "\"chainId\":\"0x89\""), &arena, &json, &data, &error));
	assert_true(typed_data_chain_id(&data, &chain));
	u256_to_decimal(&chain, text);
	assert_string_equal(text, "137");
	json_free(&json);
	assert_true(parse(WITH_DOMAIN(FIELD("name", "string"), "\"name\":\"x\""), &arena, &json, &data, &error));
	assert_false(typed_data_chain_id(&data, &chain));
	json_free(&json);
	arena_free(&arena);
}

/* ---- types ---- */

static void test_types(void **state)
{
	static const char *const bad[] = {"uint7", "uint264", "uint0", "uint08", "uint", "uint256 ", " uint256", "Uint8",
	    "bytes0", "bytes33", "bytes032", "byte", "address payable", "function", "tuple", "Thing", "Thing[]", "", "[]",
	    "[]uint8", "uint8[", "uint8]", "uint8[a]", "uint8[-1]", "uint8[01]", "uint8[1", "uint8[] []", "uint8[]x",
	    "uint8[9999999999]", "uint8[][][][][][][][][]"};
	char text[1024];

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		snprintf(text, sizeof(text), DOCUMENT("%s", "[]"), bad[i]);
		assert_refused(text, -32000, strcmp(bad[i], "uint") == 0 ? "message.v: " : "types.T.v: ");
	}
	assert_same_digest(DOCUMENT("uint8[][][][][][][][]", "[]"), DOCUMENT("uint8[][][][][][][][]", "[]"));
}

static void test_names(void **state)
{
	static const char *const type_names[] = {"", "1P", "Per son", "P\xc3\xa9rson", "App.Send", ":A", "A:", "A::B", "uint8",
	    "uint7", "bytes", "bytes99", "string", "P[]", "P\\u202eX", "P\\u0000", "P(uint8 a)"};
	static const char *const field_names[] = {"", "\\u202ea", "a\\u0000", "a\\n", "\\u200b", "a\\u007f", "\\ufeffa",
	    "\\ud83d\\ude00\\u2066", "a b", " a", "a\\u00a0", "a\\u3000b", "a,b", "a(", "a)", "a[0]", "a]", "a\\\"", "a'", "a`",
	    "a\\u2019", "my field, (x)", "a.b", "a:b", "a=1", "\\u0430mount", "amount\\u3164", "amount\\u200b"};
	char text[1024], ignored[2 * KECCAK256_SIZE + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(type_names) / sizeof(type_names[0]); i++) {
		snprintf(text, sizeof(text), DOCUMENT_WITH(",\"%s\":[]", "uint8", "1"), type_names[i]);
		assert_refused(text, -32000, "types.");
	}
	for (size_t i = 0; i < sizeof(field_names) / sizeof(field_names[0]); i++) {
		snprintf(text, sizeof(text), DOCUMENT_WITH(",\"P\":[" FIELD("%s", "uint8") "]", "uint8", "1"), field_names[i]);
		assert_refused(text, -32000, "types.P[0]: ");
	}
	digest_of(DOCUMENT_WITH(",\"_P\":[" FIELD("my-Field_$0", "uint8") "]", "_P", "{\"my-Field_$0\":1}"), ignored);
	assert_refused(DOCUMENT_WITH(",\"App:Send\":[]", "App:Send", "{}"), -32000, "types.T.v: ");
	digest_of(
	    "{\"types\":{" DOMAIN_TYPE ",\"App:Send\":[]},\"primaryType\":\"App:Send\"," DOMAIN ",\"message\":{}}", ignored);
}

static void test_given_twice_in_types(void **state)
{
	(void)state;
	assert_refused(DOCUMENT_WITH(",\"T\":[]", "uint8", "1"), -32000, "types.T: ");
	assert_refused(
	    DOCUMENT_WITH(",\"P\":[" FIELD("a", "uint8") "," FIELD("a", "uint8") "]", "uint8", "1"), -32000, "types.P.a: ");
	assert_refused(
	    DOCUMENT_WITH(",\"P\":[{\"name\":\"a\",\"name\":\"b\",\"type\":\"uint8\"}]", "uint8", "1"), -32000, "types.P[0]: ");
	assert_refused(
	    DOCUMENT_WITH(",\"P\":[{\"name\":\"a\",\"type\":\"uint8\",\"x\":1}]", "uint8", "1"), -32000, "types.P[0]: ");
	assert_refused(DOCUMENT_WITH(",\"P\":[{\"name\":\"a\"}]", "uint8", "1"), -32000, "types.P[0].type: ");
	assert_refused(DOCUMENT_WITH(",\"P\":[{\"name\":\"a\",\"type\":null}]", "uint8", "1"), -32000, "types.P[0].type: ");
	assert_refused(DOCUMENT_WITH(",\"P\":[null]", "uint8", "1"), -32000, "types.P[0]: ");
}

static void test_cycles(void **state)
{
	char ignored[2 * KECCAK256_SIZE + 1];

	(void)state;
	assert_refused(DOCUMENT_WITH(",\"N\":[" FIELD("n", "N") "]", "uint8", "1"), -32000, "types.N: the types are cyclic");
	assert_refused(DOCUMENT_WITH(",\"N\":[" FIELD("n", "N[2]") "]", "uint8", "1"), -32000, "types.N: the types are cyclic");
	assert_refused(DOCUMENT_WITH(",\"A\":[" FIELD("b", "B") "],\"B\":[" FIELD("a", "A") "]", "uint8", "1"), -32000,
	    "types.A: the types are cyclic");
	digest_of(DOCUMENT_WITH(",\"N\":[" FIELD("n", "N[]") "]", "N", "{\"n\":[{\"n\":[]},{\"n\":[{\"n\":[]}]}]}"), ignored);
	digest_of(DOCUMENT_WITH(",\"N\":[" FIELD("n", "N[0]") "]", "N", "{\"n\":[]}"), ignored);
}

/* ---- limits ---- */

static void repeat(struct buf *buf, const char *text, size_t times)
{
	while (times-- > 0)
		buf_put_text(buf, text);
}

/* A list of itself, `depth` lists deep: twice as many levels. */
static void put_deep(struct buf *buf, size_t depth)
{
	buf_reset(buf);
	buf_put_text(
	    buf, "{\"types\":{" DOMAIN_TYPE ",\"T\":[" FIELD("t", "T[]") "]},\"primaryType\":\"T\"," DOMAIN ",\"message\":");
	repeat(buf, "{\"t\":[", depth);
	repeat(buf, "]}", depth);
	buf_put_u8(buf, '}');
}

static void test_depth(void **state)
{
	struct buf text = BUF_INIT(1u << 21);
	char ignored[2 * KECCAK256_SIZE + 1];

	(void)state;
	put_deep(&text, TYPED_DATA_DEPTH_MAX / 2);
	digest_of(buf_text(&text), ignored);
	put_deep(&text, TYPED_DATA_DEPTH_MAX / 2 + 1);
	assert_refused(buf_text(&text), -32000, "");
	put_deep(&text, 4000);
	assert_refused(buf_text(&text), -32000, "");
	buf_free(&text);
}

static void test_sizes(void **state)
{
	struct buf text = BUF_INIT(1u << 22);
	char ignored[2 * KECCAK256_SIZE + 1];

	(void)state;
	/* a text of 1 MB, and of what is just allowed */
	for (size_t size = 1u << 20; size >= 200000; size = size == 1u << 20 ? 200000 : 0) {
		buf_reset(&text);
		buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[" FIELD("v", "string") "]},\"primaryType\":\"T\"," DOMAIN
		                                                                               ",\"message\":{\"v\":\"");
		repeat(&text, "x", size);
		buf_put_text(&text, "\"}}");
		if (size == 200000)
			digest_of(buf_text(&text), ignored);
		else
			assert_refused(buf_text(&text), -32000, "typed data: expected a document of at most 256 KiB");
	}
	/* too many entries, and as many as may be */
	for (size_t count = TYPED_DATA_VALUES_MAX - 2; count <= TYPED_DATA_VALUES_MAX; count++) {
		buf_reset(&text);
		buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[" FIELD("v", "uint8[]") "]},\"primaryType\":\"T\"," DOMAIN
		                                                                                ",\"message\":{\"v\":[1");
		repeat(&text, ",1", count - 1);
		buf_put_text(&text, "]}}");
		if (count == TYPED_DATA_VALUES_MAX - 2)
			digest_of(buf_text(&text), ignored);
		else
			assert_refused(buf_text(&text), -32000, "message.v: expected at most 16384 values");
	}
	buf_free(&text);
}

/* Four letters that become 71 digits. */
static void test_canonical_size(void **state)
{
	struct buf text = BUF_INIT(1u << 20), canonical = BUF_INIT(1u << 22);
	struct arena arena = {0};
	struct typed_data data;
	struct json json;
	struct error error;

	(void)state;
	buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[" FIELD("v", "uint256[]") "]},\"primaryType\":\"T\"," DOMAIN
	                                                                                  ",\"message\":{\"v\":[1e70");
	repeat(&text, ",1e70", 10000);
	buf_put_text(&text, "]}}");
	assert_true(parse(buf_text(&text), &arena, &json, &data, &error));
	assert_false(typed_data_put_canonical(&data, &canonical, &error));
	assert_int_equal(error_rpc_code(&error), -32000);
	json_free(&json);
	arena_free(&arena);
	buf_free(&text);
	buf_free(&canonical);
}

static void test_too_many_types(void **state)
{
	struct buf text = BUF_INIT(1u << 22);
	char ignored[2 * KECCAK256_SIZE + 1];

	(void)state;
	for (size_t count = TYPED_DATA_TYPES_MAX - 2; count <= TYPED_DATA_TYPES_MAX; count += 2) {
		buf_reset(&text);
		buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[]");
		for (size_t i = 0; i < count; i++)
			buf_printf(&text, ",\"T%zu\":[]", i);
		buf_put_text(&text, "},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}");
		if (count <= TYPED_DATA_TYPES_MAX - 2)
			digest_of(buf_text(&text), ignored);
		else
			assert_refused(buf_text(&text), -32000, "types: expected at most 256 types");
	}
	buf_reset(&text);
	buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[" FIELD("f", "uint8"));
	for (size_t i = 0; i < TYPED_DATA_FIELDS_MAX; i++)
		buf_printf(&text, "," FIELD("f%zu", "uint8"), i);
	buf_put_text(&text, "]},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}");
	assert_refused(buf_text(&text), -32000, "types.T: expected at most 256 fields");
	buf_reset(&text);
	buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[{\"type\":\"uint8\",\"name\":\"");
	repeat(&text, "n", TYPED_DATA_NAME_MAX + 1);
	buf_put_text(&text, "\"}]},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}");
	assert_refused(buf_text(&text), -32000, "types.T[0].name: expected a name or type of at most 256 bytes");
	buf_free(&text);
}

/* Names of 250 bytes, 300 of them. */
static void test_too_much_text_in_types(void **state)
{
	struct buf text = BUF_INIT(1u << 22);

	(void)state;
	buf_put_text(&text, "{\"types\":{" DOMAIN_TYPE ",\"T\":[]");
	for (size_t i = 0; i < 3; i++) {
		buf_printf(&text, ",\"S%zu\":[", i);
		for (size_t j = 0; j < 100; j++) {
			buf_printf(&text, "%s{\"type\":\"uint8\",\"name\":\"%zu", j == 0 ? "" : ",", j);
			repeat(&text, "n", 245);
			buf_put_text(&text, "\"}");
		}
		buf_put_u8(&text, ']');
	}
	buf_put_text(&text, "},\"primaryType\":\"T\"," DOMAIN ",\"message\":{}}");
	assert_refused(buf_text(&text), -32000, "types: expected at most 65536 bytes");
	buf_free(&text);
}

/* ---- what is shown ---- */

#define SHOWN                                                                                                                    \
	DOCUMENT_WITH(",\"P\":[" FIELD("who", "address") "," FIELD("n", "int16[]") "," FIELD("b", "bytes2") "],\"E\":[]", "P[]", \
	    "[{\"who\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"n\":[-2,\"0x10\"],\"b\":\"0XABcd\"}]")

static void test_shown(void **state)
{
	struct buf json_text = BUF_INIT(100000);
	struct typed_data_hashes hashes;
	struct arena arena = {0};
	struct typed_data data;
	struct json json;
	struct error error;

	(void)state;
	assert_true(parse(SHOWN, &arena, &json, &data, &error));
	typed_data_hash(&data, &hashes);
	typed_data_put_ui_members(&data, &hashes, &json_text);
	assert_non_null(strstr(buf_text(&json_text),
	    "\"messages\":[{\"name\":\"EIP712Domain\",\"value\":[{\"name\":\"name\",\"value\":\"D\",\"type\":\"string\"}],"
	    "\"type\":\"domain\"},"
	    "{\"name\":\"T\",\"value\":[{\"name\":\"v\",\"value\":[{\"name\":\"[0]\",\"value\":["
	    "{\"name\":\"who\",\"value\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"type\":\"address\"},"
	    "{\"name\":\"n\",\"value\":[{\"name\":\"[0]\",\"value\":\"-2 (-0x2)\",\"type\":\"int16\"},"
	    "{\"name\":\"[1]\",\"value\":\"16 (0x10)\",\"type\":\"int16\"}],\"type\":\"int16[]\"},"
	    "{\"name\":\"b\",\"value\":\"0XABcd\",\"type\":\"bytes2\"}],\"type\":\"P\"}],\"type\":\"P[]\"}],\"type\":\"primary "
	    "type\"}],"
	    "\"hash\":\"0x"));
	buf_reset(&json_text);
	typed_data_put_decoded(&data, &hashes, &json_text);
	assert_non_null(strstr(buf_text(&json_text),
	    "{\"kind\":\"typed_data\",\"primary_type\":\"T\",\"domain\":{\"name\":\"D\"},\"message\":[{\"name\":\"v\",\"value\":["
	    "{\"name\":\"[0]\",\"value\":[{\"name\":\"who\",\"value\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\",\"type\":"
	    "\"address\"},"
	    "{\"name\":\"n\",\"value\":[{\"name\":\"[0]\",\"value\":\"-2\",\"type\":\"int16\"},"
	    "{\"name\":\"[1]\",\"value\":\"16\",\"type\":\"int16\"}],\"type\":\"int16[]\"},"
	    "{\"name\":\"b\",\"value\":\"0xabcd\",\"type\":\"bytes2\"}],\"type\":\"P\"}],\"type\":\"P[]\"}],\"domain_hash\":"
	    "\"0x"));
	buf_reset(&json_text);
	assert_true(typed_data_put_canonical(&data, &json_text, &error));
	assert_string_equal(buf_text(&json_text),
	    "{\"types\":{" DOMAIN_TYPE
	    ",\"T\":[{\"name\":\"v\",\"type\":\"P[]\"}],\"P\":[" FIELD("who", "address") "," FIELD("n", "int16[]") "," FIELD(
	        "b", "bytes2") "],\"E\":[]},\"primaryType\":\"T\"," DOMAIN
	                       ",\"message\":{\"v\":[{\"who\":\"0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826\",\"n\":[\"-2\","
	                       "\"16\"],\"b\":\"0xabcd\"}]}}");
	json_free(&json);
	arena_free(&arena);
	buf_free(&json_text);
}

/* What keys is given is no document that core made. */
static void test_keys_refuse(void **state)
{
	static const char *const bad[] = {"", "{", "null", "[]", "hello", DOCUMENT("uint8", "256"), DOCUMENT("uint8", "1") "x"};
	uint8_t digest[KECCAK256_SIZE];
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(typed_data_digest(bytes_text(bad[i]), digest, &error));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_vectors),
	    cmocka_unit_test(test_domain_alone),
	    cmocka_unit_test(test_numbers_are_exact),
	    cmocka_unit_test(test_numbers_out_of_range),
	    cmocka_unit_test(test_values_of_another_kind),
	    cmocka_unit_test(test_members_exactly),
	    cmocka_unit_test(test_document_members),
	    cmocka_unit_test(test_domain_is_exactly_its_type),
	    cmocka_unit_test(test_chain_id),
	    cmocka_unit_test(test_types),
	    cmocka_unit_test(test_names),
	    cmocka_unit_test(test_given_twice_in_types),
	    cmocka_unit_test(test_cycles),
	    cmocka_unit_test(test_depth),
	    cmocka_unit_test(test_sizes),
	    cmocka_unit_test(test_canonical_size),
	    cmocka_unit_test(test_too_many_types),
	    cmocka_unit_test(test_too_much_text_in_types),
	    cmocka_unit_test(test_shown),
	    cmocka_unit_test(test_keys_refuse),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
