/* What clef-proxy lets in beyond the signer's own port: curl's form type without a browser, and web pages whose origin is listed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "server/http.h"

#define FORM "application/x-www-form-urlencoded"

struct fixture {
	struct http_policy policy;
	struct vhosts vhosts;
	struct http_head head;
	struct http_refusal refusal;
	char request[1024];
};

static void set_up(struct fixture *fixture)
{
	struct error error;

	*fixture = (struct fixture){0};
	vhosts_parse(bytes_text("localhost,wallet.lan"), &fixture->vhosts);
	assert_true(origins_add(&fixture->policy.origins, bytes_text("https://app.example, HTTP://LOCALHOST:3000"), &error));
}

static void tear_down(struct fixture *fixture)
{
	vhosts_free(&fixture->vhosts);
	origins_free(&fixture->policy.origins);
}

/* The verdict on a request with these header lines, Content-Length not among them. */
static enum http_verdict judge(struct fixture *fixture, const char *method, const char *lines)
{
	struct http_scan scan = {0};
	int status = 0;

	snprintf(fixture->request, sizeof(fixture->request), "%s / HTTP/1.1\r\n%s\r\n", method, lines);
	assert_int_equal(http_head_parse(bytes_text(fixture->request), &scan, &fixture->head, &status), HTTP_DONE);
	return http_judge(&fixture->head, &fixture->vhosts, &fixture->policy, &fixture->refusal);
}

static void expect_refused(const char *method, const char *lines, int status)
{
	struct fixture fixture;

	set_up(&fixture);
	if (judge(&fixture, method, lines) != HTTP_REFUSE || fixture.refusal.status != status)
		fail_msg("%s with %s: not refused with %d", method, lines, status);
	tear_down(&fixture);
}

static void expect(const char *method, const char *lines, enum http_verdict verdict)
{
	struct fixture fixture;
	enum http_verdict found;

	set_up(&fixture);
	found = judge(&fixture, method, lines);
	if (found != verdict)
		fail_msg("%s with %s: verdict %d, expected %d: %s", method, lines, found, verdict, fixture.refusal.text);
	tear_down(&fixture);
}

static void test_form_of_a_program(void **state)
{
	(void)state;
	expect("POST", "Host: localhost:8550\r\nContent-Type: " FORM "\r\nUser-Agent: curl/8\r\n", HTTP_RUN_OBJECT);
	expect("POST", "Host: 127.0.0.1\r\nContent-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8\r\n", HTTP_RUN_OBJECT);
	expect("POST", "Host: 127.9.9.9:1\r\n", HTTP_RUN_OBJECT);
	expect("POST", "Host: [::1]:8550\r\n", HTTP_RUN_OBJECT);
	expect("POST", "Host: LocalHost\r\n", HTTP_RUN_OBJECT);
	expect("POST", "Host: localhost\r\nContent-Type: application/json\r\n", HTTP_RUN);
}

static void test_form_of_a_browser(void **state)
{
	static const char *const lines[] = {"Origin: https://app.example", "Referer: https://evil.example/",
	    "Referer:", "Sec-Fetch-Site: none", "Sec-Fetch-Mode: no-cors", "sec-fetch-dest: document", "Sec-Fetch-Anything: x"};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		char text[256];

		snprintf(text, sizeof(text), "Host: localhost\r\nContent-Type: " FORM "\r\n%s\r\n", lines[i]);
		expect_refused("POST", text, 415);
		snprintf(text, sizeof(text), "Host: localhost\r\n%s\r\n", lines[i]);
		expect_refused("POST", text, 415);
	}
	/* The same with JSON is for the policy on origins alone. */
	expect("POST", "Host: localhost\r\nContent-Type: application/json\r\nReferer: https://x/\r\nSec-Fetch-Site: none\r\n",
	    HTTP_RUN);
}

static void test_form_with_another_host(void **state)
{
	(void)state;
	/* Allowed for JSON, but not loopback. */
	expect("POST", "Host: wallet.lan\r\nContent-Type: application/json\r\n", HTTP_RUN);
	expect_refused("POST", "Host: wallet.lan\r\nContent-Type: " FORM "\r\n", 415);
	expect_refused("POST", "Host: 10.0.0.1\r\nContent-Type: " FORM "\r\n", 415);
	expect_refused("POST", "Host: [::2]\r\n", 415);
	expect_refused("POST", "Host: \r\n", 415);
	expect_refused("POST", "Host: evil.example\r\nContent-Type: " FORM "\r\n", 403);
	expect_refused("POST", "Host: 127.0.0.1.evil.example\r\n", 403);
	expect_refused("POST", "Host: localhost.evil.example\r\n", 403);
}

