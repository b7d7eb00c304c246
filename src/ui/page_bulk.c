/* Several transactions of one account that are approved together: what they cost together and whom they pay, then each of them. */
#include <stdio.h>

#include "ui/page_parts.h"

#define SHOWN_MOST     50
#define VALUE_MOST     500
#define TEXT_SIZE_MOST ((size_t)64 * 1024)

struct totals {
	size_t count, recipients;
	bool value_known, fee_known;
	struct u256 value, fee;
	const char *coin;
};

/* Is this recipient named by one of the transactions before? */
static bool is_repeated(yyjson_val *transactions, size_t index, const struct address *to)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(transactions);
	struct address other;

	for (size_t i = 0; i < index; i++) {
		yyjson_val *transaction = page_member(yyjson_arr_iter_next(&iter), "transaction");

		if (address_parse(json_bytes(page_member(transaction, "to")), &other) && address_equal(&other, to))
			return true;
	}
	return false;
}

static void count_in(struct totals *totals, yyjson_val *transactions, size_t index, yyjson_val *item)
{
	struct page_transaction_cost cost = page_transaction_cost_of(item);
	struct address to;

	totals->coin = cost.coin;
	totals->value_known = totals->value_known && cost.value_known && u256_add(&totals->value, &cost.value, &totals->value);
	totals->fee_known = totals->fee_known && cost.fee_known && u256_add(&totals->fee, &cost.fee, &totals->fee);
	if (address_parse(json_bytes(page_member(page_member(item, "transaction"), "to")), &to))
		totals->recipients += !is_repeated(transactions, index, &to);
}

static struct totals totals_of(yyjson_val *transactions)
{
	struct totals totals = {.count = yyjson_arr_size(transactions), .value_known = true, .fee_known = true, .coin = "ETH"};
	yyjson_arr_iter iter = yyjson_arr_iter_with(transactions);
	yyjson_val *item;

	for (size_t i = 0; (item = yyjson_arr_iter_next(&iter)) != NULL; i++)
		count_in(&totals, transactions, i, item);
	return totals;
}

static void put_sum(bool known, const struct u256 *sum, const char *coin, struct buf *text)
{
	if (known)
		amount_put_coins(sum, coin, text);
	else
		buf_put_text(text, "an amount that cannot be told");
}

static void put_verdict(struct page *page, const struct totals *totals)
{
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);

	buf_printf(&text, "Sign %zu transactions at once: ", totals->count);
	put_sum(totals->value_known, &totals->value, totals->coin, &text);
	buf_printf(
	    &text, " together to %zu recipient%s, for fees of at most ", totals->recipients, totals->recipients == 1 ? "" : "s");
	put_sum(totals->fee_known, &totals->fee, totals->coin, &text);
	buf_put_text(&text, " together. All are signed, or none.");
	layout_paragraph(&page->layout, LAYOUT_BOLD, "", buf_bytes(&text));
}

/* What is warned of further down, so that it is known before the end of a long page. */
static void put_warned(struct page *page, yyjson_val *transactions)
{
	yyjson_arr_iter iter = yyjson_arr_iter_with(transactions);
	struct buf text BUF_CLEANUP = BUF_INIT(TEXT_SIZE_MOST);
	yyjson_val *item;
	bool any_critical = false;

	for (size_t i = 1; (item = yyjson_arr_iter_next(&iter)) != NULL; i++) {
		size_t critical, warnings;

		page_transaction_count_warnings(item, &critical, &warnings);
		any_critical = any_critical || critical > 0;
		if (critical + warnings > 0)
			buf_printf(&text, "%s%zu%s", text.size > 0 ? ", " : "Read the warnings of transaction ", i,
			    critical > 0 ? " (CRITICAL)" : "");
	}
	if (text.size == 0)
		return;
	buf_put_u8(&text, '.');
	layout_paragraph(&page->layout, any_critical ? LAYOUT_CRITICAL : LAYOUT_WARNING, "", buf_bytes(&text));
}

static void put_item(struct page *page, size_t number, yyjson_val *item, yyjson_val *request)
{
	char text[32];

	snprintf(text, sizeof text, "Transaction %zu", number);
	layout_section(&page->layout, text);
	if (!yyjson_is_obj(page_member(item, "transaction"))) {
		page_put_value(page, "(odd)", item, VALUE_MOST);
		return;
	}
	page_put_transaction_body(page, item, request);
}

void page_put_bulk(struct page *page, yyjson_val *request)
{
	yyjson_val *transactions = page_member(request, "transactions");
	struct totals totals = totals_of(transactions);
	yyjson_arr_iter iter = yyjson_arr_iter_with(transactions);
	size_t shown = layout_most(&page->layout, SHOWN_MOST);
	yyjson_val *item;

	page_put_title(page, "SIGN SEVERAL TRANSACTIONS");
	put_verdict(page, &totals);
	put_warned(page, transactions);
	page_put_messages(page, request, NULL);
	page_put_caller(page, request);
	for (size_t i = 0; i < shown && (item = yyjson_arr_iter_next(&iter)) != NULL; i++)
		put_item(page, i + 1, item, request);
	if (totals.count > shown)
		layout_left_out(&page->layout, "    ", totals.count - shown, "transactions");
	layout_gap(&page->layout);
}
