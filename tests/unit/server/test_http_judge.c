/* Which hosts and content types are served, and what is refused first. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "server/http.h"

struct row {
	const char *text;
	bool allowed;
};

static void check_hosts(const char *list, const struct row *rows, size_t count)
{
	struct vhosts vhosts;

	vhosts_parse(bytes_text(list), &vhosts);
	for (size_t i = 0; i < count; i++) {
		if (vhosts_allow(&vhosts, bytes_text(rows[i].text)) != rows[i].allowed)
			fail_msg("list \"%s\", host \"%s\": expected %d", list, rows[i].text, rows[i].allowed);
	}
	vhosts_free(&vhosts);
}
#define CHECK_HOSTS(list, rows) check_hosts(list, rows, sizeof(rows) / sizeof((rows)[0]))

static void test_default_hosts(void **state)
{
	static const struct row rows[] = {
	    {"localhost", true},
	    {"localhost:8550", true},
	    {"localhost:", true},
	    {"LOCALHOST:8550", true},
	    {"", true},
	    {"127.0.0.1", true},
	    {"127.0.0.1:8550", true},
	    {"10.1.2.3", true},
	    {"[::1]", true},
	    {"[::1]:8550", true},
	    {"[fe80::1]:1", true},
	    {"::1", true},
	    {"evil.example", false},
	    {"evil.example:8550", false},
	    {"localhost.evil.example", false},
	    {"evil.example.localhost", false},
	    {"localhost.", false},
	    {"localhos", false},
	    {"xlocalhost", false},
	    {"localhost:port", false},
	    {"localhost:123456", false},
	    {"localhost:80:90", false},
	    {":8550", false},
	    {"*", false},
	    {"127.0.0.1.evil.example", false},
	    {"127.1", false},
	    {"0x7f.0.0.1", false},
	    {"2130706433", false},
	    {"[::1", false},
	    {"::1]", false},
	    {"[::1]evil.example", false},
	    {"[::1]:x", false},
	    {"[localhost]", false},
	    {"[evil.example]:80", false},
	    {"[]", false},
	    {"[", false},
	    {"localhost@evil.example", false},
	    {"1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111", false},
	};

	(void)state;
	CHECK_HOSTS("localhost", rows);
}

static void test_listed_hosts(void **state)
{
	static const struct row rows[] = {
	    {"signer.local", true},
	    {"signer.local:1", true},
	    {"other.example", true},
	    {"OTHER.EXAMPLE", true},
	    {"localhost", false},
	    {"127.0.0.1:8550", true},
	    {"third.example", false},
	};
	static const struct row none[] = {{"localhost", false}, {"a", false}, {"", true}, {"127.0.0.1", true}};
	static const struct row all[] = {{"evil.example", true}, {"anything:123", true}, {"*", true}, {"[x", true}};

	(void)state;
	CHECK_HOSTS("signer.local, Other.Example", rows);
	CHECK_HOSTS("", none);
	CHECK_HOSTS(" , ,", none);
	CHECK_HOSTS("a.b,*", all);
}

/* A byte in the middle must not end the comparison. */
static void test_zero_in_a_host(void **state)
{
	struct vhosts vhosts;

	(void)state;
	vhosts_parse(bytes_text("localhost"), &vhosts);
	assert_false(vhosts_allow(&vhosts, bytes_of("127.0.0.1\0.evil", 15)));
	assert_false(vhosts_allow(&vhosts, bytes_of("localhost\0", 10)));
	vhosts_free(&vhosts);
}

