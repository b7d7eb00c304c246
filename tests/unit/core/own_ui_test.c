/* core with its own terminal UI: withdrawals are said, the terminal is lent to keys for a password and comes back, and without the UI all ends. */
#include "fake_roles.h"

#include <signal.h>

#define ADDRESS   "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define SIGN_DATA "[\"text/plain\",\"" ADDRESS "\",\"0x68656c6c6f\"]"

static int open_with_own_ui(void **state)
{
	if (fake_open(state) != 0)
		return -1;
	((struct fake *)*state)->options.stdio_ui = false;
	return 0;
}

static unsigned long long ask_to_sign(struct fake *fake, uint64_t call)
{
	fake_call(fake, call, "account_signData", SIGN_DATA);
	const struct ipc_keys_found found = {
	    ((const struct ipc_keys_find *)fake_expect(&fake->keys, IPC_KEYS_FIND))->request, 1, bytes_text("/k")};

	fake_send(&fake->keys, IPC_KEYS_FOUND, &found);
	return fake_ui_id(fake_ui_expect(fake, "ui_approveSignData"));
}

static void withdraw(struct fake *fake, uint64_t call)
{
	const struct ipc_gate_withdraw message = {call};

	fake_send(&fake->gate, IPC_GATE_WITHDRAW, &message);
}

static void assert_withdrawn(struct fake *fake, unsigned long long id, const char *reason)
{
	const char *message = fake_ui_expect(fake, "ui_withdraw");
	char part[128];

	snprintf(part, sizeof(part), "\"params\":[{\"id\":%llu,\"request_id\":\"r-", id);
	assert_non_null(strstr(message, part));
	snprintf(part, sizeof(part), "\"reason\":\"%s\"}]", reason);
	assert_non_null(strstr(message, part));
}

static void test_withdrawals_are_said(void **state)
{
	struct fake *fake = *state;

	fake->options.request_timeout_s = 1;
	fake_start(fake);
	unsigned long long first = ask_to_sign(fake, 1), second = ask_to_sign(fake, 2);

	withdraw(fake, 2);
	assert_withdrawn(fake, second, "caller gone");
	fake_expect_error(fake, 1, -32002, "request timed out");
	assert_withdrawn(fake, first, "timeout");
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
}

/* Approves and lends the terminal; the number of the request that keys got. */
static uint64_t lend_terminal(struct fake *fake, uint64_t call)
{
	unsigned long long id = ask_to_sign(fake, call);

	fake_ui_say(fake, "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{\"approved\":true}}\n", id);
	fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), "{\"text\":\"\",\"terminal\":true}");
	const struct ipc_keys_sign *sign = fake_expect(&fake->keys, IPC_KEYS_SIGN);

	assert_int_equal(sign->source, IPC_SECRET_TERMINAL);
	assert_int_equal(sign->secret.size, 0);
	assert_true(sign->prompt.size > 0);
	return sign->request;
}

static void test_the_terminal_comes_back_when_the_password_was_read(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	const struct ipc_keys_secret_read message = {lend_terminal(fake, 1)};
	const struct ipc_keys_failed failed = {message.request, ERROR_PASSWORD, bytes_text("wrong")};

	fake_settle(fake);
	fake_assert_quiet(fake->ui);
	fake_send(&fake->keys, IPC_KEYS_SECRET_READ, &message);
	fake_ui_expect(fake, "ui_resume");
	fake_send(&fake->keys, IPC_KEYS_SECRET_READ, &message); /* said twice, it comes back once */
	fake_send(&fake->keys, IPC_KEYS_FAILED, &failed);
	fake_ui_expect(fake, "ui_showError");
	fake_expect_error(fake, 1, -32000, "wrong");
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
}

static void test_the_terminal_comes_back_on_every_way_out(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	uint64_t request = lend_terminal(fake, 1);
	const struct ipc_keys_failed failed = {request, ERROR_REFUSED, bytes_text("end of file")};

	fake_send(&fake->keys, IPC_KEYS_FAILED, &failed); /* without KEYS_SECRET_READ */
	fake_ui_expect(fake, "ui_resume");
	fake_ui_expect(fake, "ui_showError");
	fake_expect_error(fake, 1, -32000, "end of file");
	lend_terminal(fake, 2);
	withdraw(fake, 2);
	fake_expect(&fake->keys, IPC_KEYS_WITHDRAW);
	fake_ui_expect(fake, "ui_showInfo");
	fake_ui_expect(fake, "ui_resume");
}

static void test_a_ui_that_dies_ends_the_signer(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	ask_to_sign(fake, 1);
	fake_die(&fake->own_ui);
	close(fake->ui);
	fake->ui = -1;
	fake_expect_error(fake, 1, -32000, "");
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, "the process 'ui' ended with status 0"));
}

/* Its protocol's channel closes while it lives: nobody could approve anything any more. */
static void test_a_ui_that_closes_its_protocol_ends_the_signer(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	close(fake->ui);
	fake->ui = -1;
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, "the process 'ui' closed its channel"));
}

static void test_a_ui_that_is_ready_twice(void **state)
{
	const struct ipc_ui_ready ready = {7};
	struct fake *fake = *state;

	fake_start(fake);
	fake_send(&fake->own_ui, IPC_UI_READY, &ready);
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, "'ui' sent UI_READY twice"));
}

static void test_the_ui_goes_with_the_signer(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	kill(fake->core, SIGTERM);
	fake_expect(&fake->gate, IPC_GATE_STOP);
	fake_die(&fake->gate);
	uint8_t byte;

	assert_int_equal(recv(fake->own_ui.channel, &byte, 1, 0), 0);
	fake_die(&fake->own_ui);
	assert_int_equal(fake_wait(fake), 0);
}

#define OWN(test) cmocka_unit_test_setup_teardown(test, open_with_own_ui, fake_close)

int main(int count, char *words[])
{
	int status;
	const struct CMUnitTest tests[] = {
	    OWN(test_withdrawals_are_said),
	    OWN(test_the_terminal_comes_back_when_the_password_was_read),
	    OWN(test_the_terminal_comes_back_on_every_way_out),
	    OWN(test_a_ui_that_dies_ends_the_signer),
	    OWN(test_a_ui_that_closes_its_protocol_ends_the_signer),
	    OWN(test_a_ui_that_is_ready_twice),
	    OWN(test_the_ui_goes_with_the_signer),
	};

	if (fake_role_main(count, words, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
