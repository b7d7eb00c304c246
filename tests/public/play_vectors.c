/*
 * Plays public test vectors, one a line, as tests/public/vectors.py writes them: a kind, the case's name and the fields of the kind, separated by tabs. Bytes are hex
 * with 0x. Prints each case that differs, and how many cases of each kind there were.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "base/memory.h"
#include "decode/abi.h"
#include "eth/rlp.h"
#include "eth/transaction.h"
#include "eth/typed_data.h"
#include "keys/keyfile.h"

#define FIELDS_MAX 8
#define TEXT_MAX   ((size_t)16 << 20)
#define DEPTH_MAX  32

struct play {
	struct arena arena;
	struct signature_context *curve;
	const char *name;
	struct bytes fields[FIELDS_MAX];
	char problem[2048]; /* of the case that differs */
};

static bool differs(struct play *play, const char *what, struct bytes expected, struct bytes found)
{
	snprintf(play->problem, sizeof(play->problem), "%s: expected %.*s, found %.*s", what,
	    (int)(expected.size < 800 ? expected.size : 800), (const char *)expected.data,
	    (int)(found.size < 800 ? found.size : 800), (const char *)found.data);
	return false;
}

static bool refused(struct play *play, const char *what, const struct error *error)
{
	snprintf(play->problem, sizeof(play->problem), "%s: %s", what, error->text);
	return false;
}

static bool same_text(struct play *play, const char *what, struct bytes expected, struct bytes found)
{
	return bytes_equal(expected, found) || differs(play, what, expected, found);
}

/* `found` as hex with 0x. */
static bool same_bytes(struct play *play, const char *what, struct bytes expected, struct bytes found)
{
	struct buf text BUF_CLEANUP = BUF_INIT(2 * found.size + 2);

	buf_put_text(&text, "0x");
	hex_encode(found, &text);
	return same_text(play, what, expected, buf_bytes(&text));
}

/* The bytes of a field; a field that is none is the converter's mistake. */
static struct bytes bytes_field(struct play *play, size_t index)
{
	struct bytes digits = hex_skip_prefix(play->fields[index]);
	uint8_t *data = arena_alloc(&play->arena, digits.size / 2 + 1);

	if (!hex_decode_fixed(digits, data, digits.size / 2)) {
		fprintf(stderr, "%s: field %zu is no hex\n", play->name, index);
		exit(2);
	}
	return bytes_of(data, digits.size / 2);
}

/* ---- the kinds ---- */

/* data, digest */
static bool play_keccak(struct play *play)
{
	uint8_t digest[KECCAK256_SIZE];

	keccak256(bytes_field(play, 0), digest);
	return same_bytes(play, "digest", play->fields[1], bytes_of(digest, sizeof(digest)));
}

/* address in any case, EIP-55 text */
static bool play_address(struct play *play)
{
	struct address address;
	char text[ADDRESS_TEXT_SIZE];

	if (!address_parse(play->fields[0], &address))
		return differs(play, "address", play->fields[0], bytes_text("no address"));
	address_to_checksum(&address, text);
	return same_text(play, "checksum", play->fields[1], bytes_text(text)) &&
	       (address_is_checksummed(play->fields[1]) || differs(play, "checksum", play->fields[1], bytes_text("refused")));
}

/* Items as ["0x…",[…]], and written again. */
static bool put_items(struct rlp_reader *items, unsigned depth, struct buf *text, struct buf *copy)
{
	for (bool first = true; rlp_more(items); first = false) {
		struct rlp_reader probe = *items;
		struct rlp_reader list = rlp_get_list(&probe);

		buf_put_text(text, first ? "" : ",");
		if (rlp_failed(&probe)) {
			struct bytes string = rlp_get_bytes(items);

			buf_put_text(text, "\"0x");
			hex_encode(string, text);
			buf_put_u8(text, '"');
			rlp_put_bytes(copy, string);
			continue;
		}
		size_t begin = rlp_list_begin(copy);

		buf_put_u8(text, '[');
		if (depth == 0 || !put_items(&list, depth - 1, text, copy))
			return false;
		buf_put_u8(text, ']');
		rlp_list_end(copy, begin);
		*items = probe;
	}
	return rlp_done(items);
}

