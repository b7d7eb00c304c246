/*
 * listing: the accounts that keys reports. Asked for once, however many requests wait for them, and shared by all of these: a caller that asks for the
 * list a thousand times costs one list.
 */
#ifndef CLEF_CORE_LISTING_H
#define CLEF_CORE_LISTING_H

#include "core/account_list.h"

struct request;
struct listing;

/* error NULL: listing_of(request) is there until the request ends. */
typedef void listing_ready(struct request *request, const struct error *error);

struct listing_line {
	struct request *first;
	bool asked; /* keys is at it */
};

/* A request's place in the line, and its share of a list. Zero is none. */
struct listing_share {
	struct listing *listing;
	listing_ready *ready; /* not NULL while it waits */
	struct request *next;
};

/* Wait for the list. `ready` is called later, once, unless the request ends before. */
void listing_ask(struct request *request, listing_ready *ready);
const struct account_list *listing_of(const struct request *request);
/* Is the account in the list, and the client's to use? */
bool listing_offers(const struct request *request, const struct address *address);
/* Those of the list that are the client's to use, as a JSON array, made once for all clients that may use all; empty when there are more than fit. */
struct bytes listing_json(struct request *request);
/* The request ends: leave the line, give back the share. */
void listing_release(struct request *request);

#endif
