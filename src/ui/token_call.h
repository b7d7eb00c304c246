/*
 * token_call: the few calls that move tokens or let others move them (ERC-20, ERC-721, ERC-1155), told in plain words.
 *
 * Whether the contract called is a token cannot be known here: every sentence says "if". The full decoding is in call_info.
 */
#ifndef CLEF_UI_TOKEN_CALL_H
#define CLEF_UI_TOKEN_CALL_H

#include "base/u256.h"
#include "eth/address.h"

enum token_call_kind {
	TOKEN_CALL_NONE,
	TOKEN_CALL_TRANSFER,      /* transfer(address,uint256) */
	TOKEN_CALL_TRANSFER_FROM, /* transferFrom(address,address,uint256) */
	TOKEN_CALL_APPROVE,       /* approve(address,uint256) */
	TOKEN_CALL_INCREASE,      /* increaseAllowance(address,uint256) */
	TOKEN_CALL_APPROVE_ALL    /* setApprovalForAll(address,bool) */
};

struct token_call {
	enum token_call_kind kind;
	struct address owner; /* TOKEN_CALL_TRANSFER_FROM: who pays */
	struct address party; /* who receives, or who may spend */
	struct u256 amount;   /* in the token's smallest unit; 0 or 1 for TOKEN_CALL_APPROVE_ALL */
	bool unlimited;       /* more than any token has: 2^128 or above */
};

/* TOKEN_CALL_NONE unless the calldata is exactly one of the calls above. */
struct token_call token_call_parse(struct bytes untrusted_data);
/* Append a sentence that says what the call does. owner: whose tokens they are, "your account". */
void token_call_put_sentence(const struct token_call *call, const char *owner, struct buf *ret_text);
/* The call lets somebody else take tokens later on, all of them: worth a warning. */
bool token_call_is_dangerous(const struct token_call *call);

#endif
