/* flag_value: the texts that a flag's value may have, by kind. */
#ifndef CLEF_CLI_FLAG_VALUE_H
#define CLEF_CLI_FLAG_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/duration.h"

/* Longest --request-timeout: 30 days. */
#define FLAG_DURATION_MOST_S DURATION_MOST_S

struct flag_value {
	bool set;
	bool boolean;
	int64_t integer; /* of a duration: seconds */
	const char *text;
};

enum flag_value_result {
	FLAG_VALUE_OK,
	FLAG_VALUE_SYNTAX, /* not a value of this kind */
	FLAG_VALUE_RANGE   /* one, but out of range */
};

/* 1 t T true True TRUE, 0 f F false False FALSE. */
enum flag_value_result flag_value_bool(const char *text, bool *ret_value);
/*
 * A signed 64-bit integer as a Go literal: optional sign; decimal, 0x, 0b, 0o or octal with a leading 0; single underscores between digits
 * or behind the prefix.
 */
enum flag_value_result flag_value_int(const char *text, int64_t *ret_value);
/* Whole seconds: duration_parse(). */
enum flag_value_result flag_value_duration(const char *text, int64_t *ret_seconds);

#endif
