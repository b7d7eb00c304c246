/* The way of a blob transaction through core: what proofs is asked and when, and what becomes of a proofs process that is broken or taken over. */
#include "fake_roles.h"

#include <fcntl.h>

#include "base/hex.h"
#include "eth/blob.h"

#define TEXT_LIMIT ((size_t)8 << 20)
#define BASE                                                                                                                \
	"\"from\":\"0xf39Fd6e51aad88F6F4ce6aB8827279cffFb92266\",\"to\":\"0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826\","    \
	"\"gas\":\"0x5208\",\"value\":\"0x0\",\"nonce\":\"0x0\",\"maxFeePerGas\":\"0x2\",\"maxPriorityFeePerGas\":\"0x1\"," \
	"\"maxFeePerBlobGas\":\"0x3\""
/* The commitment and proof of a blob of zeros: the point at infinity. */
#define POINT "c00000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000"
#define HASH  "0x010657f37554c781402a22917dee2f75def7ab966d7b770905398eba3c444014"
#define GIVEN ",\"commitments\":[\"0x" POINT "\"],\"proofs\":[\"0x" POINT "\"]"

static const uint8_t point[BLOB_PROOF_SIZE * BLOB_CELLS] = {0xc0};

/* BASE and these members, with 0x00… of a blob for `. */
static void call_with(struct fake *fake, uint64_t number, const char *members)
{
	struct buf params = BUF_INIT(TEXT_LIMIT);

	buf_put_text(&params, "[{" BASE);
	for (const char *at = members; *at != 0; at++) {
		if (*at != '`') {
			buf_put_u8(&params, (uint8_t)*at);
			continue;
		}
		buf_put_text(&params, "\"0x");
		for (size_t i = 0; i < BLOB_SIZE; i++)
			buf_put_text(&params, "00");
		buf_put_u8(&params, '"');
	}
	buf_put_text(&params, "}]");
	fake_call(fake, number, "account_signTransaction", buf_text(&params));
	buf_free(&params);
}

static void find_account(struct fake *fake)
{
	const struct ipc_keys_find *find = fake_expect(&fake->keys, IPC_KEYS_FIND);
	const struct ipc_keys_found found = {.request = find->request, .count = 1, .path = bytes_text("/k")};

	fake_send(&fake->keys, IPC_KEYS_FOUND, &found);
}

static void send_computed(struct fake *fake, uint64_t request, size_t proofs)
{
	const struct ipc_proofs_computed computed = {
	    request, bytes_of(point, BLOB_COMMITMENT_SIZE), bytes_of(point, proofs * BLOB_PROOF_SIZE)};

	fake_send(&fake->proofs, IPC_PROOFS_COMPUTED, &computed);
}

static void send_right(struct fake *fake, uint64_t request)
{
	const struct ipc_proofs_right right = {request};

	fake_send(&fake->proofs, IPC_PROOFS_RIGHT, &right);
}

/* A call that leaves commitments and proofs to us, up to the question; a copy of what the person is asked. */
static char *ask_with_blob(struct fake *fake, uint64_t number)
{
	call_with(fake, number, ",\"blobs\":[`]");
	find_account(fake);
	send_computed(fake, ((const struct ipc_proofs_compute *)fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE))->request, 1);
	return strdup(fake_ui_expect(fake, "ui_approveTx"));
}

/* The transaction of the question, as JSON text, with one text exchanged for another of the same kind. */
static void approve(struct fake *fake, const char *line, const char *old, const char *fresh)
{
	const char *begin = strstr(line, "\"transaction\":"), *end = strstr(line, ",\"call_info\"");

	assert_true(begin != NULL && end != NULL);
	char *transaction = strndup(begin, (size_t)(end - begin));
	char *at = old != NULL ? strstr(transaction, old) : NULL;

	assert_true(old == NULL || (at != NULL && strlen(old) == strlen(fresh)));
	if (at != NULL)
		memcpy(at, fresh, strlen(fresh));
	struct buf answer = BUF_INIT(TEXT_LIMIT);

	buf_put_text(&answer, "{\"approved\":true,");
	buf_put_text(&answer, transaction);
	buf_put_u8(&answer, '}');
	fake_ui_answer(fake, line, buf_text(&answer));
	buf_free(&answer);
	free(transaction);
}

static const struct ipc_keys_sign *give_password(struct fake *fake)
{
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), "{\"text\":\"a password\"}");
	return fake_expect(&fake->keys, IPC_KEYS_SIGN);
}

/* ---- the way ---- */

static void test_blobs_alone(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`,`],\"blobVersion\":1");
	find_account(fake);
	const struct ipc_proofs_compute *compute = fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE);

	assert_int_equal(compute->version, 1);
	assert_int_equal(compute->blobs.size, 2 * BLOB_SIZE);
	fake_settle(fake);
	fake_assert_quiet(fake->ui); /* nobody is asked before the proofs are there */
}

