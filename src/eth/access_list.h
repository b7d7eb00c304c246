/*
 * access_list: the list of a transaction's addresses and storage keys (EIP-2930) in RLP and in JSON. For src/eth only.
 */
#ifndef CLEF_ETH_ACCESS_LIST_H
#define CLEF_ETH_ACCESS_LIST_H

#include "eth/rlp.h"
#include "eth/transaction.h"

void access_list_put_rlp(struct buf *buf, const struct transaction *transaction);
/* Reads the list item; what is wrong shows as a failed reader. */
void access_list_get_rlp(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction);

/* [{"address":…,"storageKeys":[…]},…]: both members needed, none else allowed. ERROR_PARAMS. */
bool access_list_from_json(
    yyjson_val *untrusted_value, struct arena *arena, struct transaction *ret_transaction, struct error *ret_error);
/* Addresses in small letters, as Clef has them in its answers and questions. */
void access_list_put_json(struct buf *ret_json, const struct transaction *transaction);

#endif
