/* Frames of calls: what one end writes the other reads; cut, lying, foreign and hostile ones are refused. */
#include "../base/testing.h"

#include "ipc/frame.h"

#define MIB ((size_t)1024 * 1024)

static const struct frame_request sample = {
    .qube = {(const uint8_t *)"work", 4},
    .host = {(const uint8_t *)"localhost:8550", 14},
    .origin = {(const uint8_t *)"https://dapp.example", 20},
    .user_agent = {(const uint8_t *)"curl/8", 6},
    .body = {(const uint8_t *)"{\"id\":1}\0\xff", 10},
};

/* The payload of a frame that must be whole and alone. */
static struct bytes payload_of(const struct buf *frame, size_t most)
{
	struct error error;
	size_t size = 0;

	assert_true(buf_ok(frame));
	assert_int_equal(frame_head_read(buf_bytes(frame), most, &size, &error), FRAME_DONE);
	assert_int_equal(frame->size, FRAME_HEAD_SIZE + size);
	return bytes_of(frame->data + FRAME_HEAD_SIZE, size);
}

static void assert_requests_equal(const struct frame_request *found, const struct frame_request *expected)
{
	assert_bytes_equal(found->qube, expected->qube);
	assert_bytes_equal(found->host, expected->host);
	assert_bytes_equal(found->origin, expected->origin);
	assert_bytes_equal(found->user_agent, expected->user_agent);
	assert_bytes_equal(found->body, expected->body);
}

static bool read_back(const struct frame_request *request, struct buf *frame, struct frame_request *ret_request)
{
	struct error error;

	frame_request_put(request, frame);
	return frame_request_read(payload_of(frame, FRAME_REQUEST_MAX), ret_request, &error);
}

/* ---- requests ---- */

static void test_the_bytes_of_a_request(void **state)
{
	static const char expected[] = "\x00\x01\x00\x00\x00\x3e"
	                               "\x00\x04work"
	                               "\x00\x0elocalhost:8550"
	                               "\x00\x14https://dapp.example"
	                               "\x00\x06"
	                               "curl/8"
	                               "{\"id\":1}\0\xff";
	struct buf frame BUF_CLEANUP = BUF_INIT(MIB), head BUF_CLEANUP = BUF_INIT(MIB);

	(void)state;
	frame_request_put(&sample, &frame);
	assert_bytes_equal(buf_bytes(&frame), bytes_of(expected, sizeof(expected) - 1));
	frame_request_put_head(&sample, &head);
	assert_bytes_equal(buf_bytes(&head), bytes_of(expected, sizeof(expected) - 1 - sample.body.size));
}

static void test_a_request_comes_back(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(MIB), empty BUF_CLEANUP = BUF_INIT(MIB);
	const struct frame_request nothing = {0};
	struct frame_request found;

	(void)state;
	assert_true(read_back(&sample, &frame, &found));
	assert_requests_equal(&found, &sample);
	assert_true(read_back(&nothing, &empty, &found));
	assert_requests_equal(&found, &nothing);
}

static void test_a_request_cut_at_every_byte(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(MIB);
	struct frame_request found;
	struct error error;
	size_t size;

	(void)state;
	frame_request_put(&sample, &frame);
	struct bytes payload = payload_of(&frame, FRAME_REQUEST_MAX);
	size_t texts = payload.size - sample.body.size;

	for (size_t cut = 0; cut < FRAME_HEAD_SIZE; cut++)
		assert_int_equal(frame_head_read(bytes_of(frame.data, cut), FRAME_REQUEST_MAX, &size, &error), FRAME_MORE);
	for (size_t cut = FRAME_HEAD_SIZE; cut <= frame.size; cut++) {
		assert_int_equal(frame_head_read(bytes_of(frame.data, cut), FRAME_REQUEST_MAX, &size, &error), FRAME_DONE);
		assert_int_equal(size, payload.size);
	}
	/* A payload that ends early misses texts or only some of its body, which has no size of its own. */
	for (size_t cut = 0; cut < payload.size; cut++)
		assert_int_equal(frame_request_read(bytes_of(payload.data, cut), &found, &error), cut >= texts);
}

