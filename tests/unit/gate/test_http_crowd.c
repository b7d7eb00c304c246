/* Many clients at once, most of them slow or greedy: the others are served all the same. */
#include "harness.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HEAD    "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
#define VERSION "{\"jsonrpc\": \"2.0\", \"id\": 1, \"method\": \"account_version\", \"params\": []}"
#define RESULT  "{\"jsonrpc\":\"2.0\",\"id\":1,\"result\":\"6.1.0\"}\n"
#define REQUEST HEAD "Content-Length: 70\r\n\r\n" VERSION
#define WAIT    HEAD "Content-Length: 40\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"wait\"}"

#define SLOW        1000
#define CONNECTIONS 2048

static struct harness *gate;
static int fds[CONNECTIONS + 10];

static int setup(void **state)
{
	struct rlimit limit;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	gate = harness_start(IPC_TRANSPORT_HTTP, "localhost");
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harness_end(gate, 0);
	return 0;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void connect_all(int count, const char *first_words)
{
	for (int i = 0; i < count; i++) {
		fds[i] = client_connect(gate);
		client_send(fds[i], first_words);
	}
}

static void close_all(int count)
{
	for (int i = 0; i < count; i++)
		close(fds[i]);
}

/* A newcomer's request, in two pieces; returns how long its answer took. */
static long serve_one(void)
{
	long start = now_ms();
	int fd = client_connect(gate);

	client_send(fd, HEAD "Content-Length: 70\r\n\r\n{\"jsonrpc\"");
	usleep(5000);
	client_send(fd, ": \"2.0\", \"id\": 1, \"method\": \"account_version\", \"params\": []}");
	free(client_read(fd, RESULT, 1));
	close(fd);
	return now_ms() - start;
}

static void test_slow_connections(void **state)
{
	(void)state;
	connect_all(SLOW, HEAD "Content-Len");
	assert_true(serve_one() < 500);
	for (int i = 0; i < SLOW; i++)
		client_send(fds[i], "gth: 70\r\n\r\n{");
	assert_true(serve_one() < 500);
	/* And when they come to the point at last, they are answered. */
	for (int i = 0; i < SLOW; i++)
		client_send(fds[i], &VERSION[1]);
	for (int i = 0; i < SLOW; i++)
		free(client_read(fds[i], RESULT, 1));
	close_all(SLOW);
}

/* The one that has kept us waiting longest makes room. Those who wait for us never do. */
static void test_connections_are_limited(void **state)
{
	struct rlimit limit;

	(void)state;
	getrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < CONNECTIONS + 100)
		skip();
	connect_all(1, WAIT);
	harness_await(gate, harness_calls, 1);
	for (int i = 1; i < CONNECTIONS + 5; i++) {
		fds[i] = client_connect(gate);
		client_send(fds[i], "POST /");
	}
	assert_true(serve_one() < 1000);
	char *reply = client_read_all(fds[1]);
	assert_string_equal(reply, "");
	free(reply);
	harness_release(gate);
	free(client_read(fds[0], "\"released\"", 1));
	client_expect_silence(fds[CONNECTIONS], 50);
	close_all(CONNECTIONS + 5);
}

/* Bodies that are not complete yet: when all together are too many, the next one hears so, and small requests go on. */
static void test_memory_is_limited(void **state)
{
	const size_t size = 5242000;
	char *text = malloc(size);
	int refused = 0;

	(void)state;
	memset(text, ' ', size);
	for (int i = 0; i < 14; i++) {
		fds[i] = client_connect(gate);
		client_send(fds[i], HEAD "Content-Length: 5242880\r\n\r\n");
		client_send_bytes(fds[i], bytes_of(text, size));
	}
	usleep(300000);
	for (int i = 0; i < 14; i++) {
		char reply[200] = {0};

		if (recv(fds[i], reply, sizeof reply - 1, MSG_DONTWAIT) > 0) {
			assert_non_null(strstr(reply, "HTTP/1.1 503 Service Unavailable\r\n"));
			refused++;
		}
	}
	/* 56 of the 64 MiB are for large bodies: eleven fit. */
	assert_int_equal(refused, 3);
	assert_true(serve_one() < 500);
	/* What is given back can be used again. */
	close_all(14);
	usleep(100000);
	fds[0] = client_connect(gate);
	client_send(fds[0], HEAD "Content-Length: 5242880\r\n\r\n");
	client_send_bytes(fds[0], bytes_of(text, size));
	client_send(fds[0], VERSION);
	client_send_bytes(fds[0], bytes_of(text, 5242880 - size - 70));
	free(client_read(fds[0], RESULT, 1));
	close(fds[0]);
	free(text);
}

/* The replies that one client does not read are not anybody else's trouble. */
static void test_slow_reader(void **state)
{
	int fd = client_connect(gate);

	(void)state;
	client_send(
	    fd, HEAD "Content-Length: 60\r\n\r\n{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"big\",\"params\":[8000000]  }");
	free(client_read(fd, "200 OK", 1));
	assert_true(serve_one() < 500);
	client_send(fd, REQUEST);
	free(client_read(fd, RESULT, 1));
	close(fd);
}

/* Ten seconds for a head, however busily it drips. */
static void test_slow_head_is_closed(void **state)
{
	int fd = client_connect(gate);
	long start = now_ms();
	char byte;

	(void)state;
	client_send(fd, HEAD);
	while (recv(fd, &byte, 1, MSG_DONTWAIT) != 0 && now_ms() - start < 12000) {
		client_send(fd, "X: y\r\n");
		usleep(200000);
	}
	long took = now_ms() - start;
	assert_in_range(took, 9000, 11500);
	close(fd);
}

int main(void)
{
#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    SERVED(test_slow_connections),
	    SERVED(test_connections_are_limited),
	    SERVED(test_memory_is_limited),
	    SERVED(test_slow_reader),
	    SERVED(test_slow_head_is_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
