/* Roles that are broken or taken over, callers that want too much, and how core starts and ends. Nothing goes on when a role breaks the rules. */
#include "fake_roles.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "core/listen.h"
#include "core/signer.h"

#define ADDRESS "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define MIB     ((size_t)1 << 20)

static void assert_broken(struct fake *fake, const char *logged)
{
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, logged));
	assert_true(fake_logged(fake, "nothing more is signed"));
}

/* ---- being ready ---- */

static void test_the_ui_is_told_when_all_are_ready(void **state)
{
	const struct ipc_gate_ready gate_ready = {7};
	const struct ipc_keys_ready keys_ready = {7, 0};
	struct fake *fake = *state;

	fake_start_unready(fake);
	fake_send(&fake->gate, IPC_GATE_READY, &gate_ready);
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
	fake_send(&fake->keys, IPC_KEYS_READY, &keys_ready);
	assert_non_null(
	    strstr(fake_ui_expect(fake, "ui_onSignerStartup"), "\"extapi_version\":\"6.1.0\",\"intapi_version\":\"7.0.1\""));
	assert_true(fake_logged(fake, "memfd_secret"));
}

static void test_a_gate_that_is_ready_twice(void **state)
{
	const struct ipc_gate_ready ready = {7};
	struct fake *fake = *state;

	fake_start_unready(fake);
	fake_send(&fake->gate, IPC_GATE_READY, &ready);
	fake_send(&fake->gate, IPC_GATE_READY, &ready);
	assert_broken(fake, "sent GATE_READY twice");
	fake_assert_quiet(fake->ui); /* one of them did not count for keys */
}

static void test_keys_that_is_ready_twice(void **state)
{
	const struct ipc_keys_ready ready = {7, 1};
	struct fake *fake = *state;

	fake_start(fake);
	fake_send(&fake->keys, IPC_KEYS_READY, &ready);
	assert_broken(fake, "sent KEYS_READY twice");
}

static void test_what_the_roles_are_told(void **state)
{
	struct fake *fake = *state;

	fake->options.light_kdf = true;
	fake_start_unready(fake);
	const struct ipc_keys_config *keys = (const void *)fake->keys.message;
	const struct ipc_gate_config *gate = (const void *)fake->gate.message;

	assert_int_equal(keys->have, IPC_KEYS_HAVE_INDEX | IPC_KEYS_HAVE_KEYSTORE);
	assert_int_equal(keys->light, 1);
	assert_bytes_equal(keys->keystore, bytes_text(fake->keystore));
	assert_int_equal(gate->transport, IPC_TRANSPORT_UNIX);
}

/* ---- broken roles ---- */

static void test_a_role_that_dies(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake_call(fake, 1, "account_list", "[]");
	fake_expect(&fake->keys, IPC_KEYS_LIST);
	fake_die(&fake->keys);
	fake_expect_error(fake, 1, -32000, "the signer is ending");
	assert_broken(fake, "the process 'keys' ended with status 0");
}

static void test_a_gate_that_dies(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake_die(&fake->gate);
	assert_broken(fake, "the process 'gate (unix socket)' ended with status 0");
	assert_int_equal(access(fake->configdir, F_OK), 0);
	char path[96];

	snprintf(path, sizeof(path), "%s/clef.ipc", fake->configdir);
	assert_int_equal(access(path, F_OK), -1);
}

static void send_raw(const struct fake_role *role, struct bytes bytes)
{
	assert_int_equal(send(role->channel, bytes.data, bytes.size, MSG_NOSIGNAL), bytes.size);
}

static void test_a_gate_that_poses_as_keys(void **state)
{
	struct ipc_keys_signed message = {.request = 1};
	struct fake *fake = *state;

	fake_start(fake);
	fake_send(&fake->gate, IPC_KEYS_SIGNED, &message);
	assert_broken(fake, "'gate (unix socket)' sent a message that this role may not send");
}

static void test_keys_that_sends_garbage(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	send_raw(&fake->keys, LITERAL("\x00\x00\x00\x00garbage"));
	assert_broken(fake, "'keys' sent a message of unknown type");
}

