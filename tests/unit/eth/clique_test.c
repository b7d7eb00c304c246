/* Clique block headers (EIP-225). */
#include "eth_testing.h"

#include "eth/clique.h"
#include "eth/rlp.h"

#define WORDS(digit) digit digit digit digit digit digit digit digit
#define HASH(digit)  WORDS(digit) WORDS(digit) WORDS(digit) WORDS(digit) WORDS(digit) WORDS(digit) WORDS(digit) WORDS(digit)

/* The fields of a header as hex; the recorded one unless a test says otherwise. NULL ends the list. */
#define FIELDS_MOST 24
struct sample {
	const char *fields[FIELDS_MOST];
};

static struct sample recorded(void)
{
	static const char *const bloom = HASH("00000000");

	return (struct sample){{HASH("1"), "1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347",
	    "0000000000000000000000000000000000000000", HASH("2"), HASH("3"), HASH("4"), bloom, "02", "01", "01c9c380", "5208",
	    "6553f100", HASH("0"), HASH("0"), "0000000000000000", NULL}};
}

static struct bytes encode(struct arena *arena, const struct sample *sample)
{
	struct buf rlp = BUF_INIT(1u << 16);
	size_t begin = rlp_list_begin(&rlp);

	for (size_t i = 0; sample->fields[i]; i++)
		rlp_put_bytes(&rlp, unhex(arena, sample->fields[i]));
	rlp_list_end(&rlp, begin);
	struct bytes copy = arena_copy(arena, buf_bytes(&rlp));
	buf_free(&rlp);
	return copy;
}

static void assert_digest(const struct sample *sample, const char *expected)
{
	struct arena arena = {0};
	struct bytes rlp = encode(&arena, sample);
	struct buf again = BUF_INIT(1u << 16);
	uint8_t digest[KECCAK256_SIZE];
	struct clique_header header;
	struct error error;

	if (!clique_parse_header(rlp, &header, &error))
		fail_msg("%s", error.text);
	clique_digest(&header, digest);
	assert_hex(bytes_of(digest, sizeof(digest)), expected);
	assert_true(clique_content_digest(rlp, digest, &error));
	assert_hex(bytes_of(digest, sizeof(digest)), expected);
	clique_put_header(&header, header.fields[CLIQUE_EXTRA], &again);
	assert_bytes_equal(buf_bytes(&again), rlp);
	buf_free(&again);
	arena_free(&arena);
}

/* The header of the seal-hash test that go-ethereum publishes: everything zero, base fee zero, a vanity of zeros. */
static void test_published_seal_hash(void **state)
{
	struct sample sample = recorded();

	(void)state;
	sample.fields[CLIQUE_PARENT_HASH] = sample.fields[CLIQUE_UNCLE_HASH] = HASH("0");
	sample.fields[CLIQUE_STATE_ROOT] = sample.fields[CLIQUE_TRANSACTIONS_ROOT] = sample.fields[CLIQUE_RECEIPTS_ROOT] =
	    HASH("0");
	for (size_t i = CLIQUE_DIFFICULTY; i <= CLIQUE_TIME; i++)
		sample.fields[i] = "";
	sample.fields[CLIQUE_BASE_FEE] = "";
	assert_digest(&sample, "bd3d1fa43fbc4c5bfcc91b179ec92e2861df3654de60468beb908ff805359e8f");
}

/* What Clef signed and showed for these headers. */
static void test_recorded(void **state)
{
	struct sample sample = recorded();
	struct arena arena = {0};
	struct buf json = BUF_INIT(1u << 16);
	struct clique_header header;
	struct error error;

	(void)state;
	assert_digest(&sample, "4025f968f5faec819c50400f74c1169c66e85720f281a3c72592299d28056beb");
	assert_true(clique_parse_header(encode(&arena, &sample), &header, &error));
	clique_put_ui_members(&header, &json);
	assert_non_null(strstr(buf_text(&json),
	    "\"messages\":[{\"name\":\"Clique header\",\"value\":\"clique header 1 "
	    "[0x70137b5e5d09c9fa11944cf1cad7a7a4b8f664b5702a23ede02eec992191dc9b]\",\"type\":\"clique\"}],"
	    "\"hash\":\"0x4025f968f5faec819c50400f74c1169c66e85720f281a3c72592299d28056beb\""));
	assert_int_equal(strncmp(buf_text(&json), "\"raw_data\":\"+QIXoBERERERER", 26), 0);
	buf_free(&json);
	arena_free(&arena);
}

static void assert_decoded(const struct sample *sample, const char *expected)
{
	struct arena arena = {0};
	struct buf json = BUF_INIT(1u << 16);
	struct clique_header header;
	struct error error;

	assert_true(clique_parse_header(encode(&arena, sample), &header, &error));
	clique_put_decoded(&header, &json);
	struct json parsed = parse_json(buf_text(&json));
	assert_string_equal(yyjson_get_str(yyjson_obj_get(parsed.root, "kind")), "clique_header");
	if (!strstr(buf_text(&json), expected))
		fail_msg("no %s in %s", expected, buf_text(&json));
	json_free(&parsed);
	buf_free(&json);
	arena_free(&arena);
}

