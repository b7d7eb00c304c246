#include "proxy/accounts.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "eth/quantity.h"

struct accounts_grant {
	char *origin, *list;
	uint64_t number, since_ms;
};

static void grant_free(struct accounts_grant *grant)
{
	free(grant->origin);
	free(grant->list);
}

void accounts_free(struct accounts *accounts)
{
	for (size_t i = 0; i < accounts->count; i++)
		grant_free(&accounts->grants[i]);
	free(accounts->grants);
	*accounts = (struct accounts){0};
}

bool accounts_check_list(yyjson_val *untrusted_list, struct error *ret_error)
{
	size_t index, count;
	yyjson_val *untrusted_entry;
	struct address address;

	if (!yyjson_is_arr(untrusted_list) || yyjson_arr_size(untrusted_list) > ACCOUNTS_ADDRESSES_MAX)
		return error_set(ret_error, ERROR_REFUSED, "the signer's answer to account_list is no list of addresses");
	yyjson_arr_foreach(untrusted_list, index, count, untrusted_entry)
	{
		if (!yyjson_is_str(untrusted_entry) || !address_parse(json_bytes(untrusted_entry), &address))
			return error_set(ret_error, ERROR_REFUSED,
			    "the signer's answer to account_list has something else than an address at %zu", index);
	}
	return true;
}

/* Of many pages with this Origin nobody knows which one it is. */
static bool is_memorable(struct bytes origin)
{
	return origin.size > 0 && origin.size <= ACCOUNTS_ORIGIN_TEXT && !bytes_equal_text(origin, "null") &&
	       memchr(origin.data, 0, origin.size) == NULL;
}

static const struct accounts_grant *find(const struct accounts *accounts, struct bytes origin)
{
	if (!is_memorable(origin))
		return NULL;
	for (size_t i = 0; i < accounts->count; i++)
		if (bytes_equal_text(origin, accounts->grants[i].origin))
			return &accounts->grants[i];
	return NULL;
}

static void remove_at(struct accounts *accounts, size_t index)
{
	grant_free(&accounts->grants[index]);
	accounts->count--;
	memmove(&accounts->grants[index], &accounts->grants[index + 1], (accounts->count - index) * sizeof(*accounts->grants));
}

void accounts_revoke(struct accounts *accounts, struct bytes origin)
{
	const struct accounts_grant *grant = find(accounts, origin);

	if (grant != NULL)
		remove_at(accounts, (size_t)(grant - accounts->grants));
}

void accounts_grant(struct accounts *accounts, struct bytes origin, struct bytes list, uint64_t now_ms)
{
	accounts_revoke(accounts, origin);
	if (!is_memorable(origin) || list.size > ACCOUNTS_LIST_TEXT_MAX || memchr(list.data, '"', list.size) == NULL)
		return;
	if (accounts->count >= ACCOUNTS_ORIGINS_MAX)
		remove_at(accounts, 0);
	memory_grow((void **)&accounts->grants, &accounts->capacity, accounts->count + 1, sizeof(*accounts->grants));
	accounts->grants[accounts->count++] = (struct accounts_grant){
	    .origin = memory_text(origin), .list = memory_text(list), .number = ++accounts->last_number, .since_ms = now_ms};
}

struct bytes accounts_list(const struct accounts *accounts, struct bytes origin)
{
	const struct accounts_grant *grant = find(accounts, origin);

	return bytes_text(grant != NULL ? grant->list : "[]");
}

void accounts_put_permission(struct bytes origin, struct bytes list, uint64_t number, uint64_t now_ms, struct buf *ret_json)
{
	buf_printf(ret_json, "[{\"id\":\"%" PRIu64 "\",\"parentCapability\":\"eth_accounts\",\"invoker\":", number);
	json_put_string(ret_json, origin);
	buf_put_text(ret_json, ",\"caveats\":[{\"type\":\"restrictReturnedAccounts\",\"value\":");
	buf_put_bytes(ret_json, list);
	buf_printf(ret_json, "}],\"date\":%" PRIu64 "}]", now_ms);
}

void accounts_put_permissions(const struct accounts *accounts, struct bytes origin, struct buf *ret_json)
{
	const struct accounts_grant *grant = find(accounts, origin);

	if (grant == NULL)
		buf_put_text(ret_json, "[]");
	else
		accounts_put_permission(origin, bytes_text(grant->list), grant->number, grant->since_ms, ret_json);
}
