#include "base/duration.h"

#include <stdbool.h>

/* Decimal digits at *text, capped well above every limit so that adding up cannot overflow. */
static bool take_number(const char **text, int64_t *ret_number)
{
	const char *c = *text;
	int64_t number = 0;

	while (*c >= '0' && *c <= '9') {
		number = number * 10 + (*c++ - '0');
		if (number > DURATION_MOST_S)
			number = DURATION_MOST_S + 1;
	}
	bool any = c != *text;
	*text = c;
	*ret_number = number;
	return any;
}

static int64_t unit_seconds(char unit)
{
	if (unit == 'h')
		return 3600;
	if (unit == 'm')
		return 60;
	return unit == 's' ? 1 : 0;
}

enum duration_result duration_parse(const char *text, int64_t *ret_seconds)
{
	int64_t total = 0;
	int64_t last_unit = INT64_MAX;
	int64_t number;

	do {
		if (!take_number(&text, &number))
			return DURATION_SYNTAX;
		/* A number without unit stands alone: "1m30" may mean seconds or be a slip. */
		int64_t unit = *text == 0 && last_unit == INT64_MAX ? 1 : unit_seconds(*text);
		if (unit == 0 || unit >= last_unit)
			return DURATION_SYNTAX;
		if (*text != 0)
			text++;
		last_unit = unit;
		total += number * unit;
		if (total > DURATION_MOST_S)
			total = DURATION_MOST_S + 1;
	} while (*text != 0);
	*ret_seconds = total;
	return total > DURATION_MOST_S ? DURATION_RANGE : DURATION_OK;
}
