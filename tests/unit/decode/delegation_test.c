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
	assert_int_equal(validation.count, 2);
	assert_string_equal(validation.messages[0].code, "authorization-nonce");
	assert_non_null(strstr((const char *)validation.messages[0].text.data, "authorizationList[1]: "));
	/* Signed by another account, it is none of the sender's business. */
	entries[1].authority = address_of(CODE);
	validation.count = 0;
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_int_equal(validation.count, 2);
	arena_free(&arena);
}

/* "level:code" of each, in order. */
static void assert_codes(const struct validation *validation, const char *expected)
{
	struct buf text = BUF_INIT(10000);

	for (size_t i = 0; i < validation->count; i++)
		buf_printf(&text, "%s%d:%s", i > 0 ? "," : "", (int)validation->messages[i].level, validation->messages[i].code);
	assert_string_equal(buf_text(&text), expected);
	buf_free(&text);
}

static void assert_says(const struct validation *validation, size_t index, const char *part)
{
	struct bytes text = validation->messages[index].text;

	if (memmem(text.data, text.size, part, strlen(part)) == NULL)
		fail_msg("\"%s\" is not in \"%.*s\"", part, (int)text.size, (const char *)text.data);
}

/* Twenty that take code away, by one account, and behind them one that hands another account over on every chain. */
static void test_one_behind_many(void **state)
{
	struct authorization entries[21] = {0};
	struct transaction transaction = {
	    .type = TRANSACTION_SET_CODE, .has_from = true, .nonce = 4, .authorization_count = 21, .authorizations = entries};
	struct validation validation = {0};
	struct arena arena = {0};

	(void)state;
	transaction.from = address_of("0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826");
	for (size_t i = 0; i < 20; i++) {
		entries[i].chain_id = 1;
		entries[i].authority = address_of(ACCOUNT);
	}
	entries[20].authority = address_of("0x1F4E7Db8514Ec4E99467a8d2ee3a63094a904e7A");
	entries[20].address = address_of(CODE);
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_codes(&validation, "2:authorization-every-chain,2:delegation-unknown-code,0:delegation-cleared");
	assert_says(&validation, 0,
	    "authorizationList[20]: The authorization of 0x1F4E7Db8514Ec4E99467a8d2ee3a63094a904e7A names chain id 0");
	assert_says(&validation, 1,
	    "authorizationList[20]: Hands the account 0x1F4E7Db8514Ec4E99467a8d2ee3a63094a904e7A over to the code at " CODE);
	assert_says(&validation, 2,
	    "20 authorizations take the code of their accounts away: authorizationList[0] of " ACCOUNT ", [1] of ");
	assert_says(&validation, 2, "[7] of " ACCOUNT " and 12 more");
	/* The sender's own comes first, wherever it stands. */
	transaction.from = entries[20].authority;
	entries[19].address = address_of("0xffffffffffffffffffffffffffffffffffffffff");
	validation.count = 0;
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_codes(&validation, "2:authorization-every-chain,2:delegation-unknown-code,1:authorization-nonce,"
	                          "2:delegation-unknown-code,0:delegation-cleared");
	assert_says(&validation, 1, "authorizationList[20]: ");
	assert_says(&validation, 3, "authorizationList[19]: ");
	arena_free(&arena);
}

/* However many there are, the messages stay few, and none is left out. */
static void test_many_codes(void **state)
{
	struct authorization entries[AUTHORIZATION_LIST_MAX] = {0};
	struct transaction transaction = {.type = TRANSACTION_SET_CODE,
	    .has_from = true,
	    .authorization_count = AUTHORIZATION_LIST_MAX,
	    .authorizations = entries};
	struct validation validation = {0};
	struct arena arena = {0};

	(void)state;
	transaction.from = address_of(ACCOUNT);
	for (size_t i = 0; i < AUTHORIZATION_LIST_MAX; i++) {
		entries[i].authority = address_of(i % 2 == 0 ? ACCOUNT : CODE);
		entries[i].address.bytes[0] =
		    (uint8_t)(i / 4); /* the first four clear, each code is there twice for each account */
	}
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_codes(&validation,
	    "2:authorization-every-chain,2:delegation-unknown-code,2:delegation-unknown-code,2:delegation-unknown-code,"
	    "2:delegation-unknown-code,2:delegation-unknown-code,1:authorization-nonce,0:delegation-cleared,"
	    "2:authorization-every-chain,2:delegation-unknown-code,2:delegation-unknown-code,2:delegation-unknown-code,"
	    "2:delegation-unknown-code,2:delegation-unknown-code,0:delegation-cleared");
	assert_says(&validation, 0, "32 authorizations name chain id 0");
	assert_says(&validation, 1,
	    "2 authorizations hand their accounts over to the code at 0x0100000000000000000000000000000000000000, ");
	assert_says(&validation, 1, "authorizationList[4] of " ACCOUNT ", [6] of " ACCOUNT);
	assert_says(&validation, 5, "22 authorizations hand their accounts over to code at still other addresses");
	assert_says(&validation, 5, "authorizationList[20] of ");
	assert_says(&validation, 6, "authorizationList[0]: ");
	assert_says(&validation, 6, "31 more of the sender's");
	arena_free(&arena);
}