static void test_other_marks_versions_and_sizes(void **state)
{
	struct error error;
	size_t size;

	(void)state;
	assert_int_equal(frame_head_read(LITERAL("{"), MIB, &size, &error), FRAME_BAD);
	assert_int_equal(frame_head_read(LITERAL("\x01\x01"), MIB, &size, &error), FRAME_BAD);
	/* As soon as the byte is there: nobody waits for the rest of what is refused anyway. */
	assert_int_equal(frame_head_read(LITERAL("\x00"), MIB, &size, &error), FRAME_MORE);
	assert_int_equal(frame_head_read(LITERAL("\x00\x00"), MIB, &size, &error), FRAME_BAD);
	assert_int_equal(frame_head_read(LITERAL("\x00\x02"), MIB, &size, &error), FRAME_BAD);
	assert_non_null(strstr(error.text, "version 2"));
	assert_int_equal(frame_head_read(LITERAL("\x00\xff\x00\x00\x00\x00"), MIB, &size, &error), FRAME_BAD);
	assert_int_equal(frame_head_read(LITERAL("\x00\x01\x00\x10\x00\x00"), MIB, &size, &error), FRAME_DONE);
	assert_int_equal(size, MIB);
	assert_int_equal(frame_head_read(LITERAL("\x00\x01\x00\x10\x00\x01"), MIB, &size, &error), FRAME_BAD);
	assert_int_equal(frame_head_read(LITERAL("\x00\x01\xff\xff\xff\xff"), MIB, &size, &error), FRAME_BAD);
	assert_int_equal(frame_head_read(LITERAL("\x00\x01\x00\x00\x00\x00"), MIB, &size, &error), FRAME_DONE);
	assert_int_equal(size, 0);
}

/* Each of the four sizes claims more than is there. */
static void test_lying_sizes_of_texts(void **state)
{
	struct frame_request found;
	struct error error;

	(void)state;
	assert_false(frame_request_read(LITERAL("\xff\xff"), &found, &error));
	assert_false(frame_request_read(LITERAL("\x00\x05work"), &found, &error));
	assert_false(frame_request_read(LITERAL("\x00\x00\x00\x01"), &found, &error));
	assert_false(frame_request_read(LITERAL("\x00\x00\x00\x00\x10\x00origin\x00\x00"), &found, &error));
	assert_false(frame_request_read(LITERAL("\x00\x00\x00\x00\x00\x00\x00\x03{}"), &found, &error));
	assert_true(frame_request_read(LITERAL("\x00\x00\x00\x00\x00\x00\x00\x02{}"), &found, &error));
	assert_bytes_equal(found.user_agent, LITERAL("{}"));
	assert_int_equal(found.body.size, 0);
}

static void test_hostile_names(void **state)
{
	static const char *const names[] = {".", "..", "../../etc/passwd", "/dev/null", "-x", "--http", "<script>", "a b", "a\nb",
	    "\x1b[2J", "w\xc3\xb6rk", "a\xe2\x80\xae", "abcdefghijklmnopqrstuvwxyz123456", "1", "@default"};

	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct buf payload BUF_CLEANUP = BUF_INIT(MIB), frame BUF_CLEANUP = BUF_INIT(MIB);
		struct frame_request request = {.qube = bytes_text(names[i])}, found;
		struct error error;

		buf_put_u8(&payload, 0);
		buf_put_u8(&payload, (uint8_t)strlen(names[i]));
		buf_put_text(&payload, names[i]);
		buf_put_bytes(&payload, LITERAL("\x00\x00\x00\x00\x00\x00{}"));
		if (frame_request_read(buf_bytes(&payload), &found, &error))
			fail_msg("a frame of the qube %s was taken", names[i]);
		assert_null(strstr(error.text, names[i]));
		/* Nor does anybody of ours send such a thing. */
		frame_request_put(&request, &frame);
		assert_false(buf_ok(&frame));
	}
}

