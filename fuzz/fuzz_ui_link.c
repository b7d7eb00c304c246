/*
 * Whatever a UI says: the first byte is the number of open questions and where the text is cut, the rest the text. Each question is answered once at
 * most, everything core writes is JSON, and afterwards a proper answer is still understood.
 */
#include "target.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/ui_link.h"

#define INPUT_MAX     100000
#define QUESTIONS_MAX 16

struct talk {
	struct event_base *base;
	struct ui_link *link;
	int far;
	struct buf heard;
	unsigned answered[QUESTIONS_MAX + 2];
};

static void on_answer(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct talk *talk = context;

	fuzz_require(question > 0 && question < QUESTIONS_MAX + 2);
	fuzz_require(++talk->answered[question] == 1);
	fuzz_require((answer->kind == UI_ANSWER_RESULT) == (answer->result != NULL));
}

static void on_call(void *context, const struct ui_call *call)
{
	struct talk *talk = context;

	fuzz_require(call->method.size > 0);
	if (call->id.size > 0)
		ui_link_reply(talk->link, call->id, call->batch, bytes_text("[]"), BYTES_NONE);
}

static void on_detached(void *context, const char *why)
{
	(void)context;
	(void)why;
	fuzz_require(false); /* nothing that is said makes core leave */
}

static void hear(struct talk *talk)
{
	uint8_t block[65536];
	ssize_t got;

	while ((got = recv(talk->far, block, sizeof(block), MSG_DONTWAIT)) > 0) {
		buf_put(&talk->heard, block, (size_t)got);
		event_base_loop(talk->base, EVLOOP_NONBLOCK);
	}
}

static void say(struct talk *talk, struct bytes text)
{
	while (text.size > 0) {
		ssize_t put = send(talk->far, text.data, text.size, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put > 0)
			text = bytes_of(text.data + put, text.size - (size_t)put);
		event_base_loop(talk->base, EVLOOP_NONBLOCK);
		hear(talk);
	}
	event_base_loop(talk->base, EVLOOP_NONBLOCK);
	event_base_loop(talk->base, EVLOOP_NONBLOCK);
	hear(talk);
}

/* Every line is one JSON value. */
static void check_heard(const struct buf *heard)
{
	const uint8_t *at = heard->data, *end = heard->data + heard->size;

	while (at < end) {
		struct json json JSON_CLEANUP = {0};
		struct error error;
		const uint8_t *line_end = memchr(at, '\n', (size_t)(end - at));

		fuzz_require(line_end != NULL);
		fuzz_require(json_parse(bytes_of(at, (size_t)(line_end - at)), &json, &error));
		at = line_end + 1;
	}
}

static void ask_and_answer(struct talk *talk)
{
	char answer[64];
	uint64_t question = ui_link_ask(talk->link, "ui_approveTx", bytes_text("{}"), on_answer, talk);

	/* A byte that is in no JSON ends whatever was begun. */
	say(talk, bytes_text("\n\x01\n"));
	snprintf(answer, sizeof(answer), "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":1}\n", (unsigned long long)question);
	say(talk, bytes_text(answer));
	fuzz_require(talk->answered[question] == 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct log quiet = {.role = "core", .level = 0, .fd = -1};
	struct talk talk = {.heard = BUF_INIT((size_t)256 << 20)};
	int pair[2];

	if (size == 0 || size > INPUT_MAX)
		return 0;
	struct bytes text = bytes_of(data + 1, size - 1);
	size_t cut = data[0] < 0x80 ? 0 : text.size / 2;

	talk.base = event_base_new();
	fuzz_require(talk.base != NULL && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	talk.far = pair[1];
	talk.link = ui_link_new(talk.base, &(struct ui_link_options){.log = &quiet, .absent = "nobody"},
	    (struct ui_link_handlers){.call = on_call, .detached = on_detached, .context = &talk});
	ui_link_attach(talk.link, &(struct ui_peer){.in = pair[0], .out = pair[0]});
	for (int i = 0; i < data[0] % QUESTIONS_MAX; i++)
		ui_link_ask(talk.link, "ui_approveTx", bytes_text("{}"), on_answer, &talk);
	say(&talk, bytes_of(text.data, cut));
	say(&talk, bytes_of(text.data + cut, text.size - cut));
	ask_and_answer(&talk);
	check_heard(&talk.heard);
	ui_link_free(talk.link);
	event_base_free(talk.base);
	close(pair[0]);
	close(pair[1]);
	buf_free(&talk.heard);
	return 0;
}
