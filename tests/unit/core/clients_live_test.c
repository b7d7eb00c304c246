/* How much each client may ask at once, and how often. */
#include "../base/testing.h"

#include "core/clients_live.h"

#define SECOND ((uint64_t)1000 * 1000)
#define START  (1000 * SECOND)

static const struct client_rights unlimited = {.all_accounts = true};
static const struct client_rights of_qubes = {.all_accounts = true, .queue = 3, .rate = 6};

static struct client *enter(struct clients_live *live, const char *qube, size_t size, uint64_t now)
{
	struct client_id id = {.kind = CLIENT_QUBE, .name = bytes_text(qube)};
	struct error error;

	return clients_enter(live, &id, &of_qubes, size, now, &error);
}

static void assert_too_much(struct clients_live *live, const char *qube, size_t size, uint64_t now, const char *part)
{
	struct client_id id = {.kind = CLIENT_QUBE, .name = bytes_text(qube)};
	struct error error;

	assert_null(clients_enter(live, &id, &of_qubes, size, now, &error));
	assert_int_equal(error.kind, ERROR_REFUSED);
	assert_non_null(strstr(error.text, part));
}

static void test_a_queue(void **state)
{
	struct clients_live live = {0};
	struct client *client = enter(&live, "a", 0, START);

	(void)state;
	assert_ptr_equal(enter(&live, "a", 0, START), client);
	assert_ptr_equal(enter(&live, "a", 0, START), client);
	assert_too_much(&live, "a", 0, START, "too many requests of this client wait already (3)");
	assert_non_null(enter(&live, "b", 0, START)); /* nobody else's business */
	clients_leave(&live, client, 0);
	assert_ptr_equal(enter(&live, "a", 0, START), client);
	assert_too_much(&live, "a", 0, START, "wait already");
	clients_live_free(&live);
}

/* A full bucket at first; then one every ten seconds, and never more than a minute's worth. */
static void test_a_rate(void **state)
{
	struct clients_live live = {0};
	uint64_t now = START;

	(void)state;
	for (int i = 0; i < 6; i++)
		clients_leave(&live, enter(&live, "a", 0, now), 0);
	assert_too_much(&live, "a", 0, now, "too many requests of this client (more than 6 a minute)");
	assert_too_much(&live, "a", 0, now + 10 * SECOND - 1, "a minute");
	clients_leave(&live, enter(&live, "b", 0, now), 0);
	now += 10 * SECOND;
	clients_leave(&live, enter(&live, "a", 0, now), 0);
	assert_too_much(&live, "a", 0, now, "a minute"); /* what is refused costs nothing */
	assert_too_much(&live, "a", 0, now + 9 * SECOND, "a minute");
	clients_leave(&live, enter(&live, "a", 0, now + 10 * SECOND), 0);
	now += 100000 * SECOND;
	for (int i = 0; i < 6; i++)
		clients_leave(&live, enter(&live, "a", 0, now), 0);
	assert_too_much(&live, "a", 0, now, "a minute");
	clients_live_free(&live);
}

static void test_every_rate_gives_what_it_says(void **state)
{
	static const uint32_t rates[] = {1, 7, 30, 120, 5999, 6000};

	(void)state;
	for (size_t i = 0; i < sizeof(rates) / sizeof(rates[0]); i++) {
		const struct client_rights rights = {.rate = rates[i]};
		const struct client_id id = {.kind = CLIENT_DEFAULT};
		struct clients_live live = {0};
		struct client *client;
		struct error error;
		uint32_t count = 0;

		while ((client = clients_enter(&live, &id, &rights, 0, START, &error)) != NULL && count < 100000) {
			clients_leave(&live, client, 0);
			count++;
		}
		assert_int_equal(count, rates[i]);
		clients_live_free(&live);
	}
}

