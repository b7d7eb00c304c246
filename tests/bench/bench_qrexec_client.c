/*
 * qrexec-client-vm TARGET SERVICE, for bench_qrexec.py: the same stand-in as tests/qubes/qrexec-client-vm, of which no more is here than the benchmark
 * needs, because Python's start would be most of what is measured. FAKE_QREXEC_RPC is the one folder of services, FAKE_QREXEC_ENV the file with their environment.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHUNK   65536
#define TROUBLE 125
#define MISSING 127

static void fail(const char *what)
{
	perror(what);
	exit(TROUBLE);
}

/* The other qube's environment is a file there; nothing of ours goes along. */
static void set_environment(const char *source, const char *path)
{
	char line[512];
	FILE *file = fopen(path, "r");

	if (file == NULL)
		fail(path);
	clearenv();
	while (fgets(line, sizeof(line), file) != NULL) {
		char *equals = strchr(line, '=');

		line[strcspn(line, "\n")] = 0;
		if (equals != NULL) {
			*equals = 0;
			setenv(line, equals + 1, 1);
		}
	}
	fclose(file);
	setenv("QREXEC_REMOTE_DOMAIN", source, 1);
}

static void become_service(const char *name, int in, int out)
{
	char path[512];
	const char *source = getenv("FAKE_QREXEC_SOURCE"), *env = getenv("FAKE_QREXEC_ENV"), *rpc = getenv("FAKE_QREXEC_RPC");

	if (source == NULL || env == NULL || rpc == NULL || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0)
		fail("environment");
	snprintf(path, sizeof(path), "%s/%s", rpc, name);
	char *copy = strdup(source);

	set_environment(copy, env);
	execl(path, path, (char *)NULL);
	_exit(MISSING);
}

static void write_all(int fd, const char *data, ssize_t size)
{
	while (size > 0) {
		ssize_t put = write(fd, data, (size_t)size);

		if (put < 0)
			fail("write");
		data += put;
		size -= put;
	}
}

/* Both ways until the service has closed its output. */
static void pump(int to_service, int from_service)
{
	static char data[CHUNK];
	struct pollfd ends[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = from_service, .events = POLLIN}};

	for (;;) {
		if (poll(ends, 2, -1) < 0)
			fail("poll");
		if (ends[0].revents != 0) {
			ssize_t got = read(STDIN_FILENO, data, sizeof(data));

			if (got > 0) {
				write_all(to_service, data, got);
			} else {
				close(to_service);
				ends[0].fd = -1;
			}
		}
		if (ends[1].revents != 0) {
			ssize_t got = read(from_service, data, sizeof(data));

			if (got <= 0)
				return;
			write_all(STDOUT_FILENO, data, got);
		}
	}
}

int main(int count, char *words[])
{
	int in[2], out[2], status;

	if (count < 3 || pipe(in) != 0 || pipe(out) != 0)
		fail("usage: qrexec-client-vm TARGET SERVICE");
	pid_t pid = fork();

	if (pid < 0)
		fail("fork");
	if (pid == 0) {
		close(in[1]);
		close(out[0]);
		become_service(words[2], in[0], out[1]);
	}
	close(in[0]);
	close(out[1]);
	pump(in[1], out[0]);
	if (waitpid(pid, &status, 0) != pid)
		fail("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : TROUBLE;
}