static uint64_t list_request(struct fake *fake, uint64_t call)
{
	fake_call(fake, call, "account_list", "[]");
	return ((const struct ipc_keys_list *)fake_expect(&fake->keys, IPC_KEYS_LIST))->request;
}

static void test_an_answer_to_another_question(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	const struct ipc_keys_signed message = {list_request(fake, 1), bytes_text("x")};

	fake_send(&fake->keys, IPC_KEYS_SIGNED, &message);
	assert_broken(fake, "'keys' sent an answer to another question");
}

static void test_a_secret_was_read_that_nobody_gave(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	const struct ipc_keys_secret_read message = {list_request(fake, 1)};

	fake_send(&fake->keys, IPC_KEYS_SECRET_READ, &message);
	assert_broken(fake, "'keys' sent an answer to another question");
}

static void test_answers_to_nobody_are_ignored(void **state)
{
	const struct ipc_keys_signed message = {77, bytes_text("x")};
	const struct ipc_keys_secret_read read_message = {78};
	struct fake *fake = *state;

	fake_start(fake);
	fake_send(&fake->keys, IPC_KEYS_SIGNED, &message);
	fake_send(&fake->keys, IPC_KEYS_SECRET_READ, &read_message);
	fake_settle(fake);
}

static void test_a_malformed_list_of_accounts(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	const struct ipc_keys_accounts message = {list_request(fake, 1), bytes_text("xyz")};

	fake_send(&fake->keys, IPC_KEYS_ACCOUNTS, &message);
	fake_expect_error(fake, 1, -32603, "the list of accounts is malformed");
	fake_assert_quiet(fake->ui);
}

static void test_failures_of_any_kind(void **state)
{
	static const struct {
		uint64_t kind;
		int code;
	} cases[] = {{ERROR_PASSWORD, -32000}, {ERROR_REFUSED, -32000}, {ERROR_CUSTOM, -32603}, {ERROR_NONE, -32603},
	    {UINT64_MAX, -32603}};
	struct fake *fake = *state;

	fake_start(fake);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct ipc_keys_failed message = {list_request(fake, i), cases[i].kind, bytes_text("because \"\x1b")};

		fake_send(&fake->keys, IPC_KEYS_FAILED, &message);
		fake_expect_error(fake, i, cases[i].code, "because \\\"\\u001b");
	}
}

static void test_a_malformed_signature(void **state)
{
	static const size_t sizes[] = {0, 64, 66};
	struct fake *fake = *state;
	uint8_t bytes[66] = {0};

	fake_start(fake);
	bytes[64] = 2; /* with 65 bytes: no parity */
	for (size_t i = 0; i < 4; i++) {
		fake_call(fake, i, "account_signData", "[\"text/plain\",\"" ADDRESS "\",\"0x00\"]");
		const struct ipc_keys_found found = {
		    ((const struct ipc_keys_find *)fake_expect(&fake->keys, IPC_KEYS_FIND))->request, 1, bytes_text("/k")};

		fake_send(&fake->keys, IPC_KEYS_FOUND, &found);
		fake_ui_answer(fake, fake_ui_expect(fake, "ui_approveSignData"), "{\"approved\":true}");
		fake_ui_answer(fake, fake_ui_expect(fake, "ui_onInputRequired"), "{\"text\":\"x\"}");
		const struct ipc_keys_signed message = {
		    ((const struct ipc_keys_sign *)fake_expect(&fake->keys, IPC_KEYS_SIGN))->request,
		    bytes_of(bytes, i < 3 ? sizes[i] : 65)};

		fake_send(&fake->keys, IPC_KEYS_SIGNED, &message);
		fake_expect_error(fake, i, -32603, "malformed signature");
		fake_ui_expect(fake, "ui_showError");
	}
}

/* ---- callers ---- */

