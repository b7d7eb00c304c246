/* Blob transactions: what is understood and refused, what is signed, and what goes onto the network. */
#include "eth_testing.h"

#include "../proofs/kzg_vectors.h"
#include "eth/keccak.h"
#include "eth/rlp.h"
#include "eth/transaction.h"

#define FROM "\"from\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\""
#define TO   "\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\""
#define BASE        \
	FROM "," TO \
	     ",\"gas\":\"0x5208\",\"value\":\"0x0\",\"nonce\":\"0x0\",\"maxFeePerGas\":\"0x2\",\"maxPriorityFeePerGas\":\"0x1\""
#define FEE    "\"maxFeePerBlobGas\":\"0x3\""
#define HASH   "\"0x01abababababababababababababababababababababababababababababab00\""
#define HASHES "\"blobVersionedHashes\":[" HASH "]"
#define LIMIT  ((size_t)16 << 20)

struct read {
	struct json json;
	struct arena arena;
	struct transaction transaction;
	struct error error;
	bool good;
};

/* BASE, the fee and these members. In them a ` stands for a whole blob: 0x and its digits. */
static struct read read_request(const char *members, enum vector_blob which)
{
	struct buf text = BUF_INIT(LIMIT);
	struct read read = {0};
	uint8_t *blob = test_malloc(BLOB_SIZE);

	vector_fill(which, blob);
	buf_put_text(&text, "{" BASE "," FEE);
	for (const char *at = members; *at != 0; at++) {
		if (*at != '`') {
			buf_put_u8(&text, (uint8_t)*at);
			continue;
		}
		buf_put_text(&text, "\"0x");
		hex_encode(bytes_of(blob, BLOB_SIZE), &text);
		buf_put_u8(&text, '"');
	}
	buf_put_u8(&text, '}');
	read.json = parse_json(buf_text(&text));
	read.good = transaction_from_json(read.json.root, &read.arena, &read.transaction, &read.error);
	buf_free(&text);
	test_free(blob);
	return read;
}

static void done(struct read *read)
{
	json_free(&read->json);
	arena_free(&read->arena);
}

static struct read read_good(const char *members, enum vector_blob which)
{
	struct read read = read_request(members, which);

	if (!read.good)
		fail_msg("%.200s: %s", members, read.error.text);
	return read;
}

static void assert_refused(const char *members, enum vector_blob which, enum error_kind kind, const char *text)
{
	struct read read = read_request(members, which);

	if (read.good || strncmp(read.error.text, text, strlen(text)) != 0 || read.error.kind != kind)
		fail_msg("%.200s gave \"%s\" (%d) instead of \"%s\"", members, read.good ? "no error" : read.error.text,
		    (int)read.error.kind, text);
	done(&read);
}

/* ---- hashes and elements ---- */

static void test_versioned_hashes(void **state)
{
	static const char *const pairs[][2] = {
	    {INFINITY_POINT, "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"},
	    {"81441c78d35b7a8f19b47784f5c1cf264c47a6eda8dcb400ce8f2ace56d136db438e7756983f92bc57bfcd612a1c9f21",
	        "019c23ed3698db2f4184fa18280a1bdae013f0268005d77111d5c21f20cbbf2f"}};
	uint8_t commitment[BLOB_COMMITMENT_SIZE], hash[BLOB_HASH_SIZE];

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		assert_true(hex_decode_fixed(bytes_text(pairs[i][0]), commitment, sizeof(commitment)));
		blob_hash(commitment, hash);
		assert_hex(bytes_of(hash, sizeof(hash)), pairs[i][1]);
	}
}

static void test_elements_below_the_modulus(void **state)
{
	uint8_t *blob = test_malloc(BLOB_SIZE);
	size_t element = 0;

	(void)state;
	vector_fill(BLOB_MODULUS_MINUS_ONE, blob);
	assert_true(blob_is_canonical(blob, &element));
	assert_true(hex_decode_fixed(bytes_text(MODULUS), blob + 4095 * (size_t)BLOB_ELEMENT_SIZE, 32));
	assert_false(blob_is_canonical(blob, &element));
	assert_int_equal(element, 4095);
	memset(blob + 17 * (size_t)BLOB_ELEMENT_SIZE, 0xff, 32);
	assert_false(blob_is_canonical(blob, &element));
	assert_int_equal(element, 17);
	test_free(blob);
}

