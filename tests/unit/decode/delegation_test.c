/* What a person is told of delegations, and that it never stands in the way of a decision. */
#include "../eth/eth_testing.h"

#include "decode/delegation.h"

#define ACCOUNT "0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266"
#define CODE    "0x2c7536E3605D9C16a7a3D7b1898e529396a65c23"

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(bytes_text(text), &address));
	return address;
}

static void assert_told(uint64_t chain_id, const char *code, const char *expected)
{
	struct authorization authorization = {.chain_id = chain_id, .nonce = 7};
	struct address account = address_of(ACCOUNT);
	struct validation validation = {0};
	struct buf json = BUF_INIT(10000);
	struct arena arena = {0};
	struct error error;

	authorization.address = address_of(code);
	delegation_warn(&authorization, &account, &arena, &validation);
	for (size_t i = 0; i < validation.count; i++)
		buf_printf(&json, "%s%d:%s", i > 0 ? "," : "", (int)validation.messages[i].level, validation.messages[i].code);
	assert_string_equal(buf_text(&json), expected);
	assert_true(validation_permits(&validation, false, &error));
	buf_free(&json);
	arena_free(&arena);
}

static void test_one(void **state)
{
	(void)state;
	assert_told(1, CODE, "2:delegation-unknown-code");
	assert_told(0, CODE, "2:authorization-every-chain,2:delegation-unknown-code");
	assert_told(1, "0x0000000000000000000000000000000000000000", "0:delegation-cleared");
	assert_told(0, "0x0000000000000000000000000000000000000000", "2:authorization-every-chain,0:delegation-cleared");
}

static void test_own_nonce(void **state)
{
	struct authorization entries[2] = {{.chain_id = 1, .nonce = 5}, {.chain_id = 1, .nonce = 4}};
	struct transaction transaction = {
	    .type = TRANSACTION_SET_CODE, .has_from = true, .nonce = 4, .authorization_count = 2, .authorizations = entries};
	struct validation validation = {0};
	struct arena arena = {0};

	(void)state;
	transaction.from = address_of(ACCOUNT);
	entries[0].authority = entries[1].authority = transaction.from;
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_int_equal(validation.count, 3);
	assert_string_equal(validation.messages[2].code, "authorization-nonce");
	assert_non_null(strstr((const char *)validation.messages[2].text.data, "authorizationList[1]: "));
	/* Signed by another account, it is none of the sender's business. */
	entries[1].authority = address_of(CODE);
	validation.count = 0;
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_int_equal(validation.count, 2);
	arena_free(&arena);
}

/* A crowd of advice hides no reason to refuse, and makes none. */
static void test_crowd(void **state)
{
	struct validation validation = {0};
	struct error error;

	(void)state;
	validation_add(&validation, VALIDATION_INFO, "method-call", bytes_text("x"));
	for (size_t i = 0; i < 2 * VALIDATION_MESSAGES_MAX; i++)
		validation_advise(&validation, VALIDATION_CRITICAL, "delegation-unknown-code", bytes_text("x"));
	assert_int_equal(validation.count, VALIDATION_MESSAGES_MAX);
	assert_true(validation_permits(&validation, false, &error));
	validation_add(&validation, VALIDATION_WARNING, "invalid-checksum", bytes_text("x"));
	assert_false(validation_permits(&validation, false, &error));
	assert_true(validation_permits(&validation, true, &error));
	assert_int_equal(validation.messages[VALIDATION_MESSAGES_MAX - 1].level, VALIDATION_CRITICAL);
	validation_advise(&validation, VALIDATION_INFO, "x", bytes_text("x"));
	assert_false(validation_permits(&validation, false, &error));
}

static void test_decoded(void **state)
{
	struct authorization authorization = {.chain_id = UINT64_MAX, .nonce = UINT64_MAX - 1};
	struct address account = address_of(ACCOUNT);
	struct buf json = BUF_INIT(10000);

	(void)state;
	authorization.address = address_of(CODE);
	delegation_put_decoded(&authorization, &account, &json);
	assert_string_equal(buf_text(&json),
	    "{\"kind\":\"authorization\",\"chain_id\":\"18446744073709551615\",\"address\":\"" CODE
	    "\",\"nonce\":\"18446744073709551614\",\"authority\":\"" ACCOUNT "\",\"clears\":false}");
	buf_free(&json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one), cmocka_unit_test(test_own_nonce),
	    cmocka_unit_test(test_crowd), cmocka_unit_test(test_decoded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
