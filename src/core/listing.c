#include "core/listing.h"

#include <stdlib.h>

#include "core/request.h"
#include "core/signer.h"

#define JSON_LIMIT ((size_t)48 * 1024 * 1024)

struct listing {
	struct account_list list;
	struct arena arena;
	struct buf json; /* made when it is first asked for */
	size_t users;
};

static void drop_user(struct listing *listing)
{
	if (--listing->users > 0)
		return;
	arena_free(&listing->arena);
	buf_free(&listing->json);
	free(listing);
}

static bool read_answer(enum ipc_type type, const void *message, struct listing *ret_listing, struct error *ret_error)
{
	if (type == IPC_KEYS_FAILED) {
		request_keys_error(message, ret_error);
		return false;
	}
	const struct ipc_keys_accounts *accounts = message;

	if (!account_list_read(accounts->accounts, &ret_listing->arena, &ret_listing->list, ret_error))
		return false;
	account_list_sort(&ret_listing->list, &ret_listing->arena);
	return true;
}

/* Everybody who waits gets the same list. Handlers end requests, so that the line is looked at anew each time. */
static void on_accounts(void *context, enum ipc_type type, const void *message)
{
	struct signer *signer = context;
	struct listing *listing = memory_new(1, sizeof(*listing));
	struct error error;

	listing->users = 1;
	buf_init(&listing->json, JSON_LIMIT);
	bool ok = read_answer(type, message, listing, &error);

	signer->listing.asked = false;
	for (struct request *line = signer->listing.first; line != NULL; line = signer->listing.first) {
		listing_ready *ready = line->listing.ready;

		signer->listing.first = line->listing.next;
		line->listing = (struct listing_share){0};
		if (ok) {
			line->listing.listing = listing;
			listing->users++;
		}
		ready(line, ok ? NULL : &error);
	}
	drop_user(listing);
}

void listing_ask(struct request *request, listing_ready *ready)
{
	struct signer *signer = request->signer;
	struct request **last = &signer->listing.first;
	struct ipc_keys_list message = {0};

	request_wait(request);
	while (*last != NULL)
		last = &(*last)->listing.next;
	*last = request;
	request->listing.ready = ready;
	if (signer->listing.asked)
		return;
	signer->listing.asked = true;
	keys_link_request(signer->keys, IPC_KEYS_LIST, &message, on_accounts, signer);
}

const struct account_list *listing_of(const struct request *request)
{
	return &request->listing.listing->list;
}

bool listing_offers(const struct request *request, const struct address *address)
{
	return account_list_has(listing_of(request), address) && clients_permit_account(request->rights, address);
}

/* What others use is not told, to the person's program either: it would be offered. */
static struct bytes own_json(struct request *request)
{
	struct buf json BUF_CLEANUP = BUF_INIT(JSON_LIMIT);
	const struct account_list *all = listing_of(request);
	ARENA_CLEANUP struct arena scratch = {0};
	struct account_list own = {.accounts = arena_array(&scratch, all->count, sizeof(own.accounts[0]))};

	for (size_t i = 0; i < all->count; i++)
		if (clients_permit_account(request->rights, &all->accounts[i].address))
			own.accounts[own.count++] = all->accounts[i];
	account_list_put_json(&own, &json);
	return arena_copy(&request->arena, buf_bytes(&json));
}

struct bytes listing_json(struct request *request)
{
	struct listing *listing = request->listing.listing;

	if (request->rights != NULL && !request->rights->all_accounts)
		return own_json(request);
	if (listing->json.size == 0)
		account_list_put_json(&listing->list, &listing->json);
	return buf_bytes(&listing->json);
}

void listing_release(struct request *request)
{
	if (request->listing.ready != NULL) {
		struct request **at = &request->signer->listing.first;

		while (*at != NULL && *at != request)
			at = &(*at)->listing.next;
		if (*at != NULL)
			*at = request->listing.next;
	}
	if (request->listing.listing != NULL)
		drop_user(request->listing.listing);
	request->listing = (struct listing_share){0};
}
