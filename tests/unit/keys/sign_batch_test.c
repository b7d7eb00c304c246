/* Several transactions under one password: all are signed, each by the key of the account, or none is. */
#include "../base/testing.h"

#include "base/hex.h"
#include "eth/keccak.h"
#include "keys/sign_batch.h"

static struct signer *signer;
static struct address account;
static uint8_t key[SIGNATURE_KEY_SIZE];

/* A legacy transaction with EIP-155, chain 1, of this nonce (1 to 127). */
static size_t put_payload(struct buf *content, uint8_t nonce)
{
	static const char digits[] = "df00018252089435353535353535353535353535353535353535358080018080";
	uint8_t payload[(sizeof digits - 1) / 2];

	assert_true(hex_decode_fixed(bytes_text(digits), payload, sizeof payload));
	payload[1] = nonce;
	buf_put_u32(content, sizeof payload);
	buf_put(content, payload, sizeof payload);
	return sizeof payload;
}

static void put_batch(struct buf *content, uint32_t count)
{
	buf_put_u32(content, count);
	for (uint32_t i = 0; i < count; i++)
		put_payload(content, (uint8_t)(i % 100 + 1));
}

static bool sign(const struct buf *content, const struct address *address, struct buf *signatures, struct error *error)
{
	return sign_batch(signer, IPC_SIGN_TRANSACTIONS, buf_bytes(content), key, address, signatures, error);
}

static void assert_is_of_account(const uint8_t *result, struct bytes payload)
{
	struct signature signature;
	struct address found;
	uint8_t digest[KECCAK256_SIZE];

	memcpy(signature.r, result, 32);
	memcpy(signature.s, result + 32, 32);
	signature.parity = result[64];
	keccak256(payload, digest);
	assert_true(signature_recover(signer_context(signer), digest, &signature, &found));
	assert_true(address_equal(&found, &account));
}

static void test_all_are_signed(void **state)
{
	static const uint32_t counts[] = {1, 2, 100};

	(void)state;
	for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
		BUF_CLEANUP struct buf content = BUF_INIT(100000), signatures = BUF_INIT(SIGN_BATCH_RESULT_MAX);
		struct error error = {0};

		put_batch(&content, counts[i]);
		assert_true(sign_batch_check(IPC_SIGN_TRANSACTIONS, buf_bytes(&content), &error));
		assert_true(sign(&content, &account, &signatures, &error));
		assert_int_equal(signatures.size, counts[i] * SIGN_RESULT_SIZE);
		for (uint32_t at = 0; at < counts[i]; at++)
			assert_is_of_account(
			    signatures.data + at * SIGN_RESULT_SIZE, bytes_of(content.data + 4 + at * 36 + 4, 32));
	}
}

static void test_one_content_is_one_signature(void **state)
{
	BUF_CLEANUP struct buf signatures = BUF_INIT(SIGN_BATCH_RESULT_MAX);
	struct error error = {0};

	(void)state;
	assert_true(sign_batch(signer, IPC_SIGN_MESSAGE, bytes_text("hello"), key, &account, &signatures, &error));
	assert_int_equal(signatures.size, SIGN_RESULT_SIZE);
}

static void assert_refused(const struct buf *content, const char *text)
{
	BUF_CLEANUP struct buf signatures = BUF_INIT(SIGN_BATCH_RESULT_MAX);
	struct error error = {0};

	assert_false(sign_batch_check(IPC_SIGN_TRANSACTIONS, buf_bytes(content), &error));
	if (strstr(error.text, text) == NULL)
		fail_msg("\"%s\"", error.text);
	assert_false(sign(content, &account, &signatures, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	assert_int_equal(signatures.size, 0);
}

static void test_malformed_batches(void **state)
{
	BUF_CLEANUP struct buf content = BUF_INIT(100000);

	(void)state;
	assert_refused(&content, "expected 1 to 100");
	put_batch(&content, 0);
	assert_refused(&content, "expected 1 to 100");
	buf_reset(&content);
	put_batch(&content, 101);
	assert_refused(&content, "expected 1 to 100 transactions, found 101");
	buf_reset(&content);
	put_batch(&content, 3);
	for (size_t size = 4; size < content.size; size++) {
		BUF_CLEANUP struct buf cut = BUF_INIT(100000);

		buf_put(&cut, content.data, size);
		assert_refused(&cut, "");
	}
	buf_put_u8(&content, 0);
	assert_refused(&content, "malformed");
}

/* The last of them is damaged: the others are not signed either. */
static void test_one_bad_one_spoils_all(void **state)
{
	BUF_CLEANUP struct buf content = BUF_INIT(100000);

	(void)state;
	put_batch(&content, 3);
	content.data[content.size - 1] = 0x01; /* s of EIP-155 is not 0 */
	assert_refused(&content, "[2]: ");
	buf_reset(&content);
	put_batch(&content, 3);
	content.data[4 + 36 + 4] = 0xc0; /* the second is an empty list */
	assert_refused(&content, "[1]: ");
}

static void test_key_of_another_account(void **state)
{
	BUF_CLEANUP struct buf content = BUF_INIT(100000), signatures = BUF_INIT(SIGN_BATCH_RESULT_MAX);
	struct address other = account;
	struct error error = {0};

	(void)state;
	other.bytes[0] ^= 1;
	put_batch(&content, 3);
	assert_false(sign(&content, &other, &signatures, &error));
	assert_non_null(strstr(error.text, "key content mismatch"));
	assert_int_equal(signatures.size, 0);
}

/* No batch in a batch, and nothing but transactions in one. */
static void test_only_transactions(void **state)
{
	BUF_CLEANUP struct buf content = BUF_INIT(100000), inner = BUF_INIT(1000);

	(void)state;
	put_batch(&inner, 1);
	buf_put_u32(&content, 1);
	buf_put_u32(&content, (uint32_t)inner.size);
	buf_put_bytes(&content, buf_bytes(&inner));
	assert_refused(&content, "[0]: ");
	buf_reset(&content);
	buf_put_u32(&content, 1);
	buf_put_u32(&content, 5);
	buf_put_text(&content, "hello");
	assert_refused(&content, "[0]: ");
}

static int set_up(void **state)
{
	struct error error;

	(void)state;
	assert_true(signer_new(&signer, &error));
	memset(key, 0x46, sizeof key);
	return signature_key_address(signer_context(signer), key, &account) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	signer_free(signer);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_all_are_signed),
	    cmocka_unit_test(test_one_content_is_one_signature), cmocka_unit_test(test_malformed_batches),
	    cmocka_unit_test(test_one_bad_one_spoils_all), cmocka_unit_test(test_key_of_another_account),
	    cmocka_unit_test(test_only_transactions)};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
