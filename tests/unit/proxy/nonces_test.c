/* The line of one account's transactions. */
#include "../base/testing.h"

#include "proxy/nonces.h"

static void on_turn(void *context)
{
	++*(int *)context;
}

static struct address account(uint32_t number)
{
	struct address address = ADDRESS_ZERO;

	memcpy(address.bytes, &number, sizeof(number));
	return address;
}

static void test_one_after_the_other(void **state)
{
	struct nonces *nonces = nonces_new();
	struct address a = account(1), b = account(2);
	struct nonces_place *place[4];
	int turns[4] = {0};
	struct error error;

	(void)state;
	for (size_t i = 0; i < 4; i++)
		place[i] = nonces_enter(nonces, i == 3 ? &b : &a, on_turn, &turns[i], &error);
	assert_int_equal(turns[0], 1);
	assert_int_equal(turns[1], 0);
	assert_int_equal(turns[3], 1); /* another account does not wait */
	nonces_leave(place[1]);        /* gave up before its turn */
	assert_int_equal(turns[2], 0);
	nonces_leave(place[0]);
	assert_int_equal(turns[1], 0);
	assert_int_equal(turns[2], 1);
	nonces_leave(place[2]);
	nonces_leave(place[3]);
	nonces_leave(NULL);
	nonces_free(nonces);
}

static struct nonces_sent sent(uint64_t nonce)
{
	return (struct nonces_sent){.nonce = nonce, .hash = {(uint8_t)nonce}};
}

static void test_the_last_one(void **state)
{
	struct nonces *nonces = nonces_new();
	struct address a = account(1);
	struct nonces_sent last, some;
	struct error error;
	int turns = 0;

	(void)state;
	struct nonces_place *place = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_false(nonces_last(place, &last));
	some = sent(1000); /* the dapp's own number, behind a gap */
	nonces_sent(place, &some, false);
	assert_false(nonces_last(place, &last));
	some = sent(5);
	nonces_sent(place, &some, true);
	nonces_leave(place);
	place = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_true(nonces_last(place, &last));
	assert_int_equal(last.nonce, 5);
	some = sent(7);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, &last) && last.nonce == 5);
	some = sent(4);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, &last) && last.nonce == 5);
	some = sent(6);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, &last) && last.nonce == 6);
	some.hash[1] = 1; /* replaced */
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, &last) && last.hash[1] == 1);
	nonces_forget(place);
	assert_false(nonces_last(place, &last));
	nonces_leave(place);
	nonces_free(nonces);
}

static void test_limits(void **state)
{
	struct nonces *nonces = nonces_new();
	struct address a = account(0);
	struct nonces_sent some = sent(5);
	struct error error;
	int turns = 0;

	(void)state;
	for (size_t i = 0; i < NONCES_LINE_MAX; i++)
		assert_non_null(nonces_enter(nonces, &a, on_turn, &turns, &error));
	assert_null(nonces_enter(nonces, &a, on_turn, &turns, &error));
	assert_non_null(strstr(error.text, "64 transactions of this account wait already"));
	/* as many accounts as anybody likes, one after the other; the oldest are forgotten */
	for (uint32_t i = 1; i <= NONCES_ACCOUNTS_MAX + 10; i++) {
		a = account(i);
		struct nonces_place *place = nonces_enter(nonces, &a, on_turn, &turns, &error);
		nonces_sent(place, &some, true);
		nonces_leave(place);
	}
	a = account(1);
	struct nonces_place *first = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_false(nonces_last(first, &some));
	a = account(NONCES_ACCOUNTS_MAX);
	struct nonces_place *late = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_true(nonces_last(late, &some));
	nonces_free(nonces); /* with places taken */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_after_the_other), cmocka_unit_test(test_the_last_one), cmocka_unit_test(test_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
