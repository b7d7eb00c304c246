/*
 * nonces: the order of one account's transactions, so that their nonces have neither gaps nor doubles. No sockets.
 *
 * Whoever wants to send takes a place in the account's line and keeps it until the transaction was broadcast or came to nothing; only the first in the line asks the
 * node for the next nonce. So a "no" of the person costs no number. Other accounts have lines of their own. Of each account the last transaction that was
 * broadcast is remembered, for nodes whose count lags behind; so is the last run of numbers that the dapp chose itself, since the count may have come to it meanwhile.
 */
#ifndef CLEF_PROXY_NONCES_H
#define CLEF_PROXY_NONCES_H

#include "base/error.h"
#include "eth/address.h"
#include "eth/keccak.h"

/* Places in one line; accounts that are remembered (of those without a line the oldest is forgotten). */
#define NONCES_LINE_MAX     64
#define NONCES_ACCOUNTS_MAX 1024
/*
 * A node that says nothing of a transaction may lag, be one of many behind one address, or shed load: for so long its "no such transaction" counts for less than our own
 * memory. A number used twice replaces a payment, a gap only waits.
 */
#define NONCES_KEPT_MS (UINT64_C(10) * 60 * 1000)

struct nonces;
/* A place in a line. */
struct nonces_place;

/* It is this place's turn. */
typedef void nonces_turn(void *context);

struct nonces_sent {
	uint64_t nonce; /* below 2^64 - 1 (EIP-2681) */
	uint64_t at_ms; /* when it was handed to the node; of a clock that is never set back */
	uint8_t hash[KECCAK256_SIZE];
};

struct nonces *nonces_new(void);
/* Places that are left go with it. NULL is fine. */
void nonces_free(struct nonces *nonces);
/* `turn` is called once, perhaps from inside nonces_enter() or nonces_leave(). ERROR_REFUSED when the line is full: NULL is returned. */
struct nonces_place *nonces_enter(
    struct nonces *nonces, const struct address *account, nonces_turn *turn, void *context, struct error *ret_error);
/* At any time, also before the turn. NULL is fine. */
void nonces_leave(struct nonces_place *place);
/*
 * The account's last one, or false when it is counted in the node's `pending` already (or there is none): then the next number is `pending`, else the number after
 * *ret_sent.
 */
bool nonces_last(struct nonces_place *place, uint64_t pending, struct nonces_sent *ret_sent);
/*
 * This transaction was handed to the node, or may have been. `assigned`: its nonce was found by us. One that the dapp chose counts when it follows the last one or replaces
 * it; any other may leave a gap that is not ours to continue behind, and counts from when the node's count has come to it.
 */
void nonces_sent(struct nonces_place *place, const struct nonces_sent *sent, bool assigned);
/* The node says that it does not know the last one. True: that one is older than NONCES_KEPT_MS, and forgotten. */
bool nonces_forget(struct nonces_place *place, uint64_t now_ms);

#endif