/* ---- requests ---- */

static void test_hashes_alone(void **state)
{
	struct read read = read_good("," HASHES, BLOB_ZEROS);

	(void)state;
	assert_int_equal(read.transaction.type, TRANSACTION_BLOB);
	assert_int_equal(read.transaction.blob_hash_count, 1);
	assert_int_equal(read.transaction.blob_hashes[0][31], 0);
	assert_null(read.transaction.sidecar);
	done(&read);
	/* The version byte of a hash is the network's business. */
	read = read_good(
	    ",\"type\":\"0x3\",\"blobVersionedHashes\":[\"0x02abababababababababababababababababababababababababababababab00\"]",
	    0);
	done(&read);
}

static void test_blobs_alone(void **state)
{
	struct read read = read_good(",\"blobs\":[`,`]", BLOB_POWERS_OF_3);

	(void)state;
	assert_int_equal(read.transaction.type, TRANSACTION_BLOB);
	assert_non_null(read.transaction.sidecar);
	assert_int_equal(read.transaction.sidecar->count, 2);
	assert_int_equal(read.transaction.sidecar->version, BLOB_VERSION_PROOFS);
	assert_int_equal(read.transaction.sidecar->blobs.size, 2 * BLOB_SIZE);
	assert_false(blob_sidecar_is_complete(read.transaction.sidecar));
	assert_false(read.transaction.has_blob_hashes);
	done(&read);
	read = read_good(",\"blobs\":[`],\"blobVersion\":1", BLOB_TWOS);
	assert_int_equal(read.transaction.sidecar->version, BLOB_VERSION_CELLS);
	done(&read);
	read = read_good(
	    ",\"blobs\":[`],\"blobVersion\":0,\"commitments\":null,\"proofs\":null,\"blobVersionedHashes\":null", BLOB_TWOS);
	assert_int_equal(read.transaction.sidecar->version, BLOB_VERSION_PROOFS);
	done(&read);
}

#define POINT "\"0x" INFINITY_POINT "\""
#define GIVEN ",\"commitments\":[" POINT "],\"proofs\":[" POINT "]"
#define ZERO  "\"0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014\""

static void test_whole_sidecars(void **state)
{
	static const char *const members[] = {",\"blobs\":[`]" GIVEN,
	    ",\"blobs\":[`]" GIVEN ",\"blobVersionedHashes\":[" ZERO "]", ",\"blobs\":[`]" GIVEN ",\"blobVersion\":0"};

	(void)state;
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		struct read read = read_good(members[i], BLOB_ZEROS);

		assert_true(blob_sidecar_is_complete(read.transaction.sidecar));
		assert_int_equal(read.transaction.blob_hash_count, 1);
		assert_hex(bytes_of(read.transaction.blob_hashes[0], 32),
		    "010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014");
		done(&read);
	}
}

