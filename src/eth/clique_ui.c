/* What a person sees of a Clique header. */
#include <string.h>

#include "base/hex.h"
#include "eth/base64.h"
#include "eth/clique.h"
#include "eth/quantity.h"

/* Digits of the largest number, and a terminator. */
#define DECIMAL_SIZE (CLIQUE_NUMBER_SIZE_MAX * 5 / 2 + 1)

static const struct shown {
	const char *name;
	bool is_number;
} shown[CLIQUE_FIELDS] = {
    [CLIQUE_PARENT_HASH] = {"parent_hash", false},
    [CLIQUE_UNCLE_HASH] = {"uncle_hash", false},
    [CLIQUE_COINBASE] = {"miner", false},
    [CLIQUE_STATE_ROOT] = {"state_root", false},
    [CLIQUE_TRANSACTIONS_ROOT] = {"transactions_root", false},
    [CLIQUE_RECEIPTS_ROOT] = {"receipts_root", false},
    [CLIQUE_BLOOM] = {"logs_bloom", false},
    [CLIQUE_DIFFICULTY] = {"difficulty", true},
    [CLIQUE_NUMBER] = {"number", true},
    [CLIQUE_GAS_LIMIT] = {"gas_limit", true},
    [CLIQUE_GAS_USED] = {"gas_used", true},
    [CLIQUE_TIME] = {"timestamp", true},
    [CLIQUE_EXTRA] = {"extra_data", false},
    [CLIQUE_MIX_DIGEST] = {"mix_hash", false},
    [CLIQUE_NONCE] = {"nonce", false},
    [CLIQUE_BASE_FEE] = {"base_fee_per_gas", true},
};

/* Schoolbook: the number, at most 512 bits, is divided by ten until nothing is left. */
static void put_decimal(struct bytes number, struct buf *ret_text)
{
	uint8_t rest[CLIQUE_NUMBER_SIZE_MAX];
	char digits[DECIMAL_SIZE];
	size_t at = sizeof(digits) - 1, first = 0;

	if (number.size > 0)
		memcpy(rest, number.data, number.size);
	digits[at] = 0;
	do {
		unsigned remainder = 0;
		for (size_t i = first; i < number.size; i++) {
			remainder = remainder << 8 | rest[i];
			rest[i] = (uint8_t)(remainder / 10);
			remainder %= 10;
		}
		digits[--at] = (char)('0' + remainder);
		while (first < number.size && rest[first] == 0)
			first++;
	} while (first < number.size);
	buf_put_text(ret_text, digits + at);
}

static void put_digest(const struct clique_header *header, struct buf *ret_json)
{
	uint8_t digest[KECCAK256_SIZE];

	clique_digest(header, digest);
	quantity_put_data(ret_json, bytes_of(digest, sizeof(digest)));
}

/* The hash of the header with room for the seal, which the text that Clef showed names. */
static void hash_with_room(const struct clique_header *header, uint8_t ret_hash[KECCAK256_SIZE])
{
	static const uint8_t room[CLIQUE_SEAL_SIZE];
	BUF_CLEANUP struct buf extra = BUF_INIT(SIZE_MAX / 2), rlp = BUF_INIT(SIZE_MAX / 2);

	buf_put_bytes(&extra, header->fields[CLIQUE_EXTRA]);
	buf_put(&extra, room, sizeof(room));
	clique_put_header(header, buf_bytes(&extra), &rlp);
	keccak256(buf_bytes(&rlp), ret_hash);
}

void clique_put_ui_members(const struct clique_header *header, struct buf *ret_json)
{
	uint8_t hash[KECCAK256_SIZE];

	hash_with_room(header, hash);
	buf_put_text(ret_json, "\"raw_data\":\"");
	base64_put(header->rlp, ret_json);
	buf_put_text(ret_json, "\",\"messages\":[{\"name\":\"Clique header\",\"value\":\"clique header ");
	put_decimal(header->fields[CLIQUE_NUMBER], ret_json);
	buf_put_text(ret_json, " [0x");
	hex_encode(bytes_of(hash, sizeof(hash)), ret_json);
	buf_put_text(ret_json, "]\",\"type\":\"clique\"}],\"hash\":");
	put_digest(header, ret_json);
}

void clique_put_decoded(const struct clique_header *header, struct buf *ret_json)
{
	buf_put_text(ret_json, "{\"kind\":\"clique_header\",");
	for (size_t i = 0; i < header->count; i++) {
		buf_printf(ret_json, "\"%s\":", shown[i].name);
		if (shown[i].is_number) {
			buf_put_u8(ret_json, '"');
			put_decimal(header->fields[i], ret_json);
			buf_put_text(ret_json, "\",");
		} else {
			quantity_put_data(ret_json, header->fields[i]);
			buf_put_u8(ret_json, ',');
		}
	}
	buf_put_text(ret_json, "\"digest\":");
	put_digest(header, ret_json);
	buf_put_u8(ret_json, '}');
}
