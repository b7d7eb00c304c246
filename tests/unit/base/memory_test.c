#include "testing.h"

#include "base/memory.h"

static void test_new_memory_is_zeroed(void **state)
{
	(void)state;
	static const uint8_t zeros[300];
	uint8_t *data = memory_new(3, 100);

	assert_memory_equal(data, zeros, 300);
	free(data);
	data = memory_new(0, 100);
	assert_non_null(data);
	free(data);
}

static void test_grow_doubles_and_zeroes(void **state)
{
	(void)state;
	uint32_t *array = NULL;
	size_t capacity = 0;
	unsigned moves = 0;

	for (uint32_t i = 0; i < 1000; i++) {
		size_t before = capacity;
		memory_grow((void **)&array, &capacity, i + 1, sizeof *array);
		moves += capacity != before ? 1 : 0;
		assert_int_equal(array[i], 0);
		array[i] = i + 1;
	}
	assert_true(moves < 12);
	for (uint32_t i = 0; i < 1000; i++)
		assert_int_equal(array[i], i + 1);
	free(array);
}

static void test_text_is_terminated(void **state)
{
	(void)state;
	char *text = memory_text(bytes_of("abcdef", 3));

	assert_string_equal(text, "abc");
	free(text);
	text = memory_text(BYTES_NONE);
	assert_string_equal(text, "");
	free(text);
}

/* The factors of an overflowing product, as a caller's mistake would pass them. */
static volatile size_t half = SIZE_MAX / 2 + 1;

static void overflow_new(void *argument)
{
	(void)argument;
	close(STDERR_FILENO);
	free(memory_new(half, 2));
}

static void overflow_grow(void *argument)
{
	void *array = NULL;
	size_t capacity = 0;

	(void)argument;
	close(STDERR_FILENO);
	memory_grow(&array, &capacity, half, 2);
	free(array);
}

static void overflow_arena(void *argument)
{
	struct arena arena = {0};

	(void)argument;
	close(STDERR_FILENO);
	arena_array(&arena, half, 2);
}

static void test_overflow_ends_the_process(void **state)
{
	(void)state;
	assert_exits_with(run_in_child(overflow_new, NULL), 1);
	assert_exits_with(run_in_child(overflow_grow, NULL), 1);
	assert_exits_with(run_in_child(overflow_arena, NULL), 1);
}

static void test_arena_gives_zeroed_aligned_memory(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = {0};
	uint64_t random = 1;
	uint8_t *last = NULL;

	for (unsigned i = 0; i < 2000; i++) {
		size_t size = random_below(&random, 300) * (i % 100 == 0 ? 100 : 1);
		uint8_t *data = arena_alloc(&arena, size);
		assert_int_equal((uintptr_t)data % _Alignof(max_align_t), 0);
		assert_ptr_not_equal(data, last);
		for (size_t j = 0; j < size; j++)
			assert_int_equal(data[j], 0);
		memset(data, 0xff, size);
		last = data;
	}
	assert_true(arena.total > 2000);
	arena_free(&arena);
	assert_int_equal(arena.total, 0);
	assert_non_null(arena_alloc(&arena, 1));
}

static void test_arena_copies(void **state)
{
	(void)state;
	struct arena arena ARENA_CLEANUP = {0};
	char source[] = "hello";
	struct bytes copy = arena_copy(&arena, bytes_text(source));
	char *text = arena_text(&arena, bytes_of(source, 4));
	char *number = arena_printf(&arena, "%d%%", 12);

	memset(source, 'x', 5);
	assert_bytes_equal(copy, bytes_text("hello"));
	assert_string_equal(text, "hell");
	assert_string_equal(number, "12%");
	assert_string_equal(arena_text(&arena, BYTES_NONE), "");
	assert_int_equal(arena_copy(&arena, BYTES_NONE).size, 0);
	assert_memory_equal(arena_text(&arena, LITERAL("a\0b")), "a\0b", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_new_memory_is_zeroed),
	    cmocka_unit_test(test_grow_doubles_and_zeroes),
	    cmocka_unit_test(test_text_is_terminated),
	    cmocka_unit_test(test_overflow_ends_the_process),
	    cmocka_unit_test(test_arena_gives_zeroed_aligned_memory),
	    cmocka_unit_test(test_arena_copies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
