/* The role `keys` and a UI that attaches to the running signer: it brings a pipe for passwords, and takes it away again. */
#include "role.h"

#include <fcntl.h>
#include <sys/socket.h>

static const struct role_fds no_fds = {0};

static void expect_created(struct role *role)
{
	struct ipc_keys_secret_read read_message;
	struct ipc_keys_created created;

	role_expect(role, IPC_KEYS_SECRET_READ, &read_message);
	role_expect(role, IPC_KEYS_CREATED, &created);
}

static void create_by_pipe(struct role *role, uint64_t request, uint64_t question)
{
	const struct ipc_keys_create message = {.request = request, .source = IPC_SECRET_PIPE, .question = question};

	role_send(role, IPC_KEYS_CREATE, &message);
}

static void test_a_pipe_that_comes_later(void **state)
{
	static const uint8_t secret[] = "\0\0\0\0\0\0\0\x05\0\0\0\x0blongenough1";
	static const struct {
		int type;
		uint64_t packets;
	} kinds[] = {{SOCK_STREAM, 0}, {SOCK_SEQPACKET, 1}};
	struct ipc_keys_secret_drop drop = {0};
	struct role role;

	(void)state;
	role_start(&role, &no_fds);
	for (unsigned i = 0; i < 20; i++) {
		const struct ipc_keys_secret_pipe message = {.packets = kinds[i % 2].packets};
		int pair[2];

		assert_int_equal(socketpair(AF_UNIX, kinds[i % 2].type | SOCK_CLOEXEC, 0, pair), 0);
		role_send_fd(&role, IPC_KEYS_SECRET_PIPE, &message, pair[1]);
		close(pair[1]);
		create_by_pipe(&role, 2 * i, 5);
		assert_int_equal(write(pair[0], secret, sizeof secret - 1), sizeof secret - 1);
		expect_created(&role);
		create_by_pipe(&role, 2 * i + 1, 6);
		/* Another one, or none, ends those who wait at this one. */
		if (i % 3 != 0)
			role_send(&role, IPC_KEYS_SECRET_DROP, &drop);
		else
			role_send_fd(&role, IPC_KEYS_SECRET_PIPE, &message, pair[0]);
		role_expect_failure(&role, 2 * i + 1, ERROR_REFUSED,
		    i % 3 != 0 ? "no password from the UI: it was detached" : "no password from the UI: it began another one");
		close(pair[0]);
	}
	create_by_pipe(&role, 100, 5);
	role_expect_failure(&role, 100, ERROR_REFUSED, "no password: there is no descriptor for secrets");
	role_send(&role, IPC_KEYS_SECRET_DROP, &drop); /* once more: nothing happens */
	role_stop(&role);
}

static void test_what_is_no_pipe_is_not_taken(void **state)
{
	const struct ipc_keys_secret_pipe message = {0};
	struct role role;
	int ends[2];

	(void)state;
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	const int odd[] = {open("/dev/null", O_RDWR | O_CLOEXEC), open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC),
	    open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), ends[1]};

	role_start(&role, &no_fds);
	for (unsigned i = 0; i < sizeof odd / sizeof odd[0]; i++) {
		role_send_fd(&role, IPC_KEYS_SECRET_PIPE, &message, odd[i]);
		close(odd[i]);
		create_by_pipe(&role, i, 5);
		role_expect_failure(&role, i, ERROR_REFUSED, "no password: there is no descriptor for secrets");
	}
	close(ends[0]);
	role_stop(&role);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_pipe_that_comes_later),
	    cmocka_unit_test(test_what_is_no_pipe_is_not_taken),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