/* encoding, items */
static bool play_rlp(struct play *play)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_MAX), copy BUF_CLEANUP = BUF_INIT(TEXT_MAX);
	struct rlp_reader items = rlp_reader_of(bytes_field(play, 0));

	if (!put_items(&items, DEPTH_MAX, &text, &copy))
		return differs(play, "encoding", play->fields[1], bytes_text("refused"));
	return same_text(play, "items", play->fields[1], buf_bytes(&text)) &&
	       same_bytes(play, "written", play->fields[0], buf_bytes(&copy));
}

static bool sign(struct play *play, struct bytes payload, struct signature *ret_signature, struct address *ret_address)
{
	struct bytes key = bytes_field(play, 0);
	uint8_t digest[KECCAK256_SIZE];

	keccak256(payload, digest);
	return (key.size == SIGNATURE_KEY_SIZE && signature_sign(play->curve, key.data, digest, ret_signature) &&
	           signature_recover(play->curve, digest, ret_signature, ret_address)) ||
	       differs(play, "key", play->fields[0], bytes_text("refused"));
}

/* The payload that keys would get is read as keys reads it, and signed. */
static bool sign_payload(struct play *play, struct bytes payload, uint64_t chain_id)
{
	struct buf raw BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct transaction parsed;
	struct signature signature;
	struct address address;
	struct error error;
	char text[ADDRESS_TEXT_SIZE];

	if (!transaction_parse_payload(payload, &play->arena, &parsed, &error))
		return refused(play, "payload", &error);
	if (!sign(play, payload, &signature, &address))
		return false;
	if (!transaction_put_signed(&parsed, chain_id, &signature, &raw, &error))
		return refused(play, "signed", &error);
	address_to_lower(&address, text);
	return same_bytes(play, "signed", play->fields[4], buf_bytes(&raw)) &&
	       same_text(play, "signer", play->fields[5], bytes_text(text));
}

/* What is refused, and may be. */
static bool refused_as_expected(struct play *play, bool expected, const char *what, const struct error *error)
{
	return expected || refused(play, what, error);
}

/* key, chain id in decimal, JSON, unsigned payload, signed transaction, address; an empty payload: to be refused */
static bool play_transaction(struct play *play)
{
	struct json json JSON_CLEANUP = {0};
	struct buf payload BUF_CLEANUP = BUF_INIT(TRANSACTION_SIZE_MAX);
	struct transaction transaction;
	struct u256 chain;
	uint64_t chain_id = 0;
	struct error error;

	if (!u256_from_decimal(play->fields[1], &chain) || !u256_fits_u64(&chain, &chain_id))
		exit(2);
	if (!json_parse(play->fields[2], &json, &error) ||
	    !transaction_from_json(json.root, &play->arena, &transaction, &error) ||
	    !transaction_check_chain(&transaction, chain_id, &error))
		return refused_as_expected(play, play->fields[3].size == 0, "JSON", &error);
	if (!transaction_put_payload(&transaction, chain_id, &payload, &error))
		return refused_as_expected(play, play->fields[3].size == 0, "payload", &error);
	return same_bytes(play, "payload", play->fields[3], buf_bytes(&payload)) &&
	       sign_payload(play, buf_bytes(&payload), chain_id);
}

/* password in hex, key, address (lower case), file */
static bool play_keyfile(struct play *play)
{
	struct keyfile keyfile;
	struct address listed;
	uint8_t key[SIGNATURE_KEY_SIZE];
	char text[ADDRESS_TEXT_SIZE];
	struct error error;

	if (!keyfile_parse(play->fields[3], &keyfile, &error) || !keyfile_open(&keyfile, bytes_field(play, 0), key, &error))
		return refused(play, "key file", &error);
	if (!signature_key_address(play->curve, key, &listed))
		return differs(play, "key", play->fields[1], bytes_text("none"));
	address_to_lower(&listed, text);
	return same_bytes(play, "key", play->fields[1], bytes_of(key, sizeof(key))) &&
	       same_text(play, "address", play->fields[2], bytes_text(text));
}