static void test_hostile_claims_are_refused(void **state)
{
	static const struct {
		const char *text;
		bool good;
	} claims[] = {{"localhost", true}, {"\xc3\xbc.example \xf0\x9f\x98\x80", true}, {"a\rb", false}, {"a\nb", false},
	    {"\x1b[31m", false}, {"a\tb", false}, {"\x7f", false}, {"\xc2\x85", false},
	    {"\xc2\x9b"
	     "31m",
	        false},
	    {"\xc3", false}, {"\xed\xa0\x80", false}, {"\xc0\xaf", false}, {"\xff", false}};

	(void)state;
	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++)
		for (int place = 0; place < 3; place++) {
			struct buf payload BUF_CLEANUP = BUF_INIT(MIB);
			struct frame_request found;
			struct error error;

			buf_put_bytes(&payload, LITERAL("\x00\x00\x00\x00\x00\x00\x00\x00{}"));
			payload.size -= (size_t)2 * (size_t)(3 - place) + 2;
			buf_put_u8(&payload, 0);
			buf_put_u8(&payload, (uint8_t)strlen(claims[i].text));
			buf_put_text(&payload, claims[i].text);
			for (int after = place + 1; after < 3; after++)
				buf_put_bytes(&payload, LITERAL("\x00\x00"));
			if (frame_request_read(buf_bytes(&payload), &found, &error) != claims[i].good)
				fail_msg("claim %zu at place %d", i, place);
		}
}

static void test_a_claim_with_a_zero_byte(void **state)
{
	struct frame_request found;
	struct error error;

	(void)state;
	assert_false(frame_request_read(LITERAL("\x00\x00\x00\x03"
	                                        "a\x00"
	                                        "b\x00\x00\x00\x00"),
	    &found, &error));
}

/* What a program behind HTTP hands on as it came: the receiver takes it all the same. */
static void test_hostile_claims_are_made_harmless(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(MIB);
	const struct frame_request request = {.host = bytes_text("a\r\nX-Forwarded-For: b"),
	    .origin = bytes_text("\x1b[31m\xff\xc3"),
	    .user_agent = LITERAL("a\0b\xc2\x9b")};
	struct frame_request found;

	(void)state;
	assert_true(read_back(&request, &frame, &found));
	assert_bytes_equal(found.host, bytes_text("a\xef\xbf\xbd\xef\xbf\xbdX-Forwarded-For: b"));
	assert_bytes_equal(found.origin, bytes_text("\xef\xbf\xbd[31m\xef\xbf\xbd\xef\xbf\xbd"));
	assert_bytes_equal(found.user_agent, bytes_text("a\xef\xbf\xbd"
	                                                "b\xef\xbf\xbd"));
}

static void test_long_claims_are_cut_at_a_character(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(MIB), text BUF_CLEANUP = BUF_INIT(MIB);
	struct frame_request request = {0}, found;
	struct error error;

	(void)state;
	buf_put_text(&text, "a");
	while (text.size < 70000)
		buf_put_text(&text, "\xe2\x82\xac");
	request.origin = buf_bytes(&text);
	assert_true(read_back(&request, &frame, &found));
	assert_int_equal(found.origin.size, 4096); /* 1 + 3 * 1365 */
	assert_memory_equal(found.origin.data, text.data, 4096);
	/* One byte more is refused, whoever sends it. */
	buf_reset(&frame);
	buf_put_bytes(&frame, LITERAL("\x00\x00\x10\x01"));
	for (size_t i = 0; i < FRAME_CLAIM_MAX + 1; i++)
		buf_put_u8(&frame, 'a');
	buf_put_bytes(&frame, LITERAL("\x00\x00\x00\x00"));
	assert_false(frame_request_read(buf_bytes(&frame), &found, &error));
}

static void test_the_largest_body(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(FRAME_REQUEST_MAX + MIB), over BUF_CLEANUP = BUF_INIT(FRAME_REQUEST_MAX + MIB);
	uint8_t *body = calloc(FRAME_BODY_MAX + 1, 1);
	struct frame_request request = {.qube = bytes_text("work"), .body = bytes_of(body, FRAME_BODY_MAX)}, found;
	struct error error;

	(void)state;
	assert_non_null(body);
	assert_true(read_back(&request, &frame, &found));
	assert_int_equal(found.body.size, FRAME_BODY_MAX);
	request.body.size++;
	frame_request_put(&request, &over);
	assert_false(buf_ok(&over));
	/* Sent by somebody else: within the payload's limit, but not the body's. */
	buf_reset(&frame);
	for (size_t i = 0; i < 8; i++)
		buf_put_u8(&frame, 0);
	buf_put_bytes(&frame, request.body);
	assert_true(frame.size < FRAME_REQUEST_MAX);
	assert_false(frame_request_read(buf_bytes(&frame), &found, &error));
	free(body);
}

/* ---- answers ---- */