static void test_what_is_asked_and_signed(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	char *line = ask_with_blob(fake, 1);

	assert_non_null(strstr(line, "\"blobVersionedHashes\":[\"" HASH "\"]"));
	assert_non_null(strstr(line, "\"commitments\":[\"0x" POINT "\"]"));
	approve(fake, line, NULL, NULL);
	const struct ipc_keys_sign *sign = give_password(fake);

	fake_assert_quiet(fake->proofs.channel); /* the same bytes are not checked twice */
	assert_int_equal(sign->kind, IPC_SIGN_BLOB_TRANSACTION);
	assert_int_equal(sign->content.data[0], 1);
	assert_memory_equal(sign->content.data + 1, point, BLOB_COMMITMENT_SIZE);
	assert_int_equal(sign->content.data[1 + BLOB_COMMITMENT_SIZE], 3);
	uint8_t signature[SIGNATURE_BYTES] = {[31] = 1, [63] = 1, [64] = 1};
	const struct ipc_keys_signed message = {sign->request, bytes_of(signature, sizeof(signature))};

	fake_send(&fake->keys, IPC_KEYS_SIGNED, &message);
	fake_ui_expect(fake, "ui_onApprovedTx");
	const struct ipc_gate_reply *reply = fake_expect(&fake->gate, IPC_GATE_REPLY);

	assert_true(reply->result.size > 2 * BLOB_SIZE);
	assert_memory_equal(reply->result.data, "{\"raw\":\"0x03fa0200", 18);
	free(line);
}

static void test_given_proofs_are_checked_before_anybody_is_asked(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`]" GIVEN);
	find_account(fake);
	const struct ipc_proofs_check *check = fake_expect(&fake->proofs, IPC_PROOFS_CHECK);

	assert_int_equal(check->version, 0);
	assert_bytes_equal(check->commitments, bytes_of(point, BLOB_COMMITMENT_SIZE));
	assert_bytes_equal(check->proofs, bytes_of(point, BLOB_PROOF_SIZE));
	const struct ipc_proofs_failed failed = {check->request, ERROR_REFUSED, bytes_text("proofs[0]: wrong")};

	fake_send(&fake->proofs, IPC_PROOFS_FAILED, &failed);
	fake_expect_error(fake, 1, -32000, "proofs[0]: wrong");
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
}

static void test_hashes_alone_need_no_proofs(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobVersionedHashes\":[\"" HASH "\"]");
	find_account(fake);
	char *line = strdup(fake_ui_expect(fake, "ui_approveTx"));

	fake_assert_quiet(fake->proofs.channel);
	approve(fake, line, NULL, NULL);
	assert_int_equal(give_password(fake)->kind, IPC_SIGN_TRANSACTION);
	free(line);
}

static void test_unknown_accounts_cost_no_proofs(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`]");
	const struct ipc_keys_find *find = fake_expect(&fake->keys, IPC_KEYS_FIND);
	const struct ipc_keys_found found = {.request = find->request};

	fake_send(&fake->keys, IPC_KEYS_FOUND, &found);
	fake_expect_error(fake, 1, -32000, "unknown account");
	fake_settle(fake);
	fake_assert_quiet(fake->proofs.channel);
}

/* ---- what the UI changes ---- */

static void test_changed_proofs_are_checked_again(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	char *line = ask_with_blob(fake, 1);

	approve(fake, line, "\"proofs\":[\"0xc000", "\"proofs\":[\"0xc00f");
	const struct ipc_proofs_check *check = fake_expect(&fake->proofs, IPC_PROOFS_CHECK);

	assert_int_equal(check->proofs.data[1], 0x0f);
	fake_settle(fake);
	fake_assert_quiet(fake->ui); /* no password before that is done */
	const struct ipc_proofs_failed failed = {check->request, ERROR_REFUSED, bytes_text("proofs[0]: wrong")};

	fake_send(&fake->proofs, IPC_PROOFS_FAILED, &failed);
	fake_expect_error(fake, 1, -32000, "proofs[0]: wrong");
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
	free(line);
}

static void test_changed_blobs_are_checked_again(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	char *line = ask_with_blob(fake, 1);

	approve(fake, line, "\"blobs\":[\"0x00", "\"blobs\":[\"0x11");
	const struct ipc_proofs_check *check = fake_expect(&fake->proofs, IPC_PROOFS_CHECK);

	assert_int_equal(check->blobs.data[0], 0x11);
	send_right(fake, check->request);
	assert_int_equal(give_password(fake)->kind, IPC_SIGN_BLOB_TRANSACTION);
	free(line);
}

