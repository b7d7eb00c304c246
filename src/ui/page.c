#include "ui/page.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "ui/page_parts.h"

static const struct {
	const char *method;
	enum page_kind kind;
	void (*put)(struct page *page, yyjson_val *request);
} pages[] = {
    {"ui_approveTx", PAGE_TRANSACTION, page_put_transaction},
    {"ui_approveBulkTransactions", PAGE_BULK, page_put_bulk},
    {"ui_approveSignData", PAGE_SIGN_DATA, page_put_sign_data},
    {"ui_approveListing", PAGE_LISTING, page_put_listing},
    {"ui_approveNewAccount", PAGE_NEW_ACCOUNT, page_put_new_account},
    {"ui_onInputRequired", PAGE_INPUT, page_put_input},
    {"ui_onSignerStartup", PAGE_STARTUP, page_put_startup},
    {"ui_onApprovedTx", PAGE_APPROVED, page_put_approved},
    {"ui_showInfo", PAGE_INFO, page_put_info},
    {"ui_showError", PAGE_ERROR, page_put_error},
};

enum page_kind page_kind_of(struct bytes method)
{
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++)
		if (bytes_equal_text(method, pages[i].method))
			return pages[i].kind;
	return PAGE_UNKNOWN;
}

bool page_is_question(enum page_kind kind)
{
	switch (kind) {
	case PAGE_TRANSACTION:
	case PAGE_BULK:
	case PAGE_SIGN_DATA:
	case PAGE_LISTING:
	case PAGE_NEW_ACCOUNT:
	case PAGE_INPUT:
		return true;
	case PAGE_UNKNOWN:
	case PAGE_STARTUP:
	case PAGE_APPROVED:
	case PAGE_INFO:
	case PAGE_ERROR:
		return false;
	}
	return false;
}

bool page_render(enum page_kind kind, yyjson_val *untrusted_params, const struct page_options *options, struct buf *ret_page,
    struct page_summary *ret_summary)
{
	yyjson_val *request = yyjson_arr_get_first(untrusted_params);
	struct page page = {.layout = layout_new(ret_page, options->width, options->colour, options->full),
	    .options = options,
	    .summary = ret_summary};

	*ret_summary = (struct page_summary){0};
	if (!yyjson_is_obj(request) || yyjson_arr_size(untrusted_params) != 1)
		return false;
	for (size_t i = 0; i < sizeof pages / sizeof pages[0]; i++) {
		if (pages[i].kind != kind)
			continue;
		pages[i].put(&page, request);
		ret_summary->cut = page.layout.cut;
		return buf_ok(ret_page);
	}
	return false;
}

void page_render_prompt(
    enum page_kind kind, const struct page_options *options, const struct page_summary *summary, struct buf *ret_text)
{
	const char *view = summary->cut ? ", v = view all" : "";

	if (options->waiting > 0)
		buf_printf(ret_text, "(%zu more waiting) ", options->waiting);
	switch (kind) {
	case PAGE_TRANSACTION:
	case PAGE_BULK:
	case PAGE_SIGN_DATA:
		buf_printf(
		    ret_text, "%s [y/N%s]: ", summary->critical ? "CRITICAL warnings! Sign all the same?" : "Approve?", view);
		return;
	case PAGE_LISTING:
		buf_printf(ret_text, "Tell them? [y = all, numbers = only those, N%s]: ", view);
		return;
	case PAGE_NEW_ACCOUNT:
		buf_printf(ret_text, "Approve? [y/N%s]: ", view);
		return;
	case PAGE_INPUT:
		buf_put_text(ret_text, "> ");
		return;
	case PAGE_UNKNOWN:
	case PAGE_STARTUP:
	case PAGE_APPROVED:
	case PAGE_INFO:
	case PAGE_ERROR:
		return;
	}
}

void page_options_of_terminal(struct page_options *ret_options)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	struct winsize size;

	*ret_options = (struct page_options){0};
	if (!isatty(STDOUT_FILENO))
		return;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
		ret_options->width = size.ws_col;
	ret_options->colour =
	    (no_colour == NULL || no_colour[0] == '\0') && term != NULL && term[0] != '\0' && strcmp(term, "dumb") != 0;
}