static void test_answers_come_back(void **state)
{
	static const struct frame_answer answers[] = {{FRAME_REPLY, {(const uint8_t *)"{}", 2}}, {FRAME_REPLY, {NULL, 0}},
	    {FRAME_HELLO, {(const uint8_t *)"\0", 1}}, {FRAME_HELLO, {(const uint8_t *)"\1", 1}},
	    {FRAME_REFUSED, {(const uint8_t *)"why", 3}}, {FRAME_REFUSED, {NULL, 0}}};

	(void)state;
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct buf frame BUF_CLEANUP = BUF_INIT(MIB);
		struct frame_answer found;
		struct error error;

		frame_answer_put(answers[i].kind, answers[i].rest, &frame);
		assert_true(frame_answer_read(payload_of(&frame, FRAME_ANSWER_MAX), &found, &error));
		assert_int_equal(found.kind, answers[i].kind);
		assert_bytes_equal(found.rest, answers[i].rest);
	}
}

static void test_answers_that_are_none(void **state)
{
	struct frame_answer found;
	struct error error;

	(void)state;
	assert_false(frame_answer_read(BYTES_NONE, &found, &error));
	assert_false(frame_answer_read(LITERAL("\x03text"), &found, &error));
	assert_false(frame_answer_read(LITERAL("\xff"), &found, &error));
	assert_false(frame_answer_read(LITERAL("\x01"), &found, &error));
	assert_false(frame_answer_read(LITERAL("\x01\x01\x01"), &found, &error));
	assert_false(frame_answer_read(LITERAL("\x01\x02"), &found, &error));
}

static void test_the_largest_answer(void **state)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(FRAME_ANSWER_MAX + MIB), over BUF_CLEANUP = BUF_INIT(FRAME_ANSWER_MAX + MIB);
	uint8_t *reply = calloc(FRAME_ANSWER_MAX, 1);

	(void)state;
	assert_non_null(reply);
	frame_answer_put(FRAME_REPLY, bytes_of(reply, FRAME_ANSWER_MAX - 1), &frame);
	assert_int_equal(payload_of(&frame, FRAME_ANSWER_MAX).size, FRAME_ANSWER_MAX);
	frame_answer_put(FRAME_REPLY, bytes_of(reply, FRAME_ANSWER_MAX), &over);
	assert_false(buf_ok(&over));
	free(reply);
}

/* ---- noise ---- */

static void test_noise(void **state)
{
	uint64_t seed = UINT64_C(0x6672616d65);

	(void)state;
	for (int round = 0; round < 20000; round++) {
		uint8_t noise[64];
		size_t size = random_below(&seed, sizeof(noise) + 1);
		struct frame_request request;
		struct frame_answer answer;
		struct error error;

		for (size_t i = 0; i < size; i++)
			noise[i] = random_below(&seed, 3) == 0 ? (uint8_t)random_next(&seed) : (uint8_t)random_below(&seed, 6);
		if (frame_request_read(bytes_of(noise, size), &request, &error)) {
			struct buf frame BUF_CLEANUP = BUF_INIT(MIB);

			/* Whatever is taken is written as the same bytes again. */
			frame_request_put(&request, &frame);
			assert_bytes_equal(payload_of(&frame, FRAME_REQUEST_MAX), bytes_of(noise, size));
		}
		if (frame_answer_read(bytes_of(noise, size), &answer, &error))
			assert_int_equal(answer.rest.size, size - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_the_bytes_of_a_request),
	    cmocka_unit_test(test_a_request_comes_back),
	    cmocka_unit_test(test_a_request_cut_at_every_byte),
	    cmocka_unit_test(test_other_marks_versions_and_sizes),
	    cmocka_unit_test(test_lying_sizes_of_texts),
	    cmocka_unit_test(test_hostile_names),
	    cmocka_unit_test(test_hostile_claims_are_refused),
	    cmocka_unit_test(test_a_claim_with_a_zero_byte),
	    cmocka_unit_test(test_hostile_claims_are_made_harmless),
	    cmocka_unit_test(test_long_claims_are_cut_at_a_character),
	    cmocka_unit_test(test_the_largest_body),
	    cmocka_unit_test(test_answers_come_back),
	    cmocka_unit_test(test_answers_that_are_none),
	    cmocka_unit_test(test_the_largest_answer),
	    cmocka_unit_test(test_noise),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
