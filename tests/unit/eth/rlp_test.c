/* RLP against the examples of the Ethereum wiki, and everything that is not canonical. */
#include "eth_testing.h"

#include "eth/rlp.h"

static void test_write_strings(void **state)
{
	struct buf buf = BUF_INIT(4096);

	(void)state;
	rlp_put_bytes(&buf, bytes_text("dog"));
	rlp_put_bytes(&buf, BYTES_NONE);
	rlp_put_bytes(&buf, LITERAL("\0"));
	rlp_put_bytes(&buf, LITERAL("\x0f"));
	rlp_put_bytes(&buf, LITERAL("\x7f"));
	rlp_put_bytes(&buf, LITERAL("\x80"));
	rlp_put_bytes(&buf, LITERAL("\x04\x00"));
	assert_hex(buf_bytes(&buf), "83646f67"
	                            "80"
	                            "00"
	                            "0f"
	                            "7f"
	                            "8180"
	                            "820400");
	buf_reset(&buf);
	rlp_put_bytes(&buf, bytes_text("Lorem ipsum dolor sit amet, consectetur adipisicing elit"));
	assert_int_equal(buf.size, 58);
	assert_memory_equal(buf.data, "\xb8\x38Lorem", 7);
	buf_free(&buf);
}

static void test_write_numbers(void **state)
{
	struct buf buf = BUF_INIT(4096);
	struct u256 most = {{UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX}};

	(void)state;
	rlp_put_u64(&buf, 0);
	rlp_put_u64(&buf, 15);
	rlp_put_u64(&buf, 127);
	rlp_put_u64(&buf, 128);
	rlp_put_u64(&buf, 1024);
	rlp_put_u64(&buf, UINT64_MAX);
	rlp_put_u256(&buf, &most);
	assert_hex(buf_bytes(&buf), "800f7f8180820400"
	                            "88ffffffffffffffff"
	                            "a0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
	buf_free(&buf);
}

static void test_write_lists(void **state)
{
	struct buf buf = BUF_INIT(1u << 20);
	static const uint8_t block[1000];

	(void)state;
	size_t pets = rlp_list_begin(&buf);
	rlp_put_bytes(&buf, bytes_text("cat"));
	rlp_put_bytes(&buf, bytes_text("dog"));
	rlp_list_end(&buf, pets);
	/* The set-theoretical three: [ [], [[]], [ [], [[]] ] ] */
	size_t three = rlp_list_begin(&buf);
	rlp_list_end(&buf, rlp_list_begin(&buf));
	size_t one = rlp_list_begin(&buf);
	rlp_list_end(&buf, rlp_list_begin(&buf));
	rlp_list_end(&buf, one);
	size_t two = rlp_list_begin(&buf);
	rlp_list_end(&buf, rlp_list_begin(&buf));
	one = rlp_list_begin(&buf);
	rlp_list_end(&buf, rlp_list_begin(&buf));
	rlp_list_end(&buf, one);
	rlp_list_end(&buf, two);
	rlp_list_end(&buf, three);
	assert_hex(buf_bytes(&buf), "c88363617483646f67"
	                            "c7c0c1c0c3c0c1c0");
	buf_reset(&buf);
	size_t big = rlp_list_begin(&buf);
	rlp_put_bytes(&buf, bytes_of(block, sizeof(block)));
	rlp_list_end(&buf, big);
	assert_memory_equal(buf.data, "\xf9\x03\xeb\xb9\x03\xe8\x00", 7);
	assert_int_equal(buf.size, 1006);
	buf_free(&buf);
}

static void test_write_fails_as_a_whole(void **state)
{
	struct buf buf = BUF_INIT(4);

	(void)state;
	size_t list = rlp_list_begin(&buf);
	rlp_put_bytes(&buf, bytes_text("cat"));
	rlp_list_end(&buf, list);
	assert_false(buf_ok(&buf));
	buf_free(&buf);
}

static void test_read_back(void **state)
{
	struct buf buf = BUF_INIT(4096);
	struct address address = {{1, 2, 3}};
	bool present = false;

	(void)state;
	size_t list = rlp_list_begin(&buf);
	rlp_put_u64(&buf, 1024);
	rlp_put_address(&buf, &address);
	rlp_put_address(&buf, NULL);
	rlp_put_bytes(&buf, bytes_text("x"));
	rlp_list_end(&buf, list);
	struct rlp_reader outer = rlp_reader_of(buf_bytes(&buf));
	struct rlp_reader items = rlp_get_list(&outer);
	assert_true(rlp_done(&outer));
	assert_int_equal(rlp_get_u64(&items), 1024);
	struct address found = rlp_get_address(&items, &present);
	assert_true(present && address_equal(&found, &address));
	rlp_get_address(&items, &present);
	assert_false(present);
	assert_true(rlp_more(&items) && !rlp_done(&items));
	assert_bytes_equal(rlp_get_bytes(&items), bytes_text("x"));
	assert_true(rlp_done(&items) && !rlp_more(&items));
	rlp_get_bytes(&items);
	assert_true(rlp_failed(&items) && !rlp_done(&items));
	buf_free(&buf);
}

enum shape { STRING, LIST, NUMBER, ADDRESS };

static void test_refuses_what_is_not_canonical(void **state)
{
	static const struct {
		enum shape shape;
		const char *hex, *why;
	} cases[] = {
	    {STRING, "", "nothing there"},
	    {STRING, "8100", "a small byte with a header"},
	    {STRING, "817f", "the largest small byte with a header"},
	    {STRING, "83646f", "cut short"},
	    {STRING, "b801ff", "long form of a short length"},
	    {STRING, "b837" /* and 55 bytes that are not there */, "long form of 55"},
	    {STRING, "b90038", "length with a leading zero"},
	    {STRING, "b8", "no length"},
	    {STRING, "bfffffffffffffffff", "length of 64 bits"},
	    {STRING, "bf0000000000000001", "length of eight bytes with zeros"},
	    {STRING, "c0", "a list instead of a string"},
	    {LIST, "83646f67", "a string instead of a list"},
	    {LIST, "05", "a byte instead of a list"},
	    {LIST, "c2c0", "list cut short"},
	    {LIST, "f801c0", "long form of a short list"},
	    {LIST, "f90038", "list length with a leading zero"},
	    {LIST, "ffffffffffffffffff", "list length of 64 bits"},
	    {NUMBER, "00", "zero as a byte"},
	    {NUMBER, "820001", "leading zero"},
	    {NUMBER, "89010000000000000000", "more than 64 bits"},
	    {NUMBER, "a1ff00000000000000000000000000000000000000000000000000000000000000ff", "more than 256 bits"},
	    {ADDRESS, "930102030405060708090a0b0c0d0e0f10111213", "19 bytes"},
	    {ADDRESS, "01", "one byte"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct arena arena = {0};
		struct rlp_reader rlp = rlp_reader_of(unhex(&arena, cases[i].hex));
		bool present;
		if (cases[i].shape == LIST)
			rlp_get_list(&rlp);
		else if (cases[i].shape == NUMBER)
			rlp_get_u64(&rlp);
		else if (cases[i].shape == ADDRESS)
			rlp_get_address(&rlp, &present);
		else
			rlp_get_bytes(&rlp);
		if (!rlp_failed(&rlp))
			fail_msg("accepted: %s", cases[i].why);
		arena_free(&arena);
	}
}

/* 56 bytes, whose length could be said in one byte. */
static void test_length_with_leading_zero(void **state)
{
	uint8_t bytes[3 + 56] = {0xb9, 0x00, 0x38};
	struct rlp_reader rlp = rlp_reader_of(bytes_of(bytes, sizeof(bytes)));

	(void)state;
	rlp_get_bytes(&rlp);
	assert_true(rlp_failed(&rlp));
	bytes[0] = 0xf9;
	rlp = rlp_reader_of(bytes_of(bytes, sizeof(bytes)));
	rlp_get_list(&rlp);
	assert_true(rlp_failed(&rlp));
}

/* Whatever the bytes, reading ends inside them; the sanitizers watch. */
static void test_random_bytes(void **state)
{
	uint64_t seed = 99;

	(void)state;
	for (unsigned round = 0; round < 20000; round++) {
		uint8_t bytes[40];
		size_t size = random_below(&seed, sizeof(bytes));
		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)random_next(&seed);
		struct rlp_reader outer = rlp_reader_of(bytes_of(bytes, size));
		while (rlp_more(&outer)) {
			struct rlp_reader copy = outer;
			struct rlp_reader inner = rlp_get_list(&copy);
			while (rlp_more(&inner))
				rlp_get_u256(&inner);
			rlp_get_bytes(&outer);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_write_strings), cmocka_unit_test(test_write_numbers),
	    cmocka_unit_test(test_write_lists), cmocka_unit_test(test_write_fails_as_a_whole), cmocka_unit_test(test_read_back),
	    cmocka_unit_test(test_refuses_what_is_not_canonical), cmocka_unit_test(test_length_with_leading_zero),
	    cmocka_unit_test(test_random_bytes)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
