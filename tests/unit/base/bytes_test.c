#include "testing.h"

#include <signal.h>

static void test_slices_compare(void **state)
{
	(void)state;
	assert_true(bytes_equal(bytes_text("abc"), LITERAL("abc")));
	assert_false(bytes_equal(bytes_text("abc"), bytes_text("abd")));
	assert_false(bytes_equal(bytes_text("abc"), bytes_text("ab")));
	assert_true(bytes_equal(BYTES_NONE, bytes_text("")));
	assert_true(bytes_equal(bytes_text(NULL), BYTES_NONE));
	assert_true(bytes_equal_text(LITERAL("x"), "x"));
	/* A zero byte inside is content: no text equals it. */
	assert_false(bytes_equal_text(LITERAL("x\0y"), "x"));
}

static void test_slices_compare_without_case(void **state)
{
	(void)state;
	assert_true(bytes_equal_text_nocase(bytes_text("LocalHost"), "localhost"));
	assert_false(bytes_equal_text_nocase(bytes_text("localhos"), "localhost"));
	/* Only letters have a case: '@' and '`', '[' and '{' differ by the same bit. */
	assert_false(bytes_equal_text_nocase(bytes_text("@["), "`{"));
	/* U+212A (Kelvin sign) folds to k in Unicode and must not pass for it here. */
	assert_false(bytes_equal_text_nocase(bytes_text("\u212a"), "k"));
}

static void test_buffer_collects(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(1000);

	assert_string_equal(buf_text(&buf), "");
	buf_put_text(&buf, "abc");
	buf_put_u8(&buf, 1);
	buf_put_u32(&buf, 0x02030405);
	buf_put_u64(&buf, UINT64_C(0x060708090a0b0c0d));
	buf_put(&buf, NULL, 0);
	buf_put_bytes(&buf, LITERAL("\0z"));
	assert_true(buf_ok(&buf));
	assert_bytes_equal(buf_bytes(&buf), LITERAL("abc\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\0z"));
	buf_reset(&buf);
	buf_printf(&buf, "%s-%d", "n", 42);
	assert_string_equal(buf_text(&buf), "n-42");
}

static void test_buffer_takes_its_limit_exactly(void **state)
{
	(void)state;
	for (size_t limit = 0; limit < 200; limit++) {
		struct buf buf BUF_CLEANUP = BUF_INIT(limit);
		for (size_t i = 0; i < limit; i++)
			buf_put_u8(&buf, 'x');
		assert_true(buf_ok(&buf));
		assert_int_equal(strlen(buf_text(&buf)), limit);
		buf_put_u8(&buf, 'y');
		assert_false(buf_ok(&buf));
	}
}

static void test_failure_sticks(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(4);

	buf_put_text(&buf, "abc");
	buf_put_text(&buf, "de");
	assert_false(buf_ok(&buf));
	/* Would fit, but then there would be a hole in the text. */
	buf_put_text(&buf, "f");
	buf_printf(&buf, "g");
	assert_null(buf_reserve(&buf, 1));
	assert_false(buf_ok(&buf));
	assert_int_equal(buf_bytes(&buf).size, 0);
	assert_string_equal(buf_text(&buf), "");
	buf_reset(&buf);
	assert_true(buf_ok(&buf));
	buf_put_text(&buf, "abcd");
	assert_string_equal(buf_text(&buf), "abcd");
}

static void test_printf_over_the_limit_fails(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(5);

	buf_printf(&buf, "%s", "12345");
	assert_string_equal(buf_text(&buf), "12345");
	buf_printf(&buf, "%s", "");
	assert_true(buf_ok(&buf));
	buf_printf(&buf, "%c", '6');
	assert_false(buf_ok(&buf));
}

static void test_huge_sizes_do_not_wrap(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(SIZE_MAX);

	buf_put_text(&buf, "abc");
	assert_null(buf_reserve(&buf, SIZE_MAX));
	assert_false(buf_ok(&buf));
	buf_reset(&buf);
	buf_put_text(&buf, "abc");
	assert_null(buf_reserve(&buf, SIZE_MAX - 3));
}

static void test_reserve_and_commit(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(300);

	memset(buf_reserve(&buf, 300), 'r', 300);
	assert_int_equal(buf_bytes(&buf).size, 0);
	buf_commit(&buf, 299);
	assert_int_equal(strlen(buf_text(&buf)), 299);
	assert_non_null(buf_reserve(&buf, 1));
	assert_null(buf_reserve(&buf, 2));
}

static void test_consume(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(100);

	buf_consume(&buf, 0);
	buf_put_text(&buf, "0123456789");
	buf_consume(&buf, 4);
	assert_string_equal(buf_text(&buf), "456789");
	buf_consume(&buf, 6);
	assert_string_equal(buf_text(&buf), "");
	buf_put_text(&buf, "again");
	assert_string_equal(buf_text(&buf), "again");
}

static void consume_too_much(void *argument)
{
	/* Silence assert()'s line in the test's output. */
	close(STDERR_FILENO);
	signal(SIGABRT, SIG_DFL);
	buf_consume(argument, 4);
}

static void test_consuming_too_much_aborts(void **state)
{
	(void)state;
	struct buf buf BUF_CLEANUP = BUF_INIT(100);

	buf_put_text(&buf, "abc");
	int status = run_in_child(consume_too_much, &buf);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
}

static void test_reader_reads_in_order(void **state)
{
	(void)state;
	struct reader reader = reader_of(LITERAL("\x01\x02\x03\x04\x05\xff\xfe\xfd\xfc\xfb\xfa\xf9\xf8tail"));

	assert_int_equal(reader_u8(&reader), 1);
	assert_int_equal(reader_u32(&reader), 0x02030405);
	assert_true(reader_u64(&reader) == UINT64_C(0xfffefdfcfbfaf9f8));
	assert_false(reader_done(&reader));
	assert_bytes_equal(reader_bytes(&reader, 4), bytes_text("tail"));
	assert_true(reader_done(&reader));
	assert_int_equal(reader_bytes(&reader, 0).size, 0);
	assert_true(reader_done(&reader));
}

static void test_reader_failure_sticks(void **state)
{
	(void)state;
	struct reader reader = reader_of(LITERAL("\x01\x02\x03"));

	assert_int_equal(reader_u32(&reader), 0);
	/* Three bytes are there, yet a reader that missed something gives nothing more. */
	assert_int_equal(reader_u8(&reader), 0);
	assert_int_equal(reader_bytes(&reader, 1).size, 0);
	assert_false(reader_done(&reader));

	reader = reader_of(LITERAL("abc"));
	assert_int_equal(reader_bytes(&reader, SIZE_MAX).size, 0);
	assert_true(reader.failed);
	reader = reader_of(BYTES_NONE);
	assert_true(reader_done(&reader));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_slices_compare),
	    cmocka_unit_test(test_slices_compare_without_case),
	    cmocka_unit_test(test_buffer_collects),
	    cmocka_unit_test(test_buffer_takes_its_limit_exactly),
	    cmocka_unit_test(test_failure_sticks),
	    cmocka_unit_test(test_printf_over_the_limit_fails),
	    cmocka_unit_test(test_huge_sizes_do_not_wrap),
	    cmocka_unit_test(test_reserve_and_commit),
	    cmocka_unit_test(test_consume),
	    cmocka_unit_test(test_consuming_too_much_aborts),
	    cmocka_unit_test(test_reader_reads_in_order),
	    cmocka_unit_test(test_reader_failure_sticks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
