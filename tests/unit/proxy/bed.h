/*
 * bed: a dialect between a signer that signs with the keys of a test and a node with a toy chain. Both can be told to misbehave.
 *
 * The node takes a transaction only with exactly the account's next nonce: a gap or a double is an error. The signer answers in the next round of the event
 * loop, one question of each account after the other, as a person would.
 */
#ifndef CLEF_TESTS_PROXY_BED_H
#define CLEF_TESTS_PROXY_BED_H

#include <event2/event.h>

#include "../eth/eth_testing.h"
#include "eth/transaction.h"
#include "node.h"
#include "proxy/dialect.h"

#define BED_CHAIN    31337
#define BED_ACCOUNTS 3
/* Of the first of anvil's keys. */
#define BED_ACCOUNT "0xf39fd6e51aad88f6f4ce6ab8827279cfffb92266"
#define BED_OTHER   "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
#define BED_DENIED  "{\"code\":-32000,\"message\":\"request denied\"}"

struct bed;

/* What the signer does with one call; `ret_error` (an error object) or ret_result (JSON) is put. Neither: it stays silent. */
typedef void bed_signs(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error);
/* Before the node's own answer: true when it put one (or will stay silent). */
typedef bool bed_answers(struct bed *bed, const struct node_call *call, struct node_reply *ret_reply);

struct bed_answer {
	struct bed *bed;
	bool done;
	struct buf result, error;
	uint64_t number;
};

struct bed_account {
	struct address address;
	uint8_t key[32];
	uint64_t count; /* transactions that the node has */
};

struct bed {
	struct event_base *base;
	struct node *node;
	struct dialect *dialect;
	struct log log;
	struct arena arena;
	struct signature_context *context;
	struct bed_account accounts[BED_ACCOUNTS];
	/* the node */
	bed_answers *node_first;
	uint64_t node_chain;
	uint64_t lag; /* its count of pending transactions is so much too small */
	bool has_base_fee;
	struct buf hashes; /* "0x…\n" for each transaction that it has */
	struct buf asked;  /* "method\n" for each call */
	struct buf last_params;
	struct transaction_signed last;
	/* the signer */
	bed_signs *signs;
	struct signer_claims last_claims;
	struct buf signer_asked; /* "method params\n" */
	size_t signer_calls, signer_cancelled, signer_open;
	struct signer *signer;
	unsigned counter;
};

struct bed *bed_new(bool with_node, uint64_t chain_id);
void bed_free(struct bed *bed);

void bed_begin(struct bed *bed, const char *origin, const char *method, const char *params, struct bed_answer *ret_answer);
void bed_wait(struct bed *bed, struct bed_answer *answer);
void bed_rounds(struct bed *bed, int rounds);
void bed_answer_free(struct bed_answer *answer);
/* From beginning to end: the result, or the error's text with its code in front ("4001 request denied"). Lives in the arena. */
const char *bed_ask(struct bed *bed, const char *method, const char *params);
const char *bed_ask_from(struct bed *bed, const char *origin, const char *method, const char *params);

/* What an honest signer does, and its account_signTransaction with another hand on the transaction before and on the answer after. */
void bed_sign(struct bed *bed, const char *method, yyjson_val *params, struct buf *ret_result, struct buf *ret_error);
void bed_sign_transaction(struct bed *bed, struct transaction *transaction, struct buf *ret_result);
/* How often something was called by that name. */
size_t bed_count(const struct buf *lines, const char *begin);

#endif
