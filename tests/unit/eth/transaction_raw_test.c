/* Unsigned transactions as bytes: what is taken, and what a person is told of the rest. */
#include "eth_testing.h"

#include "eth/rlp.h"
#include "eth/transaction.h"

#define TO     "943535353535353535353535353535353535353535"
#define HEAD   "8001825208" TO "8080"
#define NUMBER "a0c9e309c98679b4edd68671405dca09a454d881be89dcbdf7494c2c0b276937d5"

static const struct {
	const char *type, *items, *behind;
	const char *text; /* NULL: accepted */
} cases[] = {
    {"", HEAD "018080", "", NULL},
    {"01", "01" HEAD "c0", "", NULL},
    {"02", "0101" HEAD "c0", "", NULL},
    {"", HEAD, "", "the transaction names no chain"},
    {"", HEAD "01", "", "a legacy transaction has 9 items (the last three of EIP-155), found 7"},
    {"", HEAD "0180", "", "a legacy transaction has 9 items"},
    {"", HEAD "01808080", "", "a legacy transaction has 9 items"},
    {"", HEAD "25" NUMBER NUMBER, "", "the transaction is signed already"},
    {"", HEAD "1b" NUMBER NUMBER, "", "the transaction is signed already"},
    {"", HEAD "010101", "", "the payload is no well-formed legacy transaction"},
    {"", HEAD "808080", "", "the payload is no well-formed legacy transaction"},
    {"01", "01" HEAD "c001" NUMBER NUMBER, "", "the transaction is signed already"},
    {"02", "0101" HEAD "c080" NUMBER NUMBER, "", "the transaction is signed already"},
    {"02", "0101" HEAD, "", "a dynamic-fee (EIP-1559) transaction has 9 items, found 8"},
    {"02", "0101" HEAD "c0c0", "", "a dynamic-fee (EIP-1559) transaction has 9 items, found 10"},
    {"02", "0101" HEAD "80", "", "the payload is no well-formed dynamic-fee"},
    {"02", "0001" HEAD "c0", "", "the payload is no well-formed dynamic-fee"},
    {"02", "0101" HEAD "c0", "00", "1 bytes stand behind the transaction"},
    {"02", "0101" HEAD "c0", "02c0", "2 bytes stand behind the transaction"},
    {"02", "0101" HEAD "c3", "", "the transaction is no well-formed RLP, or cut short"},
    {"02", "", "", "a dynamic-fee (EIP-1559) transaction has 9 items, found 0"},
    {"00", HEAD "018080", "", "transactions of type 0x0 are not available"},
    {"05",
        "0194"
        "3535353535353535353535353535353535353535"
        "80",
        "", "transactions of type 0x5 are not available"},
    {"7f", "", "", "transactions of type 0x7f are not available"},
    {"80", "", "", "expected a transaction, found bytes that begin with 0x80"},
    {"b8", "", "", "expected a transaction, found bytes that begin with 0xb8"},
};

static void test_cases(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct buf raw = BUF_INIT(10000);
		struct transaction transaction;
		struct error error = {0};

		buf_put_bytes(&raw, unhex(&arena, cases[i].type));
		size_t list = rlp_list_begin(&raw);
		buf_put_bytes(&raw, unhex(&arena, cases[i].items));
		rlp_list_end(&raw, list);
		buf_put_bytes(&raw, unhex(&arena, cases[i].behind));
		bool good = transaction_from_raw(buf_bytes(&raw), &arena, &transaction, &error);
		if (good != (cases[i].text == NULL) || (!good && strncmp(error.text, cases[i].text, strlen(cases[i].text)) != 0))
			fail_msg("%zu: %s", i, good ? "accepted" : error.text);
		buf_free(&raw);
		arena_free(&arena);
	}
}

static void test_nothing_and_cut(void **state)
{
	struct arena arena = {0};
	struct bytes whole = unhex(&arena, "02df0101" HEAD "c0");
	struct transaction transaction;
	struct error error;

	(void)state;
	assert_false(transaction_from_raw(BYTES_NONE, &arena, &transaction, &error));
	assert_string_equal(error.text, "expected an unsigned transaction, found no bytes");
	assert_true(transaction_from_raw(whole, &arena, &transaction, &error));
	for (size_t size = 1; size < whole.size; size++)
		assert_false(transaction_from_raw(bytes_of(whole.data, size), &arena, &transaction, &error));
	arena_free(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_nothing_and_cut)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
