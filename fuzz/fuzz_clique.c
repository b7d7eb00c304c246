/* Clique headers as RLP. What is accepted is the one RLP of its header, is signed as it is, and is shown as JSON. */
#include "target.h"

#include <string.h>

#include "base/json.h"
#include "eth/clique.h"

static void require_json(struct bytes text)
{
	struct json json JSON_CLEANUP = {0};
	struct error error;

	fuzz_require(json_parse(text, &json, &error));
}

static void show(const struct clique_header *header)
{
	struct buf members BUF_CLEANUP = BUF_INIT(1u << 24), decoded BUF_CLEANUP = BUF_INIT(1u << 24);

	buf_put_u8(&members, '{');
	clique_put_ui_members(header, &members);
	buf_put_u8(&members, '}');
	require_json(buf_bytes(&members));
	clique_put_decoded(header, &decoded);
	require_json(buf_bytes(&decoded));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes input = bytes_of(data, size);
	struct buf again BUF_CLEANUP = BUF_INIT(1u << 24);
	uint8_t digest[KECCAK256_SIZE], expected[KECCAK256_SIZE];
	struct clique_header header;
	struct error error;

	if (size > 200000)
		return 0;
	if (!clique_parse_header(input, &header, &error)) {
		fuzz_require(error.kind == ERROR_REFUSED && error.text[0] != 0);
		fuzz_require(!clique_content_digest(input, digest, &error));
		return 0;
	}
	fuzz_require(header.fields[CLIQUE_EXTRA].size >= CLIQUE_VANITY_SIZE);
	clique_put_header(&header, header.fields[CLIQUE_EXTRA], &again);
	fuzz_require(bytes_equal(buf_bytes(&again), input));
	keccak256(input, expected);
	fuzz_require(clique_content_digest(input, digest, &error) && memcmp(digest, expected, sizeof(digest)) == 0);
	show(&header);
	return 0;
}
