/* eth_testing: what the unit tests of src/eth and src/decode share. */
#ifndef CLEF_ETH_TESTING_H
#define CLEF_ETH_TESTING_H

#include "../base/testing.h"

#include "base/hex.h"
#include "base/json.h"
#include "base/memory.h"

static inline void assert_hex(struct bytes found, const char *expected)
{
	struct buf text = BUF_INIT(1u << 24);

	hex_encode(found, &text);
	assert_string_equal(buf_text(&text), expected);
	buf_free(&text);
}

/* Bytes of hex digits, in the arena. */
static inline struct bytes unhex(struct arena *arena, const char *digits)
{
	size_t size = strlen(digits) / 2;
	uint8_t *data = arena_alloc(arena, size);

	assert_true(hex_decode_fixed(bytes_text(digits), data, size));
	return bytes_of(data, size);
}

static inline struct json parse_json(const char *text)
{
	struct json json;
	struct error error;

	if (!json_parse(bytes_text(text), &json, &error))
		fail_msg("the test's own JSON is wrong: %s", text);
	return json;
}

#endif
