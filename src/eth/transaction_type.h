/*
 * transaction_type: one row for each transaction type, so that a new type is one row and one file. For src/eth only.
 */
#ifndef CLEF_ETH_TRANSACTION_TYPE_H
#define CLEF_ETH_TRANSACTION_TYPE_H

#include "eth/rlp.h"
#include "eth/transaction.h"

struct transaction_type_row {
	enum transaction_type type;
	const char *name; /* for error texts: "a … transaction" */
	/* EIP-2718: a type byte in front of the list, the chain id inside it, and the bare parity in the signature. */
	bool is_enveloped;
	bool has_dynamic_fee; /* EIP-1559's two fees instead of a gas price */
	bool has_access_list; /* EIP-2930 */
	size_t item_count;    /* of what put_items writes */
	/* Append the items that are signed, without the list's header and, for legacy, without EIP-155's three more. */
	void (*put_items)(struct buf *buf, const struct transaction *transaction, uint64_t chain_id);
	/* Read exactly those items into a transaction of zeros; what is wrong shows as a failed reader. */
	void (*get_items)(struct rlp_reader *items, struct arena *arena, struct transaction *ret_transaction);
	/* Append ",\"name\":value" for what only this type has, in the UI's transaction and in the answer. NULL: nothing. */
	void (*put_members)(struct buf *buf, const struct transaction *transaction);
};

/* NULL for a type that this program does not sign. */
const struct transaction_type_row *transaction_type_find(uint64_t type);

extern const struct transaction_type_row transaction_type_legacy;
extern const struct transaction_type_row transaction_type_access_list;
extern const struct transaction_type_row transaction_type_dynamic_fee;
extern const struct transaction_type_row transaction_type_blob;
extern const struct transaction_type_row transaction_type_set_code;

/* to, value and data stand next to each other in every type. */
void transaction_put_call(struct buf *buf, const struct transaction *transaction);
void transaction_get_call(struct rlp_reader *items, struct transaction *ret_transaction);
/* The chain id of an envelope: above 0, at most 64 bits. */
void transaction_get_chain_id(struct rlp_reader *items, struct transaction *ret_transaction);

#endif
