/* Calls of other qubes: whom core lets name one, what it makes of the name, and what the gate is told of user interfaces. */
#include "fake_roles.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define NOT_OURS "calls of qubes are taken from the signer's own user only"
#define NOBODY   65534

static char *socket_path;

static int open_qrexec(void **state)
{
	if (fake_open(state) != 0)
		return -1;
	struct fake *fake = *state;

	if (asprintf(&socket_path, "%s/qrexec/qrexec.sock", fake->top) < 0)
		return -1;
	fake->options.ipc_disable = true;
	fake->options.qrexec_socket = socket_path;
	fake->connection = 5;
	fake->qube = "work";
	return 0;
}

static int close_qrexec(void **state)
{
	int status = fake_close(state);

	free(socket_path);
	return status;
}

static void expect_ui_state(struct fake *fake, uint64_t attached)
{
	assert_int_equal(((const struct ipc_gate_ui *)fake_expect(&fake->gate, IPC_GATE_UI))->attached, attached);
}

static void start(struct fake *fake)
{
	fake_start(fake);
	expect_ui_state(fake, 1);
}

/* As the gate does with a connection: its other end is whoever made the pair, as the kernel tells. */
static void connect_from(struct fake *fake, uid_t uid)
{
	int pair[2];

	assert_int_equal(seteuid(uid), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	assert_int_equal(seteuid(getuid()), 0);
	fake_open_connection(fake, pair[0]);
	close(pair[0]);
	close(pair[1]);
}

static void expect_refused(struct fake *fake)
{
	fake_call(fake, 1, "account_new", "[]");
	fake_expect_error(fake, 1, -32000, NOT_OURS);
	/* Not even what needs nobody is told. */
	fake_call(fake, 2, "account_version", "[]");
	fake_expect_error(fake, 2, -32000, NOT_OURS);
	fake_assert_quiet(fake->ui);
	fake_assert_quiet(fake->keys.channel);
	assert_true(fake_logged(fake, "not known to come from a process of this user"));
}

static void test_the_gate_is_told_when_all_serve(void **state)
{
	const struct ipc_gate_ready gate_ready = {7};
	const struct ipc_keys_ready keys_ready = {7, 1};
	struct fake *fake = *state;

	fake_start_unready(fake);
	assert_int_equal(((const struct ipc_gate_config *)(const void *)fake->gate.message)->transport, IPC_TRANSPORT_QREXEC);
	fake_send(&fake->gate, IPC_GATE_READY, &gate_ready);
	usleep(50000);
	fake_assert_quiet(fake->gate.channel);
	fake_send(&fake->keys, IPC_KEYS_READY, &keys_ready);
	expect_ui_state(fake, 1);
}

static void test_the_gate_is_told_that_the_ui_left(void **state)
{
	struct fake *fake = *state;

	start(fake);
	shutdown(fake->ui, SHUT_RDWR);
	expect_ui_state(fake, 0);
}

static void test_a_process_of_ours_may_name_a_qube(void **state)
{
	struct fake *fake = *state;
	char peer[96];

	start(fake);
	connect_from(fake, getuid());
	fake_call(fake, 1, "account_new", "[]");
	const char *line = fake_ui_expect(fake, "ui_approveNewAccount");

	/* The gate said "NA": core makes the address from the name. */
	assert_non_null(strstr(line, "\"remote\":\"qube:work\""));
	assert_non_null(strstr(line, "\"scheme\":\"qrexec\""));
	snprintf(peer, sizeof(peer), "\"peer\":{\"uid\":%u,\"pid\":%d,\"qube\":\"work\"}", (unsigned)getuid(), getpid());
	assert_non_null(strstr(line, peer));
	fake_ui_answer(fake, line, "{\"approved\":false}");
	fake_expect_error(fake, 1, -32000, "");
}

static void test_a_process_of_another_user(void **state)
{
	struct fake *fake = *state;

	if (getuid() != 0)
		skip();
	start(fake);
	connect_from(fake, NOBODY);
	expect_refused(fake);
}

/* Its descriptor was lost on the way. */
static void test_a_connection_that_core_never_saw(void **state)
{
	struct fake *fake = *state;

	start(fake);
	connect_from(fake, getuid());
	fake->connection++;
	expect_refused(fake);
}

static void test_a_connection_that_has_ended(void **state)
{
	struct ipc_gate_closed closed = {5};
	struct fake *fake = *state;

	start(fake);
	connect_from(fake, getuid());
	fake_settle(fake);
	fake_send(&fake->gate, IPC_GATE_CLOSED, &closed);
	expect_refused(fake);
}

/* ---- gates that are taken over ---- */

static void assert_broken(struct fake *fake)
{
	assert_int_equal(fake_wait(fake), 1);
	assert_true(fake_logged(fake, "sent a call with the name of a qube that is not its to give"));
	fake_assert_quiet(fake->ui);
}

static void call_as(struct fake *fake, const char *qube)
{
	start(fake);
	connect_from(fake, getuid());
	fake->qube = qube;
	fake_call(fake, 1, "account_new", "[]");
	assert_broken(fake);
}

static void test_a_call_without_a_qube(void **state)
{
	call_as(*state, "");
}

static void test_a_qube_that_cannot_exist(void **state)
{
	call_as(*state, "../vault");
}

static void test_the_gate_of_clef_ipc_names_a_qube(void **state)
{
	struct fake *fake = *state;

	fake_start(fake);
	fake->qube = "work";
	fake_call(fake, 1, "account_new", "[]");
	assert_broken(fake);
}

#define QREXEC(test) cmocka_unit_test_setup_teardown(test, open_qrexec, close_qrexec)

int main(int count, char *words[])
{
	int status;
	const struct CMUnitTest tests[] = {
	    QREXEC(test_the_gate_is_told_when_all_serve),
	    QREXEC(test_the_gate_is_told_that_the_ui_left),
	    QREXEC(test_a_process_of_ours_may_name_a_qube),
	    QREXEC(test_a_process_of_another_user),
	    QREXEC(test_a_connection_that_core_never_saw),
	    QREXEC(test_a_connection_that_has_ended),
	    QREXEC(test_a_call_without_a_qube),
	    QREXEC(test_a_qube_that_cannot_exist),
	    cmocka_unit_test_setup_teardown(test_the_gate_of_clef_ipc_names_a_qube, fake_open, fake_close),
	};

	if (fake_role_main(count, words, &status))
		return status;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
