/* Finding escapes in the values of a transaction's raw text. */
#include "eth/transaction.h"

struct scan {
	struct bytes text;
	size_t at;
};

/* From an opening quote to behind the closing one. Says whether a backslash was inside. */
static bool skip_string(struct scan *scan)
{
	bool escaped = false;

	for (scan->at++; scan->at < scan->text.size && scan->text.data[scan->at] != '"'; scan->at++) {
		if (scan->text.data[scan->at] == '\\') {
			escaped = true;
			scan->at++;
		}
	}
	scan->at++;
	return escaped;
}

/* The string that was just skipped is a member's name. */
static bool colon_follows(const struct scan *scan)
{
	for (size_t i = scan->at; i < scan->text.size; i++) {
		uint8_t c = scan->text.data[i];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			return c == ':';
	}
	return false;
}

bool transaction_params_are_plain(struct bytes untrusted_params, struct error *ret_error)
{
	struct scan scan = {.text = untrusted_params};
	size_t depth = 0;

	while (scan.at < scan.text.size) {
		uint8_t c = scan.text.data[scan.at];
		if (c == '"') {
			/* Names may be escaped: they are compared after that was undone. */
			if (skip_string(&scan) && depth > 1 && !colon_follows(&scan))
				return error_set(ret_error, ERROR_PARAMS,
				    "expected plain hex strings in the transaction, found one with escapes");
			continue;
		}
		if (c == '[' || c == '{')
			depth++;
		if ((c == ']' || c == '}') && depth > 0)
			depth--;
		if (c == ',' && depth == 1)
			return true; /* the second argument is no transaction */
		scan.at++;
	}
	return true;
}