static void test_what_a_caller_may_say(void **state)
{
	static const struct {
		const char *method, *params;
		int code;
		const char *part;
	} cases[] = {
	    {"account_version", "[1]", -32602, "too many arguments, want at most 0"},
	    {"account_version", "{}", -32602, "non-array args"},
	    {"account_version", "nonsense", -32602, "no JSON"},
	    {"account_version", "[", -32602, "no JSON"},
	    {"account_signData", "[]", -32602, "missing value for required argument 0"},
	    {"account_signData", "[\"text/plain\"]", -32602, "missing value for required argument 1"},
	    {"clef_setChainId", "[5]", -32601, "does not exist/is not available"},
	    {"clef_export", "[\"" ADDRESS "\"]", -32601, "does not exist/is not available"},
	    {"x\x1b\"\n", "[]", -32601, "the method x\\u001b\\\"\\n does not exist"},
	    {"", "[]", -32601, "does not exist"},
	};
	struct fake *fake = *state;

	fake_start(fake);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fake_call(fake, i, cases[i].method, cases[i].params);
		fake_expect_error(fake, i, cases[i].code, cases[i].part);
	}
	fake_call(fake, 99, "account_version", "null");
	fake_expect_result(fake, 99, "\"6.1.0\"");
	fake_call(fake, 100, "account_version", "");
	fake_expect_result(fake, 100, "\"6.1.0\"");
}

static void test_large_requests_share_the_memory(void **state)
{
	struct fake *fake = *state;
	struct buf params BUF_CLEANUP = BUF_INIT(8 * MIB);
	unsigned taken = 0;

	fake_start(fake);
	buf_put_text(&params, "[\"text/plain\",\"" ADDRESS "\",\"0x");
	memset(buf_reserve(&params, 5 * MIB), '0', 5 * MIB);
	buf_commit(&params, 5 * MIB);
	buf_put_text(&params, "\"]");
	for (uint64_t i = 0; i < 40; i++)
		fake_call(fake, i, "account_signData", buf_text(&params));
	/* Those that are taken wait for keys, which says nothing; the others are refused. */
	for (uint64_t i = 0; i < 40; i++) {
		if (taken < 6) {
			fake_expect(&fake->keys, IPC_KEYS_FIND);
			taken++;
		} else {
			fake_expect_error(fake, i, -32000, "too many requests wait already");
		}
	}
	fake_call(fake, 50, "account_version", "[]"); /* small ones go on */
	fake_expect_result(fake, 50, "\"6.1.0\"");
	const struct ipc_gate_withdraw gone = {3};

	fake_send(&fake->gate, IPC_GATE_WITHDRAW, &gone);
	fake_expect(&fake->keys, IPC_KEYS_WITHDRAW);
	fake_call(fake, 51, "account_signData", buf_text(&params));
	fake_expect(&fake->keys, IPC_KEYS_FIND);
}

static void withdraw(struct fake *fake, uint64_t call)
{
	const struct ipc_gate_withdraw message = {call};

	fake_send(&fake->gate, IPC_GATE_WITHDRAW, &message);
}

/* One connection cannot take the places of all; what needs no person is always served. */
static void test_very_many_requests(void **state)
{
	struct fake *fake = *state;
	uint64_t call = 0;

	fake_start(fake);
	for (fake->connection = 1; fake->connection <= SIGNER_GATE_MAX / SIGNER_CONNECTION_MAX; fake->connection++) {
		for (uint64_t i = 0; i < SIGNER_CONNECTION_MAX; i++)
			fake_call(fake, call++, "account_list", "[]");
		fake_call(fake, 9999, "account_list", "[]");
		fake_expect_error(fake, 9999, -32000, "too many requests wait already");
	}
	fake->connection = 77;
	fake_call(fake, 9999, "account_list", "[]");
	fake_expect_error(fake, 9999, -32000, "too many requests wait already");
	fake_settle(fake);
	withdraw(fake, 5);
	fake_call(fake, 5, "account_list", "[]");
	fake_call(fake, 9999, "account_list", "[]");
	fake_expect_error(fake, 9999, -32000, "too many requests wait already");
	for (uint64_t i = 0; i < call; i++)
		withdraw(fake, i);
	fake_call(fake, 10000, "account_list", "[]");
	fake_settle(fake);
}

