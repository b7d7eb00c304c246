/* The head of a request: what is read from it, what is refused, and that it does not matter in which pieces it arrives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "server/http.h"

#define LINE "POST / HTTP/1.1\r\n"
#define HOST "Host: localhost:8550\r\n"
#define END  "\r\n"

static enum http_progress parse(const char *text, size_t size, struct http_head *ret_head, int *ret_status)
{
	struct http_scan scan = {0};

	return http_head_parse(bytes_of(text, size), &scan, ret_head, ret_status);
}

static struct http_head good(const char *text)
{
	struct http_head head;
	int status;

	if (parse(text, strlen(text), &head, &status) != HTTP_DONE)
		fail_msg("refused with %d: %s", status, text);
	assert_int_equal(head.size, strlen(text));
	return head;
}

static void bad(int expected, const char *text)
{
	struct http_head head;
	int status;
	enum http_progress progress = parse(text, strlen(text), &head, &status);

	if (progress != HTTP_BAD || status != expected)
		fail_msg("expected %d, got progress %d and status %d: %s", expected, (int)progress, status, text);
}

static void test_plain_request(void **state)
{
	struct http_head head =
	    good("POST /some/path?key=value HTTP/1.1\r\nHost: localhost:8550\r\nContent-Type:\tapplication/json \r\n"
	         "User-Agent: curl/8\r\nOrigin: https://dapp.example\r\nContent-Length: 0070\r\nX: y\r\n\r\n");

	(void)state;
	assert_int_equal(head.method, HTTP_POST);
	assert_true(head.has_query && head.keep_alive && head.has_length && !head.chunked && !head.version_1_0);
	assert_int_equal(head.length, 70);
	assert_true(bytes_equal_text(head.host, "localhost:8550"));
	assert_true(bytes_equal_text(head.content_type, "application/json"));
	assert_true(bytes_equal_text(head.user_agent, "curl/8"));
	assert_true(bytes_equal_text(head.origin, "https://dapp.example"));
}

static void test_names_have_no_case(void **state)
{
	struct http_head head = good(LINE "hOST: a\r\nCONTENT-length: 5\r\ncontent-TYPE: b\r\n\r\n");

	(void)state;
	assert_true(bytes_equal_text(head.host, "a") && bytes_equal_text(head.content_type, "b"));
	assert_int_equal(head.length, 5);
}

static void test_methods(void **state)
{
	(void)state;
	assert_int_equal(good("GET / HTTP/1.1\r\n" HOST END).method, HTTP_GET);
	assert_int_equal(good("HEAD / HTTP/1.1\r\n" HOST END).method, HTTP_HEAD);
	assert_int_equal(good("OPTIONS * HTTP/1.1\r\n" HOST END).method, HTTP_OPTIONS);
	assert_int_equal(good("PUT / HTTP/1.1\r\n" HOST END).method, HTTP_OTHER);
	assert_int_equal(good("post / HTTP/1.1\r\n" HOST END).method, HTTP_OTHER);
}

static void test_keep_alive(void **state)
{
	(void)state;
	assert_true(good(LINE HOST END).keep_alive);
	assert_false(good(LINE HOST "Connection: close\r\n" END).keep_alive);
	assert_false(good(LINE HOST "Connection: upgrade, Close\r\n" END).keep_alive);
	assert_false(good(LINE HOST "Connection: keep-alive\r\nConnection: close\r\n" END).keep_alive);
	assert_false(good("POST / HTTP/1.0\r\n" HOST END).keep_alive);
	assert_true(good("POST / HTTP/1.0\r\n" HOST "Connection: Keep-Alive\r\n" END).keep_alive);
}

static void test_query(void **state)
{
	(void)state;
	assert_false(good("GET / HTTP/1.1\r\n" HOST END).has_query);
	assert_false(good("GET /? HTTP/1.1\r\n" HOST END).has_query);
	assert_true(good("GET /?a HTTP/1.1\r\n" HOST END).has_query);
	assert_true(good("GET http://localhost:8550?a HTTP/1.1\r\n" HOST END).has_query);
}

/* RFC 9112 section 3.2.2: the target's host counts; one that contradicts the Host line is refused. */
static void test_absolute_target(void **state)
{
	(void)state;
	assert_true(bytes_equal_text(good("POST http://LOCALHOST:8550/x HTTP/1.1\r\n" HOST END).host, "LOCALHOST:8550"));
	assert_true(bytes_equal_text(good("POST http://evil.example/ HTTP/1.0\r\n\r\n").host, "evil.example"));
	bad(400, "POST http://evil.example/ HTTP/1.1\r\n" HOST END);
	bad(400, "POST http:///x HTTP/1.1\r\n" HOST END);
	bad(400, "POST ftp://localhost:8550/ HTTP/1.1\r\n" HOST END);
	bad(400, "POST * HTTP/1.1\r\n" HOST END);
	bad(400, "POST path HTTP/1.1\r\n" HOST END);
	bad(400, "CONNECT localhost:8550 HTTP/1.1\r\n" HOST END);
}

