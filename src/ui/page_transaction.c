#include <stdio.h>

#include "base/hex.h"
#include "base/memory.h"
#include "ui/page_parts.h"
#include "ui/token_call.h"

#define VALUE_MOST     500
#define DATA_MOST      256
#define LIST_MOST      20
#define TEXT_SIZE_MOST ((size_t)64 * 1024)

/* Everything read out of the request once, before anything is written. */
struct view {
	yyjson_val *tx, *decoded;
	const struct chain *chain;
	struct buf chain_text;
	const char *coin;
	bool has_from, has_to, creates;
	struct address from, to;
	struct amount value, gas, gas_price, max_fee, tip, nonce;
	struct buf data;
	bool data_is_bad;
	struct token_call call;
};

static void view_free(struct view *view)
{
	buf_free(&view->chain_text);
	buf_free(&view->data);
}

static struct view view_of(yyjson_val *request)
{
	struct view view = {.tx = page_member(request, "transaction"), .decoded = page_member(request, "decoded"), .coin = "ETH"};
	yyjson_val *data = page_member(view.tx, "data");
	struct bytes text = json_bytes(data);

	buf_init(&view.chain_text, TEXT_SIZE_MOST);
	buf_init(&view.data, PAGE_SIZE_MOST);
	view.chain = page_put_chain(request, &view.chain_text);
	if (view.chain != NULL)
		view.coin = view.chain->coin;
	view.has_from = address_parse(json_bytes(page_member(view.tx, "from")), &view.from);
	view.has_to = address_parse(json_bytes(page_member(view.tx, "to")), &view.to);
	view.creates = page_member(view.tx, "to") == NULL;
	view.value = amount_get(view.tx, "value");
	view.gas = amount_get(view.tx, "gas");
	view.gas_price = amount_get(view.tx, "gasPrice");
	view.max_fee = amount_get(view.tx, "maxFeePerGas");
	view.tip = amount_get(view.tx, "maxPriorityFeePerGas");
	view.nonce = amount_get(view.tx, "nonce");
	if (data != NULL)
		view.data_is_bad =
		    !yyjson_is_str(data) || !hex_has_prefix(text) || !hex_decode(hex_skip_prefix(text), &view.data);
	view.call = token_call_parse(buf_bytes(&view.data));
	return view;
}

/* What is paid for each unit of gas at most. With two prices (a critical warning) the greater counts. */
static struct amount price_of(const struct view *view)
{
	if (view->max_fee.state == AMOUNT_ABSENT)
		return view->gas_price;
	if (view->gas_price.state == AMOUNT_OK && u256_compare(&view->gas_price.value, &view->max_fee.value) > 0)
		return view->gas_price;
	return view->max_fee;
}

/* The most that the fee can be. False when it cannot be told. */
static bool fee_of(const struct view *view, struct u256 *ret_fee)
{
	struct amount price = price_of(view);

	struct u256 execution, blobs;

	return price.state == AMOUNT_OK && view->gas.state == AMOUNT_OK && u256_mul(&price.value, &view->gas.value, &execution) &&
	       page_blob_fee(view->tx, &blobs) && u256_add(&execution, &blobs, ret_fee);
}

static void put_verdict_fee(const struct view *view, struct buf *text)
{
	struct u256 fee;

	if (!fee_of(view, &fee)) {
		buf_put_text(text, ", for a fee that cannot be told.");
		return;
	}
	buf_put_text(text, ", for a fee of at most ");
	amount_put_coins(&fee, view->coin, text);
	buf_put_u8(text, '.');
}

static void put_verdict_target(const struct view *view, struct buf *text)
{
	char to[ADDRESS_TEXT_SIZE] = "an address that is none";

	if (view->has_to)
		address_to_checksum(&view->to, to);
	buf_put_text(text, to);
	if (view->has_to && view->has_from && address_equal(&view->to, &view->from))
		buf_put_text(text, " (the sending account itself)");
}

/* What the transaction does besides its call. */
static void put_verdict_extras(const struct view *view, struct buf *text)
{
	size_t blobs = page_blob_count(view->tx);
	size_t delegations = yyjson_arr_size(page_member(view->tx, "authorizationList"));

	if (blobs > 0)
		buf_printf(text, ", publish %zu blob%s", blobs, blobs == 1 ? "" : "s");
	if (delegations > 0)
		buf_printf(text, ", hand %zu account%s over to code", delegations, delegations == 1 ? "" : "s");
}

