/*
 * What buffers and JSON documents held is gone before their memory goes back. The linker hands every free() of the library to
 * __wrap_free, which looks for the password in the block.
 */
#include "testing.h"

#include <malloc.h>

#include "base/json.h"
#include "base/memory.h"

static const char password[] = "correct-horse-battery";
static unsigned blocks_freed;
static unsigned blocks_with_password;

void __real_free(void *data);
void __wrap_free(void *data);

void __wrap_free(void *data)
{
	size_t size = malloc_usable_size(data);

	blocks_freed++;
	if (data != NULL && memmem(data, size, password, sizeof password - 1) != NULL)
		blocks_with_password++;
	__real_free(data);
}

static int forget(void **state)
{
	(void)state;
	blocks_freed = 0;
	blocks_with_password = 0;
	return 0;
}

static void assert_wiped(void)
{
	assert_true(blocks_freed > 0);
	assert_int_equal(blocks_with_password, 0);
}

static void test_the_check_sees_a_password(void **state)
{
	(void)state;
	/* volatile: a compiler may leave out a copy that nobody reads. */
	char *volatile copy = memory_text(bytes_text(password));

	free(copy);
	assert_int_equal(blocks_with_password, 1);
}

static void test_buffer_wipes_when_freed(void **state)
{
	(void)state;
	struct buf buf = BUF_INIT(1000);

	buf_put_text(&buf, password);
	buf_free(&buf);
	assert_wiped();
}

static void test_buffer_wipes_when_it_moves(void **state)
{
	(void)state;
	struct buf buf = BUF_INIT(100000);

	buf_put_text(&buf, password);
	for (unsigned i = 0; i < 50000; i++)
		buf_put_u8(&buf, 'x');
	buf_free(&buf);
	assert_true(blocks_freed > 5);
	assert_wiped();
}

static void test_buffer_wipes_what_was_reset_consumed_or_never_committed(void **state)
{
	(void)state;
	struct buf buf = BUF_INIT(1000);

	buf_put_text(&buf, password);
	uint8_t *place = buf.data;
	buf_reset(&buf);
	assert_null(memmem(place, 64, password, 4));
	buf_put_text(&buf, "xx");
	buf_put_text(&buf, password);
	buf_consume(&buf, 2 + sizeof password - 1);
	assert_null(memmem(place, 64, password + 10, 4));
	memcpy(buf_reserve(&buf, sizeof password), password, sizeof password);
	buf_free(&buf);
	assert_wiped();
}

static void test_document_wipes(void **state)
{
	(void)state;
	struct buf text BUF_CLEANUP = BUF_INIT(1000);
	struct json json = {0};
	struct error error = {0};

	buf_printf(&text, "{\"text\":\"%s\",\"n\":[1,2,3]}", password);
	assert_true(json_parse(buf_bytes(&text), &json, &error));
	struct buf written = BUF_INIT(1000);
	assert_true(json_write(json.root, &written));
	buf_free(&written);
	json_free(&json);
	assert_wiped();
}

static void test_document_that_does_not_parse_wipes(void **state)
{
	(void)state;
	struct buf text BUF_CLEANUP = BUF_INIT(1000);
	struct json json = {0};
	struct error error = {0};

	buf_printf(&text, "{\"text\":\"%s\",\"n\":[1,2,3]", password);
	assert_false(json_parse(buf_bytes(&text), &json, &error));
	assert_wiped();
}

static void test_mutable_document_wipes(void **state)
{
	(void)state;
	struct buf text = BUF_INIT(100000);
	yyjson_mut_doc *doc = json_mut_new();
	yyjson_mut_val *root = yyjson_mut_arr(doc);

	yyjson_mut_doc_set_root(doc, root);
	for (unsigned i = 0; i < 500; i++)
		yyjson_mut_arr_add_strcpy(doc, root, password);
	assert_true(json_write_mut(doc, &text));
	yyjson_mut_doc_free(doc);
	buf_free(&text);
	assert_true(blocks_freed > 3);
	assert_wiped();
}

#define WIPE_TEST(name) cmocka_unit_test_setup(name, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
	    WIPE_TEST(test_the_check_sees_a_password),
	    WIPE_TEST(test_buffer_wipes_when_freed),
	    WIPE_TEST(test_buffer_wipes_when_it_moves),
	    WIPE_TEST(test_buffer_wipes_what_was_reset_consumed_or_never_committed),
	    WIPE_TEST(test_document_wipes),
	    WIPE_TEST(test_document_that_does_not_parse_wipes),
	    WIPE_TEST(test_mutable_document_wipes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
