/* answer: the JSON-RPC 2.0 replies of the UI protocol. Each function appends one reply and a line break. `id` is JSON text. */
#ifndef CLEF_UI_ANSWER_H
#define CLEF_UI_ANSWER_H

#include "ui/queue.h"

/* The person approved or refused. Listings are answered with all accounts or null, transactions with the transaction as it came. */
void answer_put_decision(const struct question *question, bool approved, struct buf *ret_json);
/*
 * Only these accounts of a listing: `line` holds their numbers on the page, 1 for the first, separated by spaces or commas. False, and nothing
 * is appended, when the line is anything else or names a number beyond the last account.
 */
bool answer_put_accounts(const struct question *question, struct bytes line, struct buf *ret_json);
/* The line that the person typed. */
void answer_put_input(struct bytes id, struct bytes line, struct buf *ret_json);
/* The password is to be read from the terminal by `keys`. */
void answer_put_terminal(struct bytes id, struct buf *ret_json);
void answer_put_error(struct bytes id, int code, const char *message, struct buf *ret_json);

#endif