static void test_request_lines_that_are_none(void **state)
{
	(void)state;
	bad(400, "hello there\r\n\r\n");
	bad(400, "POST / \r\n" HOST END);
	bad(400, "POST  / HTTP/1.1\r\n" HOST END);
	bad(400, "POST /a b HTTP/1.1\r\n" HOST END);
	bad(400, "POST / HTTP/1.1 \r\n" HOST END);
	bad(400, "POST / http/1.1\r\n" HOST END);
	bad(400, "POST / HTTP/11\r\n" HOST END);
	bad(400, "P(ST / HTTP/1.1\r\n" HOST END);
	bad(400, "POST /\x01 HTTP/1.1\r\n" HOST END);
	bad(400, "POST /\xc3\xa9 HTTP/1.1\r\n" HOST END);
	bad(400, " POST / HTTP/1.1\r\n" HOST END);
	bad(505, "POST / HTTP/2.0\r\n" HOST END);
	bad(505, "POST / HTTP/1.2\r\n" HOST END);
	bad(505, "PRI * HTTP/2.0\r\n\r\n");
}

static void test_header_lines_that_are_none(void **state)
{
	(void)state;
	bad(400, LINE HOST "X : y\r\n" END);
	bad(400, LINE HOST "X\r\n" END);
	bad(400, LINE HOST ": y\r\n" END);
	bad(400, LINE HOST "X: a\r\n folded\r\n" END);
	bad(400, LINE " " HOST END);
	bad(400, LINE HOST "X\xc3\xa9: y\r\n" END);
	bad(400, LINE HOST "X: a\x01\r\n" END);
	bad(400, LINE HOST "X: a\rb\r\n" END);
	bad(400, LINE HOST "X: \x7f\r\n" END);
}

static void test_zero_bytes(void **state)
{
	static const char text[] = LINE HOST "X: a\0b\r\n" END;
	struct http_head head;
	int status;

	(void)state;
	assert_int_equal(parse(text, sizeof text - 1, &head, &status), HTTP_BAD);
	assert_int_equal(status, 400);
}

/* Where one reader sees one request and another two, somebody is being deceived. */
static void test_bare_newlines(void **state)
{
	(void)state;
	bad(400, "POST / HTTP/1.1\nHost: a\n\n");
	bad(400, LINE "Host: a\n" END);
	bad(400, LINE "Host: a\r\n\n");
	bad(400, "\nPOST / HTTP/1.1\r\n" HOST END);
}

static void test_one_empty_line_before(void **state)
{
	(void)state;
	assert_int_equal(good("\r\n" LINE HOST END).method, HTTP_POST);
	bad(400, "\r\n\r\n" LINE HOST END);
}

static void test_host(void **state)
{
	(void)state;
	bad(400, LINE END);
	bad(400, LINE HOST HOST END);
	bad(400, LINE HOST "host: evil.example\r\n" END);
	assert_int_equal(good("POST / HTTP/1.0\r\n\r\n").host.size, 0);
	assert_int_equal(good(LINE "Host:\r\n" END).host.size, 0);
}

static void test_lengths(void **state)
{
	(void)state;
	bad(400, LINE HOST "Content-Length: -1\r\n" END);
	bad(400, LINE HOST "Content-Length: +1\r\n" END);
	bad(400, LINE HOST "Content-Length: 0x10\r\n" END);
	bad(400, LINE HOST "Content-Length:\r\n" END);
	bad(400, LINE HOST "Content-Length: 7 0\r\n" END);
	bad(400, LINE HOST "Content-Length: 70, 70\r\n" END);
	bad(400, LINE HOST "Content-Length: 99999999999999999999\r\n" END);
	bad(400, LINE HOST "Content-Length: 70\r\nContent-Length: 5\r\n" END);
	bad(400, LINE HOST "Content-Length: 70\r\nContent-Length: 70\r\n" END);
	assert_int_equal(good(LINE HOST "Content-Length: 999999999999999999\r\n" END).length, 999999999999999999);
	assert_false(good(LINE HOST END).has_length);
}

