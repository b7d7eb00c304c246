#include "cli/flag_value.h"

#include <stddef.h>
#include <string.h>

#include "base/duration.h"
#include "base/hex.h"

enum flag_value_result flag_value_bool(const char *text, bool *ret_value)
{
	static const char *const yes[] = {"1", "t", "T", "true", "True", "TRUE"};
	static const char *const no[] = {"0", "f", "F", "false", "False", "FALSE"};

	for (size_t i = 0; i < sizeof yes / sizeof yes[0]; i++) {
		if (strcmp(text, yes[i]) != 0 && strcmp(text, no[i]) != 0)
			continue;
		*ret_value = strcmp(text, yes[i]) == 0;
		return FLAG_VALUE_OK;
	}
	return FLAG_VALUE_SYNTAX;
}

/* Take the prefix off; what remains of a lone "0" is that digit itself. *ret_prefixed: an underscore may follow at once. */
static unsigned take_base(const char **text, bool *ret_prefixed)
{
	const char *s = *text;
	unsigned base = 10;
	size_t skip = 0;

	if (s[0] == '0' && s[1] != 0) {
		bool more = s[2] != 0;
		base = 8;
		skip = 1;
		if (more && (s[1] == 'x' || s[1] == 'X'))
			base = 16;
		else if (more && (s[1] == 'b' || s[1] == 'B'))
			base = 2;
		if (base != 8 || (more && (s[1] == 'o' || s[1] == 'O')))
			skip = 2;
	}
	*ret_prefixed = skip > 0;
	*text = s + skip;
	return base;
}

static enum flag_value_result take_digits(const char *digits, unsigned base, bool prefixed, uint64_t *ret_value)
{
	bool after_digit = prefixed;
	bool any = false;
	bool too_large = false;
	uint64_t value = 0;

	for (const char *c = digits; *c != 0; c++) {
		if (*c == '_') {
			if (!after_digit)
				return FLAG_VALUE_SYNTAX;
			after_digit = false;
			continue;
		}
		int digit = hex_digit((uint8_t)*c);
		if (digit < 0 || (unsigned)digit >= base)
			return FLAG_VALUE_SYNTAX;
		after_digit = true;
		any = true;
		too_large = too_large || __builtin_mul_overflow(value, base, &value) ||
		            __builtin_add_overflow(value, (uint64_t)digit, &value);
	}
	if (!any || !after_digit)
		return FLAG_VALUE_SYNTAX;
	*ret_value = value;
	return too_large ? FLAG_VALUE_RANGE : FLAG_VALUE_OK;
}

enum flag_value_result flag_value_int(const char *text, int64_t *ret_value)
{
	bool negative = text[0] == '-';
	const char *digits = text + (negative || text[0] == '+');
	bool prefixed = false;
	uint64_t size = 0;

	unsigned base = take_base(&digits, &prefixed);
	enum flag_value_result result = take_digits(digits, base, prefixed, &size);
	if (result != FLAG_VALUE_OK)
		return result;
	if (size > (uint64_t)INT64_MAX + negative)
		return FLAG_VALUE_RANGE;
	if (!negative)
		*ret_value = (int64_t)size;
	else
		*ret_value = size > (uint64_t)INT64_MAX ? INT64_MIN : -(int64_t)size;
	return FLAG_VALUE_OK;
}

enum flag_value_result flag_value_duration(const char *text, int64_t *ret_seconds)
{
	switch (duration_parse(text, ret_seconds)) {
	case DURATION_OK:
		return FLAG_VALUE_OK;
	case DURATION_SYNTAX:
		return FLAG_VALUE_SYNTAX;
	case DURATION_RANGE:
		break;
	}
	return FLAG_VALUE_RANGE;
}
