/*
 * send_private: a transaction on its way from the dapp's words to the node: what the files of send share.
 */
#ifndef CLEF_PROXY_SEND_PRIVATE_H
#define CLEF_PROXY_SEND_PRIVATE_H

#include "proxy/check.h"
#include "proxy/dialect_private.h"
#include "proxy/draft.h"

/* JSON texts that hold a transaction; a hash as text. */
#define SEND_TEXT_MAX  (2 * TRANSACTION_SIZE_MAX + 4096)
#define SEND_HASH_SIZE 67

enum send_state {
	SEND_READ,        /* the dapp's words are understood */
	SEND_QUEUED,      /* waits for its turn among the account's transactions */
	SEND_CHAIN,       /* is it the right one? */
	SEND_COUNT,       /* eth_getTransactionCount */
	SEND_LAST,        /* does the node still know our last one? */
	SEND_BLOCK,       /* the base fee */
	SEND_TIP,         /* eth_maxPriorityFeePerGas */
	SEND_HISTORY,     /* eth_feeHistory */
	SEND_PRICE,       /* eth_gasPrice */
	SEND_GAS,         /* eth_estimateGas */
	SEND_SIGNER,      /* the person is asked */
	SEND_CHAIN_AGAIN, /* is it still the one that was signed for? */
	SEND_BROADCAST,   /* eth_sendRawTransaction */
	SEND_AGAIN,       /* once more: nobody knows what became of the first */
	SEND_LOOKUP,      /* the node refused: does it have it all the same? */
	SEND_ENDED
};

struct send {
	enum send_state state;
	bool broadcasts;
	struct draft draft;
	bool nonce_is_ours; /* not the dapp's */
	struct nonces_place *place;
	uint64_t chain_id;
	uint64_t pending; /* the node's count */
	struct u256 base; /* the block's fee */
	struct transaction asked;
	struct check_signed result;
	bool is_unclear; /* the node may have it: of an attempt to hand it over nobody knows the end */
	char hash[SEND_HASH_SIZE];
	struct bytes refusal; /* the node's error to the broadcast */
};

/* Goes to a state that may follow, or ends the process: that would be a bug. */
void send_advance(struct call *call, enum send_state state);

/* Each ends the call. */
void send_fail(struct call *call, const struct error *error);
/* True: the answer was an error, and the call has ended with it. */
bool send_failed(struct call *call, const struct call_answer *answer);
void send_answer_text(struct call *call, const char *digits);

void send_put_hash(const uint8_t hash[KECCAK256_SIZE], char ret_text[SEND_HASH_SIZE]);
/* eth_getTransactionByHash, and whether its answer is the one transaction that was asked for. */
void send_look_up(struct call *call, const char *hash, call_step *step);
bool send_is_known(struct bytes untrusted_answer, const char *hash);

/* send_fill.c: nonce, fees and gas, as far as they are missing; then send_sign(). */
void send_fill(struct call *call);
/* send.c: the signer is asked. */
void send_sign(struct call *call);
/* send_broadcast.c: what was signed and checked goes to the node. */
void send_broadcast(struct call *call);

#endif
