/* What "decoded" says of something to be signed, in a sentence of our own, and its hashes under the names of ERC-8213. */
#include <stdio.h>

#include "base/hex.h"
#include "base/text.h"
#include "ui/page_parts.h"
#include "ui/token_call.h"

#define NAME_MOST      100
#define HASH_MOST      200
#define TEXT_SIZE_MOST ((size_t)64 * 1024)

static bool is_kind(yyjson_val *decoded, const char *kind)
{
	return bytes_equal_text(json_bytes(page_member(decoded, "kind")), kind);
}

static void put_address_text(yyjson_val *object, const char *name, struct buf *text)
{
	char checksummed[ADDRESS_TEXT_SIZE];
	struct address address;

	if (!address_parse(json_bytes(page_member(object, name)), &address)) {
		buf_put_text(text, "an address that is none");
		return;
	}
	address_to_checksum(&address, checksummed);
	buf_put_text(text, checksummed);
}

/* A name from outside, in quotes that it cannot leave: it belongs to the document and may lie. */
static void put_quoted(yyjson_val *value, struct buf *text)
{
	struct buf escaped BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);

	text_escape(json_bytes(value), NAME_MOST, &escaped);
	buf_put_u8(text, '"');
	for (size_t i = 0; i < escaped.size; i++)
		buf_put_u8(text, escaped.data[i] == '"' ? '\'' : escaped.data[i]);
	buf_put_u8(text, '"');
}

static void put_chain(yyjson_val *object, struct buf *text)
{
	const struct chain *chain = NULL;
	struct u256 id;
	uint64_t number;

	if (!u256_from_decimal(json_bytes(page_member(object, "chain_id")), &id))
		return;
	if (u256_is_zero(&id)) {
		buf_put_text(text, " on EVERY chain");
		return;
	}
	if (u256_fits_u64(&id, &number))
		chain = chains_find(number);
	buf_printf(text, " on %s (chain id ", chain != NULL ? chain->name : "an unknown chain");
	amount_put_number(&id, text);
	buf_put_u8(text, ')');
}

/* "Sign structured data (EIP-712), "Permit" for the contract 0x… that calls itself "USD Coin", …" */
static void put_typed_data(yyjson_val *decoded, struct buf *text)
{
	yyjson_val *domain = page_member(decoded, "domain");
	yyjson_val *name = page_member(domain, "name");

	buf_put_text(text, "Sign structured data (EIP-712), ");
	put_quoted(page_member(decoded, "primary_type"), text);
	if (page_member(domain, "verifyingContract") != NULL) {
		buf_put_text(text, " for the contract ");
		put_address_text(domain, "verifyingContract", text);
	} else {
		buf_put_text(text, " for no contract in particular");
	}
	if (yyjson_is_str(name)) {
		buf_put_text(text, page_member(domain, "verifyingContract") != NULL ? " that calls itself " : ", named ");
		put_quoted(name, text);
	}
	buf_put_text(text, ", which a contract may act on like on a transaction,");
}

static void put_safe_action(yyjson_val *decoded, struct buf *text)
{
	struct bytes data = json_bytes(page_member(decoded, "data"));
	bool delegates = bytes_equal_text(json_bytes(page_member(decoded, "operation")), "delegate_call");
	struct u256 value = U256_ZERO;

	if (delegates) {
		buf_put_text(text, "RUNS THE CODE of ");
		put_address_text(decoded, "to", text);
		buf_put_text(text, " as itself, which may take everything that it has");
		return;
	}
	u256_from_decimal(json_bytes(page_member(decoded, "value")), &value);
	if (data.size > 2) {
		buf_put_text(text, "calls the contract ");
		put_address_text(decoded, "to", text);
		buf_put_text(text, " and sends it ");
		amount_put_coins(&value, "ETH", text);
		return;
	}
	buf_put_text(text, "sends ");
	amount_put_coins(&value, "ETH", text);
	buf_put_text(text, " to ");
	put_address_text(decoded, "to", text);
}

static void put_safe(yyjson_val *decoded, struct buf *text)
{
	buf_put_text(text, "Sign a transaction of the Safe ");
	put_address_text(decoded, "safe", text);
	put_chain(decoded, text);
	buf_put_text(text, ": once enough owners have signed, it ");
	put_safe_action(decoded, text);
	buf_put_text(text, ". Signed");
}

static void put_authorization(yyjson_val *decoded, struct buf *text)
{
	if (yyjson_is_true(page_member(decoded, "clears"))) {
		buf_put_text(text, "Take the code away from this account");
	} else {
		buf_put_text(text, "Let the code of the contract ");
		put_address_text(decoded, "address", text);
		buf_put_text(text, " act as this account, with all that it has");
	}
	put_chain(decoded, text);
	buf_put_text(text, ": an authorization (EIP-7702), signed");
}

static void put_validator(yyjson_val *decoded, struct buf *text)
{
	buf_put_text(text, "Sign data for the validator contract ");
	put_address_text(decoded, "validator", text);
	buf_put_text(text, " (EIP-191 version 0)");
}

bool page_decoded_verdict(yyjson_val *decoded, struct buf *ret_text)
{
	static const struct {
		const char *kind;
		void (*put)(yyjson_val *decoded, struct buf *text);
	} kinds[] = {{"typed_data", put_typed_data}, {"safe_transaction", put_safe}, {"authorization", put_authorization},
	    {"validator", put_validator}};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		if (!is_kind(decoded, kinds[i].kind))
			continue;
		kinds[i].put(decoded, ret_text);
		return true;
	}
	return false;
}

void page_put_decoded_call(struct page *page, yyjson_val *decoded)
{
	struct buf data BUF_CLEANUP = BUF_INIT(PAGE_SIZE_MOST), text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	struct bytes hex = json_bytes(page_member(decoded, "data"));
	struct token_call call;

	if (!is_kind(decoded, "safe_transaction") || !hex_has_prefix(hex) || !hex_decode(hex_skip_prefix(hex), &data))
		return;
	call = token_call_parse(buf_bytes(&data));
	token_call_put_sentence(&call, "the Safe", &text);
	if (text.size > 0)
		layout_paragraph(
		    &page->layout, token_call_is_dangerous(&call) ? LAYOUT_WARNING : LAYOUT_BOLD, "", buf_bytes(&text));
}

void page_put_decoded_hashes(struct page *page, yyjson_val *request)
{
	static const struct {
		const char *label, *name;
	} hashes[] = {{"Domain hash", "domain_hash"}, {"Message hash", "message_hash"}, {"Digest signed", "digest"}};
	yyjson_val *decoded = page_member(request, "decoded");

	for (size_t i = 0; i < sizeof hashes / sizeof hashes[0]; i++) {
		yyjson_val *hash = page_member(decoded, hashes[i].name);

		/* The digest is "hash", too, but for Clique headers. */
		if (hash != NULL && !bytes_equal(json_bytes(hash), json_bytes(page_member(request, "hash"))))
			page_put_value(page, hashes[i].label, hash, HASH_MOST);
	}
}
