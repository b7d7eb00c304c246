#include "core/ui_test.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/file.h"
#include "base/text.h"
#include "core/core.h"
#include "core/rpc.h"
#include "core/signer.h"
#include "core/ui_test_private.h"
#include "sandbox/sandbox.h"

#define JSON_LIMIT ((size_t)4 * 1024 * 1024)
/* For a step, when --request-timeout sets no limit: nothing here waits for ever. */
#define STEP_SECONDS 120
/* Until the question that goes away does so, and how long a late answer to it is waited for. */
#define WITHDRAW_SECONDS 2
#define GRACE_SECONDS    2
#define SECRET_MOST      4096
#define SECRET_HEAD      12

struct ui_test;

/* A question that is open. */
struct part {
	struct ui_test *test;
	const struct ui_test_question *question;
	uint64_t number; /* 0: answered */
	char request_id[REQUEST_ID_SIZE];
};

struct ui_test {
	const struct core_options *options;
	struct log log;
	struct event_base *base;
	struct ui_link *ui;
	struct event *timer; /* of the step */
	struct event *next;  /* a moment between two steps */
	struct event *secret;
	struct buf received; /* by the descriptor of --secret-fd */
	unsigned run;
	unsigned last_request;
	size_t step, passed;
	struct part parts[UI_TEST_QUESTIONS_MOST];
	size_t open;
	struct part *awaits_secret;
	bool step_failed, withdrawn;
	struct error why; /* with step_failed */
};

/* ---- the report ---- */

static void put_line(const char *verdict, struct ui_test *test, const char *name, const char *why)
{
	struct buf line BUF_CLEANUP = BUF_INIT(65536);
	struct error ignored;

	buf_printf(&line, "%-4s %2zu/%zu  %s", verdict, test->step + 1, ui_test_step_count, name);
	if (why != NULL) {
		buf_put_text(&line, ": ");
		text_escape(bytes_text(why), ERROR_TEXT_SIZE, &line);
	}
	buf_put_u8(&line, '\n');
	(void)file_write_all(STDERR_FILENO, buf_bytes(&line), &ignored);
}

static void put_summary(const struct ui_test *test)
{
	struct buf line BUF_CLEANUP = BUF_INIT(1024);
	struct error ignored;

	buf_printf(&line, "%zu of %zu steps passed; nothing was signed\n", test->passed, ui_test_step_count);
	(void)file_write_all(STDERR_FILENO, buf_bytes(&line), &ignored);
}

/* ---- steps ---- */

static void set_timer(struct ui_test *test, unsigned seconds)
{
	const struct timeval time = {(time_t)seconds, 0};

	evtimer_add(test->timer, &time);
}

static unsigned step_seconds(const struct ui_test *test)
{
	return test->options->request_timeout_s != 0 ? test->options->request_timeout_s : STEP_SECONDS;
}

static void end_step(struct ui_test *test)
{
	static const struct timeval moment = {0, 20000};

	put_line(
	    test->step_failed ? "FAIL" : "ok", test, ui_test_steps[test->step].name, test->step_failed ? test->why.text : NULL);
	test->passed += !test->step_failed;
	evtimer_del(test->timer);
	if (test->secret != NULL)
		event_del(test->secret);
	test->awaits_secret = NULL;
	test->step++;
	evtimer_add(test->next, &moment);
}

static void end_part(struct part *part, const struct error *error)
{
	struct ui_test *test = part->test;

	part->number = 0;
	if (error != NULL && !test->step_failed) {
		test->step_failed = true;
		test->why = *error;
	}
	if (--test->open == 0)
		end_step(test);
}

static void withdraw(struct part *part, const char *reason)
{
	struct buf json BUF_CLEANUP = BUF_INIT(1024);

	buf_printf(&json, "{\"id\":%llu,\"request_id\":\"%s\",\"reason\":\"%s\"}", (unsigned long long)part->number,
	    part->request_id, reason);
	ui_link_notify(part->test->ui, "ui_withdraw", buf_bytes(&json));
}

/* ---- answers ---- */

static void on_withdrawn_answer(struct part *part, const struct ui_answer *answer)
{
	struct error error;
	bool approved = answer->kind == UI_ANSWER_RESULT && yyjson_is_obj(answer->result) &&
	                yyjson_is_true(yyjson_obj_get(answer->result, "approved"));

	if (!part->test->withdrawn)
		error_set(&error, ERROR_REFUSED, "expected no answer, found one before the question was withdrawn");
	else if (approved)
		error_set(&error, ERROR_REFUSED, "the question was approved after it had been withdrawn");
	else
		error.kind = ERROR_NONE;
	end_part(part, error.kind == ERROR_NONE ? NULL : &error);
}

