/*
 * A load client for keep-alive HTTP on the loopback interface: one request at a time on each of N connections, for so many seconds. It is in C and does
 * next to nothing, so that the server is what is measured. Prints answers a second.
 *
 * usage: bench-http-client PORT CONNECTIONS SECONDS BODY
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define CONNECTIONS_MOST 1024
#define ANSWER_MOST      8192

struct connection {
	int fd;
	size_t size; /* bytes of the answer so far */
	char answer[ANSWER_MOST];
};

static char request_text[16384];
static size_t request_size;

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "bench-http-client: %s: %s\n", what, strerror(errno));
	exit(1);
}

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static long number_of(const char *text, long most)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end != '\0' || value < 1 || value > most) {
		fprintf(stderr, "bench-http-client: '%s' is not a number from 1 to %ld\n", text, most);
		exit(2);
	}
	return value;
}

static int connect_to(uint16_t port)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		fail("cannot connect");
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	return fd;
}

static void ask(struct connection *connection)
{
	connection->size = 0;
	if (write(connection->fd, request_text, request_size) != (ssize_t)request_size)
		fail("cannot send");
}

/* Is the whole answer there? Only what both servers send is understood: a status of 200 and a Content-Length. */
static bool complete(struct connection *connection)
{
	connection->answer[connection->size] = '\0';
	char *body = strstr(connection->answer, "\r\n\r\n");
	char *length = strcasestr(connection->answer, "\r\ncontent-length:");

	if (body == NULL)
		return false;
	if (strncmp(connection->answer, "HTTP/1.1 200", 12) != 0 || length == NULL || length > body) {
		fprintf(stderr, "bench-http-client: unexpected answer: %s\n", connection->answer);
		exit(1);
	}
	return connection->size >= (size_t)(body + 4 - connection->answer) + strtoul(length + 17, NULL, 10);
}

static bool take(struct connection *connection)
{
	ssize_t got = read(connection->fd, connection->answer + connection->size, ANSWER_MOST - 1 - connection->size);

	if (got <= 0)
		fail("the server closed the connection");
	connection->size += (size_t)got;
	return complete(connection);
}

static uint64_t run(int poller, double seconds)
{
	struct epoll_event events[CONNECTIONS_MOST];
	uint64_t answers = 0;
	double end = now_s() + seconds;

	while (now_s() < end) {
		int count = epoll_wait(poller, events, CONNECTIONS_MOST, 1000);

		for (int i = 0; i < count; i++) {
			struct connection *connection = events[i].data.ptr;

			if (take(connection)) {
				answers++;
				ask(connection);
			}
		}
	}
	return answers;
}

int main(int argc, char **argv)
{
	if (argc != 5) {
		fprintf(stderr, "usage: bench-http-client PORT CONNECTIONS SECONDS BODY\n");
		return 2;
	}
	uint16_t port = (uint16_t)number_of(argv[1], 65535);
	size_t count = (size_t)number_of(argv[2], CONNECTIONS_MOST);
	double seconds = (double)number_of(argv[3], 3600);
	struct connection *connections = calloc(count, sizeof(*connections));
	int poller = epoll_create1(0);
	int size = snprintf(request_text, sizeof(request_text),
	    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n%s",
	    strlen(argv[4]), argv[4]);

	if (connections == NULL || poller < 0 || size < 0 || (size_t)size >= sizeof(request_text))
		fail("cannot start");
	request_size = (size_t)size;
	for (size_t i = 0; i < count; i++) {
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = &connections[i]};

		connections[i].fd = connect_to(port);
		if (epoll_ctl(poller, EPOLL_CTL_ADD, connections[i].fd, &event) != 0)
			fail("cannot watch");
		ask(&connections[i]);
	}
	run(poller, 0.3); /* warm up */
	double begin = now_s();
	uint64_t answers = run(poller, seconds);

	printf("%.0f\n", (double)answers / (now_s() - begin));
	free(connections);
	return 0;
}
