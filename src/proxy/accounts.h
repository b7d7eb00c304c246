/*
 * accounts: which accounts the person has shown to which origin, in this proxy's life (EIP-1102, EIP-2255). No key, no file.
 *
 * A page of an origin sees without a question what that origin was granted before. Callers without an Origin (scripts) and with the opaque one ("null", which pages of
 * different makers share) are remembered nothing.
 */
#ifndef CLEF_PROXY_ACCOUNTS_H
#define CLEF_PROXY_ACCOUNTS_H

#include "base/bytes.h"
#include "base/error.h"
#include "base/json.h"

/* Origins that are remembered; of more the oldest goes. Bytes of an origin; accounts of one. */
#define ACCOUNTS_ORIGINS_MAX   256
#define ACCOUNTS_ORIGIN_TEXT   512
#define ACCOUNTS_ADDRESSES_MAX 4096
#define ACCOUNTS_LIST_TEXT_MAX ((size_t)(ACCOUNTS_ADDRESSES_MAX * 46))

struct accounts_grant;

struct accounts {
	struct accounts_grant *grants; /* the oldest first */
	size_t count, capacity;
	uint64_t last_number;
};

void accounts_free(struct accounts *accounts);
/* The signer's list: an array of addresses and nothing else. ERROR_REFUSED. */
bool accounts_check_list(yyjson_val *untrusted_list, struct error *ret_error);
/* `list`: JSON text that was checked. An empty list takes away what was granted. */
void accounts_grant(struct accounts *accounts, struct bytes origin, struct bytes list, uint64_t now_ms);
void accounts_revoke(struct accounts *accounts, struct bytes origin);
/* JSON text: "[]" when nothing was granted. Valid until the next change. */
struct bytes accounts_list(const struct accounts *accounts, struct bytes origin);
/* Append the array of permissions (EIP-2255, with id and date as wallets have them). */
void accounts_put_permissions(const struct accounts *accounts, struct bytes origin, struct buf *ret_json);
/* The same for a list that belongs to nobody. */
void accounts_put_permission(struct bytes origin, struct bytes list, uint64_t number, uint64_t now_ms, struct buf *ret_json);

#endif
