/* The sockets that callers connect to: a second signer never takes the first one's socket away, and nobody else's file is removed. */
#include "../base/testing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "core/listen.h"

static char top[] = "/tmp/clef-listen-XXXXXX";
static char folder[64], path[80];

static int make_folder(void **state)
{
	(void)state;
	memcpy(top + sizeof(top) - 7, "XXXXXX", 6);
	if (mkdtemp(top) == NULL)
		return -1;
	snprintf(folder, sizeof(folder), "%s/signer", top);
	snprintf(path, sizeof(path), "%s/clef.ipc", folder);
	umask(022);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	if (unlink(path) != 0)
		rmdir(path);
	rmdir(folder);
	return rmdir(top);
}

static bool can_connect(void)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	bool ok = connect(fd, (struct sockaddr *)&name, sizeof(name)) == 0;

	close(fd);
	return ok;
}

/* A socket file of a type; `backlog` below 0: nobody listens. */
static int other_socket(int type, int backlog)
{
	struct sockaddr_un name = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	mkdir(folder, 0700);
	snprintf(name.sun_path, sizeof(name.sun_path), "%s", path);
	assert_int_equal(bind(fd, (struct sockaddr *)&name, sizeof(name)), 0);
	if (backlog >= 0)
		assert_int_equal(listen(fd, backlog), 0);
	return fd;
}