/* The password comes, or came already, by the descriptor. */
static void await_secret(struct part *part)
{
	struct ui_test *test = part->test;
	struct error error;

	if (test->secret == NULL) {
		error_set(&error, ERROR_REFUSED, "the answer says \"secret_fd\", but the test was started without --secret-fd");
		end_part(part, &error);
		return;
	}
	test->awaits_secret = part;
	event_add(test->secret, NULL);
}

static void on_answer(void *context, uint64_t number, const struct ui_answer *answer)
{
	struct part *part = context;
	struct error error;

	(void)number;
	if (part->question->wanted == UI_TEST_NOTHING)
		on_withdrawn_answer(part, answer);
	else if (part->question->kind == UI_TEST_PASSWORD && answer->kind == UI_ANSWER_RESULT && yyjson_is_obj(answer->result) &&
	         yyjson_is_true(yyjson_obj_get(answer->result, "secret_fd")))
		await_secret(part);
	else
		end_part(part, ui_test_judge(part->question, answer, &error) ? NULL : &error);
}

/* One message: the question's number, a length, the password (keys/secret_pipe.h). False while it is not complete. */
static bool judge_secret(struct ui_test *test, struct error *ret_error, bool *ret_good)
{
	struct reader reader = reader_of(buf_bytes(&test->received));
	uint64_t number = reader_u64(&reader);
	uint32_t size = reader_u32(&reader);
	const struct part *part = test->awaits_secret;

	*ret_good = false;
	if (reader.failed)
		return false;
	if (number != part->number || size > SECRET_MOST) {
		error_set(ret_error, ERROR_REFUSED,
		    "expected question %llu and a length of at most %d on the descriptor, found question %llu and %u bytes",
		    (unsigned long long)part->number, SECRET_MOST, (unsigned long long)number, (unsigned)size);
		return true;
	}
	if (reader.left < size)
		return false;
	*ret_good = ui_test_judge_text(part->question, reader_bytes(&reader, size), ret_error);
	return true;
}

static void on_secret(evutil_socket_t fd, short what, void *context)
{
	struct ui_test *test = context;
	uint8_t *space = buf_reserve(&test->received, SECRET_HEAD + SECRET_MOST);
	struct error error;
	bool good = false;

	(void)what;
	ssize_t got = space != NULL ? read(fd, space, SECRET_HEAD + SECRET_MOST) : 0;

	if (got > 0)
		buf_commit(&test->received, (size_t)got);
	else
		error_set(&error, ERROR_REFUSED, "the descriptor of --secret-fd was closed before the password came");
	if (got > 0 && !judge_secret(test, &error, &good))
		return;
	event_del(test->secret);
	buf_reset(&test->received);
	end_part(test->awaits_secret, good ? NULL : &error);
}

/* ---- questions ---- */

static void ask(struct ui_test *test, struct part *part, const struct ui_test_question *question)
{
	struct buf params BUF_CLEANUP = BUF_INIT(JSON_LIMIT);

	*part = (struct part){.test = test, .question = question};
	snprintf(part->request_id, sizeof(part->request_id), "r-%08x-%u", test->run, ++test->last_request);
	const struct ui_test_frame frame = {.request_id = part->request_id,
	    .expires_at = (long long)time(NULL) + step_seconds(test),
	    .step = test->step + 1,
	    .steps = ui_test_step_count};

	if (!ui_test_put_params(question, &frame, &params))
		log_fatal(&test->log, "bug: the content of step %zu is wrong", test->step + 1);
	part->number = ui_link_ask(test->ui, ui_test_method(question->kind), buf_bytes(&params), on_answer, part);
}

static void begin_step(evutil_socket_t fd, short what, void *context)
{
	struct ui_test *test = context;
	const struct ui_test_step *step = &ui_test_steps[test->step];

	(void)fd;
	(void)what;
	if (test->step == ui_test_step_count) {
		event_base_loopbreak(test->base);
		return;
	}
	test->step_failed = test->withdrawn = false;
	test->open = step->count;
	if (step->notify_method != NULL)
		ui_link_notify(test->ui, step->notify_method, bytes_text(step->notify_params));
	for (size_t i = 0; i < step->count; i++)
		ask(test, &test->parts[i], &step->questions[i]);
	set_timer(test, step->questions[0].wanted == UI_TEST_NOTHING ? WITHDRAW_SECONDS : step_seconds(test));
}

static void on_time_up(struct ui_test *test)
{
	size_t count = ui_test_steps[test->step].count;
	struct error error;

	error_set(&error, ERROR_REFUSED, "no answer within %u seconds", step_seconds(test));
	for (size_t i = 0; i < count; i++) {
		struct part *part = &test->parts[i];

		if (part->number == 0)
			continue;
		if (part != test->awaits_secret && ui_link_forget(test->ui, part->number))
			withdraw(part, "timeout");
		end_part(part, &error);
	}
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct ui_test *test = context;
	struct part *part = &test->parts[0];

	(void)fd;
	(void)what;
	if (part->question->wanted != UI_TEST_NOTHING) {
		on_time_up(test);
	} else if (!test->withdrawn) {
		test->withdrawn = true;
		withdraw(part, "caller gone");
		set_timer(test, GRACE_SECONDS);
	} else {
		ui_link_forget(test->ui, part->number);
		end_part(part, NULL);
	}
}

