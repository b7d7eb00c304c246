/*
 * page: what a person sees of a request, as pure functions from the JSON of the UI protocol to text.
 *
 * Everything in the JSON counts as hostile: missing and malformed members are shown as such, text is escaped, long things are cut
 * visibly. A page always ends with a line break; the prompt does not.
 */
#ifndef CLEF_UI_PAGE_H
#define CLEF_UI_PAGE_H

#include "base/json.h"

/* Room that any page needs at most; the buffer given to page_render should allow it. */
#define PAGE_SIZE_MOST ((size_t)64 * 1024 * 1024)

enum page_kind {
	PAGE_UNKNOWN, /* no method of the UI protocol that has a page */
	/* Questions. */
	PAGE_TRANSACTION, /* ui_approveTx */
	PAGE_BULK,        /* ui_approveBulkTransactions */
	PAGE_SIGN_DATA,   /* ui_approveSignData */
	PAGE_LISTING,     /* ui_approveListing */
	PAGE_NEW_ACCOUNT, /* ui_approveNewAccount */
	PAGE_INPUT,       /* ui_onInputRequired */
	/* Notices. */
	PAGE_STARTUP,  /* ui_onSignerStartup */
	PAGE_APPROVED, /* ui_onApprovedTx */
	PAGE_INFO,     /* ui_showInfo */
	PAGE_ERROR     /* ui_showError */
};

struct page_options {
	unsigned width; /* columns; 0: 80 */
	bool colour;    /* bold and colours by ECMA-48 sequences */
	bool full;      /* do not cut, or only what is over a mebibyte */
	size_t waiting; /* questions behind this one */
	uint64_t now;   /* seconds since 1970, to say how long there is to answer; 0: unknown */
};

struct page_summary {
	bool cut;      /* something was left out that `full` would show */
	bool critical; /* there is a critical warning */
};

enum page_kind page_kind_of(struct bytes method);
bool page_is_question(enum page_kind kind);

/*
 * Append the page. untrusted_params is the request's params: an array with one object. False when it is not that, or the kind has no
 * page, or the page does not fit into the buffer.
 */
bool page_render(enum page_kind kind, yyjson_val *untrusted_params, const struct page_options *options, struct buf *ret_page,
    struct page_summary *ret_summary);
/* Append the question's last line, "Approve? [y/N]: ". */
void page_render_prompt(
    enum page_kind kind, const struct page_options *options, const struct page_summary *summary, struct buf *ret_text);

/* How many columns a terminal has, and whether colours are wanted, by descriptor 1 and the environment (NO_COLOR, TERM). */
void page_options_of_terminal(struct page_options *ret_options);

#endif
