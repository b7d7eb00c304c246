#include "role.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "keys/keys_main.h"

#define HEADER 8
/* Above every number of ipc.h, so that no dup2 overwrites what is still needed. */
#define SAFE_FD 64

static void place(int fd, int target)
{
	if (fd <= 0)
		close(target);
	else if (dup2(fd, target) != target)
		_exit(99);
}

/* As core starts its roles. */
static void block_group_signals(void)
{
	sigset_t blocked;

	sigemptyset(&blocked);
	sigaddset(&blocked, SIGINT);
	sigaddset(&blocked, SIGQUIT);
	sigaddset(&blocked, SIGHUP);
	sigaddset(&blocked, SIGTERM);
	sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static _Noreturn void run_child(int channel, int keystore, const struct role_fds *fds)
{
	const int sources[] = {channel, keystore, fds->index, fds->terminal, fds->secrets, fds->password, fds->import};
	int high[sizeof sources / sizeof sources[0]];

	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
		high[i] = sources[i] > 0 ? fcntl(sources[i], F_DUPFD_CLOEXEC, SAFE_FD) : 0;
	for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
		place(high[i], IPC_FD_CHANNEL + (int)i);
	closefrom(IPC_FD_END);
	block_group_signals();
	_exit(keys_main());
}

static uint64_t have_of(const struct role_fds *fds)
{
	uint64_t have = IPC_KEYS_HAVE_KEYSTORE;

	have |= fds->index > 0 ? IPC_KEYS_HAVE_INDEX : 0;
	have |= fds->terminal > 0 ? IPC_KEYS_HAVE_TERMINAL : 0;
	have |= fds->secrets > 0 ? IPC_KEYS_HAVE_SECRETS : 0;
	have |= fds->password > 0 ? IPC_KEYS_HAVE_PASSWORD : 0;
	have |= fds->import > 0 ? IPC_KEYS_HAVE_IMPORT : 0;
	return have;
}

void role_start(struct role *role, const struct role_fds *fds)
{
	struct ipc_keys_config config = {
	    .log_level = 1, .light = 1, .have = have_of(fds), .keystore = bytes_text("/the/keystore")};
	char path[96];
	int pair[2];

	*role = (struct role){.in = BUF_INIT(64 << 20)};
	strcpy(role->top, "/tmp/clef-role-test.XXXXXX");
	assert_non_null(mkdtemp(role->top));
	snprintf(path, sizeof path, "%s/keystore", role->top);
	assert_int_equal(mkdir(path, 0700), 0);
	role->keystore_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(role->keystore_fd >= 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	fflush(NULL);
	role->pid = fork();
	assert_true(role->pid >= 0);
	if (role->pid == 0)
		run_child(pair[1], role->keystore_fd, fds);
	close(pair[1]);
	role->channel = pair[0];
	alarm(120);
	role_send(role, IPC_KEYS_CONFIG, &config);
	role_expect(role, IPC_KEYS_READY, &role->ready);
}

size_t role_count_files(const struct role *role)
{
	int fd = openat(role->keystore_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fdopendir(fd);
	size_t count = 0;

	assert_non_null(dir);
	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
	closedir(dir);
	return count;
}

static void remove_files(const struct role *role)
{
	char path[96];
	DIR *dir = fdopendir(role->keystore_fd);

	for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
		unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	snprintf(path, sizeof path, "%s/keystore", role->top);
	rmdir(path);
	rmdir(role->top);
}

int role_end(struct role *role)
{
	int status = -1;

	close(role->channel);
	assert_int_equal(waitpid(role->pid, &status, 0), role->pid);
	buf_free(&role->in);
	remove_files(role);
	return status;
}

void role_stop(struct role *role)
{
	assert_exits_with(role_end(role), 0);
}

void role_send(struct role *role, enum ipc_type type, const void *message)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(8 << 20);

	ipc_encode(type, message, &frame);
	for (size_t done = 0; done < frame.size;) {
		ssize_t put = write(role->channel, frame.data + done, frame.size - done);
		assert_true(put > 0);
		done += (size_t)put;
	}
}

void role_send_fd(struct role *role, enum ipc_type type, const void *message, int fd)
{
	struct buf frame BUF_CLEANUP = BUF_INIT(4096);
	_Alignas(struct cmsghdr) uint8_t control[CMSG_SPACE(sizeof fd)] = {0};
	struct msghdr header = {.msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};

	ipc_encode(type, message, &frame);
	struct iovec vector = {frame.data, frame.size};
	struct cmsghdr *part = CMSG_FIRSTHDR(&header);

	header.msg_iov = &vector;
	part->cmsg_level = SOL_SOCKET;
	part->cmsg_type = SCM_RIGHTS;
	part->cmsg_len = CMSG_LEN(sizeof fd);
	memcpy(CMSG_DATA(part), &fd, sizeof fd);
	assert_int_equal(sendmsg(role->channel, &header, 0), (ssize_t)frame.size);
}

static void receive(struct role *role, size_t size)
{
	while (size > 0) {
		ssize_t got = read(role->channel, buf_reserve(&role->in, size), size);
		if (got <= 0)
			fail_msg("the role closed the channel");
		buf_commit(&role->in, (size_t)got);
		size -= (size_t)got;
	}
}

void role_expect(struct role *role, enum ipc_type type, void *ret_message)
{
	buf_reset(&role->in);
	receive(role, HEADER);
	struct reader reader = reader_of(buf_bytes(&role->in));
	size_t size = reader_u32(&reader);
	enum ipc_type found = (enum ipc_type)reader_u32(&reader);
	receive(role, size);
	struct bytes payload = bytes_of(role->in.data + HEADER, size);
	if (found != type && found == IPC_KEYS_FAILED) {
		struct ipc_keys_failed failed;
		assert_true(ipc_decode(found, payload, &failed));
		fail_msg(
		    "%s was expected, failed: %.*s", ipc_type_name(type), (int)failed.text.size, (const char *)failed.text.data);
	}
	if (found != type)
		fail_msg("%s was expected, %s came", ipc_type_name(type), ipc_type_name(found));
	assert_true(ipc_decode(type, payload, ret_message));
}

void role_expect_failure(struct role *role, uint64_t request, enum error_kind kind, const char *text)
{
	struct ipc_keys_failed failed;

	role_expect(role, IPC_KEYS_FAILED, &failed);
	assert_int_equal(failed.request, request);
	if (!bytes_equal_text(failed.text, text))
		fail_msg("\"%s\" was expected, not \"%.*s\"", text, (int)failed.text.size, (const char *)failed.text.data);
	assert_int_equal(failed.kind, kind);
}

void role_expect_silence(struct role *role)
{
	struct pollfd poll_fd = {.fd = role->channel, .events = POLLIN};

	assert_int_equal(poll(&poll_fd, 1, 200), 0);
}