static void test_transfer_codings(void **state)
{
	(void)state;
	assert_true(good(LINE HOST "Transfer-Encoding: Chunked\r\n" END).chunked);
	bad(501, LINE HOST "Transfer-Encoding: gzip\r\n" END);
	bad(501, LINE HOST "Transfer-Encoding: gzip, chunked\r\n" END);
	bad(501, LINE HOST "Transfer-Encoding: xchunked\r\n" END);
	bad(501, LINE HOST "Transfer-Encoding:\r\n" END);
	bad(400, LINE HOST "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" END);
	bad(400, LINE HOST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" END);
	bad(400, LINE HOST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" END);
	bad(400, "POST / HTTP/1.0\r\n" HOST "Transfer-Encoding: chunked\r\n" END);
}

static void test_expectations(void **state)
{
	(void)state;
	assert_true(good(LINE HOST "Expect: 100-Continue\r\n" END).expect_continue);
	assert_false(good("POST / HTTP/1.0\r\n" HOST "Expect: 100-continue\r\n" END).expect_continue);
	bad(417, LINE HOST "Expect: something\r\n" END);
}

static void test_once_only(void **state)
{
	(void)state;
	bad(400, LINE HOST "Content-Type: application/json\r\nContent-Type: text/plain\r\n" END);
	bad(400, LINE HOST "Origin: https://a\r\nOrigin: https://b\r\n" END);
	bad(400, LINE HOST "User-Agent: a\r\nUser-Agent: b\r\n" END);
}

static void test_size_limit(void **state)
{
	char *text = malloc(HTTP_HEAD_MAX + 100);
	const size_t fixed = strlen(LINE HOST "X: \r\n\r\n");
	struct http_head head;
	int status;

	(void)state;
	strcpy(text, LINE HOST "X: ");
	size_t start = strlen(text);
	size_t filler = HTTP_HEAD_MAX - fixed;
	memset(text + start, 'a', filler);
	strcpy(text + start + filler, "\r\n\r\n");
	assert_int_equal(parse(text, HTTP_HEAD_MAX, &head, &status), HTTP_DONE);
	text[start + filler] = 'a';
	strcpy(text + start + filler + 1, "\r\n\r\n");
	assert_int_equal(parse(text, HTTP_HEAD_MAX + 1, &head, &status), HTTP_BAD);
	assert_int_equal(status, 431);
	/* No end in sight: refused as soon as the limit is passed. */
	memset(text + start, 'a', HTTP_HEAD_MAX);
	assert_int_equal(parse(text, HTTP_HEAD_MAX, &head, &status), HTTP_MORE);
	assert_int_equal(parse(text, HTTP_HEAD_MAX + 1, &head, &status), HTTP_BAD);
	assert_int_equal(status, 431);
	free(text);
}

/* What can never become a request is refused at once, without waiting for the end of a line that will not come. */
static void test_tls_greeting(void **state)
{
	(void)state;
	bad(400, "\x16\x03\x01\x02");
}

/* Every way to cut a head in two, and byte by byte: the same result. The parser sees no byte behind what it was given. */
static void test_every_split(void **state)
{
	static const char text[] = "\r\nPOST /x?y HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nAccept-Encoding: gzip\r\n\r\n";
	const size_t size = sizeof text - 1;

	(void)state;
	for (size_t cut = 0; cut < size; cut++) {
		struct http_scan scan = {0};
		struct http_head head;
		int status;
		char *part = malloc(cut + 1);

		memcpy(part, text, cut);
		assert_int_equal(http_head_parse(bytes_of(part, cut), &scan, &head, &status), HTTP_MORE);
		free(part);
		assert_int_equal(http_head_parse(bytes_of(text, size), &scan, &head, &status), HTTP_DONE);
		assert_true(head.size == size && head.length == 3 && head.accepts_gzip && head.has_query);
	}
	struct http_scan scan = {0};
	struct http_head head;
	int status;

	for (size_t have = 1; have < size; have++)
		assert_int_equal(http_head_parse(bytes_of(text, have), &scan, &head, &status), HTTP_MORE);
	assert_int_equal(http_head_parse(bytes_of(text, size), &scan, &head, &status), HTTP_DONE);
}

/* What follows belongs to the body, or to the next request. */
static void test_stops_at_the_blank_line(void **state)
{
	static const char text[] = LINE HOST END "\n\nPOST garbage";
	struct http_head head;
	int status;

	(void)state;
	assert_int_equal(parse(text, sizeof text - 1, &head, &status), HTTP_DONE);
	assert_int_equal(head.size, strlen(LINE HOST END));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_plain_request),
	    cmocka_unit_test(test_names_have_no_case),
	    cmocka_unit_test(test_methods),
	    cmocka_unit_test(test_keep_alive),
	    cmocka_unit_test(test_query),
	    cmocka_unit_test(test_absolute_target),
	    cmocka_unit_test(test_request_lines_that_are_none),
	    cmocka_unit_test(test_header_lines_that_are_none),
	    cmocka_unit_test(test_zero_bytes),
	    cmocka_unit_test(test_bare_newlines),
	    cmocka_unit_test(test_one_empty_line_before),
	    cmocka_unit_test(test_host),
	    cmocka_unit_test(test_lengths),
	    cmocka_unit_test(test_transfer_codings),
	    cmocka_unit_test(test_expectations),
	    cmocka_unit_test(test_once_only),
	    cmocka_unit_test(test_size_limit),
	    cmocka_unit_test(test_tls_greeting),
	    cmocka_unit_test(test_every_split),
	    cmocka_unit_test(test_stops_at_the_blank_line),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