static void test_what_is_refused(void **state)
{
	static const struct {
		const char *members;
		enum error_kind kind;
		const char *text;
	} cases[] = {
	    /* shapes */
	    {",\"blobVersionedHashes\":" HASH, ERROR_PARAMS, "blobVersionedHashes: expected a list"},
	    {",\"blobVersionedHashes\":[\"0x01\"]", ERROR_PARAMS, "blobVersionedHashes[0]: expected 64 hex digits, found 2"},
	    {",\"blobVersionedHashes\":[" HASH ",null]", ERROR_PARAMS,
	        "blobVersionedHashes[1]: expected bytes as a hex string, found null"},
	    {",\"blobVersionedHashes\":[" HASH ",1]", ERROR_PARAMS,
	        "blobVersionedHashes[1]: expected bytes as a hex string, found a JSON number"},
	    {",\"blobs\":{}", ERROR_PARAMS, "blobs: expected a list"},
	    {",\"blobs\":[\"0x00\"]", ERROR_PARAMS, "blobs[0]: expected 262144 hex digits, found 2"},
	    {",\"blobs\":[\"\"]", ERROR_PARAMS, "blobs[0]: expected 262144 hex digits, found 0"},
	    {",\"blobs\":[`,[]]", ERROR_PARAMS, "blobs[1]: expected bytes as a hex string, found a list"},
	    {"," HASHES ",\"commitments\":[\"0x00\"]", ERROR_PARAMS, "commitments[0]: expected 96 hex digits, found 2"},
	    {",\"blobs\":[`],\"commitments\":[" POINT "],\"proofs\":[\"" INFINITY_POINT "\"]", ERROR_PARAMS,
	        "proofs[0]: expected bytes as a hex string with 0x in front"},
	    {"," HASHES ",\"blobVersion\":\"0x1\"", ERROR_PARAMS, "blobVersion: expected the number 0"},
	    {",\"blobs\":[`],\"blobVersion\":2", ERROR_PARAMS, "blobVersion: expected the number 0"},
	    {",\"blobs\":[`],\"blobVersion\":1.0", ERROR_PARAMS, "blobVersion: expected the number 0"},
	    {",\"blobs\":[`],\"blobVersion\":-0", ERROR_PARAMS, "blobVersion: expected the number 0"},
	    {",\"blobs\":[`],\"blobVersion\":true", ERROR_PARAMS, "blobVersion: expected the number 0"},
	    /* counts */
	    {",\"blobVersionedHashes\":[]", ERROR_REFUSED, "blobVersionedHashes: expected 1 to 6 hashes, found none"},
	    {",\"blobVersionedHashes\":[" HASH "," HASH "," HASH "," HASH "," HASH "," HASH "," HASH "]", ERROR_REFUSED,
	        "blobVersionedHashes: expected at most 6"},
	    {",\"blobs\":[\"\",\"\",\"\",\"\",\"\",\"\",\"\"]", ERROR_REFUSED, "blobs: expected at most 6"},
	    {",\"blobs\":[]", ERROR_REFUSED, "blobs: expected 1 to 6, found none"},
	    {",\"blobs\":[]," HASHES, ERROR_REFUSED, "blobVersionedHashes: number of blobs and hashes mismatch (have=1, want=0)"},
	    {",\"blobs\":[`],\"blobVersionedHashes\":[]", ERROR_REFUSED,
	        "blobVersionedHashes: number of blobs and hashes mismatch"},
	    {",\"blobs\":[`],\"blobVersionedHashes\":[" ZERO "," ZERO "]", ERROR_REFUSED,
	        "blobVersionedHashes: number of blobs and hashes mismatch (have=2, want=1)"},
	    {",\"blobs\":[`],\"commitments\":[" POINT "," POINT "],\"proofs\":[" POINT "]", ERROR_REFUSED,
	        "commitments: number of blobs and commitments mismatch (have=2, want=1)"},
	    {",\"blobs\":[`],\"commitments\":[" POINT "]", ERROR_REFUSED,
	        "commitments: blob commitments provided while proofs were not"},
	    {",\"blobs\":[`],\"proofs\":[" POINT "]", ERROR_REFUSED, "proofs: blob proofs provided while commitments were not"},
	    {",\"blobs\":[`],\"commitments\":[" POINT "],\"proofs\":[]", ERROR_REFUSED,
	        "proofs: number of proofs and blobs mismatch (have=0, want=1 or 128)"},
	    {",\"blobs\":[`],\"commitments\":[" POINT "],\"proofs\":[" POINT "," POINT "]", ERROR_REFUSED,
	        "proofs: number of proofs and blobs mismatch (have=2, want=1 or 128)"},
	    /* what contradicts or would go unchecked */
	    {",\"blobs\":[`]" GIVEN ",\"blobVersion\":1", ERROR_REFUSED, "blobVersion: 1 does not fit 1 proofs for 1 blobs"},
	    {",\"blobs\":[`]" GIVEN "," HASHES, ERROR_REFUSED,
	        "blobVersionedHashes[0]: blob hash verification failed (have=0x01abab"},
	    {"," HASHES ",\"commitments\":[" POINT "]", ERROR_REFUSED, "commitments: found without blobs"},
	    {"," HASHES ",\"proofs\":[]", ERROR_REFUSED, "proofs: found without blobs"},
	    {"," HASHES ",\"blobVersion\":0", ERROR_REFUSED, "blobVersion: found without blobs"},
	    {"," HASHES ",\"gasPrice\":\"0x1\"", ERROR_REFUSED, "gasPrice: "},
	    {",\"type\":\"0x2\"," HASHES, ERROR_PARAMS, "type: 0x2 does not fit the fields, which make it a blob"},
	    {"", ERROR_REFUSED, "maxFeePerBlobGas: "},
	    {",\"commitments\":[" POINT "]", ERROR_REFUSED, "maxFeePerBlobGas: "},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		assert_refused(cases[i].members, BLOB_ZEROS, cases[i].kind, cases[i].text);
}

static void refuse_text(const char *text, enum error_kind kind, const char *expected)
{
	struct json json = parse_json(text);
	struct arena arena = {0};
	struct transaction transaction;
	struct error error = {0};

	if (transaction_from_json(json.root, &arena, &transaction, &error))
		fail_msg("accepted: %s", text);
	if (error.kind != kind || strncmp(error.text, expected, strlen(expected)) != 0)
		fail_msg("\"%s\" instead of \"%s\"", error.text, expected);
	json_free(&json);
	arena_free(&arena);
}

static void test_recipient_and_fee(void **state)
{
	(void)state;
	refuse_text(
	    "{" FROM "," FEE "," HASHES "}", ERROR_REFUSED, "to: transaction recipient must be set for blob transactions");
	refuse_text("{" FROM ",\"to\":null," FEE "," HASHES "}", ERROR_REFUSED, "to: ");
	refuse_text("{" BASE "," HASHES "}", ERROR_REFUSED,
	    "maxFeePerBlobGas: expected the most that a unit of blob gas may cost, found nothing. geth's own --signer");
	refuse_text("{" BASE "," HASHES ",\"maxFeePerBlobGas\":null}", ERROR_REFUSED, "maxFeePerBlobGas: expected the most");
	refuse_text(
	    "{" BASE "," HASHES ",\"maxFeePerBlobGas\":\"0x0\"}", ERROR_REFUSED, "maxFeePerBlobGas: expected at least 0x1");
	refuse_text("{" BASE "," HASHES ",\"maxFeePerBlobGas\":1}", ERROR_PARAMS, "maxFeePerBlobGas: ");
}

static void test_elements_are_named(void **state)
{
	struct buf text = BUF_INIT(LIMIT);

	(void)state;
	buf_put_text(&text, "{" BASE "," FEE ",\"blobs\":[\"0x");
	for (size_t i = 0; i < 4096; i++)
		buf_put_text(&text, i == 2 ? MODULUS : "0000000000000000000000000000000000000000000000000000000000000000");
	buf_put_text(&text, "\"]}");
	refuse_text(buf_text(&text), ERROR_REFUSED, "blobs[0]: field element 2 (bytes 64 to 95) is not below the modulus");
	buf_free(&text);
}

/* ---- what is signed ---- */

static struct buf payload_of(const struct transaction *transaction)
{
	struct buf payload = BUF_INIT(LIMIT);
	struct error error;

	assert_true(transaction_put_payload(transaction, 1, &payload, &error));
	return payload;
}

/* The items of a payload with one hash, as another program (Python's rlp) writes them; each of those below has one thing wrong. */
#define ITEMS(head, to, blob_fee, hashes) "03" head "01800102825208" to "8080c0" blob_fee hashes
#define TO_ITEM                           "94cd2a3d9f938e13cd947ec05abc7fe734df8dd826"
#define HASH_ITEM                         "a001abababababababababababababababababababababababababababababab00"

static void test_payload(void **state)
{
	struct read read = read_good("," HASHES, BLOB_ZEROS);
	struct buf payload = payload_of(&read.transaction);
	struct transaction parsed;
	struct error error;

	(void)state;
	assert_hex(buf_bytes(&payload), ITEMS("f842", TO_ITEM, "03", "e1" HASH_ITEM));
	assert_true(transaction_parse_payload(buf_bytes(&payload), &read.arena, &parsed, &error));
	assert_int_equal(parsed.blob_hash_count, 1);
	assert_int_equal(parsed.max_fee_per_blob_gas.limb[0], 3);
	buf_free(&payload);
	done(&read);
}

/* Every cut, and every single change of a byte, is refused or parses to exactly these bytes again. */
static void test_broken_payloads(void **state)
{
	struct read read = read_good("," HASHES, BLOB_ZEROS);
	struct buf payload = payload_of(&read.transaction);
	struct error error;

	(void)state;
	for (size_t size = 0; size < payload.size; size++) {
		struct arena arena = {0};
		struct transaction parsed;

		assert_false(transaction_parse_payload(bytes_of(payload.data, size), &arena, &parsed, &error));
		arena_free(&arena);
	}
	for (size_t at = 0; at < payload.size; at++) {
		struct arena arena = {0};
		struct transaction parsed;

		payload.data[at] ^= 0x80;
		if (transaction_parse_payload(buf_bytes(&payload), &arena, &parsed, &error)) {
			struct buf again = BUF_INIT(LIMIT);
			uint64_t chain = 0;

			assert_true(
			    u256_fits_u64(&parsed.chain_id, &chain) && transaction_put_payload(&parsed, chain, &again, &error));
			assert_bytes_equal(buf_bytes(&again), buf_bytes(&payload));
			buf_free(&again);
		}
		payload.data[at] ^= 0x80;
		arena_free(&arena);
	}
	buf_free(&payload);
	done(&read);
}

static void assert_no_payload(const char *hex)
{
	struct arena arena = {0};
	struct transaction parsed;
	struct error error;

	if (transaction_parse_payload(unhex(&arena, hex), &arena, &parsed, &error))
		fail_msg("accepted: %s", hex);
	arena_free(&arena);
}

static void test_payloads_that_no_block_takes(void **state)
{
	struct arena arena = {0};
	struct transaction parsed;
	struct error error;

	(void)state;
	assert_no_payload(ITEMS("ee", "80", "03", "e1" HASH_ITEM));      /* no recipient */
	assert_no_payload(ITEMS("e1", TO_ITEM, "03", "c0"));             /* no hashes */
	assert_no_payload(ITEMS("f842", TO_ITEM, "80", "e1" HASH_ITEM)); /* a fee of 0 */
	assert_no_payload(ITEMS("f841", TO_ITEM, "03", "e09f01abababababababababababababababababababababababababababababab"));
	assert_no_payload(ITEMS("f843", TO_ITEM, "03", "e2a101abababababababababababababababababababababababababababababab0061"));
	assert_no_payload(ITEMS("f90109", TO_ITEM, "03",
	    "f8e7" HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM)); /* seven hashes */
	const char *six = ITEMS("f8e8", TO_ITEM, "03", "f8c6" HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM HASH_ITEM);

	assert_true(transaction_parse_payload(unhex(&arena, six), &arena, &parsed, &error));
	assert_int_equal(parsed.blob_hash_count, 6);
	arena_free(&arena);
}

/* ---- what keys gets ---- */

static bool content_digest(const struct buf *content, uint8_t ret_digest[32])
{
	struct error error;

	return blob_content_digest(buf_bytes(content), ret_digest, &error);
}

static void test_content(void **state)
{
	struct read read = read_good(",\"blobs\":[`]" GIVEN, BLOB_ZEROS);
	struct buf payload = payload_of(&read.transaction), content = BUF_INIT(LIMIT);
	uint8_t digest[32], expected[32];

	(void)state;
	blob_content_put(&read.transaction, buf_bytes(&payload), &content);
	assert_int_equal(content.size, 1 + BLOB_COMMITMENT_SIZE + payload.size);
	assert_true(content_digest(&content, digest));
	keccak256(buf_bytes(&payload), expected);
	assert_memory_equal(digest, expected, sizeof(digest));
	/* Another commitment has another hash than the payload names. */
	for (size_t at = 1; at <= BLOB_COMMITMENT_SIZE; at++) {
		content.data[at] ^= 1;
		assert_false(content_digest(&content, digest));
		content.data[at] ^= 1;
	}
	/* Another hash in the payload. */
	content.data[content.size - 1] ^= 1;
	assert_false(content_digest(&content, digest));
	content.data[content.size - 1] ^= 1;
	for (unsigned count = 0; count < 256; count++) {
		content.data[0] = (uint8_t)count;
		assert_int_equal(content_digest(&content, digest), count == 1);
	}
	buf_free(&content);
	buf_free(&payload);
	done(&read);
}

static void test_content_of_something_else(void **state)
{
	static const char legacy[] =
	    "01" INFINITY_POINT "ec808504a817c800825208943535353535353535353535353535353535353535880de0b6b3a764000080018080";
	struct arena arena = {0};
	struct error error;
	uint8_t digest[32];

	(void)state;
	assert_false(blob_content_digest(BYTES_NONE, digest, &error));
	assert_false(blob_content_digest(LITERAL("\x01"), digest, &error));
	assert_false(blob_content_digest(unhex(&arena, legacy), digest, &error));
	assert_false(blob_content_digest(unhex(&arena, "01" INFINITY_POINT), digest, &error));
	arena_free(&arena);
}

/* ---- onto the network ---- */

static const struct signature signature = {.r = {[31] = 1}, .s = {[31] = 2}, .parity = 1};

static struct bytes first_of(struct rlp_reader *list, size_t *ret_count)
{
	struct rlp_reader items = rlp_get_list(list);
	struct bytes first = BYTES_NONE;

	for (*ret_count = 0; rlp_more(&items); ++*ret_count) {
		struct bytes item = rlp_get_bytes(&items);

		first = *ret_count == 0 ? item : first;
	}
	assert_true(rlp_done(&items));
	return first;
}

static void assert_network_form(const struct transaction *transaction, size_t proofs)
{
	struct buf raw = BUF_INIT(LIMIT);
	struct error error;
	size_t count;

	assert_true(transaction_put_signed(transaction, 1, &signature, &raw, &error));
	assert_int_equal(raw.data[0], 3);
	struct rlp_reader outer = rlp_reader_of(bytes_of(raw.data + 1, raw.size - 1));
	struct rlp_reader items = rlp_get_list(&outer);
	struct rlp_reader inner = rlp_get_list(&items);

	assert_true(rlp_done(&outer));
	assert_int_equal(rlp_get_u64(&inner), 1);
	if (proofs > 1)
		assert_int_equal(rlp_get_u64(&items), 1); /* EIP-7594's wrapper version */
	assert_bytes_equal(first_of(&items, &count), transaction->sidecar->blobs);
	assert_int_equal(count, 1);
	assert_bytes_equal(first_of(&items, &count), transaction->sidecar->commitments);
	assert_int_equal(count, 1);
	assert_int_equal(first_of(&items, &count).size, BLOB_PROOF_SIZE);
	assert_int_equal(count, proofs);
	assert_true(rlp_done(&items));
	buf_free(&raw);
}

static void complete(struct read *read, size_t proofs)
{
	struct buf points = BUF_INIT(LIMIT);
	struct error error;

	for (size_t i = 0; i < proofs; i++)
		buf_put_bytes(&points, unhex(&read->arena, INFINITY_POINT));
	struct bytes all = buf_bytes(&points), one = bytes_of(all.data, BLOB_COMMITMENT_SIZE);

	assert_false(blob_sidecar_complete(&read->transaction, one, bytes_of(all.data, all.size - 1), &read->arena, &error));
	assert_int_equal(error.kind, ERROR_INTERNAL);
	assert_false(blob_sidecar_complete(&read->transaction, BYTES_NONE, all, &read->arena, &error));
	assert_true(blob_sidecar_complete(&read->transaction, one, all, &read->arena, &error));
	buf_free(&points);
}

static void test_network_forms(void **state)
{
	struct read read = read_good(",\"blobs\":[`]", BLOB_ZEROS);
	struct buf raw = BUF_INIT(LIMIT);
	struct error error;

	(void)state;
	/* Blobs never get lost on the way: without proofs there is nothing to send. */
	assert_false(transaction_put_signed(&read.transaction, 1, &signature, &raw, &error));
	complete(&read, 1);
	assert_network_form(&read.transaction, 1);
	done(&read);
	read = read_good(",\"blobs\":[`],\"blobVersion\":1", BLOB_ZEROS);
	complete(&read, BLOB_CELLS);
	assert_network_form(&read.transaction, BLOB_CELLS);
	done(&read);
	buf_free(&raw);
}

static void test_computed_hashes_must_be_those_asked_for(void **state)
{
	struct read read = read_good(",\"blobs\":[`]," HASHES, BLOB_ZEROS);
	struct bytes point = unhex(&read.arena, INFINITY_POINT);
	struct error error;

	(void)state;
	assert_false(blob_sidecar_complete(&read.transaction, point, point, &read.arena, &error));
	assert_non_null(strstr(error.text, "blobVersionedHashes[0]: blob hash verification failed (have=0x01abab"));
	assert_false(blob_sidecar_is_complete(read.transaction.sidecar));
	done(&read);
}

static yyjson_val *result_of(const struct transaction *transaction, struct json *ret_json)
{
	struct buf text = BUF_INIT(LIMIT);
	struct error error;

	assert_true(transaction_put_result_json(transaction, 1, &signature, &text, &error));
	*ret_json = parse_json(buf_text(&text));
	buf_free(&text);
	return yyjson_obj_get(ret_json->root, "tx");
}

/* The hash is that of the transaction alone: with blobs, and by hashes alone, it is the same one. */
static void test_hash_without_the_sidecar(void **state)
{
	struct read with = read_good(",\"blobs\":[`]" GIVEN, BLOB_ZEROS);
	struct read alone = read_good(",\"blobVersionedHashes\":[" ZERO "]", BLOB_ZEROS);
	struct json first, second;
	yyjson_val *a = result_of(&with.transaction, &first), *b = result_of(&alone.transaction, &second);

	(void)state;
	assert_string_equal(yyjson_get_str(yyjson_obj_get(a, "hash")), yyjson_get_str(yyjson_obj_get(b, "hash")));
	assert_int_equal(yyjson_arr_size(yyjson_obj_get(a, "blobs")), 1);
	assert_int_equal(yyjson_arr_size(yyjson_obj_get(a, "commitments")), 1);
	assert_int_equal(yyjson_arr_size(yyjson_obj_get(a, "proofs")), 1);
	assert_null(yyjson_obj_get(b, "blobs"));
	assert_int_equal(yyjson_arr_size(yyjson_obj_get(b, "blobVersionedHashes")), 1);
	json_free(&first);
	json_free(&second);
	done(&with);
	done(&alone);
}

/* ---- the UI ---- */

/* What the UI gets, without these members or with them set to null, read back. */
static bool returned(struct read *read, const char *without, const char *as_null, struct transaction *ret_transaction)
{
	struct buf text = BUF_INIT(LIMIT);

	transaction_put_ui_json(&read->transaction, &text);
	struct json json = parse_json(buf_text(&text));
	yyjson_mut_doc *document = yyjson_doc_mut_copy(json.doc, NULL);
	yyjson_mut_val *root = yyjson_mut_doc_get_root(document);

	if (without != NULL)
		yyjson_mut_obj_remove_key(root, without);
	if (as_null != NULL) {
		yyjson_mut_obj_remove_key(root, as_null);
		yyjson_mut_obj_add_null(document, root, as_null);
	}
	yyjson_doc *edited = yyjson_mut_doc_imut_copy(document, NULL);
	bool good = transaction_from_ui_json(
	    yyjson_doc_get_root(edited), &read->transaction, &read->arena, ret_transaction, &read->error);

	yyjson_doc_free(edited);
	yyjson_mut_doc_free(document);
	json_free(&json);
	buf_free(&text);
	return good;
}

static void test_what_the_ui_returns(void **state)
{
	static const char *const members[] = {"maxFeePerBlobGas", "blobVersionedHashes", "blobs", "commitments", "proofs"};
	struct read read = read_good(",\"blobs\":[`]" GIVEN, BLOB_ZEROS);
	struct transaction edited;

	(void)state;
	assert_true(returned(&read, NULL, NULL, &edited));
	assert_true(blob_sidecar_equal(read.transaction.sidecar, edited.sidecar));
	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (returned(&read, members[i], NULL, &edited))
			fail_msg("the UI may leave out %s", members[i]);
	/* Said to be gone, the hashes are computed from the commitments again. */
	assert_true(returned(&read, NULL, "blobVersionedHashes", &edited));
	assert_int_equal(edited.blob_hash_count, 1);
	done(&read);
}

/* With --no-change: the proofs are not signed, but the caller gets them. */
static void test_changes_of_the_sidecar_are_found(void **state)
{
	struct read read = read_good(",\"blobs\":[`]" GIVEN, BLOB_ZEROS);
	struct read other = read_good(",\"blobs\":[`],\"commitments\":[" POINT "],\"proofs\":[\"0x" GENERATOR "\"]", BLOB_ZEROS);
	struct read alone = read_good(",\"blobVersionedHashes\":[" ZERO "]", BLOB_ZEROS);

	(void)state;
	assert_null(transaction_find_change(&read.transaction, &read.transaction, 1));
	assert_string_equal(transaction_find_change(&read.transaction, &other.transaction, 1), "blobs");
	assert_string_equal(transaction_find_change(&read.transaction, &alone.transaction, 1), "blobs");
	assert_null(transaction_find_change(&alone.transaction, &alone.transaction, 1));
	done(&read);
	done(&other);
	done(&alone);
}

static void test_the_ui_adds_no_blobs(void **state)
{
	struct read asked = read_good(",\"blobVersionedHashes\":[" ZERO "]", BLOB_ZEROS);
	struct read with = read_good(",\"blobs\":[`]" GIVEN ",\"blobVersionedHashes\":[" ZERO "]", BLOB_ZEROS);
	struct transaction edited;
	struct error error;

	(void)state;
	assert_false(transaction_from_ui_json(with.json.root, &asked.transaction, &asked.arena, &edited, &error));
	assert_string_equal(error.text, "the UI's transaction has blobs, which the request had not");
	done(&asked);
	done(&with);
}

static void test_the_version_is_shown_where_it_was_named(void **state)
{
	struct read read = read_good(",\"blobs\":[`],\"blobVersion\":1", BLOB_ZEROS);
	struct transaction edited;

	(void)state;
	complete(&read, BLOB_CELLS);
	assert_true(returned(&read, NULL, NULL, &edited));
	assert_true(blob_sidecar_equal(read.transaction.sidecar, edited.sidecar));
	assert_false(returned(&read, "blobVersion", NULL, &edited));
	assert_non_null(strstr(read.error.text, "blobVersion"));
	done(&read);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_versioned_hashes),
	    cmocka_unit_test(test_elements_below_the_modulus),
	    cmocka_unit_test(test_hashes_alone),
	    cmocka_unit_test(test_blobs_alone),
	    cmocka_unit_test(test_whole_sidecars),
	    cmocka_unit_test(test_what_is_refused),
	    cmocka_unit_test(test_recipient_and_fee),
	    cmocka_unit_test(test_elements_are_named),
	    cmocka_unit_test(test_payload),
	    cmocka_unit_test(test_broken_payloads),
	    cmocka_unit_test(test_payloads_that_no_block_takes),
	    cmocka_unit_test(test_content),
	    cmocka_unit_test(test_content_of_something_else),
	    cmocka_unit_test(test_network_forms),
	    cmocka_unit_test(test_computed_hashes_must_be_those_asked_for),
	    cmocka_unit_test(test_hash_without_the_sidecar),
	    cmocka_unit_test(test_what_the_ui_returns),
	    cmocka_unit_test(test_changes_of_the_sidecar_are_found),
	    cmocka_unit_test(test_the_ui_adds_no_blobs),
	    cmocka_unit_test(test_the_version_is_shown_where_it_was_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