static void test_numbers(void **state)
{
	struct sample sample = recorded();

	(void)state;
	assert_decoded(&sample, "\"difficulty\":\"2\",\"number\":\"1\",\"gas_limit\":\"30000000\",\"gas_used\":\"21000\"");
	assert_decoded(&sample, "\"digest\":\"0x4025f968f5faec819c50400f74c1169c66e85720f281a3c72592299d28056beb\"");
	sample.fields[CLIQUE_NUMBER] = "010000000000000000";
	sample.fields[CLIQUE_BASE_FEE] = "3b9aca00";
	assert_decoded(&sample, "\"number\":\"18446744073709551616\"");
	assert_decoded(&sample, "\"base_fee_per_gas\":\"1000000000\"");
	sample.fields[CLIQUE_NUMBER] = "";
	sample.fields[CLIQUE_DIFFICULTY] = "01" HASH("0");
	assert_decoded(&sample,
	    "\"difficulty\":\"115792089237316195423570985008687907853269984665640564039457584007913129639936\",\"number\":\"0\"");
	sample.fields[CLIQUE_DIFFICULTY] = HASH("ff");
	assert_decoded(&sample,
	    "\"difficulty\":"
	    "\"134078079299425970995740249982058461274793658205923933777235614437217640300735469768018742981669034276900318"
	    "58186486050853753882811946569946433649006084095\"");
}

static void assert_refused(struct bytes rlp, const char *names)
{
	struct clique_header header;
	struct error error;

	if (clique_parse_header(rlp, &header, &error))
		fail_msg("accepted, though %s is wrong", names);
	assert_int_equal(error_rpc_code(&error), -32000);
	if (strncmp(error.text, names, strlen(names)) != 0)
		fail_msg("\"%s\" does not begin with %s", error.text, names);
}

static void test_wrong_fields(void **state)
{
	static const struct {
		size_t field;
		const char *value, *names;
	} cases[] = {
	    {CLIQUE_PARENT_HASH, "11", "parentHash:"},
	    {CLIQUE_PARENT_HASH, "", "parentHash:"},
	    {CLIQUE_UNCLE_HASH, HASH("1") "11", "sha3Uncles:"},
	    {CLIQUE_COINBASE, "00000000000000000000000000000000000000", "miner:"},
	    {CLIQUE_STATE_ROOT, "", "stateRoot:"},
	    {CLIQUE_TRANSACTIONS_ROOT, "22", "transactionsRoot:"},
	    {CLIQUE_RECEIPTS_ROOT, "33", "receiptsRoot:"},
	    {CLIQUE_BLOOM, HASH("0"), "logsBloom:"},
	    {CLIQUE_DIFFICULTY, "0002", "difficulty:"},
	    {CLIQUE_DIFFICULTY, "01" HASH("00"), "difficulty:"},
	    {CLIQUE_NUMBER, "00", "number:"},
	    {CLIQUE_GAS_LIMIT, "010000000000000000", "gasLimit:"},
	    {CLIQUE_GAS_USED, "010000000000000000", "gasUsed:"},
	    {CLIQUE_TIME, "010000000000000000", "timestamp:"},
	    {CLIQUE_EXTRA, "", "extraData:"},
	    {CLIQUE_EXTRA, "00000000000000000000000000000000000000000000000000000000000000", "extraData:"},
	    {CLIQUE_MIX_DIGEST, "", "mixHash:"},
	    {CLIQUE_NONCE, "00", "nonce:"},
	    {CLIQUE_BASE_FEE, "00", "baseFeePerGas:"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct sample sample = recorded();
		sample.fields[cases[i].field] = cases[i].value;
		assert_refused(encode(&arena, &sample), cases[i].names);
		arena_free(&arena);
	}
}

/* A header that is too short names what is missing; one of a later fork, what would be left out. */
static void test_wrong_counts(void **state)
{
	struct arena arena = {0};
	struct sample sample = recorded();

	(void)state;
	sample.fields[CLIQUE_NONCE] = NULL;
	assert_refused(encode(&arena, &sample), "nonce:");
	sample.fields[0] = NULL;
	assert_refused(encode(&arena, &sample), "parentHash:");
	sample = recorded();
	sample.fields[CLIQUE_BASE_FEE] = "01";
	for (size_t i = CLIQUE_FIELDS; i < FIELDS_MOST - 1; i++) {
		sample.fields[i] = HASH("6");
		assert_refused(encode(&arena, &sample), "withdrawalsRoot:");
	}
	arena_free(&arena);
}

static void test_wrong_rlp(void **state)
{
	struct arena arena = {0};
	struct sample sample = recorded();
	struct bytes good = encode(&arena, &sample);
	uint8_t *longer = arena_alloc(&arena, good.size + 1);
	struct clique_header header;
	struct error error;

	(void)state;
	assert_refused(BYTES_NONE, "header:");
	assert_refused(LITERAL("\x83"
	                       "abc"),
	    "header:");
	assert_refused(LITERAL("\xc0"), "parentHash:");
	assert_refused(LITERAL("\xc1\xc0"), "parentHash:");
	assert_refused(LITERAL("\xff\xff\xff\xff\xff\xff\xff\xff\xff"), "header:");
	memcpy(longer, good.data, good.size);
	assert_refused(bytes_of(longer, good.size + 1), "header:");
	for (size_t size = 0; size < good.size; size++)
		assert_false(clique_parse_header(bytes_of(good.data, size), &header, &error));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_published_seal_hash), cmocka_unit_test(test_recorded),
	    cmocka_unit_test(test_numbers), cmocka_unit_test(test_wrong_fields), cmocka_unit_test(test_wrong_counts),
	    cmocka_unit_test(test_wrong_rlp)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