static void test_modes(void **state)
{
	struct listen_unix socket;
	struct error error;
	struct stat info;

	(void)state;
	assert_true(listen_unix_open(folder, &socket, &error));
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0751);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode, S_IFSOCK | 0600);
	assert_string_equal(socket.path, path);
	assert_int_equal(fcntl(socket.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_int_equal(fcntl(socket.folder, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	assert_true(can_connect());
	listen_unix_close(&socket);
	assert_int_equal(access(path, F_OK), -1);
	assert_int_equal(socket.fd, -1);
	listen_unix_close(&socket); /* nothing more to close */
}

/* Not even for a moment, and whatever the umask is. */
static void test_the_mode_does_not_depend_on_the_umask(void **state)
{
	struct listen_unix socket;
	struct error error;
	struct stat info;

	(void)state;
	umask(0);
	assert_true(listen_unix_open(folder, &socket, &error));
	assert_int_equal(umask(022), 0);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode, S_IFSOCK | 0600);
	listen_unix_close(&socket);
}

static void test_a_folder_that_is_there_keeps_its_mode(void **state)
{
	struct listen_unix socket;
	struct error error;
	struct stat info;

	(void)state;
	assert_int_equal(mkdir(folder, 0700), 0);
	assert_true(listen_unix_open(folder, &socket, &error));
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	listen_unix_close(&socket);
}

static void test_folders_on_the_way_are_made(void **state)
{
	char deep[120];
	struct listen_unix socket;
	struct error error;

	(void)state;
	snprintf(deep, sizeof(deep), "%s/a//b/", folder);
	assert_true(listen_unix_open(deep, &socket, &error));
	assert_true(strlen(socket.path) > 0 && strstr(socket.path, "/a//b/clef.ipc") != NULL);
	listen_unix_close(&socket);
	rmdir(deep);
	snprintf(deep, sizeof(deep), "%s/a", folder);
	rmdir(deep);
}

static void test_a_stale_socket_is_replaced(void **state)
{
	struct listen_unix socket;
	struct error error;

	(void)state;
	close(other_socket(SOCK_STREAM, 5));
	assert_int_equal(access(path, F_OK), 0);
	assert_true(listen_unix_open(folder, &socket, &error));
	assert_true(can_connect());
	listen_unix_close(&socket);
}

static void assert_refused(const char *part)
{
	struct listen_unix socket;
	struct error error;

	assert_false(listen_unix_open(folder, &socket, &error));
	assert_non_null(strstr(error.text, part));
	assert_non_null(strstr(error.text, path));
	assert_int_equal(socket.fd, -1);
	assert_int_equal(socket.folder, -1);
	assert_null(socket.path);
}

static void test_the_first_signer_keeps_its_socket(void **state)
{
	struct listen_unix first;
	struct error error;

	(void)state;
	assert_true(listen_unix_open(folder, &first, &error));
	assert_refused("another signer listens");
	assert_true(can_connect());
	listen_unix_close(&first);
}

/* It hangs and its queue is full: connecting to it would wait for ever. */
static void test_a_signer_that_hangs_keeps_its_socket(void **state)
{
	int fd = other_socket(SOCK_STREAM, 0);

	(void)state;
	alarm(20);
	for (int i = 0; i < 5; i++)
		can_connect();
	assert_refused("another signer listens");
	alarm(0);
	close(fd);
}

static void test_a_socket_of_another_kind_stays(void **state)
{
	int fd = other_socket(SOCK_DGRAM, -1);

	(void)state;
	assert_refused("another signer listens");
	assert_int_equal(access(path, F_OK), 0);
	close(fd);
}

static void test_what_is_no_socket_stays(void **state)
{
	struct stat info;

	(void)state;
	assert_int_equal(mkdir(folder, 0700), 0);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	assert_refused("is no socket");
	assert_int_equal(access(path, F_OK), 0);
	unlink(path);
	assert_int_equal(symlink("/tmp", path), 0);
	assert_refused("is no socket");
	assert_int_equal(lstat(path, &info), 0);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_refused("is no socket");
}

static void test_only_our_own_file_is_removed(void **state)
{
	struct listen_unix socket;
	struct error error;

	(void)state;
	assert_true(listen_unix_open(folder, &socket, &error));
	assert_int_equal(unlink(path), 0);
	int other = other_socket(SOCK_STREAM, 5);

	listen_unix_close(&socket);
	assert_true(can_connect());
	close(other);
}

static void test_paths_that_cannot_be(void **state)
{
	char longer[200];
	struct listen_unix socket;
	struct error error;

	(void)state;
	memset(longer, 'x', sizeof(longer));
	longer[0] = '/';
	longer[99] = 0; /* with "/clef.ipc" one byte more than the 107 that a name may have */
	assert_false(listen_unix_open(longer, &socket, &error));
	assert_non_null(strstr(error.text, "107 bytes"));
	assert_int_equal(access(longer, F_OK), -1);
	assert_false(listen_unix_open("", &socket, &error));
	assert_non_null(strstr(error.text, "--ipcpath"));
	assert_int_equal(mkdir(folder, 0700), 0);
	close(open(path, O_CREAT | O_WRONLY, 0644));
	assert_false(listen_unix_open(path, &socket, &error)); /* a file, no folder */
}

static void test_the_longest_path(void **state)
{
	size_t length = 98 - strlen(top) - 1;
	char longest[200];
	struct listen_unix socket;
	struct error error;

	(void)state;
	snprintf(longest, sizeof(longest), "%s/%0*d", top, (int)length, 0);
	assert_int_equal(strlen(longest), 98);
	assert_true(listen_unix_open(longest, &socket, &error));
	listen_unix_close(&socket);
	rmdir(longest);
}

/* Exit status 0: it has the socket and keeps it for a while; 1: refused. */
static _Noreturn void run_starter(int go)
{
	struct listen_unix socket;
	struct error error;
	char byte;

	if (read(go, &byte, 1) != 0) /* all wait for the same moment: the end of file */
		_exit(9);
	if (!listen_unix_open(folder, &socket, &error))
		_exit(strstr(error.text, "another signer") != NULL ? 1 : 2);
	usleep(300000);
	_exit(can_connect() ? 0 : 3);
}

enum { STARTERS = 8 };

static void start_at_once(unsigned *ret_winners, unsigned *ret_losers)
{
	pid_t pids[STARTERS];
	int go[2], status;

	assert_int_equal(pipe2(go, O_CLOEXEC), 0);
	for (int i = 0; i < STARTERS; i++) {
		pids[i] = fork();
		if (pids[i] == 0) {
			close(go[1]);
			run_starter(go[0]);
		}
	}
	close(go[0]);
	close(go[1]);
	*ret_winners = *ret_losers = 0;
	for (int i = 0; i < STARTERS; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		*ret_winners += WIFEXITED(status) && WEXITSTATUS(status) == 0;
		*ret_losers += WIFEXITED(status) && WEXITSTATUS(status) == 1;
	}
}

static void test_of_many_starters_one_wins(void **state)
{
	(void)state;
	for (int round = 0; round < 4; round++) {
		unsigned winners, losers;

		if (round % 2 == 1) /* with a stale socket in the way, and without */
			close(other_socket(SOCK_STREAM, 5));
		start_at_once(&winners, &losers);
		assert_int_equal(winners, 1);
		assert_int_equal(losers, STARTERS - 1);
		unlink(path);
	}
}

/* ---- TCP ---- */

static void test_tcp(void **state)
{
	uint16_t port = 0, again;
	int fd, second;
	struct error error;

	(void)state;
	assert_true(listen_tcp("127.0.0.1", 0, &fd, &port, &error));
	assert_int_not_equal(port, 0);
	assert_false(listen_tcp("127.0.0.1", port, &second, &again, &error));
	assert_non_null(strstr(error.text, "cannot listen on 127.0.0.1 port"));
	close(fd);
	assert_true(listen_tcp("localhost", port, &fd, &again, &error));
	assert_int_equal(again, port);
	close(fd);
}

static void test_tcp_addresses(void **state)
{
	static const char *const bad[] = {"", "256.1.1.1", "no such host", "1.2.3.4", "::1::"};
	struct error error;
	uint16_t port;
	int fd;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_false(listen_tcp(bad[i], 0, &fd, &port, &error));
	if (!listen_tcp("::1", 0, &fd, &port, &error))
		skip(); /* a machine without IPv6 */
	assert_int_not_equal(port, 0);
	close(fd);
}

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_folder, remove_folder)

/* ---- the UI's socket ---- */

static const char *const no_others[] = {NULL};

static void refused_ui(const char *where, const char *const *others, const char *why)
{
	struct listen_unix socket;
	struct error error;

	if (listen_ui_open(where, others, &socket, &error))
		fail_msg("%s was taken", where);
	if (strstr(error.text, why) == NULL)
		fail_msg("%s: %s", where, error.text);
	assert_int_equal(socket.fd, -1);
}

static void test_the_ui_has_a_folder_of_its_own(void **state)
{
	struct listen_unix socket;
	struct error error;
	struct stat info;

	(void)state;
	umask(0);
	assert_true(listen_ui_open(path, no_others, &socket, &error));
	umask(022);
	assert_int_equal(stat(folder, &info), 0);
	assert_int_equal(info.st_mode & 07777, 0700);
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode, S_IFSOCK | 0600);
	assert_string_equal(socket.path, path);
	assert_true(can_connect());
	listen_unix_close(&socket);
	assert_int_equal(access(path, F_OK), -1);
	/* And again, where the folder is there now. */
	assert_true(listen_ui_open(path, no_others, &socket, &error));
	listen_unix_close(&socket);
}

