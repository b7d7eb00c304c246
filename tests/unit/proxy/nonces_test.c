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
	assert_false(nonces_last(place, 0, &last));
	some = sent(1000); /* the dapp's own number, behind a gap */
	nonces_sent(place, &some, false);
	assert_false(nonces_last(place, 5, &last));
	some = sent(5);
	nonces_sent(place, &some, true);
	nonces_leave(place);
	place = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_true(nonces_last(place, 5, &last));
	assert_int_equal(last.nonce, 5);
	assert_false(nonces_last(place, 6, &last)); /* it is counted */
	some = sent(4);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, 0, &last) && last.nonce == 5);
	some = sent(6);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, 0, &last) && last.nonce == 6);
	some.hash[1] = 1; /* replaced */
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, 0, &last) && last.hash[1] == 1);
	nonces_leave(place);
	nonces_free(nonces);
}

/* Numbers of the dapp's count when ours, or the node's count, have come to them. */
static void test_chosen_ones(void **state)
{
	struct nonces *nonces = nonces_new();
	struct address a = account(1);
	struct nonces_sent last, some;
	struct error error;
	int turns = 0;

	(void)state;
	struct nonces_place *place = nonces_enter(nonces, &a, on_turn, &turns, &error);
	for (uint64_t nonce = 7; nonce <= 9; nonce++) {
		some = sent(nonce);
		nonces_sent(place, &some, false);
	}
	nonces_leave(place); /* is remembered */
	place = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_false(nonces_last(place, 5, &last));
	assert_false(nonces_last(place, 10, &last));
	some = sent(5);
	nonces_sent(place, &some, true);
	assert_true(nonces_last(place, 5, &last) && last.nonce == 5);
	some = sent(6);
	nonces_sent(place, &some, true);
	assert_true(nonces_last(place, 6, &last) && last.nonce == 9);
	some = sent(20);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, 20, &last) && last.nonce == 20);
	some = sent(UINT64_MAX - 1);
	nonces_sent(place, &some, false);
	assert_true(nonces_last(place, UINT64_MAX - 1, &last) && last.nonce == UINT64_MAX - 1);
	nonces_leave(place);
	nonces_free(nonces);
}

static void test_forgotten_late(void **state)
{
	struct nonces *nonces = nonces_new();
	struct address a = account(1);
	struct nonces_sent last, some = sent(5);
	struct error error;
	int turns = 0;

	(void)state;
	struct nonces_place *place = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_false(nonces_forget(place, UINT64_MAX));
	some.at_ms = 1000;
	nonces_sent(place, &some, true);
	assert_false(nonces_forget(place, 0));
	assert_false(nonces_forget(place, 1000 + NONCES_KEPT_MS));
	assert_true(nonces_last(place, 5, &last));
	assert_true(nonces_forget(place, 1001 + NONCES_KEPT_MS));
	assert_false(nonces_last(place, 5, &last));
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
	assert_false(nonces_last(first, 5, &some));
	a = account(NONCES_ACCOUNTS_MAX);
	struct nonces_place *late = nonces_enter(nonces, &a, on_turn, &turns, &error);
	assert_true(nonces_last(late, 5, &some));
	nonces_free(nonces); /* with places taken */
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_one_after_the_other), cmocka_unit_test(test_the_last_one),
	    cmocka_unit_test(test_chosen_ones), cmocka_unit_test(test_forgotten_late), cmocka_unit_test(test_limits)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