/* Several of the sender's, in a row, are fine: each that is taken makes the nonce go up. */
static void test_own_nonces_in_a_row(void **state)
{
	struct authorization entries[3] = {{.chain_id = 1, .nonce = 5}, {.chain_id = 1, .nonce = 6}, {.chain_id = 1, .nonce = 8}};
	struct transaction transaction = {
	    .type = TRANSACTION_SET_CODE, .has_from = true, .nonce = 4, .authorization_count = 2, .authorizations = entries};
	struct validation validation = {0};
	struct arena arena = {0};

	(void)state;
	transaction.from = address_of(ACCOUNT);
	entries[0].authority = entries[1].authority = entries[2].authority = transaction.from;
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_codes(&validation, "0:delegation-cleared");
	transaction.authorization_count = 3;
	validation.count = 0;
	delegation_warn_transaction(&transaction, &arena, &validation);
	assert_codes(&validation, "1:authorization-nonce,0:delegation-cleared");
	assert_says(&validation, 0, "authorizationList[2]: ");
	assert_says(&validation, 0, "its nonce is 8, and the account's next one would be 7");
	arena_free(&arena);
}

/* What is mild never hides what is severe, whichever came first. */
static void test_severe_ones_stay(void **state)
{
	struct validation validation = {0};
	struct error error;

	(void)state;
	validation_add(&validation, VALIDATION_WARNING, "first", bytes_text("x"));
	for (size_t i = 0; i < VALIDATION_MESSAGES_MAX; i++)
		validation_tell(&validation, VALIDATION_INFO, "mild", bytes_text("x"));
	assert_string_equal(validation.messages[VALIDATION_MESSAGES_MAX - 1].code, "more-warnings");
	assert_int_equal(validation.messages[VALIDATION_MESSAGES_MAX - 1].level, VALIDATION_INFO);
	for (size_t i = 0; i < VALIDATION_MESSAGES_MAX - 3; i++)
		validation_advise(&validation, VALIDATION_CRITICAL, "severe", bytes_text("y"));
	validation_add(&validation, VALIDATION_WARNING, "last", bytes_text("z"));
	assert_int_equal(validation.count, VALIDATION_MESSAGES_MAX);
	assert_string_equal(validation.messages[0].code, "first");
	for (size_t i = 1; i < VALIDATION_MESSAGES_MAX - 2; i++)
		assert_string_equal(validation.messages[i].code, "severe");
	assert_string_equal(validation.messages[VALIDATION_MESSAGES_MAX - 2].code, "last");
	assert_string_equal(validation.messages[VALIDATION_MESSAGES_MAX - 1].code, "more-warnings");
	assert_int_equal(validation.messages[VALIDATION_MESSAGES_MAX - 1].level, VALIDATION_INFO);
	assert_false(validation_permits(&validation, false, &error));
	assert_string_equal(error.text, "validation failed: x,z");
	/* One that is pushed out still refuses. */
	validation_advise(&validation, VALIDATION_CRITICAL, "severe", bytes_text("y"));
	assert_string_equal(validation.messages[VALIDATION_MESSAGES_MAX - 2].code, "severe");
	assert_int_equal(validation.messages[VALIDATION_MESSAGES_MAX - 1].level, VALIDATION_WARNING);
	validation_advise(&validation, VALIDATION_CRITICAL, "severe", bytes_text("y"));
	assert_string_equal(validation.messages[0].code, "severe");
	assert_false(validation_permits(&validation, false, &error));
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
	    cmocka_unit_test(test_one_behind_many), cmocka_unit_test(test_many_codes), cmocka_unit_test(test_own_nonces_in_a_row),
	    cmocka_unit_test(test_severe_ones_stay), cmocka_unit_test(test_crowd), cmocka_unit_test(test_decoded)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
