#include "testing.h"

#include "base/text.h"

static void test_utf8_boundaries(void **state)
{
	(void)state;
	static const char *const good[] = {"", "a", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
	    "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "aé€😀"};
	static const char *const bad[] = {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ", "\xe0\x80\x80", "\xe0\x9f\xbf",
	    "\xed\xa0\x80", "\xed\xbf\xbf", "\xe2\x82", "\xf0\x80\x80\x80", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80",
	    "\xf5\x80\x80\x80", "\xf8\x88\x80\x80\x80", "\xfe", "\xff", "ok\xe2\x28\xa1"};

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
		assert_true(text_is_utf8(bytes_text(good[i])));
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_is_utf8(bytes_text(bad[i])));
	assert_true(text_is_utf8(LITERAL("a\0b")));
	/* The last byte lies behind the slice: it must not be looked at. */
	assert_false(text_is_utf8(bytes_of("\xe2\x82\xac", 2)));
}

static size_t encode(uint32_t codepoint, uint8_t ret_text[4])
{
	if (codepoint < 0x80) {
		ret_text[0] = (uint8_t)codepoint;
		return 1;
	}
	size_t size = codepoint < 0x800 ? 2 : codepoint < 0x10000 ? 3 : 4;
	for (size_t i = size; i-- > 1; codepoint >>= 6)
		ret_text[i] = (uint8_t)(0x80 | (codepoint & 0x3f));
	ret_text[0] = (uint8_t)((0xf00u >> size) | codepoint);
	return size;
}

static void test_every_codepoint_decodes(void **state)
{
	(void)state;
	for (uint32_t codepoint = 0; codepoint < 0x110000; codepoint++) {
		uint8_t text[4];
		uint32_t found = 0;
		size_t size = encode(codepoint, text);
		bool surrogate = codepoint >= 0xd800 && codepoint <= 0xdfff;
		assert_int_equal(text_decode(bytes_of(text, size), &found), surrogate ? 0 : size);
		if (!surrogate)
			assert_int_equal(found, codepoint);
		assert_int_equal(text_decode(bytes_of(text, size - 1), &found), 0);
	}
}

static void test_deceptive_characters(void **state)
{
	(void)state;
	static const uint32_t deceptive[] = {0, 7, '\n', '\r', '\t', 0x1b, 0x7f, 0x80, 0x9b, 0x9f, 0xad, 0x61c, 0x180e, 0x200b,
	    0x200d, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2060, 0x2066, 0x2069, 0x2800, 0x3164, 0xfe0f, 0xfeff,
	    0xfff9, 0xffff, 0x1fffe, 0xe0001, 0xe0041, 0xe0100, 0x10ffff, 0x110000, 0xffffffff};
	static const uint32_t fine[] = {' ', 'a', '~', '\\', 0xa0, 0xe9, 0x416, 0x5d0, 0x20ac, 0x4e2d, 0xfffd, 0x1f600};

	for (size_t i = 0; i < sizeof deceptive / sizeof deceptive[0]; i++)
		assert_true(text_is_deceptive(deceptive[i]));
	for (size_t i = 0; i < sizeof fine / sizeof fine[0]; i++)
		assert_false(text_is_deceptive(fine[i]));
}

static void assert_escapes(struct bytes text, size_t most, const char *expected)
{
	struct buf buf BUF_CLEANUP = BUF_INIT(4096);

	text_escape(text, most, &buf);
	assert_string_equal(buf_text(&buf), expected);
}

static void test_escapes_are_visible(void **state)
{
	(void)state;
	assert_escapes(bytes_text(""), 100, "");
	assert_escapes(bytes_text("plain é 中 😀 \\n"), 100, "plain é 中 😀 \\n");
	assert_escapes(bytes_text("a\nb\rc\td"), 100, "a\\nb\\rc\\td");
	assert_escapes(bytes_text("\x1b[2J\x7f"), 100, "\\x1b[2J\\x7f");
	assert_escapes(LITERAL("a\0b"), 100, "a\\x00b");
	assert_escapes(bytes_text("\u202etxt\u202c"), 100, "\\u{202e}txt\\u{202c}");
	assert_escapes(bytes_text("\xc2\x85\U000e0041"), 100, "\\u{85}\\u{e0041}");
	assert_escapes(bytes_text("\xff\xc3("), 100, "\\xff\\xc3(");
	assert_escapes(bytes_text("\xed\xa0\x80"), 100, "\\xed\\xa0\\x80");
}