static void test_a_hash_that_the_ui_changes_is_refused(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	char *line = ask_with_blob(fake, 1);

	approve(fake, line, HASH, "0x01ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff");
	fake_expect_error(fake, 1, -32000, "blobVersionedHashes[0]: blob hash verification failed");
	fake_assert_quiet(fake->proofs.channel);
	free(line);
}

/* ---- nobody waits any more ---- */

static void withdraw(struct fake *fake, uint64_t call)
{
	const struct ipc_gate_withdraw message = {call};

	fake_send(&fake->gate, IPC_GATE_WITHDRAW, &message);
}

static void test_a_caller_who_is_gone_takes_his_proofs_with_him(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`]");
	find_account(fake);
	uint64_t request = ((const struct ipc_proofs_compute *)fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE))->request;

	withdraw(fake, 1);
	assert_int_equal(((const struct ipc_proofs_withdraw *)fake_expect(&fake->proofs, IPC_PROOFS_WITHDRAW))->request, request);
	send_computed(fake, request, 1); /* it was under way */
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
	char *line = ask_with_blob(fake, 2); /* life goes on */

	free(line);
}

static void test_gone_while_changes_are_checked(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	char *line = ask_with_blob(fake, 1);

	approve(fake, line, "\"blobs\":[\"0x00", "\"blobs\":[\"0x11");
	uint64_t request = ((const struct ipc_proofs_check *)fake_expect(&fake->proofs, IPC_PROOFS_CHECK))->request;

	withdraw(fake, 1);
	fake_expect(&fake->proofs, IPC_PROOFS_WITHDRAW);
	send_right(fake, request);
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
	fake_assert_quiet(fake->ui);
	free(line);
}

static void test_others_are_served_while_proofs_works(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`]");
	find_account(fake);
	fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE);
	fake_call(fake, 2, "account_version", "[]");
	fake_expect_result(fake, 2, "\"6.1.0\"");
}

/* ---- a proofs process that is broken ---- */

static void assert_broken(struct fake *fake, const char *logged)
{
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, logged));
	assert_true(fake_logged(fake, "nothing more is signed"));
}

static void test_proofs_that_dies(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`]");
	find_account(fake);
	fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE);
	fake_die(&fake->proofs);
	fake_expect_error(fake, 1, -32000, "the signer is ending");
	assert_broken(fake, "the process 'proofs' ended with status 0");
}

static void test_proofs_that_dies_idle(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake_die(&fake->proofs);
	assert_broken(fake, "the process 'proofs' ended with status 0");
}

static void test_proofs_that_is_ready_twice(void **state)
{
	const struct ipc_proofs_ready ready = {7};
	struct fake *fake = *state;

	fake_start(fake);
	fake_send(&fake->proofs, IPC_PROOFS_READY, &ready);
	assert_broken(fake, "sent PROOFS_READY twice");
}

static void test_proofs_that_poses_as_keys(void **state)
{
	const struct ipc_keys_signed message = {.request = 1};
	struct fake *fake = *state;

	fake_start(fake);
	fake_send(&fake->proofs, IPC_KEYS_SIGNED, &message);
	assert_broken(fake, "'proofs' sent a message that this role may not send");
}

static void test_an_answer_to_another_question(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`]");
	find_account(fake);
	send_right(fake, ((const struct ipc_proofs_compute *)fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE))->request);
	assert_broken(fake, "sent an answer to another question");
}

static void test_an_answer_of_a_wrong_size(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	call_with(fake, 1, ",\"blobs\":[`],\"blobVersion\":1");
	find_account(fake);
	send_computed(fake, ((const struct ipc_proofs_compute *)fake_expect(&fake->proofs, IPC_PROOFS_COMPUTE))->request, 127);
	fake_expect_error(fake, 1, -32603, "do not fit");
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
}

int main(int count, char *words[])
{
	int status;

	if (fake_role_main(count, words, &status))
		return status;
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fake_open, fake_close)
	    TEST(test_blobs_alone),
	    TEST(test_what_is_asked_and_signed),
	    TEST(test_given_proofs_are_checked_before_anybody_is_asked),
	    TEST(test_hashes_alone_need_no_proofs),
	    TEST(test_unknown_accounts_cost_no_proofs),
	    TEST(test_changed_proofs_are_checked_again),
	    TEST(test_changed_blobs_are_checked_again),
	    TEST(test_a_hash_that_the_ui_changes_is_refused),
	    TEST(test_a_caller_who_is_gone_takes_his_proofs_with_him),
	    TEST(test_gone_while_changes_are_checked),
	    TEST(test_others_are_served_while_proofs_works),
	    TEST(test_proofs_that_dies),
	    TEST(test_proofs_that_dies_idle),
	    TEST(test_proofs_that_is_ready_twice),
	    TEST(test_proofs_that_poses_as_keys),
	    TEST(test_an_answer_to_another_question),
	    TEST(test_an_answer_of_a_wrong_size),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