/* "Send 1 ETH to 0x… on Ethereum Mainnet (chain id 1), for a fee of at most 0.1 ETH." */
static void put_verdict(struct page *page, const struct view *view)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	bool pays = view->value.state == AMOUNT_BAD || !u256_is_zero(&view->value.value);
	bool calls = view->data.size > 0 || view->data_is_bad;

	if (view->creates)
		buf_put_text(&text, "Create a contract");
	else
		buf_put_text(&text, calls ? "Call the contract " : pays ? "Send " : "Send nothing (no value, no data) to ");
	if (!view->creates && (calls || !pays))
		put_verdict_target(view, &text);
	if (pays && (calls || view->creates))
		buf_put_text(&text, " and send it ");
	if (pays && view->value.state == AMOUNT_OK)
		amount_put_coins(&view->value.value, view->coin, &text);
	else if (pays)
		buf_put_text(&text, "a value that cannot be told");
	if (pays && !calls && !view->creates) {
		buf_put_text(&text, " to ");
		put_verdict_target(view, &text);
	}
	put_verdict_extras(view, &text);
	if (view->chain_text.size > 0) {
		buf_put_text(&text, " on ");
		buf_put_bytes(&text, buf_bytes(&view->chain_text));
	}
	put_verdict_fee(view, &text);
	layout_paragraph(&page->layout, LAYOUT_BOLD, "", buf_bytes(&text));
}

static void put_warnings(struct page *page, yyjson_val *request, const struct view *view)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	bool dangerous = token_call_is_dangerous(&view->call);

	token_call_put_sentence(&view->call, "your account", &text);
	if (text.size > 0 && !dangerous)
		layout_paragraph(&page->layout, LAYOUT_BOLD, "", buf_bytes(&text));
	page_put_messages(page, request, dangerous ? buf_text(&text) : NULL);
}

static void put_number(struct page *page, const char *label, yyjson_val *tx, const char *name, const struct amount *amount)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);

	switch (amount->state) {
	case AMOUNT_ABSENT:
		layout_field_text(&page->layout, label, "(missing: 0)");
		return;
	case AMOUNT_BAD:
		page_put_value(page, label, yyjson_obj_get(tx, name), VALUE_MOST);
		layout_field_text(&page->layout, "", "(this is no number)");
		return;
	case AMOUNT_OK:
		amount_put_number(&amount->value, &text);
		layout_field(&page->layout, label, buf_bytes(&text));
		return;
	}
}

static void put_value(struct page *page, const struct view *view)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);

	if (view->value.state != AMOUNT_OK) {
		put_number(page, "Value", view->tx, "value", &view->value);
		return;
	}
	amount_put_coins(&view->value.value, view->coin, &text);
	buf_put_text(&text, " = ");
	amount_put_number(&view->value.value, &text);
	buf_put_text(&text, " wei");
	layout_field(&page->layout, "Value", buf_bytes(&text));
}

static void put_price(struct page *page, const char *label, yyjson_val *tx, const char *name, const struct amount *price)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);

	if (price->state == AMOUNT_ABSENT)
		return;
	if (price->state == AMOUNT_BAD) {
		put_number(page, label, tx, name, price);
		return;
	}
	amount_put_gwei(&price->value, &text);
	buf_put_text(&text, " for each unit of gas");
	layout_field(&page->layout, label, buf_bytes(&text));
}

static void put_fees(struct page *page, const struct view *view)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	struct u256 fee, total;

	if (fee_of(view, &fee)) {
		amount_put_coins(&fee, view->coin, &text);
		if (view->value.state == AMOUNT_OK && u256_add(&fee, &view->value.value, &total) &&
		    !u256_is_zero(&view->value.value)) {
			buf_put_text(&text, " (with the value: ");
			amount_put_coins(&total, view->coin, &text);
			buf_put_u8(&text, ')');
		}
	} else {
		buf_put_text(&text,
		    price_of(view).state == AMOUNT_ABSENT ? "no price is given" : "(cannot be told, or beyond all bounds)");
	}
	layout_field(&page->layout, "Fee at most", buf_bytes(&text));
	put_price(page, "Gas price", view->tx, "gasPrice", &view->gas_price);
	put_price(page, "Price at most", view->tx, "maxFeePerGas", &view->max_fee);
	put_price(page, "Tip at most", view->tx, "maxPriorityFeePerGas", &view->tip);
	put_number(page, "Gas limit", view->tx, "gas", &view->gas);
}

static void put_recipient(struct page *page, const struct view *view)
{
	struct address ignored;

	if (view->creates) {
		layout_field_text(&page->layout, "To", "(nobody: this creates a contract)");
		return;
	}
	page_put_address(page, "To", view->tx, "to", &ignored);
	if (view->has_to && !address_is_checksummed(json_bytes(page_member(view->tx, "to"))))
		page_put_value(page, "To as asked", page_member(view->tx, "to"), VALUE_MOST);
}

static void put_data(struct page *page, const struct view *view)
{
	char text[64];

	if (view->data_is_bad) {
		page_put_value(page, "Data", page_member(view->tx, "data"), VALUE_MOST);
		layout_field_text(&page->layout, "", "(these are no bytes)");
		return;
	}
	snprintf(text, sizeof text, view->data.size == 0 ? "none" : "%zu bytes", view->data.size);
	layout_field_text(&page->layout, "Data", text);
	layout_hex(&page->layout, buf_bytes(&view->data), DATA_MOST);
}

