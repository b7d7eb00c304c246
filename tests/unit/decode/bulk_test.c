/* What several transactions come to, and what they must have in common. */
#include "../eth/eth_testing.h"

#include "decode/bulk.h"

#define MOST 8

static void make(struct transaction *transactions, size_t count)
{
	memset(transactions, 0, count * sizeof(*transactions));
	for (size_t i = 0; i < count; i++) {
		transactions[i].has_from = transactions[i].has_to = true;
		memset(transactions[i].from.bytes, 0x11, ADDRESS_SIZE);
		memset(transactions[i].to.bytes, (int)(0x20 + i % 2), ADDRESS_SIZE);
		transactions[i].nonce = i;
		transactions[i].gas = 21000;
		transactions[i].has_gas_price = true;
		transactions[i].gas_price = u256_from_u64(3);
		transactions[i].value = u256_from_u64(10);
	}
}

static void assert_judged(const struct transaction *transactions, size_t count, const char *expected)
{
	struct arena arena = {0};
	struct bulk_totals totals;
	struct buf text = BUF_INIT(10000);
	struct error error;

	if (bulk_judge(transactions, count, &arena, &totals, &error))
		bulk_put_totals(&totals, &text);
	else
		buf_put_text(&text, error.text);
	assert_string_equal(buf_text(&text), expected);
	buf_free(&text);
	arena_free(&arena);
}

static void test_totals(void **state)
{
	struct transaction transactions[MOST];

	(void)state;
	make(transactions, 3);
	assert_judged(transactions, 3,
	    "{\"count\":3,\"value\":\"30\",\"max_fees\":\"189000\",\"recipients\":["
	    "\"0x2020202020202020202020202020202020202020\","
	    "\"0x2121212121212121212121212121212121212121\"],\"creations\":0}");
	transactions[1].has_to = false;
	transactions[1].has_gas_price = false;
	transactions[1].gas_price = U256_ZERO;
	transactions[1].has_max_fee = true;
	transactions[1].max_fee = u256_from_u64(5);
	transactions[1].blob_hash_count = 2;
	transactions[1].max_fee_per_blob_gas = u256_from_u64(7);
	assert_judged(transactions, 3,
	    "{\"count\":3,\"value\":\"30\",\"max_fees\":\"2066008\",\"recipients\":["
	    "\"0x2020202020202020202020202020202020202020\"],"
	    "\"creations\":1}");
}

static void test_refusals(void **state)
{
	static const struct u256 largest = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};
	struct transaction transactions[MOST];

	(void)state;
	make(transactions, 4);
	transactions[3].nonce = 1;
	assert_judged(transactions, 4,
	    "[3].nonce: expected another than that of [1], since only one of the two could ever happen, found 0x1");
	make(transactions, 4);
	transactions[2].from.bytes[19] ^= 1;
	assert_judged(transactions, 4, "[2].from: expected the sender of [0], since one account signs all of them");
	make(transactions, 2);
	transactions[0].value = largest;
	assert_judged(transactions, 2, "[1].value: all values together are above 256 bits");
	make(transactions, 2);
	transactions[1].gas_price = largest;
	assert_judged(transactions, 2, "[1]: the fees of all together may be above 256 bits");
	make(transactions, 2);
	transactions[0].gas = transactions[1].gas = 1;
	transactions[0].gas_price = largest;
	assert_judged(transactions, 2, "[1]: the fees of all together may be above 256 bits");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_totals), cmocka_unit_test(test_refusals)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