static void test_content_types(void **state)
{
	static const struct row rows[] = {
	    {"application/json", true},
	    {"Application/JSON", true},
	    {"application/json-rpc", true},
	    {"application/jsonrequest", true},
	    {"application/json; charset=utf-8", true},
	    {"application/json;charset=iso-8859-1", true},
	    {"application/json ; a=b ; c=\"d;e\\\"f\"", true},
	    {" application/json ", true},
	    {"application/json;", true},
	    {"application/json; ", true},
	    {"", false},
	    {"application/json, text/plain", false},
	    {"application/json; charset", false},
	    {"application/json; charset=", false},
	    {"application/json; =utf-8", false},
	    {"application/json; a=\"b", false},
	    {"application/json; a=\"b\\", false},
	    {"application/json; a=b c", false},
	    {"application/json; a=b; A=c", false},
	    {"application/json;;", false},
	    {"application/json x", false},
	    {"application/json5", false},
	    {"application/jso", false},
	    {"text/json", false},
	    {"text/plain;charset=UTF-8", false},
	    {"application/x-www-form-urlencoded", false},
	    {"multipart/form-data; boundary=application/json", false},
	    {"*/*", false},
	    {"application/vnd.api+json", false},
	    {"text/plain; application/json", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (http_content_type_is_json(bytes_text(rows[i].text)) != rows[i].allowed)
			fail_msg("content type \"%s\": expected %d", rows[i].text, rows[i].allowed);
	}
}

static void test_gzip(void **state)
{
	static const struct row rows[] = {
	    {"gzip", true},
	    {"gzip, deflate, br", true},
	    {"br, GZIP;q=0.5", true},
	    {"br", false},
	    {"", false},
	    {"gzip;q=0", false},
	    {"gzip; q=0.000", false},
	    {"xgzip", false},
	    {"gzipx", false},
	    {"identity;a=gzip", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (http_accepts_gzip(bytes_text(rows[i].text)) != rows[i].allowed)
			fail_msg("accept-encoding \"%s\": expected %d", rows[i].text, rows[i].allowed);
	}
}

static struct http_head request(enum http_method method)
{
	return (struct http_head){.method = method,
	    .host = bytes_text("localhost"),
	    .content_type = bytes_text("application/json"),
	    .has_length = true};
}

static void expect_status(const struct http_head *head, int status)
{
	struct vhosts vhosts;
	struct http_refusal refusal = {0};

	vhosts_parse(bytes_text("localhost"), &vhosts);
	assert_int_equal(http_judge(head, &vhosts, NULL, &refusal), HTTP_REFUSE);
	assert_int_equal(refusal.status, status);
	vhosts_free(&vhosts);
}

static void expect_verdict(const struct http_head *head, enum http_verdict verdict)
{
	struct vhosts vhosts;
	struct http_refusal refusal;

	vhosts_parse(bytes_text("localhost"), &vhosts);
	assert_int_equal(http_judge(head, &vhosts, NULL, &refusal), verdict);
	vhosts_free(&vhosts);
}

/* A request with everything wrong loses one fault after the other. */
static void test_order_of_refusals(void **state)
{
	struct http_head head = request(HTTP_OTHER);

	(void)state;
	head.host = bytes_text("evil.example");
	head.content_type = bytes_text("text/plain");
	head.length = HTTP_BODY_MAX + 1;
	expect_status(&head, 403);
	head.host = bytes_text("localhost");
	expect_status(&head, 405);
	head.method = HTTP_POST;
	expect_status(&head, 413);
	head.length = HTTP_BODY_MAX;
	expect_status(&head, 415);
	head.content_type = bytes_text("application/json");
	expect_verdict(&head, HTTP_RUN);
}

static void test_what_is_not_post(void **state)
{
	struct http_head head = request(HTTP_GET);

	(void)state;
	expect_verdict(&head, HTTP_HEALTH);
	head.content_type = BYTES_NONE;
	expect_verdict(&head, HTTP_HEALTH);
	head.has_query = true;
	expect_status(&head, 415);
	head = request(HTTP_HEAD);
	head.content_type = BYTES_NONE;
	expect_status(&head, 415);
	head = request(HTTP_OPTIONS);
	head.content_type = BYTES_NONE;
	expect_verdict(&head, HTTP_NOTHING);
	/* A body makes no call of them. */
	head.length = 70;
	expect_verdict(&head, HTTP_NOTHING);
	head = request(HTTP_GET);
	head.length = 70;
	expect_status(&head, 405);
	head.length = 0;
	head.chunked = true;
	expect_status(&head, 405);
}

static void test_size_refusal_says_the_sizes(void **state)
{
	struct http_head head = request(HTTP_POST);
	struct vhosts vhosts;
	struct http_refusal refusal;

	(void)state;
	head.length = 5242881;
	vhosts_parse(BYTES_NONE, &vhosts);
	head.host = BYTES_NONE;
	http_judge(&head, &vhosts, NULL, &refusal);
	assert_string_equal(refusal.text, "content length too large (5242881>5242880)\n");
	vhosts_free(&vhosts);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_default_hosts),
	    cmocka_unit_test(test_listed_hosts),
	    cmocka_unit_test(test_zero_in_a_host),
	    cmocka_unit_test(test_content_types),
	    cmocka_unit_test(test_gzip),
	    cmocka_unit_test(test_order_of_refusals),
	    cmocka_unit_test(test_what_is_not_post),
	    cmocka_unit_test(test_size_refusal_says_the_sizes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
