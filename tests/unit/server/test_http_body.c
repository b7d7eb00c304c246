/* Bodies with a length and in chunks, whole and in every pair of pieces; and replies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "server/http.h"

/* Feeds until nothing is left or the body ends. Returns how it ended; *ret_used counts what was taken. */
static enum http_progress feed(struct http_body *body, const char *text, size_t size, struct buf *ret_content, size_t *ret_used)
{
	enum http_progress progress = HTTP_MORE;
	size_t at = 0;

	while (progress == HTTP_MORE && at < size) {
		/* A copy of its own, so that a sanitizer sees a read beyond the end. */
		char *copy = malloc(size - at);
		struct bytes content;
		size_t used;

		memcpy(copy, text + at, size - at);
		progress = http_body_feed(body, bytes_of(copy, size - at), &used, &content);
		buf_put_bytes(ret_content, content);
		free(copy);
		assert_true(used <= size - at);
		assert_true(used > 0 || progress != HTTP_MORE);
		at += used;
	}
	*ret_used += at;
	return progress;
}

static void start_chunked(struct http_body *body)
{
	const struct http_head head = {.chunked = true};

	http_body_start(body, &head);
}

static void expect_chunked(const char *text, enum http_progress expected, const char *content)
{
	struct buf got BUF_CLEANUP = BUF_INIT(1000);
	struct http_body body;
	size_t used = 0;

	start_chunked(&body);
	enum http_progress progress = feed(&body, text, strlen(text), &got, &used);
	if (progress != expected || (content != NULL && !bytes_equal_text(buf_bytes(&got), content)))
		fail_msg("progress %d, content \"%s\" of: %s", (int)progress, buf_text(&got), text);
	if (progress == HTTP_DONE)
		assert_int_equal(used, strlen(text));
}

static void test_length(void **state)
{
	const struct http_head head = {.has_length = true, .length = 5};
	struct buf got BUF_CLEANUP = BUF_INIT(100);
	struct http_body body;
	size_t used = 0;

	(void)state;
	http_body_start(&body, &head);
	assert_int_equal(feed(&body, "ab", 2, &got, &used), HTTP_MORE);
	assert_int_equal(feed(&body, "cdeNEXT", 7, &got, &used), HTTP_DONE);
	assert_int_equal(used, 5);
	assert_true(bytes_equal_text(buf_bytes(&got), "abcde"));
}

static void test_no_body_is_done_at_once(void **state)
{
	const struct http_head head = {0};
	struct http_body body;
	struct bytes content;
	size_t used = 1;

	(void)state;
	http_body_start(&body, &head);
	assert_int_equal(http_body_feed(&body, bytes_text("NEXT"), &used, &content), HTTP_DONE);
	assert_int_equal(used, 0);
}

static void test_chunks(void **state)
{
	(void)state;
	expect_chunked("0\r\n\r\n", HTTP_DONE, "");
	expect_chunked("5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", HTTP_DONE, "hello world");
	expect_chunked("A\r\n0123456789\r\n00000\r\n\r\n", HTTP_DONE, "0123456789");
	expect_chunked("5;ext=1;b=\"c\"\r\nhello\r\n0;last\r\n\r\n", HTTP_DONE, "hello");
	expect_chunked("5\r\nhello\r\n0\r\nX-Trailer: 1\r\nY: 2\r\n\r\n", HTTP_DONE, "hello");
	expect_chunked("5\r\nhe\r\nl\r\n0\r\n\r\n", HTTP_DONE, "he\r\nl");
	expect_chunked("5\r\nhello\r\n0\r\n", HTTP_MORE, "hello");
	expect_chunked("5\r\nhel", HTTP_MORE, "hel");
}

static void test_broken_chunks(void **state)
{
	(void)state;
	expect_chunked("zz\r\n", HTTP_BAD, NULL);
	expect_chunked("\r\n", HTTP_BAD, NULL);
	expect_chunked(";ext\r\n", HTTP_BAD, NULL);
	expect_chunked("-1\r\n", HTTP_BAD, NULL);
	expect_chunked("0x5\r\nhello\r\n", HTTP_BAD, NULL);
	expect_chunked(" 5\r\nhello\r\n", HTTP_BAD, NULL);
	expect_chunked("5 \r\nhello\r\n", HTTP_BAD, NULL);
	expect_chunked("5\nhello\r\n0\r\n\r\n", HTTP_BAD, NULL);
	expect_chunked("5\r\rhello\r\n", HTTP_BAD, NULL);
	expect_chunked("5\r\nhelloX\r\n0\r\n\r\n", HTTP_BAD, NULL);
	expect_chunked("5\r\nhello\n0\r\n\r\n", HTTP_BAD, NULL);
	expect_chunked("5\r\nhello0\r\n\r\n", HTTP_BAD, NULL);
	expect_chunked("5\r\nhello\r\r0\r\n\r\n", HTTP_BAD, NULL);
	expect_chunked("5;a\x01\r\nhello\r\n", HTTP_BAD, NULL);
	expect_chunked("5;a\n\r\nhello\r\n", HTTP_BAD, NULL);
	expect_chunked("0\r\nX: \x02\r\n\r\n", HTTP_BAD, NULL);
	expect_chunked("0\r\nX: 1\n\r\n", HTTP_BAD, NULL);
	expect_chunked("0\r\n\r0", HTTP_BAD, NULL);
	/* More digits than any size needs. */
	expect_chunked("000000005\r\n", HTTP_BAD, NULL);
	expect_chunked("ffffffffffffffff5\r\n", HTTP_BAD, NULL);
}

