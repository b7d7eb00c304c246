#include "node.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "../base/testing.h"
#include "base/memory.h"

#define BODY_MAX ((size_t)128 * 1024 * 1024)

struct connection {
	TAILQ_ENTRY(connection) link;
	struct node *node;
	struct bufferevent *stream;
	bool ending;
};

struct node {
	struct event_base *base;
	struct evconnlistener *listener;
	char url[64];
	node_answers *answers;
	void *context;
	size_t connections, calls;
	TAILQ_HEAD(, connection) open;
};

static void connection_free(struct connection *connection)
{
	TAILQ_REMOVE(&connection->node->open, connection, link);
	bufferevent_free(connection->stream);
	free(connection);
}

void node_put_body(struct node_reply *reply, int status, struct bytes body)
{
	buf_printf(
	    &reply->raw, "HTTP/1.1 %d Status\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n", status, body.size);
	buf_printf(&reply->raw, "Location: http://127.0.0.1:1/elsewhere\r\n\r\n");
	buf_put_bytes(&reply->raw, body);
}

static void put_response(struct node_reply *reply, const struct node_call *call, const char *member, const char *value)
{
	struct buf body = BUF_INIT(BODY_MAX);

	buf_put_text(&body, "{\"jsonrpc\":\"2.0\",\"id\":");
	buf_put_bytes(&body, call->id);
	buf_put_text(&body, member);
	buf_put_text(&body, value);
	buf_put_u8(&body, '}');
	node_put_body(reply, 200, buf_bytes(&body));
	buf_free(&body);
}

void node_put_result(struct node_reply *reply, const struct node_call *call, const char *result)
{
	put_response(reply, call, ",\"result\":", result);
}

void node_put_error(struct node_reply *reply, const struct node_call *call, const char *error)
{
	put_response(reply, call, ",\"error\":", error);
}

static void answer(struct connection *connection, struct bytes head, struct bytes body)
{
	struct node *node = connection->node;
	struct node_reply reply = {.raw = BUF_INIT(BODY_MAX)};
	struct json json = {0};
	struct error error;

	assert_true(json_parse(body, &json, &error));
	struct node_call call = {.head = head,
	    .body = body,
	    .method = json_bytes(yyjson_obj_get(json.root, "method")),
	    .id = json_bytes(yyjson_obj_get(json.root, "id")),
	    .params = yyjson_obj_get(json.root, "params")};
	node->calls++;
	node->answers(node->context, &call, &reply);
	json_free(&json);
	bufferevent_write(connection->stream, reply.raw.data, reply.raw.size);
	connection->ending = reply.close;
	buf_free(&reply.raw);
}

/* Of a whole request: sizes of head and body; false while some of it is missing. */
static bool measure(struct evbuffer *input, size_t *ret_head, size_t *ret_body)
{
	struct evbuffer_ptr end = evbuffer_search(input, "\r\n\r\n", 4, NULL);
	const char *text = (const char *)evbuffer_pullup(input, -1), *length;

	if (end.pos < 0)
		return false;
	length = memmem(text, (size_t)end.pos, "Content-Length: ", 16);
	assert_non_null(length);
	*ret_head = (size_t)end.pos + 4;
	*ret_body = (size_t)strtoul(length + 16, NULL, 10);
	return evbuffer_get_length(input) >= *ret_head + *ret_body;
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;
	struct evbuffer *input = bufferevent_get_input(stream);
	size_t head, body;

	while (!connection->ending && measure(input, &head, &body)) {
		const uint8_t *data = evbuffer_pullup(input, -1);

		answer(connection, bytes_of(data, head), bytes_of(data + head, body));
		evbuffer_drain(input, head + body);
	}
	if (connection->ending && evbuffer_get_length(bufferevent_get_output(stream)) == 0)
		connection_free(connection);
}

static void on_written(struct bufferevent *stream, void *context)
{
	struct connection *connection = context;

	(void)stream;
	if (connection->ending)
		connection_free(connection);
}

static void on_end(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	connection_free(context);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size, void *context)
{
	struct node *node = context;
	struct connection *connection = memory_new(1, sizeof(*connection));

	(void)listener;
	(void)address;
	(void)size;
	connection->node = node;
	connection->stream = bufferevent_socket_new(node->base, fd, BEV_OPT_CLOSE_ON_FREE);
	TAILQ_INSERT_TAIL(&node->open, connection, link);
	node->connections++;
	bufferevent_setcb(connection->stream, on_read, on_written, on_end, connection);
	bufferevent_enable(connection->stream, EV_READ | EV_WRITE);
}

struct node *node_new(struct event_base *base, node_answers *answers, void *context)
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof(address);
	struct node *node = memory_new(1, sizeof(*node));

	node->base = base;
	node->answers = answers;
	node->context = context;
	TAILQ_INIT(&node->open);
	node->listener = evconnlistener_new_bind(
	    base, on_accept, node, LEV_OPT_CLOSE_ON_FREE, -1, (struct sockaddr *)&address, sizeof(address));
	assert_non_null(node->listener);
	assert_int_equal(getsockname(evconnlistener_get_fd(node->listener), (struct sockaddr *)&address, &size), 0);
	snprintf(node->url, sizeof(node->url), "http://127.0.0.1:%d", ntohs(address.sin_port));
	return node;
}

void node_refuse(struct node *node)
{
	if (node->listener != NULL)
		evconnlistener_free(node->listener);
	node->listener = NULL;
}

void node_free(struct node *node)
{
	while (!TAILQ_EMPTY(&node->open))
		connection_free(TAILQ_FIRST(&node->open));
	node_refuse(node);
	free(node);
}

const char *node_url(const struct node *node)
{
	return node->url;
}

size_t node_connections(const struct node *node)
{
	return node->connections;
}

size_t node_calls(const struct node *node)
{
	return node->calls;
}
