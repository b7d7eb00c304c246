/* What waits to be written to the UI: lines, questions that are taken back, and batches of replies. */
#include "../base/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "core/ui_batch.h"
#include "core/ui_queue.h"

struct ends {
	int near, far;
};

static struct ends open_ends(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	return (struct ends){pair[0], pair[1]};
}

static void close_ends(const struct ends *ends)
{
	close(ends->near);
	close(ends->far);
}

static void read_all(int fd, struct buf *ret_text)
{
	char block[65536];
	ssize_t got;

	while ((got = read(fd, block, sizeof(block))) > 0)
		buf_put(ret_text, block, (size_t)got);
}

static void test_lines_in_their_order(void **state)
{
	struct ends ends = open_ends();
	struct ui_queue queue = {0};
	struct buf found BUF_CLEANUP = BUF_INIT(65536), expected BUF_CLEANUP = BUF_INIT(65536);

	(void)state;
	assert_int_equal(ui_queue_write(&queue, ends.near), UI_QUEUE_EMPTY);
	for (unsigned i = 0; i < 1000; i++) {
		char line[16];

		snprintf(line, sizeof(line), "line %u", i);
		assert_true(ui_queue_add(&queue, bytes_text(line), 0));
		buf_printf(&expected, "%s\n", line);
	}
	assert_int_equal(queue.size, expected.size);
	assert_int_equal(ui_queue_write(&queue, ends.near), UI_QUEUE_EMPTY);
	assert_int_equal(queue.size, 0);
	read_all(ends.far, &found);
	assert_bytes_equal(buf_bytes(&found), buf_bytes(&expected));
	close_ends(&ends);
}

static void test_a_question_is_taken_back(void **state)
{
	struct ends ends = open_ends();
	struct ui_queue queue = {0};
	struct buf found BUF_CLEANUP = BUF_INIT(1024);

	(void)state;
	for (uint64_t i = 1; i <= 4; i++) {
		char line[2] = {(char)('0' + i), 0};

		assert_true(ui_queue_add(&queue, bytes_text(line), i));
	}
	assert_true(ui_queue_drop(&queue, 1));
	assert_true(ui_queue_drop(&queue, 3));
	assert_true(ui_queue_drop(&queue, 4));
	assert_false(ui_queue_drop(&queue, 4));
	assert_false(ui_queue_drop(&queue, 9));
	assert_true(ui_queue_add(&queue, bytes_text("5"), 5));
	assert_int_equal(ui_queue_write(&queue, ends.near), UI_QUEUE_EMPTY);
	read_all(ends.far, &found);
	assert_string_equal(buf_text(&found), "2\n5\n");
	assert_false(ui_queue_drop(&queue, 5));
	close_ends(&ends);
}

/* Half a line cannot be taken back: what follows would be read as its rest. */
static void test_a_begun_line_stays(void **state)
{
	struct ends ends = open_ends();
	struct ui_queue queue = {0};
	size_t size = (size_t)3 << 20;
	char *large = malloc(size);
	struct buf found BUF_CLEANUP = BUF_INIT((size_t)8 << 20);

	(void)state;
	assert_non_null(large);
	memset(large, 'x', size);
	assert_true(ui_queue_add(&queue, bytes_of(large, size), 1));
	assert_true(ui_queue_add(&queue, bytes_of(large, size), 2));
	assert_int_equal(ui_queue_write(&queue, ends.near), UI_QUEUE_LATER);
	assert_false(ui_queue_drop(&queue, 1));
	assert_true(ui_queue_drop(&queue, 2));
	do
		read_all(ends.far, &found);
	while (ui_queue_write(&queue, ends.near) == UI_QUEUE_LATER);
	read_all(ends.far, &found);
	assert_int_equal(found.size, size + 1);
	assert_int_equal(found.data[size], '\n');
	free(large);
	close_ends(&ends);
}

static void test_a_full_queue(void **state)
{
	struct ui_queue queue = {0};
	size_t size = (size_t)64 << 20, added = 0;
	void *large = calloc(1, size);

	(void)state;
	assert_non_null(large);
	while (added < 5 && ui_queue_add(&queue, bytes_of(large, size), 1))
		added++;
	assert_int_equal(added, 3);
	assert_true(queue.size < UI_QUEUE_MOST);
	assert_true(ui_queue_add(&queue, bytes_text("small"), 0));
	ui_queue_free(&queue);
	assert_int_equal(queue.size, 0);
	assert_null(queue.first);
	free(large);
}

static void test_nobody_reads(void **state)
{
	struct ends ends = open_ends();
	struct ui_queue queue = {0};

	(void)state;
	signal(SIGPIPE, SIG_IGN);
	close(ends.far);
	assert_true(ui_queue_add(&queue, bytes_text("x"), 0));
	assert_int_equal(ui_queue_write(&queue, ends.near), UI_QUEUE_GONE);
	ui_queue_free(&queue);
	close(ends.near);
}

/* ---- batches ---- */

static void test_a_batch_is_complete_with_its_last_reply(void **state)
{
	struct ui_batches batches = {0};
	struct buf whole BUF_CLEANUP = BUF_INIT(1024);
	uint64_t first = ui_batches_begin(&batches, 3), second = ui_batches_begin(&batches, 1);

	(void)state;
	assert_true(first != 0 && second != 0 && first != second);
	assert_false(ui_batches_add(&batches, first, bytes_text("1"), &whole));
	assert_true(ui_batches_add(&batches, second, bytes_text("2"), &whole));
	assert_string_equal(buf_text(&whole), "[2]");
	buf_reset(&whole);
	assert_false(ui_batches_add(&batches, first, bytes_text("3"), &whole));
	assert_true(ui_batches_add(&batches, first, bytes_text("4"), &whole));
	assert_string_equal(buf_text(&whole), "[1,3,4]");
	buf_reset(&whole);
	assert_false(ui_batches_add(&batches, first, bytes_text("5"), &whole));
	assert_int_equal(whole.size, 0);
	assert_null(batches.open);
}

static void test_open_batches_are_freed(void **state)
{
	struct ui_batches batches = {0};
	struct buf whole BUF_CLEANUP = BUF_INIT(1024);

	(void)state;
	for (size_t i = 1; i < 10; i++)
		ui_batches_add(&batches, ui_batches_begin(&batches, i + 1), bytes_text("x"), &whole);
	ui_batches_free(&batches);
	assert_null(batches.open);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_lines_in_their_order),
	    cmocka_unit_test(test_a_question_is_taken_back),
	    cmocka_unit_test(test_a_begun_line_stays),
	    cmocka_unit_test(test_a_full_queue),
	    cmocka_unit_test(test_nobody_reads),
	    cmocka_unit_test(test_a_batch_is_complete_with_its_last_reply),
	    cmocka_unit_test(test_open_batches_are_freed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
