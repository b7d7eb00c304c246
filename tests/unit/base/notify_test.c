/* Notifications to who started us, received as a service manager does. */
#include "testing.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/notify.h"

static char folder[] = "/tmp/clef-notify-XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/n", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	rmdir(folder);
	return 0;
}

static int listen_at(const char *name)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un address;
	struct error error;
	socklen_t size;

	unlink(path);
	assert_true(fd >= 0);
	assert_true(notify_address(name, &address, &size, &error));
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, size), 0);
	return fd;
}

static void assert_received(int listener, const char *expected)
{
	char text[128];
	ssize_t size = recv(listener, text, sizeof(text), 0);

	assert_int_equal(size, (ssize_t)strlen(expected));
	assert_memory_equal(text, expected, strlen(expected));
}

static void try_name(const char *name)
{
	struct notify notify;
	struct error error;
	int listener = listen_at(name);

	setenv("NOTIFY_SOCKET", name, 1);
	assert_true(notify_open(&notify, &error));
	assert_null(getenv("NOTIFY_SOCKET"));
	assert_int_equal(fcntl(notify.fd, F_GETFD), FD_CLOEXEC);
	notify_send(&notify, "READY=1");
	assert_received(listener, "READY=1");
	notify_send(&notify, "STOPPING=1\nSTATUS=ending");
	assert_received(listener, "STOPPING=1\nSTATUS=ending");
	/* Whoever listened is gone: no signal, no error, no waiting. */
	close(listener);
	notify_send(&notify, "STOPPING=1");
	notify_close(&notify);
	assert_int_equal(notify.fd, -1);
	notify_close(&notify);
}

static void test_a_path(void **state)
{
	(void)state;
	try_name(path);
}

static void test_an_abstract_name(void **state)
{
	char name[64];

	(void)state;
	snprintf(name, sizeof(name), "@%s", folder);
	try_name(name);
}

static void test_nobody_wants_to_know(void **state)
{
	struct notify notify;
	struct error error;

	(void)state;
	unsetenv("NOTIFY_SOCKET");
	assert_true(notify_open(&notify, &error));
	notify_send(&notify, "READY=1");
	notify_close(&notify);
	setenv("NOTIFY_SOCKET", "", 1);
	assert_true(notify_open(&notify, &error));
	assert_int_equal(notify.fd, -1);
}

static void test_names_that_cannot_be(void **state)
{
	char longer[200];
	const char *names[] = {"@", "relative", "vsock:2:1234", "/nonexistent/clef/notify", longer};

	(void)state;
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = 0;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct notify notify;
		struct error error = {0};

		setenv("NOTIFY_SOCKET", names[i], 1);
		assert_false(notify_open(&notify, &error));
		assert_int_equal(notify.fd, -1);
		assert_non_null(strstr(error.text, "NOTIFY_SOCKET"));
		assert_null(getenv("NOTIFY_SOCKET"));
	}
}

/* A listener that reads nothing holds us up for a moment only. */
static void test_a_listener_that_is_busy(void **state)
{
	struct notify notify;
	struct error error;
	int listener = listen_at(path);

	(void)state;
	setenv("NOTIFY_SOCKET", path, 1);
	assert_true(notify_open(&notify, &error));
	int flags = fcntl(notify.fd, F_GETFL);

	fcntl(notify.fd, F_SETFL, flags | O_NONBLOCK);
	for (int i = 0; i < 100000 && send(notify.fd, "x", 1, 0) == 1; i++)
		continue;
	fcntl(notify.fd, F_SETFL, flags);
	notify_send(&notify, "READY=1"); /* returns, or the test's time is over */
	notify_close(&notify);
	close(listener);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_path),
	    cmocka_unit_test(test_an_abstract_name),
	    cmocka_unit_test(test_nobody_wants_to_know),
	    cmocka_unit_test(test_names_that_cannot_be),
	    cmocka_unit_test(test_a_listener_that_is_busy),
	};
	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