/* A qube cannot take the memory of the others, but may have one request that is large. */
static void test_a_share_of_memory(void **state)
{
	struct clients_live live = {0};
	struct client *client = enter(&live, "a", CLIENT_HELD_MAX + 1, START);

	(void)state;
	assert_non_null(client);
	assert_too_much(&live, "a", 1, START, "too large together");
	assert_non_null(enter(&live, "b", CLIENT_HELD_MAX, START));
	assert_too_much(&live, "b", 1, START, "too large together");
	assert_non_null(enter(&live, "b", 0, START));
	clients_leave(&live, client, CLIENT_HELD_MAX + 1);
	assert_non_null(enter(&live, "a", 1, START));
	clients_live_free(&live);
}

/* Nor can all of them together: there is room for others, and for small requests of further ones. */
static void test_a_share_of_all_qubes(void **state)
{
	const struct client_id user = {.kind = CLIENT_UID, .uid = 1000};
	struct clients_live live = {0};
	struct client *first = enter(&live, "a", CLIENTS_HELD_MAX - 10000, START);
	struct error error;

	(void)state;
	assert_non_null(first);
	assert_too_much(&live, "b", 10001, START, "of all qubes, that wait already are too large together");
	assert_non_null(enter(&live, "b", 10000, START));
	assert_too_much(&live, "c", CLIENT_HELD_SMALL + 1, START, "too large together");
	assert_non_null(enter(&live, "c", CLIENT_HELD_SMALL, START));
	assert_non_null(clients_enter(&live, &user, &unlimited, CLIENTS_HELD_MAX, START, &error));
	clients_leave(&live, first, CLIENTS_HELD_MAX - 10000);
	assert_non_null(enter(&live, "d", CLIENTS_HELD_MAX / 2, START));
	clients_live_free(&live);
}

static void test_others_have_no_limits_of_their_own(void **state)
{
	const struct client_id user = {.kind = CLIENT_UID, .uid = 1000}, root = {.kind = CLIENT_UID},
	                       http = {.kind = CLIENT_DEFAULT};
	struct clients_live live = {0};
	struct client *first = NULL;
	struct error error;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		struct client *client = clients_enter(&live, &user, &unlimited, CLIENT_HELD_MAX, START, &error);

		assert_non_null(client);
		assert_true(first == NULL || client == first);
		first = client;
	}
	assert_ptr_not_equal(clients_enter(&live, &root, &unlimited, 0, START, &error), first);
	assert_ptr_not_equal(clients_enter(&live, &http, &unlimited, 0, START, &error), first);
	assert_int_equal(live.count, 3);
	clients_live_free(&live);
}

/* Whoever makes up names fills no memory for good, and makes nobody forgotten who still waits, or has asked too much. */
static void test_many_names(void **state)
{
	struct clients_live live = {0};
	struct client *waiting = enter(&live, "waiting", 5, START);
	char name[32];

	(void)state;
	for (int i = 0; i < 6; i++)
		clients_leave(&live, enter(&live, "busy", 0, START + 60 * SECOND), 0);
	for (int i = 0; i < 3 * CLIENTS_LIVE_MAX; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		struct client *client = enter(&live, name, 0, START + (uint64_t)i * SECOND / 100);

		assert_non_null(client);
		clients_leave(&live, client, 0);
		assert_true(live.count <= CLIENTS_LIVE_MAX);
	}
	assert_ptr_equal(enter(&live, "waiting", 0, START + 100 * SECOND), waiting);
	assert_int_equal(waiting->held, 5);
	assert_too_much(&live, "busy", 0, START + 60 * SECOND, "a minute");
	clients_live_free(&live);
	for (int i = 0; i < CLIENTS_LIVE_MAX; i++) {
		snprintf(name, sizeof(name), "q%d", i);
		assert_non_null(enter(&live, name, 0, START));
	}
	assert_too_much(&live, "another", 0, START + 60 * SECOND, "too many clients");
	assert_non_null(enter(&live, "q7", 0, START));
	clients_live_free(&live);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_a_queue),
	    cmocka_unit_test(test_a_rate),
	    cmocka_unit_test(test_every_rate_gives_what_it_says),
	    cmocka_unit_test(test_a_share_of_memory),
	    cmocka_unit_test(test_a_share_of_all_qubes),
	    cmocka_unit_test(test_others_have_no_limits_of_their_own),
	    cmocka_unit_test(test_many_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