static void test_the_ui_is_not_beside_the_callers(void **state)
{
	const char *const others[] = {"/nowhere/at/all", folder, NULL};
	char link[96];

	(void)state;
	assert_int_equal(mkdir(folder, 0700), 0);
	refused_ui(path, others, "a folder of their own");
	snprintf(link, sizeof(link), "%s/link", top);
	assert_int_equal(symlink(folder, link), 0);
	char through[128];

	snprintf(through, sizeof(through), "%s/socket", link);
	refused_ui(through, others, "a folder of their own");
	unlink(link);
	assert_int_equal(access(path, F_OK), -1);
}

static void test_the_ui_wants_a_folder_that_nobody_else_enters(void **state)
{
	static const mode_t modes[] = {0755, 0710, 0701, 0770, 0500, 01777};

	(void)state;
	assert_int_equal(mkdir(folder, 0700), 0);
	for (size_t i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(folder, modes[i]), 0);
		refused_ui(path, no_others, "expected 0700");
		refused_ui(path, no_others, "such as --ui-socket ~/.clef/ui/ui.sock");
	}
	assert_int_equal(chmod(folder, 0700), 0);
	refused_ui("/socket", no_others, getuid() == 0 ? "expected 0700" : "belongs to another user");
	refused_ui("socket", no_others, "expected the path of a file");
	refused_ui("/tmp/", no_others, "expected the path of a file");
}

