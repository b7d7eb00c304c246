/*
 * What libevent's evhttp does with the cases that the signer must handle: the reason why src/server/http.h is a reader of our own.
 * Each test states a fact as it is. When one of them fails with a newer libevent, evhttp has learnt something: look again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BODY_MAX 5242880

struct server {
	struct event_base *base;
	struct evhttp *http;
	uint16_t port;
	struct evhttp_request *waiting; /* the request that nobody has answered yet */
	int requests;
	int closed; /* calls of the close callback */
};

static void on_close(struct evhttp_connection *connection, void *context)
{
	(void)connection;
	((struct server *)context)->closed++;
}

/* A request that waits for a person: it is kept and not answered. */
static void on_request(struct evhttp_request *request, void *context)
{
	struct server *server = context;

	server->requests++;
	server->waiting = request;
	evhttp_connection_set_closecb(evhttp_request_get_connection(request), on_close, server);
}

static int setup(void **state)
{
	static struct server server;
	struct sockaddr_in address;
	socklen_t size = sizeof address;

	memset(&server, 0, sizeof server);
	server.base = event_base_new();
	server.http = evhttp_new(server.base);
	evhttp_set_gencb(server.http, on_request, &server);
	evhttp_set_max_body_size(server.http, BODY_MAX);
	evhttp_set_max_headers_size(server.http, 65536);
	evhttp_set_allowed_methods(server.http, EVHTTP_REQ_GET | EVHTTP_REQ_POST | EVHTTP_REQ_HEAD | EVHTTP_REQ_OPTIONS);
	struct evhttp_bound_socket *bound = evhttp_bind_socket_with_handle(server.http, "127.0.0.1", 0);
	if (bound == NULL || getsockname(evhttp_bound_socket_get_fd(bound), (struct sockaddr *)&address, &size) != 0)
		return -1;
	server.port = ntohs(address.sin_port);
	*state = &server;
	return 0;
}

static int teardown(void **state)
{
	struct server *server = *state;

	evhttp_free(server->http);
	event_base_free(server->base);
	return 0;
}

static int client_connect(const struct server *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(server->port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

static void client_send(int fd, const char *text)
{
	assert_int_equal(send(fd, text, strlen(text), MSG_NOSIGNAL), (ssize_t)strlen(text));
}

static void run_for(struct server *server, int milliseconds)
{
	struct timeval time = {.tv_sec = milliseconds / 1000, .tv_usec = milliseconds % 1000 * 1000};

	event_base_loopexit(server->base, &time);
	event_base_dispatch(server->base);
}

/* The status of the reply, -1 when the server closed without one, 0 when there is none yet. */
static int client_status(int fd)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	char reply[256] = {0};

	if (poll(&readable, 1, 100) == 0)
		return 0;
	if (recv(fd, reply, sizeof reply - 1, 0) <= 0 || strncmp(reply, "HTTP/1.", 7) != 0)
		return -1;
	return (reply[9] - '0') * 100 + (reply[10] - '0') * 10 + (reply[11] - '0');
}

static const char *const small_request = "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                                         "Content-Length: 2\r\n\r\n{}";

/* The fact that decides: a caller who leaves while a person is being asked is not noticed, so its prompt would stay. */
static void test_caller_gone_while_waiting_is_not_noticed(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, small_request);
	run_for(server, 50);
	assert_int_equal(server->requests, 1);
	close(fd);
	run_for(server, 300);
	assert_int_equal(server->closed, 0);
	/* Only the answer, which nobody waits for any more, brings it to light. */
	evhttp_send_reply(server->waiting, 200, "OK", NULL);
	run_for(server, 100);
	assert_int_equal(server->closed, 1);
}

/* Not even a reset, which needs no reading to be seen. */
static void test_reset_while_waiting_is_not_noticed(void **state)
{
	struct server *server = *state;
	struct linger abort_at_close = {.l_onoff = 1, .l_linger = 0};
	int fd = client_connect(server);

	client_send(fd, small_request);
	run_for(server, 50);
	assert_int_equal(server->requests, 1);
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &abort_at_close, sizeof abort_at_close);
	close(fd);
	run_for(server, 300);
	assert_int_equal(server->closed, 0);
}

/* Refusals have an order: a host that is not allowed comes before everything else. evhttp judges the size before anybody may judge the host. */
static void test_size_is_judged_before_the_host(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5242881\r\n\r\n");
	run_for(server, 100);
	assert_int_equal(client_status(fd), 413);
	assert_int_equal(server->requests, 0);
	close(fd);
}

/* Whatever will be refused by its headers is received whole before anybody is asked: bodies that nobody wants take memory. */
static void test_headers_cannot_be_judged_before_the_body(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, "POST / HTTP/1.1\r\nHost: evil.example\r\nContent-Length: 5242880\r\n\r\n");
	run_for(server, 100);
	assert_int_equal(client_status(fd), 0);
	assert_int_equal(server->requests, 0);
	close(fd);
}

/* A method that is not allowed gets 501, where clients expect 405. */
static void test_method_gets_another_status(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, "PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}");
	run_for(server, 100);
	assert_int_equal(client_status(fd), 501);
	close(fd);
}

/* A body that ends early gets a JSON-RPC parse error from Clef; here nobody learns of it and no reply is possible. */
static void test_cut_body_is_closed_without_a_word(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 70\r\n\r\n{\"json");
	shutdown(fd, SHUT_WR);
	run_for(server, 100);
	assert_int_equal(client_status(fd), -1);
	assert_int_equal(server->requests, 0);
	close(fd);
}

/* Two lengths for one body are what request smuggling is made of (RFC 9112 section 6.3): taken as they come. */
static void test_ambiguous_length_is_accepted(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 70\r\n\r\n{}");
	run_for(server, 100);
	assert_int_equal(server->requests, 1);
	close(fd);
}

static void test_missing_host_is_accepted(void **state)
{
	struct server *server = *state;
	int fd = client_connect(server);

	client_send(fd, "POST / HTTP/1.1\r\nContent-Length: 2\r\n\r\n{}");
	run_for(server, 100);
	assert_int_equal(server->requests, 1);
	close(fd);
}

int main(void)
{
#define FACT(test) cmocka_unit_test_setup_teardown(test, setup, teardown)
	const struct CMUnitTest tests[] = {
	    FACT(test_caller_gone_while_waiting_is_not_noticed),
	    FACT(test_reset_while_waiting_is_not_noticed),
	    FACT(test_size_is_judged_before_the_host),
	    FACT(test_headers_cannot_be_judged_before_the_body),
	    FACT(test_method_gets_another_status),
	    FACT(test_cut_body_is_closed_without_a_word),
	    FACT(test_ambiguous_length_is_accepted),
	    FACT(test_missing_host_is_accepted),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