/* ---- the UI's side ---- */

static void announce(void *context)
{
	struct ui_test *test = context;

	ui_link_notify(test->ui, "ui_onSignerStartup",
	    bytes_text("{\"info\":{\"extapi_http\":\"n/a\",\"extapi_ipc\":\"n/a\",\"extapi_version\":\"" SIGNER_EXTERNAL_API
	               "\",\"intapi_version\":\"" SIGNER_INTERNAL_API "\",\"ui_protocol\":\"" SIGNER_UI_PROTOCOL
	               "\",\"chain_id\":\"0x1\"},\"warnings\":[{\"level\":\"info\",\"code\":\"ui-test\",\"text\":\"This is a "
	               "test of the "
	               "user interface: all requests are made up\"}]}"));
}

/* What UIs like to know at their start is answered; the rest would need keys. */
static void on_call(void *context, const struct ui_call *call)
{
	static const struct {
		const char *method, *result;
	} known[] = {{"clef_listAccounts", ui_test_accounts}, {"clef_listWallets", "[]"}, {"clef_chainId", "\"0x1\""},
	    {"clef_pending", "[]"}};
	struct ui_test *test = context;
	struct buf json BUF_CLEANUP = BUF_INIT(4096);
	struct bytes result = BYTES_NONE;
	struct error error;

	if (call->id.size == 0)
		return;
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (bytes_equal_text(call->method, known[i].method))
			result = bytes_text(known[i].result);
	if (result.size == 0) {
		error_set(&error, ERROR_REFUSED, "not available in a test of the user interface (--stdio-ui-test)");
		rpc_put_error(&json, &error, BYTES_NONE);
	}
	ui_link_reply(test->ui, call->id, call->batch, result, buf_bytes(&json));
}

static void on_detached(void *context, const char *why)
{
	struct ui_test *test = context;
	char text[256];

	snprintf(text, sizeof(text), "the user interface is gone: %s", why);
	/* What is open is answered as gone right after this, and reported then. */
	if (test->step < ui_test_step_count && test->open == 0)
		put_line("FAIL", test, ui_test_steps[test->step].name, text);
	event_base_loopbreak(test->base);
}

/* ---- start and end ---- */

static bool prepare(struct ui_test *test, struct error *ret_error)
{
	const struct core_options *options = test->options;
	const struct sandbox_options sandbox = {
	    .allow_weak = options->allow_weak_sandbox, .require_all = options->require_sandbox};
	const struct ui_link_handlers handlers = {
	    .call = on_call, .attached = announce, .detached = on_detached, .context = test};
	const struct ui_link_options link = {.log = &test->log, .absent = "the user interface has ended"};
	unsigned features;

	signal(SIGPIPE, SIG_IGN);
	if (getrandom(&test->run, sizeof(test->run), 0) != (ssize_t)sizeof(test->run))
		return error_set(ret_error, ERROR_INTERNAL, "cannot get random bytes");
	test->base = event_base_new();
	if (test->base == NULL)
		return error_set(ret_error, ERROR_INTERNAL, "cannot make an event loop");
	test->timer = evtimer_new(test->base, on_timer, test);
	test->next = evtimer_new(test->base, begin_step, test);
	if (options->secret_fd >= 0) {
		evutil_make_socket_nonblocking(options->secret_fd);
		test->secret = event_new(test->base, options->secret_fd, EV_READ | EV_PERSIST, on_secret, test);
	}
	test->ui = ui_link_new(test->base, &link, handlers);
	return sandbox_enter(SANDBOX_CORE, &sandbox, &features, ret_error);
}

static void finish(struct ui_test *test)
{
	ui_link_free(test->ui);
	event_free(test->timer);
	event_free(test->next);
	if (test->secret != NULL)
		event_free(test->secret);
	event_base_free(test->base);
	buf_free(&test->received);
}

int ui_test_main(const struct core_options *options)
{
	struct ui_test test = {.options = options,
	    .log = {.role = "ui-test", .level = options->log_level, .fd = STDERR_FILENO},
	    .received = BUF_INIT((size_t)4 * (SECRET_HEAD + SECRET_MOST))};
	const struct ui_peer peer = {.in = STDIN_FILENO, .out = STDOUT_FILENO};
	struct error error;

	if (!prepare(&test, &error)) {
		log_error(&test.log, "%s", error.text);
		return 1;
	}
	ui_link_attach(test.ui, &peer);
	event_active(test.next, EV_TIMEOUT, 0);
	event_base_dispatch(test.base);
	put_summary(&test);
	finish(&test);
	return test.passed == ui_test_step_count ? 0 : 1;
}
