/* ui_talk: what the tests of the UI's channel share: core's end of it, with what core was told written down as text, and the UI as a plain socket. */
#ifndef CLEF_UI_TALK_H
#define CLEF_UI_TALK_H

#include "../base/testing.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

#include "../ipc/memory_search.h"
#include "core/ui_link.h"

#define MIB ((size_t)1 << 20)

struct talk {
	struct event_base *base;
	struct ui_link *link;
	int near, far;
	struct buf seen;
	struct log log;
	bool answer_calls; /* at once, with the method's name */
	bool keep_values;
	bool ask_again;  /* each answer leads to another question */
	uint64_t forget; /* the next answer makes this question pointless */
	unsigned answers, detached;
	/* of a UI that comes and goes */
	unsigned wait_s;
	bool replaceable, greet;
	int descriptor; /* that it passed */
};

static inline void on_answer(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct talk *talk = context;
	static const char *const kinds[] = {
	    [UI_ANSWER_RESULT] = "result", [UI_ANSWER_ERROR] = "error", [UI_ANSWER_GONE] = "gone"};

	talk->answers++;
	buf_printf(&talk->seen, "%llu %s", (unsigned long long)question, kinds[answer->kind]);
	if (answer->kind == UI_ANSWER_RESULT && talk->keep_values) {
		buf_put_u8(&talk->seen, ' ');
		json_write(answer->result, &talk->seen);
	}
	if (answer->kind == UI_ANSWER_ERROR && talk->keep_values)
		buf_printf(&talk->seen, " %d %s %.*s", error_rpc_code(&answer->error), answer->error.text, (int)answer->data.size,
		    (const char *)answer->data.data);
	buf_put_u8(&talk->seen, ';');
	if (talk->forget != 0)
		ui_link_forget(talk->link, talk->forget);
	talk->forget = 0;
	if (talk->ask_again && talk->answers < 5)
		ui_link_ask(talk->link, "again", bytes_text("{}"), on_answer, talk);
}

static inline void on_call(void *context, const struct ui_call *call)
{
	struct talk *talk = context;
	struct buf result BUF_CLEANUP = BUF_INIT(1024);

	buf_printf(&talk->seen, "call %.*s", (int)call->method.size, (const char *)call->method.data);
	if (call->params != NULL && talk->keep_values) {
		buf_put_u8(&talk->seen, ' ');
		json_write(call->params, &talk->seen);
	}
	buf_put_u8(&talk->seen, ';');
	if (!talk->answer_calls || call->id.size == 0)
		return;
	json_put_string(&result, call->method);
	ui_link_reply(talk->link, call->id, call->batch, buf_bytes(&result), BYTES_NONE);
}

static inline void on_detached(void *context, const char *why)
{
	struct talk *talk = context;

	talk->detached++;
	buf_printf(&talk->seen, "detached: %s;", why);
}

static inline void on_attached(void *context)
{
	struct talk *talk = context;

	if (talk->greet)
		ui_link_notify(talk->link, "hello", bytes_text("{}"));
}

static inline void on_descriptor(void *context, int fd)
{
	struct talk *talk = context;

	buf_put_text(&talk->seen, "descriptor;");
	close(talk->descriptor);
	talk->descriptor = fd;
}

static inline struct ui_link *new_link(struct talk *talk, int in, int out)
{
	struct ui_link_options options = {.log = &talk->log, .wait_s = talk->wait_s, .absent = "nobody is there"};
	struct ui_link *link = ui_link_new(talk->base, &options,
	    (struct ui_link_handlers){
	        .call = on_call, .attached = on_attached, .detached = on_detached, .descriptor = on_descriptor, .context = talk});

	talk->link = link; /* for what happens while it is attached */
	if (in >= 0)
		ui_link_attach(link, &(struct ui_peer){.in = in, .out = out, .replaceable = talk->replaceable});
	return link;
}

static inline int open_talk(void **state)
{
	struct talk *talk = calloc(1, sizeof(*talk));
	int pair[2];

	assert_non_null(talk);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	buf_init(&talk->seen, 64 * MIB);
	talk->log = (struct log){.role = "core", .level = 0, .fd = -1};
	talk->base = event_base_new();
	talk->descriptor = -1;
	talk->near = pair[0];
	talk->far = pair[1];
	talk->keep_values = true;
	talk->answer_calls = true;
	talk->link = new_link(talk, talk->near, talk->near);
	*state = talk;
	return 0;
}

static inline int close_talk(void **state)
{
	struct talk *talk = *state;

	ui_link_free(talk->link);
	event_base_free(talk->base);
	close(talk->near);
	if (talk->far >= 0)
		close(talk->far);
	buf_free(&talk->seen);
	free(talk);
	return 0;
}

static inline void turn(struct talk *talk)
{
	for (int i = 0; i < 6; i++)
		event_base_loop(talk->base, EVLOOP_NONBLOCK);
}

static inline void say(struct talk *talk, const char *text)
{
	struct bytes bytes = bytes_text(text);

	while (bytes.size > 0) {
		ssize_t put = send(talk->far, bytes.data, bytes.size, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (put > 0)
			bytes = bytes_of(bytes.data + put, bytes.size - (size_t)put);
		turn(talk);
	}
}

static inline void leave(struct talk *talk)
{
	close(talk->far);
	talk->far = -1;
	turn(talk);
}

static inline uint64_t ask(struct talk *talk)
{
	return ui_link_ask(talk->link, "ui_approveTx", bytes_text("{\"a\":1}"), on_answer, talk);
}

static inline void assert_seen(struct talk *talk, const char *expected)
{
	assert_string_equal(buf_text(&talk->seen), expected);
	buf_reset(&talk->seen);
}

/* What the UI got so far. */
static inline void assert_heard(struct talk *talk, const char *expected)
{
	struct buf found BUF_CLEANUP = BUF_INIT(MIB);
	char block[4096];
	ssize_t got;

	turn(talk);
	while ((got = recv(talk->far, block, sizeof(block), MSG_DONTWAIT)) > 0)
		buf_put(&found, block, (size_t)got);
	assert_string_equal(buf_text(&found), expected);
}

#define PARSE_ERROR   "{\"jsonrpc\":\"2.0\",\"id\":null,\"error\":{\"code\":-32700,\"message\":\"parse error\"}}\n"
#define INVALID(id)   "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"error\":{\"code\":-32600,\"message\":\"invalid request\"}}"
#define QUESTION(id)  "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"method\":\"ui_approveTx\",\"params\":[{\"a\":1}]}\n"
#define ANSWER(id, x) "{\"jsonrpc\":\"2.0\",\"id\":" id ",\"result\":" x "}\n"

#define TALK(test) cmocka_unit_test_setup_teardown(test, open_talk, close_talk)

#endif