/* All who wait for the list of accounts get the same one; who left the line gets none. */
static void test_many_listings_are_one(void **state)
{
	const struct ipc_keys_accounts none = {0};
	struct fake *fake = *state;
	char lines[3][512];

	fake_start(fake);
	for (uint64_t i = 1; i <= 5; i++)
		fake_call(fake, i, "account_list", "[]");
	struct ipc_keys_accounts accounts = none;

	accounts.request = ((const struct ipc_keys_list *)fake_expect(&fake->keys, IPC_KEYS_LIST))->request;
	withdraw(fake, 1);
	withdraw(fake, 3);
	fake_settle(fake);
	fake_assert_quiet(fake->keys.channel);
	fake_send(&fake->keys, IPC_KEYS_ACCOUNTS, &accounts);
	for (int i = 0; i < 3; i++)
		snprintf(lines[i], sizeof(lines[i]), "%s", fake_ui_expect(fake, "ui_approveListing"));
	fake_settle(fake);
	fake_assert_quiet(fake->ui);
	withdraw(fake, 4);
	fake_ui_answer(fake, lines[2], "{\"accounts\":[]}");
	fake_expect_result(fake, 5, "[]");
	fake_ui_answer(fake, lines[0], "{\"accounts\":[]}");
	fake_expect_result(fake, 2, "[]");
	fake_call(fake, 6, "account_list", "[]"); /* a new one: the accounts may have changed */
	fake_expect(&fake->keys, IPC_KEYS_LIST);
}

/* ---- the end ---- */

static double now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool socket_is_there(const struct fake *fake)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/clef.ipc", fake->configdir);
	return access(path, F_OK) == 0;
}

static void test_ending_on_a_signal(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	assert_true(socket_is_there(fake));
	list_request(fake, 1);
	kill(fake->core, SIGTERM);
	fake_expect_error(fake, 1, -32000, "the signer is ending");
	fake_expect(&fake->gate, IPC_GATE_STOP);
	fake_call(fake, 2, "account_list", "[]");
	fake_expect_error(fake, 2, -32000, "the signer is ending");
	fake_die(&fake->gate);
	assert_int_equal(fake_wait(fake), 0);
	assert_false(socket_is_there(fake));
}

/* Freeing what is left must not be mistaken for roles that died. */
static void test_an_orderly_end_is_no_error(void **state)
{
	struct fake *fake = *state;
	char log[96];

	fake_start(fake);
	kill(fake->core, SIGINT);
	fake_expect(&fake->gate, IPC_GATE_STOP);
	close(fake->ui);
	fake->ui = -1;
	fake_die(&fake->gate);
	assert_int_equal(fake_wait(fake), 0);
	snprintf(log, sizeof(log), "%s/stderr", fake->top);
	struct buf text BUF_CLEANUP = BUF_INIT(MIB);
	FILE *file = fopen(log, "r");

	assert_non_null(file);
	buf_commit(&text, fread(buf_reserve(&text, 65536), 1, 65536, file));
	fclose(file);
	assert_null(strstr(buf_text(&text), "nothing more is signed"));
}

static void test_a_gate_that_does_not_stop(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	double begin = now();

	kill(fake->core, SIGINT);
	assert_int_equal(fake_wait(fake), 0);
	assert_true(now() - begin < 6);
}

static void test_in_a_hurry(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	double begin = now();

	kill(fake->core, SIGINT);
	fake_expect(&fake->gate, IPC_GATE_STOP);
	kill(fake->core, SIGINT);
	assert_int_equal(fake_wait(fake), 0);
	assert_true(now() - begin < 1.9); /* without waiting for the gate */
}

/* ---- starts that fail ---- */

static void assert_no_start(struct fake *fake, const char *part)
{
	fake_run(fake);
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, part));
	assert_false(socket_is_there(fake));
}

static void test_an_audit_log_that_cannot_be(void **state)
{
	struct fake *fake = *state;

	fake->options.audit_log = "/dev/full";
	assert_no_start(fake, "the audit log cannot be written");
}

