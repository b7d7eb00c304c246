/* Whose question is asked next: requests of qubes, with a UI that the test plays over a socket. */
#include "../base/testing.h"

#include <fcntl.h>
#include <sys/socket.h>

#include "core/request.h"
#include "core/signer.h"

#define REQUESTS 40

struct table {
	struct core_options options;
	struct signer signer;
	struct client clients[4];
	struct request *requests[REQUESTS];
	int near, far;
	struct buf seen; /* questions as the UI read them, "5 7 ", and ends, "-5 " */
	unsigned answers;
};

static struct table *current; /* for ui_answered, which gets the request alone */

static void on_answer(void *context, uint64_t question, const struct ui_answer *answer)
{
	struct request *request = request_answered_by_ui(context);

	(void)question;
	current->answers++;
	if (answer->kind == UI_ANSWER_RESULT)
		request_refuse_text(request, ERROR_DENIED, "no");
	else
		request_refuse(request, &answer->error);
}

static void on_detached(void *context, const char *why)
{
	struct signer *signer = context;

	(void)why;
	signer->ui_era++;
	turns_ui_left(signer);
}

static void attach(struct table *table)
{
	int pair[2];

	close(table->near);
	close(table->far);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	table->near = pair[0];
	table->far = pair[1];
	fcntl(table->far, F_SETFL, O_NONBLOCK);
	ui_link_attach(table->signer.ui, &(struct ui_peer){.in = table->near, .out = table->near, .replaceable = true});
	turns_ui_came(&table->signer);
}

static struct table *open_table(unsigned wait_s)
{
	struct table *table = memory_new(1, sizeof(*table));
	const struct ui_link_options link = {.log = &table->signer.log, .wait_s = wait_s, .absent = "nobody is there"};

	table->options = (struct core_options){.keystore = "", .wait_for_ui_s = wait_s};
	table->signer = (struct signer){.options = &table->options,
	    .audit = AUDIT_NONE,
	    .log = {.role = "core", .level = 0, .fd = -1},
	    .base = event_base_new()};
	table->signer.ui =
	    ui_link_new(table->signer.base, &link, (struct ui_link_handlers){.detached = on_detached, .context = &table->signer});
	table->near = table->far = -1;
	for (size_t i = 0; i < 4; i++)
		table->clients[i].kind = CLIENT_QUBE;
	buf_init(&table->seen, 65536);
	current = table;
	return table;
}

static void close_table(struct table *table)
{
	while (table->signer.requests != NULL) {
		table->signer.requests->question = 0;
		request_refuse_text(table->signer.requests, ERROR_REFUSED, "the end");
	}
	assert_null(table->signer.turns.holder);
	assert_null(table->signer.turns.first);
	assert_int_equal(table->signer.turns.size, 0);
	for (size_t i = 0; i < 4; i++)
		assert_true(table->clients[i].asked == 0 && table->clients[i].requests == 0);
	turns_free(&table->signer.turns);
	ui_link_free(table->signer.ui);
	event_base_free(table->signer.base);
	close(table->near);
	close(table->far);
	buf_free(&table->seen);
	free(table);
}

static void ask(struct table *table, size_t number, size_t client)
{
	struct request *request = request_new(&table->signer, method_find(bytes_text("account_signData"), METHOD_EXTERNAL));
	char params[32];

	request->client = &table->clients[client];
	request->client->requests++;
	table->requests[number] = request;
	request_advance(request, REQUEST_JUDGED);
	request_advance(request, REQUEST_ASKED);
	snprintf(params, sizeof(params), "{\"n\":%zu}", number);
	request_ask(request, "ui_approveSignData", bytes_text(params), on_answer);
}

static void run_for(struct table *table, unsigned milliseconds)
{
	const struct timeval moment = {milliseconds / 1000, (suseconds_t)(milliseconds % 1000) * 1000};

	event_base_loopexit(table->signer.base, &moment);
	event_base_dispatch(table->signer.base);
}

/* What the UI was sent: the numbers of the questions, and with "!" those of the withdrawn. The last question's id is the result. */
static unsigned long long look(struct table *table, const char *expected)
{
	static char line[65536];
	struct buf found BUF_CLEANUP = BUF_INIT(4096);
	unsigned long long id = 0;

	run_for(table, 20);
	ssize_t size = recv(table->far, line, sizeof(line) - 1, 0);

	line[size > 0 ? size : 0] = 0;
	for (char *rest = line, *at; (at = strsep(&rest, "\n")) != NULL && at[0] != 0;) {
		const char *number = strstr(at, "\"n\":");

		if (strstr(at, "ui_withdraw") != NULL)
			buf_put_text(&found, "! ");
		if (number == NULL)
			continue;
		id = strtoull(strstr(at, "\"id\":") + 5, NULL, 10);
		buf_printf(&found, "%llu ", strtoull(number + 4, NULL, 10));
	}
	assert_string_equal(buf_text(&found), expected);
	return id;
}