/* What belongs to nobody else and is shared with nobody may be closed; a home and root's folders may not. */
static void test_chmod_is_advised_only_where_it_is_harmless(void **state)
{
	struct listen_unix socket;
	struct error error;
	const char *old = getenv("HOME");
	char *home = old != NULL ? strdup(old) : NULL;

	(void)state;
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_false(listen_ui_open(path, no_others, &socket, &error));
	assert_int_equal(strstr(error.text, "chmod 700") != NULL, geteuid() != 0);
	assert_int_equal(setenv("HOME", folder, 1), 0);
	assert_false(listen_ui_open(path, no_others, &socket, &error));
	assert_null(strstr(error.text, "chmod"));
	if (home != NULL)
		setenv("HOME", home, 1);
	else
		unsetenv("HOME");
	free(home);
	assert_int_equal(chmod(folder, 01777), 0);
	refused_ui(path, no_others, "mode 1777");
	assert_false(listen_ui_open(path, no_others, &socket, &error));
	assert_null(strstr(error.text, "chmod"));
	/* The signer's own folder stays wrong, whatever its mode. */
	const char *const others[] = {folder, NULL};

	assert_int_equal(chmod(folder, 0755), 0);
	refused_ui(path, others, "a folder of their own");
}

/* The second one sees the lock of the folder: it does not connect, which would attach it. */
static void test_a_second_ui_socket_does_not_knock(void **state)
{
	struct listen_unix socket;
	struct error error;

	(void)state;
	assert_true(listen_ui_open(path, no_others, &socket, &error));
	refused_ui(path, no_others, "another signer holds");
	assert_int_equal(accept(socket.fd, NULL, NULL), -1);
	assert_int_equal(errno, EAGAIN);
	listen_unix_close(&socket);
	assert_true(listen_ui_open(path, no_others, &socket, &error));
	listen_unix_close(&socket);
}

static void test_what_is_at_the_place_of_the_ui_socket(void **state)
{
	struct listen_unix socket;
	struct error error;

	(void)state;
	close(other_socket(SOCK_STREAM, -1));
	assert_true(listen_ui_open(path, no_others, &socket, &error)); /* stale */
	listen_unix_close(&socket);
	int theirs = other_socket(SOCK_STREAM, 4);

	refused_ui(path, no_others, "another signer listens");
	close(theirs);
	unlink(path);
	close(open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	refused_ui(path, no_others, "is no socket");
}

/* The rules of the UI's socket, in its own words. */
static void test_the_socket_for_qubes(void **state)
{
	const char *const others[] = {folder, NULL};
	struct listen_unix socket, second;
	struct error error;

	(void)state;
	assert_int_equal(mkdir(folder, 0755), 0);
	assert_false(listen_qrexec_open(path, no_others, &socket, &error));
	assert_non_null(strstr(error.text, "--qrexec-socket: the folder"));
	assert_non_null(strstr(error.text, "pose as any qube"));
	assert_int_equal(chmod(folder, 0700), 0);
	assert_false(listen_qrexec_open(path, others, &socket, &error));
	assert_non_null(strstr(error.text, "a folder of their own, as with --qrexec-socket ~/.clef/qrexec/qrexec.sock"));
	assert_true(listen_qrexec_open(path, no_others, &socket, &error));
	assert_false(listen_qrexec_open(path, no_others, &second, &error));
	assert_non_null(strstr(error.text, "another signer holds"));
	listen_unix_close(&socket);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    IN_FOLDER(test_modes),
	    IN_FOLDER(test_the_mode_does_not_depend_on_the_umask),
	    IN_FOLDER(test_a_folder_that_is_there_keeps_its_mode),
	    IN_FOLDER(test_folders_on_the_way_are_made),
	    IN_FOLDER(test_a_stale_socket_is_replaced),
	    IN_FOLDER(test_the_first_signer_keeps_its_socket),
	    IN_FOLDER(test_a_signer_that_hangs_keeps_its_socket),
	    IN_FOLDER(test_a_socket_of_another_kind_stays),
	    IN_FOLDER(test_what_is_no_socket_stays),
	    IN_FOLDER(test_only_our_own_file_is_removed),
	    IN_FOLDER(test_paths_that_cannot_be),
	    IN_FOLDER(test_the_longest_path),
	    IN_FOLDER(test_of_many_starters_one_wins),
	    cmocka_unit_test(test_tcp),
	    cmocka_unit_test(test_tcp_addresses),
	    IN_FOLDER(test_the_ui_has_a_folder_of_its_own),
	    IN_FOLDER(test_the_ui_is_not_beside_the_callers),
	    IN_FOLDER(test_the_ui_wants_a_folder_that_nobody_else_enters),
	    IN_FOLDER(test_chmod_is_advised_only_where_it_is_harmless),
	    IN_FOLDER(test_a_second_ui_socket_does_not_knock),
	    IN_FOLDER(test_what_is_at_the_place_of_the_ui_socket),
	    IN_FOLDER(test_the_socket_for_qubes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