static size_t count_keys(yyjson_val *list)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);
	yyjson_val *entry;
	size_t count = 0;

	while ((entry = yyjson_arr_iter_next(&iter)) != NULL)
		count += yyjson_arr_size(page_member(entry, "storageKeys"));
	return count;
}

static void put_access_entry(struct page *page, yyjson_val *entry, size_t *room)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(page_member(entry, "storageKeys"));
	yyjson_val *key;
	struct address ignored;

	page_put_address(page, "  Contract", entry, "address", &ignored);
	while (*room > 0 && (key = yyjson_arr_iter_next(&iter)) != NULL) {
		page_put_value(page, "    Slot", key, VALUE_MOST);
		--*room;
	}
}

static void put_access_list(struct page *page, yyjson_val *list)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(list);
	size_t room = layout_most(&page->layout, LIST_MOST);
	size_t total = yyjson_arr_size(list) + count_keys(list);
	size_t most = room;
	yyjson_val *entry;
	char text[96];

	if (list == NULL)
		return;
	if (!yyjson_is_arr(list)) {
		page_put_value(page, "Access list", list, VALUE_MOST);
		return;
	}
	snprintf(text, sizeof text, "contracts: %zu, storage slots: %zu", yyjson_arr_size(list), count_keys(list));
	layout_field_text(&page->layout, "Access list", text);
	while (room > 0 && (entry = yyjson_arr_iter_next(&iter)) != NULL) {
		room--;
		put_access_entry(page, entry, &room);
	}
	if (total > most - room)
		layout_left_out(&page->layout, "    ", total - (most - room), "addresses and slots");
}

/* Members that this program does not know are shown as they came, so that nothing is approved unseen. */
static void put_others(struct page *page, yyjson_val *tx)
{
	static const char *const known[] = {"from", "to", "gas", "gasPrice", "maxFeePerGas", "maxPriorityFeePerGas", "value",
	    "nonce", "data", "accessList", "chainId", "maxFeePerBlobGas", "blobVersionedHashes", "blobs", "commitments", "proofs",
	    "authorizationList"};
	yyjson_obj_iter iter = yyjson_obj_iter_with(tx);
	yyjson_val *name;

	while ((name = yyjson_obj_iter_next(&iter)) != NULL) {
		bool is_known = yyjson_is_null(yyjson_obj_iter_get_val(name));

		for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
			is_known = is_known || bytes_equal_text(json_bytes(name), known[i]);
		if (is_known)
			continue;
		page_put_value(page, "Also: name", name, VALUE_MOST);
		page_put_value(page, "      content", yyjson_obj_iter_get_val(name), VALUE_MOST);
	}
}

static void put_fields(struct page *page, const struct view *view)
{
	struct address ignored;

	layout_field(&page->layout, "Chain", view->chain_text.size > 0 ? buf_bytes(&view->chain_text) : bytes_text("(not told)"));
	page_put_address(page, "From", view->tx, "from", &ignored);
	put_recipient(page, view);
	put_value(page, view);
	put_fees(page, view);
	put_number(page, "Nonce", view->tx, "nonce", &view->nonce);
	put_data(page, view);
	put_access_list(page, page_member(view->tx, "accessList"));
	page_put_blobs(page, view->tx, view->coin);
	page_put_authorizations(page, page_member(view->tx, "authorizationList"), page_member(view->decoded, "authorizations"));
	put_others(page, view->tx);
}

struct page_transaction_cost page_transaction_cost_of(yyjson_val *item)
{
	struct view view __attribute__((cleanup(view_free))) = view_of(item);
	struct page_transaction_cost cost = {
	    .value_known = view.value.state != AMOUNT_BAD, .value = view.value.value, .coin = view.coin};

	cost.fee_known = fee_of(&view, &cost.fee);
	return cost;
}

void page_transaction_count_warnings(yyjson_val *item, size_t *ret_critical, size_t *ret_warnings)
{
	struct view view __attribute__((cleanup(view_free))) = view_of(item);

	page_count_messages(item, ret_critical, ret_warnings);
	*ret_warnings += token_call_is_dangerous(&view.call);
}

void page_put_transaction_body(struct page *page, yyjson_val *item, yyjson_val *request)
{
	struct view view __attribute__((cleanup(view_free))) = view_of(item);

	if (view.chain_text.size == 0)
		view.chain = page_put_chain(request, &view.chain_text);
	if (view.chain != NULL)
		view.coin = view.chain->coin;
	put_verdict(page, &view);
	put_warnings(page, item, &view);
	put_fields(page, &view);
}

void page_put_transaction(struct page *page, yyjson_val *request)
{
	struct view view __attribute__((cleanup(view_free))) = view_of(request);

	page_put_title(page, "SIGN A TRANSACTION");
	put_verdict(page, &view);
	put_warnings(page, request, &view);
	page_put_caller(page, request);
	layout_section(&page->layout, "Transaction");
	put_fields(page, &view);
	layout_gap(&page->layout);
}