static void answer(struct table *table, unsigned long long id)
{
	char text[64];
	int size = snprintf(text, sizeof(text), "{\"jsonrpc\":\"2.0\",\"id\":%llu,\"result\":{}}\n", id);

	assert_int_equal(send(table->far, text, (size_t)size, MSG_NOSIGNAL), size);
}

/* ---- whose turn it is ---- */

static void test_one_at_a_time_in_turn(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	/* A flood of one qube, then two of another, one of a third. */
	for (size_t i = 0; i < 6; i++)
		ask(table, i, 0);
	ask(table, 10, 1);
	ask(table, 11, 1);
	ask(table, 20, 2);
	answer(table, look(table, "0 "));
	answer(table, look(table, "10 "));
	answer(table, look(table, "20 "));
	answer(table, look(table, "1 "));
	ask(table, 12, 1); /* behind its own */
	ask(table, 30, 3); /* was never served, and came after 11 */
	answer(table, look(table, "11 "));
	answer(table, look(table, "30 "));
	answer(table, look(table, "2 "));
	answer(table, look(table, "12 "));
	answer(table, look(table, "3 "));
	answer(table, look(table, "4 "));
	ask(table, 21, 2);
	answer(table, look(table, "21 "));
	answer(table, look(table, "5 "));
	look(table, "");
	assert_int_equal(table->answers, 12);
	ask(table, 6, 0);
	look(table, "6 ");
	close_table(table);
}

/* However many one qube adds, whenever: between two prompts of the other there is at most one of its own. */
static void test_a_flood_starves_nobody(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	for (size_t i = 0; i < 20; i++)
		ask(table, i, 0);
	answer(table, look(table, "0 "));
	for (size_t i = 0; i < 5; i++) {
		char expected[32];

		ask(table, 30 + i, 1);
		ask(table, 20 + i, 0);
		snprintf(expected, sizeof(expected), "%zu ", 30 + i);
		answer(table, look(table, expected));
		snprintf(expected, sizeof(expected), "%zu ", i + 1);
		answer(table, look(table, expected));
	}
	close_table(table);
}

/* Whoever has an endless supply of new names does not get past those who wait. */
static void test_new_names_starve_nobody(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	ask(table, 0, 0);
	ask(table, 1, 0);
	ask(table, 10, 1); /* comes before the turn of 0 is over */
	answer(table, look(table, "0 "));
	unsigned long long id = look(table, "10 ");

	ask(table, 20, 2);
	answer(table, id);
	id = look(table, "1 ");
	ask(table, 30, 3);
	ask(table, 2, 0);
	answer(table, id);
	id = look(table, "20 ");
	answer(table, id);
	answer(table, look(table, "30 "));
	look(table, "2 ");
	close_table(table);
}

/* The turn lasts until the request has ended: its password, its signature. */
static void test_the_turn_lasts_to_the_end(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	ask(table, 1, 0);
	ask(table, 2, 1);
	look(table, "1 ");
	struct request *first = table->requests[1];

	/* Answered, as it is while keys is at work, and asked something else after that. */
	ui_link_forget(table->signer.ui, first->question);
	first->question = 0;
	look(table, "");
	request_ask(first, "ui_onInputRequired", bytes_text("{\"n\":100}"), on_answer);
	answer(table, look(table, "100 "));
	answer(table, look(table, "2 "));
	close_table(table);
}

static void test_others_do_not_wait(void **state)
{
	static const enum client_kind kinds[] = {CLIENT_DEFAULT, CLIENT_UID, CLIENT_TLS};
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	ask(table, 1, 0);
	ask(table, 2, 0);
	for (size_t i = 0; i < 3; i++) {
		table->clients[i + 1].kind = kinds[i];
		ask(table, 10 + i, i + 1);
	}
	look(table, "1 10 11 12 ");
	close_table(table);
}

/* ---- leaving ---- */

static void test_who_waits_may_leave(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	for (size_t i = 0; i < 5; i++)
		ask(table, i, i % 2);
	unsigned long long id = look(table, "0 ");

	request_withdraw(table->requests[1], "caller gone");
	request_cancel(table->requests[4]);
	look(table, ""); /* nobody knew of them */
	assert_true(table->requests[2]->question == 0 && table->requests[2]->turn.waits);
	answer(table, id);
	answer(table, look(table, "3 "));
	look(table, "2 ");
	request_withdraw(table->requests[2], "caller gone");
	look(table, "! ");
	close_table(table);
}

static void test_who_has_the_turn_may_leave(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	attach(table);
	ask(table, 1, 0);
	ask(table, 2, 0);
	ask(table, 3, 1);
	look(table, "1 ");
	request_withdraw(table->requests[1], "caller gone");
	/* One that comes before the next was asked does not push in. */
	ask(table, 4, 2);
	look(table, "! 3 ");
	request_cancel(table->requests[3]);
	look(table, "! 4 ");
	request_cancel(table->requests[2]);
	request_cancel(table->requests[4]);
	ask(table, 5, 3);
	look(table, "! 5 ");
	close_table(table);
}