static void test_other_types_stay_refused(void **state)
{
	(void)state;
	expect_refused("POST", "Host: localhost\r\nContent-Type: text/plain\r\n", 415);
	expect_refused("POST", "Host: localhost\r\nContent-Type:\r\n", 415);
	expect_refused("POST", "Host: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n", 415);
	expect_refused("POST", "Host: localhost\r\nContent-Type: " FORM "; charset\r\n", 415);
	expect_refused("HEAD", "Host: localhost\r\n", 415);
	expect_refused("PUT", "Host: localhost\r\n", 405);
}

static void test_loopback_hosts(void **state)
{
	static const struct {
		const char *host;
		bool loopback;
	} rows[] = {{"localhost", true}, {"LOCALHOST:80", true}, {"127.0.0.1:8550", true}, {"127.255.255.255", true},
	    {"[::1]", true}, {"[::1]:65535", true}, {"localhost:", true}, {"", false}, {"::1", false}, {"128.0.0.1", false},
	    {"[::ffff:127.0.0.1]", false}, {"127.1", false}, {"0x7f.0.0.1", false}, {"2130706433", false}, {"localhost.", false},
	    {"localhost:x", false}, {"localhost:123456", false}, {"a.localhost", false}, {"[127.0.0.1]", false}, {"[::1", false},
	    {"user@localhost", false}, {"0.0.0.0", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (vhosts_is_loopback(bytes_text(rows[i].host)) != rows[i].loopback)
			fail_msg("\"%s\": expected %d", rows[i].host, rows[i].loopback);
}

static void test_bodies(void **state)
{
	static const char *const good[] = {"{\"id\": 0, \"jsonrpc\": \"2.0\",\"method\": \"account_new\",\"params\": []}\n",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}"};
	static const char *const bad[] = {"", "  ", "[]", "[{\"id\":0,\"jsonrpc\":\"2.0\",\"method\":\"x\"}]", "{}", "null",
	    "{\"jsonrpc\":\"1.0\",\"method\":\"x\"}", "{\"jsonrpc\":\"2.0\"}", "{\"jsonrpc\":\"2.0\",\"method\":1}",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}=",
	    "{\"jsonrpc\":\"2.0\",\"method\":\"x\"}{\"jsonrpc\":\"2.0\",\"method\":\"x\"}",
	    "a={\"jsonrpc\":\"2.0\",\"method\":\"x\"}", "%7B%22jsonrpc%22%3A%222.0%22%7D"};
	struct http_refusal refusal = {0};

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		if (!http_body_is_object(bytes_text(good[i]), &refusal))
			fail_msg("%s: refused", good[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (http_body_is_object(bytes_text(bad[i]), &refusal) || refusal.status != 415)
			fail_msg("%s: taken", bad[i]);
}

static void test_origins(void **state)
{
	static const char json[] = "Host: localhost\r\nContent-Type: application/json\r\nOrigin: ";
	static const char *const refused[] = {"https://evil.example", "null", "", "http://app.example",
	    "https://app.example:8443", "https://app.example.evil.example", "https://app.example/", "https://sub.app.example",
	    "http://localhost", "https://app.example,null"};
	static const char *const taken[] = {"https://app.example", "http://localhost:3000", "HTTPS://APP.example"};
	char text[256];

	(void)state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\r\n", json, refused[i]);
		expect_refused("POST", text, 403);
		expect_refused("GET", text, 403);
		expect_refused("OPTIONS", text, 403);
	}
	for (size_t i = 0; i < sizeof(taken) / sizeof(taken[0]); i++) {
		snprintf(text, sizeof(text), "%s%s\r\n", json, taken[i]);
		expect("POST", text, HTTP_RUN);
		expect("GET", text, HTTP_HEALTH);
		expect("OPTIONS", text, HTTP_NOTHING);
	}
	/* The host counts before the origin: a page that was rebound is told nothing of the list. */
	expect_refused("POST", "Host: evil.example\r\nOrigin: https://app.example\r\n", 403);
}

static void test_preflight(void **state)
{
	struct fixture fixture;

	(void)state;
	set_up(&fixture);
	assert_int_equal(judge(&fixture, "OPTIONS",
	                     "Host: localhost\r\nOrigin: https://app.example\r\nAccess-Control-Request-Method: POST\r\n"
	                     "Access-Control-Request-Headers: content-type\r\nAccess-Control-Request-Private-Network: true\r\n"),
	    HTTP_PREFLIGHT);
	assert_true(fixture.head.asks_private_network);
	assert_string_equal(http_allowed_origin(&fixture.head, &fixture.policy), "https://app.example");
	assert_int_equal(judge(&fixture, "OPTIONS", "Host: localhost\r\nAccess-Control-Request-Method: POST\r\n"), HTTP_NOTHING);
	assert_null(http_allowed_origin(&fixture.head, &fixture.policy));
	tear_down(&fixture);
	expect_refused(
	    "OPTIONS", "Host: localhost\r\nOrigin: https://evil.example\r\nAccess-Control-Request-Method: POST\r\n", 403);
}

static const char *reply_text(struct http_reply reply, struct buf *buf)
{
	struct http_gzip gzip = {0};

	buf_reset(buf);
	http_reply_write(&reply, &gzip, buf);
	http_gzip_free(&gzip);
	return buf_text(buf);
}

static void test_replies(void **state)
{
	struct buf buf BUF_CLEANUP = BUF_INIT(4096);
	struct http_reply reply = {.status = 403, .content = HTTP_CONTENT_TEXT, .body = bytes_text("no\n")};

	(void)state;
	assert_null(strstr(reply_text(reply, &buf), "Access-Control"));
	assert_null(strstr(reply_text(reply, &buf), "Vary"));
	reply.origin = "https://app.example";
	assert_non_null(
	    strstr(reply_text(reply, &buf), "\r\nAccess-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"));
	assert_null(strstr(reply_text(reply, &buf), "Allow-Methods"));
	reply = (struct http_reply){.status = 204, .origin = "https://app.example", .preflight = true};
	assert_string_equal(reply_text(reply, &buf),
	    "HTTP/1.1 204 No Content\r\nAccess-Control-Allow-Origin: https://app.example\r\nVary: Origin\r\n"
	    "Access-Control-Allow-Methods: POST\r\nAccess-Control-Allow-Headers: content-type\r\nAccess-Control-Max-Age: "
	    "600\r\n\r\n");
	reply.private_network = true;
	assert_non_null(strstr(reply_text(reply, &buf), "\r\nAccess-Control-Allow-Private-Network: true\r\n"));
}

static void test_lists_of_origins(void **state)
{
	static const char *const wrong[] = {"*", "null", "NULL", "app.example", "https://", "https://app.example/", "https://a b",
	    "https://user@app.example", "://x", "https://x:0", "https://x:65536", "https://x:", "https://x:1:2", "https://[::1",
	    "1x://y", "https://app.example?", "https://\xc3\xa4.example", "https://ok.example,*"};
	struct error error;

	(void)state;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		struct origins origins = {0};

		if (origins_add(&origins, bytes_text(wrong[i]), &error))
			fail_msg("\"%s\": taken", wrong[i]);
		assert_non_null(strstr(error.text, "the origin \""));
		origins_free(&origins);
	}
	struct origins origins = {0};

	assert_true(origins_add(&origins,
	    bytes_text(
	        " https://A.example:443 ,, http://b.example:80,http://c.example:443,moz-extension://0a-1b, http://[::1]:3000"),
	    &error));
	assert_int_equal(origins.count, 5);
	assert_string_equal(origins.name[0], "https://a.example");
	assert_string_equal(origins.name[1], "http://b.example");
	assert_string_equal(origins.name[2], "http://c.example:443");
	assert_string_equal(origins_find(&origins, bytes_text("moz-extension://0a-1b")), "moz-extension://0a-1b");
	assert_string_equal(origins_find(&origins, bytes_text("http://[::1]:3000")), "http://[::1]:3000");
	assert_null(origins_find(&origins, bytes_text("http://[::1]")));
	origins_free(&origins);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_form_of_a_program),
	    cmocka_unit_test(test_form_of_a_browser),
	    cmocka_unit_test(test_form_with_another_host),
	    cmocka_unit_test(test_other_types_stay_refused),
	    cmocka_unit_test(test_loopback_hosts),
	    cmocka_unit_test(test_bodies),
	    cmocka_unit_test(test_origins),
	    cmocka_unit_test(test_preflight),
	    cmocka_unit_test(test_replies),
	    cmocka_unit_test(test_lists_of_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