/* key or nothing, digest (empty: to be refused), signature (65 bytes) or nothing, document */
static bool play_typed(struct play *play)
{
	struct json json JSON_CLEANUP = {0};
	struct buf canonical BUF_CLEANUP = BUF_INIT(TYPED_DATA_SIZE_MAX);
	struct bytes key = bytes_field(play, 0);
	struct typed_data_hashes hashes;
	struct typed_data data;
	struct signature signature;
	uint8_t again[KECCAK256_SIZE], bytes[SIGNATURE_SIZE];
	struct error error;

	if (!json_parse(play->fields[3], &json, &error) || !typed_data_parse(json.root, &play->arena, &data, &error) ||
	    !typed_data_put_canonical(&data, &canonical, &error) || !typed_data_digest(buf_bytes(&canonical), again, &error))
		return refused_as_expected(play, play->fields[1].size == 0, "document", &error);
	typed_data_hash(&data, &hashes);
	if (!same_bytes(play, "digest", play->fields[1], bytes_of(hashes.digest, sizeof(hashes.digest))) ||
	    !same_bytes(play, "digest in keys", play->fields[1], bytes_of(again, sizeof(again))))
		return false;
	if (key.size == 0)
		return true;
	if (!signature_sign(play->curve, key.data, again, &signature))
		return differs(play, "key", play->fields[0], bytes_text("refused"));
	signature_to_bytes(&signature, bytes);
	return same_bytes(play, "signature", play->fields[2], bytes_of(bytes, sizeof(bytes)));
}

/* signature, its first four bytes of Keccak-256 */
static bool play_selector(struct play *play)
{
	struct abi_method method;
	struct error error;

	if (!abi_parse_method(play->fields[0], &play->arena, &method, &error))
		return refused(play, "signature", &error);
	return same_bytes(play, "selector", play->fields[1], bytes_of(method.selector, sizeof(method.selector)));
}

/* signature, arguments, the arguments as they are shown */
static bool play_calldata(struct play *play)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_MAX);
	struct abi_method method;
	struct abi_value values;
	struct error error;

	if (!abi_parse_method(play->fields[0], &play->arena, &method, &error) ||
	    !abi_decode(&method.inputs, bytes_field(play, 1), &play->arena, &values, &error))
		return refused(play, "arguments", &error);
	for (size_t i = 0; i < values.count; i++) {
		buf_put_text(&text, i == 0 ? "" : "|");
		abi_put_value(&values.items[i], &text);
	}
	struct buf shown BUF_CLEANUP = BUF_INIT(TEXT_MAX);

	buf_put_text(&shown, "0x");
	hex_encode(buf_bytes(&text), &shown);
	return same_text(play, "arguments", play->fields[2], buf_bytes(&shown));
}

static struct kind {
	const char *name;
	size_t fields;
	bool (*run)(struct play *play);
} const kinds[] = {{"keccak", 2, play_keccak}, {"address", 2, play_address}, {"rlp", 2, play_rlp},
    {"transaction", 6, play_transaction}, {"keyfile", 4, play_keyfile}, {"typed", 4, play_typed}, {"selector", 2, play_selector},
    {"calldata", 3, play_calldata}};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

/* Returns the kind of the line, whose tabs become ends of texts. */
static size_t split(struct play *play, char *line)
{
	char *at = line, *words[FIELDS_MAX + 2] = {0};
	size_t count = 0;

	while (at != NULL && count < FIELDS_MAX + 2) {
		words[count++] = at;
		at = strchr(at, '\t');
		if (at != NULL)
			*at++ = 0;
	}
	for (size_t kind = 0; kind < KINDS; kind++) {
		if (strcmp(words[0], kinds[kind].name) != 0 || count != kinds[kind].fields + 2)
			continue;
		play->name = words[1];
		for (size_t i = 0; i < kinds[kind].fields; i++)
			play->fields[i] = bytes_text(words[i + 2]);
		return kind;
	}
	fprintf(stderr, "no such kind, or another number of fields: %.60s (%zu)\n", line, count);
	exit(2);
}

int main(void)
{
	struct play play = {.curve = signature_context_new(NULL)};
	size_t capacity = 0, played[KINDS] = {0}, wrong = 0;
	char *line = NULL;
	ssize_t size;

	while ((size = getline(&line, &capacity, stdin)) > 0) {
		line[size - 1] = 0;
		size_t kind = split(&play, line);

		if (!kinds[kind].run(&play)) {
			printf("%s %s: %s\n", kinds[kind].name, play.name, play.problem);
			wrong++;
		}
		played[kind]++;
		arena_free(&play.arena);
		play.arena = (struct arena){0};
	}
	for (size_t kind = 0; kind < KINDS; kind++)
		printf("%zu %s\n", played[kind], kinds[kind].name);
	free(line);
	signature_context_free(play.curve);
	return wrong == 0 ? 0 : 1;
}