static void test_quotes_cannot_be_ended(void **state)
{
	struct buf text = BUF_INIT(1000);

	(void)state;
	text_escape_quoted(bytes_text("a\" b\\\x1b é\n"), 100, &text);
	assert_string_equal(buf_text(&text), "a\\\" b\\\\\\x1b é\\n");
	buf_reset(&text);
	/* Neither of the two goes without the other. */
	text_escape_quoted(bytes_text("ab\"c"), 3, &text);
	assert_string_equal(buf_text(&text), "ab… (2 more bytes)");
	buf_free(&text);
}

static void test_cut_says_how_much_is_missing(void **state)
{
	(void)state;
	assert_escapes(bytes_text("0123456789"), 10, "0123456789");
	assert_escapes(bytes_text("0123456789"), 4, "0123… (6 more bytes)");
	assert_escapes(bytes_text("0123456789"), 0, "… (10 more bytes)");
	assert_escapes(bytes_text(""), 0, "");
	/* Neither half a character nor half an escape. */
	assert_escapes(bytes_text("ab😀cd"), 5, "ab… (6 more bytes)");
	assert_escapes(bytes_text("ab\x1b"), 5, "ab… (1 more bytes)");
	assert_escapes(bytes_text("ab\x1b"), 6, "ab\\x1b");
}

/* Random bytes, mostly from pieces of UTF-8 and from characters that are dangerous. */
static size_t random_text(uint64_t *random, uint8_t *ret_text, size_t capacity)
{
	size_t size = 0;

	while (size + 4 <= capacity && random_below(random, 40) != 0) {
		switch (random_below(random, 4)) {
		case 0:
			ret_text[size++] = (uint8_t)random_below(random, 256);
			break;
		case 1:
			size += encode((uint32_t)(0x2000 + random_below(random, 0x80)), ret_text + size);
			break;
		case 2:
			size += encode((uint32_t)random_below(random, 0xd800), ret_text + size);
			break;
		default:
			ret_text[size++] = (uint8_t)(' ' + random_below(random, 95));
			break;
		}
	}
	return size;
}

static void assert_harmless(struct bytes text)
{
	uint32_t codepoint;

	while (text.size > 0) {
		size_t size = text_decode(text, &codepoint);
		assert_true(size > 0);
		assert_false(text_is_deceptive(codepoint));
		text.data += size;
		text.size -= size;
	}
}

static void test_random_texts_become_harmless(void **state)
{
	(void)state;
	uint64_t random = 20240501;

	for (unsigned i = 0; i < 20000; i++) {
		uint8_t text[256];
		size_t size = random_text(&random, text, sizeof text);
		struct buf all BUF_CLEANUP = BUF_INIT(8192);
		struct buf cut BUF_CLEANUP = BUF_INIT(8192);
		struct buf twice BUF_CLEANUP = BUF_INIT(8192);
		size_t most = random_below(&random, 300);

		text_escape(bytes_of(text, size), 8000, &all);
		assert_harmless(buf_bytes(&all));
		/* What is harmless already stays as it is. */
		text_escape(buf_bytes(&all), 8000, &twice);
		assert_bytes_equal(buf_bytes(&twice), buf_bytes(&all));
		text_escape(bytes_of(text, size), most, &cut);
		assert_harmless(buf_bytes(&cut));
		if (buf_bytes(&all).size <= most)
			assert_bytes_equal(buf_bytes(&cut), buf_bytes(&all));
		else
			assert_true(cut.size <= most + strlen("… (255 more bytes)"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_utf8_boundaries),
	    cmocka_unit_test(test_every_codepoint_decodes),
	    cmocka_unit_test(test_deceptive_characters),
	    cmocka_unit_test(test_escapes_are_visible),
	    cmocka_unit_test(test_quotes_cannot_be_ended),
	    cmocka_unit_test(test_cut_says_how_much_is_missing),
	    cmocka_unit_test(test_random_texts_become_harmless),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
