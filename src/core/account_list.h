/* account_list: the accounts that keys reports, as texts and for looking up. */
#ifndef CLEF_CORE_ACCOUNT_LIST_H
#define CLEF_CORE_ACCOUNT_LIST_H

#include "base/error.h"
#include "base/memory.h"
#include "eth/address.h"

struct account {
	struct address address;
	struct bytes path;
};

struct account_list {
	size_t count;
	struct account *accounts; /* in the order of their paths */
	struct address *sorted;   /* by bytes; made by account_list_sort */
};

/* Read the packed list of KEYS_ACCOUNTS into the arena (paths are copied). */
bool account_list_read(struct bytes packed, struct arena *arena, struct account_list *ret_list, struct error *ret_error);
/* Prepare account_list_has. */
void account_list_sort(struct account_list *list, struct arena *arena);
bool account_list_has(const struct account_list *list, const struct address *address);
/* {"address":"0x…","url":"keystore://PATH"} */
void account_put_json(const struct address *address, struct bytes path, struct buf *buf);
/* An array of them. */
void account_list_put_json(const struct account_list *list, struct buf *buf);
/* An argument that is an address: "0x" and 40 digits in any case. ERROR_PARAMS. */
bool account_read_address(struct bytes untrusted_text, size_t argument, struct address *ret_address, struct error *ret_error);

#endif