/* ---- how much waits ---- */

static bool wait_with(struct table *table, size_t client, size_t size)
{
	static char params[TURNS_CLIENT_MAX + 1];
	struct request *request = request_new(&table->signer, method_at(1));

	memset(params, ' ', sizeof(params));
	request->client = &table->clients[client];
	request->client->requests++;
	request_advance(request, REQUEST_JUDGED);
	request_advance(request, REQUEST_ASKED);
	return turns_take(request) || turns_wait(request, "ui_approveSignData", bytes_of(params, size), on_answer);
}

static void test_a_client_fills_no_memory(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	assert_true(wait_with(table, 3, 1));
	assert_false(wait_with(table, 0, TURNS_CLIENT_MAX + 1)); /* not even with its first */
	assert_true(wait_with(table, 0, TURNS_CLIENT_MAX));
	assert_false(wait_with(table, 0, TURNS_SMALL + 1));
	assert_true(wait_with(table, 0, TURNS_SMALL));
	assert_true(wait_with(table, 1, TURNS_CLIENT_MAX));
	close_table(table);
}

/* Many that work together fill none either, and keep nobody else's small question out. */
static void test_many_clients_fill_no_memory(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	assert_true(wait_with(table, 3, 1));
	for (size_t i = 0; i < TURNS_MAX / TURNS_CLIENT_MAX; i++) {
		assert_true(wait_with(table, 0, TURNS_CLIENT_MAX));
		table->clients[0].asked = 0; /* as if each were of another client */
	}
	assert_false(wait_with(table, 1, TURNS_SMALL + 1));
	assert_true(wait_with(table, 1, TURNS_SMALL));
	table->clients[0].asked = TURNS_MAX;
	close_table(table);
}

/* ---- nobody is there ---- */

static void test_without_a_ui_all_are_refused(void **state)
{
	struct table *table = open_table(0);

	(void)state;
	for (size_t i = 0; i < 20; i++)
		ask(table, i, i % 3);
	run_for(table, 50);
	assert_int_equal(table->answers, 20);
	assert_null(table->signer.requests);
	close_table(table);
}

/* All of them wait as long as --wait-for-ui says, not one after the other. */
static void test_nobody_comes(void **state)
{
	struct table *table = open_table(1);

	(void)state;
	for (size_t i = 0; i < 9; i++)
		ask(table, i, i % 3);
	run_for(table, 500);
	assert_int_equal(table->signer.request_count, 9);
	run_for(table, 900);
	assert_int_equal(table->signer.request_count, 0);
	close_table(table);
}

static void test_somebody_comes(void **state)
{
	struct table *table = open_table(1);

	(void)state;
	for (size_t i = 0; i < 4; i++)
		ask(table, i, i % 2);
	run_for(table, 400);
	attach(table);
	unsigned long long id = look(table, "0 ");

	run_for(table, 1000); /* whoever is asked is not absent */
	assert_int_equal(table->signer.request_count, 4);
	answer(table, id);
	answer(table, look(table, "1 "));
	look(table, "2 ");
	close_table(table);
}

/* What was asked is lost with the UI; what was not is asked of the next one, or refused when none comes. */
static void test_a_ui_leaves(void **state)
{
	struct table *table = open_table(1);

	(void)state;
	attach(table);
	for (size_t i = 0; i < 4; i++)
		ask(table, i, i % 2);
	look(table, "0 ");
	ui_link_detach(table->signer.ui, "it left");
	run_for(table, 300);
	assert_int_equal(table->signer.request_count, 3);
	attach(table);
	look(table, "1 ");
	ui_link_detach(table->signer.ui, "it left");
	run_for(table, 700);
	assert_int_equal(table->signer.request_count, 2);
	run_for(table, 600);
	assert_int_equal(table->signer.request_count, 0);
	close_table(table);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_one_at_a_time_in_turn),
	    cmocka_unit_test(test_a_flood_starves_nobody),
	    cmocka_unit_test(test_new_names_starve_nobody),
	    cmocka_unit_test(test_the_turn_lasts_to_the_end),
	    cmocka_unit_test(test_others_do_not_wait),
	    cmocka_unit_test(test_who_waits_may_leave),
	    cmocka_unit_test(test_who_has_the_turn_may_leave),
	    cmocka_unit_test(test_a_client_fills_no_memory),
	    cmocka_unit_test(test_many_clients_fill_no_memory),
	    cmocka_unit_test(test_without_a_ui_all_are_refused),
	    cmocka_unit_test(test_nobody_comes),
	    cmocka_unit_test(test_somebody_comes),
	    cmocka_unit_test(test_a_ui_leaves),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