static void test_a_password_file_that_is_not_there(void **state)
{
	struct fake *fake = *state;

	fake->options.password_file = "/nowhere/password";
	assert_no_start(fake, "cannot open --password-file /nowhere/password");
}

static void test_folders_that_cannot_be(void **state)
{
	struct fake *fake = *state;

	assert_int_equal(mkdir(fake->configdir, 0700), 0);
	close(open(fake->keystore, O_CREAT | O_WRONLY, 0600));
	assert_no_start(fake, "the keystore: cannot open the folder");
	fake->options.configdir = "/nowhere/conf";
	assert_no_start(fake, "cannot make the folder /nowhere/conf (--configdir)");
}

static void test_a_port_in_use(void **state)
{
	struct fake *fake = *state;
	struct error error;
	uint16_t port;
	int fd;

	assert_true(listen_tcp("127.0.0.1", 0, &fd, &port, &error));
	fake->options.http = true;
	fake->options.http_addr = "127.0.0.1";
	fake->options.http_port = port;
	fake->options.http_vhosts = "localhost";
	assert_no_start(fake, "cannot listen on 127.0.0.1 port");
	close(fd);
}

/* Two roles run already when the third cannot be started. */
static void test_a_start_that_fails_half_way(void **state)
{
	struct fake *fake = *state;
	static char vhosts[40001];

	memset(vhosts, 'a', sizeof(vhosts) - 1);
	fake->options.http = true;
	fake->options.http_addr = "127.0.0.1";
	fake->options.http_vhosts = vhosts;
	assert_no_start(fake, "--http.vhosts is longer than");
}

static void test_a_second_signer(void **state)
{
	struct fake *fake = *state, *second;
	char configdir[64];

	fake_start(fake);
	assert_int_equal(fake_open((void **)&second), 0);
	snprintf(configdir, sizeof(configdir), "%s", fake->configdir);
	second->options.configdir = configdir;
	fake_run(second);
	assert_int_equal(fake_wait(second), 1);
	assert_true(fake_logged(second, "another signer listens on"));
	fake_close((void **)&second);
	assert_true(socket_is_there(fake));
	fake_settle(fake);
}

#define FAKE(test) cmocka_unit_test_setup_teardown(test, fake_open, fake_close)

int main(int count, char *words[])
{
	int status;
	const struct CMUnitTest tests[] = {
	    FAKE(test_the_ui_is_told_when_all_are_ready),
	    FAKE(test_a_gate_that_is_ready_twice),
	    FAKE(test_keys_that_is_ready_twice),
	    FAKE(test_what_the_roles_are_told),
	    FAKE(test_a_role_that_dies),
	    FAKE(test_a_gate_that_dies),
	    FAKE(test_a_gate_that_poses_as_keys),
	    FAKE(test_keys_that_sends_garbage),
	    FAKE(test_an_answer_to_another_question),
	    FAKE(test_a_secret_was_read_that_nobody_gave),
	    FAKE(test_answers_to_nobody_are_ignored),
	    FAKE(test_a_malformed_list_of_accounts),
	    FAKE(test_failures_of_any_kind),
	    FAKE(test_a_malformed_signature),
	    FAKE(test_what_a_caller_may_say),
	    FAKE(test_large_requests_share_the_memory),
	    FAKE(test_very_many_requests),
	    FAKE(test_many_listings_are_one),
	    FAKE(test_ending_on_a_signal),
	    FAKE(test_an_orderly_end_is_no_error),
	    FAKE(test_a_gate_that_does_not_stop),
	    FAKE(test_in_a_hurry),
	    FAKE(test_an_audit_log_that_cannot_be),
	    FAKE(test_a_password_file_that_is_not_there),
	    FAKE(test_folders_that_cannot_be),
	    FAKE(test_a_port_in_use),
	    FAKE(test_a_start_that_fails_half_way),
	    FAKE(test_a_second_signer),
	};

	if (fake_role_main(count, words, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