/* Nobody keeps the reader busy with lines that mean nothing. */
static void test_endless_framing(void **state)
{
	static char filler[HTTP_HEAD_MAX + 10];
	struct buf got BUF_CLEANUP = BUF_INIT(10);
	struct http_body body;
	size_t used = 0;

	(void)state;
	memset(filler, 'a', sizeof filler);
	start_chunked(&body);
	assert_int_equal(feed(&body, "5;", 2, &got, &used), HTTP_MORE);
	assert_int_equal(feed(&body, filler, sizeof filler, &got, &used), HTTP_BAD);
	start_chunked(&body);
	assert_int_equal(feed(&body, "0\r\nX: ", 6, &got, &used), HTTP_MORE);
	assert_int_equal(feed(&body, filler, sizeof filler, &got, &used), HTTP_BAD);
}

static void test_every_split(void **state)
{
	static const char text[] = "4;x=y\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nT: v\r\n\r\n";
	const size_t size = sizeof text - 1;

	(void)state;
	for (size_t cut = 1; cut < size; cut++) {
		struct buf got BUF_CLEANUP = BUF_INIT(100);
		struct http_body body;
		size_t used = 0;

		start_chunked(&body);
		assert_int_equal(feed(&body, text, cut, &got, &used), HTTP_MORE);
		assert_int_equal(feed(&body, text + cut, size - cut, &got, &used), HTTP_DONE);
		assert_int_equal(used, size);
		assert_true(bytes_equal_text(buf_bytes(&got), "Wikipedia in \r\n\r\nchunks."));
	}
}

/* ---- replies ---- */

static void expect_reply(const struct http_reply *reply, const char *expected)
{
	struct http_gzip gzip = {0};
	struct buf got BUF_CLEANUP = BUF_INIT(1000);

	http_reply_write(reply, &gzip, &got);
	assert_string_equal(buf_text(&got), expected);
	http_gzip_free(&gzip);
}

static void test_replies(void **state)
{
	struct http_reply reply = {.status = 200, .content = HTTP_CONTENT_JSON, .body = bytes_text("{}\n")};

	(void)state;
	expect_reply(&reply, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 3\r\n\r\n{}\n");
	reply.keep = true;
	expect_reply(&reply,
	    "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: keep-alive\r\nContent-Length: 3\r\n\r\n{}\n");
	reply = (struct http_reply){
	    .status = 403, .content = HTTP_CONTENT_TEXT, .body = bytes_text("no\n"), .close = true, .keep = true};
	expect_reply(&reply,
	    "HTTP/1.1 403 Forbidden\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n"
	    "Connection: close\r\nContent-Length: 3\r\n\r\nno\n");
	reply = (struct http_reply){.status = 415, .content = HTTP_CONTENT_TEXT, .body = bytes_text("no\n"), .head_only = true};
	expect_reply(&reply, "HTTP/1.1 415 Unsupported Media Type\r\nContent-Type: text/plain; charset=utf-8\r\n"
	                     "X-Content-Type-Options: nosniff\r\nContent-Length: 3\r\n\r\n");
	reply = (struct http_reply){.status = 200, .compress = true};
	expect_reply(&reply, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
}

static void expect_unpacked(struct bytes packed, struct bytes expected)
{
	z_stream stream = {.next_in = (Bytef *)(uintptr_t)packed.data, .avail_in = (uInt)packed.size};
	uint8_t *plain = malloc(expected.size + 1);

	stream.next_out = plain;
	stream.avail_out = (uInt)expected.size + 1;
	assert_int_equal(inflateInit2(&stream, 15 + 16), Z_OK);
	assert_int_equal(inflate(&stream, Z_FINISH), Z_STREAM_END);
	assert_int_equal(stream.avail_in, 0);
	assert_true(bytes_equal(bytes_of(plain, stream.total_out), expected));
	inflateEnd(&stream);
	free(plain);
}

/* The same compressor for one reply after the other: none knows anything of those before. */
static void test_compressed_replies(void **state)
{
	struct http_gzip gzip = {0};
	char *large = malloc(300000);

	(void)state;
	memset(large, 'x', 300000);
	const struct bytes bodies[] = {bytes_text("{\"a\":1}\n"), bytes_of(large, 300000), bytes_text("{\"a\":1}\n")};
	for (size_t i = 0; i < 3; i++) {
		const struct http_reply reply = {
		    .status = 200, .content = HTTP_CONTENT_JSON, .body = bodies[i], .compress = true};
		struct buf got BUF_CLEANUP = BUF_INIT(400000);

		http_reply_write(&reply, &gzip, &got);
		const char *body = strstr(buf_text(&got), "\r\n\r\n") + 4;
		size_t head = (size_t)(body - (const char *)got.data);
		assert_non_null(strstr(buf_text(&got), "Content-Encoding: gzip\r\n"));
		assert_int_equal(strtoul(strstr(buf_text(&got), "Content-Length: ") + 16, NULL, 10), got.size - head);
		expect_unpacked(bytes_of(body, got.size - head), bodies[i]);
	}
	http_gzip_free(&gzip);
	free(large);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_length),
	    cmocka_unit_test(test_no_body_is_done_at_once),
	    cmocka_unit_test(test_chunks),
	    cmocka_unit_test(test_broken_chunks),
	    cmocka_unit_test(test_endless_framing),
	    cmocka_unit_test(test_every_split),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_compressed_replies),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
