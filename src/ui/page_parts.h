/* page_parts: inside of page: the single pages, and what they have in common. `request` is the object in params[0]. */
#ifndef CLEF_UI_PAGE_PARTS_H
#define CLEF_UI_PAGE_PARTS_H

#include "eth/address.h"
#include "ui/amount.h"
#include "ui/chains.h"
#include "ui/layout.h"
#include "ui/page.h"

struct page {
	struct layout layout;
	const struct page_options *options;
	struct page_summary *summary;
};

/* An address in EIP-55 form, the digits in groups of four: "0xf39F d6e5 …". 55 columns and the terminator. */
#define PAGE_GROUPED_SIZE 56
void page_group_address(const struct address *address, char ret_text[PAGE_GROUPED_SIZE]);
/* A member of the request, NULL when it is missing or null. */
yyjson_val *page_member(yyjson_val *object, const char *name);
/* A field with the address under that name, or what is there instead. Returns whether it is one. */
bool page_put_address(struct page *page, const char *label, yyjson_val *object, const char *name, struct address *ret_address);
/* Any value as a field: texts as they are, everything else as JSON. */
void page_put_value(struct page *page, const char *label, yyjson_val *value, size_t most);
/* The heading, with the number of questions behind this one. */
void page_put_title(struct page *page, const char *title);
/* Who asks: what is known, then what the caller (or the qube that it is in) claims. And until when an answer counts. */
void page_put_caller(struct page *page, yyjson_val *request);
/* warnings (call_info of signers without them): the critical messages first, then warnings, then the others. `warning`: one of our own besides, or NULL. */
void page_put_messages(struct page *page, yyjson_val *request, const char *warning);
/* How many messages of the request are critical, and how many are warnings. */
void page_count_messages(yyjson_val *request, size_t *ret_critical, size_t *ret_warnings);
/* The chain that the request is about, NULL when it names none that is known; appends "on X (chain id 1)" for a sentence. */
const struct chain *page_put_chain(yyjson_val *request, struct buf *ret_text);

/* EIP-4844: how many blobs a transaction carries; the most that they cost (0 without blobs; false when it cannot be told); its fields. */
size_t page_blob_count(yyjson_val *transaction);
bool page_blob_fee(yyjson_val *transaction, struct u256 *ret_fee);
void page_put_blobs(struct page *page, yyjson_val *transaction, const char *coin);
/* EIP-7702: the authorizationList of a transaction; decoded: decoded.authorizations, which names the accounts, or NULL. */
void page_put_authorizations(struct page *page, yyjson_val *list, yyjson_val *decoded);

/*
 * "decoded" of something that is no transaction. The beginning of a sentence, to be followed by " with ACCOUNT."; false when there is none for its
 * kind. What a Safe's call does to tokens. Its hashes.
 */
bool page_decoded_verdict(yyjson_val *decoded, struct buf *ret_text);
void page_put_decoded_call(struct page *page, yyjson_val *decoded);
void page_put_decoded_hashes(struct page *page, yyjson_val *request);

/* What one transaction costs at most: `item` holds "transaction". */
struct page_transaction_cost {
	bool value_known, fee_known;
	struct u256 value, fee; /* wei */
	const char *coin;
};
struct page_transaction_cost page_transaction_cost_of(yyjson_val *item);
/* One of several transactions: its sentence, its warnings and its fields. request: the question, which names the chain where the item does not. */
void page_put_transaction_body(struct page *page, yyjson_val *item, yyjson_val *request);
/* How many critical messages and warnings a transaction has, our own among them. */
void page_transaction_count_warnings(yyjson_val *item, size_t *ret_critical, size_t *ret_warnings);

void page_put_transaction(struct page *page, yyjson_val *request);
void page_put_bulk(struct page *page, yyjson_val *request);
void page_put_sign_data(struct page *page, yyjson_val *request);
void page_put_listing(struct page *page, yyjson_val *request);
void page_put_new_account(struct page *page, yyjson_val *request);
void page_put_input(struct page *page, yyjson_val *request);
void page_put_startup(struct page *page, yyjson_val *request);
void page_put_approved(struct page *page, yyjson_val *request);
void page_put_info(struct page *page, yyjson_val *request);
void page_put_error(struct page *page, yyjson_val *request);

#endif
