/* What a person is told about a Safe transaction, and through which channel. */
#include "../eth/eth_testing.h"

#include "decode/validation_safe.h"

#define TRANSFER                                                                   \
	"a9059cbb0000000000000000000000002c7536e3605d9c16a7a3d7b1898e529396a65c23" \
	"0000000000000000000000000000000000000000000000000000000000000005"

struct judged {
	struct arena arena;
	struct validation validation;
	struct buf call_info, warnings;
};

/* A call of a contract without data, whose hash the service gave. */
static struct safe_transaction plain(void)
{
	struct safe_transaction transaction = {.version = SAFE_VERSION_1_3,
	    .has_hash = true,
	    .to_is_checksummed = true,
	    .to_text = bytes_text("0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826")};

	assert_true(address_parse(transaction.to_text, &transaction.to));
	return transaction;
}

static struct judged judge(const struct safe_transaction *transaction, const char *hint)
{
	struct judged judged = {.call_info = BUF_INIT(1u << 16), .warnings = BUF_INIT(1u << 16)};
	struct error error;

	if (!validation_safe(transaction, hint ? bytes_text(hint) : BYTES_NONE, NULL, &judged.arena, &judged.validation, &error))
		fail_msg("%s", error.text);
	validation_put_json(&judged.validation, &judged.call_info);
	validation_put_warnings(&judged.validation, &judged.warnings);
	return judged;
}

static void judged_free(struct judged *judged)
{
	buf_free(&judged->call_info);
	buf_free(&judged->warnings);
	arena_free(&judged->arena);
}

static void test_nothing_to_say(void **state)
{
	const struct safe_transaction transaction = plain();
	struct judged judged = judge(&transaction, NULL);

	(void)state;
	assert_string_equal(buf_text(&judged.call_info), "null");
	assert_string_equal(buf_text(&judged.warnings), "[]");
	judged_free(&judged);
}

/* Said in the structured warnings, signed without --advanced as ever, and no surprise for programs that know call_info. */
static void test_advice(void **state)
{
	static const struct {
		enum safe_operation operation;
		uint64_t gas_price;
		enum safe_version version;
		bool has_hash;
		const char *said;
	} cases[] = {
	    {SAFE_OPERATION_DELEGATE_CALL, 0, SAFE_VERSION_1_3, true, "{\"level\":\"critical\",\"code\":\"delegate-call\""},
	    {SAFE_OPERATION_CALL, 1, SAFE_VERSION_1_3, true, "{\"level\":\"warning\",\"code\":\"gas-refund\""},
	    {SAFE_OPERATION_CALL, 0, SAFE_VERSION_1_0, true, "{\"level\":\"info\",\"code\":\"no-chain-id\""},
	    {SAFE_OPERATION_CALL, 0, SAFE_VERSION_1_3, false, "{\"level\":\"warning\",\"code\":\"no-safe-tx-hash\""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct safe_transaction transaction = plain();
		struct error error;
		transaction.operation = cases[i].operation;
		transaction.gas_price = u256_from_u64(cases[i].gas_price);
		transaction.version = cases[i].version;
		transaction.has_hash = cases[i].has_hash;
		struct judged judged = judge(&transaction, NULL);
		assert_string_equal(buf_text(&judged.call_info), "null");
		if (!strstr(buf_text(&judged.warnings), cases[i].said))
			fail_msg("%s is not in %s", cases[i].said, buf_text(&judged.warnings));
		assert_int_equal(judged.validation.count, 1);
		assert_true(validation_permits(&judged.validation, false, &error));
		judged_free(&judged);
	}
}

static void test_calldata(void **state)
{
	struct safe_transaction transaction = plain();
	struct arena arena = {0};
	struct error error;

	(void)state;
	transaction.has_data = true;
	transaction.data = unhex(&arena, TRANSFER);
	struct judged judged = judge(&transaction, NULL);
	assert_string_equal(buf_text(&judged.call_info),
	    "[{\"type\":\"Info\",\"message\":\"Transaction invokes the following method: \\\"transfer(address: "
	    "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23,uint256: 5)\\\"\"}]");
	assert_true(validation_permits(&judged.validation, false, &error));
	judged_free(&judged);
	judged = judge(&transaction, "approve(address,uint256)");
	assert_false(validation_permits(&judged.validation, false, &error));
	assert_true(validation_permits(&judged.validation, true, &error));
	judged_free(&judged);
	transaction.to_is_checksummed = false;
	judged = judge(&transaction, "transfer(address,uint256)");
	assert_false(validation_permits(&judged.validation, false, &error));
	assert_non_null(strstr(error.text, "Invalid checksum on recipient address"));
	judged_free(&judged);
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_nothing_to_say), cmocka_unit_test(test_advice), cmocka_unit_test(test_calldata)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
