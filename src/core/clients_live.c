#include "core/clients_live.h"

#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define MINUTE ((uint64_t)60 * 1000 * 1000)

static bool is_same(const struct client *client, const struct client_id *id)
{
	return client->kind == id->kind &&
	       (client->kind == CLIENT_UID ? client->uid == id->uid : bytes_equal_text(id->name, client->name));
}

struct client *clients_look(const struct clients_live *live, const struct client_id *id)
{
	struct client *at = live->first;

	while (at != NULL && !is_same(at, id))
		at = at->next;
	return at;
}

/* Whoever has a full bucket and nothing here is as good as never seen. */
static void forget_idle(struct clients_live *live, uint64_t now)
{
	struct client **at = &live->first;

	while (*at != NULL) {
		struct client *client = *at;

		if (client->requests > 0 || client->full_at > now) {
			at = &client->next;
			continue;
		}
		*at = client->next;
		live->count--;
		free(client);
	}
}

static struct client *add(struct clients_live *live, const struct client_id *id, uint64_t now)
{
	if (live->count >= CLIENTS_LIVE_MAX)
		forget_idle(live, now);
	if (live->count >= CLIENTS_LIVE_MAX || id->name.size > CLIENT_NAME_MAX)
		return NULL;
	struct client *client = memory_new(1, sizeof(*client));

	client->kind = id->kind;
	client->uid = id->uid;
	if (id->name.size > 0)
		memcpy(client->name, id->name.data, id->name.size);
	client->next = live->first;
	live->first = client;
	live->count++;
	return client;
}

static bool take_token(struct client *client, uint32_t rate, uint64_t now)
{
	uint64_t full_at = client->full_at > now ? client->full_at : now;

	if (rate == 0)
		return true;
	full_at += MINUTE / rate;
	if (full_at - now > MINUTE)
		return false;
	client->full_at = full_at;
	return true;
}

/* Of qubes only: the others have the limits of their gates alone. */
static bool has_room(const struct clients_live *live, const struct client *client, size_t size)
{
	bool own = client->held == 0 || (client->held <= CLIENT_HELD_MAX && size <= CLIENT_HELD_MAX - client->held);
	bool common = size <= CLIENT_HELD_SMALL || (live->held <= CLIENTS_HELD_MAX && size <= CLIENTS_HELD_MAX - live->held);

	return client->kind != CLIENT_QUBE || (own && common);
}

static bool limit_rate(struct client *client, const struct client_rights *rights, uint64_t now, struct error *ret_error)
{
	return take_token(client, rights->rate, now) ||
	       error_set(ret_error, ERROR_REFUSED, "too many requests of this client (more than %u a minute); try again later",
	           (unsigned)rights->rate);
}

static struct client *look_or_add(struct clients_live *live, const struct client_id *id, uint64_t now, struct error *ret_error)
{
	struct client *client = clients_look(live, id);

	if (client == NULL)
		client = add(live, id, now);
	if (client == NULL)
		error_set(ret_error, ERROR_REFUSED, "too many clients at once; try again later");
	return client;
}

bool clients_forbid(struct clients_live *live, const struct client_id *id, const struct client_rights *rights, uint64_t now,
    struct client **ret_client, struct error *ret_error)
{
	*ret_client = look_or_add(live, id, now, ret_error);
	return *ret_client != NULL && limit_rate(*ret_client, rights, now, ret_error);
}

struct client *clients_enter(struct clients_live *live, const struct client_id *id, const struct client_rights *rights,
    size_t size, uint64_t now, struct error *ret_error)
{
	struct client *client = look_or_add(live, id, now, ret_error);

	if (client == NULL)
		return NULL;
	client->rights = rights;
	if (rights->queue > 0 && client->requests >= rights->queue) {
		error_set(ret_error, ERROR_REFUSED, "too many requests of this client wait already (%u); try again later",
		    (unsigned)rights->queue);
		return NULL;
	}
	if (!has_room(live, client, size)) {
		error_set(ret_error, ERROR_REFUSED,
		    "requests of this client, or of all qubes, that wait already are too large together; try again later");
		return NULL;
	}
	if (!limit_rate(client, rights, now, ret_error))
		return NULL;
	client->requests++;
	client->held += size;
	live->held += client->kind == CLIENT_QUBE ? size : 0;
	return client;
}

void clients_leave(struct clients_live *live, struct client *client, size_t size)
{
	live->held -= client->kind == CLIENT_QUBE ? size : 0;
	client->requests--;
	client->held -= size;
}

void clients_live_free(struct clients_live *live)
{
	while (live->first != NULL) {
		struct client *client = live->first;

		live->first = client->next;
		free(client);
	}
	live->count = 0;
}
